"""The cases of the delivery service's policy, as in `permission_cases`."""

from functools import cache
from typing import Any

from msgspec.structs import replace

from contracts.deliveries import DeliveryOpened
from contracts.facts import Fact
from contracts.registry import decode_fact
from services.delivery import policy as delivery
from services.delivery.agreements.views import AgreementView
from services.delivery.deliveries.evolve import evolve
from services.delivery.deliveries.model import Delivery
from services.delivery.deliveries.views import DeliveryView
from services.documents.examples import example_event
from services.documents.permission_subjects import OTHER, PROVIDER, STATE, UNODC, Subject, of

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
        reads=(_D.SHOW_DELIVERY, _D.SHOW_AGREEMENT, _D.LIST_DELIVERIES, _D.FOLLOW),
        acts=tuple(delivery.MOVERS),
    ),
)
