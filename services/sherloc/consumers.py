"""Events the sherloc service consumes: requests' lines, completed deliveries, erased persons."""

from collections.abc import Mapping

from chassis.erasure import forget, handler_of
from chassis.journal.inbox import Handler
from contracts.deliveries import DeliveryCompleted
from contracts.directory import PersonErased
from contracts.facts import Fact
from contracts.requests import RequestSubmitted
from services.sherloc.proposals import actions as proposal_actions

HANDLERS: Mapping[type[Fact], Handler] = {
    RequestSubmitted: proposal_actions.on_submitted,
    DeliveryCompleted: proposal_actions.on_completed,
    PersonErased: handler_of(forget),
}
