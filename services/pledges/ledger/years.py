"""What was committed for which year: an instalment is of the year in which it is due.

What was agreed is in the books as one amount, in US-dollar cents; each instalment that is owed has its share of it, in
whole cents, and what was written off is of the last ones, since what came is counted against the earliest. What changes
later, by a condition met, a reduction or a write-off, is of no year that was over when it took effect: so a year whose
books are closed keeps its figures.

What of it can be allocated is less by programme support cost, as the agreement says. What came and is worth more or
less than that, what the bank kept of it and what went back is of the year in which it took effect.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from msgspec import Struct, field

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
from services.pledges.funds.shares import apportioned
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
"""What an agreement's instalments follow from, and how much of its money can be allocated."""


class YearAmounts(Struct, frozen=True):
    """US-dollar cents by year; all that was written off is a part of all that was committed.

    `allocatable` is what came and can be allocated, or was, and what is owed less its programme support cost.
    """

    committed: Counter[int] = field(default_factory=Counter)
    written_off: Counter[int] = field(default_factory=Counter)
    allocatable: Counter[int] = field(default_factory=Counter)

    def add(self, other: "YearAmounts") -> None:
        """Of another pledge; figures below zero, too."""
        self.committed.update(other.committed)
        self.written_off.update(other.written_off)
        self.allocatable.update(other.allocatable)


Told = Iterable[tuple[datetime, Fact]]
"""A pledge's COMMITTING facts in their order, each with its `recorded_at`."""


def amounts_by_year(facts: Told, *, as_at: datetime) -> YearAmounts:
    """What those of a pledge's facts came to that had been recorded by then.

    All years come to what the entries of these facts say, whichever clock they were recorded by.
    """
    told = YearAmounts()
    for recorded_at, changed in _changes(facts):
        if recorded_at <= as_at:
            told.add(changed)
    return told


def _changes(facts: Told) -> Iterator[tuple[datetime, YearAmounts]]:
    """What each fact changed when it was recorded, whatever is recorded later: with all of those before it."""
    pledge: Pledge | None = None
    written_off = 0
    stood = _Agreement()
    for recorded_at, fact in facts:
        pledge = evolve(pledge, fact)
        if isinstance(fact, PledgeWrittenOff):
            written_off += fact.usd_minor
        elif isinstance(fact, PledgeWriteOffReversed):
            written_off -= fact.usd_minor
        on: date | None = getattr(fact, "effective_on", None)
        assert on is not None, "each of them has its value date"
        before, stood = stood, _agreement(pledge, written_off)
        changed = YearAmounts()
        _add(changed.committed, before.shares, stood.shares, on.year)
        _add(changed.written_off, before.lost, stood.lost, on.year)
        _add(changed.allocatable, before.expected, stood.expected, on.year)
        otherwise = stood.unexpected_usd_minor - before.unexpected_usd_minor
        if otherwise:
            changed.allocatable[on.year] += otherwise
        yield recorded_at, changed


_Shares = Mapping[tuple[int, int], int]
"""Cents of instalments, by the year in which each is due and its number, in their order."""


class _Agreement(Struct, frozen=True):
    """Of each instalment its share, what of that was written off, and what of the rest can be allocated as agreed.

    `unexpected_usd_minor` is how much more can be allocated than that, by what came and went back.
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
    parts = apportioned(agreed, left)
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
    """What each that is owed has of what is committed."""
    if pledge.committed_on is None or not pledge.committed_usd_minor:
        return {}
    owed = [part for part in pledge.schedule if part.owed and part.minor]
    shares = apportioned(pledge.committed_usd_minor, {f"{part.number:03}": part.minor for part in owed})
    return {(part.due_on.year, part.number): shares[f"{part.number:03}"] for part in owed}


def _last(shares: _Shares, usd_minor: int) -> _Shares:
    """So much of them, from the last one back."""
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
