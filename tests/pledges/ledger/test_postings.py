"""Entries of facts, to the cent."""

from fractions import Fraction
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.pledges import (
    AllocationMade,
    AllocationReturned,
    AllocationReversed,
    AllocationSpendingReversed,
    AllocationSpent,
    PledgeRefunded,
    Rate,
)
from contracts.registry import decode_fact
from contracts.values import Money
from services.documents.examples import example_event
from services.pledges.ledger.postings import Account, Book, entry_of
from services.pledges.money.model import read_rate, value
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.evolve import evolve
from services.pledges.pledge.model import Pledge, pledge
from services.pledges.pledge.schedule import single_instalment
from tests.builders import NOON
from tests.pledges.ledger.builders import DAYS, FUNDS, check_balances
from tests.soak import cases


def a_commitment(money: Money, rate: str) -> Pledge:
    worth = value(money, DAYS[0], [Rate(source="x", currency=money.currency, valid_from=DAYS[0], usd_per_unit=rate)])
    made = evolve(
        None,
        pledge(uuid4(), FUNDS[0], money, worth, Earmarking.EARMARKED, "h", donor="JPN", on=DAYS[0], now=NOON),
    )
    parts = single_instalment(made.minor, DAYS[0])
    return evolve(made, made.commit(worth, 1300, agreement=None, schedule=parts, on=DAYS[0], now=NOON))


@pytest.mark.thinned
@settings(deadline=None, max_examples=cases(60, soak=200))
@given(
    parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=25),
    agreed=st.integers(1, 10**8).map(lambda n: f"{n / 10**6:.6f}"),
    paid=st.integers(1, 10**8).map(lambda n: f"{n / 10**6:.6f}"),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_rounding_account_absorbs_instalment_remainders(
    parts: list[int], agreed: str, paid: str, currency: str
) -> None:
    one = a_commitment(Money(minor=sum(parts), currency=currency), agreed)
    read_rate(paid)
    table = [Rate(source="x", currency=currency, valid_from=DAYS[1].replace(day=1), usd_per_unit=paid)]
    rounding = receivable = 0
    receivable += one.committed_usd_minor or 0
    for part in parts:
        money = Money(minor=part, currency=currency)
        fact = one.receive(money, value(money, DAYS[1], table), on=DAYS[1], now=NOON)
        entry = entry_of(uuid4(), NOON, fact)
        assert entry is not None
        check_balances(entry)
        rounding += sum(p.usd_minor for p in entry.postings if p.account is Account.ROUNDING)
        receivable += sum(p.usd_minor for p in entry.postings if p.account is Account.RECEIVABLE)
        assert receivable >= 0
        one = evolve(one, fact)

    assert receivable == 0 == one.outstanding_minor
    assert abs(rounding) <= Fraction(len(parts) + 1, 2)


def test_three_thirds_of_a_yen_amount_round_to_one_cent() -> None:
    one = a_commitment(Money(minor=3, currency="JPY"), "0.0067")
    table = [Rate(source="x", currency="JPY", valid_from=DAYS[1].replace(day=1), usd_per_unit="0.0067")]
    rounding = []
    for _ in range(3):
        yen = Money(minor=1, currency="JPY")
        fact = one.receive(yen, value(yen, DAYS[1], table), on=DAYS[1], now=NOON)
        entry = entry_of(uuid4(), NOON, fact)
        assert entry is not None
        rounding.append(sum(p.usd_minor for p in entry.postings if p.account is Account.ROUNDING))
        one = evolve(one, fact)

    # Three yen are 2.01 cents, one yen 0.67: each is rounded to a cent, and the third has nothing left to relieve.
    assert [0, 0, -1] == rounding


def test_no_entry_moves_a_pledge_to_the_paid_book() -> None:
    one = a_commitment(Money(minor=100, currency="EUR"), "1.5")
    fact = pledge(
        uuid4(), FUNDS[0], one.money, one.valuation, Earmarking.EARMARKED, "h", donor="NOR", on=DAYS[0], now=NOON
    )
    entry = entry_of(uuid4(), NOON, fact)

    assert entry is not None
    assert {Book.PLEDGED} == {posting.book for posting in entry.postings}
    assert 0 == entry.available_usd_minor


def test_euros_become_dollars_through_the_exchange_position() -> None:
    one = a_commitment(Money(minor=10_000, currency="EUR"), "1.10")
    table = [Rate(source="x", currency="EUR", valid_from=DAYS[1].replace(day=1), usd_per_unit="1.13")]
    fact = one.receive(one.money, value(one.money, DAYS[1], table), on=DAYS[1], now=NOON)
    entry = entry_of(uuid4(), NOON, fact)

    assert entry is not None
    assert [
        (Account.RECEIVABLE, "EUR", -10_000, -11_000),
        (Account.DISCHARGED, "EUR", 10_000, 11_300),
        (Account.EXCHANGE_DIFFERENCE, "EUR", 0, -300),
        (Account.CASH, "EUR", 10_000, 11_300),
        (Account.EXCHANGE_POSITION, "EUR", -10_000, -11_300),
        (Account.EXCHANGE_POSITION, "USD", 11_300, 11_300),
        (Account.AVAILABLE, "USD", -10_000, -10_000),
        (Account.PROGRAMME_SUPPORT, "USD", -1_300, -1_300),
    ] == [(p.account, p.currency, p.minor, p.usd_minor) for p in entry.postings]


@pytest.mark.parametrize(
    ("kind", "changes", "entry_type", "source", "target"),
    [
        (AllocationMade, {}, "allocated", Account.AVAILABLE, Account.ALLOCATED),
        (AllocationReturned, {}, "returned", Account.ALLOCATED, Account.AVAILABLE),
        (AllocationReversed, {}, "reversed", Account.ALLOCATED, Account.AVAILABLE),
        (AllocationSpent, {"how": "expenditure"}, "spent", Account.ALLOCATED, Account.SPENT),
        (AllocationSpent, {"how": "disbursement"}, "disbursed", Account.ALLOCATED, Account.SPENT),
        (AllocationSpendingReversed, {"returned": False}, "reversed", Account.SPENT, Account.ALLOCATED),
        (AllocationSpendingReversed, {"returned": True}, "reversed", Account.SPENT, Account.AVAILABLE),
    ],
)
def test_allocations_move_dollars_between_available_allocated_and_spent(
    kind: type[Fact], changes: dict[str, Any], entry_type: str, source: Account, target: Account
) -> None:
    entry = entry_of(uuid4(), NOON, replace(decode_fact(example_event(kind)), usd_minor=500, **changes))

    assert entry is not None
    assert entry_type == entry.type
    # The accounts are counter-accounts of cash: a credit is money in them.
    assert [(source, "USD", 500, 500), (target, "USD", -500, -500)] == [
        (p.account, p.currency, p.minor, p.usd_minor) for p in sorted(entry.postings, key=lambda p: -p.minor)
    ]
    moved = {source: -500, target: 500}
    assert moved.get(Account.AVAILABLE, 0) == entry.available_usd_minor
    assert moved.get(Account.ALLOCATED, 0) == entry.set_aside_usd_minor


@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_only_a_refund_in_another_currency_passes_the_exchange_position(currency: str) -> None:
    refunded = decode_fact(example_event(PledgeRefunded))
    # A US dollar has its own value; the euros are valued at 1.13.
    money = Money(minor=1_130 if currency == "USD" else 1_000, currency=currency)
    valuation = replace(refunded.valuation, usd_minor=1_130)
    fact = replace(refunded, money=money, valuation=valuation, support_cost_usd_minor=130)

    entry = entry_of(uuid4(), NOON, fact)

    assert entry is not None
    exchanged = [(Account.EXCHANGE_POSITION, "USD", -1_130, -1_130), (Account.EXCHANGE_POSITION, "EUR", 1_000, 1_130)]
    assert [
        (Account.AVAILABLE, "USD", 1_000, 1_000),
        (Account.PROGRAMME_SUPPORT, "USD", 130, 130),
        *([] if currency == "USD" else exchanged),
        (Account.REFUNDED, currency, -money.minor, -1_130),
    ] == [(p.account, p.currency, p.minor, p.usd_minor) for p in entry.postings]
