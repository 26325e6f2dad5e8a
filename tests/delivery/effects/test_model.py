"""Tests of the fields of each kind of effect, and of who may move one."""

from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from contracts.effects import EffectKind, Progress
from contracts.nouns import MoveContext
from contracts.refusals import Conflict, Invalid
from contracts.values import Caller, Language, Role, Side
from services.delivery import policy
from services.delivery.deliveries.model import Delivery, DeliveryStatus
from services.delivery.effects.model import EFFECTS, Effect, EffectStatus, RecordEffect, record
from tests.builders import NOON
from tests.delivery.steps import a_delivery

E = EffectStatus
ME = UUID(int=7)
OF_SIDE = {Side.STATE: Role.FOCAL_POINT, Side.PROVIDER: Role.PROVIDER_OFFICER, None: Role.COORDINATOR}
WHOLE: dict[EffectKind, dict[str, Any]] = {
    EffectKind.LAW_CHANGED: {"articles": ("UNTOC:18",), "gazette": "No. 112"},
    EffectKind.SHERLOC_RECORD_UPDATED: {},
    EffectKind.OBSERVATION_MOVED: {
        "articles": ("UNTOC:18",),
        "moved_from": Progress.NOT_ADDRESSED,
        "moved_to": Progress.ADDRESSED,
    },
    EffectKind.INSTITUTION_SET_UP: {},
    EffectKind.OTHER: {},
}


BEGUN = replace(a_delivery(), status=DeliveryStatus.IN_DELIVERY, begun_at=NOON)


def an_effect(
    side: Side | None = Side.STATE, kind: EffectKind = EffectKind.OTHER, of: Delivery = BEGUN, **more: Any
) -> Effect:
    given: dict[str, Any] = {"change": kind, "happened_on": NOON.date(), "language": Language.EN} | WHOLE[kind]
    body = RecordEffect(**{"title": "Sample", "address": "https://law.example/1", **given, **more})
    caller = Caller(person_id=ME, organization="UNODC", role=OF_SIDE[side])
    return EFFECTS.fold(None, record(uuid4(), body, MoveContext(caller=caller, now=NOON, found=of)))


@pytest.mark.parametrize("status", DeliveryStatus)
def test_nothing_is_recorded_before_the_delivery_has_begun(status: DeliveryStatus) -> None:
    begun_at = None if status is DeliveryStatus.OPEN else NOON
    delivery = replace(a_delivery(), status=status, begun_at=begun_at)

    if begun_at is None:
        with pytest.raises(Conflict, match="delivery-status"):
            an_effect(of=delivery)
    else:
        assert an_effect(of=delivery)


@pytest.mark.parametrize("kind", EffectKind)
def test_each_kind_needs_what_shows_it(kind: EffectKind) -> None:
    assert E.RECORDED is an_effect(kind=kind).status
    for lacking in WHOLE[kind]:
        with pytest.raises(Invalid, match="missing-field"):
            an_effect(kind=kind, **{lacking: () if lacking == "articles" else "" if lacking == "gazette" else None})
    with pytest.raises(Invalid, match="day-to-come"):
        an_effect(kind=kind, happened_on=NOON.date() + timedelta(days=1))
    missing = "missing-field" if kind is EffectKind.SHERLOC_RECORD_UPDATED else "effect-evidence-missing"
    with pytest.raises(Invalid, match=missing):
        an_effect(kind=kind, address="")
    moved = kind is EffectKind.OBSERVATION_MOVED
    with pytest.raises(Invalid, match="effect-not-moved" if moved else "effect-not-of-an-observation"):
        an_effect(kind=kind, moved_from=Progress.ADDRESSED)


@pytest.mark.parametrize(("side", "role"), list(product((*Side, None), Role)))
def test_another_person_of_the_other_side_or_of_unodc_verifies(side: Side | None, role: Role) -> None:
    organization = {Role.PROVIDER_OFFICER: "NOR", Role.FOCAL_POINT: "KEN", Role.OFFICIAL: "KEN"}.get(role, "UNODC")
    own = {Role.FOCAL_POINT: Side.STATE, Role.PROVIDER_OFFICER: Side.PROVIDER, Role.COORDINATOR: None}
    effect = an_effect(side)

    for person_id in (ME, uuid4()):
        caller = Caller(person_id=person_id, organization=organization, role=role)
        other = person_id != ME and (side is None or own.get(role) is not side)
        for move in ("verify_effect", "decline_effect"):
            assert (role in own and other) == policy.decide(caller, EFFECTS.actions(move), effect).allowed
        withdraws = role in own and own[role] is side
        assert withdraws == policy.decide(caller, EFFECTS.actions("withdraw_effect"), effect).allowed
