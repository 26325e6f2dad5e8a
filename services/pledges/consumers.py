"""What the pledges service hears: matches that lack money, those that are revoked, who was erased."""

from collections.abc import Mapping

from chassis.erasure import forget, hearing
from chassis.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Fact
from contracts.matching import MatchConfirmed, MatchRevoked
from services.pledges import actions

HANDLERS: Mapping[type[Fact], Handler] = {
    MatchConfirmed: actions.hear_of_confirmed,
    MatchRevoked: actions.hear_of_revoked,
    PersonErased: hearing(forget),
}
