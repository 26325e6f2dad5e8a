"""The ledger as a machine: pledge, commit, receive, allocate, withdraw, return in any order, and the books still say
what a plain count says."""

from collections import Counter, defaultdict
from datetime import date
from fractions import Fraction
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, precondition, rule

from contracts.facts import Fact
from contracts.pledges import Rate, RequirementOpened, Valuation
from contracts.values import Money
from services.pledges import allocations
from services.pledges.allocations import Allocation, Requirement
from services.pledges.domain import Earmarking, Pledge, evolve, pledge
from services.pledges.money import read_rate, value
from services.pledges.postings import BOOKS, Account, Book, Entry, entry_of
from tests.builders import NOON

FUNDS = ("SHERLOC-MNT", "SHERLOC-DEV", "TA-REQUESTS")
DAYS = (date(2026, 2, 3), date(2026, 3, 4), date(2026, 4, 5), date(2026, 5, 6))
RATES = [
    Rate(source="fictitious", currency=currency, valid_from=day.replace(day=1), usd_per_unit=rate)
    for currency, per_day in {
        "EUR": ("1.1569", "1.1523", "1.1442", "1.1511"),
        "JPY": ("0.006617", "0.006657", "0.006697", "0.006670"),
        "KWD": ("3.2828", "3.2698", "3.2535", "3.2763"),
    }.items()
    for day, rate in zip(DAYS, per_day, strict=True)
]
# Who may fall below zero: the credit side of each book never above it, debits never below; these two swing.
SWINGING = {Account.EXCHANGE_DIFFERENCE, Account.ROUNDING, Account.EXCHANGE_POSITION}
DEBITS = {Account.PLEDGED, Account.RECEIVABLE, Account.DISCHARGED, Account.CASH}

MONEY = st.builds(Money, minor=st.integers(1, 10**9), currency=st.sampled_from(["USD", "EUR", "JPY", "KWD"]))
FUND = st.sampled_from(FUNDS)


def check_balances(entry: Entry) -> None:
    """Each book of an entry sums to zero in every currency and in US dollars."""
    minor: Counter[tuple[Book, str]] = Counter()
    usd: Counter[Book] = Counter()
    for posting in entry.postings:
        minor[posting.book, posting.currency] += posting.minor
        usd[posting.book] += posting.usd_minor
        assert posting.minor or posting.usd_minor
        assert posting.currency != "USD" or posting.minor == posting.usd_minor
        assert posting.minor * posting.usd_minor >= 0
    assert not any(minor.values()), entry
    assert not any(usd.values()), entry


class Ledger(RuleBasedStateMachine):
    pledged = Bundle("pledged")
    committed = Bundle("committed")
    requirements = Bundle("requirements")
    allocated = Bundle("allocated")

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[tuple[str, Account, str], list[int]] = defaultdict(lambda: [0, 0])
        self.entries = 0
        # The plain count that the books are compared with.
        self.expected: dict[str, Counter[str]] = {fund: Counter() for fund in FUNDS}
        self.originals: Counter[tuple[Account, str]] = Counter()
        self.all_pledges: dict[UUID, Pledge] = {}

    def post(self, fact: Fact) -> None:
        entry = entry_of(uuid4(), NOON, fact)
        assert entry is not None
        check_balances(entry)
        self.entries += 1
        for posting in entry.postings:
            account = self.accounts[entry.fund, posting.account, posting.currency]
            account[0] += posting.minor
            account[1] += posting.usd_minor

    def usd(self, fund: str, account: Account) -> int:
        return sum(usd for (f, a, _), (_, usd) in self.accounts.items() if (f, a) == (fund, account))

    def follow(self, before: Pledge | None, fact: Fact) -> Pledge:
        after = evolve(before, fact)
        self.all_pledges[after.pledge_id] = after
        self.post(fact)
        return after

    @rule(target=pledged, fund=FUND, money=MONEY, day=st.integers(0, 3))
    def pledge(self, fund: str, money: Money, day: int) -> Pledge:
        worth = value(money, DAYS[day], RATES)
        fact = pledge(uuid4(), fund, money, worth, Earmarking.EARMARKED, "hash", donor="NOR", on=DAYS[day], now=NOON)
        self.expected[fund]["pledged"] += worth.usd_minor
        self.originals[Account.PLEDGED, money.currency] += money.minor
        return self.follow(None, fact)

    @rule(target=committed, one=consumes(pledged), later=st.integers(0, 3), points=st.sampled_from([0, 700, 1300]))
    def commit(self, one: Pledge, later: int, points: int) -> Pledge:
        on = max(one.pledged_on, DAYS[later])
        worth = value(one.money, on, RATES)
        self.expected[one.fund]["committed"] += worth.usd_minor
        self.originals[Account.COMMITTED, one.currency] -= one.minor
        return self.follow(one, one.commit(worth, points, on=on, now=NOON))

    @rule(one=consumes(pledged))
    def withdraw(self, one: Pledge) -> None:
        self.expected[one.fund]["pledged"] -= one.valuation.usd_minor
        self.originals[Account.PLEDGED, one.currency] -= one.minor
        self.follow(one, one.withdraw(on=one.pledged_on, now=NOON))

    @rule(
        target=committed, one=consumes(committed), share=st.fractions(0, 1, max_denominator=20), later=st.integers(0, 3)
    )
    def receive(self, one: Pledge, share: Fraction, later: int) -> object:
        on = max(one.committed_on or DAYS[0], DAYS[later])
        money = Money(minor=max(1, int(one.outstanding_minor * share)), currency=one.currency)
        worth = value(money, on, RATES)
        fact = one.receive(money, worth, on=on, now=NOON)
        self.expected[one.fund]["paid"] += worth.usd_minor
        self.expected[one.fund]["support"] += fact.support_cost_usd_minor
        self.originals[Account.CASH, money.currency] += money.minor
        after = self.follow(one, fact)
        return after if after.outstanding_minor else multiple()

    @rule(target=requirements, usd_minor=st.integers(1, 10**6))
    def require(self, usd_minor: int) -> Requirement:
        match_id = uuid4()
        return allocations.opened(
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

    def available(self, fund: str) -> int:
        count = self.expected[fund]
        return count["paid"] - count["support"] - count["allocated"]

    @precondition(lambda self: any(self.available(fund) > 0 for fund in FUNDS))
    @rule(target=allocated, one=requirements, fund=FUND, share=st.fractions(0, 1, max_denominator=10))
    def allocate(self, one: Requirement, fund: str, share: Fraction) -> object:
        usd_minor = min(int(self.available(fund) * share), one.gap_usd_minor)
        if usd_minor == 0:
            return multiple()
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
        return allocations.allocated(fact)

    @rule(one=consumes(allocated))
    def give_back(self, one: Allocation) -> None:
        self.expected[one.fund]["allocated"] -= one.usd_minor
        self.post(one.give_back((), on=DAYS[3], now=NOON))

    @invariant()
    def the_books_say_what_a_plain_count_says(self) -> None:
        for fund in FUNDS:
            count = self.expected[fund]
            assert count["pledged"] == self.usd(fund, Account.PLEDGED) == -self.usd(fund, Account.PLEDGED_CONTRA)
            assert count["committed"] == -self.usd(fund, Account.COMMITTED)
            assert count["paid"] == self.usd(fund, Account.CASH) == self.usd(fund, Account.DISCHARGED)
            assert count["support"] == -self.usd(fund, Account.PROGRAMME_SUPPORT)
            assert count["allocated"] == -self.usd(fund, Account.ALLOCATED)
            assert self.available(fund) == -self.usd(fund, Account.AVAILABLE)
        for (account, currency), expected in self.originals.items():
            assert expected == sum(m for (_, a, c), (m, _) in self.accounts.items() if (a, c) == (account, currency))

    @invariant()
    def every_book_balances_and_no_account_is_beyond_its_floor(self) -> None:
        sums: Counter[tuple[Book, str]] = Counter()
        usd: Counter[Book] = Counter()
        for (_, account, currency), (minor, usd_minor) in self.accounts.items():
            sums[BOOKS[account], currency] += minor
            usd[BOOKS[account]] += usd_minor
            if account not in SWINGING:
                sign = 1 if account in DEBITS else -1
                assert minor * sign >= 0, account
                assert usd_minor * sign >= 0, account
        assert not any(sums.values())
        assert not any(usd.values())

    @invariant()
    def what_is_owed_is_what_the_pledges_say(self) -> None:
        for fund in FUNDS:
            owed = sum(
                (p.committed_usd_minor or 0) - p.relieved_usd_minor for p in self.all_pledges.values() if p.fund == fund
            )
            assert owed == self.usd(fund, Account.RECEIVABLE)


Ledger.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLedger = Ledger.TestCase


def a_commitment(money: Money, rate: str) -> Pledge:
    worth = value(money, DAYS[0], [Rate(source="x", currency=money.currency, valid_from=DAYS[0], usd_per_unit=rate)])
    made = evolve(
        None,
        pledge(uuid4(), FUNDS[0], money, worth, Earmarking.EARMARKED, "h", donor="JPN", on=DAYS[0], now=NOON),
    )
    return evolve(made, made.commit(worth, 1300, on=DAYS[0], now=NOON))


@settings(deadline=None, max_examples=200)
@given(
    parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=25),
    agreed=st.integers(1, 10**8).map(lambda n: f"{n / 10**6:.6f}"),
    paid=st.integers(1, 10**8).map(lambda n: f"{n / 10**6:.6f}"),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_rounding_absorbs_what_many_instalments_leave_over(
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


def test_rounding_is_one_cent_where_three_thirds_of_a_yen_amount_are_not_the_whole() -> None:
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

    # Three yen are 2.01 cents, one yen is 0.67: each is rounded to a cent, and the third finds nothing left to relieve.
    assert [0, 0, -1] == rounding


def test_no_entry_lets_a_pledge_into_what_is_paid() -> None:
    one = a_commitment(Money(minor=100, currency="EUR"), "1.5")
    fact = pledge(
        uuid4(), FUNDS[0], one.money, one.valuation, Earmarking.EARMARKED, "h", donor="NOR", on=DAYS[0], now=NOON
    )
    entry = entry_of(uuid4(), NOON, fact)

    assert entry is not None
    assert {Book.PLEDGED} == {posting.book for posting in entry.postings}
    assert 0 == entry.available_usd_minor


def test_a_donation_in_euros_becomes_dollars_through_the_exchange_position() -> None:
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
