"""The ledger of a random walk: entries and counts of every step, and the invariants after each."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec import Struct

from contracts.facts import Fact
from contracts.pledge_reversals import PledgeBroughtForwardReversed
from contracts.pledges import AllocationSpent, PledgeReceived
from contracts.refusals import Conflict
from services.pledges.allocations.model import Allocation, Requirement
from services.pledges.ledger.postings import BOOKS, Account, Book, Entry, entry_of
from services.pledges.ledger.years import COMMITTING, YearAmounts, amounts_by_year
from services.pledges.open_data.flows.model import Boundary, FlowStatus
from services.pledges.pledge.evolve import evolve
from services.pledges.pledge.model import Pledge
from tests.builders import NOON
from tests.pledges.ledger.builders import FUNDS, check_balances
from tests.pledges.open_data.flow_chains import chained, check_chains

# Accounts that may be negative or positive: credit accounts never rise above 0, debit accounts never fall below it.
SWINGING = {
    Account.EXCHANGE_DIFFERENCE,
    Account.ROUNDING,
    Account.EXCHANGE_POSITION,
    Account.TRANSFERRED,
    Account.DISCHARGED,
}
DEBITS = {Account.PLEDGED, Account.RECEIVABLE, Account.WRITTEN_OFF, Account.CASH}


class Done(Struct, frozen=True):
    """A change of a pledge, with its effect on the counts and a way to reverse it."""

    pledge_id: UUID
    entry_ids: Sequence[UUID]
    changes: dict[tuple[str, str], int]
    originals: dict[Account, int]
    reverse: Callable[[Pledge, Sequence[UUID]], Sequence[Fact]]


class Books(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[tuple[str, Account, str], list[int]] = defaultdict(lambda: [0, 0])
        # Expected counts.
        self.expected: dict[str, Counter[str]] = {fund: Counter() for fund in FUNDS}
        self.originals: Counter[tuple[Account, str]] = Counter()
        self.pledges: dict[UUID, Pledge] = {}
        self.facts: dict[UUID, list[Fact]] = defaultdict(list)
        self.requirements: dict[UUID, Requirement] = {}
        self.allocations: dict[UUID, Allocation] = {}
        self.entries: list[Entry] = []
        # Facts, each with the id of its entry.
        self.receipts: list[tuple[UUID, PledgeReceived]] = []
        self.spendings: list[tuple[UUID, AllocationSpent]] = []
        self.done: list[Done] = []

    def post(self, fact: Fact) -> None:
        entry = entry_of(uuid4(), NOON, fact)
        assert entry is not None
        check_balances(entry)
        self.entries.append(entry)
        for posting in entry.postings:
            account = self.accounts[entry.fund, posting.account, posting.currency]
            account[0] += posting.minor
            account[1] += posting.usd_minor

    def usd(self, fund: str, account: Account) -> int:
        return sum(usd for (f, a, _), (_, usd) in self.accounts.items() if (f, a) == (fund, account))

    def available(self, fund: str) -> int:
        count = self.expected[fund]
        gone = ("support", "charges", "allocated", "refunded", "transferred")
        return count["paid"] - sum(count[what] for what in gone)

    def follow(self, before: Pledge | None, fact: Fact) -> Pledge:
        after = evolve(before, fact)
        self.pledges[after.pledge_id] = after
        self.facts[after.pledge_id].append(fact)
        if entry_of(uuid4(), NOON, fact) is not None:
            self.post(fact)
        return after

    def follow_and_keep(
        self,
        one: Pledge,
        facts: Sequence[Fact],
        reverse: Callable[[Pledge, Sequence[UUID]], Sequence[Fact]],
        changes: dict[tuple[str, str], int],
        originals: dict[Account, int] | None = None,
    ) -> None:
        """Apply facts that can be reversed later. `changes` are changes of a fund's counts, by name."""
        before, after = len(self.entries), one
        for fact in facts:
            after = self.follow(after, fact)
        entry_ids = [entry.entry_id for entry in self.entries[before:]]
        done = Done(one.pledge_id, entry_ids, changes, originals or {}, reverse)
        self.count(one, done, 1)
        if entry_ids:
            self.done.append(done)

    def count(self, one: Pledge, done: Done, sign: int) -> None:
        for (fund, name), by in done.changes.items():
            self.expected[fund][name] += sign * by
        for account, minor in done.originals.items():
            self.originals[account, one.currency] += sign * minor

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        done = data.draw(st.sampled_from(self.done))
        one = self.pledges[done.pledge_id]
        try:
            back = done.reverse(one, done.entry_ids)
        except Conflict:
            return
        taken = [fact for fact in back if isinstance(fact, PledgeBroughtForwardReversed)]
        if any(self.available(fact.fund) < fact.usd_minor for fact in taken):
            return
        self.done.remove(done)
        self.count(one, done, -1)
        for fact in back:
            one = self.follow(one, fact)

    @invariant()
    def books_match_counts(self) -> None:
        for fund in FUNDS:
            count = self.expected[fund]
            assert count["pledged"] == self.usd(fund, Account.PLEDGED) == -self.usd(fund, Account.PLEDGED_CONTRA)
            assert count["committed"] == -self.usd(fund, Account.COMMITTED)
            assert count["written_off"] == self.usd(fund, Account.WRITTEN_OFF)
            assert count["paid"] == self.usd(fund, Account.CASH) == self.usd(fund, Account.DISCHARGED)
            assert count["support"] == -self.usd(fund, Account.PROGRAMME_SUPPORT)
            assert count["charges"] == -self.usd(fund, Account.BANK_CHARGES)
            assert count["allocated"] == -self.usd(fund, Account.ALLOCATED) - self.usd(fund, Account.SPENT)
            assert count["spent"] == -self.usd(fund, Account.SPENT)
            assert count["refunded"] == -self.usd(fund, Account.REFUNDED)
            assert count["transferred"] == -self.usd(fund, Account.TRANSFERRED)
            assert 0 <= self.available(fund) == -self.usd(fund, Account.AVAILABLE)
        for (account, currency), expected in self.originals.items():
            assert expected == sum(m for (_, a, c), (m, _) in self.accounts.items() if (a, c) == (account, currency))

    @invariant()
    def commitments_by_year_match_books(self) -> None:
        sums: dict[str, Counter[str]] = {fund: Counter() for fund in FUNDS}
        for pledge_id, one in self.pledges.items():
            facts = [(NOON, fact) for fact in self.facts[pledge_id] if isinstance(fact, COMMITTING)]
            reported = amounts_by_year(facts, as_of=NOON)
            assert all(reported.committed[year] >= reported.written_off[year] >= 0 for year in reported.committed)
            sums[one.fund].update(
                committed=sum(reported.committed.values()), written_off=sum(reported.written_off.values())
            )
            assert amounts_by_year(facts, as_of=NOON - timedelta(seconds=1)) == YearAmounts(Counter(), Counter())
        for fund, of_fund in sums.items():
            assert all(of_fund[name] == self.expected[fund][name] for name in ("committed", "written_off"))

    @invariant()
    def flows_match_fund_totals(self) -> None:
        sums: Counter[tuple[str, Boundary, FlowStatus]] = Counter()
        refunded: Counter[str] = Counter()
        originals: Counter[tuple[Account, str]] = Counter()
        for flow in chained(self.entries):
            sums[flow.fund, flow.kind.boundary, flow.kind.status] += flow.usd_minor
            originals[flow.account, flow.currency] += flow.minor
            if flow.account is Account.REFUNDED:
                refunded[flow.fund] += flow.usd_minor
        for fund in FUNDS:
            count = self.expected[fund]
            figures = {
                (Boundary.INCOMING, FlowStatus.PLEDGE): count["pledged"],
                (Boundary.INCOMING, FlowStatus.COMMITMENT): count["committed"],
                (Boundary.INCOMING, FlowStatus.PAID): count["paid"],
                (Boundary.INTERNAL, FlowStatus.COMMITMENT): count["allocated"],
                (Boundary.INTERNAL, FlowStatus.PAID): count["transferred"],
                (Boundary.OUTGOING, FlowStatus.PAID): count["spent"] + count["refunded"],
            }
            assert figures == {kind: sums[fund, *kind] for kind in figures}
            assert count["refunded"] == refunded[fund]
            left = sums[fund, Boundary.INCOMING, FlowStatus.PAID] - count["support"] - count["charges"]
            left -= (
                sums[fund, Boundary.INTERNAL, FlowStatus.COMMITMENT] + sums[fund, Boundary.INTERNAL, FlowStatus.PAID]
            )
            assert self.available(fund) == left - refunded[fund], "parked money equals available money"
        assert 0 == sum(sums[fund, Boundary.INTERNAL, FlowStatus.PAID] for fund in FUNDS), (
            "transfers between funds add up to zero"
        )
        for (account, currency), minor in self.originals.items():
            assert abs(minor) == originals[account, currency]

    @invariant()
    def child_flows_never_exceed_parent(self) -> None:
        check_chains(chained(self.entries))

    @invariant()
    def books_balance_within_limits(self) -> None:
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
    def receivable_matches_pledges(self) -> None:
        for fund in FUNDS:
            ours = [one for one in self.pledges.values() if one.fund == fund]
            assert sum(one.carried_usd_minor for one in ours) == self.usd(fund, Account.RECEIVABLE)
            assert sum(one.open_usd_minor for one in ours) == self.usd(fund, Account.PLEDGED)
            assert all(one.carried_usd_minor == 0 for one in ours if not one.outstanding_minor)

    @invariant()
    def receipts_never_exceed_agreement(self) -> None:
        for one in self.pledges.values():
            assert 0 <= one.received_minor + one.written_off_minor <= one.recognized_minor <= one.minor
            assert 0 <= one.refunded_minor <= one.received_minor
            assert one.support_cost_usd_minor >= 0
            assert one.refunded_minor or one.usable_usd_minor >= 0, (
                "no more of a donor's money is used than was received"
            )
            if one.committed_on is not None:
                owed, waiting = (sum(p.minor for p in one.schedule if p.owed is which) for which in (True, False))
                assert (owed, waiting) == (one.recognized_minor, one.conditional_minor), (
                    "amounts equal the sums of the instalments"
                )
