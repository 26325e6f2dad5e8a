"""Queries on digests: each is a row from its first hit on, which one process claims when it is due."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.alerts import DigestIssued, HitRecorded
from contracts.refusals import Missing
from contracts.values import Caller
from services.notifications.digests.model import ENTRIES_MAX, Digest, DigestStatus, Entry, digest_id_of, next_due
from services.notifications.hits.model import Watcher

DUE_MAX = 50
"""Maximum number of digests issued in one transaction; a hit of one of them waits for its end."""

_ISSUED = Write(
    parts={
        "issued": """
            UPDATE digest SET status = 'issued', entries = one.entries, issued_at = one.issued_at
            FROM unnest($1::uuid[], $2::integer[], $3::timestamptz[]) AS one(digest_id, entries, issued_at)
            WHERE digest.digest_id = one.digest_id
        """
    }
)


async def open_next(tx: Tx, watcher: Watcher, *, now: datetime) -> tuple[UUID, datetime]:
    """Return the next digest that is not issued yet, and when it is due.

    It cannot be issued before this transaction ends.
    """
    due_at = next_due(watcher.frequency, now)
    while True:
        digest_id = digest_id_of(watcher, due_at)
        # An update without a change locks the row, and waits for a process that issues the digest.
        status = await tx.fetchval(
            """
            INSERT INTO digest (digest_id, person_id, organization, role, frequency, due_at, status)
            VALUES ($1, $2, $3, $4, $5, $6, 'due')
            ON CONFLICT (digest_id) DO UPDATE SET due_at = excluded.due_at RETURNING status
            """,
            digest_id,
            watcher.person_id,
            watcher.organization,
            watcher.role,
            watcher.frequency,
            due_at,
        )
        if status == DigestStatus.DUE:
            return digest_id, due_at
        due_at = next_due(watcher.frequency, due_at)


async def save_due(tx: Tx, hit: HitRecorded) -> None:
    """Store the digest of a hit, if it is not stored yet."""
    await tx.execute(
        """
        INSERT INTO digest (digest_id, person_id, organization, role, frequency, due_at, status)
        VALUES ($1, $2, $3, $4, $5, $6, 'due') ON CONFLICT DO NOTHING
        """,
        hit.digest_id,
        hit.person_id,
        hit.organization,
        hit.role,
        hit.frequency,
        hit.due_at,
    )


async def claim(tx: Tx, *, now: datetime) -> list[Digest]:
    """Return the digests that have been due longest, locked, without those claimed by another process."""
    rows = await tx.fetch(
        """
        SELECT * FROM digest WHERE status = 'due' AND due_at <= $1
        ORDER BY due_at, digest_id LIMIT $2 FOR UPDATE SKIP LOCKED
        """,
        now,
        DUE_MAX,
    )
    return [msgspec.convert(dict(row), Digest) for row in rows]


async def save_issued(tx: Tx, issued: Sequence[DigestIssued]) -> None:
    await tx.queue(
        _ISSUED,
        [one.digest_id for one in issued],
        [one.entries for one in issued],
        [one.issued_at for one in issued],
    )


async def due_in_seconds(tx: Tx, *, now: datetime) -> float | None:
    found: float | None = await tx.fetchval(
        "SELECT extract(epoch FROM min(due_at) - $1::timestamptz)::float8 FROM digest WHERE status = 'due'", now
    )
    return found


async def get(tx: Tx, digest_id: UUID, caller: Caller) -> Digest:
    """Return an issued digest of the caller's current appointment. Raises Missing for any other."""
    row = await tx.fetchrow(
        """
        SELECT * FROM digest
        WHERE digest_id = $1 AND person_id = $2 AND organization = $3 AND role = $4 AND status = 'issued'
        """,
        digest_id,
        caller.person_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), Digest)


async def entries(tx: Tx, digest_ids: Sequence[UUID]) -> dict[UUID, list[Entry]]:
    """Return the hits of these digests, at most ENTRIES_MAX each, oldest first, even if they may no longer be seen."""
    rows = await tx.fetch(
        """
        SELECT entry.* FROM unnest($1::uuid[]) AS wanted(digest_id) CROSS JOIN LATERAL (
        SELECT digest_id, recorded_at, hit_id, subject, hit.request_id, hit.requirement_id, hit.offering_id,
            CASE WHEN hit.offering_id IS NULL THEN coalesce(reference, 'TA-...') ELSE '' END AS reference,
            coalesce(provider, state) AS organization,
            CASE subject WHEN 'offerings' THEN '/v1/offerings/' || hit.offering_id
                ELSE '/v1/requests/' || hit.request_id END AS link,
            coalesce(offering.kinds, ARRAY(
                SELECT DISTINCT kind FROM known_line AS line
                WHERE line.request_id = hit.request_id AND line.line_id = coalesce(need.line_id, line.line_id)
                ORDER BY kind)) AS kinds
        FROM hit LEFT JOIN known_request AS request ON request.request_id = hit.request_id
        LEFT JOIN known_reference AS known ON known.request_id = hit.request_id
        LEFT JOIN known_requirement AS need ON need.requirement_id = hit.requirement_id
        LEFT JOIN known_offering AS offering ON offering.offering_id = hit.offering_id
        WHERE hit.digest_id = wanted.digest_id AND coalesce(provider, state) IS NOT NULL
        ORDER BY recorded_at, hit_id LIMIT $2) AS entry ORDER BY recorded_at, hit_id
        """,
        digest_ids,
        ENTRIES_MAX,
    )
    found: dict[UUID, list[Entry]] = {digest_id: [] for digest_id in digest_ids}
    for row in rows:
        found[row["digest_id"]].append(msgspec.convert(dict(row), Entry))
    return found
