"""Queries on batches. The portal and UNODC's office read them; row-level security has the same rule."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.contributions import BATCH_MAX, ContributionExportMade, HandedOver, PortalChange
from contracts.refusals import Missing
from contracts.values import Caller
from services.sherloc.contributions.exports.model import Export
from services.sherloc.contributions.model import Contribution
from services.sherloc.contributions.store import contribution_of

LIST_MAX = 100


class Row(NamedTuple):
    """A contribution in a batch, with its current content."""

    change: PortalChange
    contribution: Contribution


async def get(tx: Tx, export_id: UUID, caller: Caller) -> Export:
    """Return the batch. Raises Missing unless this caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM contribution_export WHERE contribution_export_id = $1 AND may_read_exports($2, $3)",
        export_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return export_of(row)


async def last_until(tx: Tx, export_id: UUID, caller: Caller) -> Export:
    """Return the batch with the highest id up to this one. Raises Missing."""
    row = await tx.fetchrow(
        """
        SELECT * FROM contribution_export
        WHERE contribution_export_id <= $1 AND may_read_exports($2, $3)
        ORDER BY contribution_export_id DESC LIMIT 1
        """,
        export_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return export_of(row)


async def page(tx: Tx, caller: Caller, *, before: UUID | None, limit: int) -> list[Export]:
    """List the batches that this caller may see, newest first, starting after `before`."""
    rows = await tx.fetch(
        """
        SELECT * FROM contribution_export
        WHERE may_read_exports($1, $2) AND ($3::uuid IS NULL OR contribution_export_id < $3)
        ORDER BY contribution_export_id DESC LIMIT $4
        """,
        caller.organization,
        caller.role,
        before,
        limit,
    )
    return [export_of(row) for row in rows]


async def lock(tx: Tx) -> None:
    """Prevent other transactions from making a batch until this one ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('contribution_export', 0))")


async def open_batch(tx: Tx) -> Export | None:
    """Return the batch that is not confirmed, or None; read as the service."""
    row = await tx.fetchrow("SELECT * FROM contribution_export WHERE confirmed_at IS NULL")
    return export_of(row) if row else None


async def due(tx: Tx) -> list[HandedOver]:
    """List the changes not yet handed over, oldest first, read as the service.

    A removal is listed only for a contribution that the portal has.
    """
    rows = await tx.fetch(
        """
        SELECT contribution_id, CASE WHEN status = 'published' THEN 'publish' ELSE 'remove' END AS change
        FROM contribution AS c
        WHERE status = 'published'
              AND NOT EXISTS (SELECT FROM handed_over h WHERE h.contribution_id = c.contribution_id)
           OR status IN ('superseded', 'withdrawn')
              AND 'publish' = ALL (ARRAY(SELECT h.change FROM handed_over h
                  WHERE h.contribution_id = c.contribution_id))
              AND EXISTS (SELECT FROM handed_over h WHERE h.contribution_id = c.contribution_id)
        ORDER BY changed_at, contribution_id LIMIT $1
        """,
        BATCH_MAX,
    )
    return [msgspec.convert(dict(row), HandedOver) for row in rows]


async def rows_of(tx: Tx, export_id: UUID) -> list[Row]:
    """List the contributions of a batch in its order, read as the service."""
    rows = await tx.fetch(
        """
        SELECT h.change, c.* FROM handed_over h JOIN contribution c USING (contribution_id)
        WHERE h.contribution_export_id = $1 ORDER BY h.place
        """,
        export_id,
    )
    return [
        Row(PortalChange(row["change"]), contribution_of({name: row[name] for name in Contribution.__struct_fields__}))
        for row in rows
    ]


async def get_as_service(tx: Tx, export_id: UUID) -> Export | None:
    """Return the batch for the service itself, or None, and lock it until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM contribution_export WHERE contribution_export_id = $1 FOR UPDATE", export_id)
    return export_of(row) if row else None


_SAVE = Write(
    parts={
        "contribution_export_saved": """
            INSERT INTO contribution_export
            SELECT * FROM json_populate_record(NULL::contribution_export, $1::text::json)
            ON CONFLICT (contribution_export_id) DO UPDATE SET revision = excluded.revision,
                confirmed_at = excluded.confirmed_at
        """
    }
)
_SAVE_CHANGES = Write(
    parts={
        "handed_over_saved": """
            INSERT INTO handed_over (contribution_id, change, contribution_export_id, place)
            SELECT contribution_id, change, $1, place
            FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS one(contribution_id, change, place)
        """
    }
)


async def save(tx: Tx, export: Export, fact: object) -> None:
    """Save the batch, and its contributions when it is made."""
    await tx.queue(_SAVE, msgspec.json.encode(export).decode())
    if isinstance(fact, ContributionExportMade):
        await _save_changes(tx, export.contribution_export_id, fact.changes)


async def _save_changes(tx: Tx, export_id: UUID, changes: Sequence[HandedOver]) -> None:
    ids = [one.contribution_id for one in changes]
    await tx.queue(_SAVE_CHANGES, export_id, ids, [str(one.change) for one in changes])


def export_of(row: Record) -> Export:
    """Convert a row of `contribution_export` into a batch."""
    return msgspec.convert(dict(row), Export)
