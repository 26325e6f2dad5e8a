"""Handlers of the events that the delivery service consumes: about matches, requests and persons."""

from collections.abc import Mapping
from uuid import UUID

from chassis import erasure
from chassis.db.database import Tx
from chassis.erasure import Dropped, handler_of
from chassis.journal.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Event, Fact
from contracts.matching import MatchConfirmed, MatchRevoked
from contracts.requests import RequestClosed, RequestDeclined, RequestRegistered, RequestReopened, RequestWithdrawn
from services.delivery.contacts import store as contact_store
from services.delivery.deliveries import actions, request_store
from services.delivery.experts import actions as expert_actions
from services.delivery.thread import store as thread_store


async def forget(tx: Tx, person_id: UUID, because: Event | None = None) -> Dropped:
    """Delete the rows that name a person: contacts, read marks and texts of experts."""
    dropped = await erasure.forget(tx, person_id, because)
    contacts = await contact_store.forget(tx, person_id)
    marks, experts = await thread_store.forget(tx, person_id), await expert_actions.forget(tx, person_id, because)
    return {**dropped, "contact_text": contacts, "read_mark": marks, "expert_text": experts}


HANDLERS: Mapping[type[Fact], Handler] = {
    MatchConfirmed: actions.open_delivery,
    MatchRevoked: actions.on_match_revoked,
    RequestRegistered: request_store.on_registered,
    RequestClosed: request_store.on_closed,
    RequestReopened: request_store.on_reopened,
    RequestWithdrawn: request_store.on_withdrawn,
    RequestDeclined: request_store.on_declined,
    PersonErased: handler_of(forget),
}
