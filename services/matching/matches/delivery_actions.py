"""Effects of a delivery on its match: it begins, is completed, or is terminated, which revokes the match."""

from uuid import UUID

from chassis.db.database import Tx
from contracts.deliveries import DeliveryBegun, DeliveryCompleted, DeliveryTerminated
from contracts.facts import Event
from services.matching.joint_deliveries import store as joint_store
from services.matching.matches import store as match_store
from services.matching.matches import suggestions
from services.matching.matches.model import Match
from services.matching.offerings import store as offering_store


async def on_begun(tx: Tx, event: Event, fact: DeliveryBegun) -> None:
    before = await _match(tx, fact.match_id)
    await suggestions.record(tx, [(before, before.begin(now=fact.begun_at))], because=event)


async def on_completed(tx: Tx, event: Event, fact: DeliveryCompleted) -> None:
    before = await _match(tx, fact.match_id)
    await suggestions.record(tx, [(before, before.complete(now=fact.completed_at))], because=event)


async def on_terminated(tx: Tx, event: Event, fact: DeliveryTerminated) -> None:
    """Revoke the match; its capacity is given back, unless another match of its joint delivery needs it."""
    # The joint delivery is locked before the match, in the order of all moves.
    joint = await joint_store.of_known_match(tx, fact.match_id)
    before = await _match(tx, fact.match_id)
    released = joint is None or not joint.held_beside(before)
    revoked = before.revoke(fact.reason, capacity_released=released, now=fact.terminated_at)
    if released:
        await offering_store.give_back(tx, before.offering_id, revoked.capacity_period)
    await suggestions.record(tx, [(before, revoked)], because=event)


async def _match(tx: Tx, match_id: UUID) -> Match:
    found = await match_store.get_as_service(tx, match_id)
    assert found is not None, "a delivery has a match"
    return found
