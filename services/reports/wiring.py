"""Assemble the reports service."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from chassis.db.database import Database
from chassis.http.parked_api import parked_routes
from chassis.service import Running, Service
from chassis.supervise import Loop, while_active
from services.reports.consumers import HANDLERS
from services.reports.figures import api
from services.reports.figures.figure_reader import FigureReader
from services.reports.folding import actions

FOLD_SECONDS = 1.0


async def fold_arrived(db: Database) -> None:
    """Fold all that has arrived, a batch in each transaction."""
    while True:
        async with db.transaction() as tx:
            if await actions.fold_arrived(tx) < actions.BATCH_MAX:
                return


async def fold_and_read(db: Database, reader: FigureReader) -> float | None:
    """Fold what has arrived, and count it in the index of this process."""
    await fold_arrived(db)
    await reader.read_on()
    return None


def own(running: Running) -> FigureReader:
    return FigureReader(running.db)


def loops(running: Running) -> Mapping[str, Loop]:
    fold = partial(fold_and_read, running.db, running.own)
    return {"folding": partial(while_active, running.db.activity, FOLD_SECONDS, fold)}


SERVICE = Service(
    name="reports",
    folder=Path(__file__).parent,
    routes=[*api.ROUTES, *parked_routes("reports")],
    publishes=False,
    listens_to=("requests", "matching", "delivery", "pledges", "directory"),
    handlers=HANDLERS,
    loops=loops,
    own=own,
)
