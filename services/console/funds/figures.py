"""Figures of funds as rows, bars and findings. All amounts are in US cents."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from contracts.formats import decimal, money
from services.console.charts.bars import Bar, Legend, Part, legend
from services.console.labels import WORK_PACKAGE
from services.console.translations import N_, translations

COLUMNS = (
    ("requirement_usd_minor", N_("Needed")),
    ("pledged_usd_minor", N_("Pledged")),
    ("committed_usd_minor", N_("Committed")),
    ("paid_usd_minor", N_("Paid")),
    ("allocated_usd_minor", N_("Allocated")),
    ("spent_usd_minor", N_("Spent")),
    ("gap_usd_minor", N_("Missing")),
)
"""Columns of a fund's table, in the order in which money moves."""
CODE, YEAR, PACKAGE = N_("Fund"), N_("Year"), N_("Work package")

OF_FUND = (N_("Spent"), N_("Allocated, not spent"), N_("Available"), N_("Agreed, not paid"), N_("Missing"))
OF_YEAR = (N_("Left from earlier years"), N_("New money of the year"), N_("Missing"))
OF_PACKAGE_NOW = (N_("Spent"), N_("Allocated, not spent"), N_("Not allocated yet"))
OF_PACKAGE = (N_("Left from earlier years"), N_("Allocated in the year"), N_("Not allocated yet"))

TERMS = {
    "requirement": N_("Needed"),
    "paid": N_("Paid"),
    "owed": N_("Agreed, not paid, less programme support cost"),
    "programme_support": N_("Programme support cost of what was paid"),
    "bank_charges": N_("Bank charges"),
    "refunded": N_("Refunded"),
    "transferred": N_("Carried over to another fund"),
    "beyond_need": N_("Spent in a year beyond its need"),
    "not_needed": N_("More than is needed"),
}
"""The terms of what is missing, in the order in which a fund's answer has them."""

Record = Mapping[str, Any]


class Picture(Struct, frozen=True):
    """A picture: its finding, its bars, and the legend of their parts."""

    finding: str
    bars: tuple[Bar, ...]
    legend: tuple[Legend, ...]


def parts_of_fund(fund: Record) -> tuple[int, ...]:
    """Return the parts of a fund in the order of OF_FUND. They do not overlap: a pledge is not money yet."""
    allocated, available, gap = fund["allocated_usd_minor"], fund["available_usd_minor"], fund["gap_usd_minor"]
    return (
        fund["spent_usd_minor"],
        allocated - fund["spent_usd_minor"],
        max(available, 0),
        max(fund["allocatable_usd_minor"] - allocated - available, 0),
        gap,
    )


def parts_of_year(year: Record) -> tuple[int, ...]:
    return max(year["left_before_usd_minor"], 0), max(year["allocatable_usd_minor"], 0), year["gap_usd_minor"]


def parts_of_package(package: Record) -> tuple[int, ...]:
    return max(package["left_before_usd_minor"], 0), max(package["allocated_usd_minor"], 0), package["gap_usd_minor"]


def of_funds(funds: Sequence[Record], language: str) -> Picture:
    """Picture of all funds. The finding is how much is missing, and in which fund most."""
    gettext, usd = translations(language).gettext, partial(_usd, language)
    needed = sum(fund["requirement_usd_minor"] for fund in funds)
    missing = sum(fund["gap_usd_minor"] for fund in funds)
    most = max(funds, key=lambda fund: fund["gap_usd_minor"], default=None)
    if most is None or not missing:
        finding = gettext("What the funds need is covered.")
    else:
        finding = gettext("%(missing)s of %(needed)s is missing, most of it in %(fund)s.") % {
            "missing": usd(missing),
            "needed": usd(needed),
            "fund": most["labels"][language],
        }
    bars = [(fund["labels"][language], parts_of_fund(fund), fund["requirement_usd_minor"]) for fund in funds]
    return _picture(finding, bars, OF_FUND, language)


def of_years(years: Sequence[Record], language: str) -> Picture:
    """Picture of a fund by year. The finding is the first year in which money is missing."""
    gettext = translations(language).gettext
    lacking = next((year for year in years if year["gap_usd_minor"]), None)
    if lacking is None:
        finding = gettext("What the fund needs is covered in every year.")
    else:
        finding = gettext("%(missing)s of what %(year)s needs is missing.") % {
            "missing": _usd(language, lacking["gap_usd_minor"]),
            "year": lacking["year"],
        }
    bars = [(str(year["year"]), parts_of_year(year), year["requirement_usd_minor"]) for year in years]
    return _picture(finding, bars, OF_YEAR, language)


def of_packages(year: Record, language: str) -> Picture:
    """Picture of the work packages of a year. The finding is the one to which most is still to be allocated."""
    gettext, packages = translations(language).gettext, year["work_packages"]
    most = max(packages, key=lambda package: package["gap_usd_minor"], default=None)
    if most is None or not most["gap_usd_minor"]:
        finding = gettext("All that the work packages of %(year)s need is allocated.") % {"year": year["year"]}
    else:
        finding = gettext("In %(year)s most is still to be allocated to %(package)s: %(missing)s.") % {
            "year": year["year"],
            "package": package_name(most["work_package"], language),
            "missing": _usd(language, most["gap_usd_minor"]),
        }
    bars = [
        (package_name(one["work_package"], language), parts_of_package(one), one["requirement_usd_minor"])
        for one in packages
    ]
    return _picture(finding, bars, OF_PACKAGE, language)


def of_packages_now(fund: Record, language: str) -> Picture:
    """Picture of the work packages of a fund without figures by year, which follow on the day after it was opened."""
    gettext, packages = translations(language).gettext, fund["work_packages"]
    most = max(packages, key=lambda package: package["gap_usd_minor"])
    if not most["gap_usd_minor"]:
        finding = gettext("All that the work packages need is allocated.")
    else:
        finding = gettext("Most is still to be allocated to %(package)s: %(missing)s.") % {
            "package": package_name(most["work_package"], language),
            "missing": _usd(language, most["gap_usd_minor"]),
        }
    bars = [
        (
            package_name(one["work_package"], language),
            (one["spent_usd_minor"], one["allocated_usd_minor"] - one["spent_usd_minor"], one["gap_usd_minor"]),
            one["requirement_usd_minor"],
        )
        for one in packages
    ]
    return _picture(finding, bars, OF_PACKAGE_NOW, language)


def package_name(code: str, language: str) -> str:
    return translations(language).gettext(WORK_PACKAGE.get(code, code.replace("_", " ")))


def terms_of(fund: Record) -> list[tuple[str, int]]:
    """Return the terms of what a fund lacks, each with its label for `_`: what lowers it is negative."""
    return [(TERMS[one["term"]], one["usd_minor"]) for one in fund["gap_terms"]]


def shown_year(years: Sequence[Record], asked: str) -> Record | None:
    """Return the year that was asked for, else the first in which money is missing, else the last, else None."""
    chosen = next((year for year in years if str(year["year"]) == asked), None)
    lacking = next((year for year in years if year["gap_usd_minor"]), None)
    return chosen or lacking or (years[-1] if years else None)


def table_of_funds(funds: Sequence[Record], language: str) -> list[list[object]]:
    """Return the table of funds with its head, amounts in US dollars."""
    return [_head((CODE,), language), *([fund["code"], *_amounts(fund)] for fund in funds)]


def table_of_years(code: str, years: Sequence[Record], language: str) -> list[list[object]]:
    """Return the table of a fund by year, and within each year by work package."""
    rows = [_head((CODE, YEAR, PACKAGE), language)]
    for year in years:
        rows.append([code, year["year"], "", *_amounts(year)])
        rows += [[code, year["year"], one["work_package"], *_amounts(one)] for one in year["work_packages"]]
    return rows


def _head(of: Sequence[str], language: str) -> list[object]:
    gettext = translations(language).gettext
    return [*(gettext(one) for one in of), *(f"{gettext(label)} (USD)" for _, label in COLUMNS)]


def _amounts(record: Record) -> list[object]:
    return ["" if record.get(name) is None else decimal(record[name], "USD") for name, _ in COLUMNS]


def _picture(
    finding: str, bars: Sequence[tuple[str, tuple[int, ...], int]], names: Sequence[str], language: str
) -> Picture:
    gettext = translations(language).gettext
    drawn = tuple(
        Bar(
            label,
            tuple(Part(value, _usd(language, value)) for value in values),
            gettext("Needed: %(amount)s") % {"amount": _usd(language, needed)},
        )
        for label, values, needed in bars
    )
    return Picture(finding, drawn, legend([gettext(name) for name in names]))


def _usd(language: str, minor: int) -> str:
    return money(minor, "USD", language)
