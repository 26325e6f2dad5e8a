"""The rows of pledges, requirements and allocations. Every read says for whom; `may_see` in the WHERE is the policy."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db import Tx
from chassis.writes import Write
from contracts.facts import Event, decode_event
from contracts.pledges import FUND_DONORS_MAX, Valuation
from contracts.refusals import Conflict, Missing
from contracts.requests import About
from contracts.values import Caller
from services.pledges.allocations import Allocation, AllocationStatus, Purpose, Requirement
from services.pledges.domain import Pledge
from services.pledges.evolve import evolve

LIST_MAX = 100

T = TypeVar("T", Pledge, Requirement)


# -- pledges ----------------------------------------------------------------------------------------------------------

_PLEDGE = """
    SELECT pledge.*, coalesce((SELECT note FROM pledge_text t WHERE t.pledge_id = pledge.pledge_id), '') AS note, (
        SELECT coalesce(json_agg(json_build_object('number', number, 'due_on', due_on, 'minor', i.minor,
            'condition', condition, 'met_on', met_on, 'reminders', reminders) ORDER BY number), '[]')
        FROM instalment i WHERE i.pledge_id = pledge.pledge_id)::text AS schedule
    FROM pledge"""


async def get_pledge(tx: Tx, pledge_id: UUID, caller: Caller, *, lock: bool = False) -> Pledge:
    """The pledge, if this caller may see it. Raises Missing. `lock` holds it until the transaction ends."""
    return _pledge(await _seen(tx, pledge_id, caller, lock=lock))


async def pledge_with_note(tx: Tx, pledge_id: UUID, caller: Caller) -> tuple[Pledge, str]:
    """The pledge and what its donor wrote, if this caller may see it. Raises Missing."""
    row = await _seen(tx, pledge_id, caller)
    return _pledge(row), row["note"]


async def _seen(tx: Tx, pledge_id: UUID, caller: Caller, *, lock: bool = False) -> Record:
    if lock:
        await _lock(tx, pledge_id)
    row = await tx.fetchrow(
        _PLEDGE + " WHERE pledge_id = $1 AND may_see(pledge, $2, $3)", pledge_id, caller.organization, caller.role
    )
    if row is None:
        raise Missing("not-found")
    return row


async def _lock(tx: Tx, pledge_id: UUID) -> None:
    """In a statement of its own: whoever waited would read the pledge as it is now, with the instalments of before."""
    await tx.execute("SELECT FROM pledge WHERE pledge_id = $1 FOR UPDATE", pledge_id)


async def locked_pledge(tx: Tx, pledge_id: UUID) -> Pledge | None:
    """The pledge for the system itself, which acts for nobody."""
    await _lock(tx, pledge_id)
    row = await tx.fetchrow(_PLEDGE + " WHERE pledge_id = $1", pledge_id)
    return _pledge(row) if row else None


async def pledges_told(tx: Tx, pledge_ids: Sequence[UUID], *, until: datetime | None = None) -> Mapping[UUID, Pledge]:
    """What follows from the facts of these pledges, of those recorded by then; for the system itself."""
    rows = await tx.fetch(
        """
        SELECT aggregate_id, event FROM journal
        WHERE aggregate_id = ANY ($1::uuid[]) AND ($2::timestamptz IS NULL OR version <= (
            SELECT max(version) FROM journal AS by_then
            WHERE by_then.aggregate_id = journal.aggregate_id AND by_then.recorded_at <= $2))
        ORDER BY aggregate_id, version
        """,
        pledge_ids,
        until,
    )
    told: dict[UUID, Pledge] = {}
    for row in rows:
        fact = decode_event(row["event"]).fact()
        assert fact is not None, "our own journal holds facts of our own contracts"
        told[row["aggregate_id"]] = evolve(told.get(row["aggregate_id"]), fact)
    return told


async def pledge_before(tx: Tx, event: Event) -> Pledge:
    """The pledge as its facts tell it before this one of them; for the system itself."""
    rows = await tx.fetch(
        "SELECT event FROM journal WHERE aggregate_id = $1 AND version < $2 ORDER BY version",
        event.aggregate_id,
        event.aggregateversion,
    )
    told: Pledge | None = None
    for row in rows:
        fact = decode_event(row["event"]).fact()
        assert fact is not None, "our own journal holds facts of our own contracts"
        told = evolve(told, fact)
    assert told is not None, "a pledge begins by being pledged"
    return told


async def beside(tx: Tx, event: Event, by: int) -> Event:
    """The event of the same aggregate that is so many further on: there has to be one. For the system itself."""
    row = await tx.fetchrow(
        "SELECT event FROM journal WHERE aggregate_id = $1 AND version = $2",
        event.aggregate_id,
        event.aggregateversion + by,
    )
    assert row is not None, "the halves of a carry-over are recorded together"
    return decode_event(row["event"])


async def pledges(
    tx: Tx,
    caller: Caller,
    *,
    fund: str | None,
    status: str | None,
    donor: str | None,
    before: UUID | None,
    limit: int,
) -> list[tuple[Pledge, str]]:
    """Pledges with their notes, newest first, from the one after `before`."""
    rows = await tx.fetch(
        _PLEDGE
        + """
        WHERE may_see(pledge, $1, $2) AND ($3::text IS NULL OR fund = $3) AND ($4::text IS NULL OR status = $4)
          AND ($5::text IS NULL OR donor = $5) AND ($6::uuid IS NULL OR pledge_id < $6)
        ORDER BY pledge_id DESC LIMIT $7
        """,
        caller.organization,
        caller.role,
        fund,
        status,
        donor,
        before,
        limit,
    )
    return [(_pledge(row), row["note"]) for row in rows]


async def page_of_pledges(tx: Tx, *, after: UUID, limit: int) -> list[Pledge]:
    """Pledges in the order of their ids, for the system itself."""
    rows = await tx.fetch(_PLEDGE + " WHERE pledge_id > $1 ORDER BY pledge_id LIMIT $2", after, limit)
    return [_pledge(row) for row in rows]


_SAVE = Write(
    parts={
        "pledged": """
            INSERT INTO pledge (pledge_id, donor, fund, status, revision, minor, currency, earmarking, requirement_id,
                import_id, import_line, pledged_on, pledged_at, usd_minor, rate, rate_source, rate_date,
                open_usd_minor, texts_hash, committed_on, committed_usd_minor, committed_rate,
                support_cost_basis_points, agreement,
                recognized_minor, receipts, received_minor, received_usd_minor, support_cost_usd_minor,
                relieved_usd_minor, received_on, written_off_minor, refunded_minor, refunded_usd_minor,
                carried_over_usd_minor)
            SELECT pledge_id, donor, fund, status, revision, minor, currency, earmarking, requirement_id,
                import_id, import_line, pledged_on, pledged_at, usd_minor, rate, rate_source, rate_date,
                open_usd_minor, texts_hash, committed_on, committed_usd_minor, committed_rate,
                support_cost_basis_points, agreement,
                recognized_minor, receipts, received_minor, received_usd_minor, support_cost_usd_minor,
                relieved_usd_minor, received_on, written_off_minor, refunded_minor, refunded_usd_minor,
                carried_over_usd_minor
            FROM json_populate_record(NULL::pledge, $1::text::json)
            ON CONFLICT (pledge_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                minor = excluded.minor, open_usd_minor = excluded.open_usd_minor, texts_hash = excluded.texts_hash,
                committed_on = excluded.committed_on, committed_usd_minor = excluded.committed_usd_minor,
                committed_rate = excluded.committed_rate,
                support_cost_basis_points = excluded.support_cost_basis_points, agreement = excluded.agreement,
                recognized_minor = excluded.recognized_minor, receipts = excluded.receipts,
                received_minor = excluded.received_minor, received_usd_minor = excluded.received_usd_minor,
                support_cost_usd_minor = excluded.support_cost_usd_minor,
                relieved_usd_minor = excluded.relieved_usd_minor, received_on = excluded.received_on,
                written_off_minor = excluded.written_off_minor, refunded_minor = excluded.refunded_minor,
                refunded_usd_minor = excluded.refunded_usd_minor,
                carried_over_usd_minor = excluded.carried_over_usd_minor
        """
    }
)


async def save_pledge(tx: Tx, pledge: Pledge) -> None:
    """Write the pledge as it now stands."""
    await tx.write(_SAVE, _flat(pledge))
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
    await tx.write(_SAVE_NOTE, pledge_id, salt, note)


# -- requirements -----------------------------------------------------------------------------------------------------


async def get_requirement(tx: Tx, requirement_id: UUID, caller: Caller, *, lock: bool = False) -> Requirement:
    """The requirement, if this caller may see it. Raises Missing. `lock` holds it until the transaction ends."""
    query = "SELECT * FROM requirement WHERE requirement_id = $1 AND may_see(requirement, $2, $3)"
    row = await tx.fetchrow(query + (" FOR UPDATE" if lock else ""), requirement_id, caller.organization, caller.role)
    if row is None:
        raise Missing("not-found")
    return _requirement(row)


async def locked_requirement(tx: Tx, requirement_id: UUID) -> Requirement | None:
    """The requirement for the system itself, which acts for nobody."""
    row = await tx.fetchrow("SELECT * FROM requirement WHERE requirement_id = $1 FOR UPDATE", requirement_id)
    return _requirement(row) if row else None


async def known_requirement(tx: Tx, requirement_id: UUID) -> Requirement | None:
    """As `locked_requirement`, and held by nobody."""
    row = await tx.fetchrow("SELECT * FROM requirement WHERE requirement_id = $1", requirement_id)
    return _requirement(row) if row else None


async def unfunded(tx: Tx, *, before: UUID | None, limit: int) -> list[Requirement]:
    """Requirements that something is lacking of, newest first, from the one after `before`; for the system itself."""
    rows = await tx.fetch(
        """
        SELECT * FROM requirement
        WHERE status = 'open' AND covered_usd_minor < usd_minor
          AND ($1::uuid IS NULL OR (opened_at, requirement_id)
                < (SELECT opened_at, requirement_id FROM requirement WHERE requirement_id = $1))
        ORDER BY opened_at DESC, requirement_id DESC LIMIT $2
        """,
        before,
        limit,
    )
    return [_requirement(row) for row in rows]


async def requirements(
    tx: Tx, caller: Caller, *, request_id: UUID | None, before: UUID | None, limit: int
) -> list[Requirement]:
    """Requirements, newest first, from the one after `before`."""
    rows = await tx.fetch(
        """
        SELECT * FROM requirement
        WHERE may_see(requirement, $1, $2) AND ($3::uuid IS NULL OR request_id = $3)
          AND ($4::uuid IS NULL OR (opened_at, requirement_id)
                < (SELECT opened_at, requirement_id FROM requirement
                   WHERE requirement_id = $4 AND may_see(requirement, $1, $2)))
        ORDER BY opened_at DESC, requirement_id DESC LIMIT $5
        """,
        caller.organization,
        caller.role,
        request_id,
        before,
        limit,
    )
    return [_requirement(row) for row in rows]


async def add_requirement(tx: Tx, requirement: Requirement) -> None:
    await tx.execute(
        """
        INSERT INTO requirement (requirement_id, match_id, request_id, line_id, state, provider, status, revision,
            minor, currency, usd_minor, rate, rate_source, rate_date, covered_usd_minor, opened_at, about)
        SELECT requirement_id, match_id, request_id, line_id, state, provider, status, revision,
            minor, currency, usd_minor, rate, rate_source, rate_date, covered_usd_minor, opened_at, about
        FROM json_populate_record(NULL::requirement, $1::text::json)
        """,
        _flat(requirement),
    )


async def cancel_requirement(tx: Tx, requirement_id: UUID) -> None:
    await tx.execute(
        "UPDATE requirement SET status = 'cancelled', revision = revision + 1 WHERE requirement_id = $1", requirement_id
    )


async def cover(tx: Tx, requirement_id: UUID, usd_minor: int) -> None:
    """Count an allocation to a requirement, or one that went back. Raises Conflict beyond what it lacks."""
    covered = await tx.fetchval(
        """
        UPDATE requirement SET covered_usd_minor = covered_usd_minor + $2::bigint
        WHERE requirement_id = $1 AND covered_usd_minor + $2::bigint BETWEEN 0 AND usd_minor RETURNING true
        """,
        requirement_id,
        usd_minor,
    )
    if not covered:
        raise Conflict("requirement-exceeded")


# -- allocations ------------------------------------------------------------------------------------------------------


async def get_allocation(tx: Tx, allocation_id: UUID, caller: Caller, *, lock: bool = False) -> Allocation:
    """The allocation, if this caller may see it. Raises Missing. `lock` holds it until the transaction ends."""
    query = "SELECT * FROM allocation WHERE allocation_id = $1 AND may_see(allocation, $2, $3)"
    row = await tx.fetchrow(query + (" FOR UPDATE" if lock else ""), allocation_id, caller.organization, caller.role)
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), Allocation)


async def locked_allocation(tx: Tx, allocation_id: UUID) -> Allocation:
    """An allocation there is, for the system itself, which acts for nobody."""
    row = await tx.fetchrow("SELECT * FROM allocation WHERE allocation_id = $1 FOR UPDATE", allocation_id)
    assert row is not None, "whoever names an allocation has it from its facts"
    return msgspec.convert(dict(row), Allocation)


async def purpose_of(tx: Tx, allocation_id: UUID) -> Purpose:
    """What an allocation there is is for, which never changes; for the system itself."""
    row = await tx.fetchrow(
        "SELECT requirement_id, work_package, activity_id FROM allocation WHERE allocation_id = $1", allocation_id
    )
    return msgspec.convert(dict(row or {}), Purpose)


async def made_for(tx: Tx, requirement_id: UUID) -> list[Allocation]:
    """What stands allocated to a requirement, for the system itself; in the order in which funds are to be locked."""
    rows = await tx.fetch(
        """
        SELECT * FROM allocation WHERE requirement_id = $1 AND status = 'made'
        ORDER BY fund, allocation_id FOR UPDATE
        """,
        requirement_id,
    )
    return [msgspec.convert(dict(row), Allocation) for row in rows]


async def fund_donors(tx: Tx, fund: str) -> tuple[str, ...]:
    """Who has signed for money to a fund, for the system itself, which tells them what becomes of it."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT donor FROM pledge WHERE fund = $1 AND committed_on IS NOT NULL ORDER BY donor LIMIT $2
        """,
        fund,
        FUND_DONORS_MAX,
    )
    return tuple(row["donor"] for row in rows)


async def allocations(
    tx: Tx,
    caller: Caller,
    *,
    fund: str | None,
    request_id: UUID | None,
    requirement_id: UUID | None,
    activity_id: UUID | None,
    before: UUID | None,
    limit: int,
) -> list[Allocation]:
    """Allocations, newest first, from the one after `before`."""
    rows = await tx.fetch(
        """
        SELECT * FROM allocation
        WHERE may_see(allocation, $1, $2) AND ($3::text IS NULL OR fund = $3) AND ($4::uuid IS NULL OR request_id = $4)
          AND ($5::uuid IS NULL OR requirement_id = $5) AND ($6::uuid IS NULL OR activity_id = $6)
          AND ($7::uuid IS NULL OR allocation_id < $7)
        ORDER BY allocation_id DESC LIMIT $8
        """,
        caller.organization,
        caller.role,
        fund,
        request_id,
        requirement_id,
        activity_id,
        before,
        limit,
    )
    return [msgspec.convert(dict(row), Allocation) for row in rows]


async def add_allocation(tx: Tx, allocation: Allocation) -> None:
    await tx.execute(
        """
        INSERT INTO allocation (allocation_id, fund, usd_minor, status, revision, allocated_on, allocated_at,
            work_package, requirement_id, request_id, line_id, state, provider, activity_id)
        SELECT allocation_id, fund, usd_minor, status, revision, allocated_on, allocated_at,
            work_package, requirement_id, request_id, line_id, state, provider, activity_id
        FROM json_populate_record(NULL::allocation, $1::text::json)
        """,
        msgspec.json.encode(allocation).decode(),
    )


async def end_allocation(tx: Tx, allocation_id: UUID, status: AllocationStatus) -> None:
    await tx.execute(
        "UPDATE allocation SET status = $2, revision = revision + 1 WHERE allocation_id = $1", allocation_id, status
    )


async def spend(tx: Tx, allocation_id: UUID, usd_minor: int) -> None:
    """Count what was spent of an allocation, or less where a spending is reversed."""
    await tx.execute(
        """
        UPDATE allocation SET spent_usd_minor = spent_usd_minor + $2, revision = revision + 1 WHERE allocation_id = $1
        """,
        allocation_id,
        usd_minor,
    )


# -- rows -------------------------------------------------------------------------------------------------------------


def _pledge(row: Record) -> Pledge:
    return _valued({**dict(row), "schedule": msgspec.json.decode(row["schedule"])}, Pledge)


def _requirement(row: Record) -> Requirement:
    about = msgspec.json.decode(row["about"], type=About) if row["about"] else None
    return _valued({**dict(row), "about": about}, Requirement)


def _valued(row: Mapping[str, Any], kind: type[T]) -> T:
    values = dict(row)
    values["valuation"] = {key: values[key] for key in ("usd_minor", "rate", "rate_source", "rate_date")}
    return msgspec.convert(values, kind)


def _flat(record: Pledge | Requirement) -> str:
    values: dict[str, Any] = msgspec.structs.asdict(record)
    valuation: Valuation = values.pop("valuation")
    return msgspec.json.encode(values | msgspec.structs.asdict(valuation)).decode()
