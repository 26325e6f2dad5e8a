"""Queries on facts that have arrived, and on rows of aggregates."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.facts import Event, decode_event
from services.reports.figures.counting import Row

_ARRIVED = Write(
    parts={"arrived_fact": "INSERT INTO arrived (event_id, aggregate_id, version, event) VALUES ($1, $2, $3, $4)"}
)
_ROWS = msgspec.json.Decoder(Row)


class Known(NamedTuple):
    """The row of an aggregate at a version; `row` is None if none of its facts has counted."""

    record_id: UUID
    owner: str
    group_id: UUID
    state: str | None
    version: int
    row: Row | None


async def keep(tx: Tx, event: Event) -> None:
    """Store a fact until it is folded, without the person, role and organization that caused it."""
    unnamed = msgspec.structs.replace(event, actorid=None, actorrole=None, actororganization=None)
    encoded = msgspec.json.encode(unnamed).decode()
    await tx.queue(_ARRIVED, event.id, event.aggregate_id, event.aggregateversion, encoded)


async def arrived(tx: Tx, *, limit: int) -> list[Event]:
    """List facts that have arrived, in the order of each aggregate."""
    rows = await tx.fetch("SELECT event FROM arrived ORDER BY aggregate_id, version LIMIT $1", limit)
    return [decode_event(row["event"]) for row in rows]


async def drop(tx: Tx, event_ids: Sequence[UUID]) -> None:
    await tx.execute("DELETE FROM arrived WHERE event_id = ANY ($1::uuid[])", event_ids)


async def lock(tx: Tx) -> bool:
    """Lock the folding for this transaction; return False if another transaction folds or a rebuild is running."""
    row = await tx.fetchrow(
        """
        SELECT coalesce(rebuilding_until < clock_timestamp(), true) AS free FROM folding
        FOR NO KEY UPDATE SKIP LOCKED
        """
    )
    return row is not None and bool(row["free"])


async def rows_of(tx: Tx, record_ids: Sequence[UUID]) -> dict[UUID, Known]:
    rows = await tx.fetch(
        "SELECT record_id, owner, group_id, state, version, data FROM record WHERE record_id = ANY ($1::uuid[])",
        record_ids,
    )
    return {known.record_id: known for known in map(_known, rows)}


async def rows_of_groups(tx: Tx, group_ids: Sequence[UUID]) -> list[Known]:
    rows = await tx.fetch(
        """
        SELECT record_id, owner, group_id, state, version, data FROM record
        WHERE group_id = ANY ($1::uuid[]) AND data IS NOT NULL
        """,
        group_ids,
    )
    return [_known(row) for row in rows]


def _known(row: Record) -> Known:
    return Known(
        UUID(bytes=row["record_id"].bytes),
        row["owner"],
        UUID(bytes=row["group_id"].bytes),
        row["state"],
        row["version"],
        _ROWS.decode(row["data"]) if row["data"] else None,
    )


async def save(tx: Tx, rows: Iterable[Known]) -> None:
    """Save the rows that a batch changed."""
    batch = await next_batch(tx)
    found = sorted(rows, key=lambda one: one.record_id)
    await tx.execute(
        """
        INSERT INTO record AS held (record_id, owner, group_id, state, version, data, changed)
        SELECT record_id, owner, group_id, state, version, data, $7
        FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::integer[], $6::text[])
            AS r(record_id, owner, group_id, state, version, data)
        ON CONFLICT (record_id) DO UPDATE SET group_id = excluded.group_id, state = excluded.state,
            version = excluded.version, data = excluded.data, changed = excluded.changed
        """,
        [one.record_id for one in found],
        [one.owner for one in found],
        [one.group_id for one in found],
        [one.state for one in found],
        [one.version for one in found],
        [msgspec.json.encode(one.row).decode() if one.row is not None else None for one in found],
        batch,
    )


class Changed(NamedTuple):
    """A row that a batch changed, and its group."""

    changed: int
    record_id: UUID
    group_id: UUID


async def changed_after(tx: Tx, changed: int, record_id: UUID, *, limit: int) -> list[Changed]:
    """List the rows changed after the given one, in the order of batches."""
    rows = await tx.fetch(
        """
        SELECT changed, record_id, group_id FROM record WHERE (changed, record_id) > ($1, $2)
        ORDER BY changed, record_id LIMIT $3
        """,
        changed,
        record_id,
        limit,
    )
    return [
        Changed(row["changed"], UUID(bytes=row["record_id"].bytes), UUID(bytes=row["group_id"].bytes)) for row in rows
    ]


async def last_batch(tx: Tx) -> int:
    """Return the number of the last committed batch; all earlier batches are committed too."""
    return int(await tx.fetchval("SELECT changed FROM folding"))


async def groups_after(tx: Tx, after: UUID, *, limit: int) -> list[Known]:
    """List the rows of the next groups, in the order of their ids."""
    rows = await tx.fetch(
        """
        WITH next AS (
            SELECT DISTINCT group_id FROM record WHERE group_id > $1 ORDER BY group_id LIMIT $2
        )
        SELECT record_id, owner, group_id, state, version, data FROM record JOIN next USING (group_id)
        ORDER BY group_id
        """,
        after,
        limit,
    )
    return [_known(row) for row in rows]


async def next_batch(tx: Tx) -> int:
    """Return the number of a new batch; the next one waits until this transaction ends."""
    return int(await tx.fetchval("UPDATE folding SET changed = changed + 1 RETURNING changed"))


async def refresh(tx: Tx, newest: Mapping[str, datetime]) -> None:
    """Record the newest fact folded of each owner."""
    owners = sorted(newest)
    await tx.execute(
        """
        INSERT INTO freshness AS held (owner, newest) SELECT * FROM unnest($1::text[], $2::timestamptz[])
        ON CONFLICT (owner) DO UPDATE SET newest = greatest(held.newest, excluded.newest)
        """,
        owners,
        [newest[owner] for owner in owners],
    )


# -- rebuilding -------------------------------------------------------------------------------------------------------


async def begin_rebuild(tx: Tx, *, lease_seconds: int) -> bool:
    """Take the lease; return False while another rebuild holds it. Waits for a batch that is being folded."""
    taken = await tx.fetchval(
        """
        UPDATE folding SET incomplete = true, rebuilding_until = clock_timestamp() + $1 * interval '1 second'
        WHERE coalesce(rebuilding_until < clock_timestamp(), true) RETURNING true
        """,
        lease_seconds,
    )
    return bool(taken)


async def renew_lease(tx: Tx, *, lease_seconds: int) -> bool:
    """Renew the lease; return False if it has ended, so that others may fold."""
    renewed = await tx.fetchval(
        """
        UPDATE folding SET rebuilding_until = clock_timestamp() + $1 * interval '1 second'
        WHERE rebuilding_until > clock_timestamp() RETURNING true
        """,
        lease_seconds,
    )
    return bool(renewed)


async def end_rebuild(tx: Tx) -> None:
    await tx.execute("UPDATE folding SET incomplete = false, rebuilding_until = NULL")


async def empty_rows(tx: Tx, *, limit: int) -> int:
    """Empty rows and store their versions as those to reach again; return the number of rows."""
    rows = await tx.fetch(
        """
        UPDATE record SET wanted = greatest(wanted, version), version = 0, data = NULL, changed = $2
        WHERE record_id IN (SELECT record_id FROM record WHERE version > 0 LIMIT $1) RETURNING 1
        """,
        limit,
        await next_batch(tx),
    )
    return len(rows)


async def forget_freshness(tx: Tx) -> None:
    await tx.execute("DELETE FROM freshness")


async def unreached(tx: Tx) -> int:
    """Count the rows that have not reached their former version."""
    return int(await tx.fetchval("SELECT count(*) FROM record WHERE version < wanted"))


async def count_groups(tx: Tx) -> int:
    return int(await tx.fetchval("SELECT count(DISTINCT group_id) FROM record WHERE data IS NOT NULL"))
