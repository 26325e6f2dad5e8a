"""Queries on completed deliveries, received from the delivery service, to which practices refer."""

from collections.abc import Sequence
from uuid import UUID

from chassis.db.database import Tx
from contracts.deliveries import DeliveryCompleted
from contracts.facts import Event
from contracts.values import Caller


async def on_completed(tx: Tx, event: Event, fact: DeliveryCompleted) -> None:
    """Store a completed delivery. No practice is recorded automatically; its sides may record some."""
    await tx.execute(
        "INSERT INTO completed_delivery (delivery_id, state, provider) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        fact.delivery_id,
        fact.state,
        fact.provider,
    )


async def is_shown(tx: Tx, delivery_id: UUID, caller: Caller) -> bool:
    """Check whether the delivery is completed and the caller is one of its sides or of UNODC."""
    found: bool = await tx.fetchval(
        """
        SELECT EXISTS (SELECT FROM completed_delivery
            WHERE delivery_id = $1 AND may_see_delivery(state, provider, $2, $3))
        """,
        delivery_id,
        caller.organization,
        caller.role,
    )
    return found


async def uses_of(tx: Tx, practice_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """Return the deliveries that used these practices; row-level security hides those of others."""
    rows = await tx.fetch(
        "SELECT practice_id, delivery_id FROM practice_use WHERE practice_id = ANY ($1::uuid[]) ORDER BY delivery_id",
        practice_ids,
    )
    found: dict[UUID, tuple[UUID, ...]] = {}
    for row in rows:
        found[row["practice_id"]] = (*found.get(row["practice_id"], ()), row["delivery_id"])
    return found
