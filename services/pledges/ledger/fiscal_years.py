"""Fiscal years of the ledger: a year is closed after a checklist; then no entry takes effect in it.

Posting takes a shared advisory lock until the transaction ends, closing or reopening a year takes the exclusive lock,
so no entry is posted to a year while it is being closed.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from msgspec import Struct

from chassis.db.database import Tx
from contracts.facts import Event
from contracts.ledger import CarriedForward, PeriodClosed, PeriodReopened
from contracts.refusals import Conflict
from services.pledges.ledger import balances
from services.pledges.ledger.postings import Account

LOCK = 0x656E7472
"""The ledger's first key for PostgreSQL's advisory locks of two keys."""


class Check(StrEnum):
    """A condition for closing a year.

    `nothing_open_before`: no entry takes effect in an open year before it. Years without entries need no closing.
    """

    YEAR_IS_OVER = "year_is_over"
    YEAR_IS_OPEN = "year_is_open"
    NOTHING_OPEN_BEFORE = "nothing_open_before"
    NOTHING_PROPOSED = "nothing_proposed"
    BOOKS_BALANCE = "books_balance"
    BALANCES_AGREE = "balances_agree"


class Checked(Struct, frozen=True, kw_only=True):
    """An item of the checklist; `met` is true if the condition is met now."""

    check: Check
    met: bool


class PeriodStatus(StrEnum):
    CLOSED = "closed"
    REOPENED = "reopened"


class Period(Struct, frozen=True, kw_only=True):
    """A year that was closed at least once."""

    year: int
    period_id: UUID
    status: PeriodStatus
    revision: int
    carried_forward: tuple[CarriedForward, ...]
    closed_at: datetime


def period_id_of(year: int) -> UUID:
    return uuid5(NAMESPACE_URL, f"entraide:period:{year}")


# -- value dates ------------------------------------------------------------------------------------------------------


async def share_lock_open_years(tx: Tx, on: date) -> None:
    """Share-lock the fiscal years until the transaction ends. Raises Conflict if the day's year is closed."""
    opened = await open_from(tx)
    if on < opened:
        raise Conflict("period-closed", year=on.year, open_from=opened.isoformat())


async def open_from(tx: Tx) -> date:
    """Return the first day on which an entry may take effect, share-locked until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock_shared($1, hashtext(current_schema()))", LOCK)
    return await _open_from(tx)


async def _open_from(tx: Tx) -> date:
    """Return the day after the last closed year, with which all years before it are closed."""
    day: date = await tx.fetchval("SELECT books_open_from()")
    return day


# -- closing ----------------------------------------------------------------------------------------------------------


async def lock_years(tx: Tx) -> None:
    """Lock all years, so that no other transaction posts until this one ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))", LOCK)


async def checklist(tx: Tx, year: int, *, proposed: int, today: date) -> Sequence[Checked]:
    """Check each condition for closing the year."""
    sums: Counter[tuple[str, ...]] = Counter()
    for one in await balances.balances(tx, as_of=balances.EVER):
        sums[one.fund, one.book, one.currency] += one.minor
        sums[one.fund, one.book] += one.usd_minor
    differing = await balances.differing_balances(tx)
    earlier = await tx.fetchval(
        """
        SELECT EXISTS (SELECT FROM entry
            WHERE effective_on >= books_open_from() AND effective_on < make_date($1::integer, 1, 1))
        """,
        year,
    )
    return [
        Checked(check=Check.YEAR_IS_OVER, met=today.year > year),
        Checked(check=Check.YEAR_IS_OPEN, met=date(year, 12, 31) >= await _open_from(tx)),
        Checked(check=Check.NOTHING_OPEN_BEFORE, met=not earlier),
        Checked(check=Check.NOTHING_PROPOSED, met=proposed == 0),
        Checked(check=Check.BOOKS_BALANCE, met=not any(sums.values())),
        Checked(check=Check.BALANCES_AGREE, met=not differing),
    ]


def close(year: int, checked: Sequence[Checked], carried: tuple[CarriedForward, ...], *, now: datetime) -> PeriodClosed:
    """Close a year. Raises Conflict with the conditions that are not met."""
    missing = [one.check for one in checked if not one.met]
    if missing:
        raise Conflict("period-not-ready", missing=missing)
    return PeriodClosed(period_id=period_id_of(year), year=year, carried_forward=carried, closed_at=now)


async def reopen(tx: Tx, year: int, proposal_id: UUID, *, now: datetime) -> PeriodReopened:
    """Reopen a year. Raises Conflict unless it is the last closed one, since later years carry its balances forward."""
    await require_last(tx, year)
    return PeriodReopened(period_id=period_id_of(year), year=year, proposal_id=proposal_id, reopened_at=now)


async def require_last(tx: Tx, year: int) -> None:
    closed = await periods(tx, year=year)
    if not closed or closed[0].status is not PeriodStatus.CLOSED or await _open_from(tx) != date(year + 1, 1, 1):
        raise Conflict("period-not-last", year=year)


async def carried_forward(tx: Tx, year: int) -> tuple[CarriedForward, ...]:
    """Return the money that each fund could still allocate at the end of the year."""
    ended = await balances.balances(tx, as_of=balances.EVER, until=date(year, 12, 31))
    held = {one.fund: -one.usd_minor for one in ended if one.account is Account.AVAILABLE}
    funds = [row["fund"] for row in await tx.fetch("SELECT fund FROM fund ORDER BY fund")]
    return tuple(CarriedForward(fund=fund, usd_minor=max(0, held.get(fund, 0))) for fund in funds)


# -- rows -------------------------------------------------------------------------------------------------------------


async def save_closed(tx: Tx, fact: PeriodClosed) -> None:
    await tx.execute(
        """
        INSERT INTO period (year, period_id, status, revision, carried_forward, closed_at)
        VALUES ($1, $2, 'closed', 1, $3::text::json, $4)
        ON CONFLICT (year) DO UPDATE SET status = 'closed', revision = period.revision + 1,
            carried_forward = excluded.carried_forward, closed_at = excluded.closed_at
        """,
        fact.year,
        fact.period_id,
        msgspec.json.encode(fact.carried_forward).decode(),
        fact.closed_at,
    )


async def save_reopened(tx: Tx, fact: PeriodReopened) -> None:
    await tx.execute(
        "UPDATE period SET status = 'reopened', revision = revision + 1 WHERE year = $1",
        fact.year,
    )


async def periods(tx: Tx, *, year: int | None = None) -> list[Period]:
    """List years that were closed at least once, newest first."""
    rows = await tx.fetch(
        """
        SELECT year, period_id, status, revision, carried_forward::text AS carried_forward, closed_at FROM period
        WHERE $1::integer IS NULL OR year = $1 ORDER BY year DESC
        """,
        year,
    )
    return [
        msgspec.convert({**row, "carried_forward": msgspec.json.decode(row["carried_forward"])}, Period) for row in rows
    ]


async def fold(tx: Tx, _event: Event, fact: PeriodClosed | PeriodReopened) -> None:
    """Apply a fact of a fiscal year, closed or reopened, to its row."""
    if isinstance(fact, PeriodClosed):
        await save_closed(tx, fact)
    else:
        await save_reopened(tx, fact)
