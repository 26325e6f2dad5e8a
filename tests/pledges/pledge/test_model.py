"""Every status and transition of a pledge, and likewise of requirements and allocations."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from contracts.funds import YearlyRequirement
from contracts.pledges import Instalment
from contracts.refusals import Conflict, Invalid, Mismatch, Refusal
from contracts.values import Money, Role
from services.pledges import policy
from services.pledges.allocations import model as allocations
from services.pledges.pledge import exits, reversals
from services.pledges.pledge.evolve import evolve
from services.pledges.pledge.model import MOVES, Pledge, Status
from services.pledges.pledge.schedule import scheduled
from services.pledges.policy import Action
from tests.builders import NOON, a_caller
from tests.pledges.pledge.builders import (
    APRIL,
    FEBRUARY,
    MARCH,
    a_pledge,
    a_requirement,
    agreed,
    allocate,
    dollars,
    par,
    receipt,
    refund,
)

GIVEN_UP = ("committed_usd_minor", "relieved_usd_minor", "written_off_minor")


def attempt(one: Pledge, move: str) -> Pledge:
    match move:
        case "commit":
            return agreed(one, 1300)
        case "meet_condition":
            waiting = replace(
                one, recognized_minor=one.recognized_minor - 1, schedule=scheduled([conditional(one.minor)])
            )
            return evolve(waiting, waiting.meet_condition(1, on=APRIL, now=NOON))
        case "receive":
            return evolve(one, one.receive(dollars(1), par(1), on=APRIL, now=NOON))
        case "withdraw":
            return evolve(one, one.withdraw(on=APRIL, now=NOON))
        case "lapse":
            return evolve(one, exits.lapse(one, on=APRIL, now=NOON))
        case "reduce":
            return evolve(one, exits.reduce(one, dollars(1), "donor_asked", on=APRIL, now=NOON))
        case "write_off":
            return evolve(one, exits.write_off(one, uuid4(), "not_expected", on=APRIL, now=NOON))
        case "refund":
            return evolve(one, refund(one, 1))
        case "carry_over":
            return evolve(one, exits.carry_over(one, "SHERLOC-DEV", 1, on=APRIL, now=NOON)[0])
        case "close":
            return evolve(one, exits.close(one, now=NOON))
        case "reverse_receipt":
            return evolve(one, exits.reverse_receipt(one, uuid4(), receipt(one, 1), uuid4(), on=APRIL, now=NOON))
        case "reverse_refund":
            given = evolve(one, refund(one, 1)) if one.status in MOVES["refund"] else one
            wrong = refund(replace(a_pledge(WHOLE), pledge_id=one.pledge_id), max(1, given.refunded_minor))
            back = reversals.reverse_refund(given, uuid4(), wrong, uuid4(), on=APRIL, now=NOON)
            return evolve(replace(given, revision=one.revision), back)
        case "reverse_reduction":
            before = replace(a_pledge(Status.PLEDGED if one.committed_on is None else Status.COMMITTED, minor=2))
            wrong = exits.reduce(
                replace(before, pledge_id=one.pledge_id), dollars(1), "donor_asked", on=APRIL, now=NOON
            )
            as_it_was = replace(one, schedule=tuple(replace(part, minor=part.minor + 1) for part in one.schedule))
            back = reversals.reverse_reduction(one, uuid4(), wrong, as_it_was, uuid4(), on=APRIL, now=NOON)
            return evolve(one, back)
        case "reverse_condition":
            parts = scheduled([Instalment(due_on=APRIL, minor=one.minor - 1), conditional(1)])
            rate = {"committed_rate": "1", "committed_rate_source": "par", "committed_rate_date": MARCH}
            met = replace(one, schedule=parts, committed_on=MARCH, **rate)
            before = replace(met, status=Status.COMMITTED, recognized_minor=one.minor - 1)
            wrong = before.meet_condition(2, on=APRIL, now=NOON)
            return evolve(met, reversals.reverse_condition(met, uuid4(), wrong, uuid4(), on=APRIL, now=NOON))
        case "reverse_carry_over":
            given = replace(one, carried_over_usd_minor=1)
            out = exits.carry_over(
                replace(a_pledge(WHOLE), pledge_id=one.pledge_id), "SHERLOC-DEV", 1, on=APRIL, now=NOON
            )
            both = reversals.reverse_carry_over(given, uuid4(), out[0], uuid4(), uuid4(), on=APRIL, now=NOON)
            assert evolve(evolve(given, both[0]), both[1]).carried_over_usd_minor == 0
            return evolve(given, both[0])
        case "reverse_write_off":
            one_more = {name: (getattr(one, name) or 0) + 1 for name in ("minor", "recognized_minor", *GIVEN_UP)}
            given = replace(one, **one_more)
            owing = replace(a_pledge(Status.COMMITTED, minor=1), pledge_id=one.pledge_id)
            wrong = exits.write_off(owing, uuid4(), "not_expected", on=APRIL, now=NOON)
            return evolve(given, reversals.reverse_write_off(given, uuid4(), wrong, given, uuid4(), on=APRIL, now=NOON))
    raise AssertionError(move)


def conditional(minor: int) -> Instalment:
    return Instalment(due_on=APRIL, minor=minor, condition="report_accepted")


PART, WHOLE = Status.PARTIALLY_RECEIVED, Status.RECEIVED
TABLE = {
    ("commit", Status.PLEDGED): Status.COMMITTED,
    ("meet_condition", Status.COMMITTED): Status.COMMITTED,
    ("meet_condition", PART): PART,
    ("receive", Status.COMMITTED): PART,
    ("receive", PART): PART,
    ("withdraw", Status.PLEDGED): Status.WITHDRAWN,
    ("lapse", Status.PLEDGED): Status.LAPSED,
    ("reduce", Status.PLEDGED): Status.PLEDGED,
    ("reduce", Status.COMMITTED): Status.COMMITTED,
    ("reduce", PART): PART,
    ("write_off", Status.COMMITTED): Status.WRITTEN_OFF,
    ("write_off", PART): WHOLE,
    ("refund", PART): PART,
    ("refund", WHOLE): WHOLE,
    ("carry_over", PART): PART,
    ("carry_over", WHOLE): WHOLE,
    ("close", WHOLE): Status.CLOSED,
    ("close", Status.WRITTEN_OFF): Status.CLOSED,
    ("close", Status.REFUNDED): Status.CLOSED,
    ("reverse_receipt", PART): PART,
    ("reverse_receipt", WHOLE): PART,
    ("reverse_reduction", Status.PLEDGED): Status.PLEDGED,
    ("reverse_reduction", Status.COMMITTED): Status.COMMITTED,
    ("reverse_reduction", PART): PART,
    ("reverse_reduction", WHOLE): PART,
    ("reverse_reduction", Status.WRITTEN_OFF): Status.COMMITTED,
    ("reverse_reduction", Status.REFUNDED): PART,
    ("reverse_condition", Status.COMMITTED): Status.COMMITTED,
    ("reverse_condition", PART): PART,
    ("reverse_carry_over", PART): PART,
    ("reverse_carry_over", WHOLE): WHOLE,
    ("reverse_carry_over", Status.REFUNDED): Status.REFUNDED,
    ("reverse_write_off", Status.COMMITTED): Status.COMMITTED,
    ("reverse_write_off", PART): PART,
    ("reverse_write_off", WHOLE): PART,
    ("reverse_write_off", Status.WRITTEN_OFF): Status.COMMITTED,
    ("reverse_write_off", Status.REFUNDED): PART,
    ("reverse_refund", PART): PART,
    ("reverse_refund", WHOLE): WHOLE,
    ("reverse_refund", Status.REFUNDED): WHOLE,
    ("reverse_receipt", Status.CLOSED): PART,
    ("reverse_reduction", Status.CLOSED): PART,
    ("reverse_carry_over", Status.CLOSED): WHOLE,
    ("reverse_write_off", Status.CLOSED): PART,
    ("reverse_refund", Status.CLOSED): WHOLE,
}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("move", list(MOVES))
def test_every_transition_by_status(move: str, status: Status) -> None:
    one = a_pledge(status)
    expected = TABLE.get((move, status))

    if expected is None:
        with pytest.raises(Conflict) as no:
            attempt(one, move)
        assert "pledge-status" == no.value.slug
    else:
        moved = attempt(one, move)
        assert (expected, one.revision + 1) == (moved.status, moved.revision)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("organization", ["NOR", "UNODC"])
@pytest.mark.parametrize("move", list(MOVES))
def test_only_donor_withdraws_and_only_unodc_moves_money(move: str, organization: str, role: Role) -> None:
    caller = a_caller(f"{organization}:{role}")
    may = (move == "withdraw" and role is Role.DONOR_OFFICER and organization == "NOR") or (
        move != "withdraw" and role is Role.FINANCE_OFFICER and organization == "UNODC"
    )

    if move.startswith("reverse_"):
        assert may == policy.decide(caller, Action.PROPOSE_REVERSAL).allowed
    else:
        action = Action(f"propose_{move}" if move in {"write_off", "refund"} else move)
        assert may == policy.decide(caller, action, a_pledge()).allowed


@pytest.mark.parametrize("status", list(Status))
def test_rewording_changes_no_status(status: Status) -> None:
    one = a_pledge(status)

    assert replace(one, revision=one.revision + 1, texts_hash="other") == evolve(one, one.reword("other", now=NOON))


def test_last_instalment_sets_status_received() -> None:
    one = a_pledge(Status.PARTIALLY_RECEIVED, minor=100)

    assert dollars(75) == Money(minor=one.outstanding_minor, currency=one.currency)
    done = evolve(one, one.receive(dollars(75), par(75), on=APRIL, now=NOON))
    assert (Status.RECEIVED, 0, 2, 100) == (
        done.status,
        done.outstanding_minor,
        done.receipts,
        done.received_usd_minor,
    )


def test_receipt_beyond_agreement_is_rejected() -> None:
    one = a_pledge(Status.PARTIALLY_RECEIVED, minor=100)

    with pytest.raises(Conflict) as no:
        one.receive(dollars(76), par(76), on=APRIL, now=NOON)

    assert ("pledge-exceeded", 75) == (no.value.slug, no.value.details["owed_minor"])


@pytest.mark.parametrize(
    ("decide", "slug"),
    [
        (lambda p: p.receive(dollars(0), par(0), on=APRIL, now=NOON), "amount-zero"),
        (lambda p: p.receive(Money(minor=1, currency="EUR"), par(1), on=APRIL, now=NOON), "currency-differs"),
        (lambda p: p.receive(dollars(1), par(1), on=FEBRUARY, now=NOON), "dates-reversed"),
    ],
)
def test_invalid_receipt_is_rejected(decide: Any, slug: str) -> None:
    with pytest.raises(Refusal) as no:
        decide(a_pledge(Status.COMMITTED))

    assert slug == no.value.slug


def test_transition_before_pledge_date_is_rejected() -> None:
    one = a_pledge()

    for decide in (
        lambda: agreed(one, on=date(2026, 1, 1)),
        lambda: one.withdraw(on=date(2026, 1, 1), now=NOON),
    ):
        with pytest.raises(Invalid) as no:
            decide()
        assert "dates-reversed" == no.value.slug


def test_pledge_of_zero_is_rejected() -> None:
    with pytest.raises(Invalid) as no:
        a_pledge(minor=0)

    assert "amount-zero" == no.value.slug


def test_programme_support_cost_is_as_agreed() -> None:
    with_cost = a_pledge(Status.COMMITTED, minor=11_300, basis_points=1300)
    without = a_pledge(Status.COMMITTED, minor=11_300)

    assert 1300 == with_cost.receive(dollars(11_300), par(11_300), on=APRIL, now=NOON).support_cost_usd_minor
    assert 0 == without.receive(dollars(11_300), par(11_300), on=APRIL, now=NOON).support_cost_usd_minor


# -- requirements and allocations -------------------------------------------------------------------------------------


def test_allocation_to_requirement_has_remaining_gap() -> None:
    requirement = a_requirement(1000, covered=300)
    made = allocate(200, requirement)

    assert (requirement.requirement_id, requirement.line_id, "KEN", 500) == (
        made.requirement_id,
        made.line_id,
        made.state,
        made.gap_usd_minor,
    )


@pytest.mark.parametrize(
    ("usd_minor", "purpose", "options", "slug"),
    [
        (0, "maintenance", {}, "amount-zero"),
        (1001, "maintenance", {}, "balance-exceeded"),
        (1, "maintenance", {"available": 0}, "balance-exceeded"),
        (701, a_requirement(1000, covered=300), {}, "requirement-exceeded"),
        (1, a_requirement(1000, cancelled=True), {}, "requirement-cancelled"),
        (1, "holidays", {}, "unknown-code"),
        (1, "maintenance", {"fund": "TA-REQUESTS"}, "work-package-of-sherloc"),
    ],
)
def test_invalid_allocation_is_rejected(usd_minor: int, purpose: Any, options: dict[str, Any], slug: str) -> None:
    with pytest.raises(Refusal) as no:
        allocate(usd_minor, purpose, **options)

    assert slug == no.value.slug


def test_whole_balance_can_be_allocated() -> None:
    assert 1000 == allocate(1000, "maintenance").usd_minor
    assert 0 == allocate(700, a_requirement(1000, covered=300)).gap_usd_minor


@pytest.mark.parametrize("purpose", ["maintenance", None])
def test_allocation_is_returned_once_without_spent_money(purpose: str | None) -> None:
    made = allocations.allocated(allocate(200, purpose or a_requirement()))
    assert made.give_back((), on=APRIL, now=NOON).usd_minor == 200
    assert replace(made, spent_usd_minor=150).give_back((), on=APRIL, now=NOON).usd_minor == 50

    for other, slug in (
        (replace(made, status=allocations.AllocationStatus.RETURNED), "allocation-returned"),
        (replace(made, spent_usd_minor=200), "allocation-exceeded"),
    ):
        with pytest.raises(Conflict) as no:
            other.give_back((), on=APRIL, now=NOON)
        assert slug == no.value.slug


def test_cancelled_requirement_has_no_gap() -> None:
    assert a_requirement().cancel(now=NOON).state == "KEN"
    cancelled = a_requirement(cancelled=True)
    assert 0 == cancelled.gap_usd_minor
    with pytest.raises(Conflict):
        cancelled.cancel(now=NOON)


def test_ids_of_requirement_and_fund_are_deterministic() -> None:
    match_id = UUID(int=1)

    assert allocations.requirement_id_of(match_id) == allocations.requirement_id_of(match_id)
    assert allocations.fund_id_of("SHERLOC-MNT") != allocations.fund_id_of("SHERLOC-DEV")


def test_repeated_year_of_requirement_is_rejected() -> None:
    twice = (YearlyRequirement(year=2027, usd_minor=1), YearlyRequirement(year=2027, usd_minor=2))
    with pytest.raises(Invalid) as no:
        allocations.open_fund("SHERLOC-MNT", twice, "hash", now=NOON)

    assert "year-repeated" == no.value.slug


def test_receipt_in_other_currency_is_a_mismatch() -> None:
    with pytest.raises(Mismatch):
        a_pledge(Status.COMMITTED).receive(Money(minor=1, currency="EUR"), par(1), on=APRIL, now=NOON)
