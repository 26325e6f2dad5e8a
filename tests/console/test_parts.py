"""Parts of pages that are written in Python escape what people wrote, and isolate it."""

import re
from pathlib import Path

import services.console
from services.console import parts
from services.console.rendering import code_labels
from services.console.statuses import TAG_COLOURS

CONSOLE = Path(services.console.__file__).parent
TEMPLATES = CONSOLE / "templates"
COMPONENT_CLASS = re.compile(r"\bgovuk-[a-z][\w-]*\w")
WITHOUT_STYLE = {
    *("govuk-radios", "govuk-table__body", "govuk-table__head", "govuk-table__row"),
    "govuk-js-service-navigation-toggle",
}
"""Classes of GOV.UK Frontend that its own style sheet does not name."""

TABLE_WITHOUT_CAPTION = re.compile(r"<table\b[^>]*>(?!\s*<caption)")

HOSTILE = '<b onclick="x">&'
ESCAPED = "&lt;b onclick=&#34;x&#34;&gt;&amp;"


def test_words_are_escaped_and_have_their_own_direction() -> None:
    assert f'<span class="words " dir="auto">{ESCAPED}</span>' == parts.words(HOSTILE)
    assert f'<p class="words quiet" lang="ar" dir="rtl">{ESCAPED}</p>' == parts.words(HOSTILE, "ar", "p", "quiet")
    assert f'<span class="words " lang="{ESCAPED}" dir="auto">x</span>' == parts.words("x", HOSTILE)
    assert "" == parts.words("") == parts.words(None)


def test_title_is_the_translation_if_there_is_one() -> None:
    record = {"title": HOSTILE, "language": "en"}
    assert parts.words(HOSTILE, "en") == parts.title_of("fr", record)
    shown = parts.title_of("fr", record | {"title_translation": {"title": "Titre", "language": "fr"}})
    assert shown.startswith(parts.words("Titre", "fr"))
    assert "quiet" in shown
    assert ESCAPED not in shown


def test_unknown_status_is_escaped() -> None:
    assert ESCAPED in parts.tag("en", HOSTILE, "request_status")
    assert ">Open</strong>" in parts.tag("en", "open", "request_status")


def test_codes_are_labelled_once_each_in_their_order() -> None:
    both = code_labels("en", ["training", "equipment"], "kinds")

    assert 2 == len(both.split(", "))
    assert both == code_labels("en", iter(["training", "equipment", "training"]), "kinds")


def test_every_table_has_a_caption() -> None:
    """A screen reader lists the tables of a page by their captions; browsers see tables of the sample world only."""
    texts = {path.relative_to(TEMPLATES): path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html")}

    assert 50 < sum(text.count("<caption") for text in texts.values())
    assert [] == [str(path) for path, text in texts.items() if TABLE_WITHOUT_CAPTION.search(text)]


def test_every_component_is_in_the_style_sheet() -> None:
    """The style sheet has only the components that `console.scss` names."""
    written = [path.read_text(encoding="utf-8") for path in (*CONSOLE.rglob("*.html"), *CONSOLE.rglob("*.py"))]
    used = {name for text in written for name in COMPONENT_CLASS.findall(text)}
    styled = set(COMPONENT_CLASS.findall((CONSOLE / "assets" / "built" / "console.css").read_text(encoding="utf-8")))

    assert 50 < len(used & styled)
    assert WITHOUT_STYLE == used - styled
    assert {"blue"} == {colour for colour in TAG_COLOURS.values() if f"govuk-tag--{colour}" not in styled}
