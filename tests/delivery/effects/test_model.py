"""Tests of every cell of the table of statuses and moves of an effect, of its roles, and of the fields of each kind."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from contracts.effects import EffectKind, Progress
from contracts.facts import Fact
from contracts.refusals import Conflict, Invalid
from contracts.values import Caller, Language, Role, Side
from services.delivery import policy
from services.delivery.deliveries.model import DeliveryStatus
from services.delivery.effects.evolve import evolve
from services.delivery.effects.model import MOVES, Change, Effect, EffectStatus, EffectTexts, record
from services.delivery.policy import EFFECT_MOVERS, Action
from tests.builders import NOON
from tests.delivery.steps import a_delivery

E = EffectStatus
ME = UUID(int=7)
DECIDE: dict[str, Callable[[Effect], Fact]] = {
    "verify_effect": lambda e: e.verify(now=NOON),
    "decline_effect": lambda e: e.decline("other", now=NOON),
    "withdraw_effect": lambda e: e.withdraw(now=NOON),
}
TABLE: dict[str, dict[EffectStatus, EffectStatus]] = {
    "verify_effect": {E.RECORDED: E.VERIFIED},
    "decline_effect": {E.RECORDED: E.DECLINED},
    "withdraw_effect": {E.RECORDED: E.WITHDRAWN, E.VERIFIED: E.WITHDRAWN},
}
WHOLE: dict[EffectKind, tuple[dict[str, Any], dict[str, Any]]] = {
    EffectKind.LAW_CHANGED: ({"articles": ("UNTOC:18",)}, {"gazette": "No. 112"}),
    EffectKind.SHERLOC_RECORD_UPDATED: ({}, {}),
    EffectKind.OBSERVATION_MOVED: (
        {"articles": ("UNTOC:18",), "moved_from": Progress.NOT_ADDRESSED, "moved_to": Progress.ADDRESSED},
        {},
    ),
    EffectKind.INSTITUTION_SET_UP: ({}, {}),
    EffectKind.OTHER: ({}, {}),
}


def an_effect(side: Side | None = Side.STATE, kind: EffectKind = EffectKind.OTHER, **more: Any) -> Effect:
    fields, words = WHOLE[kind]
    delivery = replace(a_delivery(), status=DeliveryStatus.IN_DELIVERY, begun_at=NOON)
    given: dict[str, Any] = {"change": kind, "happened_on": NOON.date(), "language": Language.EN} | fields
    texts: dict[str, Any] = {"title": "Sample", "address": "https://law.example/1"} | words
    change = Change(**given | {name: value for name, value in more.items() if name not in texts})
    said = EffectTexts(**texts | {name: value for name, value in more.items() if name in texts})
    return evolve(None, record(uuid4(), delivery, side, change, said, "hash", by=ME, now=NOON))


def test_every_move_has_its_row() -> None:
    assert TABLE.keys() == DECIDE.keys() == MOVES.keys() == {str(one) for one in EFFECT_MOVERS}


@pytest.mark.parametrize(("move", "status"), list(product(TABLE, EffectStatus)))
def test_each_cell_of_the_table(move: str, status: EffectStatus) -> None:
    before = replace(an_effect(), status=status)

    if status not in TABLE[move]:
        with pytest.raises(Conflict, match="effect-status"):
            DECIDE[move](before)
        return
    after = evolve(before, DECIDE[move](before))

    assert (TABLE[move][status], before.revision + 1) == (after.status, after.revision)


@pytest.mark.parametrize("status", DeliveryStatus)
def test_nothing_is_recorded_before_the_delivery_has_begun(status: DeliveryStatus) -> None:
    begun_at = None if status is DeliveryStatus.OPEN else NOON
    delivery = replace(a_delivery(), status=status, begun_at=begun_at)
    change = Change(change=EffectKind.OTHER, happened_on=NOON.date(), language=Language.EN)
    texts = EffectTexts(title="Sample", address="https://law.example/1")

    if begun_at is None:
        with pytest.raises(Conflict, match="delivery-status"):
            record(uuid4(), delivery, None, change, texts, "hash", by=ME, now=NOON)
    else:
        assert record(uuid4(), delivery, None, change, texts, "hash", by=ME, now=NOON)


@pytest.mark.parametrize("kind", EffectKind)
def test_each_kind_needs_what_shows_it(kind: EffectKind) -> None:
    assert E.RECORDED is an_effect(kind=kind).status
    fields, words = WHOLE[kind]
    for lacking in (*fields, *words):
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
        for move in (Action.VERIFY_EFFECT, Action.DECLINE_EFFECT):
            assert (role in own and other) == policy.decide(caller, move, effect).allowed
        withdraws = role in own and own[role] is side
        assert withdraws == policy.decide(caller, Action.WITHDRAW_EFFECT, effect).allowed
