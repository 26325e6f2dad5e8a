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
from services.sherloc.extensions import actions as extension_actions
from services.sherloc.practices import delivery_store
from services.sherloc.proposals import actions as proposal_actions


async def on_completed(tx: Tx, event: Event, fact: DeliveryCompleted) -> None:
    """Store a completed delivery, and propose to its State to record its law."""
    await delivery_store.on_completed(tx, event, fact)
    await proposal_actions.on_completed(tx, event, fact)


HANDLERS: Mapping[type[Fact], Handler] = {
    RequestSubmitted: proposal_actions.on_submitted,
    DeliveryCompleted: on_completed,
    PledgePledged: extension_actions.on_pledged,
    PledgeWithdrawn: extension_actions.on_earmark_ended,
    PledgeLapsed: extension_actions.on_earmark_ended,
    PersonErased: handler_of(forget),
}
