"""The hash chain of the audit log, one seal per row, in commit-stable order.

h(n) = SHA-256(h(n-1) ‖ row n), with h(0) = SHA-256 of the chain's name. A row is a JSON array of its columns in the
order of COLUMNS, without spaces: hashes in hexadecimal, times in UTC with microseconds. `written_by` is excluded,
because it is a transaction id, which a restored server assigns again.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from asyncpg import Record

from chassis.activity import IDLE_SECONDS
from chassis.audit.checkpoint import CheckpointWriter
from chassis.db.database import Database, Tx
from chassis.telemetry import UNSEALED

SEAL_SECONDS = 1.0
BATCH_MAX = 1000
COLUMNS = (
    "position", "recorded_at", "action", "aggregate", "aggregate_id", "version", "person_id", "organization", "role",
    "correlation", "origin", "salt", "old", "new",
)  # fmt: skip


def first_hash(service: str) -> bytes:
    """The first hash of a service's chain."""
    return hashlib.sha256(f"entraide audit {service} v1".encode()).digest()


def next_hash(before: bytes, row: bytes) -> bytes:
    return hashlib.sha256(before + row).digest()


def canonical(row: Record | dict[str, Any]) -> bytes:
    """The bytes of a row that are hashed; the same for every reader."""
    return msgspec.json.encode([_plain(row[column]) for column in COLUMNS])


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return value.hex()
    return value if value is None or isinstance(value, int) else str(value)


async def seal(tx: Tx, service: str) -> int:
    """Seal up to BATCH_MAX rows; return their number, 0 while another process seals.

    Seals only rows of transactions older than every running one, because rows of running ones come later in the order.
    """
    if not await tx.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended('seal ' || $1, 0))", service):
        return 0
    last = await tx.fetchrow(
        """
        SELECT height, written_by::text AS written_by, position, hash FROM seal ORDER BY height DESC LIMIT 1
        """
    )
    height, link = (last["height"], last["hash"]) if last else (0, first_hash(service))
    rows = await tx.fetch(
        """
        SELECT written_by::text AS written_by, position, recorded_at, action, aggregate, aggregate_id, version,
            person_id, organization, role, correlation, origin, salt, old, new
        FROM audit
        WHERE (written_by, position) > ($1::text::xid8, $2) AND written_by < pg_snapshot_xmin(pg_current_snapshot())
            -- After a restore all sealed rows have the same written_by.
            AND NOT EXISTS (SELECT FROM seal WHERE seal.position = audit.position)
        ORDER BY audit.written_by, audit.position LIMIT $3
        """,
        last["written_by"] if last else "0",
        last["position"] if last else 0,
        BATCH_MAX,
    )
    await _add(tx, rows, height, link)
    return len(rows)


async def _add(tx: Tx, rows: Sequence[Record], height: int, link: bytes) -> None:
    links = []
    for row in rows:
        link = next_hash(link, canonical(row))
        links.append(link)
    await tx.execute(
        """
        INSERT INTO seal (height, written_by, position, hash)
        SELECT $1 + place, written_by::xid8, position, hash
        FROM unnest($2::text[], $3::bigint[], $4::bytea[]) WITH ORDINALITY AS s(written_by, position, hash, place)
        """,
        height,
        [row["written_by"] for row in rows],
        [row["position"] for row in rows],
        links,
    )


async def unsealed(tx: Tx) -> int:
    """The number of rows without a seal."""
    return int(
        await tx.fetchval(
            """
            SELECT count(*) FROM audit WHERE (written_by, position) >
                coalesce((SELECT (written_by, position) FROM seal ORDER BY height DESC LIMIT 1), ('0'::xid8, 0::bigint))
            """
        )
    )


async def chain_end(tx: Tx, service: str) -> tuple[int, bytes]:
    """The number of links, and the hash of the last one (the first hash of the chain if there is none)."""
    last = await tx.fetchrow("SELECT height, hash FROM seal ORDER BY height DESC LIMIT 1")
    return (last["height"], last["hash"]) if last else (0, first_hash(service))


async def seal_continuously(db: Database, checkpoints: CheckpointWriter) -> None:
    """Seal new rows each second, or each minute without writes, and sign the end of the chain when that is due.

    Of several processes, one seals and the others find nothing to seal; each signs.
    """
    unsigned = False
    while True:
        end, sealed = None, BATCH_MAX
        while sealed == BATCH_MAX:
            async with db.transaction() as tx:
                sealed = await seal(tx, db.source)
                left = await unsealed(tx)
                end = await chain_end(tx, db.source) if checkpoints.due_in_seconds <= 0 else None
            unsigned = unsigned or sealed > 0
        UNSEALED.labels(db.source).set(left)
        if end is not None:
            unsigned = not await checkpoints.write(*end)
        idle_seconds = SEAL_SECONDS if left else IDLE_SECONDS
        due_in_seconds = checkpoints.due_in_seconds if unsigned else None
        await db.activity.pause(SEAL_SECONDS, idle_seconds=idle_seconds, due_in_seconds=due_in_seconds)
