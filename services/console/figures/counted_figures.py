"""Figures counted by the service `reports`: their list, and one of them as a picture with its table."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from chassis.charts.amounts import amounts
from contracts import formats
from contracts.formats import direction
from contracts.reference.figure_labels import label_of, name_of, word
from services.console.public.figures import Picture
from services.console.reports.pictures import NOT_SHOWN
from services.console.translations import N_, translated

Answer = Mapping[str, Any]
"""A figure as the API answers it."""

COLON = N_(": ")
MONTH_LENGTH = len("2026-11")
MONEY, DAYS = "usd_minor", "days"
COUNTS = {
    "records": N_("Counted are records; the total has each of them once."),
    "people": N_("Counted are people, not records."),
    MONEY: N_("Amounts are in US dollars."),
    DAYS: N_(
        "Counted are stays in a status that have ended. The median is the last day of a range, such as 14 for 11 to 14"
        " days."
    ),
}
SOURCES = {
    "requests": N_("Requests"),
    "matching": N_("Offerings and matches"),
    "delivery": N_("Deliveries"),
    "pledges": N_("Money"),
    "sherloc": N_("SHERLOC"),
}
"""The services whose facts are counted."""

SUPPRESSED = N_(
    "Numbers of people below five are not shown (…), nor are those from which they follow; all others are in whole"
    " fives, rounded down."
)
PUBLIC = N_(
    "Numbers change once a month. One is listed if records of at least five States or providers are in it, and not all"
    " that are counted; it is in whole fives, rounded down."
)
EXACT = N_("Numbers are exact, small ones too: what is published leaves small ones out.")
SEVERAL = N_("A record with several values is counted under each of them; the total has it once.")
TOOK_PART = frozenset({"participants", "trainers"})
TWICE = N_("A person who took part or taught in two sessions is counted in both.")
NOT_SHOWN_IN_WORDS = N_("not shown")
ALONE = frozenset({"status", "month", "sex"})
"""Codes of which a record has only one value."""


class Group(Struct, frozen=True):
    """A group of figures about one subject. Money is for UNODC alone, SHERLOC's desk not for the public."""

    heading: str
    names: Sequence[str]
    of_money: bool = False
    of_desk: bool = False


GROUPS = (
    Group(N_("Requests and needs"), ("requests", "request_days", "lines", "unserved_lines")),
    Group(N_("Offerings and matches"), ("offerings", "matches", "match_days", "match_ends")),
    Group(
        N_("Deliveries"),
        ("deliveries", "delivery_days", "sessions", "places", "participants", "trainers", "people", "effects"),
    ),
    Group(
        N_("SHERLOC"),
        (
            *("register_changes", "contributions", "practices", "outreach", "reach", "extensions", "votes"),
            *("review_progress", "meetings", "delegates"),
        ),
        of_desk=True,
    ),
    Group(N_("Money"), ("pledged", "committed", "received", "in_kind", "allocated", "spent"), of_money=True),
)


def listed(language: str, *, money: bool, desk: bool) -> list[tuple[str, list[tuple[str, str]]]]:
    """List the figures with their names, by group; those of money and of SHERLOC's desk only if the reader has them."""
    return [
        (group.heading, [(name, word(f"figure:{name}", language)) for name in group.names])
        for group in GROUPS
        if (money or not group.of_money) and (desk or not group.of_desk)
    ]


def codes_of(found: Answer, language: str) -> list[tuple[str, str]]:
    """Return the codes by which the figure can be counted, with their names."""
    return [(code, word(f"by:{code}", language)) for code in found["codes"]]


def heading_of(found: Answer, language: str) -> str:
    return name_of(found["figure"], found["by"], language)


def picture_of(found: Answer, language: str) -> Picture:
    """Draw a bar for each value, for durations the median, with the same data as a table with the total.

    A suppressed number has no bar.
    """
    timed = found["counts"] == DAYS
    median, drawn = word("column:median_days", language), "median_days" if timed else "number"
    heading = heading_of(found, language) + (f"{translated(language, COLON)}{median}" if timed else "")
    finding = f"{heading} ({formats.day(found['as_of'], language)})"
    cells = [(_label(found["by"], one["value"], language), one) for one in found["cells"]]
    not_shown = translated(language, NOT_SHOWN_IN_WORDS)
    drawn_rows = [
        (label, one[drawn], not_shown if one[drawn] is None else _written(found, one[drawn], language))
        for label, one in cells
    ]
    svg = amounts(drawn_rows, title=finding, mirrored=direction(language) == "rtl")
    rows = [
        [label, *(_written(found, one[name], language) for name in dict.fromkeys(("number", drawn)))]
        for label, one in cells
    ]
    total = [word("value:total", language), _written(found, found["total"], language), *([""] if timed else [])]
    return Picture(
        name=found["figure"],
        finding=finding,
        svg=svg,
        headers=[word("column:label", language), word("column:number", language), *([median] if timed else [])],
        rows=[*rows, total],
    )


def _label(by: str, value: str, language: str) -> str:
    if by == "month" and len(value) == MONTH_LENGTH:
        return formats.month(f"{value}-01", language)
    return label_of(by, value, language)


def _written(found: Answer, number: int | None, language: str) -> str:
    if number is None:
        return NOT_SHOWN
    return formats.money(number, "USD", language) if found["counts"] == MONEY else formats.number(number, language)


def notes_of(found: Answer) -> list[str]:
    """Return the notes that explain the numbers, to be translated."""
    rule = PUBLIC if found["coverage"] == "public" else EXACT if found["exact"] else SUPPRESSED
    notes = [COUNTS[found["counts"]], rule]
    if found["figure"] in TOOK_PART:
        notes.append(TWICE)
    return notes if found["by"] in ALONE else [*notes, SEVERAL]
