"""Events the sherloc service consumes: lines, completed deliveries, pledges for an extension, and erased persons."""

from collections.abc import Mapping

from chassis.db.database import Tx
from chassis.erasure import forget, handler_of
from chassis.journal.inbox import Handler
from contracts.deliveries import DeliveryCompleted
from contracts.directory import PersonErased
from contracts.facts import Event, Fact
from contracts.pledges import PledgeLapsed, PledgePledged, PledgeWithdrawn
from contracts.requests import RequestSubmitted
from services.sherloc.extensions import store as extension_store
from services.sherloc.practices import delivery_store
from services.sherloc.proposals import actions as proposal_actions


async def on_completed(tx: Tx, event: Event, fact: DeliveryCompleted) -> None:
    """Store a completed delivery, and propose to its State to record its law."""
    await delivery_store.on_completed(tx, event, fact)
    await proposal_actions.on_completed(tx, event, fact)


async def on_pledged(tx: Tx, _: Event, fact: PledgePledged) -> None:
    """Store the donor of a pledge that is earmarked to an extension."""
    if fact.extension_id is not None:
        await extension_store.save_earmark(tx, fact.pledge_id, fact.extension_id, fact.donor)


async def on_earmark_ended(tx: Tx, _: Event, fact: PledgeWithdrawn | PledgeLapsed) -> None:
    """Delete the earmark of a pledge that was withdrawn or has lapsed."""
    await extension_store.end_earmark(tx, fact.pledge_id)


HANDLERS: Mapping[type[Fact], Handler] = {
    RequestSubmitted: proposal_actions.on_submitted,
    DeliveryCompleted: on_completed,
    PledgePledged: on_pledged,
    PledgeWithdrawn: on_earmark_ended,
    PledgeLapsed: on_earmark_ended,
    PersonErased: handler_of(forget),
}
