"""Queries on the offerings with which alerts are compared: rows made from the facts of the matching service."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts import reference
from contracts.matching import Terms
from services.notifications.hits.model import KnownOffering


async def save(tx: Tx, offering_id: UUID, provider: str, terms: Terms) -> None:
    """Store an offering as submitted; it is not available before it is approved."""
    await tx.execute(
        """
        INSERT INTO known_offering (offering_id, provider, available, kinds, topics, articles, paragraphs,
            eligible_states, eligible_regions, excluded_states, income_groups, special_groups)
        VALUES ($1, $2, false, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (offering_id) DO UPDATE SET available = false, kinds = excluded.kinds, topics = excluded.topics,
            articles = excluded.articles, paragraphs = excluded.paragraphs, eligible_states = excluded.eligible_states,
            eligible_regions = excluded.eligible_regions, excluded_states = excluded.excluded_states,
            income_groups = excluded.income_groups, special_groups = excluded.special_groups
        """,
        offering_id,
        provider,
        terms.kinds,
        reference.with_broader(terms.topics),
        terms.articles,
        terms.paragraphs,
        terms.eligible.states,
        terms.eligible.regions,
        terms.eligible.excluded_states,
        terms.eligible.income_groups,
        terms.eligible.special_groups,
    )


async def set_available(tx: Tx, offering_id: UUID, *, available: bool) -> None:
    await tx.execute("UPDATE known_offering SET available = $2 WHERE offering_id = $1", offering_id, available)


async def offering(tx: Tx, offering_id: UUID) -> KnownOffering | None:
    return (await offerings(tx, [offering_id])).get(offering_id)


async def offerings(tx: Tx, offering_ids: Collection[UUID]) -> dict[UUID, KnownOffering]:
    if not offering_ids:
        return {}
    rows = await tx.fetch("SELECT * FROM known_offering WHERE offering_id = ANY ($1::uuid[])", offering_ids)
    return {row["offering_id"]: msgspec.convert(dict(row), KnownOffering) for row in rows}
