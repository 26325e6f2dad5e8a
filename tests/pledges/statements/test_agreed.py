"""Instalments of a statement agree with its columns, whatever the value dates."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import asdict

from contracts.facts import Fact
from contracts.pledges import (
    Instalment,
    PledgeConditionMet,
    PledgeReceived,
    PledgeReduced,
    PledgeRefunded,
    PledgeWrittenOff,
)
from contracts.refusals import Refusal
from contracts.values import Money
from services.pledges.ledger.postings import entry_of
from services.pledges.money.model import value
from services.pledges.pledge import exits, reversals
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.evolve import evolve
from services.pledges.pledge.model import Pledge, pledge
from services.pledges.statements.agreed import Agreed, agreed_by
from services.pledges.statements.model import Booked, PledgeAccount, Promise, Recorded, Statement, statement_of
from tests.builders import NOON
from tests.pledges.ledger.builders import DAYS, RATES
from tests.soak import cases

PLEDGE_ID, PROPOSAL_ID = UUID(int=1), UUID(int=9)
SECOND = timedelta(seconds=1)
DUE = (date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1))
DAY = st.integers(0, len(DAYS) - 1)


class Step(Struct, frozen=True):
    move: str
    day: int
    share: Fraction
    of: int = 0


class Walk:
    """A pledge of 1000 dollars and its facts, a second apart; the nth entry has the id n."""

    def __init__(self, *steps: Step, waiting: Sequence[int] = (600_00,), minor: int = 1000_00) -> None:
        self.pledge: Pledge | None = None
        self.facts: list[Fact] = []
        self.states: list[Pledge] = []
        self.waiting = waiting
        self.tell(
            pledge(
                PLEDGE_ID, "SHERLOC-MNT", usd(minor), value(usd(minor), DAYS[0], RATES), Earmarking.EARMARKED, "hash",
                donor="NOR", on=DAYS[0], now=NOON,
            )
        )  # fmt: skip
        for step in steps:
            try:
                self.tell(self.decided(step))
            except Refusal:
                continue

    def tell(self, fact: Fact | None) -> None:
        if fact is not None:
            self.pledge = evolve(self.pledge, fact)
            self.facts.append(fact)
            self.states.append(self.pledge)

    def decided(self, step: Step) -> Fact | None:
        one, on = self.pledge, DAYS[step.day]
        assert one is not None
        match step.move:
            case "commit":
                waiting = [min(minor, one.minor // len(self.waiting)) for minor in self.waiting]
                at_once = one.minor - sum(waiting)
                first = (Instalment(due_on=DUE[0], minor=at_once),) if at_once else ()
                parts = (*first, *map(_waiting, DUE[1:], waiting))
                worth = value(usd(at_once), on, RATES)
                return one.commit(worth, 1300, agreement="SAMPLE/1", schedule=parts, on=on, now=NOON)
            case "meet":
                return one.meet_condition(1 + step.of % 3, on=on, now=NOON)
            case "receive":
                money = usd(max(1, int(one.outstanding_minor * step.share)))
                return one.receive(money, value(money, on, RATES), on=on, now=NOON)
            case "reduce":
                return exits.reduce(one, usd(max(1, int(one.minor * step.share))), "donor_asked", on=on, now=NOON)
            case "write off":
                return exits.write_off(one, PROPOSAL_ID, "not_expected", on=on, now=NOON)
            case "refund":
                money = usd(max(1, int(one.received_minor * step.share)))
                return exits.refund(one, money, value(money, on, RATES), PROPOSAL_ID, "not_used", on=on, now=NOON)
            case "remind":
                return exits.remind(one, DUE[step.of % 3], now=NOON)
            case "take back":
                return self.taken_back(step)
        raise AssertionError(step.move)

    def taken_back(self, step: Step) -> Fact | None:
        gone = {getattr(fact, "reverses", None) for fact in self.facts}
        fit = [
            number
            for number, fact in enumerate(self.facts)
            if type(fact) in REVERSING and UUID(int=number) not in gone and entry_of(PLEDGE_ID, NOON, fact)
        ]
        if not fit:
            return None
        number = fit[step.of % len(fit)]
        fact, one = self.facts[number], self.pledge
        return REVERSING[type(fact)](one, UUID(int=number), fact, self.states[number - 1], DAYS[step.day])

    def entries(self) -> list[Recorded]:
        made = (entry_of(UUID(int=number), NOON + number * SECOND, fact) for number, fact in enumerate(self.facts))
        return [
            Recorded(
                entry_id=one.entry_id,
                type=one.type,
                pledge_id=PLEDGE_ID,
                effective_on=one.effective_on,
                recorded_at=one.recorded_at,
                rate=None,
                rate_source=None,
                rate_date=None,
                postings=tuple(Booked(p.account, p.minor, p.usd_minor) for p in one.postings),
            )
            for one in made
            if one is not None
        ]

    def agreed(self, ends: date, reported: int | None = None) -> Agreed:
        return agreed_by(self.facts[:reported], ends)

    def statement(self, ends: date, reported: int | None = None) -> Statement:
        """Make the statement as of the moment by which that many facts were recorded, by default all."""
        as_of = NOON + ((reported or len(self.facts)) - 1) * SECOND
        promise = Promise(
            pledge_id=PLEDGE_ID, fund="SHERLOC-MNT", currency="USD", earmarking="earmarked", note="",
            **asdict(self.agreed(ends, reported)),
        )  # fmt: skip
        return statement_of(
            "NOR", [promise], self.entries(), (), (), starts=None, ends=ends, as_of=as_of, funds_as_of=as_of
        )

    def account(self, ends: date, reported: int | None = None) -> PledgeAccount:
        return self.statement(ends, reported).pledges[0]


def _waiting(due_on: date, minor: int) -> Instalment:
    return Instalment(due_on=due_on, minor=minor, condition="report_accepted")


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


REVERSING: Mapping[type[Fact], Callable[..., Fact]] = {
    PledgeReceived: lambda p, e, f, _, on: exits.reverse_receipt(p, e, f, PROPOSAL_ID, on=on, now=NOON),
    PledgeRefunded: lambda p, e, f, _, on: reversals.reverse_refund(p, e, f, PROPOSAL_ID, on=on, now=NOON),
    PledgeConditionMet: lambda p, e, f, _, on: reversals.reverse_condition(p, e, f, PROPOSAL_ID, on=on, now=NOON),
    PledgeReduced: lambda p, e, f, b, on: reversals.reverse_reduction(p, e, f, b, PROPOSAL_ID, on=on, now=NOON),
    PledgeWrittenOff: lambda p, e, f, b, on: reversals.reverse_write_off(p, e, f, b, PROPOSAL_ID, on=on, now=NOON),
}


def shown(account: PledgeAccount) -> list[tuple[date, int, int]]:
    return [(one.due_on, one.minor, one.paid_minor) for one in account.schedule]


def step(move: str, day: int, share: str = "1", of: int = 0) -> Step:
    return Step(move, day, Fraction(share), of)


SIGNED = step("commit", 1)
SHARES = st.sampled_from([Fraction(share) for share in ("1/20", "1/7", "1/3", "2/3", "1")])
STEPS = st.builds(
    Step,
    st.sampled_from(["meet", "meet", "receive", "reduce", "write off", "refund", "remind", *["take back"] * 3]),
    DAY,
    SHARES,
    st.integers(0, 5),
)
WALKS = st.builds(
    lambda before, signed, steps, waiting: Walk(*before, Step("commit", signed, Fraction(1)), *steps, waiting=waiting),
    st.lists(st.builds(Step, st.sampled_from(["reduce", "take back"]), DAY, SHARES), max_size=2),
    DAY.map(lambda day: day // 2),
    st.lists(STEPS, min_size=2, max_size=14),
    st.lists(st.sampled_from([1, 300_00, 599_99, 1000_00]), max_size=2),
)


@pytest.mark.thinned
@settings(deadline=None, max_examples=cases(180, soak=600))
@given(WALKS, st.data())
def test_instalments_of_a_period_add_up_to_its_columns(walk: Walk, data: st.DataObject) -> None:
    reported = data.draw(st.integers(1, len(walk.facts)))
    for ends in DAYS:
        account = walk.account(ends, reported)
        committed, owed = account.closing.committed.minor, account.closing.outstanding.minor
        settled = sum(
            posting.minor
            for entry in walk.entries()
            if entry.recorded_at < NOON + reported * SECOND and entry.effective_on <= ends
            for posting in entry.postings
            if posting.account in {"discharged", "written_off"}
        )

        # The sum is negative if an amount was reduced before its condition was met.
        assert max(0, committed) == sum(one.minor for one in account.schedule)
        # The paid amount never exceeds the owed amount, even if it was received before it was owed.
        assert min(max(0, settled), max(0, committed)) == sum(one.paid_minor for one in account.schedule)
        if committed >= 0 and owed >= 0:
            assert owed == sum(one.minor - one.paid_minor for one in account.schedule)
        assert all(0 <= one.paid_minor <= one.minor > 0 for one in account.schedule)


@pytest.mark.thinned
@settings(deadline=None, max_examples=cases(60, soak=200))
@given(WALKS)
def test_terms_at_the_end_equal_the_pledge(walk: Walk) -> None:
    one, agreed = walk.pledge, walk.agreed(DAYS[-1])

    assert one is not None
    assert (one.agreement, one.support_cost_basis_points) == (
        agreed.agreement_reference,
        agreed.support_cost_basis_points,
    )
    assert [(part.due_on, part.minor) for part in one.schedule if part.owed and part.minor] == [
        (part.due_on, part.minor) for part in agreed.instalments
    ]


def test_agreement_appears_from_its_signature() -> None:
    walk = Walk(SIGNED)

    assert Agreed() == walk.agreed(DAYS[0])
    assert ("SAMPLE/1", 1300) == (
        walk.account(DAYS[1]).agreement_reference,
        walk.account(DAYS[1]).support_cost_basis_points,
    )
    assert Agreed() == walk.agreed(DAYS[1], reported=1), "the agreement has no effect before it was recorded"


FIRST, SECOND_PART = (DUE[0], 400_00, 0), (DUE[1], 600_00, 0)


@pytest.mark.parametrize(
    ("steps", "earlier", "later"),
    [
        ((step("meet", 3, of=1),), [FIRST], [FIRST, SECOND_PART]),
        ((step("meet", 1, of=1), step("take back", 3)), [FIRST, SECOND_PART], [FIRST]),
        ((step("receive", 3, "1/4"),), [FIRST], [(DUE[0], 400_00, 100_00)]),
        ((step("receive", 1), step("take back", 3)), [(DUE[0], 400_00, 400_00)], [FIRST]),
        ((step("write off", 3),), [FIRST], [(DUE[0], 400_00, 400_00)]),
        ((step("write off", 1), step("take back", 3)), [(DUE[0], 400_00, 400_00)], [FIRST]),
        ((step("reduce", 3, "7/10"),), [FIRST], [(DUE[0], 300_00, 0)]),
        ((step("reduce", 1, "7/10"), step("take back", 3)), [(DUE[0], 300_00, 0)], [FIRST]),
    ],
)
def test_later_effects_are_not_in_instalments_of_the_period(
    steps: Sequence[Step], earlier: list[tuple[date, int, int]], later: list[tuple[date, int, int]]
) -> None:
    walk = Walk(SIGNED, *steps)

    assert earlier == shown(walk.account(DAYS[2]))
    assert later == shown(walk.account(DAYS[3]))


def test_reduction_before_condition_reduces_owed_instalments() -> None:
    walk = Walk(SIGNED, step("meet", 3, of=1), step("reduce", 2, "1/10"))

    assert [(DUE[0], 300_00, 0)] == shown(walk.account(DAYS[2]))
    assert [FIRST, (DUE[1], 500_00, 0)] == shown(walk.account(DAYS[3]))


def test_fully_conditional_agreement_owes_nothing() -> None:
    walk = Walk(SIGNED, step("meet", 3), step("reduce", 2, "1/10"), waiting=(1000_00,))
    account = walk.account(DAYS[1])

    assert ("SAMPLE/1", 1300, ()) == (
        account.agreement_reference, account.support_cost_basis_points, account.schedule,
    )  # fmt: skip
    assert (-100_00, ()) == (walk.account(DAYS[2]).closing.committed.minor, walk.account(DAYS[2]).schedule)
    assert [(DUE[1], 900_00, 0)] == shown(walk.account(DAYS[3]))
