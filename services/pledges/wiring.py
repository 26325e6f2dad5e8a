"""The wiring of the pledges service."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from chassis import clock
from chassis.db.database import Database, OutcomeUnknown, is_transient
from chassis.http.parked_api import parked_routes
from chassis.journal.event_feed import FeedPolicy
from chassis.service import Running, Service
from chassis.supervise import Loop, every, while_active
from services.pledges import event_feed
from services.pledges.activities import api as activity_routes
from services.pledges.allocations import api as allocation_routes
from services.pledges.allocations import requirement_api as requirement_routes
from services.pledges.allocations.consents import Consents
from services.pledges.consumers import HANDLERS, handlers_for
from services.pledges.dependencies import Dependencies, export_places
from services.pledges.funds import api as fund_routes
from services.pledges.funds import budget_api as budget_routes
from services.pledges.funds import public_api as public_fund_routes
from services.pledges.in_kind import api as in_kind_routes
from services.pledges.ledger import api as ledger_routes
from services.pledges.ledger import balances, record, snapshots
from services.pledges.ledger import fiscal_year_api as period_routes
from services.pledges.ledger.snapshots import Finality
from services.pledges.money import rate_api as rate_routes
from services.pledges.money.model import Validity
from services.pledges.open_data.flows import api as flow_routes
from services.pledges.open_data.iati import api as iati_routes
from services.pledges.open_data.imports import api as import_routes
from services.pledges.pledge import api, exit_actions
from services.pledges.pledge import exit_api as exit_routes
from services.pledges.proposals import api as proposal_routes
from services.pledges.statements import api as statement_routes
from services.pledges.statements.printing.renderer import StatementRenderer


def own(running: Running) -> Dependencies:
    settings = running.settings
    return Dependencies(
        validity=Validity(settings.rates_hold),
        reporter=settings.iati_organization,
        site=(settings.public_url or "").rstrip("/"),
        tables=export_places(),
        consents=Consents(running.peers),
        renderer=StatementRenderer(),
        iati_files=export_places(),
    )


CLOSE_SECONDS = 1.0
COUNT_SECONDS = 3600.0
CLOCK_SECONDS = 60.0

log = structlog.get_logger()


async def close_continuously(db: Database) -> None:
    """Advance the finality watermark each second if something was recorded, independently of the snapshots."""
    closed: Finality | None = None
    while True:
        closed = await _close(db, closed)
        await db.activity.pause(CLOSE_SECONDS)


async def _close(db: Database, closed: Finality | None) -> Finality | None:
    async with db.transaction() as tx:
        behind = await snapshots.is_behind(tx)
    if not behind:
        return closed
    async with db.transaction() as tx:
        return await snapshots.close(tx, closed, now=clock.now())


async def write_due_snapshots(db: Database) -> None:
    """Write balance snapshots until none is due, one transaction for each fund."""
    while True:
        async with db.transaction() as tx:
            if not await snapshots.write_snapshots(tx):
                return


async def close_and_write_snapshots(db: Database, closed: Finality | None) -> Finality | None:
    """Run both loops once; concurrent runs do no harm."""
    closed = await _close(db, closed)
    await write_due_snapshots(db)
    return closed


async def verify_balances(db: Database) -> list[str]:
    """List the funds whose balance differs from the sum of their entries, and log each as an error."""
    async with db.transaction() as tx:
        await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        differing = await balances.differing_balances(tx)
    for fund in differing:
        log.error("fund balance differs from its entries: see `entraide ledger verify`", fund=fund)
    return differing


async def _verify_balances(db: Database) -> None:
    await verify_balances(db)


async def remind_or_lapse(db: Database, lapse_days: int, now: datetime | None = None) -> None:
    """Remind of or lapse each due pledge in its own transaction, so that a failure does not block the others."""
    now = now or clock.now()
    async with db.transaction() as tx:
        due = await exit_actions.due(tx, now, lapse_days=lapse_days)
    for pledge_id in due:
        try:
            async with db.transaction() as tx:
                await exit_actions.remind_or_lapse(tx, pledge_id, now)
        except Exception as error:
            if is_transient(error) or isinstance(error, OutcomeUnknown):
                raise
            log.exception("reminder or lapse of a pledge failed", pledge_id=str(pledge_id))


def loops(running: Running) -> Mapping[str, Loop]:
    return {
        "books": partial(close_continuously, running.db),
        "closings": partial(while_active, running.db.activity, CLOSE_SECONDS, partial(write_due_snapshots, running.db)),
        "reminders": partial(
            every, CLOCK_SECONDS, partial(remind_or_lapse, running.db, running.settings.pledge_lapse_days)
        ),
        "counters": partial(every, COUNT_SECONDS, partial(_verify_balances, running.db)),
    }


SERVICE = Service(
    name="pledges",
    folder=Path(__file__).parent,
    routes=[
        *fund_routes.ROUTES,
        *public_fund_routes.ROUTES,
        *api.ROUTES,
        *exit_routes.ROUTES,
        *allocation_routes.ROUTES,
        *activity_routes.ROUTES,
        *requirement_routes.ROUTES,
        *budget_routes.ROUTES,
        *ledger_routes.ROUTES,
        *proposal_routes.ROUTES,
        *period_routes.ROUTES,
        *rate_routes.ROUTES,
        *iati_routes.ROUTES,
        *flow_routes.ROUTES,
        *import_routes.ROUTES,
        *in_kind_routes.ROUTES,
        *statement_routes.ROUTES,
        *parked_routes("pledges"),
    ],
    listens_to=("matching", "delivery", "directory"),
    handlers=HANDLERS,
    configured_handlers=lambda running: handlers_for(running.own.validity),
    loops=loops,
    rebuild=record.rebuild,
    tables=(
        "in_kind_contribution",
        "proposal",
        "entry",
        "allocation",
        "activity",
        "instalment",
        "pledge",
        "flow_import",
        "requirement",
        "rate",
        "balance",
        "fund_requirement",
        "fund_gender_marker",
        "fund",
        "period",
    ),
    texts=("fund_text", "pledge_text", "activity_text", "in_kind_contribution_text", "imported_flow", "rejected_row"),
    feed_policy=FeedPolicy(event_feed.visible_events),
    own=own,
)
