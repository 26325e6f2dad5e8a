"""What each fact means in the ledger: double entry, in whole minor units and in US-dollar minor units at once.

Three books, and no posting leaves its own: what is pledged (a memorandum), what is committed, what is paid. Each book
of an entry balances by itself, per currency and in US dollars, so that no sum can add a pledge to a commitment or a
commitment to cash. A debit is positive, a credit negative.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts.facts import Fact
from contracts.pledges import (
    AllocationMade,
    AllocationReturned,
    PledgeCommitted,
    PledgePledged,
    PledgeReceived,
    PledgeWithdrawn,
    Valuation,
)
from contracts.values import Money
from services.pledges.money import USD


class Book(StrEnum):
    PLEDGED = "pledged"
    COMMITTED = "committed"
    PAID = "paid"


class Account(StrEnum):
    """`receivable` is what donors still owe under agreements, `discharged` what they have paid of it."""

    PLEDGED = "pledged"
    PLEDGED_CONTRA = "pledged_contra"
    RECEIVABLE = "receivable"
    COMMITTED = "committed"
    DISCHARGED = "discharged"
    EXCHANGE_DIFFERENCE = "exchange_difference"
    ROUNDING = "rounding"
    CASH = "cash"
    EXCHANGE_POSITION = "exchange_position"
    AVAILABLE = "available"
    ALLOCATED = "allocated"
    PROGRAMME_SUPPORT = "programme_support"


BOOKS: Mapping[Account, Book] = {
    Account.PLEDGED: Book.PLEDGED,
    Account.PLEDGED_CONTRA: Book.PLEDGED,
    Account.RECEIVABLE: Book.COMMITTED,
    Account.COMMITTED: Book.COMMITTED,
    Account.DISCHARGED: Book.COMMITTED,
    Account.EXCHANGE_DIFFERENCE: Book.COMMITTED,
    Account.ROUNDING: Book.COMMITTED,
    Account.CASH: Book.PAID,
    Account.EXCHANGE_POSITION: Book.PAID,
    Account.AVAILABLE: Book.PAID,
    Account.ALLOCATED: Book.PAID,
    Account.PROGRAMME_SUPPORT: Book.PAID,
}


class EntryType(StrEnum):
    PLEDGED = "pledged"
    COMMITTED = "committed"
    RECEIVED = "received"
    WITHDRAWN = "withdrawn"
    ALLOCATED = "allocated"
    RETURNED = "returned"


REVERSES: Mapping[EntryType, EntryType] = {
    EntryType.WITHDRAWN: EntryType.PLEDGED,
    EntryType.RETURNED: EntryType.ALLOCATED,
}
"""An entry of this type takes back the one of that type of the same pledge or allocation."""


class Posting(Struct, frozen=True):
    """An account, the amount in its original currency, and its worth in US dollars."""

    account: Account
    currency: str
    minor: int
    usd_minor: int

    @property
    def book(self) -> Book:
        return BOOKS[self.account]


class Entry(Struct, frozen=True, kw_only=True):
    """One transaction of the ledger; its id is that of the event it follows from."""

    entry_id: UUID
    type: EntryType
    fund: str
    effective_on: date
    recorded_at: datetime
    postings: tuple[Posting, ...]
    pledge_id: UUID | None = None
    allocation_id: UUID | None = None
    donor: str | None = None
    valuation: Valuation | None = None

    @property
    def available_usd_minor(self) -> int:
        """What the entry adds to the money that can be allocated from the fund; negative where it takes."""
        return -sum(posting.usd_minor for posting in self.postings if posting.account is Account.AVAILABLE)


def entry_of(entry_id: UUID, recorded_at: datetime, fact: Fact) -> Entry | None:
    """The entry that a fact makes; None for one that moves no money."""
    match fact:
        case PledgePledged() | PledgeCommitted() | PledgeReceived() | PledgeWithdrawn():
            kind, postings = _of_pledge(fact)
            return Entry(
                entry_id=entry_id,
                type=kind,
                fund=fact.fund,
                effective_on=fact.effective_on,
                recorded_at=recorded_at,
                postings=_without_nothing(postings),
                pledge_id=fact.pledge_id,
                donor=fact.donor,
                valuation=fact.valuation,
            )
        case AllocationMade() | AllocationReturned():
            made = isinstance(fact, AllocationMade)
            return Entry(
                entry_id=entry_id,
                type=EntryType.ALLOCATED if made else EntryType.RETURNED,
                fund=fact.fund,
                effective_on=fact.effective_on,
                recorded_at=recorded_at,
                postings=_allocated(fact.usd_minor if made else -fact.usd_minor),
                allocation_id=fact.allocation_id,
            )
    return None


def _of_pledge(
    fact: PledgePledged | PledgeCommitted | PledgeReceived | PledgeWithdrawn,
) -> tuple[EntryType, list[Posting]]:
    match fact:
        case PledgePledged():
            return EntryType.PLEDGED, _pledged(fact.money, fact.valuation.usd_minor)
        case PledgeWithdrawn():
            return EntryType.WITHDRAWN, [_opposite(p) for p in _pledged(fact.money, fact.valuation.usd_minor)]
        case PledgeCommitted():
            return EntryType.COMMITTED, _committed(fact.money, fact.valuation.usd_minor)
        case PledgeReceived():
            return EntryType.RECEIVED, [*_discharged(fact), *_paid(fact)]


def _pledged(money: Money, usd_minor: int) -> list[Posting]:
    return [
        Posting(Account.PLEDGED, money.currency, money.minor, usd_minor),
        Posting(Account.PLEDGED_CONTRA, money.currency, -money.minor, -usd_minor),
    ]


def _committed(money: Money, usd_minor: int) -> list[Posting]:
    return [
        Posting(Account.RECEIVABLE, money.currency, money.minor, usd_minor),
        Posting(Account.COMMITTED, money.currency, -money.minor, -usd_minor),
    ]


def _discharged(fact: PledgeReceived) -> list[Posting]:
    """Less is owed: by what the agreement was carried at, though the cash may be worth more or less by now."""
    currency, usd_minor = fact.money.currency, fact.valuation.usd_minor
    return [
        Posting(Account.RECEIVABLE, currency, -fact.money.minor, -fact.relieved_usd_minor),
        Posting(Account.DISCHARGED, currency, fact.money.minor, usd_minor),
        Posting(Account.EXCHANGE_DIFFERENCE, currency, 0, fact.agreed_usd_minor - usd_minor),
        Posting(Account.ROUNDING, currency, 0, fact.relieved_usd_minor - fact.agreed_usd_minor),
    ]


def _paid(fact: PledgeReceived) -> list[Posting]:
    """Cash in the donor's currency, and through the exchange position US dollars that the fund can allocate."""
    currency, usd_minor = fact.money.currency, fact.valuation.usd_minor
    through = [
        Posting(Account.EXCHANGE_POSITION, currency, -fact.money.minor, -usd_minor),
        Posting(Account.EXCHANGE_POSITION, USD, usd_minor, usd_minor),
    ]
    return [
        Posting(Account.CASH, currency, fact.money.minor, usd_minor),
        *([] if currency == USD else through),
        _dollars(Account.AVAILABLE, fact.support_cost_usd_minor - usd_minor),
        _dollars(Account.PROGRAMME_SUPPORT, -fact.support_cost_usd_minor),
    ]


def _allocated(usd_minor: int) -> tuple[Posting, ...]:
    return (_dollars(Account.AVAILABLE, usd_minor), _dollars(Account.ALLOCATED, -usd_minor))


def _dollars(account: Account, usd_minor: int) -> Posting:
    return Posting(account, USD, usd_minor, usd_minor)


def _opposite(posting: Posting) -> Posting:
    return Posting(posting.account, posting.currency, -posting.minor, -posting.usd_minor)


def _without_nothing(postings: Sequence[Posting]) -> tuple[Posting, ...]:
    return tuple(posting for posting in postings if posting.minor or posting.usd_minor)
