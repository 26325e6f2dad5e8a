"""Events that the notifications service consumes: all facts with a notice, and erased persons."""

from collections.abc import Mapping

from chassis import clock
from chassis.db.database import Tx
from chassis.erasure import handler_of
from chassis.journal.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Event, Fact
from services.notifications.notices import actions
from services.notifications.notices.audience import NOTICES


async def create_notifications(tx: Tx, event: Event, fact: Fact) -> None:
    await actions.create_notifications(tx, event, fact, now=clock.now())


HANDLERS: Mapping[type[Fact], Handler] = {
    **dict.fromkeys(NOTICES, create_notifications),
    PersonErased: handler_of(actions.forget),
}
