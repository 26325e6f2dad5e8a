"""Queries on saved views. Readers see their own in this organization, and those that its people share."""

from typing import Any
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.refusals import Missing
from contracts.values import Caller
from services.requests.work.saved_views import SavedView


async def get(tx: Tx, view_id: UUID, caller: Caller, *, lock: bool = False) -> SavedView:
    """Return a saved view. Raises Missing for one of another organization, or of a colleague who does not share it."""
    query = (
        """
        SELECT * FROM saved_view
        WHERE view_id = $1 AND organization = $2 AND (person_id = $3 OR shared) FOR UPDATE
        """
        if lock
        else "SELECT * FROM saved_view WHERE view_id = $1 AND organization = $2 AND (person_id = $3 OR shared)"
    )
    row = await tx.fetchrow(query, view_id, caller.organization, caller.person_id)
    if row is None:
        raise Missing("not-found")
    return view_of(dict(row))


async def page(tx: Tx, caller: Caller, *, after: UUID | None, limit: int) -> list[SavedView]:
    """Return saved views, oldest first, starting after a view."""
    rows = await tx.fetch(
        """
        SELECT * FROM saved_view
        WHERE organization = $1 AND (person_id = $2 OR shared) AND ($3::uuid IS NULL OR view_id > $3)
        ORDER BY view_id LIMIT $4
        """,
        caller.organization,
        caller.person_id,
        after,
        limit,
    )
    return [view_of(dict(row)) for row in rows]


async def count_own(tx: Tx, caller: Caller) -> int:
    """Return the number of views of the person, in all organizations.

    Creations of one person are serialized until the transaction ends.
    """
    await tx.fetchval("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"views of {caller.person_id}")
    async with tx.as_service():
        return int(await tx.fetchval("SELECT count(*) FROM saved_view WHERE person_id = $1", caller.person_id))


async def save(tx: Tx, one: SavedView) -> None:
    await tx.execute(
        """
        INSERT INTO saved_view (view_id, person_id, organization, name, shared, query, created_at, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (view_id) DO UPDATE SET name = excluded.name, shared = excluded.shared, query = excluded.query,
            revision = excluded.revision
        """,
        one.view_id,
        one.person_id,
        one.organization,
        one.name,
        one.shared,
        msgspec.json.encode(one.query).decode(),
        one.created_at,
        one.revision,
    )


async def delete(tx: Tx, view_id: UUID, caller: Caller) -> None:
    await tx.execute("DELETE FROM saved_view WHERE view_id = $1 AND person_id = $2", view_id, caller.person_id)


async def delete_of(tx: Tx, person_id: UUID) -> int:
    """Delete all views of a person; return how many."""
    deleted = await tx.fetch("DELETE FROM saved_view WHERE person_id = $1 RETURNING view_id", person_id)
    return len(deleted)


def view_of(row: dict[str, Any]) -> SavedView:
    return msgspec.convert({**row, "query": msgspec.json.decode(row["query"])}, SavedView)
