"""Commitments by year: an instalment belongs to the year in which it is due.

An agreement is one amount in the ledger, in US cents. Each owed instalment has a share of it, in whole cents.
Write-offs reduce the last instalments, since receipts count against the earliest. A later change (a condition met, a
reduction, a write-off) does not count in a year that was over when it took effect, so a closed year keeps its figures.

The allocatable part excludes programme support cost, as agreed. Exchange differences, bank charges and refunds belong
to the year in which they took effect.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from msgspec import Struct, field

from contracts.apportionment import apportion
from contracts.facts import Fact
from contracts.pledge_reversals import (
    PledgeConditionReversed,
    PledgeReductionReversed,
    PledgeRefundReversed,
    PledgeWriteOffReversed,
)
from contracts.pledges import (
    PledgeCommitted,
    PledgeConditionMet,
    PledgePledged,
    PledgeReceiptReversed,
    PledgeReceived,
    PledgeReduced,
    PledgeRefunded,
    PledgeWrittenOff,
)
from services.pledges.money.model import support_cost_of
from services.pledges.pledge.evolve import evolve
from services.pledges.pledge.model import Pledge

COMMITTING: tuple[type[Fact], ...] = (
    PledgePledged,
    PledgeCommitted,
    PledgeConditionMet,
    PledgeConditionReversed,
    PledgeReduced,
    PledgeReductionReversed,
    PledgeWrittenOff,
    PledgeWriteOffReversed,
    PledgeReceived,
    PledgeReceiptReversed,
    PledgeRefunded,
    PledgeRefundReversed,
)
"""The facts that determine an agreement's instalments and its allocatable money."""


class YearAmounts(Struct, frozen=True):
    """Amounts in US cents by year; written-off amounts are included in committed ones.

    `allocatable` is received money that can be or was allocated, and owed money less its programme support cost.
    """

    committed: Counter[int] = field(default_factory=Counter)
    written_off: Counter[int] = field(default_factory=Counter)
    allocatable: Counter[int] = field(default_factory=Counter)

    def add(self, other: "YearAmounts") -> None:
        """Add another pledge's amounts; they may be negative."""
        self.committed.update(other.committed)
        self.written_off.update(other.written_off)
        self.allocatable.update(other.allocatable)


RecordedFacts = Iterable[tuple[datetime, Fact]]
"""A pledge's COMMITTING facts in their order, each with its `recorded_at`."""


def amounts_by_year(facts: RecordedFacts, *, as_of: datetime) -> YearAmounts:
    """Return the amounts by year of a pledge's facts that were recorded by `as_of`.

    All years add up to the entries of these facts, whichever machine's clock recorded them.
    """
    amounts = YearAmounts()
    for recorded_at, changed in _changes(facts):
        if recorded_at <= as_of:
            amounts.add(changed)
    return amounts


def _changes(facts: RecordedFacts) -> Iterator[tuple[datetime, YearAmounts]]:
    """Yield each fact's `recorded_at` and its change, given all facts before it and none after it."""
    pledge: Pledge | None = None
    written_off = 0
    current = _Agreement()
    for recorded_at, fact in facts:
        pledge = evolve(pledge, fact)
        if isinstance(fact, PledgeWrittenOff):
            written_off += fact.usd_minor
        elif isinstance(fact, PledgeWriteOffReversed):
            written_off -= fact.usd_minor
        on: date | None = getattr(fact, "effective_on", None)
        assert on is not None, "each of these facts has a value date"
        before, current = current, _agreement(pledge, written_off)
        changed = YearAmounts()
        _add(changed.committed, before.shares, current.shares, on.year)
        _add(changed.written_off, before.lost, current.lost, on.year)
        _add(changed.allocatable, before.expected, current.expected, on.year)
        otherwise = current.unexpected_usd_minor - before.unexpected_usd_minor
        if otherwise:
            changed.allocatable[on.year] += otherwise
        yield recorded_at, changed


_Shares = Mapping[tuple[int, int], int]
"""US cents of instalments, by the year in which they are due and their number, in their order."""


class _Agreement(Struct, frozen=True):
    """The share of each instalment, its written-off part, and the agreed allocatable part of the rest.

    `unexpected_usd_minor` is the additional amount that can be allocated because of receipts and refunds.
    """

    shares: _Shares = {}
    lost: _Shares = {}
    expected: _Shares = {}
    unexpected_usd_minor: int = 0


def _agreement(pledge: Pledge, written_off_usd_minor: int) -> _Agreement:
    basis_points = pledge.support_cost_basis_points
    if pledge.committed_on is None or basis_points is None:
        return _Agreement()
    shares = _shares(pledge)
    lost = _last(shares, written_off_usd_minor)
    left = {f"{year:04}/{number:03}": share - lost.get((year, number), 0) for (year, number), share in shares.items()}
    agreed = _less_support_cost(sum(left.values()), basis_points)
    parts = apportion(agreed, left)
    came = pledge.usable_usd_minor + pledge.carried_over_usd_minor - pledge.support_cost_usd_minor
    allocatable = came - pledge.charges_usd_minor + _less_support_cost(pledge.carried_usd_minor, basis_points)
    return _Agreement(
        shares=shares,
        lost=lost,
        expected={instalment: parts.get(key, 0) for instalment, key in zip(shares, left, strict=True)},
        unexpected_usd_minor=allocatable - agreed,
    )


def _less_support_cost(usd_minor: int, basis_points: int) -> int:
    return usd_minor - support_cost_of(usd_minor, basis_points)


def _shares(pledge: Pledge) -> _Shares:
    """Return the committed share of each owed instalment."""
    if pledge.committed_on is None or not pledge.committed_usd_minor:
        return {}
    owed = [part for part in pledge.schedule if part.owed and part.minor]
    shares = apportion(pledge.committed_usd_minor, {f"{part.number:03}": part.minor for part in owed})
    return {(part.due_on.year, part.number): shares[f"{part.number:03}"] for part in owed}


def _last(shares: _Shares, usd_minor: int) -> _Shares:
    """Return the parts that make up the amount, taken from the shares from the last one back."""
    taken = {}
    for instalment, share in reversed(list(shares.items())):
        taken[instalment] = min(share, usd_minor)
        usd_minor -= taken[instalment]
    return taken


def _add(by_year: Counter[int], before: _Shares, after: _Shares, year: int) -> None:
    for instalment in before.keys() | after.keys():
        changed = after.get(instalment, 0) - before.get(instalment, 0)
        if changed:
            by_year[max(instalment[0], year)] += changed
