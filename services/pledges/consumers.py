"""What the pledges service hears: matches that lack money, those that are revoked, who was erased."""

from collections.abc import Mapping
from functools import partial

from chassis.erasure import forget, hearing
from chassis.journal.inbox import Handler
from chassis.settings import Settings
from contracts.directory import PersonErased
from contracts.facts import Fact
from contracts.matching import MatchConfirmed, MatchRevoked
from services.pledges.allocations import actions as allocation_actions
from services.pledges.money.model import AS_USUAL, Validity

HANDLERS: Mapping[type[Fact], Handler] = {
    MatchConfirmed: partial(allocation_actions.hear_of_confirmed, validity=AS_USUAL),
    MatchRevoked: allocation_actions.hear_of_revoked,
    PersonErased: hearing(forget),
}


def hears(settings: Settings) -> Mapping[type[Fact], Handler]:
    """What a match lacks is valued as everything else is."""
    return {MatchConfirmed: partial(allocation_actions.hear_of_confirmed, validity=Validity(settings.rates_hold))}
