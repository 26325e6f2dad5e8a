"""What the requests service hears: what becomes of the matches of its lines and is said of them, and who was erased."""

from collections.abc import Mapping

from chassis.erasure import forget, hearing
from chassis.journal.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Fact
from contracts.matching import MatchBegun, MatchCompleted, MatchConfirmed, MatchEvaluated, MatchRevoked
from services.requests.request import actions

HANDLERS: Mapping[type[Fact], Handler] = {
    MatchConfirmed: actions.hear_of_match,
    MatchBegun: actions.hear_of_match,
    MatchCompleted: actions.hear_of_match,
    MatchRevoked: actions.hear_of_match,
    MatchEvaluated: actions.on_evaluated,
    PersonErased: hearing(forget),
}
