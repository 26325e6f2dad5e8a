"""Events the pledges service consumes: confirmed and revoked matches, packages, erased persons."""

from collections.abc import Mapping
from functools import partial

from chassis.erasure import forget, handler_of
from chassis.journal.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Fact
from contracts.matching import MatchConfirmed, MatchRevoked
from contracts.packages import PackageConfirmed
from services.pledges.allocations import actions as allocation_actions
from services.pledges.money.model import DEFAULT_VALIDITY, Validity

HANDLERS: Mapping[type[Fact], Handler] = {
    MatchConfirmed: partial(allocation_actions.on_match_confirmed, validity=DEFAULT_VALIDITY),
    MatchRevoked: allocation_actions.on_match_revoked,
    PackageConfirmed: allocation_actions.on_package_confirmed,
    PersonErased: handler_of(forget),
}


def handlers_for(validity: Validity) -> Mapping[type[Fact], Handler]:
    """Handlers that value requirements by the rates in force."""
    return {MatchConfirmed: partial(allocation_actions.on_match_confirmed, validity=validity)}
