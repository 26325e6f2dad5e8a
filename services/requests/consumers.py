"""Events that the requests service consumes: status and evaluation of matches, and erased persons."""

from collections.abc import Mapping

from chassis.erasure import handler_of
from chassis.journal.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Fact
from contracts.matching import MatchBegun, MatchEvaluated
from services.requests.clock import matches
from services.requests.mail.actions import forget
from services.requests.request import actions

HANDLERS: Mapping[type[Fact], Handler] = {
    **dict.fromkeys(matches.FACTS, actions.on_match_moved),
    MatchBegun: actions.on_match_changed,
    MatchEvaluated: actions.on_evaluated,
    PersonErased: handler_of(forget),
}
