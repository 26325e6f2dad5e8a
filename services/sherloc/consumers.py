"""Events the sherloc service consumes: completed deliveries, erased persons."""

from collections.abc import Mapping

from chassis.erasure import forget, handler_of
from chassis.journal.inbox import Handler
from contracts.deliveries import DeliveryCompleted
from contracts.directory import PersonErased
from contracts.facts import Fact
from services.sherloc.practices import delivery_store

HANDLERS: Mapping[type[Fact], Handler] = {
    DeliveryCompleted: delivery_store.on_completed,
    PersonErased: handler_of(forget),
}
