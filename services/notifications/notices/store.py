"""Queries on notifications. Inbox reads are filtered by the person's id."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record as Row

from chassis.db.database import Tx
from contracts.facts import Fact
from contracts.notifications import Record
from contracts.refusals import Missing
from contracts.values import Caller
from services.notifications.notices.model import Dispatch, Notification
from services.notifications.notices.notice import Known
from services.notifications.notices.wording import Letter

LIST_MAX = 100

# -- known from other services ---------------------------------------------------------------------------------------


async def save_reference(tx: Tx, request_id: UUID, reference: str) -> None:
    await tx.execute(
        """
        INSERT INTO known_reference (request_id, reference) VALUES ($1, $2)
        ON CONFLICT (request_id) DO UPDATE SET reference = excluded.reference
        """,
        request_id,
        reference,
    )


async def save_circulation(tx: Tx, request_id: UUID, circulation: str) -> None:
    await tx.execute(
        """
        INSERT INTO known_circulation (request_id, circulation) VALUES ($1, $2)
        ON CONFLICT (request_id) DO UPDATE SET circulation = excluded.circulation
        """,
        request_id,
        circulation,
    )


async def known(tx: Tx, fact: Fact) -> Known:
    """Return what earlier facts told of the request, line or offering of a fact."""
    ids = [getattr(fact, name, None) for name in ("request_id", "line_id", "offering_id")]
    if not any(ids):
        return Known()
    row = await tx.fetchrow(
        """
        SELECT (SELECT reference FROM known_reference WHERE request_id = $1) AS reference,
            (SELECT state FROM known_request WHERE request_id = $1) AS state,
            (SELECT provider FROM known_offering WHERE offering_id = $3) AS provider,
            coalesce((SELECT kind FROM known_line WHERE line_id = $2),
                (SELECT kinds[1] FROM known_offering WHERE offering_id = $3)) AS kind
        """,
        *ids,
    )
    assert row is not None, "a query without FROM has one row"
    return msgspec.convert(dict(row), Known)


async def kinds_of(tx: Tx, request_ids: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Return the kinds of assistance of requests."""
    rows = await tx.fetch(
        "SELECT request_id, array_agg(DISTINCT kind) AS kinds FROM known_line WHERE request_id = ANY ($1::uuid[])"
        " GROUP BY request_id",
        list(request_ids),
    )
    return {row["request_id"]: tuple(row["kinds"]) for row in rows}


# -- notifications ----------------------------------------------------------------------------------------------------


async def add(tx: Tx, those: Sequence[Notification]) -> set[UUID]:
    """Insert notifications and their dispatches; return the ids of those whose recipient had none of this cause."""
    rows = await tx.fetch(
        """
        WITH added AS (
            INSERT INTO notification (notification_id, cause_id, notice, person_id, organization, role, reference, link,
                request_id, match_id, owed_at, read_at, revision, webhook_id, record_aggregate, record_id,
                record_version, happened_at, whose, kind, due_on)
            SELECT notification_id, cause_id, notice, person_id, organization, role, reference, link, request_id,
                match_id, owed_at, read_at, revision, webhook_id, record_aggregate, record_id, record_version,
                happened_at, whose, kind, due_on
            FROM json_populate_recordset(NULL::notification, $1::text::json)
            ON CONFLICT DO NOTHING RETURNING notification_id
        ), dispatches AS (
            INSERT INTO dispatch (dispatch_id, notification_id, person_id, channel, status, attempts, next_at, ended_at,
                reason, webhook_id)
            SELECT dispatch_id, notification_id, person_id, channel, status, attempts, next_at, ended_at, reason,
                webhook_id
            FROM json_populate_recordset(NULL::dispatch, $2::text::json) JOIN added USING (notification_id)
        )
        SELECT notification_id FROM added
        """,
        msgspec.json.encode([_row(one) for one in those]).decode(),
        msgspec.json.encode([row for one in those for row in _dispatch_rows(one)]).decode(),
    )
    return {row["notification_id"] for row in rows}


def _row(one: Notification) -> dict[str, Any]:
    row = msgspec.structs.asdict(one)
    del row["dispatches"]
    record: Record | None = row.pop("record")
    if record is not None:
        row |= {"record_aggregate": record.aggregate, "record_id": record.id, "record_version": record.version}
    return row


def _dispatch_rows(one: Notification) -> list[dict[str, Any]]:
    same = {"notification_id": one.notification_id, "person_id": one.person_id, "webhook_id": one.webhook_id}
    return [{**msgspec.structs.asdict(dispatch), **same} for dispatch in one.dispatches]


async def save(tx: Tx, one: Notification) -> None:
    """Save the notification's changes."""
    await save_read(tx, [one])
    await _save_dispatches(tx, one)


async def _save_dispatches(tx: Tx, one: Notification) -> None:
    await tx.executemany(
        """
        INSERT INTO dispatch (dispatch_id, notification_id, person_id, channel, status, attempts, next_at, ended_at,
            reason, webhook_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (dispatch_id) DO UPDATE SET status = excluded.status, attempts = excluded.attempts,
            next_at = excluded.next_at, ended_at = excluded.ended_at, reason = excluded.reason
        """,
        [
            (
                dispatch.dispatch_id,
                one.notification_id,
                one.person_id,
                dispatch.channel,
                dispatch.status,
                dispatch.attempts,
                dispatch.next_at,
                dispatch.ended_at,
                dispatch.reason,
                one.webhook_id,
            )
            for dispatch in one.dispatches
        ],
    )


async def get(tx: Tx, notification_id: UUID, caller: Caller, *, lock: bool = False) -> Notification:
    """Return the caller's own notification. Raises Missing for any other."""
    query = (
        """
        SELECT * FROM notification WHERE notification_id = $1 AND person_id = $2 AND webhook_id IS NULL FOR UPDATE
        """
        if lock
        else """
        SELECT * FROM notification WHERE notification_id = $1 AND person_id = $2 AND webhook_id IS NULL
        """
    )
    row = await tx.fetchrow(query, notification_id, caller.person_id)
    if row is None:
        raise Missing("not-found")
    return (await with_dispatches(tx, [row]))[0]


async def locked(tx: Tx, notification_id: UUID) -> Notification | None:
    """Return the notification, locked, for the sender; None if there is none."""
    row = await tx.fetchrow("SELECT * FROM notification WHERE notification_id = $1 FOR UPDATE", notification_id)
    return (await with_dispatches(tx, [row]))[0] if row else None


async def page(tx: Tx, caller: Caller, *, unread: bool, before: UUID | None, limit: int) -> list[Notification]:
    """Return the caller's own notifications, newest first, starting after `before`."""
    rows = await tx.fetch(
        """
        SELECT * FROM notification
        WHERE person_id = $1 AND webhook_id IS NULL AND (NOT $2 OR read_at IS NULL)
            AND ($3::uuid IS NULL OR notification_id < $3)
        ORDER BY notification_id DESC LIMIT $4
        """,
        caller.person_id,
        unread,
        before,
        limit,
    )
    return await with_dispatches(tx, rows)


async def lock_unread(tx: Tx, caller: Caller, *, limit: int) -> list[Notification]:
    """Return the caller's unread notifications, locked, the oldest first."""
    rows = await tx.fetch(
        """
        SELECT * FROM notification WHERE person_id = $1 AND webhook_id IS NULL AND read_at IS NULL
        ORDER BY notification_id LIMIT $2 FOR UPDATE
        """,
        caller.person_id,
        limit,
    )
    return await with_dispatches(tx, rows)


async def save_read(tx: Tx, those: Sequence[Notification]) -> None:
    """Record that these notifications were read."""
    await tx.executemany(
        "UPDATE notification SET read_at = $2, revision = $3 WHERE notification_id = $1",
        [(one.notification_id, one.read_at, one.revision) for one in those],
    )


async def count_unread(tx: Tx, caller: Caller) -> int:
    query = "SELECT count(*) FROM notification WHERE person_id = $1 AND read_at IS NULL AND webhook_id IS NULL"
    return int(await tx.fetchval(query, caller.person_id))


async def with_dispatches(tx: Tx, rows: Sequence[Row]) -> list[Notification]:
    """Return the notifications of these rows, in their order, with their dispatches."""
    found: dict[UUID, list[dict[str, Any]]] = {row["notification_id"]: [] for row in rows}
    dispatches = await tx.fetch(
        """
        SELECT notification_id, dispatch_id, channel, status, attempts, next_at, ended_at, reason FROM dispatch
        WHERE notification_id = ANY ($1::uuid[]) ORDER BY channel
        """,
        list(found),
    )
    for row in dispatches:
        found[row["notification_id"]].append(dict(row))
    return [_of(row, msgspec.convert(found[row["notification_id"]], tuple[Dispatch, ...])) for row in rows]


def _of(row: Row, dispatches: tuple[Dispatch, ...]) -> Notification:
    record = None
    if row["record_id"] is not None:
        record = Record(aggregate=row["record_aggregate"], id=row["record_id"], version=row["record_version"])
    return msgspec.convert({**dict(row), "record": record, "dispatches": dispatches}, Notification)


# -- sending ----------------------------------------------------------------------------------------------------------

CLAIMING = 0x656E6D61


async def claim(tx: Tx, *, now: datetime, hourly_max: int, lease_seconds: int) -> Letter | None:
    """Claim the mail that has been due longest, under a lease.

    Returns None if nothing is due, if all recipients of due mails have reached their hourly maximum, or while another
    sender claims: claims are serialized, so that the maximum holds.
    """
    if not await tx.fetchval("SELECT pg_try_advisory_xact_lock($1)", CLAIMING):
        return None
    dispatch_id = await tx.fetchval(
        """
        WITH capped AS MATERIALIZED (
            SELECT person_id FROM (
                SELECT person_id FROM dispatch
                WHERE channel = 'mail' AND status = 'delivered' AND ended_at > $1::timestamptz - interval '1 hour'
                UNION ALL
                SELECT person_id FROM lease WHERE until > clock_timestamp()
            ) AS recent GROUP BY person_id HAVING count(*) >= $2
        ), due AS (
            SELECT dispatch_id, person_id FROM dispatch
            WHERE channel = 'mail' AND status = 'owed' AND next_at <= $1
              AND NOT EXISTS (SELECT FROM capped WHERE capped.person_id = dispatch.person_id)
              AND NOT EXISTS (SELECT FROM lease
                  WHERE lease.dispatch_id = dispatch.dispatch_id AND until > clock_timestamp())
            ORDER BY next_at, dispatch_id LIMIT 1 FOR UPDATE OF dispatch SKIP LOCKED
        )
        INSERT INTO lease (dispatch_id, person_id, until)
        SELECT dispatch_id, person_id, clock_timestamp() + $3 * interval '1 second' FROM due
        ON CONFLICT (dispatch_id) DO UPDATE SET until = excluded.until WHERE lease.until <= clock_timestamp()
        RETURNING dispatch_id
        """,
        now,
        hourly_max,
        lease_seconds,
    )
    return await _letter(tx, dispatch_id, now) if dispatch_id else None


async def due_in_seconds(tx: Tx, *, now: datetime) -> float | None:
    """Return the seconds until a mail can be sent: a retry is due, a lease lapses, or an hourly limit frees up."""
    found: float | None = await tx.fetchval(
        """
        SELECT extract(epoch FROM least(
            (SELECT min(next_at) FROM dispatch
             WHERE channel = 'mail' AND status = 'owed' AND next_at > $1::timestamptz) - $1::timestamptz,
            (SELECT min(until) FROM lease WHERE until > clock_timestamp()) - clock_timestamp(),
            CASE WHEN EXISTS (SELECT FROM dispatch WHERE channel = 'mail' AND status = 'owed' AND next_at <= $1) THEN
                (SELECT min(ended_at) FROM dispatch WHERE channel = 'mail' AND status = 'delivered'
                 AND ended_at > $1::timestamptz - interval '1 hour') + interval '1 hour' - $1::timestamptz END
        ))::float8
        """,
        now,
    )
    return found


async def _letter(tx: Tx, dispatch_id: UUID, now: datetime) -> Letter:
    row = await tx.fetchrow(
        """
        SELECT dispatch_id, notification_id, notification.person_id, notification.organization, notification.role,
            notice, reference, link, cause_id, coalesce(offering_id, requirement_id, hit.request_id) AS found_id,
            owed_at, whose, notification.kind, due_on,
            notification.request_id, notification.match_id, coalesce(language, 'en') AS language,
            CASE WHEN 'mail' = ANY (channels) AND NOT (paused AND coalesce($2 < paused_until, true)) THEN email END
                AS email,
            subscription_id, alert_id, event ->> 'correlationid' AS correlation_id
        FROM dispatch JOIN notification USING (notification_id)
        JOIN journal ON journal.aggregate_id = notification_id AND journal.version = 1
        LEFT JOIN subscription ON subscription.person_id = notification.person_id
            AND subscription.organization = notification.organization AND subscription.role = notification.role
        LEFT JOIN address USING (subscription_id)
        LEFT JOIN hit ON hit_id = cause_id
        WHERE dispatch_id = $1
        """,
        dispatch_id,
        now,
    )
    assert row is not None, "the dispatch has just been claimed"
    return msgspec.convert(dict(row), Letter)


async def end_lease(tx: Tx, dispatch_id: UUID) -> None:
    await tx.execute("DELETE FROM lease WHERE dispatch_id = $1", dispatch_id)


async def overdue(tx: Tx, *, before: datetime) -> int:
    """Return the number of mails owed since before that time and neither delivered nor given up."""
    return int(
        await tx.fetchval(
            """
            SELECT count(*) FROM dispatch JOIN notification USING (notification_id)
            WHERE channel = 'mail' AND status = 'owed' AND owed_at < $1
            """,
            before,
        )
    )
