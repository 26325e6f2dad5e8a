"""The wiring of the reports service."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from chassis.db.database import Database
from chassis.http.parked_api import parked_routes
from chassis.journal.event_feed import FeedPolicy
from chassis.service import Running, Service
from chassis.supervise import Loop, while_active
from services.reports import event_feed
from services.reports.annual import actions as report_actions
from services.reports.annual import api as report_api
from services.reports.annual.printing.renderer import ReportRenderer
from services.reports.consumers import HANDLERS
from services.reports.dependencies import Dependencies
from services.reports.figures import api
from services.reports.figures.figure_reader import FigureReader
from services.reports.folding import actions
from services.reports.open_data import api as open_data_api
from services.reports.open_data.planner import LOOK_IDLE_SECONDS, LOOK_SECONDS, issue_and_look

FOLD_SECONDS = 1.0


async def fold_arrived(db: Database) -> None:
    """Fold all facts that have arrived, a batch in each transaction."""
    while True:
        async with db.transaction() as tx:
            if await actions.fold_arrived(tx) < actions.BATCH_MAX:
                return


async def fold_and_read(db: Database, reader: FigureReader) -> float | None:
    """Fold the facts that have arrived, and update the index of this process."""
    await fold_arrived(db)
    await reader.read_on()
    return None


def own(running: Running) -> Dependencies:
    settings = running.settings
    site = settings.public_url or f"http://{settings.host}:{settings.port}"
    return Dependencies(reader=FigureReader(running.db), renderer=ReportRenderer(), site=site.rstrip("/"))


def loops(running: Running) -> Mapping[str, Loop]:
    fold = partial(fold_and_read, running.db, running.own.reader)
    look = partial(issue_and_look, running.db, running.own.reader.published, running.peers)
    return {
        "folding": partial(while_active, running.db.activity, FOLD_SECONDS, fold),
        "open data": partial(while_active, running.db.activity, LOOK_SECONDS, look, idle_seconds=LOOK_IDLE_SECONDS),
    }


SERVICE = Service(
    name="reports",
    folder=Path(__file__).parent,
    routes=[*api.ROUTES, *report_api.ROUTES, *open_data_api.ROUTES, *parked_routes("reports")],
    listens_to=("requests", "matching", "delivery", "pledges", "sherloc", "directory"),
    handlers=HANDLERS,
    loops=loops,
    rebuild=report_actions.rebuild,
    tables=("report",),
    texts=("report_figures", "report_text"),
    feed_policy=FeedPolicy(event_feed.visible_events),
    own=own,
)
