"""Fold facts into rows of money: the amounts that each fact adds to a book or takes from it."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from msgspec.structs import replace

from contracts import in_kind, pledge_reversals
from contracts import pledges as p
from contracts.facts import Fact
from services.reports.money.model import AllocationRow, Book, Entry, PledgeRow

Evolve = Callable[[Any, Any, date], Any]
Amounts = Mapping[Book, int]
T = TypeVar("T", PledgeRow, AllocationRow)


def _with(row: T, day: date, amounts: Amounts, **changes: Any) -> T:
    entries = (*row.entries, *(Entry(day, book, usd_minor) for book, usd_minor in amounts.items() if usd_minor))
    return replace(row, entries=entries, **changes)


def _pledged(_row: PledgeRow | None, fact: p.PledgePledged, day: date) -> PledgeRow:
    usd_minor = fact.valuation.usd_minor
    return PledgeRow(
        donor=fact.donor,
        fund=fact.fund,
        earmarking=fact.earmarking,
        entries=(Entry(day, Book.PLEDGED, usd_minor),),
        pledged_usd_minor=usd_minor,
    )


def _committed(row: PledgeRow | None, fact: p.PledgeCommitted, day: date) -> PledgeRow | None:
    """Replace the open pledge by an agreement, of which only the unconditional part is recognized."""
    if row is None:
        return None
    amounts = {Book.PLEDGED: -row.pledged_usd_minor, Book.COMMITTED: fact.valuation.usd_minor}
    return _with(row, day, amounts, pledged_usd_minor=0)


def _ended(row: PledgeRow | None, _fact: Fact, day: date) -> PledgeRow | None:
    return _with(row, day, {Book.PLEDGED: -row.pledged_usd_minor}, pledged_usd_minor=0) if row else None


def _reduced(sign: int) -> Evolve:
    def evolve(row: PledgeRow | None, fact: Any, day: date) -> PledgeRow | None:
        if row is None:
            return None
        left = row.pledged_usd_minor - sign * fact.pledged_usd_minor
        amounts = {Book.PLEDGED: -sign * fact.pledged_usd_minor, Book.COMMITTED: -sign * fact.committed_usd_minor}
        return _with(row, day, amounts, pledged_usd_minor=left)

    return evolve


def _books(amounts_of: Callable[[Any], Amounts]) -> Evolve:
    return lambda row, fact, day: _with(row, day, amounts_of(fact)) if row else None


def _brought(row: PledgeRow | None, fact: p.PledgeBroughtForward, day: date) -> PledgeRow:
    """Add money brought forward from another fund, which keeps the pledge."""
    row = row or PledgeRow(donor=fact.donor, fund=fact.fund, entries=())
    return _with(row, day, {Book.RECEIVED: fact.usd_minor})


def _declared(_row: PledgeRow | None, fact: in_kind.InKindContributionDeclared, _day: date) -> PledgeRow:
    return PledgeRow(donor=fact.donor, fund=fact.fund, form=fact.form, entries=())


def _allocated(_row: AllocationRow | None, fact: p.AllocationMade, day: date) -> AllocationRow:
    line_id = str(fact.line_id) if fact.line_id else None
    return AllocationRow(fund=fact.fund, line_id=line_id, entries=(Entry(day, Book.ALLOCATED, fact.usd_minor),))


def _value(sign: int, book: Book) -> Evolve:
    return _books(lambda fact: {book: sign * fact.usd_minor})


def _valuation(sign: int, book: Book) -> Evolve:
    return _books(lambda fact: {book: sign * fact.valuation.usd_minor})


def _spending_reversed(row: AllocationRow | None, fact: p.AllocationSpendingReversed, day: date) -> Any:
    returned = {Book.ALLOCATED: -fact.usd_minor} if fact.returned else {}
    return _with(row, day, {Book.SPENT: -fact.usd_minor, **returned}) if row else None


EVOLVE: Mapping[type[Fact], Evolve] = {
    p.PledgePledged: _pledged,
    p.PledgeCommitted: _committed,
    p.PledgeWithdrawn: _ended,
    p.PledgeLapsed: _ended,
    p.PledgeReduced: _reduced(1),
    pledge_reversals.PledgeReductionReversed: _reduced(-1),
    p.PledgeConditionMet: _value(1, Book.COMMITTED),
    pledge_reversals.PledgeConditionReversed: _value(-1, Book.COMMITTED),
    p.PledgeWrittenOff: _value(-1, Book.COMMITTED),
    pledge_reversals.PledgeWriteOffReversed: _value(1, Book.COMMITTED),
    p.PledgeReceived: _valuation(1, Book.RECEIVED),
    p.PledgeReceiptReversed: _valuation(-1, Book.RECEIVED),
    p.PledgeRefunded: _valuation(-1, Book.RECEIVED),
    pledge_reversals.PledgeRefundReversed: _valuation(1, Book.RECEIVED),
    p.PledgeCarriedOver: _value(-1, Book.RECEIVED),
    pledge_reversals.PledgeCarryOverReversed: _value(1, Book.RECEIVED),
    p.PledgeBroughtForward: _brought,
    pledge_reversals.PledgeBroughtForwardReversed: _value(-1, Book.RECEIVED),
    in_kind.InKindContributionDeclared: _declared,
    in_kind.InKindContributionAcknowledged: _value(1, Book.IN_KIND),
    in_kind.InKindContributionStruck: _value(-1, Book.IN_KIND),
    p.AllocationMade: _allocated,
    p.AllocationReturned: _value(-1, Book.ALLOCATED),
    p.AllocationReversed: _value(-1, Book.ALLOCATED),
    p.AllocationSpent: _value(1, Book.SPENT),
    p.AllocationSpendingReversed: _spending_reversed,
}
