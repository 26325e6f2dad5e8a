"""Figures of what is published: counts by topic, kind and region, without small cells."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from chassis.charts.amounts import amounts
from services.console.charts.heat_map import heat_map
from services.console.formats import direction, number
from services.console.rendering import code_label
from services.console.translations import translations

SMALL = 3
"""Lowest count that is shown exactly, except 0: lower ones could point to single States or people."""

ANY_REGION = "any"
"""Column of offerings that are for all States, or for States by name."""

ROWS_MAX = 15


class Table(Struct, frozen=True):
    """Counts by row and column, in the order to be shown. Rows without any count are left out."""

    rows: Sequence[str]
    columns: Sequence[str]
    counts: Mapping[tuple[str, str], int]
    totals: Mapping[str, int]
    """Number of records of each row. A record is in several columns if it is for several regions."""


def is_small(count: int) -> bool:
    return 0 < count < SMALL


def by_topic_and_region(offerings: Iterable[Mapping[str, Any]], regions: Sequence[str]) -> Table:
    """Count the offerings by topic and region; topics with the most offerings come first."""
    counts, totals = Counter[tuple[str, str]](), Counter[str]()
    for one in offerings:
        for topic in set(one["topics"]):
            totals[topic] += 1
            for region in set(one["regions"]) or {ANY_REGION}:
                counts[topic, region] += 1
    return Table([code for code, _ in ranked(totals)[:ROWS_MAX]], [*regions, ANY_REGION], counts, totals)


def by_kind(offerings: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Count the offerings by kind, the highest count first."""
    return ranked(Counter(kind for one in offerings for kind in set(one["kinds"])))[:ROWS_MAX]


def by_region(requests: Iterable[Mapping[str, Any]], region_of: Mapping[str, str | None]) -> list[tuple[str, int]]:
    """Count the requests by regional group of their State, the highest count first."""
    found = Counter(region_of.get(one["state"]) for one in requests)
    return ranked(Counter({region: count for region, count in found.items() if region is not None}))


def ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return the counts, the highest first, equal ones by code."""
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


class Picture(Struct, frozen=True, kw_only=True):
    """A picture with its finding, its table, and its name in addresses."""

    name: str
    finding: str
    svg: Markup
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


def pictures(
    offerings: Sequence[Mapping[str, Any]],
    requests: Sequence[Mapping[str, Any]],
    regions: Sequence[str],
    region_of: Mapping[str, str | None],
    language: str,
) -> list[Picture]:
    """Return the pictures of all that is published, without those for which nothing is published."""
    gettext = translations(language).gettext
    found = []
    if offerings:
        found.append(_heat(by_topic_and_region(offerings, regions), language))
        kinds = [(code_label(language, code, "kinds"), count) for code, count in by_kind(offerings)]
        found.append(
            _bars(
                "offerings-by-kind",
                kinds,
                gettext("Most published offerings are of the kind “%(most)s”: %(number)s."),
                gettext("No kind of assistance has three or more published offerings yet."),
                (gettext("Kind of assistance"), gettext("Offerings")),
                language,
            )
        )
    if requests:
        groups = [(region_name(code, language), count) for code, count in by_region(requests, region_of)]
        found.append(
            _bars(
                "requests-by-region",
                groups,
                gettext("Most published requests are of %(most)s: %(number)s."),
                gettext("No regional group has three or more published requests yet."),
                (gettext("Regional group"), gettext("Requests")),
                language,
            )
        )
    return found


def region_name(code: str, language: str) -> str:
    if code == ANY_REGION:
        return translations(language).gettext("All States, or States by name")
    return code_label(language, f"eligible.regions:{code}", "choices")


def written(count: int, language: str) -> str:
    """Return a count as it is shown; a small one only as less than 3."""
    # Isolated, because < would be mirrored beside the number in a right-to-left script.
    return f"\u2066< {number(SMALL, language)}\u2069" if is_small(count) else number(count, language)


def _heat(table: Table, language: str) -> Picture:
    gettext = translations(language).gettext
    topics = [code_label(language, code, "topics") for code in table.rows]
    groups = [region_name(code, language) for code in table.columns]
    cells = {
        (row, column): table.counts.get((topic, region), 0)
        for row, topic in enumerate(table.rows)
        for column, region in enumerate(table.columns)
    }
    shown = {at: written(count, language) for at, count in cells.items()}
    most = table.totals[table.rows[0]] if table.rows else 0
    finding = gettext("No topic has three or more published offerings yet.")
    if most >= SMALL:
        finding = gettext("“%(topic)s” is the topic with the most published offerings: %(number)s.") % {
            "topic": topics[0],
            "number": number(most, language),
        }
    svg = heat_map(
        topics,
        groups,
        {at: 1 if is_small(count) else count for at, count in cells.items()},
        written=shown,
        title=finding,
        mirrored=direction(language) == "rtl",
    )
    rows = [[topic, *(shown[row, column] for column in range(len(groups)))] for row, topic in enumerate(topics)]
    return Picture(name="offerings-by-topic", finding=finding, svg=svg, headers=[gettext("Topic"), *groups], rows=rows)


def _bars(
    name: str,
    counts: Sequence[tuple[str, int]],
    most: str,
    none: str,
    headers: tuple[str, str],
    language: str,
) -> Picture:
    finding = none
    if counts and counts[0][1] >= SMALL:
        finding = most % {"most": counts[0][0], "number": number(counts[0][1], language)}
    rows = [(label, 1 if is_small(count) else count, written(count, language)) for label, count in counts]
    svg = amounts(rows, title=finding, mirrored=direction(language) == "rtl")
    return Picture(
        name=name, finding=finding, svg=svg, headers=headers, rows=[(label, text) for label, _, text in rows]
    )
