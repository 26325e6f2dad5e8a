"""The pledges service, put together."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from chassis import clock
from chassis.db import Database, OutcomeUnknown, is_transient
from chassis.following import Followed
from chassis.service import Running, Service
from chassis.supervise import Loop, every, while_active
from services.pledges import (
    actions,
    activity_routes,
    allocation_routes,
    api,
    balances,
    budget_routes,
    closings,
    exit_actions,
    exit_routes,
    flow_routes,
    following,
    fund_routes,
    iati_routes,
    import_routes,
    in_kind_routes,
    ledger_routes,
    period_routes,
    proposal_routes,
    rate_routes,
    requirement_routes,
    statement_routes,
)
from services.pledges.closings import Closed
from services.pledges.consents import Consents
from services.pledges.consumers import HANDLERS, hears
from services.pledges.money import Validity
from services.pledges.own import Own, Tables
from services.pledges.printing.press import Press


def own(running: Running) -> Own:
    settings = running.settings
    return Own(Validity(settings.rates_hold), settings.iati_organization, Tables(), Consents(running.peers), Press())


CLOSE_SECONDS = 1.0
COUNT_SECONDS = 3600.0
CLOCK_SECONDS = 60.0

log = structlog.get_logger()


async def keep_closing(db: Database) -> None:
    """Each second, close the books where something was recorded. Whatever else fails, they become final."""
    closed: Closed | None = None
    while True:
        closed = await _close(db, closed)
        await db.activity.pause(CLOSE_SECONDS)


async def _close(db: Database, closed: Closed | None) -> Closed | None:
    async with db.transaction() as tx:
        behind = await closings.is_behind(tx)
    if not behind:
        return closed
    async with db.transaction() as tx:
        return await closings.close(tx, closed, now=clock.now())


async def write_closings(db: Database) -> None:
    """Write down what has become final until nothing is left, a fund in each transaction."""
    while True:
        async with db.transaction() as tx:
            if not await closings.keep_closing(tx):
                return


async def close_books(db: Database, closed: Closed | None) -> Closed | None:
    """One turn of both loops; several at once do no harm."""
    closed = await _close(db, closed)
    await write_closings(db)
    return closed


async def count_again(db: Database) -> list[str]:
    """The funds whose counter is not what their entries come to; each is an error in the log."""
    async with db.transaction() as tx:
        await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        differing = await balances.miscounted(tx)
    for fund in differing:
        log.error("the counter of a fund is not what its entries come to: see `entraide ledger verify`", fund=fund)
    return differing


async def _count_again(db: Database) -> None:
    await count_again(db)


async def remind_or_lapse(db: Database, lapse_days: int, now: datetime | None = None) -> None:
    """Each pledge by itself: one that cannot be keeps no other waiting."""
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
            log.exception("pledge neither reminded of nor lapsed", pledge_id=str(pledge_id))


def loops(running: Running) -> Mapping[str, Loop]:
    return {
        "books": partial(keep_closing, running.db),
        "closings": partial(while_active, running.db.activity, CLOSE_SECONDS, partial(write_closings, running.db)),
        "reminders": partial(
            every, CLOCK_SECONDS, partial(remind_or_lapse, running.db, running.settings.pledge_lapse_days)
        ),
        "counters": partial(every, COUNT_SECONDS, partial(_count_again, running.db)),
    }


SERVICE = Service(
    name="pledges",
    folder=Path(__file__).parent,
    routes=[
        *fund_routes.ROUTES,
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
    ],
    listens_to=("matching", "directory"),
    handlers=HANDLERS,
    hears=hears,
    loops=loops,
    rebuild=actions.rebuild,
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
        "balance_part",
        "fund_requirement",
        "fund_gender_marker",
        "fund",
        "period",
    ),
    # Which part counts what depends on who met whom.
    compared_as={"balance_part": "balance"},
    texts=("fund_text", "pledge_text", "activity_text", "in_kind_contribution_text", "imported_flow", "rejected_row"),
    followed=Followed(following.seen),
    own=own,
)
