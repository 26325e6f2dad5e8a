"""What was committed for which year: an instalment is of the year in which it is due.

What was agreed is in the books as one amount, in US-dollar cents; each instalment that is owed has its share of it, in
whole cents, and what was written off is of the last ones, since what came is counted against the earliest. What changes
later, by a condition met, a reduction or a write-off, is of no year that was over when it took effect: so a year whose
books are closed keeps its figures.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from msgspec import Struct

from contracts.facts import Fact
from contracts.pledge_reversals import PledgeConditionReversed, PledgeReductionReversed, PledgeWriteOffReversed
from contracts.pledges import (
    PledgeCommitted,
    PledgeConditionMet,
    PledgePledged,
    PledgeReduced,
    PledgeWrittenOff,
)
from services.pledges.domain import Pledge
from services.pledges.evolve import evolve
from services.pledges.shares import apportioned

COMMITTING: tuple[type[Fact], ...] = (
    PledgePledged,
    PledgeCommitted,
    PledgeConditionMet,
    PledgeConditionReversed,
    PledgeReduced,
    PledgeReductionReversed,
    PledgeWrittenOff,
    PledgeWriteOffReversed,
)
"""What an agreement's instalments follow from: no other fact changes how much of one is owed."""


class OfYears(Struct, frozen=True):
    """US-dollar cents by year; all that was written off is a part of all that was committed."""

    committed: Counter[int]
    written_off: Counter[int]

    def add(self, other: "OfYears") -> None:
        """Of another pledge; figures below zero, too."""
        self.committed.update(other.committed)
        self.written_off.update(other.written_off)


Told = Iterable[tuple[datetime, Fact]]
"""A pledge's COMMITTING facts in their order, each with its `recorded_at`."""


def of_years(facts: Told, *, as_at: datetime, after: datetime | None = None) -> OfYears:
    """What those of a pledge's facts came to that had been recorded by then, and later than `after`.

    All years come to what the entries of these facts say, whichever clock they were recorded by.
    """
    told = OfYears(Counter(), Counter())
    for recorded_at, changed in changes(facts):
        if recorded_at <= as_at and (after is None or recorded_at > after):
            told.add(changed)
    return told


def changes(facts: Told) -> Iterator[tuple[datetime, OfYears]]:
    """What each fact changed when it was recorded, whatever is recorded later: with all of those before it."""
    pledge: Pledge | None = None
    written_off = 0
    shares: _Shares = {}
    lost: _Shares = {}
    for recorded_at, fact in facts:
        pledge = evolve(pledge, fact)
        if isinstance(fact, PledgeWrittenOff):
            written_off += fact.usd_minor
        elif isinstance(fact, PledgeWriteOffReversed):
            written_off -= fact.usd_minor
        on: date | None = getattr(fact, "effective_on", None)
        assert on is not None, "each of them has its value date"
        before, shares = shares, _shares(pledge)
        lost_before, lost = lost, _last(shares, written_off)
        changed = OfYears(Counter(), Counter())
        _add(changed.committed, before, shares, on.year)
        _add(changed.written_off, lost_before, lost, on.year)
        yield recorded_at, changed


_Shares = Mapping[tuple[int, int], int]
"""Cents of instalments, by the year in which each is due and its number, in their order."""


def _shares(pledge: Pledge) -> _Shares:
    """What each that is owed has of what is committed.

    An agreement of before there were instalments is of the year of its signature.
    """
    if pledge.committed_on is None or not pledge.committed_usd_minor:
        return {}
    owed = [part for part in pledge.schedule if part.owed and part.minor]
    if not owed:
        return {(pledge.committed_on.year, 0): pledge.committed_usd_minor}
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
