"""Events the pledges service consumes: matches, packages, results of deliveries, erased persons."""

from collections.abc import Mapping
from functools import partial

from chassis.erasure import forget, handler_of
from chassis.journal.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Fact
from contracts.matching import MatchConfirmed, MatchRevoked
from contracts.packages import PackageConfirmed
from contracts.results import ResultConfirmed, ResultDisputed, ResultReported
from services.pledges.allocations import actions as allocation_actions
from services.pledges.money.model import DEFAULT_VALIDITY, Validity
from services.pledges.open_data.iati import actions as iati_actions

HANDLERS: Mapping[type[Fact], Handler] = {
    MatchConfirmed: partial(allocation_actions.on_match_confirmed, validity=DEFAULT_VALIDITY),
    MatchRevoked: allocation_actions.on_match_revoked,
    PackageConfirmed: allocation_actions.on_package_confirmed,
    ResultReported: iati_actions.on_result_reported,
    ResultConfirmed: iati_actions.on_result_confirmed,
    ResultDisputed: iati_actions.on_result_disputed,
    PersonErased: handler_of(forget),
}


def handlers_for(validity: Validity) -> Mapping[type[Fact], Handler]:
    """Return the handlers that value requirements by the rates in force."""
    return {MatchConfirmed: partial(allocation_actions.on_match_confirmed, validity=validity)}
