"""Agreements: instalments, conditions, bank charges, and each way to reduce or end them."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from contracts.pledges import Instalment, Valuation
from contracts.refusals import Conflict, Invalid, Mismatch, Refusal
from contracts.values import Money
from services.pledges.allocations import model as allocations
from services.pledges.ledger.postings import Account, entry_of
from services.pledges.pledge import exits
from services.pledges.pledge.evolve import evolve
from services.pledges.pledge.model import Status
from services.pledges.pledge.schedule import due, scheduled
from tests.builders import NOON
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


def parts(*minors: int, condition: str | None = None) -> tuple[Instalment, ...]:
    return tuple(
        Instalment(due_on=date(2026, 5 + number, 1), minor=minor, condition=condition)
        for number, minor in enumerate(minors)
    )


def test_conditional_instalment_is_recognized_when_condition_is_met() -> None:
    schedule = (*parts(60), *parts(40, condition="report_accepted"))
    one = agreed(a_pledge(minor=100), schedule=schedule)
    assert (60, 40, 60) == (one.outstanding_minor, one.conditional_minor, one.committed_usd_minor)
    with pytest.raises(Conflict):
        one.receive(dollars(61), par(61), on=APRIL, now=NOON)

    paid = evolve(one, one.receive(dollars(60), par(60), on=APRIL, now=NOON))
    assert (Status.PARTIALLY_RECEIVED, 0) == (paid.status, paid.outstanding_minor)
    met = evolve(paid, paid.meet_condition(2, on=APRIL, now=NOON))
    assert (40, 0, 100) == (met.outstanding_minor, met.conditional_minor, met.committed_usd_minor)
    with pytest.raises(Conflict) as no:
        met.meet_condition(2, on=APRIL, now=NOON)
    assert "condition-not-open" == no.value.slug


def test_instalments_add_up_and_are_due_after_signature() -> None:
    with pytest.raises(Mismatch) as no:
        agreed(a_pledge(minor=100), schedule=parts(60, 30))
    assert ("schedule-is-not-the-whole", 100) == (no.value.slug, no.value.details["expected_minor"])
    with pytest.raises(Invalid):
        agreed(a_pledge(minor=100), schedule=(Instalment(due_on=MARCH, minor=100),))


def test_reduction_takes_conditional_then_last_instalments() -> None:
    schedule = (*parts(50, 30), *parts(20, condition="report_accepted"))
    one = agreed(a_pledge(minor=100), schedule=schedule)
    less = evolve(one, exits.reduce(one, dollars(45), "donor_budget", on=APRIL, now=NOON))

    assert [50, 5, 0] == [part.minor for part in less.schedule]
    assert (55, 55, 0, 55) == (less.minor, less.outstanding_minor, less.conditional_minor, less.committed_usd_minor)


def test_receipts_count_against_earliest_owed_instalment() -> None:
    schedule = scheduled((*parts(50, 30), *parts(20, condition="report_accepted")))

    assert [(1, 10), (2, 30)] == [(one.instalment.number, one.open_minor) for one in due(schedule, 40)]
    assert [(2, 5)] == [(one.instalment.number, one.open_minor) for one in due(schedule, 75)]
    assert () == due(schedule, 80)


def test_cash_in_other_currency_settles_stated_amount_less_charges() -> None:
    one = agreed(a_pledge(minor=10_000))
    cash = Money(minor=9_200, currency="EUR")
    worth = Valuation(usd_minor=10_120, rate="1.10", rate_source="x", rate_date=APRIL)
    charges = Money(minor=50, currency="EUR")
    fact = one.receive(dollars(10_000), worth, cash=cash, charges=charges, charges_usd_minor=55, on=APRIL, now=NOON)
    done = evolve(one, fact)
    entry = entry_of(uuid4(), NOON, fact)

    assert entry is not None
    assert (Status.RECEIVED, 10_120 - 55) == (done.status, entry.available_usd_minor)
    assert (Account.CASH, "EUR", 9_200, 10_120) in [
        (p.account, p.currency, p.minor, p.usd_minor) for p in entry.postings
    ]
    with pytest.raises(Invalid) as no:
        one.receive(dollars(1), worth, cash=cash, charges=cash, charges_usd_minor=1, on=APRIL, now=NOON)
    assert "charges-exceed-cash" == no.value.slug


@pytest.mark.parametrize(
    ("decide", "slug"),
    [
        (lambda p: exits.reduce(p, dollars(76), "donor_asked", on=APRIL, now=NOON), "reduction-exceeds"),
        (lambda p: exits.reduce(p, dollars(0), "donor_asked", on=APRIL, now=NOON), "amount-zero"),
        (lambda p: exits.reduce(p, dollars(1), "donor_asked", on=FEBRUARY, now=NOON), "dates-reversed"),
        (lambda p: refund(p, 26), "refund-exceeds"),
        (lambda p: exits.carry_over(p, "SHERLOC-DEV", 26, on=APRIL, now=NOON), "carry-over-exceeds"),
        (lambda p: exits.carry_over(p, p.fund, 1, on=APRIL, now=NOON), "same-fund"),
        (lambda p: p.meet_condition(1, on=APRIL, now=NOON), "condition-not-open"),
        (lambda p: p.meet_condition(2, on=APRIL, now=NOON), "not-found"),
    ],
)
def test_invalid_transitions_of_partially_paid_pledge_are_rejected(decide: Any, slug: str) -> None:
    with pytest.raises(Refusal) as no:
        decide(a_pledge(Status.PARTIALLY_RECEIVED, minor=100))

    assert slug == no.value.slug


def test_open_pledge_cannot_be_reduced_to_zero() -> None:
    with pytest.raises(Conflict) as no:
        exits.reduce(a_pledge(minor=100), dollars(100), "donor_asked", on=APRIL, now=NOON)

    assert ("reduction-exceeds", 99) == (no.value.slug, no.value.details["reducible_minor"])


def test_spending_is_limited_and_only_unspent_money_is_returned() -> None:
    one = allocations.allocated(allocate(200, a_requirement()))
    with pytest.raises(Conflict) as no:
        one.spend(201, allocations.Spending.EXPENDITURE, on=APRIL, now=NOON)
    assert ("allocation-exceeded", 200) == (no.value.slug, no.value.details["unspent_usd_minor"])

    spent = replace(one, spent_usd_minor=120)
    assert 80 == spent.give_back((), on=APRIL, now=NOON).usd_minor
    with pytest.raises(Conflict) as no:
        spent.reverse(uuid4(), uuid4(), on=APRIL, now=NOON)
    assert "allocation-spent" == no.value.slug


def test_carried_over_money_cannot_be_carried_over_or_refunded() -> None:
    one = a_pledge(Status.RECEIVED, minor=11_300, basis_points=1300)
    out, into = exits.carry_over(one, "SHERLOC-DEV", 10_000, on=APRIL, now=NOON)
    moved = evolve(evolve(one, out), into)

    for decide, slug in (
        (lambda: exits.carry_over(moved, "SHERLOC-DEV", 1, on=APRIL, now=NOON), "carry-over-exceeds"),
        (lambda: refund(moved, 1_301), "refund-exceeds"),
        (
            lambda: exits.reverse_receipt(moved, uuid4(), receipt(moved, 11_300), uuid4(), on=APRIL, now=NOON),
            "receipt-used",
        ),
    ):
        with pytest.raises(Conflict) as no:
            decide()
        assert slug == no.value.slug


def test_refund_returns_programme_support_cost() -> None:
    one = a_pledge(Status.RECEIVED, minor=11_300, basis_points=1300)
    fact = exits.refund(one, dollars(11_300), par(11_300), uuid4(), "not_used", on=APRIL, now=NOON)
    entry = entry_of(uuid4(), NOON, fact)

    assert entry is not None
    assert (1_300, -10_000) == (fact.support_cost_usd_minor, entry.available_usd_minor)
    assert Status.REFUNDED is evolve(one, fact).status
    # The currency fell to half: the whole payment can be refunded, and no more than that.
    cheap = Valuation(usd_minor=5_650, rate="0.5", rate_source="x", rate_date=APRIL)
    back = evolve(one, exits.refund(one, dollars(11_300), cheap, uuid4(), "not_used", on=APRIL, now=NOON))
    assert (Status.REFUNDED, 11_300) == (back.status, back.refunded_minor)


def test_implausible_settlement_is_rejected() -> None:
    one = agreed(a_pledge(minor=10_000))
    for worth in (4_999, 20_001):
        valuation = Valuation(usd_minor=worth, rate="1.10", rate_source="x", rate_date=APRIL)
        with pytest.raises(Mismatch) as no:
            one.receive(dollars(10_000), valuation, cash=Money(minor=1, currency="EUR"), on=APRIL, now=NOON)
        assert "settles-implausible" == no.value.slug
