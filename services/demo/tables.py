"""The tables of the demo, for a terminal of 80 columns; amounts are never truncated."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table

from services.demo.story import MAINTENANCE

FUND_FIGURES = ("requirement", "pledged", "committed", "paid", "allocated", "spent", "available", "gap")
YEAR_FIGURES = ("requirement", "left_before", "pledged", "committed", "paid", "allocated", "spent", "gap")
WORK_PACKAGE_FIGURES = ("requirement", "left_before", "allocated", "spent", "gap")


def money_table(title: str, *columns: str) -> Table:
    """A table with text in the first column and amounts in the others."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("", overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", overflow="fold", min_width=len("100,000,000.00"))
    return table


def funds_table(funds: Sequence[Mapping[str, Any]]) -> Table:
    """A table with a column for each fund, because a row of eight amounts would need 110 columns."""
    table = money_table("Funds (US dollars)", *(fund["code"] for fund in funds))
    for figure in FUND_FIGURES:
        label = "open pledges" if figure == "pledged" else figure
        table.add_row(label, *(dollars(fund[f"{figure}_usd_minor"]) for fund in funds))
    return table


def years_table(years: Sequence[Mapping[str, Any]]) -> Table:
    """The requirement and funding of the donor's fund in each year."""
    table = money_table(f"{MAINTENANCE} by year (US dollars)", *(str(year["year"]) for year in years))
    for figure in YEAR_FIGURES:
        table.add_row(figure.replace("_", " "), *(dollars(year[f"{figure}_usd_minor"]) for year in years))
    return table


def work_packages_table(year: Mapping[str, Any]) -> Table:
    """The requirement of a fund by work package in a year."""
    table = Table(title=f"{MAINTENANCE} in {year['year']} by work package (US dollars)", box=box.SIMPLE_HEAD)
    table.title_justify, table.show_edge, table.padding = "left", False, (0, 1, 0, 0)
    table.add_column("", overflow="fold")
    for figure in WORK_PACKAGE_FIGURES:
        table.add_column(figure.replace("_", " "), justify="right", overflow="fold", min_width=len("100,000.00"))
    for one in year["work_packages"]:
        amounts = (dollars(one[f"{figure}_usd_minor"]) for figure in WORK_PACKAGE_FIGURES)
        table.add_row(one["work_package"], *amounts)
    return table


def in_dollars(usd_minor: int) -> Mapping[str, Any]:
    return {"minor": usd_minor, "currency": "USD"}


def amount(money: Mapping[str, Any]) -> str:
    """Format an amount, as `USD 12,500.00`. The demo's currencies have two decimals each."""
    return f"{money['currency']} {dollars(money['minor'])}"


def dollars(minor: int) -> str:
    return f"{minor / 100:,.2f}"
