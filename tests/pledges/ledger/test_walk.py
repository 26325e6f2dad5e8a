"""A state machine over the model, compared with independent counts.

It makes all transitions of pledges and allocations, in any order.
"""

from datetime import date
from fractions import Fraction
from uuid import uuid4

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from contracts.facts import Fact
from contracts.pledges import Instalment, PledgeReceived, RequirementOpened, Valuation
from contracts.refusals import Conflict
from contracts.values import Money
from services.pledges.allocations import model as allocations
from services.pledges.allocations.model import Allocation, AllocationStatus, Spending
from services.pledges.ledger.postings import Account
from services.pledges.money.model import value
from services.pledges.pledge import exits, reversals
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.model import MOVES, Pledge, pledge
from services.pledges.pledge.schedule import single_instalment
from tests.builders import NOON
from tests.pledges.ledger.books import Books
from tests.pledges.ledger.builders import DAYS, FUNDS, RATES
from tests.soak import cases

MONEY = st.builds(Money, minor=st.integers(1, 10**9), currency=st.sampled_from(["USD", "EUR", "JPY", "KWD"]))
FUND = st.sampled_from(FUNDS)


class Ledger(Books):
    def fit(self, move: str) -> list[Pledge]:
        return [pledge for pledge in self.pledges.values() if pledge.status in MOVES[move]]

    def draw(self, data: st.DataObject, move: str) -> Pledge:
        """Draw a pledge that allows the transition."""
        return data.draw(st.sampled_from(self.fit(move)))

    @initialize(money=st.lists(MONEY, min_size=2, max_size=4), fund=FUND)
    def begin(self, money: list[Money], fund: str) -> None:
        """Begin with agreements that are half paid, which walks from nothing rarely reach."""
        for one in money:
            self.pledge(fund, one, 0)
        for made in list(self.pledges.values()):
            self.agree(made, later=0, points=1300, waiting=0)
        for agreed in list(self.pledges.values()):
            half = Money(minor=max(1, agreed.minor // 2), currency=agreed.currency)
            self.take_in(agreed, half, on=DAYS[1], cash=None, kept=None)

    # -- pledges ---------------------------------------------------------------------------------------------------

    @rule(fund=FUND, money=MONEY, day=st.integers(0, 3))
    def pledge(self, fund: str, money: Money, day: int) -> None:
        worth = value(money, DAYS[day], RATES)
        fact = pledge(uuid4(), fund, money, worth, Earmarking.EARMARKED, "hash", donor="NOR", on=DAYS[day], now=NOON)
        self.expected[fund]["pledged"] += worth.usd_minor
        self.originals[Account.PLEDGED, money.currency] += money.minor
        self.follow(None, fact)

    @precondition(lambda self: self.fit("commit"))
    @rule(
        data=st.data(),
        later=st.integers(0, 3),
        points=st.sampled_from([0, 700, 1300]),
        waits=st.fractions(0, 1, max_denominator=4),
    )
    def commit(self, data: st.DataObject, later: int, points: int, waits: Fraction) -> None:
        """Sign an agreement in two instalments, of which the second is due a year later and conditional."""
        one = self.draw(data, "commit")
        self.agree(one, later=later, points=points, waiting=min(one.minor - 1, int(one.minor * waits)))

    def agree(self, one: Pledge, *, later: int, points: int, waiting: int) -> None:
        on = max(one.pledged_on, DAYS[later])
        parts = single_instalment(one.minor - waiting, on)
        if waiting:
            next_year = DAYS[3].replace(year=DAYS[3].year + 1)
            parts += (Instalment(due_on=next_year, minor=waiting, condition="report_accepted"),)
        worth = value(Money(minor=one.minor - waiting, currency=one.currency), on, RATES)
        self.expected[one.fund]["committed"] += worth.usd_minor
        self.expected[one.fund]["pledged"] -= one.open_usd_minor
        self.originals[Account.PLEDGED, one.currency] -= one.minor
        self.originals[Account.COMMITTED, one.currency] -= one.minor - waiting
        self.follow(one, one.commit(worth, points, agreement=None, schedule=parts, on=on, now=NOON))

    @precondition(lambda self: self.fit("meet_condition"))
    @rule(data=st.data())
    def meet_condition(self, data: st.DataObject) -> None:
        one = self.draw(data, "meet_condition")
        if not one.conditional_minor:
            return
        fact = one.meet_condition(2, on=DAYS[3], now=NOON)
        self.follow_and_keep(
            one,
            [fact],
            lambda p, e: [reversals.reverse_condition(p, e[0], fact, uuid4(), on=DAYS[3], now=NOON)],
            {(one.fund, "committed"): fact.usd_minor},
            {Account.COMMITTED: -fact.money.minor},
        )

    @precondition(lambda self: self.fit("withdraw"))
    @rule(data=st.data(), lapses=st.booleans())
    def give_up(self, data: st.DataObject, lapses: bool) -> None:
        one = self.draw(data, "withdraw")
        self.expected[one.fund]["pledged"] -= one.open_usd_minor
        self.originals[Account.PLEDGED, one.currency] -= one.minor
        on = one.pledged_on
        self.follow(one, exits.lapse(one, on=on, now=NOON) if lapses else one.withdraw(on=on, now=NOON))

    @precondition(lambda self: self.fit("reduce"))
    @rule(data=st.data(), share=st.fractions(0, 1, max_denominator=20))
    def reduce(self, data: st.DataObject, share: Fraction) -> None:
        one = self.draw(data, "reduce")
        room = min(one.minor - 1, one.minor - one.received_minor - one.written_off_minor)
        money = Money(minor=int(room * share), currency=one.currency)
        if not money.minor:
            return
        fact = exits.reduce(one, money, "donor_asked", on=DAYS[3], now=NOON)
        minor = fact.recognized_minor
        self.follow_and_keep(
            one,
            [fact],
            lambda p, e: [reversals.reverse_reduction(p, e[0], fact, one, uuid4(), on=DAYS[3], now=NOON)],
            {(one.fund, "pledged"): -fact.pledged_usd_minor, (one.fund, "committed"): -fact.committed_usd_minor},
            {Account.PLEDGED: -money.minor} if minor is None else {Account.COMMITTED: minor},
        )

    @precondition(lambda self: self.fit("receive"))
    @rule(
        data=st.data(),
        share=st.fractions(0, 1, max_denominator=20),
        later=st.integers(0, 3),
        in_yen=st.booleans(),
        charged=st.booleans(),
    )
    def receive(self, data: st.DataObject, share: Fraction, later: int, in_yen: bool, charged: bool) -> None:
        """Receive cash in the agreement's currency, or in yen of about the same worth; the bank keeps one percent."""
        one = self.draw(data, "receive")
        if not one.outstanding_minor:
            return
        on = max(one.committed_on or DAYS[0], DAYS[later])
        money = Money(minor=max(1, int(one.outstanding_minor * share)), currency=one.currency)
        yen = Money(minor=max(1, value(money, on, RATES).usd_minor), currency="JPY")
        cash = yen if in_yen and one.currency != "JPY" else None
        came = cash or money
        kept = Money(minor=came.minor // 100, currency=came.currency) if charged and came.minor > 1000 else None
        self.take_in(one, money, on=on, cash=cash, kept=kept)

    def take_in(self, one: Pledge, money: Money, *, on: date, cash: Money | None, kept: Money | None) -> None:
        worth = value(cash or money, on, RATES)
        fact = one.receive(
            money,
            worth,
            cash=cash,
            charges=kept,
            charges_usd_minor=value(kept, on, RATES).usd_minor if kept else 0,
            on=on,
            now=NOON,
        )
        self.count_receipt(fact, 1)
        self.follow(one, fact)
        self.receipts.append((self.entries[-1].entry_id, fact))

    def count_receipt(self, fact: PledgeReceived, sign: int) -> None:
        count, came = self.expected[fact.fund], fact.cash or fact.money
        count["paid"] += sign * fact.valuation.usd_minor
        count["support"] += sign * fact.support_cost_usd_minor
        count["charges"] += sign * fact.charges_usd_minor
        self.originals[Account.CASH, came.currency] += sign * came.minor

    @precondition(lambda self: self.fit("reverse_receipt"))
    @rule(data=st.data())
    def reverse_receipt(self, data: st.DataObject) -> None:
        fit = [
            (entry_id, receipt)
            for entry_id, receipt in self.receipts
            if (one := self.pledges[receipt.pledge_id]).status in MOVES["reverse_receipt"]
            and one.received_usd_minor - receipt.valuation.usd_minor >= one.refunded_usd_minor
            and self.available(receipt.fund)
            >= receipt.valuation.usd_minor - receipt.support_cost_usd_minor - receipt.charges_usd_minor
        ]
        if not fit:
            return
        entry_id, receipt = data.draw(st.sampled_from(fit))
        one = self.pledges[receipt.pledge_id]
        try:
            fact = exits.reverse_receipt(one, entry_id, receipt, uuid4(), on=DAYS[3], now=NOON)
        except Conflict:
            return
        self.receipts.remove((entry_id, receipt))
        self.count_receipt(receipt, -1)
        self.follow(one, fact)

    @precondition(lambda self: self.fit("write_off"))
    @rule(data=st.data())
    def write_off(self, data: st.DataObject) -> None:
        one = self.draw(data, "write_off")
        if not one.outstanding_minor:
            return
        fact = exits.write_off(one, uuid4(), "not_expected", on=DAYS[3], now=NOON)
        self.follow_and_keep(
            one,
            [fact],
            lambda p, e: [reversals.reverse_write_off(p, e[0], fact, one, uuid4(), on=DAYS[3], now=NOON)],
            {(one.fund, "written_off"): fact.usd_minor},
        )

    @precondition(lambda self: self.fit("refund"))
    @rule(data=st.data(), share=st.fractions(0, 1, max_denominator=10))
    def refund(self, data: st.DataObject, share: Fraction) -> None:
        one = self.draw(data, "refund")
        left = min(self.available(one.fund), one.received_usd_minor - one.refunded_usd_minor)
        money = Money(minor=int(one.received_minor * share), currency=one.currency)
        worth = value(money, DAYS[3], RATES)
        if not money.minor or worth.usd_minor > left:
            return
        try:
            fact = exits.refund(one, money, worth, uuid4(), "not_used", on=DAYS[3], now=NOON)
        except Conflict:
            return
        self.follow_and_keep(
            one,
            [fact],
            lambda p, e: [reversals.reverse_refund(p, e[0], fact, uuid4(), on=DAYS[3], now=NOON)],
            {(one.fund, "refunded"): worth.usd_minor, (one.fund, "support"): -fact.support_cost_usd_minor},
        )

    @precondition(lambda self: self.fit("carry_over"))
    @rule(data=st.data(), to=FUND, share=st.fractions(0, 1, max_denominator=10))
    def carry_over(self, data: st.DataObject, to: str, share: Fraction) -> None:
        one = self.draw(data, "carry_over")
        if to == one.fund:
            return
        left = min(self.available(one.fund), one.received_usd_minor - one.refunded_usd_minor)
        usd_minor = int(left * share)
        if usd_minor <= 0:
            return
        try:
            out, into = exits.carry_over(one, to, usd_minor, on=DAYS[3], now=NOON)
        except Conflict:
            return
        self.follow_and_keep(
            one,
            [out, into],
            lambda p, e: reversals.reverse_carry_over(p, e[0], out, e[1], uuid4(), on=DAYS[3], now=NOON),
            {(one.fund, "transferred"): usd_minor, (to, "transferred"): -usd_minor},
        )

    @precondition(lambda self: self.fit("close"))
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        one = self.draw(data, "close")
        self.follow(one, exits.close(one, now=NOON))

    # -- allocations -----------------------------------------------------------------------------------------------

    @rule(usd_minor=st.integers(1, 10**6))
    def require(self, usd_minor: int) -> None:
        match_id = uuid4()
        one = allocations.opened(
            RequirementOpened(
                requirement_id=allocations.requirement_id_of(match_id),
                match_id=match_id,
                request_id=uuid4(),
                line_id=uuid4(),
                state="KEN",
                provider="NOR",
                money=Money(minor=usd_minor, currency="USD"),
                valuation=Valuation(usd_minor=usd_minor, rate="1", rate_source="par", rate_date=DAYS[0]),
                effective_on=DAYS[0],
                opened_at=NOON,
            )
        )
        self.requirements[one.requirement_id] = one

    @precondition(lambda self: self.requirements)
    @rule(data=st.data(), fund=FUND, share=st.fractions(0, 1, max_denominator=10))
    def allocate(self, data: st.DataObject, fund: str, share: Fraction) -> None:
        if not self.requirements:
            return
        one = data.draw(st.sampled_from(list(self.requirements.values())))
        usd_minor = min(int(self.available(fund) * share), one.gap_usd_minor)
        if usd_minor <= 0:
            return
        fact = allocations.allocate(
            uuid4(),
            fund,
            usd_minor,
            one,
            available_usd_minor=self.available(fund),
            fund_donors=(),
            on=DAYS[3],
            now=NOON,
        )
        self.expected[fund]["allocated"] += usd_minor
        self.post(fact)
        self.allocations[fact.allocation_id] = allocations.allocated(fact)

    def made(self) -> list[Allocation]:
        return [one for one in self.allocations.values() if one.status is AllocationStatus.MADE]

    @precondition(lambda self: self.made())
    @rule(data=st.data(), share=st.fractions(0, 1, max_denominator=5), how=st.sampled_from(Spending))
    def spend(self, data: st.DataObject, share: Fraction, how: Spending) -> None:
        fit = [one for one in self.made() if int(one.unspent_usd_minor * share)]
        if not fit:
            return
        one = data.draw(st.sampled_from(fit))
        fact = one.spend(int(one.unspent_usd_minor * share), how, on=DAYS[3], now=NOON)
        self.expected[one.fund]["spent"] += fact.usd_minor
        self.follow_allocation(one, fact)
        self.spendings.append((self.entries[-1].entry_id, fact))

    def follow_allocation(self, one: Allocation, fact: Fact) -> None:
        self.post(fact)
        self.allocations[one.allocation_id] = allocations.evolve(one, fact)

    @precondition(lambda self: self.spendings)
    @rule(data=st.data())
    def reverse_spending(self, data: st.DataObject) -> None:
        """Reverse spending, also after the rest was returned: then the amount is no longer allocated."""
        entry_id, spent = data.draw(st.sampled_from(self.spendings))
        one = self.allocations[spent.allocation_id]
        self.spendings.remove((entry_id, spent))
        self.expected[one.fund]["spent"] -= spent.usd_minor
        if one.status is AllocationStatus.RETURNED:
            self.expected[one.fund]["allocated"] -= spent.usd_minor
        self.follow_allocation(one, one.reverse_spending(entry_id, spent, uuid4(), on=DAYS[3], now=NOON))

    @precondition(lambda self: self.made())
    @rule(data=st.data(), wrongly=st.booleans())
    def give_back(self, data: st.DataObject, wrongly: bool) -> None:
        fit = [one for one in self.made() if one.unspent_usd_minor and not (wrongly and one.spent_usd_minor)]
        if not fit:
            return
        one = data.draw(st.sampled_from(fit))
        self.expected[one.fund]["allocated"] -= one.unspent_usd_minor
        made = next(entry.entry_id for entry in self.entries if entry.allocation_id == one.allocation_id)
        self.follow_allocation(
            one,
            one.reverse(made, uuid4(), on=DAYS[3], now=NOON) if wrongly else one.give_back((), on=DAYS[3], now=NOON),
        )


# There is no shrinking, because it takes minutes and adds little to the steps.
Ledger.TestCase.settings = settings(
    max_examples=cases(30, soak=100),
    stateful_step_count=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
TestLedger = pytest.mark.thinned(Ledger.TestCase)
