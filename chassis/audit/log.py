"""The audit log: one row per change, and per read of another's confidential record.

A row is written in the same statement or transaction as its change. Rows are never changed; `chassis/audit/sealing.py`
chains them. Client addresses are in a separate table, so that they can be erased.
"""

import hashlib
import os
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis import clock
from chassis.db.database import Tx
from chassis.db.writes import Write
from chassis.telemetry import correlation_id, origin
from contracts.facts import Event

SALT_BYTES = 16
READ_AGAIN_SECONDS = 600
"""Time within which reads of the same version by the same caller are one row."""

FORGET_MAX = 10_000
"""Maximum number of rows per statement."""

_NOTE = Write(
    parts={
        "noted": """
            INSERT INTO audit (recorded_at, action, aggregate, aggregate_id, version, person_id, organization, role,
                correlation, origin, salt, old, new)
            SELECT $1, action, aggregate, aggregate_id, version, $2, $3, $4, correlation, $5, salt,
                coalesce(old, (SELECT before.new FROM audit AS before WHERE before.aggregate_id = n.aggregate_id
                    AND before.version = n.version - 1 AND n.new IS NOT NULL AND before.new IS NOT NULL)), new
            FROM unnest($6::text[], $7::text[], $8::uuid[], $9::integer[], $10::text[], $11::bytea[], $12::bytea[],
                $13::bytea[])
                WITH ORDINALITY AS n(action, aggregate, aggregate_id, version, correlation, salt, old, new, place)
            ORDER BY place RETURNING position
        """,
        "came_from": """
            INSERT INTO audit_origin (position, salt, address)
            SELECT position, $14, $15 FROM noted
            WHERE $15::text IS NOT NULL AND NOT EXISTS (SELECT FROM erased WHERE erased.person_id = $2)
        """,
    }
)

_NOTE_READ = Write(
    parts={
        "read_noted": """
            INSERT INTO audit (recorded_at, action, aggregate, aggregate_id, version, correlation, person_id,
                organization, role, origin)
            SELECT $1::timestamptz, $2::text, $3::text, $4::uuid, $5::integer, $6::text, $7::uuid, $8::text, $9::text,
                $10::bytea
            WHERE NOT EXISTS (SELECT FROM audit AS before WHERE before.new IS NULL AND before.aggregate_id = $4
                AND before.person_id = $7 AND before.organization = $8 AND before.role = $9 AND before.action = $2
                AND before.version = $5 AND before.recorded_at > $1 - $13 * interval '1 second')
            RETURNING position
        """,
        "read_came_from": """
            INSERT INTO audit_origin (position, salt, address)
            SELECT position, $11::bytea, $12::text FROM read_noted
            WHERE $12::text IS NOT NULL AND NOT EXISTS (SELECT FROM erased WHERE erased.person_id = $7)
        """,
    }
)
"""Logs a read. Uses the index `audit_reads`. If a row exists, it writes nothing, and COMMIT has nothing to flush."""


async def log_changes(tx: Tx, events: Sequence[Event], encoded: Sequence[bytes]) -> None:
    """Add a row for each event, whose JSON is in `encoded`."""
    if not events:
        return
    last: dict[UUID, bytes] = {}
    salts = [os.urandom(SALT_BYTES) for _ in events]
    before, after = [], []
    for event, text, salt in zip(events, encoded, salts, strict=True):
        before.append(last.get(event.aggregate_id))
        last[event.aggregate_id] = salted(salt, text)
        after.append(last[event.aggregate_id])
    await _note(
        tx,
        [
            (event.type, event.aggregate, event.aggregate_id, event.aggregateversion, event.correlationid)
            for event in events
        ],
        (salts, before, after),
    )


async def log_read(tx: Tx, action: str, aggregate: str, aggregate_id: UUID, version: int) -> None:
    """Log that the caller reads this version of another's confidential record.

    The row is committed before the answer is sent, so that no read is missing from the log.
    """
    if tx.announced:
        return
    await tx.queue(
        _NOTE_READ,
        clock.now(),
        action,
        aggregate,
        aggregate_id,
        version,
        correlation_id(),
        *_actor(tx),
        *_hashed_origin(),
        READ_AGAIN_SECONDS,
    )


async def _note(
    tx: Tx,
    what: Sequence[tuple[str, str, UUID, int, str]],
    hashes: tuple[Sequence[bytes | None], Sequence[bytes | None], Sequence[bytes | None]],
) -> None:
    hashed, salt, address = _hashed_origin()
    await tx.queue(
        _NOTE,
        clock.now(),
        *_actor(tx),
        hashed,
        *(list(column) for column in zip(*what, strict=True)),
        *hashes,
        salt,
        address,
    )


def _actor(tx: Tx) -> tuple[UUID | None, str | None, str | None]:
    who = tx.caller
    return (who.person_id, who.organization, who.role) if who else (None, None, None)


def _hashed_origin() -> tuple[bytes | None, bytes | None, str | None]:
    """The hash of the client address, its salt, and the address."""
    address = origin()
    if not address:
        return None, None, None
    salt = os.urandom(SALT_BYTES)
    return salted(salt, address.encode()), salt, address


async def delete_origins(tx: Tx, person_id: UUID) -> int:
    """Delete a person's client addresses and their salts; return the number of rows. The chain covers their hashes."""
    gone, after = 0, 0
    while after is not None:
        # In pages by position: an index by person would have to be maintained by every change.
        page = await tx.fetchrow(
            """
            WITH page AS (
                SELECT position FROM audit_origin WHERE position > $2 ORDER BY position LIMIT $3
            ), gone AS (
                DELETE FROM audit_origin USING page JOIN audit USING (position)
                WHERE audit_origin.position = page.position AND audit.person_id = $1 RETURNING 1
            )
            SELECT (SELECT count(*) FROM gone) AS gone, (SELECT max(position) FROM page) AS last
            """,
            person_id,
            after,
            FORGET_MAX,
        )
        assert page is not None, "an aggregate query returns a row"
        gone, after = gone + page["gone"], page["last"]
    return gone


async def delete_origins_before(tx: Tx, before: datetime) -> int:
    """Delete the client addresses of calls before `before`, except those about records on hold; return the number."""
    query = """
        WITH gone AS (
            DELETE FROM audit_origin USING audit
            WHERE audit.position = audit_origin.position AND audit.recorded_at < $1
                AND NOT EXISTS (SELECT FROM retention_hold h WHERE h.record_id = audit.aggregate_id)
            RETURNING 1
        ) SELECT count(*) FROM gone
    """
    return int(await tx.fetchval(query, before))


def salted(salt: bytes, value: bytes) -> bytes:
    """The salted hash of a value; reveals nothing once the salt is deleted."""
    return hashlib.sha256(salt + value).digest()
