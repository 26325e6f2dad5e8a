"""The register as listed: the cells of the reference data and the records in them, in one order."""

from collections.abc import Iterator
from itertools import islice

from chassis.db.database import Tx
from contracts.values import Caller
from services.sherloc.legislation import store
from services.sherloc.legislation.cells import Cell, cells_after, place_of
from services.sherloc.legislation.model import Legislation
from services.sherloc.legislation.store import Filter

CHUNK = 1000
"""Number of cells looked up in one query when only those without a record are listed."""

Listed = Legislation | Cell


def cell_of_record(record: Legislation) -> Cell:
    """The cell of a record."""
    return Cell(record.state, place_of(record.article))


async def everything(tx: Tx, caller: Caller, wanted: Filter, *, before: Cell | None, limit: int) -> list[Listed]:
    """List the cells after one, each with its record if this caller sees one, and the records outside the cells."""
    records = await store.page(tx, caller, wanted, before=before, limit=limit)
    found: dict[Cell, Listed] = {cell: cell for cell in islice(_cells(wanted, before), limit)}
    found |= {cell_of_record(one): one for one in records}
    return [found[cell] for cell in sorted(found)[:limit]]


async def cells_without_record(
    tx: Tx, caller: Caller, wanted: Filter, *, before: Cell | None, limit: int
) -> list[Listed]:
    """List the cells after one without a record that this caller sees."""
    left, found = _cells(wanted, before), list[Listed]()
    while len(found) < limit and (chunk := list(islice(left, CHUNK))):
        recorded = await store.recorded_of(tx, caller, chunk)
        found += [cell for cell in chunk if cell not in recorded]
    return found[:limit]


def _cells(wanted: Filter, before: Cell | None) -> Iterator[Cell]:
    return cells_after(before, state=wanted.state, instrument=wanted.instrument, article=wanted.article)
