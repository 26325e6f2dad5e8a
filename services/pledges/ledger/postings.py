"""Entries of the ledger, made from facts: double entry, in whole minor units and in US cents.

There are three books: pledged (a memorandum), committed, paid. Each posting is in one book, and each book of an entry
balances, per currency and in US dollars, so that no sum can add a pledge to a commitment or a commitment to cash. A
debit is positive, a credit negative.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.pledge_reversals import (
    PledgeBroughtForwardReversed,
    PledgeCarryOverReversed,
    PledgeConditionReversed,
    PledgeReductionReversed,
    PledgeRefundReversed,
    PledgeWriteOffReversed,
)
from contracts.pledges import (
    AllocationMade,
    AllocationReturned,
    AllocationReversed,
    AllocationSpendingReversed,
    AllocationSpent,
    PledgeBroughtForward,
    PledgeCarriedOver,
    PledgeCommitted,
    PledgeConditionMet,
    PledgeLapsed,
    PledgePledged,
    PledgeReceiptReversed,
    PledgeReceived,
    PledgeReduced,
    PledgeRefunded,
    PledgeWithdrawn,
    PledgeWrittenOff,
    Rate,
    Valuation,
)
from contracts.values import Money
from services.pledges.money.model import USD


class Book(StrEnum):
    PLEDGED = "pledged"
    COMMITTED = "committed"
    PAID = "paid"


class Account(StrEnum):
    """Accounts of the ledger.

    `receivable` is what donors still owe under agreements, `discharged` what they have paid of it. `cash` is all money
    received. Its counter-accounts are `available`, `allocated`, `spent`, `programme_support`, `bank_charges`,
    `refunded`, and `transferred` to another fund.
    """

    PLEDGED = "pledged"
    PLEDGED_CONTRA = "pledged_contra"
    RECEIVABLE = "receivable"
    COMMITTED = "committed"
    DISCHARGED = "discharged"
    WRITTEN_OFF = "written_off"
    EXCHANGE_DIFFERENCE = "exchange_difference"
    ROUNDING = "rounding"
    CASH = "cash"
    EXCHANGE_POSITION = "exchange_position"
    AVAILABLE = "available"
    ALLOCATED = "allocated"
    SPENT = "spent"
    PROGRAMME_SUPPORT = "programme_support"
    BANK_CHARGES = "bank_charges"
    REFUNDED = "refunded"
    TRANSFERRED = "transferred"


BOOKS: Mapping[Account, Book] = {
    Account.PLEDGED: Book.PLEDGED,
    Account.PLEDGED_CONTRA: Book.PLEDGED,
    Account.RECEIVABLE: Book.COMMITTED,
    Account.COMMITTED: Book.COMMITTED,
    Account.DISCHARGED: Book.COMMITTED,
    Account.WRITTEN_OFF: Book.COMMITTED,
    Account.EXCHANGE_DIFFERENCE: Book.COMMITTED,
    Account.ROUNDING: Book.COMMITTED,
    Account.CASH: Book.PAID,
    Account.EXCHANGE_POSITION: Book.PAID,
    Account.AVAILABLE: Book.PAID,
    Account.ALLOCATED: Book.PAID,
    Account.SPENT: Book.PAID,
    Account.PROGRAMME_SUPPORT: Book.PAID,
    Account.BANK_CHARGES: Book.PAID,
    Account.REFUNDED: Book.PAID,
    Account.TRANSFERRED: Book.PAID,
}


class EntryType(StrEnum):
    PLEDGED = "pledged"
    COMMITTED = "committed"
    RECOGNIZED = "recognized"
    RECEIVED = "received"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    REDUCED = "reduced"
    WRITTEN_OFF = "written_off"
    REFUNDED = "refunded"
    CARRIED_OVER = "carried_over"
    BROUGHT_FORWARD = "brought_forward"
    ALLOCATED = "allocated"
    RETURNED = "returned"
    SPENT = "spent"
    DISBURSED = "disbursed"
    REVERSED = "reversed"


REVERSES: Mapping[EntryType, EntryType] = {
    EntryType.WITHDRAWN: EntryType.PLEDGED,
    EntryType.LAPSED: EntryType.PLEDGED,
    EntryType.RETURNED: EntryType.ALLOCATED,
}
"""Maps the type of an entry to the type that it reverses, in full or as far as it is left.

The reversed entry is of the same pledge or allocation. An entry of type `reversed` names the other one.
"""


DISBURSEMENT = "disbursement"
"""The use of allocated money that is passed on (IATI 3); all other spending is expenditure (IATI 4)."""


class Posting(Struct, frozen=True):
    """An account, the amount in its original currency, and its worth in US dollars at that rate.

    There is no rate for a posting in dollars, nor for old facts that did not record one. The rate is of the posting's
    currency, unless the posting has the worth of cash received in another currency.
    """

    account: Account
    currency: str
    minor: int
    usd_minor: int
    rate: Rate | None = None

    @property
    def book(self) -> Book:
        return BOOKS[self.account]


class Entry(Struct, frozen=True, kw_only=True):
    """One transaction of the ledger; its id is that of its event."""

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
    reverses: UUID | None = None

    @property
    def available_usd_minor(self) -> int:
        """Change of the money that can be allocated from the fund."""
        return -sum(posting.usd_minor for posting in self.postings if posting.account is Account.AVAILABLE)

    @property
    def set_aside_usd_minor(self) -> int:
        """Change of the allocated and unspent money."""
        return -sum(posting.usd_minor for posting in self.postings if posting.account is Account.ALLOCATED)


OfPledge: TypeAlias = (
    PledgePledged
    | PledgeCommitted
    | PledgeConditionMet
    | PledgeReceived
    | PledgeReceiptReversed
    | PledgeWithdrawn
    | PledgeLapsed
    | PledgeReduced
    | PledgeWrittenOff
    | PledgeRefunded
    | PledgeCarriedOver
    | PledgeBroughtForward
    | PledgeRefundReversed
    | PledgeWriteOffReversed
    | PledgeCarryOverReversed
    | PledgeBroughtForwardReversed
    | PledgeConditionReversed
    | PledgeReductionReversed
)
OfAllocation: TypeAlias = (
    AllocationMade | AllocationReturned | AllocationReversed | AllocationSpent | AllocationSpendingReversed
)


def entry_of(entry_id: UUID, recorded_at: datetime, fact: Fact) -> Entry | None:
    """Return the entry of a fact; None if the fact moves no money."""
    if isinstance(fact, OfPledge):
        kind, postings = _of_pledge(fact)
    elif isinstance(fact, OfAllocation):
        kind, postings = _of_allocation(fact)
    else:
        return None
    moving = tuple(_rated(fact, posting) for posting in postings if posting.minor or posting.usd_minor)
    if not moving:
        return None
    return Entry(
        entry_id=entry_id,
        type=kind,
        fund=fact.fund,
        effective_on=fact.effective_on,
        recorded_at=recorded_at,
        postings=moving,
        pledge_id=getattr(fact, "pledge_id", None),
        allocation_id=getattr(fact, "allocation_id", None),
        donor=getattr(fact, "donor", None),
        valuation=getattr(fact, "valuation", None),
        reverses=getattr(fact, "reverses", None),
    )


def _rated(fact: OfPledge | OfAllocation, posting: Posting) -> Posting:
    """Add the rate to a posting: the fact's, but the agreement's for receivables, the pledge's for what was pledged."""
    if posting.currency == USD:
        return posting
    valuation: Valuation | None = getattr(fact, "valuation", None)
    currency = posting.currency
    match fact:
        case PledgeCommitted() if posting.book is Book.PLEDGED:
            valuation = fact.pledged_valuation
        case PledgeReceived() | PledgeReceiptReversed() if posting.account in {Account.RECEIVABLE, Account.ROUNDING}:
            valuation = fact.agreed_valuation
        case PledgeReceived() | PledgeReceiptReversed():
            currency = (fact.cash or fact.money).currency
    if valuation is None:
        return posting
    return replace(
        posting,
        rate=Rate(
            source=valuation.rate_source,
            currency=currency,
            valid_from=valuation.rate_date,
            usd_per_unit=valuation.rate,
        ),
    )


def _of_pledge(fact: OfPledge) -> tuple[EntryType, list[Posting]]:
    match fact:
        case PledgePledged():
            return EntryType.PLEDGED, _pledged(fact.money, fact.valuation.usd_minor)
        case PledgeWithdrawn():
            return EntryType.WITHDRAWN, _opposite(_pledged(fact.money, fact.valuation.usd_minor))
        case PledgeLapsed():
            return EntryType.LAPSED, _opposite(_pledged(fact.money, fact.valuation.usd_minor))
        case PledgeCommitted():
            return EntryType.COMMITTED, _agreed(fact)
        case PledgeConditionMet():
            return EntryType.RECOGNIZED, _committed(fact.money, fact.usd_minor)
        case PledgeConditionReversed():
            return EntryType.REVERSED, _opposite(_committed(fact.money, fact.usd_minor))
        case PledgeReceived():
            return EntryType.RECEIVED, [*_discharged(fact), *_paid(fact)]
        case PledgeReceiptReversed():
            return EntryType.REVERSED, _opposite([*_discharged(fact), *_paid(fact)])
        case PledgeReduced():
            return EntryType.REDUCED, _opposite(_reduced(fact))
        case PledgeReductionReversed():
            return EntryType.REVERSED, _reduced(fact)
        case PledgeWrittenOff():
            return EntryType.WRITTEN_OFF, _given_up(fact)
        case PledgeWriteOffReversed():
            return EntryType.REVERSED, _opposite(_given_up(fact))
        case PledgeRefunded():
            return EntryType.REFUNDED, _refunded(fact)
        case PledgeRefundReversed():
            return EntryType.REVERSED, _opposite(_refunded(fact))
        case PledgeCarriedOver():
            return EntryType.CARRIED_OVER, _transferred(fact.usd_minor)
        case PledgeBroughtForward():
            return EntryType.BROUGHT_FORWARD, _opposite(_transferred(fact.usd_minor))
        case PledgeCarryOverReversed():
            return EntryType.REVERSED, _opposite(_transferred(fact.usd_minor))
        case PledgeBroughtForwardReversed():
            return EntryType.REVERSED, _transferred(fact.usd_minor)


def _of_allocation(fact: OfAllocation) -> tuple[EntryType, list[Posting]]:
    allocated = [_dollars(Account.AVAILABLE, fact.usd_minor), _dollars(Account.ALLOCATED, -fact.usd_minor)]
    spent = [_dollars(Account.ALLOCATED, fact.usd_minor), _dollars(Account.SPENT, -fact.usd_minor)]
    match fact:
        case AllocationMade():
            return EntryType.ALLOCATED, allocated
        case AllocationReturned():
            return EntryType.RETURNED, _opposite(allocated)
        case AllocationReversed():
            return EntryType.REVERSED, _opposite(allocated)
        case AllocationSpent():
            return EntryType.DISBURSED if fact.how == DISBURSEMENT else EntryType.SPENT, spent
        case AllocationSpendingReversed():
            to = Account.AVAILABLE if fact.returned else Account.ALLOCATED
            return EntryType.REVERSED, [_dollars(Account.SPENT, fact.usd_minor), _dollars(to, -fact.usd_minor)]


def _pledged(money: Money, usd_minor: int) -> list[Posting]:
    return _moved(money, usd_minor, Account.PLEDGED_CONTRA, Account.PLEDGED)


def _agreed(fact: PledgeCommitted) -> list[Posting]:
    """Close the open pledge, and post the part of the agreement that has no condition."""
    assert fact.pledged_usd_minor is not None, "an agreement has the carrying value of the open pledge"
    assert fact.recognized_minor is not None, "an agreement has its recognized amount"
    money = Money(minor=fact.recognized_minor, currency=fact.money.currency)
    closed = _opposite(_pledged(fact.money, fact.pledged_usd_minor))
    return [*closed, *_committed(money, fact.valuation.usd_minor)]


def _committed(money: Money, usd_minor: int) -> list[Posting]:
    return _moved(money, usd_minor, Account.COMMITTED, Account.RECEIVABLE)


def _reduced(fact: PledgeReduced | PledgeReductionReversed) -> list[Posting]:
    if fact.recognized_minor is None:
        return _pledged(fact.money, fact.pledged_usd_minor)
    return _committed(Money(minor=fact.recognized_minor, currency=fact.money.currency), fact.committed_usd_minor)


def _discharged(fact: PledgeReceived | PledgeReceiptReversed) -> list[Posting]:
    """Reduce the receivable by its carrying value, at the agreement's rate; the cash may be worth more or less.

    The difference is posted in the agreement's currency or, for an agreement in dollars, in the currency of the cash.
    """
    currency, worth = fact.money.currency, fact.valuation.usd_minor
    difference = fact.agreed_usd_minor - worth
    discharged = [Posting(Account.DISCHARGED, currency, fact.money.minor, worth)]
    differing = currency
    if currency == USD and fact.cash is not None:
        differing = fact.cash.currency
        discharged = [
            _dollars(Account.DISCHARGED, fact.money.minor),
            Posting(Account.DISCHARGED, differing, 0, -difference),
        ]
    return [
        Posting(Account.RECEIVABLE, currency, -fact.money.minor, -fact.relieved_usd_minor),
        *discharged,
        Posting(Account.EXCHANGE_DIFFERENCE, differing, 0, difference),
        Posting(Account.ROUNDING, currency, 0, fact.relieved_usd_minor - fact.agreed_usd_minor),
    ]


def _paid(fact: PledgeReceived | PledgeReceiptReversed) -> list[Posting]:
    """Post the cash in its own currency and, through the exchange position, the US dollars that can be allocated."""
    cash, usd_minor = fact.cash or fact.money, fact.valuation.usd_minor
    through = [
        Posting(Account.EXCHANGE_POSITION, cash.currency, -cash.minor, -usd_minor),
        Posting(Account.EXCHANGE_POSITION, USD, usd_minor, usd_minor),
    ]
    return [
        Posting(Account.CASH, cash.currency, cash.minor, usd_minor),
        *([] if cash.currency == USD else through),
        _dollars(Account.AVAILABLE, fact.support_cost_usd_minor + fact.charges_usd_minor - usd_minor),
        _dollars(Account.PROGRAMME_SUPPORT, -fact.support_cost_usd_minor),
        _dollars(Account.BANK_CHARGES, -fact.charges_usd_minor),
    ]


def _given_up(fact: PledgeWrittenOff | PledgeWriteOffReversed) -> list[Posting]:
    return _moved(fact.money, fact.usd_minor, Account.RECEIVABLE, Account.WRITTEN_OFF)


def _refunded(fact: PledgeRefunded | PledgeRefundReversed) -> list[Posting]:
    """Post the US dollars that leave the fund and, through the exchange position, the amount that the donor gets."""
    money, usd_minor = fact.money, fact.valuation.usd_minor
    through = [
        Posting(Account.EXCHANGE_POSITION, USD, -usd_minor, -usd_minor),
        Posting(Account.EXCHANGE_POSITION, money.currency, money.minor, usd_minor),
    ]
    return [
        _dollars(Account.AVAILABLE, usd_minor - fact.support_cost_usd_minor),
        _dollars(Account.PROGRAMME_SUPPORT, fact.support_cost_usd_minor),
        *([] if money.currency == USD else through),
        Posting(Account.REFUNDED, money.currency, -money.minor, -usd_minor),
    ]


def _transferred(usd_minor: int) -> list[Posting]:
    return [_dollars(Account.AVAILABLE, usd_minor), _dollars(Account.TRANSFERRED, -usd_minor)]


def _moved(money: Money, usd_minor: int, source: Account, target: Account) -> list[Posting]:
    return [
        Posting(target, money.currency, money.minor, usd_minor),
        Posting(source, money.currency, -money.minor, -usd_minor),
    ]


def _dollars(account: Account, usd_minor: int) -> Posting:
    return Posting(account, USD, usd_minor, usd_minor)


def _opposite(postings: Sequence[Posting]) -> list[Posting]:
    return [Posting(p.account, p.currency, -p.minor, -p.usd_minor) for p in postings]
