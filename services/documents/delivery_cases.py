"""The cases of the delivery service's policy, as in `permission_cases`."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from msgspec.structs import replace

from contracts.deliveries import DeliveryOpened
from contracts.facts import Fact
from contracts.files import FileAdded
from contracts.messages import MessageSent
from contracts.registry import decode_fact
from contracts.values import Caller, Role, Side
from services.delivery import policy as delivery
from services.delivery.agreements.views import AgreementView
from services.delivery.deliveries.evolve import evolve
from services.delivery.deliveries.model import Delivery
from services.delivery.deliveries.views import DeliveryView
from services.delivery.files.evolve import evolve as evolve_file
from services.delivery.files.model import File
from services.delivery.files.store import DeliveryFile
from services.delivery.thread.evolve import evolve as evolve_message
from services.delivery.thread.model import Message
from services.delivery.thread.views import ThreadMessage
from services.documents.examples import example_event
from services.documents.permission_subjects import (
    OTHER,
    OTHER_PERSON,
    PERSON,
    PROVIDER,
    STATE,
    UNODC,
    YES_OR_NO,
    Subject,
    of,
    of_person,
)

_D = delivery.Action


@cache
def _example(kind: type[Fact]) -> Any:
    """Created on first use: importing reads no files."""
    return decode_fact(example_event(kind))


def _delivery() -> Delivery:
    return replace(evolve(None, _example(DeliveryOpened)), state=STATE, provider=PROVIDER)


_TO_DELIVERY = {
    "the State itself": of(STATE),
    "the provider itself": of(PROVIDER),
    "another organization": of(OTHER),
    "UNODC": of(UNODC),
}
_TO_MESSAGE: Mapping[str, Callable[[Role], Caller]] = {
    "its author": of(STATE),
    "another person of the State": partial(of_person, OTHER_PERSON, STATE),
    "another organization": of(OTHER),
    "UNODC": partial(of_person, OTHER_PERSON, UNODC),
}


def _file(private: str, side: str) -> File:
    file = evolve_file(None, _example(FileAdded))
    return replace(file, state=STATE, provider=PROVIDER, private=private == "yes", side=Side(side))


def _message(private: str) -> Message:
    message = evolve_message(None, _example(MessageSent))
    return replace(message, state=STATE, provider=PROVIDER, private=private == "yes", author_id=PERSON)


SUBJECTS = (
    Subject(
        service="delivery",
        title="Operations without a record",
        decide=delivery.decide,
        standings={"another organization": of(OTHER), "UNODC": of(UNODC)},
        reads=(_D.LIST_DELIVERIES, _D.FOLLOW),
    ),
    Subject(
        service="delivery",
        title="A delivery",
        views=(DeliveryView, AgreementView),
        decide=delivery.decide,
        standings=_TO_DELIVERY,
        make=_delivery,
        reads=(
            *(_D.SHOW_DELIVERY, _D.SHOW_AGREEMENT, _D.LIST_FILES, _D.LIST_MESSAGES),
            *(_D.LIST_DELIVERIES, _D.FOLLOW),
        ),
        acts=tuple(delivery.MOVERS),
    ),
    Subject(
        service="delivery",
        title="A file of a delivery",
        views=(DeliveryFile,),
        decide=delivery.decide,
        standings=_TO_DELIVERY,
        properties={"private": YES_OR_NO, "added by": tuple(Side)},
        make=_file,
        reads=(_D.FOLLOW,),
        acts=(_D.READ_FILE, _D.REMOVE_FILE),
    ),
    Subject(
        service="delivery",
        title="A message of a delivery",
        views=(ThreadMessage,),
        decide=delivery.decide,
        standings=_TO_MESSAGE,
        properties={"private": YES_OR_NO},
        make=_message,
        reads=(_D.SHOW_MESSAGE, _D.FOLLOW),
        acts=(_D.WITHDRAW_MESSAGE,),
    ),
)
