"""The output of the demo is complete in a terminal of 80 columns."""

import io
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from services.demo import tables

COLUMNS = 80
LARGE_USD_MINOR = 9_999_999_999


def printed(table: Table) -> str:
    console = Console(file=io.StringIO(), width=COLUMNS)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def a_row(names: tuple[str, ...], usd_minor: int, **others: Any) -> Mapping[str, Any]:
    return {f"{name}_usd_minor": usd_minor for name in names} | others


def test_amounts_of_three_funds_fit_80_columns() -> None:
    codes = ("SHERLOC-DEV", "SHERLOC-MNT", "TA-REQUESTS")
    text = printed(tables.funds_table([a_row(tables.FUND_FIGURES, LARGE_USD_MINOR, code=code) for code in codes]))

    assert len(tables.FUND_FIGURES) * len(codes) == text.count("99,999,999.99")
    assert all(code in text for code in codes)


def test_amounts_of_three_years_fit_80_columns() -> None:
    text = printed(
        tables.years_table([a_row(tables.YEAR_FIGURES, LARGE_USD_MINOR, year=year) for year in (2026, 2027, 2028)])
    )

    assert len(tables.YEAR_FIGURES) * 3 == text.count("99,999,999.99")


@pytest.mark.parametrize("usd_minor", [67_890_012, LARGE_USD_MINOR])
def test_amounts_of_work_packages_are_not_cut_off_at_80_columns(usd_minor: int) -> None:
    rows = [a_row(tables.WORK_PACKAGE_FIGURES, usd_minor, work_package="case_law_upload")]
    text = printed(tables.work_packages_table({"year": 2027, "work_packages": rows}))

    assert "…" not in text
    assert text.count("9") >= 5 * str(usd_minor).count("9"), "wider amounts continue in the next line"
