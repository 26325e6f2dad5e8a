"""Rows of pledges. Every read names its caller; `may_see` in the WHERE clause is the policy."""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.facts import Event, Fact, decode_event, fact_type
from contracts.pledges import Valuation
from contracts.refusals import Missing
from contracts.registry import decode_fact
from contracts.values import Caller
from services.pledges.allocations.model import Requirement
from services.pledges.ledger.years import COMMITTING, YearAmounts, amounts_by_year
from services.pledges.pledge.evolve import evolve
from services.pledges.pledge.model import Pledge

LIST_MAX = 100
PLEDGES_AT_ONCE = 500

T = TypeVar("T", Pledge, Requirement)


_PLEDGE = """
    SELECT pledge.*, coalesce((SELECT note FROM pledge_text t WHERE t.pledge_id = pledge.pledge_id), '') AS note, (
        SELECT coalesce(json_agg(json_build_object('number', number, 'due_on', due_on, 'minor', i.minor,
            'condition', condition, 'met_on', met_on, 'reminders', reminders) ORDER BY number), '[]')
        FROM instalment i WHERE i.pledge_id = pledge.pledge_id)::text AS schedule
    FROM pledge"""


async def get_pledge(tx: Tx, pledge_id: UUID, caller: Caller, *, lock: bool = False) -> Pledge:
    """Return the pledge. Raises Missing if this caller may not see it.

    `lock` locks the row until the transaction ends.
    """
    return _pledge(await _seen(tx, pledge_id, caller, lock=lock))


async def pledge_with_note(tx: Tx, pledge_id: UUID, caller: Caller) -> tuple[Pledge, str]:
    """Return the pledge and its donor's note. Raises Missing if this caller may not see it."""
    row = await _seen(tx, pledge_id, caller)
    return _pledge(row), row["note"]


async def _seen(tx: Tx, pledge_id: UUID, caller: Caller, *, lock: bool = False) -> Record:
    if lock:
        await _lock(tx, pledge_id)
    row = await tx.fetchrow(
        _PLEDGE + " WHERE pledge_id = $1 AND reads_of_donor(pledge.donor, $2, $3)",
        pledge_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return row


async def _lock(tx: Tx, pledge_id: UUID) -> None:
    """Lock in a separate statement: after a wait, one statement would read the new pledge with its old instalments."""
    await tx.execute("SELECT FROM pledge WHERE pledge_id = $1 FOR UPDATE", pledge_id)


async def locked_pledge(tx: Tx, pledge_id: UUID) -> Pledge | None:
    """Lock and return the pledge, as the service; None if there is none."""
    await _lock(tx, pledge_id)
    row = await tx.fetchrow(_PLEDGE + " WHERE pledge_id = $1", pledge_id)
    return _pledge(row) if row else None


_LISTED = """
    WHERE reads_of_donor(pledge.donor, $1, $2) AND ($3::text IS NULL OR fund = $3) AND ($4::text IS NULL OR status = $4)
      AND ($5::text IS NULL OR donor = $5) AND ($6::uuid IS NULL OR pledge_id < $6)
      AND ($7::date IS NULL OR status IN ('committed', 'partially_received') AND (
          SELECT sum(i.minor) FROM instalment i
          WHERE i.pledge_id = pledge.pledge_id AND i.due_on < $7
            AND (i.condition IS NULL OR i.met_on IS NOT NULL)) > received_minor + written_off_minor)
    ORDER BY pledge_id DESC LIMIT $8"""


async def pledges(
    tx: Tx,
    caller: Caller,
    *,
    fund: str | None,
    status: str | None,
    donor: str | None,
    due_before: date | None,
    before: UUID | None,
    limit: int,
) -> list[tuple[Pledge, str]]:
    """List the pledges this caller may see, with their notes, newest first, after `before`.

    With `due_before`, list those with an owed instalment that is due before that day and not fully received. Receipts
    count against the earliest instalments, as in `schedule.due`, so the sum of instalments decides.
    """
    rows = await tx.fetch(
        _PLEDGE + _LISTED,
        caller.organization,
        caller.role,
        fund,
        status,
        donor,
        before,
        due_before,
        limit,
    )
    return [(_pledge(row), row["note"]) for row in rows]


async def page_of_pledges(tx: Tx, *, after: UUID, limit: int) -> list[Pledge]:
    """List pledges in the order of their ids, as the service."""
    rows = await tx.fetch(_PLEDGE + " WHERE pledge_id > $1 ORDER BY pledge_id LIMIT $2", after, limit)
    return [_pledge(row) for row in rows]


_COMMITTING = """
    SELECT aggregate_id, recorded_at, event
    FROM (SELECT pledge_id FROM pledge WHERE fund = $1 AND pledge_id > $2 ORDER BY pledge_id LIMIT $3) AS page
    JOIN journal ON aggregate_id = pledge_id
    WHERE type = ANY ($4::text[]) ORDER BY aggregate_id, version
"""


async def committed_by_year(tx: Tx, fund: str, *, as_of: datetime) -> YearAmounts:
    """Return committed and allocatable amounts by year, as recorded by `as_of`, as the service.

    The result never changes once `as_of` is final.
    """
    amounts = YearAmounts()
    after = UUID(int=0)
    while True:
        rows = await tx.fetch(_COMMITTING, fund, after, PLEDGES_AT_ONCE, [fact_type(kind) for kind in COMMITTING])
        if not rows:
            return amounts
        for pledge_id, of_pledge in groupby(rows, key=lambda row: row["aggregate_id"]):
            after = pledge_id
            amounts.add(amounts_by_year(((row["recorded_at"], _fact(row)) for row in of_pledge), as_of=as_of))


def _fact(row: Record) -> Fact:
    fact = decode_fact(decode_event(row["event"]))
    assert fact is not None, "our own journal holds facts of our own contracts"
    return fact


_SAVE = Write(
    parts={
        "pledged": """
            INSERT INTO pledge (pledge_id, donor, fund, status, revision, minor, currency, earmarking, requirement_id,
                extension_id,
                import_id, import_line, pledged_on, pledged_at, usd_minor, rate, rate_source, rate_date,
                open_usd_minor, texts_hash, committed_on, committed_usd_minor, committed_rate,
                committed_rate_source, committed_rate_date,
                support_cost_basis_points, agreement,
                recognized_minor, receipts, received_minor, received_usd_minor, support_cost_usd_minor,
                charges_usd_minor, relieved_usd_minor, received_on, written_off_minor, refunded_minor,
                refunded_usd_minor, carried_over_usd_minor)
            SELECT pledge_id, donor, fund, status, revision, minor, currency, earmarking, requirement_id,
                extension_id,
                import_id, import_line, pledged_on, pledged_at, usd_minor, rate, rate_source, rate_date,
                open_usd_minor, texts_hash, committed_on, committed_usd_minor, committed_rate,
                committed_rate_source, committed_rate_date,
                support_cost_basis_points, agreement,
                recognized_minor, receipts, received_minor, received_usd_minor, support_cost_usd_minor,
                charges_usd_minor, relieved_usd_minor, received_on, written_off_minor, refunded_minor,
                refunded_usd_minor, carried_over_usd_minor
            FROM json_populate_record(NULL::pledge, $1::text::json)
            ON CONFLICT (pledge_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                earmarking = excluded.earmarking, minor = excluded.minor,
                open_usd_minor = excluded.open_usd_minor, texts_hash = excluded.texts_hash,
                committed_on = excluded.committed_on, committed_usd_minor = excluded.committed_usd_minor,
                committed_rate = excluded.committed_rate, committed_rate_source = excluded.committed_rate_source,
                committed_rate_date = excluded.committed_rate_date,
                support_cost_basis_points = excluded.support_cost_basis_points, agreement = excluded.agreement,
                recognized_minor = excluded.recognized_minor, receipts = excluded.receipts,
                received_minor = excluded.received_minor, received_usd_minor = excluded.received_usd_minor,
                support_cost_usd_minor = excluded.support_cost_usd_minor,
                charges_usd_minor = excluded.charges_usd_minor,
                relieved_usd_minor = excluded.relieved_usd_minor, received_on = excluded.received_on,
                written_off_minor = excluded.written_off_minor, refunded_minor = excluded.refunded_minor,
                refunded_usd_minor = excluded.refunded_usd_minor,
                carried_over_usd_minor = excluded.carried_over_usd_minor
        """
    }
)


async def save_pledge(tx: Tx, pledge: Pledge) -> None:
    await tx.queue(_SAVE, flat(pledge))
    if pledge.schedule:
        await tx.execute(
            """
            INSERT INTO instalment (pledge_id, number, due_on, minor, condition, met_on, reminders)
            SELECT $1, number, due_on, minor, condition, met_on, reminders
            FROM json_populate_recordset(NULL::instalment, $2::text::json)
            ON CONFLICT (pledge_id, number) DO UPDATE SET minor = excluded.minor, met_on = excluded.met_on,
                reminders = excluded.reminders
            """,
            pledge.pledge_id,
            msgspec.json.encode(pledge.schedule).decode(),
        )


_SAVE_NOTE = Write(
    parts={
        "words": """
            INSERT INTO pledge_text (pledge_id, salt, note) VALUES ($1, $2, $3)
            ON CONFLICT (pledge_id) DO UPDATE SET salt = excluded.salt, note = excluded.note
        """
    }
)


async def save_note(tx: Tx, pledge_id: UUID, note: str, salt: bytes) -> None:
    await tx.queue(_SAVE_NOTE, pledge_id, salt, note)


# -- rows -------------------------------------------------------------------------------------------------------------


def _pledge(row: Record) -> Pledge:
    return valued({**dict(row), "schedule": msgspec.json.decode(row["schedule"])}, Pledge)


def valued(row: Mapping[str, Any], kind: type[T]) -> T:
    """Return a struct from a row with the fields of its valuation as columns."""
    values = dict(row)
    values["valuation"] = {key: values[key] for key in ("usd_minor", "rate", "rate_source", "rate_date")}
    return msgspec.convert(values, kind)


def flat(record: Pledge | Requirement) -> str:
    """Return the struct as JSON for its row, with the fields of its valuation as columns."""
    values: dict[str, Any] = msgspec.structs.asdict(record)
    valuation: Valuation = values.pop("valuation")
    return msgspec.json.encode(values | msgspec.structs.asdict(valuation)).decode()


async def fold(tx: Tx, event: Event, fact: Fact) -> None:
    """Apply a fact of a pledge to its rows."""
    await save_pledge(tx, evolve(await locked_pledge(tx, event.aggregate_id), fact))
