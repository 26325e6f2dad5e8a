"""Rows of deliveries. Reads for a caller apply `may_see`, the policy in SQL, in their WHERE clause."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller, Money, Period
from services.delivery.deliveries.model import Delivery, DeliveryStatus

LIST_MAX = 100


async def get(tx: Tx, delivery_id: UUID, caller: Caller) -> Delivery:
    """Return the delivery. Raises Missing unless the caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM delivery WHERE delivery_id = $1 AND reads_along(state, provider, false, $2, $3)",
        delivery_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return delivery_of(row)


async def locked(tx: Tx, delivery_id: UUID, caller: Caller) -> Delivery:
    """Like `get`, and lock the delivery until the transaction ends."""
    row = await tx.fetchrow(
        "SELECT * FROM delivery WHERE delivery_id = $1 AND reads_along(state, provider, false, $2, $3) FOR UPDATE",
        delivery_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return delivery_of(row)


async def page(
    tx: Tx,
    caller: Caller,
    *,
    request_id: UUID | None = None,
    match_id: UUID | None = None,
    status: DeliveryStatus | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[Delivery]:
    """List deliveries that the caller may see, newest match first, older than the match `before`."""
    rows = await tx.fetch(
        """
        SELECT * FROM delivery
        WHERE reads_along(state, provider, false, $1, $2) AND ($3::uuid IS NULL OR request_id = $3)
          AND ($4::uuid IS NULL OR match_id = $4) AND ($5::text IS NULL OR status = $5)
          AND ($6::uuid IS NULL OR match_id < $6)
        ORDER BY match_id DESC LIMIT $7
        """,
        caller.organization,
        caller.role,
        request_id,
        match_id,
        status,
        before,
        limit,
    )
    return [delivery_of(row) for row in rows]


async def delivered_by(tx: Tx, caller: Caller, request_ids: Collection[UUID]) -> list[Delivery]:
    """List the caller's latest delivery for each request, without terminated ones; none unless it is a provider."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT ON (request_id) * FROM delivery
        WHERE $1 = 'provider_officer' AND provider = $2 AND request_id = ANY ($3::uuid[]) AND status <> 'terminated'
        ORDER BY request_id, opened_at DESC
        """,
        caller.role,
        caller.organization,
        list(request_ids),
    )
    return [delivery_of(row) for row in rows]


async def is_seen(tx: Tx, delivery_id: UUID, caller: Caller) -> bool:
    return delivery_id in await seen_of(tx, [delivery_id], caller)


async def seen_of(tx: Tx, delivery_ids: Sequence[UUID], caller: Caller) -> dict[UUID, DeliveryStatus]:
    """Return the statuses of those deliveries that the caller may see."""
    rows = await tx.fetch(
        """
        SELECT delivery_id, status FROM delivery
        WHERE delivery_id = ANY ($1::uuid[]) AND reads_along(state, provider, false, $2, $3)
        """,
        delivery_ids,
        caller.organization,
        caller.role,
    )
    return {row["delivery_id"]: DeliveryStatus(row["status"]) for row in rows}


async def get_as_service(tx: Tx, delivery_id: UUID) -> Delivery | None:
    """Return the delivery, read as the service and locked until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM delivery WHERE delivery_id = $1 FOR UPDATE", delivery_id)
    return delivery_of(row) if row else None


async def unanswered(tx: Tx, today: date) -> list[Delivery]:
    """Lock and list deliveries whose completion silence confirms today; skip those locked by others."""
    rows = await tx.fetch(
        """
        SELECT * FROM delivery WHERE status = 'completion_proposed' AND silence_counts AND confirm_by < $1
        ORDER BY confirm_by LIMIT $2 FOR UPDATE SKIP LOCKED
        """,
        today,
        LIST_MAX,
    )
    return [delivery_of(row) for row in rows]


_SAVE = Write(
    parts={
        "delivery_saved": """
            INSERT INTO delivery (delivery_id, match_id, request_id, line_id, offering_id, state, provider, status,
                revision, starts, ends, covers, funding_minor, funding_currency, joint_delivery_id, kind,
                opened_at, state_waived_at, provider_waived_at, state_private_at, provider_private_at, agreement_id,
                agreed_at, begun_at, suspended_at, completion_by, completion_proposed_at, proposed_on, confirm_by,
                silence_counts, without, objection, confirmed_by, completed_on, completed_at, terminated_at, reason)
            SELECT delivery_id, match_id, request_id, line_id, offering_id, state, provider, status, revision, starts,
                ends, covers, funding_minor, funding_currency, joint_delivery_id, kind, opened_at, state_waived_at,
                provider_waived_at, state_private_at, provider_private_at, agreement_id, agreed_at, begun_at,
                suspended_at, completion_by, completion_proposed_at, proposed_on, confirm_by, silence_counts, without,
                objection, confirmed_by, completed_on, completed_at, terminated_at, reason
            FROM json_populate_record(NULL::delivery, $1::text::json)
            ON CONFLICT (delivery_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                state_waived_at = excluded.state_waived_at, provider_waived_at = excluded.provider_waived_at,
                state_private_at = excluded.state_private_at, provider_private_at = excluded.provider_private_at,
                agreement_id = excluded.agreement_id, agreed_at = excluded.agreed_at, begun_at = excluded.begun_at,
                suspended_at = excluded.suspended_at, completion_by = excluded.completion_by,
                completion_proposed_at = excluded.completion_proposed_at, proposed_on = excluded.proposed_on,
                confirm_by = excluded.confirm_by, silence_counts = excluded.silence_counts, without = excluded.without,
                objection = excluded.objection, confirmed_by = excluded.confirmed_by,
                completed_on = excluded.completed_on,
                completed_at = excluded.completed_at, terminated_at = excluded.terminated_at, reason = excluded.reason
        """
    }
)


async def save(tx: Tx, delivery: Delivery) -> None:
    needed = delivery.funding_needed
    row = msgspec.structs.asdict(delivery) | {
        "starts": delivery.period.starts,
        "ends": delivery.period.ends,
        "funding_minor": needed and needed.minor,
        "funding_currency": needed and needed.currency,
    }
    await tx.queue(_SAVE, msgspec.json.encode(row).decode())


def delivery_of(row: Record) -> Delivery:
    """Convert a row of `delivery` to a delivery."""
    columns = dict(row)
    minor, currency = columns["funding_minor"], columns["funding_currency"]
    columns["period"] = Period(starts=columns["starts"], ends=columns["ends"])
    columns["funding_needed"] = None if minor is None else Money(minor=minor, currency=currency)
    return msgspec.convert(columns, Delivery)
