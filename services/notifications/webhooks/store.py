"""Queries on webhooks. Owners read by person and appointment; the sender claims a webhook by a lease, its turn."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.notifications import Record
from contracts.refusals import Missing
from contracts.values import Caller
from services.notifications.notices import audience
from services.notifications.notices.model import Channel, Status
from services.notifications.notices.notice import Appointment
from services.notifications.notices.recipient_store import Recipient
from services.notifications.webhooks.model import Webhook

LIST_MAX = 100


async def locked(tx: Tx, webhook_id: UUID) -> Webhook | None:
    """Return the webhook, locked, for the sender; None if there is none."""
    row = await tx.fetchrow("SELECT * FROM webhook WHERE webhook_id = $1 FOR UPDATE", webhook_id)
    return msgspec.convert(dict(row), Webhook) if row else None


async def get(tx: Tx, webhook_id: UUID, caller: Caller, *, lock: bool = False) -> Webhook:
    """Return a webhook of the caller's current appointment. Raises Missing for any other, and for a removed one."""
    query = (
        """
        SELECT * FROM webhook
        WHERE webhook_id = $1 AND person_id = $2 AND organization = $3 AND role = $4 AND status <> 'removed' FOR UPDATE
        """
        if lock
        else """
        SELECT * FROM webhook
        WHERE webhook_id = $1 AND person_id = $2 AND organization = $3 AND role = $4 AND status <> 'removed'
        """
    )
    row = await tx.fetchrow(query, webhook_id, caller.person_id, caller.organization, caller.role)
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), Webhook)


async def of_caller(tx: Tx, caller: Caller) -> list[Webhook]:
    """Return all webhooks of the caller's current appointment, oldest first."""
    rows = await tx.fetch(
        """
        SELECT * FROM webhook WHERE person_id = $1 AND organization = $2 AND role = $3 AND status <> 'removed'
        ORDER BY webhook_id
        """,
        caller.person_id,
        caller.organization,
        caller.role,
    )
    return [msgspec.convert(dict(row), Webhook) for row in rows]


async def of_person(tx: Tx, person_id: UUID) -> list[Webhook]:
    """Return all webhooks of a person, in every appointment, locked."""
    rows = await tx.fetch(
        "SELECT * FROM webhook WHERE person_id = $1 AND status <> 'removed' ORDER BY webhook_id FOR UPDATE", person_id
    )
    return [msgspec.convert(dict(row), Webhook) for row in rows]


async def one_at_a_time(tx: Tx, caller: Caller) -> None:
    """Serialize registrations for this appointment until the transaction ends, so that they can be counted."""
    name = f"webhooks of {caller.person_id} {caller.organization}:{caller.role}"
    await tx.fetchval("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)


async def save(tx: Tx, one: Webhook) -> None:
    await tx.execute(
        """
        INSERT INTO webhook (webhook_id, person_id, organization, role, scheme, status, reason, generation, key_id,
            previous_key_id, previous_until, url_hash, registered_at, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (webhook_id) DO UPDATE SET status = excluded.status, reason = excluded.reason,
            generation = excluded.generation, key_id = excluded.key_id, previous_key_id = excluded.previous_key_id,
            previous_until = excluded.previous_until, revision = excluded.revision
        """,
        one.webhook_id,
        one.person_id,
        one.organization,
        one.role,
        one.scheme,
        one.status,
        one.reason,
        one.generation,
        one.key_id,
        one.previous_key_id,
        one.previous_until,
        one.url_hash,
        one.registered_at,
        one.revision,
    )


async def urls(tx: Tx, webhook_ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = await tx.fetch("SELECT webhook_id, url FROM endpoint WHERE webhook_id = ANY ($1::uuid[])", webhook_ids)
    return {row["webhook_id"]: row["url"] for row in rows}


async def save_url(tx: Tx, webhook_id: UUID, url: str, salt: bytes) -> None:
    await tx.execute("INSERT INTO endpoint (webhook_id, salt, url) VALUES ($1, $2, $3)", webhook_id, salt, url)


async def forget_url(tx: Tx, webhook_id: UUID) -> None:
    await tx.execute("DELETE FROM endpoint WHERE webhook_id = $1", webhook_id)


# -- queued events ----------------------------------------------------------------------------------------------------


async def recipients(tx: Tx, appointments: Sequence[Appointment], *, notified_of_match: UUID | None) -> list[Recipient]:
    """Return the enabled webhooks of these appointments; with a match, only those whose owner was notified of it."""
    rows = await tx.fetch(
        """
        SELECT webhook_id, person_id, organization, role FROM webhook
        JOIN unnest($1::text[], $2::text[]) AS wanted(organization, role) USING (organization, role)
        WHERE status = 'enabled' AND ($3::uuid IS NULL OR EXISTS (
            SELECT FROM notification
            WHERE notification.match_id = $3 AND notification.person_id = webhook.person_id))
        ORDER BY webhook_id
        """,
        [one.organization for one in appointments],
        [one.role for one in appointments],
        notified_of_match,
    )
    return [msgspec.convert({**dict(row), "channels": (Channel.WEBHOOK,)}, Recipient) for row in rows]


async def count_waiting(tx: Tx, webhook_id: UUID, at_most: int) -> int:
    """Return the number of events waiting for a webhook, counted up to `at_most`."""
    return int(
        await tx.fetchval(
            """
            SELECT count(*) FROM (
                SELECT FROM dispatch WHERE webhook_id = $1 AND channel = 'webhook' AND status = 'owed' LIMIT $2
            ) AS waiting
            """,
            webhook_id,
            at_most,
        )
    )


async def count_since(tx: Tx, webhook_id: UUID, notice: str, since: datetime) -> int:
    """Return the number of these notices queued for a webhook since then."""
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM notification WHERE webhook_id = $1 AND notice = $2 AND owed_at > $3",
            webhook_id,
            notice,
            since,
        )
    )


async def none_delivered_since_queued(tx: Tx, notification_id: UUID) -> bool:
    """Check whether no event at all was delivered to its webhook since this one was queued."""
    return bool(
        await tx.fetchval(
            """
            SELECT NOT EXISTS (
                SELECT FROM dispatch
                WHERE dispatch.webhook_id = owed.webhook_id AND channel = 'webhook' AND status = 'delivered'
                  AND ended_at >= owed.owed_at)
            FROM notification AS owed WHERE notification_id = $1
            """,
            notification_id,
        )
    )


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """An event queued for one webhook, and its outcome."""

    dispatch_id: UUID
    notification_id: UUID
    cause_id: UUID
    notice: str
    record_aggregate: str
    record_id: str
    record_version: int | None
    happened_at: datetime
    owed_at: datetime
    status: Status
    attempts: int
    reason: str | None
    next_at: datetime | None
    ended_at: datetime | None


async def deliveries(tx: Tx, webhook_id: UUID, caller: Caller, *, before: UUID | None, limit: int) -> list[Delivery]:
    """Return the deliveries of the caller's webhook, newest first, starting after the notification `before`."""
    rows = await tx.fetch(
        """
        SELECT dispatch_id, notification_id, cause_id, notice, record_aggregate, record_id, record_version, happened_at,
            owed_at, dispatch.status, attempts, dispatch.reason, next_at, ended_at
        FROM notification JOIN dispatch USING (notification_id) JOIN webhook ON webhook.webhook_id = $1
        WHERE notification.webhook_id = $1 AND ($3::uuid IS NULL OR notification_id < $3)
          AND webhook.person_id = $2 AND webhook.organization = $5 AND webhook.role = $6
        ORDER BY notification_id DESC LIMIT $4
        """,
        webhook_id,
        caller.person_id,
        before,
        limit,
        caller.organization,
        caller.role,
    )
    return [msgspec.convert(dict(row), Delivery) for row in rows]


# -- sending ----------------------------------------------------------------------------------------------------------


class DeliveryAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """The data for one attempt at one dispatch; `url` is None if the webhook was removed."""

    dispatch_id: UUID
    notification_id: UUID
    cause_id: UUID
    notice: str
    record: Record
    happened_at: datetime
    webhook: Webhook
    url: str | None
    circulation: str | None
    correlation_id: str

    @property
    def found_id(self) -> UUID | None:
        """The id of the record of a hit, which its notice names; None for other notices."""
        return UUID(self.record.id) if self.notice in audience.OF_HITS else None


async def claim(tx: Tx, *, holder: UUID, now: datetime, lease_seconds: int) -> DeliveryAttempt | None:
    """Claim the turn of the webhook that has been due longest, under a lease; None if there is none.

    One process at a time sends to a webhook, so that no attempt is made twice and a slow receiver delays only its own
    events.
    """
    row = await tx.fetchrow(
        """
        WITH due AS (
            SELECT webhook.webhook_id, first.dispatch_id FROM webhook
            CROSS JOIN LATERAL (
                SELECT dispatch_id, next_at FROM dispatch
                WHERE dispatch.webhook_id = webhook.webhook_id AND channel = 'webhook' AND status = 'owed'
                  AND next_at <= $1
                ORDER BY next_at, dispatch_id LIMIT 1
            ) AS first
            WHERE NOT EXISTS (SELECT FROM turn
                WHERE turn.webhook_id = webhook.webhook_id AND until > clock_timestamp())
            ORDER BY first.next_at, first.dispatch_id LIMIT 1 FOR UPDATE OF webhook SKIP LOCKED
        ), taken AS (
            INSERT INTO turn (webhook_id, holder, until)
            SELECT webhook_id, $2, clock_timestamp() + $3 * interval '1 second' FROM due
            ON CONFLICT (webhook_id) DO UPDATE SET holder = excluded.holder, until = excluded.until
                WHERE turn.until <= clock_timestamp()
            RETURNING webhook_id
        )
        SELECT webhook_id, dispatch_id FROM due JOIN taken USING (webhook_id)
        """,
        now,
        holder,
        lease_seconds,
    )
    if row is None:
        return None
    attempt = await _load_attempt(tx, row["dispatch_id"])
    if attempt is None:
        # The previous holder of the turn settled it while this statement ran.
        await end_turn(tx, row["webhook_id"], holder=holder, rest_seconds=0)
    return attempt


async def due_in_seconds(tx: Tx, *, now: datetime) -> float | None:
    """Return the seconds until an event can be sent: it is due, and no process holds its webhook's turn."""
    found: float | None = await tx.fetchval(
        """
        SELECT extract(epoch FROM min(wait))::float8 FROM (
            SELECT greatest(first.next_at - $1::timestamptz, turn.until - clock_timestamp()) AS wait FROM webhook
            CROSS JOIN LATERAL (
                SELECT next_at FROM dispatch
                WHERE dispatch.webhook_id = webhook.webhook_id AND channel = 'webhook' AND status = 'owed'
                ORDER BY next_at, dispatch_id LIMIT 1
            ) AS first
            LEFT JOIN turn USING (webhook_id)
        ) AS waiting WHERE wait > interval '0'
        """,
        now,
    )
    return found


async def _load_attempt(tx: Tx, dispatch_id: UUID) -> DeliveryAttempt | None:
    row = await tx.fetchrow(
        """
        SELECT dispatch_id, notification_id, cause_id, notice, record_aggregate, record_id, record_version, happened_at,
            url, circulation, event ->> 'correlationid' AS correlation_id, dispatch.webhook_id
        FROM dispatch JOIN notification USING (notification_id)
        JOIN journal ON journal.aggregate_id = notification_id AND journal.version = 1
        LEFT JOIN endpoint ON endpoint.webhook_id = dispatch.webhook_id
        LEFT JOIN known_circulation USING (request_id)
        WHERE dispatch_id = $1 AND dispatch.status = 'owed'
        """,
        dispatch_id,
    )
    if row is None:
        return None
    webhook = await locked(tx, row["webhook_id"])
    record = Record(aggregate=row["record_aggregate"], id=row["record_id"], version=row["record_version"])
    return msgspec.convert({**dict(row), "record": record, "webhook": webhook}, DeliveryAttempt)


async def end_turn(tx: Tx, webhook_id: UUID, *, holder: UUID, rest_seconds: int) -> None:
    """Release the turn after this time, if this holder still has it."""
    await tx.execute(
        """
        UPDATE turn SET until = clock_timestamp() + $3 * interval '1 second' WHERE webhook_id = $1 AND holder = $2
        """,
        webhook_id,
        holder,
        rest_seconds,
    )
