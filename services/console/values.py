"""The values of records as pages show them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from chassis.escaping import markup
from contracts import formats
from services.console import parts
from services.console.moves.model import Shown
from services.console.translations import N_, translated

COMMA = N_(", ")
OF_TARGET = N_("%(reach)s (%(share)s of the target)")

Filters = Mapping[str, Callable[..., Any]]
"""The filters of templates in one language."""


def value(language: str, filters: Filters, one: Shown, record: Mapping[str, Any]) -> str | Markup:
    """Return a value of a record in the reader's language; nothing if it is empty."""
    if one.unless and one.unless == record["status"]:
        return ""
    first, _, second = one.field.partition(" ")
    found = record[first]
    match one.kind:
        case "words":
            return parts.words(found, record.get("language"))
        case "number" | "day" | "moment" | "money" | "usd" | "state" | "organization":
            return str(filters[one.kind](found))
        case "time":
            return Markup(filters["time"](found))
        case "fund":
            at = f"/{language}/funds/{found}"
            return markup('<a class="govuk-link" href="{}"><bdi class="reference">{}</bdi></a>', at, found)
        case "some":
            return str(filters["number"](found)) if found else ""
        case "count":
            return formats.number(len(found), language)
        case "period":
            return str(filters["period"]({"from": found, "until": record[second]}))
        case "share":
            return _share(language, found, record[second])
        case "label":
            return parts.label(language, found, one.of) if found else ""
        case "code":
            return str(filters["code"](found, one.of))
        case "states":
            return translated(language, COMMA).join([filters["state"](each) for each in found])
        case "labels":
            return translated(language, COMMA).join([parts.label(language, each, one.of) for each in found])
        case "codes":
            return translated(language, COMMA).join([filters["code"](each, one.of) for each in dict.fromkeys(found)])
    return parts.words(found)


def rows_of(
    language: str, filters: Filters, rows: Sequence[Shown], record: Mapping[str, Any]
) -> Sequence[tuple[str, str | Markup]]:
    """Return the labels and values of a record, with what is said of an empty value."""
    shown = [(one, value(language, filters, one, record)) for one in rows]
    return [
        (translated(language, one.label), found or (translated(language, one.none) if one.none else ""))
        for one, found in shown
    ]


def _share(language: str, number: int | None, whole: int) -> str:
    if number is None:
        return ""
    shown = formats.number(number, language)
    if not whole:
        return shown
    return translated(language, OF_TARGET) % {"reach": shown, "share": formats.percent(number, whole, language)}
