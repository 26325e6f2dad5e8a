"""Tests of every cell of the table of statuses and moves of a delivery."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.refusals import Conflict, Invalid
from contracts.values import Caller, Period, Role, Side
from services.delivery import policy
from services.delivery.deliveries.evolve import evolve
from services.delivery.deliveries.model import MOVES, Delivery, DeliveryStatus, period_of
from services.delivery.policy import MOVERS, Action
from tests.builders import AHEAD, NOON
from tests.delivery.steps import IN_SPRING, SPRING, a_confirmation, a_delivery, usd

D = DeliveryStatus
ENDS_AT = SPRING.starts + timedelta(days=28)
DECIDE: dict[str, Callable[[Delivery], Fact]] = {
    "name_contacts": lambda d: d.name_contacts(Side.STATE, 1, "hash", now=NOON),
    "waive_agreement": lambda d: d.waive_agreement(Side.STATE, now=NOON),
    "open_private_topic": lambda d: d.open_private_topic(Side.STATE, now=NOON),
    "agree": lambda d: d.agree(uuid4(), now=NOON),
    "begin": lambda d: d.begin(now=NOON),
    "suspend": lambda d: d.suspend("other", now=NOON),
    "resume": lambda d: d.resume(now=NOON),
    "propose_completion": lambda d: d.propose_completion(Side.PROVIDER, ENDS_AT, None, SPRING.ends, (), now=IN_SPRING),
    "confirm_completion": lambda d: d.confirm_completion(Side.STATE, now=IN_SPRING),
    "object_to_completion": lambda d: d.object_to_completion(Side.STATE, "other", now=IN_SPRING),
    "withdraw_completion": lambda d: d.withdraw_completion(Side.PROVIDER, now=IN_SPRING),
    "terminate": lambda d: d.terminate("other", now=NOON),
}
NOT_ENDED = (D.OPEN, D.IN_DELIVERY, D.SUSPENDED, D.COMPLETION_PROPOSED)
TABLE: dict[str, dict[DeliveryStatus, DeliveryStatus]] = {
    "name_contacts": {one: one for one in D if one is not D.TERMINATED},
    "waive_agreement": {D.OPEN: D.OPEN},
    "open_private_topic": {one: one for one in NOT_ENDED},
    "agree": {D.OPEN: D.OPEN},
    "begin": {D.OPEN: D.IN_DELIVERY},
    "suspend": {D.IN_DELIVERY: D.SUSPENDED},
    "resume": {D.SUSPENDED: D.IN_DELIVERY},
    "propose_completion": {D.IN_DELIVERY: D.COMPLETION_PROPOSED},
    "confirm_completion": {D.COMPLETION_PROPOSED: D.COMPLETED},
    "object_to_completion": {D.COMPLETION_PROPOSED: D.IN_DELIVERY},
    "withdraw_completion": {D.COMPLETION_PROPOSED: D.IN_DELIVERY},
    "terminate": dict.fromkeys(NOT_ENDED, D.TERMINATED),
}


def in_status(status: DeliveryStatus, move: str = "") -> Delivery:
    found = replace(a_delivery(), status=status, completion_by=Side.PROVIDER, proposed_on=ENDS_AT)
    return found if move == "waive_agreement" else replace(found, agreed_at=NOON)


def test_every_move_has_its_row() -> None:
    assert TABLE.keys() == DECIDE.keys() == MOVES.keys()


@pytest.mark.parametrize("status", DeliveryStatus)
@pytest.mark.parametrize("move", TABLE)
def test_each_cell_of_the_table(move: str, status: DeliveryStatus) -> None:
    before = in_status(status, move)

    if status not in TABLE[move]:
        with pytest.raises(Conflict) as no:
            DECIDE[move](before)
        assert ("delivery-status", status, move) == (
            no.value.slug,
            no.value.details["status"],
            no.value.details["move"],
        )
        return
    after = evolve(before, DECIDE[move](before))

    assert (TABLE[move][status], before.revision + 1) == (after.status, after.revision)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("move", sorted(MOVERS))
def test_each_move_is_for_its_roles(move: Action, role: Role) -> None:
    organization = "NOR" if role is Role.PROVIDER_OFFICER else "KEN"
    caller = Caller(person_id=uuid4(), organization=organization, role=role)
    delivery = in_status(D.IN_DELIVERY)

    assert (role in MOVERS[move]) == policy.decide(caller, move, delivery).allowed


def test_both_sides_waive_an_agreement() -> None:
    delivery = a_delivery()
    once = evolve(delivery, fact := delivery.waive_agreement(Side.PROVIDER, now=NOON))
    assert (Side.STATE, None) == (fact.waiting_for, once.agreed_at)
    with pytest.raises(Conflict, match="agreement-settled"):
        once.waive_agreement(Side.PROVIDER, now=NOON)

    both = evolve(once, once.waive_agreement(Side.STATE, now=NOON))

    assert NOON == both.agreed_at
    with pytest.raises(Conflict, match="delivery-not-agreed"):
        once.begin(now=NOON)
    assert D.IN_DELIVERY is evolve(both, both.begin(now=NOON)).status


def test_delivery_begins_once_its_money_is_allocated() -> None:
    delivery = replace(in_status(D.OPEN), funding_needed=usd(5))
    for gap in (None, 3):
        with pytest.raises(Conflict, match="delivery-not-funded"):
            delivery.begin(gap_usd_minor=gap, now=NOON)
    assert D.IN_DELIVERY is evolve(delivery, delivery.begin(gap_usd_minor=0, now=NOON)).status


def test_delivery_is_not_completed_before_its_last_session() -> None:
    delivery, last, later = in_status(D.IN_DELIVERY), date(AHEAD, 4, 3), IN_SPRING + timedelta(days=40)
    with pytest.raises(Conflict) as early:
        delivery.propose_completion(Side.STATE, ENDS_AT, last, SPRING.ends, (), now=IN_SPRING)
    assert ("delivery-not-due", last) == (early.value.slug, early.value.details["first_day"])
    for day in (last - timedelta(days=1), last + timedelta(days=60)):
        with pytest.raises(Invalid, match="completion-day"):
            delivery.propose_completion(Side.STATE, day, last, SPRING.ends, (), now=later)
    assert last == delivery.propose_completion(Side.STATE, last, last, SPRING.ends, (), now=later).completed_on


@pytest.mark.parametrize(
    ("window", "period"),
    [
        (None, SPRING),
        (Period(starts=date(AHEAD, 3, 1), ends=date(AHEAD, 9, 1)), Period(starts=date(AHEAD, 3, 1), ends=SPRING.ends)),
        (Period(starts=date(AHEAD, 8, 1), ends=date(AHEAD, 9, 1)), SPRING),
    ],
)
def test_delivery_is_in_the_part_of_its_capacity_that_was_asked_for(window: Period | None, period: Period) -> None:
    assert period == period_of(a_confirmation(window=window))
