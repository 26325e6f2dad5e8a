"""Reads the figures from which a report is drawn."""

from datetime import date

from chassis.db.database import Tx
from contracts.refusals import Unavailable
from services.reports.annual.counting import Counted, ReportFigures, Tables, figures, figures_needed
from services.reports.figures import store as figure_store
from services.reports.figures.counting import ReadCells


async def draw(tx: Tx, state: str | None, as_of: date, read: ReadCells) -> ReportFigures:
    """Return the figures of a year until a day, for all records or a State. Raises Unavailable during a rebuild."""
    # FOR SHARE prevents folding until the transaction ends, so that all numbers are as of one moment.
    if await tx.fetchval("SELECT incomplete FROM folding FOR SHARE"):
        raise Unavailable("figures-incomplete")
    before = date(as_of.year - 1, 12, 31)
    if state is not None:
        await figure_store.check_state(tx, state)
    tables = Tables(
        {one: await read(*one, before, state) for one in figures_needed(state)},
        {one: await read(*one, as_of, state) for one in figures_needed(state)},
    )
    fresh = await figure_store.freshness(tx, figure_store.OWNERS)
    return figures(tables, state, as_of, [Counted(owner=one.owner, newest=one.newest) for one in fresh])
