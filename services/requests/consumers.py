"""Events that the requests service consumes: status and evaluation of matches, and erased persons."""

from collections.abc import Mapping
from uuid import UUID

from chassis.db.database import Tx
from chassis.erasure import Dropped, handler_of
from chassis.journal.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Event, Fact
from contracts.matching import MatchBegun, MatchEvaluated
from services.requests.clock import matches
from services.requests.mail import actions as mail_actions
from services.requests.request import actions
from services.requests.work import view_store


async def forget(tx: Tx, person_id: UUID, because: Event | None = None) -> Dropped:
    """Delete what names a person: texts of their mails, and their saved views."""
    dropped = await mail_actions.forget(tx, person_id, because)
    return {**dropped, "saved_view": await view_store.delete_of(tx, person_id)}


HANDLERS: Mapping[type[Fact], Handler] = {
    **dict.fromkeys(matches.FACTS, actions.on_match_moved),
    MatchBegun: actions.on_match_changed,
    MatchEvaluated: actions.on_evaluated,
    PersonErased: handler_of(forget),
}
