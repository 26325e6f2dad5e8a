"""What the pledges service hears: confirmed matches, some of which lack money, and those that are revoked."""

from collections.abc import Mapping

from chassis.inbox import Handler
from contracts.facts import Fact
from contracts.matching import MatchConfirmed, MatchRevoked
from services.pledges import actions

HANDLERS: Mapping[type[Fact], Handler] = {
    MatchConfirmed: actions.hear_of_confirmed,
    MatchRevoked: actions.hear_of_revoked,
}
