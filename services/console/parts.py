"""Parts that lists repeat many times, written in Python: macros take ten times as long.

Templates import them from `macros.html`.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from chassis.escaping import markup
from contracts.formats import direction
from services.console.labels import LABELS
from services.console.statuses import TAG_COLOURS
from services.console.translations import N_, translated

TRANSLATED, NO_TITLE = N_("translated"), N_("(no title yet)")


def words(text: Any, of: str | None = None, tag: str = "span", css: str = "") -> Markup:
    """Return a text in the language `of`, isolated with its own language and direction; nothing if it is empty."""
    if not text:
        return Markup()
    language = markup(' lang="{}"', of) if of else ""
    way = direction(of) if of else "auto"
    return markup('<{} class="words {}"{} dir="{}">{}</{}>', tag, css, language, way, text, tag)


def title_of(language: str, record: Mapping[str, Any]) -> Markup:
    """Return the title of a record, translated if the reader gets a translation."""
    if said := record.get("title_translation"):
        return words(said["title"], said["language"]) + _quiet(f"({translated(language, TRANSLATED)})")
    if title := record.get("title"):
        return words(title, record["language"])
    return _quiet(translated(language, NO_TITLE))


def _quiet(text: str) -> Markup:
    return markup(' <span class="quiet">{}</span>', text)


@lru_cache(maxsize=2_000)
def tag(language: str, value: str, of: str) -> Markup:
    """Return a status in its colour, by its label in `LABELS[of]`."""
    colour = TAG_COLOURS.get(value, "grey")
    return markup('<strong class="govuk-tag govuk-tag--{}">{}</strong>', colour, label(language, value, of))


@lru_cache(maxsize=10_000)
def label(language: str, value: object, of: str) -> str:
    """Return the label of a value of the API, such as a status: `status|label("request_status")`."""
    found = LABELS[of].get(str(value))
    return translated(language, found) if found else str(value or "").replace("_", " ")
