"""The charts of a report: requests by paragraph, and demand and supply by year, each with its table."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from chassis.charts import compact
from contracts.formats import direction, number
from services.console.translations import N_, translations

NOT_SHOWN = "…"
MEASURES: Mapping[str, str] = {
    "requests": N_("Requests"),
    "lines": N_("Lines of requests"),
    "met": N_("Lines met in full"),
    "offerings": N_("Offerings"),
    "matches": N_("Confirmed matches"),
    "deliveries": N_("Deliveries"),
    "completed": N_("Completed deliveries"),
    "people": N_("Participants reported"),
    "participants": N_("Participants in sessions"),
    "trainers": N_("Trainers in sessions"),
    "effects": N_("Verified effects"),
    "outreach": N_("Outreach activities held"),
    "reach": N_("People reached by outreach"),
    "contributions": N_("Contributions to SHERLOC accepted"),
    "practices": N_("Practices, challenges and tools in the catalogue"),
    "extensions": N_("Extensions of SHERLOC released"),
    "votes": N_("Votes of States for extensions"),
    "register_changes": N_("Changes of the register of legislation"),
    "review_progress": N_("Records of progress shown by agreement"),
    "meetings": N_("Informal meetings held"),
    "delegates": N_("People in informal meetings"),
    "pledged": N_("Pledged"),
    "committed": N_("Committed"),
    "received": N_("Received"),
    "in_kind": N_("In kind"),
    "allocated": N_("Allocated"),
    "spent": N_("Spent"),
}
MONEY = frozenset(("pledged", "committed", "received", "in_kind", "allocated", "spent"))
IN_TABLE = ("requests", "lines", "matches", "deliveries", "people")
BY_SEX = ("participants", "trainers")
BY_YEAR = ("requests", "offerings", "deliveries")


class Picture(Struct, frozen=True):
    """A chart with its name, heading, the labels of its series with their classes, and its table."""

    name: str
    heading: str
    svg: Markup
    legend: Sequence[tuple[str, str]]
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    drawn: bool
    """True if a count is shown and not zero."""


def shown_count(count: int | None, language: str) -> str:
    return NOT_SHOWN if count is None else number(count, language)


def by_paragraph(figures: Mapping[str, Any], language: str) -> Picture:
    gettext = translations(language).gettext
    heading = gettext(N_("Requests by paragraph of the resolution"))
    codes = [one["paragraph"] for one in figures["paragraphs"]]
    counts = [one["numbers"]["requests"]["to_date"] for one in figures["paragraphs"]]
    mirrored = direction(language) == "rtl"
    drawing = compact.bars(codes, counts, lambda count: shown_count(count, language), title=heading, mirrored=mirrored)
    rows = [
        [one["paragraph"], *(shown_count(one["numbers"][name]["to_date"], language) for name in IN_TABLE)]
        for one in figures["paragraphs"]
    ]
    headers = [gettext(N_("Paragraph")), *(gettext(MEASURES[name]) for name in IN_TABLE)]
    return Picture("paragraphs", heading, drawing.markup(), (), headers, rows, any(counts))


def by_year(figures: Mapping[str, Any], language: str) -> Picture:
    gettext = translations(language).gettext
    heading = gettext(N_("Demand and supply by year"))
    years = [str(one["year"]) for one in figures["years"]]
    names = [name for name in BY_YEAR if all(name in one["numbers"] for one in figures["years"])]
    series = [[one["numbers"][name] for one in figures["years"]] for name in names]
    mirrored = direction(language) == "rtl"
    drawing = compact.columns(
        years, series, lambda count: shown_count(count, language), title=heading, mirrored=mirrored
    )
    labels = [gettext(MEASURES[name]) for name in names]
    rows = [[year, *(shown_count(one[place], language) for one in series)] for place, year in enumerate(years)]
    legend = list(zip(labels, compact.NAMES, strict=False)) if len(names) > 1 else ()
    headers = [gettext(N_("Year")), *labels]
    return Picture("years", heading, drawing.markup(), legend, headers, rows, any(any(one) for one in series))
