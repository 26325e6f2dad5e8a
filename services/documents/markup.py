"""HTML with escaping: text that was not created here as HTML is escaped."""

import re
from collections.abc import Sequence
from html import escape
from typing import TypeAlias


class Html(str):
    """HTML created by `tag` or `join`."""


Content: TypeAlias = str | Html | None
_CODE = re.compile(r"`([^`]+)`")


def tag(name: str, *children: Content, **attributes: str | None) -> Html:
    """Return an element. `class_` and `for_` are written without underscore, `aria_label` with a hyphen."""
    head = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{head}>{join(*children)}</{name}>")


def join(*children: Content) -> Html:
    return Html("".join(child if isinstance(child, Html) else escape(child or "", quote=False) for child in children))


def separated(parts: Sequence[Html], separator: str) -> Html:
    return join(*(part if position == 0 else join(separator, part) for position, part in enumerate(parts)))


def prose(text: str) -> Html:
    """Return a docstring as paragraphs, with text in backticks as code."""
    return join(*(tag("p", inline(paragraph)) for paragraph in text.strip().split("\n\n") if paragraph))


def inline(text: str) -> Html:
    parts = _CODE.split(" ".join(text.split()))
    return join(*(tag("code", part) if position % 2 else part for position, part in enumerate(parts)))


def table(head: tuple[str, ...], rows: list[tuple[Content, ...]], *, label: str) -> Html:
    """Return a table with row headers in the first column; it scrolls in a narrow window."""
    return tag(
        "div",
        tag(
            "table",
            tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in head))),
            tag(
                "tbody",
                *(tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows),
            ),
        ),
        class_="wide",
        role="region",
        aria_label=label,
        tabindex="0",
    )


def code(text: str, *, label: str) -> Html:
    return tag("pre", tag("code", text), role="region", aria_label=label, tabindex="0")
