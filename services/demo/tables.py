"""What the demo prints at its end, each part readable in a terminal of 80 columns: no amount is ever cut off."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table

from services.demo.giving import Given
from services.demo.planning import Planned
from services.demo.story import MAINTENANCE

FUND_FIGURES = ("requirement", "pledged", "committed", "paid", "allocated", "spent", "available", "gap")
YEAR_FIGURES = ("requirement", "left_before", "pledged", "committed", "paid", "allocated", "spent", "gap")
WORK_PACKAGE_FIGURES = ("requirement", "left_before", "allocated", "spent", "gap")


def money_table(title: str, *columns: str) -> Table:
    """A table whose first column is text and whose others are amounts."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("", overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", overflow="fold", min_width=len("100,000,000.00"))
    return table


def funds_table(funds: Sequence[Mapping[str, Any]]) -> Table:
    """Each fund is a column: a row of eight amounts would need 110 columns."""
    table = money_table("Funds (US dollars)", *(fund["code"] for fund in funds))
    for figure in FUND_FIGURES:
        label = "open pledges" if figure == "pledged" else figure
        table.add_row(label, *(dollars(fund[f"{figure}_usd_minor"]) for fund in funds))
    return table


def years_table(years: Sequence[Mapping[str, Any]]) -> Table:
    """What the donor's fund needs in each year, and how far it has come."""
    table = money_table(f"{MAINTENANCE} by year (US dollars)", *(str(year["year"]) for year in years))
    for figure in YEAR_FIGURES:
        table.add_row(figure.replace("_", " "), *(dollars(year[f"{figure}_usd_minor"]) for year in years))
    return table


def work_packages_table(year: Mapping[str, Any]) -> Table:
    """For which work packages a fund needs its money in a year."""
    table = Table(title=f"{MAINTENANCE} in {year['year']} by work package (US dollars)", box=box.SIMPLE_HEAD)
    table.title_justify = "left"
    table.add_column("", overflow="fold")
    for figure in WORK_PACKAGE_FIGURES:
        table.add_column(figure.replace("_", " "), justify="right", overflow="fold", min_width=len("100,000.00"))
    for one in year["work_packages"]:
        amounts = (dollars(one[f"{figure}_usd_minor"]) for figure in WORK_PACKAGE_FIGURES)
        table.add_row(one["work_package"], *amounts)
    return table


def pledge_table(given: Given) -> Table:
    """What a donor gave and when, and for what it is."""
    pledge = given.pledge
    currency = pledge["money"]["currency"]
    table = Table(
        title=f"{pledge['donor']} gives {amount(pledge['money'])} to {pledge['fund']}, {pledge['agreement']}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("", overflow="fold")
    table.add_column("due", no_wrap=True)
    table.add_column("amount", justify="right", overflow="fold", min_width=len("USD 100,000.00"))
    table.add_column("", overflow="fold")
    for one in given.instalments:
        standing = "late" if one["late"] else "in time" if not one["open_minor"] else "to come"
        money = amount({"minor": one["minor"], "currency": currency})
        table.add_row(f"instalment {one['number']}", one["due_on"], money, standing)
    for one in given.allocations:
        spent = f"{amount(in_dollars(one['spent_usd_minor']))} spent"
        table.add_row(f"allocated to {one['work_package']}", "", amount(in_dollars(one["usd_minor"])), spent)
    activity = given.activity
    reached = f"{activity['status']}, reached {activity['participants']}"
    allocated = amount(in_dollars(activity["allocated_usd_minor"]))
    table.add_row(f"activity: {activity['activity_kind']}", activity["ends_on"], allocated, reached)
    in_kind = given.in_kind
    table.add_row(f"in kind: {in_kind['form']}", "", amount(in_kind["money"]), f"{in_kind['status']}, no money")
    return table


def round_table(planned: Planned) -> Table:
    """The round's plan line by line, and in its title how good it is."""
    one = planned.round
    gap = f"{one['gap_millionths'] / 10_000:.2f} %"
    table = Table(
        title=f"A round over the lines still open: {one['deliveries']} deliveries for {one['lines']} lines, "
        f"worth {one['value']:,} of at most {one['bound']:,} (gap {gap}). {one['says']}",
        title_justify="left",
        show_lines=True,
    )
    for column in ("line", "priority", "gets, or why not"):
        table.add_column(column, justify="right" if column == "priority" else "left", overflow="fold")
    for line in one["plan"]:
        got = (f"{each['provider']} from {each['starts']}, score {each['score']}" for each in line["deliveries"])
        table.add_row(_line_words(planned, line), f"{line['priority']:,}", "\n".join(got))
    for line in one["unmet"]:
        reasons = "\n".join(f"{each['provider']}: {each['says']}" for each in line["hindrances"])
        table.add_row(_line_words(planned, line), f"{line['priority']:,}", reasons or line["says"])
    return table


def _line_words(planned: Planned, line: Mapping[str, Any]) -> str:
    groups = ", ".join(line["groups"])
    state = f"{line['state']} ({groups})" if groups else line["state"]
    return f"{state}\n{planned.titles.get(line['line_id'], line['line_id'])}"


def in_dollars(usd_minor: int) -> Mapping[str, Any]:
    return {"minor": usd_minor, "currency": "USD"}


def amount(money: Mapping[str, Any]) -> str:
    """`USD 12,500.00`: the demo's currencies have two decimals each."""
    return f"{money['currency']} {dollars(money['minor'])}"


def dollars(minor: int) -> str:
    return f"{minor / 100:,.2f}"
