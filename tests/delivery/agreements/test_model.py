"""Tests of the table of statuses and moves of an agreement, and of its turns."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from contracts.agreements import AgreementTerms
from contracts.refusals import Conflict, Invalid
from contracts.values import Language, Period, Side
from services.delivery.agreements.evolve import evolve
from services.delivery.agreements.model import MOVES, Agreement, AgreementStatus, check_terms, propose_first
from services.delivery.deliveries.model import DeliveryStatus
from tests.builders import AHEAD, NOON
from tests.delivery.steps import SPRING, a_delivery

A = AgreementStatus
STATE, PROVIDER = Side.STATE, Side.PROVIDER
TODAY = NOON.date()
OPENED = a_delivery()
DELIVERY = replace(OPENED, status=DeliveryStatus.IN_DELIVERY)
TERMS = AgreementTerms(
    period=Period(starts=date(AHEAD, 3, 1), ends=date(AHEAD, 3, 5)),
    modality="in_person",
    languages=(Language.EN,),
    participants=25,
    women=10,
)


def proposed(by: Side = STATE) -> Agreement:
    return evolve(None, propose_first(OPENED, by, TERMS, Language.EN, "hash", now=NOON))


def again(agreement: Agreement, by: Side) -> Agreement:
    return evolve(agreement, agreement.propose(by, TERMS, Language.EN, "hash", DELIVERY, now=NOON))


def signed(agreement: Agreement, by: Side) -> Agreement:
    return evolve(agreement, agreement.sign(by, agreement.version, TODAY, None, DELIVERY, now=NOON))


def in_force() -> Agreement:
    return signed(signed(proposed(), PROVIDER), STATE)


def ended(status: AgreementStatus) -> Agreement:
    return evolve(in_force(), in_force().end(status, now=NOON))


STATES = {
    A.PROPOSED: proposed(),
    A.IN_FORCE: in_force(),
    A.AMENDING: again(in_force(), STATE),
    A.ENDED: ended(A.ENDED),
    A.TERMINATED: ended(A.TERMINATED),
}


def test_every_state_is_reached_and_every_move_is_tried() -> None:
    assert {status: one.status for status, one in STATES.items()} == {one: one for one in AgreementStatus}
    assert {"propose", "sign", "drop_amendment"} == MOVES.keys()


@pytest.mark.parametrize("status", AgreementStatus)
@pytest.mark.parametrize("move", MOVES)
def test_each_cell_of_the_table(move: str, status: AgreementStatus) -> None:
    agreement = STATES[status]
    side = agreement.turn or PROVIDER
    if status in MOVES[move]:
        agreement.require(move, side, DELIVERY)
    else:
        with pytest.raises(Conflict, match="agreement-status"):
            agreement.require(move, side, DELIVERY)


@pytest.mark.parametrize("status", [DeliveryStatus.COMPLETED, DeliveryStatus.TERMINATED])
@pytest.mark.parametrize("move", MOVES)
def test_nothing_moves_once_the_delivery_has_ended(move: str, status: DeliveryStatus) -> None:
    with pytest.raises(Conflict, match="delivery-status"):
        STATES[A.AMENDING].require(move, STATES[A.AMENDING].turn or STATE, replace(DELIVERY, status=status))


@pytest.mark.parametrize("status", [DeliveryStatus.SUSPENDED, DeliveryStatus.COMPLETION_PROPOSED])
def test_no_version_is_proposed_while_the_delivery_rests(status: DeliveryStatus) -> None:
    for agreement in (STATES[A.PROPOSED], STATES[A.IN_FORCE], STATES[A.AMENDING]):
        with pytest.raises(Conflict, match="delivery-status"):
            agreement.require("propose", agreement.turn or STATE, replace(DELIVERY, status=status))


def test_only_the_first_agreement_is_negotiated_while_the_delivery_is_prepared() -> None:
    STATES[A.PROPOSED].require("propose", PROVIDER, OPENED)
    with pytest.raises(Conflict, match="delivery-status"):
        STATES[A.IN_FORCE].require("propose", STATE, OPENED)


def test_sides_take_turns() -> None:
    first = proposed(STATE)
    assert PROVIDER is first.turn
    with pytest.raises(Conflict, match="not-your-turn"):
        again(first, STATE)
    with pytest.raises(Conflict, match="not-your-turn"):
        signed(first, STATE)

    second = again(first, PROVIDER)

    assert (2, PROVIDER, STATE) == (second.version, second.proposed_by, second.turn)


def test_second_signature_brings_it_into_force() -> None:
    once = signed(proposed(STATE), PROVIDER)
    assert (A.PROPOSED, STATE, TODAY, None) == (once.status, once.turn, once.provider_signed_on, once.in_force)
    twice = signed(once, STATE)
    assert (A.IN_FORCE, None, 1, NOON) == (twice.status, twice.turn, twice.in_force, twice.in_force_since)


def test_another_version_takes_a_signature_back() -> None:
    once = signed(proposed(STATE), PROVIDER)
    answered = again(once, STATE)
    assert (2, None, PROVIDER) == (answered.version, answered.provider_signed_on, answered.turn)
    with pytest.raises(Conflict, match="agreement-version"):
        answered.sign(PROVIDER, 1, TODAY, None, DELIVERY, now=NOON)


def test_amendment_replaces_what_is_in_force_once_both_signed_it_or_is_dropped() -> None:
    amending = again(in_force(), PROVIDER)
    assert (A.AMENDING, 1, 2, STATE) == (amending.status, amending.in_force, amending.version, amending.turn)
    amended = signed(signed(amending, STATE), PROVIDER)
    assert (A.IN_FORCE, 2) == (amended.status, amended.in_force)

    for side in Side:
        dropped = evolve(amending, amending.drop_amendment(side, DELIVERY, now=NOON))
        assert (A.IN_FORCE, 1, None) == (dropped.status, dropped.in_force, dropped.turn)
        assert 3 == again(dropped, STATE).version


def test_signature_is_not_of_a_day_to_come() -> None:
    with pytest.raises(Invalid, match="day-to-come"):
        proposed().sign(PROVIDER, 1, TODAY + timedelta(days=1), None, DELIVERY, now=NOON)


def test_terms_lie_within_the_delivery() -> None:
    check_terms(TERMS, DELIVERY)
    for changes, slug in (
        ({"period": Period(starts=SPRING.starts - timedelta(days=1), ends=SPRING.ends)}, "outside-delivery"),
        ({"period": Period(starts=SPRING.ends, ends=SPRING.starts)}, "period-reversed"),
        ({"women": 26}, "more-women-than-participants"),
        ({"participants": None}, "more-women-than-participants"),
    ):
        with pytest.raises(Invalid, match=slug):
            check_terms(replace(TERMS, **changes), DELIVERY)


def test_first_version_is_of_an_open_delivery() -> None:
    begun = replace(DELIVERY, status=DeliveryStatus.IN_DELIVERY, delivery_id=uuid4())
    with pytest.raises(Conflict, match="delivery-status"):
        propose_first(begun, STATE, TERMS, Language.EN, "hash", now=NOON)
