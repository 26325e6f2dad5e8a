"""Queries on observations, each of the caller's own State."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.refusals import Missing
from contracts.values import Caller
from services.requests.observation.model import Observation


async def get(tx: Tx, observation_id: UUID, caller: Caller, *, lock: bool = False) -> Observation:
    """Return an observation. Raises Missing for one of another State."""
    query = (
        "SELECT * FROM observation WHERE observation_id = $1 AND state = $2 FOR UPDATE"
        if lock
        else "SELECT * FROM observation WHERE observation_id = $1 AND state = $2"
    )
    row = await tx.fetchrow(query, observation_id, caller.organization)
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), Observation)


async def several(tx: Tx, observation_ids: Sequence[UUID], caller: Caller) -> list[Observation]:
    """Return observations in the order of the ids. Raises Missing if one is of another State."""
    rows = await tx.fetch(
        "SELECT * FROM observation WHERE observation_id = ANY ($1::uuid[]) AND state = $2",
        list(observation_ids),
        caller.organization,
    )
    found = {row["observation_id"]: msgspec.convert(dict(row), Observation) for row in rows}
    if not found.keys() >= set(observation_ids):
        raise Missing("not-found")
    return [found[one] for one in dict.fromkeys(observation_ids)]


async def page(
    tx: Tx, caller: Caller, *, article: str | None, cluster: str | None, after: UUID | None, limit: int
) -> list[Observation]:
    """Return observations, oldest first, starting after `after`."""
    rows = await tx.fetch(
        """
        SELECT * FROM observation
        WHERE state = $1 AND ($2::text IS NULL OR article = $2) AND ($3::text IS NULL OR cluster = $3)
            AND ($4::uuid IS NULL OR observation_id > $4)
        ORDER BY observation_id LIMIT $5
        """,
        caller.organization,
        article,
        cluster,
        after,
        limit,
    )
    return [msgspec.convert(dict(row), Observation) for row in rows]


async def count(tx: Tx, caller: Caller) -> int:
    """Return the number of the State's observations.

    Entries of one State are serialized until the transaction ends.
    """
    name = f"observations of {caller.organization}"
    await tx.fetchval("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)
    return int(await tx.fetchval("SELECT count(*) FROM observation WHERE state = $1", caller.organization))


async def save(tx: Tx, one: Observation) -> None:
    await tx.execute(
        """
        INSERT INTO observation (observation_id, state, article, cluster, language, text, entered_at, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (observation_id) DO UPDATE SET article = excluded.article, cluster = excluded.cluster,
            language = excluded.language, text = excluded.text, revision = excluded.revision
        """,
        one.observation_id,
        one.state,
        one.article,
        one.cluster,
        one.language,
        one.text,
        one.entered_at,
        one.revision,
    )


async def delete(tx: Tx, observation_id: UUID, caller: Caller) -> None:
    await tx.execute(
        "DELETE FROM observation WHERE observation_id = $1 AND state = $2", observation_id, caller.organization
    )
