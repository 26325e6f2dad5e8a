"""Figures of funds: parts that do not overlap, findings, tables."""

from typing import Any

import pytest

from services.console.downloads import csv_file
from services.console.funds import figures

LABELS = {"en": "Maintenance", "fr": "Entretien"}


def a_fund(**figures_of_it: int) -> dict[str, Any]:
    names = ("requirement", "pledged", "committed", "paid", "allocated", "spent", "available", "allocatable", "gap")
    return {
        "code": "SHERLOC-MNT",
        "labels": LABELS,
        **{f"{name}_usd_minor": figures_of_it.get(name, 0) for name in names},
    }


def a_year(year: int, **figures_of_it: int) -> dict[str, Any]:
    return {**a_fund(**figures_of_it), "year": year, "left_before_usd_minor": 0, "work_packages": []}


def test_parts_of_fund_do_not_overlap() -> None:
    fund = a_fund(requirement=100, allocated=30, spent=10, available=20, allocatable=65, pledged=15, gap=45)

    assert (10, 20, 20, 15, 45) == figures.parts_of_fund(fund)


def test_pledge_that_is_not_signed_covers_nothing_as_in_the_table() -> None:
    assert (0, 0, 0, 0, 45) == figures.parts_of_fund(a_fund(requirement=45, pledged=90, gap=45))


def test_finding_says_what_is_missing_and_where() -> None:
    picture = figures.of_funds([a_fund(requirement=100_00, gap=40_00)], "en")

    assert "USD 40 of USD 100 is missing, most of it in Maintenance." == picture.finding
    assert "What the funds need is covered." == figures.of_funds([a_fund(requirement=100)], "en").finding
    assert figures.of_funds([], "en").bars == ()


@pytest.mark.parametrize(("asked", "shown"), [("2026", 2026), ("", 2027), ("2040", 2027), ("x", 2027)])
def test_shown_year_is_the_one_asked_for_or_the_first_that_lacks_money(asked: str, shown: int) -> None:
    years = [a_year(2026), a_year(2027, gap=5), a_year(2028, gap=5)]

    chosen = figures.shown_year(years, asked)

    assert chosen is not None
    assert shown == chosen["year"]
    assert figures.shown_year([], asked) is None


def test_table_has_a_row_for_each_work_package() -> None:
    package = {"work_package": "hosting", "requirement_usd_minor": 8_000_00, "gap_usd_minor": 1_50}
    rows = figures.table_of_years("SHERLOC-MNT", [{**a_year(2027, gap=1_50), "work_packages": [package]}], "en")

    assert ["Fund", "Year", "Work package"] == rows[0][:3]
    assert ["SHERLOC-MNT", 2027, ""] == rows[1][:3]
    assert "hosting" == rows[2][2]
    assert "8000.00" == str(rows[2][3])
    assert "" == rows[2][4]


def test_csv_has_no_formulas() -> None:
    answer = csv_file("funds.csv", [["=1+1", -5, "a,b"]])

    assert b'\xef\xbb\xbf\'=1+1,-5,"a,b"\r\n' == answer.content
