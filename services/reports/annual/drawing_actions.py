"""Read the figures that a report is drawn from."""

from datetime import date

from chassis.db.database import Tx
from contracts.refusals import Unavailable
from services.reports.annual.counting import Counted, ReportFigures, Tables, asked, figures
from services.reports.figures import store as figure_store
from services.reports.figures.counting import CellsOfAll, cells
from services.reports.folding import store as row_store
from services.reports.folding.actions import by_group

OWNERS = ("requests", "matching", "delivery", "pledges")


async def draw(tx: Tx, state: str | None, as_of: date, cells_of_all: CellsOfAll) -> ReportFigures:
    """The figures of a year until a day, of all records or those of a State. Raises Unavailable during a rebuild."""
    # Until the end of the transaction nothing is folded: all numbers are of one moment.
    if await tx.fetchval("SELECT incomplete FROM folding FOR SHARE"):
        raise Unavailable("figures-incomplete")
    before = date(as_of.year - 1, 12, 31)
    if state is None:
        tables = Tables(
            {one: await cells_of_all(*one, before, False) for one in asked(None)},
            {one: await cells_of_all(*one, as_of, False) for one in asked(None)},
        )
    else:
        groups = by_group(await row_store.rows_of_state(tx, state)).values()
        tables = Tables(
            {one: cells(groups, *one, before) for one in asked(state)},
            {one: cells(groups, *one, as_of) for one in asked(state)},
        )
    fresh = await figure_store.freshness(tx, OWNERS)
    return figures(tables, state, as_of, [Counted(owner=one.owner, newest=one.newest) for one in fresh])
