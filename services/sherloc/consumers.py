"""Events the sherloc service consumes: pledges that are earmarked to an extension of the portal, and erased persons."""

from collections.abc import Mapping

from chassis.erasure import forget, handler_of
from chassis.journal.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Fact
from contracts.pledges import PledgeLapsed, PledgePledged, PledgeWithdrawn
from services.sherloc.extensions import actions as extension_actions

HANDLERS: Mapping[type[Fact], Handler] = {
    PledgePledged: extension_actions.on_pledged,
    PledgeWithdrawn: extension_actions.on_earmark_ended,
    PledgeLapsed: extension_actions.on_earmark_ended,
    PersonErased: handler_of(forget),
}
