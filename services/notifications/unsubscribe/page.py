"""The pages of an unsubscribe link, as HTML. Every inserted text is escaped here."""

from html import escape

from contracts.values import Language
from services.notifications.notices.wording import RIGHT_TO_LEFT


def page(language: Language, title: str, text: str, more: str = "") -> str:
    """Return a page with a title and a sentence; `more` is HTML."""
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    return f"""<!doctype html>
<html lang="{escape(language)}" dir="{direction}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title></head>
<body><main><h1>{escape(title)}</h1><p>{escape(text)}</p>{more}</main></body></html>
"""


def form(name: str, value: str, label: str) -> str:
    """Return a form of one button, sent to the page's own address."""
    button = f'<button name="{escape(name)}" value="{escape(value)}">{escape(label)}</button>'
    return f'<form method="post">{button}</form>'
