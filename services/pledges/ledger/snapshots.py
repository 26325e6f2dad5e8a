"""Closing the books: from when on what was recorded by a moment is final, and what each account held by then.

The `recorded_at` of an entry, and of each fact, is taken before its transaction commits, and no clock of ours can tell
how long before. So the books are closed first and read later: no entry and no fact is written any more at or before
`closed.until` (PostgreSQL refuses it with a serialization failure, and it is done again with a new time), and once
every transaction has ended that may still have written one before it was closed, the moment is final. What a report
says as at a final moment it says for ever, whatever commits late and whatever the clocks of several machines say.
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chassis.db.database import Tx

ALLOWANCE_SECONDS = 2.0
"""So much time a fact has between its `recorded_at` and its statement before the books are closed to it."""

CLOSING_ENTRIES = 200
"""How many entries of a fund there are before the next closing: what a balance adds up at most, or little more."""

CATCH_UP_ENTRIES = 20_000
"""How many go into one closing at most, so that none takes long."""

CLOSED_FUNDS = 1
"""Of how many funds in one transaction, while which no moment becomes final; drawn by lot, so that one which cannot be
closed keeps no other waiting."""


class Finality(Struct, frozen=True, kw_only=True):
    """Until when the books were closed as transaction number `transaction` began to write."""

    until: datetime
    finality_watermark: datetime
    transaction: int


async def finality_watermark(tx: Tx) -> datetime:
    """Up to which moment nothing can be recorded any more; what it reads next in this transaction is all of it."""
    return await tx.fetchval("SELECT final_until FROM closed")  # type: ignore[no-any-return]


async def close(tx: Tx, before: Finality | None, *, now: datetime) -> Finality:
    """Close the books at a moment a little ago, and make `before.until` final unless somebody still writes who may.

    Never later than the database's own clock says, or a machine that is ahead would close them to all the others.

    Each time in a transaction of its own, with what the last one returned: what the first closes the second sees
    closed, and the third makes final, or the first one after it that finds all of those gone.
    """
    # First what others have committed, then a number: whoever could pass the closed books unseen has a lower one.
    seen = await tx.fetchrow("SELECT until, pg_current_xact_id_if_assigned() IS NULL AS begins FROM closed")
    assert seen is not None, "the migration has put its one row there"
    assert seen["begins"], "it has to be the first that this transaction writes"
    row = await tx.fetchrow(
        """
        UPDATE closed SET
            until = greatest(until, least(clock_timestamp(), $4) - $1 * interval '1 second'),
            final_until = greatest(final_until,
                CASE WHEN pg_snapshot_xmin(pg_current_snapshot()) >= $2::text::xid8 THEN $3::timestamptz END)
        RETURNING final_until, pg_current_xact_id()::text AS transaction
        """,
        ALLOWANCE_SECONDS,
        str(before.transaction) if before else None,
        before.until if before else None,
        now,
    )
    assert row is not None, "it is the row that was just read"
    if before is not None and row["final_until"] < before.until:
        # Who began to write before is waited for, and not those who have begun since: where somebody always writes, no
        # moment would ever be final.
        return replace(before, finality_watermark=row["final_until"])
    return Finality(until=seen["until"], finality_watermark=row["final_until"], transaction=int(row["transaction"]))


async def is_behind(tx: Tx) -> bool:
    """True where the last entry is not final yet."""
    return bool(
        await tx.fetchval(
            """
            SELECT EXISTS (SELECT FROM (SELECT recorded_at FROM entry ORDER BY entry_id DESC LIMIT 1) AS last, closed
                           WHERE last.recorded_at > final_until)
            """
        )
    )


async def write_snapshots(tx: Tx) -> int:
    """Write what the accounts of each fund hold of which enough has become final; returns of how many funds.

    Each closing is the one before and what was recorded since. To be called again until it returns 0.
    """
    return int(
        await tx.fetchval(
            """
            WITH due AS MATERIALIZED (
                SELECT fund.fund, coalesce(
                    (SELECT recorded_at FROM entry
                     WHERE entry.fund = fund.fund AND recorded_at > last.as_at AND recorded_at <= final_until
                     ORDER BY recorded_at OFFSET $2::bigint - 1 LIMIT 1), final_until) AS as_at
                FROM closed CROSS JOIN fund CROSS JOIN LATERAL last_closing(fund.fund, 'infinity') AS last
                WHERE EXISTS (
                    SELECT FROM entry
                    WHERE entry.fund = fund.fund AND recorded_at > last.as_at AND recorded_at <= final_until
                    ORDER BY recorded_at OFFSET $1::bigint - 1 LIMIT 1)
                ORDER BY random() LIMIT $3
            ), added AS (
                INSERT INTO closing (fund, as_at, account, currency, work_package, of_activities, year, minor,
                    usd_minor, postings)
                SELECT due.fund, due.as_at, account, currency, work_package, of_activities, year, sum(minor),
                    sum(usd_minor), sum(postings)
                FROM due CROSS JOIN LATERAL held_by_fund(due.fund, due.as_at) AS parts
                GROUP BY due.fund, due.as_at, account, currency, work_package, of_activities, year
                -- In one order, in which two processes wait for each other one way; another one may be quicker.
                ORDER BY due.fund, due.as_at, account, currency, work_package, of_activities, year
                ON CONFLICT DO NOTHING RETURNING fund
            )
            SELECT count(DISTINCT fund) FROM added
            """,
            CLOSING_ENTRIES,
            CATCH_UP_ENTRIES,
            CLOSED_FUNDS,
        )
    )
