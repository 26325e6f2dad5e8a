"""Released events that can be applied, and aggregates with a missing event."""

from asyncpg import Record

from chassis.db.database import Tx

FOUND_MAX = 200


async def due_gaps(tx: Tx, consumer: str, *, gap_seconds: float) -> list[Record]:
    """List aggregates whose next event is released (`ready`) or has been missing for `gap_seconds`.

    Each row has the last version applied.
    """
    return await tx.fetch(
        """
        SELECT first.aggregate_id, first.owner, heard.version AS heard,
               first.version = heard.version + 1 AS ready
        FROM (
            SELECT DISTINCT ON (aggregate_id) aggregate_id, owner, version, status, received_at FROM inbox
            WHERE consumer = $1 AND status <> 'applied' AND aggregate_id IS NOT NULL
            ORDER BY aggregate_id, version
        ) AS first
        JOIN LATERAL (
            SELECT coalesce(max(version), 0) AS version FROM heard
            WHERE heard.consumer = $1 AND heard.aggregate_id = first.aggregate_id
        ) AS heard ON true
        WHERE first.status = 'waiting' AND (first.version = heard.version + 1
            OR first.received_at < clock_timestamp() - $2 * interval '1 second')
        LIMIT $3
        """,
        consumer,
        gap_seconds,
        FOUND_MAX,
    )


async def due_in_seconds(tx: Tx, consumer: str, *, gap_seconds: float) -> float | None:
    """Seconds until the next gap is `gap_seconds` old; None if there is no such gap."""
    found: float | None = await tx.fetchval(
        """
        SELECT extract(epoch FROM min(received_at) + $2 * interval '1 second' - clock_timestamp())::float8 FROM inbox
        WHERE consumer = $1 AND status <> 'applied' AND status = 'waiting'
            AND received_at > clock_timestamp() - $2 * interval '1 second'
        """,
        consumer,
        gap_seconds,
    )
    return found


async def count_parked(tx: Tx, consumer: str) -> int:
    return int(await tx.fetchval("SELECT count(*) FROM inbox WHERE consumer = $1 AND status = 'parked'", consumer))
