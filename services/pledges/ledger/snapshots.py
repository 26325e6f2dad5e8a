"""Finality watermark and balance snapshots: the moment until which the ledger is final, and its balances as of then.

The `recorded_at` of an entry or fact is taken before its transaction commits, and how long before is unknown. So the
ledger is closed in two steps. First `closed.until` is advanced: PostgreSQL refuses every entry and fact recorded at or
before it with a serialization failure, and the transaction is retried with a new time. Once every transaction that may
have written before that has ended, the moment is final. A report as of a final moment never changes, whatever commits
late and however the clocks of several machines differ.
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chassis.db.database import Tx

CLOSE_LAG_SECONDS = 2.0
"""Seconds between the `recorded_at` of a fact and its INSERT after which the fact is refused."""

SNAPSHOT_INTERVAL_ENTRIES = 200
"""Number of new entries of a fund before its next snapshot, and so about the number of entries that a balance adds up.
"""

SNAPSHOT_ENTRIES_MAX = 20_000
"""Maximum number of entries in one snapshot, which limits its duration."""

SNAPSHOT_FUNDS = 1
"""Number of funds in one transaction, during which no moment becomes final.

The funds are chosen at random, so that one that fails does not block others.
"""


class Finality(Struct, frozen=True, kw_only=True):
    """The result of a close: the time it closed until, the finality watermark, and the id of its transaction."""

    until: datetime
    finality_watermark: datetime
    transaction: int


async def finality_watermark(tx: Tx) -> datetime:
    """Return the latest final moment.

    Nothing is recorded at or before it any more, and this transaction sees all that was recorded by then.
    """
    found: datetime = await tx.fetchval("SELECT final_until FROM closed")
    return found


async def close(tx: Tx, before: Finality | None, *, now: datetime) -> Finality:
    """Close the ledger up to shortly before now, and make `before.until` final unless older transactions still write.

    The time never exceeds the database's own clock, because a machine with a fast clock would lock out all others.

    Each call needs its own transaction and the result of the previous call: the first closes, the second reads what it
    closed, and the third, or the first one after those transactions have ended, makes it final.
    """
    # Read what others committed before taking a transaction id: a transaction that missed the close has a lower id.
    seen = await tx.fetchrow("SELECT until, pg_current_xact_id_if_assigned() IS NULL AS begins FROM closed")
    assert seen is not None, "the migration has inserted the only row"
    assert seen["begins"], "this is the first write of the transaction"
    row = await tx.fetchrow(
        """
        UPDATE closed SET
            until = greatest(until, least(clock_timestamp(), $4) - $1 * interval '1 second'),
            final_until = greatest(final_until,
                CASE WHEN pg_snapshot_xmin(pg_current_snapshot()) >= $2::text::xid8 THEN $3::timestamptz END)
        RETURNING final_until, pg_current_xact_id()::text AS transaction
        """,
        CLOSE_LAG_SECONDS,
        str(before.transaction) if before else None,
        before.until if before else None,
        now,
    )
    assert row is not None, "the row that was just read exists"
    if before is not None and row["final_until"] < before.until:
        # Wait for transactions that began before, not for newer ones: under constant writes no moment would become
        # final.
        return replace(before, finality_watermark=row["final_until"])
    return Finality(until=seen["until"], finality_watermark=row["final_until"], transaction=int(row["transaction"]))


async def is_behind(tx: Tx) -> bool:
    """Return True if the last entry is not final yet."""
    return bool(
        await tx.fetchval(
            """
            SELECT EXISTS (SELECT FROM (SELECT recorded_at FROM entry ORDER BY entry_id DESC LIMIT 1) AS last, closed
                           WHERE last.recorded_at > final_until)
            """
        )
    )


async def write_snapshots(tx: Tx) -> int:
    """Write balance snapshots of funds with enough new final entries; return the number of funds.

    One call writes at most `SNAPSHOT_FUNDS`, each from the last snapshot and the entries since. Call again until it
    returns 0.
    """
    return int(
        await tx.fetchval(
            """
            WITH due AS MATERIALIZED (
                SELECT fund.fund, coalesce(
                    (SELECT recorded_at FROM entry
                     WHERE entry.fund = fund.fund AND recorded_at > last.as_of AND recorded_at <= final_until
                     ORDER BY recorded_at OFFSET $2::bigint - 1 LIMIT 1), final_until) AS as_of
                FROM closed CROSS JOIN fund CROSS JOIN LATERAL last_closing(fund.fund, 'infinity') AS last
                WHERE EXISTS (
                    SELECT FROM entry
                    WHERE entry.fund = fund.fund AND recorded_at > last.as_of AND recorded_at <= final_until
                    ORDER BY recorded_at OFFSET $1::bigint - 1 LIMIT 1)
                ORDER BY random() LIMIT $3
            ), added AS (
                INSERT INTO closing (fund, as_of, account, currency, work_package, of_activities, year, minor,
                    usd_minor, postings)
                SELECT due.fund, due.as_of, account, currency, work_package, of_activities, year, sum(minor),
                    sum(usd_minor), sum(postings)
                FROM due CROSS JOIN LATERAL held_by_fund(due.fund, due.as_of) AS parts
                GROUP BY due.fund, due.as_of, account, currency, work_package, of_activities, year
                -- In one order, in which two processes wait for each other one way; another one may be quicker.
                ORDER BY due.fund, due.as_of, account, currency, work_package, of_activities, year
                ON CONFLICT DO NOTHING RETURNING fund
            )
            SELECT count(DISTINCT fund) FROM added
            """,
            SNAPSHOT_INTERVAL_ENTRIES,
            SNAPSHOT_ENTRIES_MAX,
            SNAPSHOT_FUNDS,
        )
    )
