"""Events that the notifications service consumes: facts with a notice, facts that alerts find, and erased persons."""

from collections.abc import Mapping
from typing import Any

from chassis import clock
from chassis.db.database import Tx
from chassis.erasure import handler_of
from chassis.journal.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Event, Fact
from services.notifications.actions import forget
from services.notifications.hits import actions as hit_actions
from services.notifications.notices import actions
from services.notifications.notices.audience import NOTICES


async def create_notifications(tx: Tx, event: Event, fact: Fact) -> None:
    await actions.create_notifications(tx, event, fact, now=clock.now())


async def find_fitting(tx: Tx, event: Event, fact: Any) -> None:
    await create_notifications(tx, event, fact)
    await hit_actions.on_suggestions(tx, event, fact, now=clock.now())


async def find_funding(tx: Tx, event: Event, fact: Any) -> None:
    await create_notifications(tx, event, fact)
    await hit_actions.on_funding(tx, event, fact, now=clock.now())


async def find_offerings(tx: Tx, event: Event, fact: Fact) -> None:
    await create_notifications(tx, event, fact)
    await hit_actions.on_offering(tx, event, fact, now=clock.now())


async def find_hits(tx: Tx, event: Event, fact: Fact) -> None:
    """Create the notifications of the fact, then those of the alerts that the request fits."""
    await create_notifications(tx, event, fact)
    await hit_actions.on_request(tx, event, fact, now=clock.now())


HANDLERS: Mapping[type[Fact], Handler] = {
    **dict.fromkeys(NOTICES, create_notifications),
    **dict.fromkeys(hit_actions.OF_REQUESTS, find_hits),
    **dict.fromkeys(hit_actions.OF_SUGGESTIONS, find_fitting),
    **dict.fromkeys(hit_actions.OF_FUNDING, find_funding),
    **dict.fromkeys(hit_actions.OF_OFFERINGS, find_offerings),
    PersonErased: handler_of(forget),
}
