"""What the requests service hears: what becomes of the matches of its lines, and who was erased."""

from collections.abc import Mapping

from chassis.erasure import forget, hearing
from chassis.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Fact
from contracts.matching import MatchBegun, MatchCompleted, MatchConfirmed, MatchRevoked
from services.requests import actions

HANDLERS: Mapping[type[Fact], Handler] = {
    MatchConfirmed: actions.hear_of_match,
    MatchBegun: actions.hear_of_match,
    MatchCompleted: actions.hear_of_match,
    MatchRevoked: actions.hear_of_match,
    PersonErased: hearing(forget),
}
