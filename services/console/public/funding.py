"""The funds of SHERLOC for everybody: what they need, have and lack, as pictures and tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from chassis.charts.amounts import amounts
from contracts.formats import direction, money, percent
from services.console.labels import WORK_PACKAGE
from services.console.public.figures import Picture
from services.console.translations import N_, translations

AMOUNTS = (
    ("requirement_usd_minor", N_("Needed"), "bar-5"),
    ("pledged_usd_minor", N_("Pledged, not signed yet"), "bar-3"),
    ("committed_usd_minor", N_("Committed"), "bar-1"),
    ("paid_usd_minor", N_("Paid"), "bar-1"),
    ("allocated_usd_minor", N_("Allocated"), "bar-1"),
    ("spent_usd_minor", N_("Spent"), "bar-1"),
    ("gap_usd_minor", N_("Missing"), "bar-2"),
)
"""Amounts shown of a fund, in this order. They overlap, and are not added up."""

COLUMNS = (
    N_("Fund"),
    N_("Year"),
    N_("Work package"),
    N_("Needed (USD)"),
    N_("Allocated (USD)"),
    N_("Spent (USD)"),
    N_("Not allocated yet (USD)"),
)
"""Head of the spreadsheet."""


class Total(Struct, frozen=True):
    """Totals of all funds, in US cents."""

    needed: int
    missing: int

    @property
    def covered(self) -> int:
        return self.needed - self.missing


def total(funds: Sequence[Mapping[str, Any]]) -> Total:
    return Total(sum(one["requirement_usd_minor"] for one in funds), sum(one["gap_usd_minor"] for one in funds))


def years(funds: Sequence[Mapping[str, Any]]) -> list[tuple[int, int, int, int, int]]:
    """Return for each year with an amount: the year, needed, committed, spent, missing, of all funds."""
    found: dict[int, list[int]] = {}
    for fund in funds:
        for year in fund["years"]:
            sums = found.setdefault(year["year"], [0, 0, 0, 0])
            for place, name in enumerate(("requirement", "committed", "spent", "gap")):
                sums[place] += year[f"{name}_usd_minor"]
    return [(year, needed, committed, spent, gap) for year, (needed, committed, spent, gap) in sorted(found.items())]


def picture(fund: Mapping[str, Any], language: str) -> Picture:
    """Draw a fund's amounts as bars."""
    gettext = translations(language).gettext
    needed, missing = fund["requirement_usd_minor"], fund["gap_usd_minor"]
    said = {
        "fund": fund["labels"][language],
        "missing": money(missing, "USD", language),
        "share": percent(needed - missing, needed, language),
    }
    finding = gettext("%(fund)s: %(share)s of what is needed is covered, %(missing)s is missing.") % said
    if not missing:
        finding = gettext("%(fund)s: all that is needed is covered.") % said
    if not needed:
        said["committed"] = money(fund["committed_usd_minor"], "USD", language)
        finding = gettext("%(fund)s: %(committed)s is committed; no need of a year is stated.") % said
    rows = [(gettext(label), fund[name], money(fund[name], "USD", language)) for name, label, _ in AMOUNTS]
    svg = amounts(
        rows, title=finding, mirrored=direction(language) == "rtl", names=[colour for _, _, colour in AMOUNTS]
    )
    headers = (gettext("Amount"), gettext("US dollars"))
    return Picture(
        name=fund["code"], finding=finding, svg=svg, headers=headers, rows=[(label, text) for label, _, text in rows]
    )


def table(funds: Sequence[Mapping[str, Any]], language: str) -> list[Sequence[object]]:
    """Return the needs by fund, year and work package, in US dollars with cents, for a spreadsheet."""
    gettext = translations(language).gettext
    head = [gettext(one) for one in COLUMNS]
    rows: list[Sequence[object]] = [head]
    for fund in funds:
        for year in fund["years"]:
            for part in year["work_packages"]:
                names = ("requirement", "allocated", "spent", "gap")
                figures = [f"{part[f'{name}_usd_minor'] / 100:.2f}" for name in names]
                label = WORK_PACKAGE.get(part["work_package"], part["work_package"])
                rows.append((fund["code"], year["year"], gettext(label), *figures))
    return rows
