"""A donor's statement: its pledges and its share of the funds, from the ledger's postings alone.

Pledged, committed and received amounts have separate columns, which must not be added up. Each amount is in minor units
of its currency, with its worth in US cents at the rate of its own day.

Allocations of the funds are shown as the donor's share of them (`shares`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from contracts.conversion import from_attributes
from contracts.values import Money
from services.pledges.funds.shares import FundMoney, FundShare, share_of
from services.pledges.in_kind.model import InKindContribution, InKindLine, lines_of
from services.pledges.pledge.earmarking import Earmarking

PLEDGES_MAX = 500
ENTRIES_MAX = 5_000
PRINTED_LINES_MAX = 2_500
"""Maximum number of entries of the period, instalments, and contributions in kind together.

In Arabic, if no two are alike, they take nine tenths of the memory limit for printing.
"""

IN_KIND_MAX = 500


# -- input ------------------------------------------------------------------------------------------------------------


class Booked(Struct, frozen=True):
    """A posting; a debit is positive."""

    account: str
    minor: int
    usd_minor: int


class Recorded(Struct, frozen=True, kw_only=True):
    """An entry of a pledge; `reverses` is the entry it reverses.

    Types and accounts are codes; an unknown code is shown unchanged.
    """

    entry_id: UUID
    type: str
    pledge_id: UUID
    effective_on: date
    recorded_at: datetime
    rate: str | None
    rate_source: str | None
    rate_date: date | None
    postings: tuple[Booked, ...]
    reverses: UUID | None = None


class Instalment(Struct, frozen=True):
    """An instalment of an agreement, with its due date and amount."""

    due_on: date
    minor: int


class Promise(Struct, frozen=True, kw_only=True):
    """A pledge with the terms of its agreement at the end of the period. Its money is in the entries."""

    pledge_id: UUID
    fund: str
    currency: str
    earmarking: Earmarking
    note: str
    support_cost_basis_points: int | None = None
    agreement_reference: str | None = None
    instalments: tuple[Instalment, ...] = ()


# -- output -----------------------------------------------------------------------------------------------------------


class Amount(Struct, frozen=True):
    """An amount in minor units of the pledge's currency, and its worth in US cents."""

    minor: int = 0
    usd_minor: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.minor + other.minor, self.usd_minor + other.usd_minor)

    def __neg__(self) -> "Amount":
        return Amount(-self.minor, -self.usd_minor)


class Standing(Struct, frozen=True, kw_only=True):
    """Amounts in columns. In US cents `committed` is what became of it (`TERMS`); other columns must not be added up.

    `received` is less what was refunded. `exchange_difference`, with rounding, is positive where payments were worth
    more on their day than the agreement's rate had promised. `carried_over` to other funds is a part of `received`, in
    US cents only, negative where more came from them.
    """

    pledged: Amount = Amount()
    committed: Amount = Amount()
    received: Amount = Amount()
    outstanding: Amount = Amount()
    refunded: Amount = Amount()
    written_off: Amount = Amount()
    exchange_difference: Amount = Amount()
    carried_over: Amount = Amount()

    def __add__(self, other: "Standing") -> "Standing":
        return Standing(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


TERMS: Mapping[str, int] = {"received": 1, "refunded": 1, "outstanding": 1, "written_off": 1, "exchange_difference": -1}
"""The columns that add up to `committed` in US cents, each with its sign."""


class ReversedEntry(Struct, frozen=True, kw_only=True):
    """The entry that another one reverses: its type, and its number among the receipts if it is listed there."""

    entry_id: UUID
    type: str
    number: int | None


class Movement(Struct, frozen=True, kw_only=True):
    """An entry of the period, the entry it reverses, and its change of each column."""

    entry_id: UUID
    type: str
    takes_back: ReversedEntry | None
    effective_on: date
    recorded_at: datetime
    rate: str | None
    rate_source: str | None
    rate_date: date | None
    moved: Standing


class Receipt(Struct, frozen=True, kw_only=True):
    """Cash of the period; negative for a refund or a reversed receipt.

    `type` is that of its entry: `received`, `refunded`, or `reversed`. `available` is the part that the fund can
    allocate.

    `agreed` is its worth at the rate of the agreement, `exchange_difference` the excess of its worth on its own day.
    """

    number: int
    entry_id: UUID
    type: str
    takes_back: ReversedEntry | None
    received_on: date
    money: Amount
    rate: str | None
    rate_source: str | None
    rate_date: date | None
    agreed_usd_minor: int
    exchange_difference_usd_minor: int
    bank_charges_usd_minor: int
    support_cost_usd_minor: int
    available_usd_minor: int


class Due(Struct, frozen=True, kw_only=True):
    """An instalment of the agreement, and its paid part. Receipts count against the earliest open instalment."""

    due_on: date
    minor: int
    paid_minor: int


class PledgeAccount(Struct, frozen=True, kw_only=True):
    """The account of one pledge: its balance before the period, its entries in it, its balance at the end."""

    pledge_id: UUID
    fund: str
    pledged: Money
    earmarking: Earmarking
    note: str
    agreement_reference: str | None
    support_cost_basis_points: int | None
    schedule: tuple[Due, ...]
    opening: Standing
    movements: tuple[Movement, ...]
    closing: Standing
    receipts: tuple[Receipt, ...]


class CurrencyTotal(Struct, frozen=True):
    """The total of all pledges in one currency, at the end of the period."""

    currency: str
    closing: Standing


class ReceiptTotals(Struct, frozen=True, kw_only=True):
    """Totals of all cash of the period in US cents, by column."""

    received_usd_minor: int = 0
    agreed_usd_minor: int = 0
    exchange_difference_usd_minor: int = 0
    bank_charges_usd_minor: int = 0
    support_cost_usd_minor: int = 0
    available_usd_minor: int = 0


class UsdStanding(Struct, frozen=True, kw_only=True):
    """Totals of all pledges in US cents, by the columns of Standing.

    `committed` = `received` + `refunded` + `outstanding` + `written_off` - `exchange_difference`.
    """

    pledged_usd_minor: int
    committed_usd_minor: int
    received_usd_minor: int
    outstanding_usd_minor: int
    refunded_usd_minor: int
    written_off_usd_minor: int
    exchange_difference_usd_minor: int
    carried_over_usd_minor: int


class Statement(Struct, frozen=True, kw_only=True):
    """A donor's statement: its pledges, commitments and payments, and its share of the funds.

    It is as recorded by `as_of`, with value dates up to `ends`; both days are included. `starts` is the first day whose
    entries are listed; by default all are. `funds` are as of `funds_as_of`, midnight UTC, because they depend on all
    donors' payments, and two later moments would disclose each payment; `uncounted_funds` are paid to, and no share
    counts it yet. `in_kind` is not money, and `in_kind_usd_minor` is not included in any other total.
    """

    donor: str
    as_of: datetime
    starts: date | None
    ends: date
    opening: UsdStanding
    closing: UsdStanding
    currencies: tuple[CurrencyTotal, ...]
    pledges: tuple[PledgeAccount, ...]
    receipts: ReceiptTotals
    funds: tuple[FundShare, ...]
    uncounted_funds: tuple[str, ...]
    funds_as_of: datetime
    in_kind: tuple[InKindLine, ...]
    in_kind_usd_minor: int


def lines_in(statement: Statement) -> int:
    """Return the number of lines on its pages: entries of the period, instalments, and contributions in kind."""
    return sum(len(one.movements) + len(one.schedule) for one in statement.pledges) + len(statement.in_kind)


def statement_of(
    donor: str,
    promises: Sequence[Promise],
    entries: Iterable[Recorded],
    fund_balances: Iterable[FundMoney],
    in_kind: Iterable[tuple[InKindContribution, str]],
    *,
    starts: date | None,
    ends: date,
    as_of: datetime,
    funds_as_of: datetime,
) -> Statement:
    """Make a statement of entries. Entries that were recorded or took effect too late are ignored."""
    of_pledge: dict[UUID, list[Recorded]] = {promise.pledge_id: [] for promise in promises}
    for entry in sorted(entries, key=lambda one: (one.effective_on, one.recorded_at, one.entry_id)):
        if entry.recorded_at <= as_of and entry.effective_on <= ends:
            of_pledge[entry.pledge_id].append(entry)
    accounts = [
        _account(promise, of_pledge[promise.pledge_id], starts) for promise in promises if of_pledge[promise.pledge_id]
    ]
    accounts.sort(key=lambda one: (one.fund, one.pledge_id))
    currencies = sorted({one.pledged.currency for one in accounts})
    receipts = [receipt for one in accounts for receipt in one.receipts]
    beside = lines_of(in_kind, starts=starts, ends=ends)
    shares = [share_of(donor, pot) for pot in sorted(fund_balances, key=lambda one: one.fund)]
    counted = tuple(one for one in shares if one.contributed_usd_minor)
    paid_to = {one.fund for one in accounts if one.closing.received.usd_minor}
    return Statement(
        donor=donor,
        as_of=as_of,
        starts=starts,
        ends=ends,
        opening=_in_dollars(one.opening for one in accounts),
        closing=_in_dollars(one.closing for one in accounts),
        currencies=tuple(
            CurrencyTotal(currency, _sum(one.closing for one in accounts if one.pledged.currency == currency))
            for currency in currencies
        ),
        pledges=tuple(accounts),
        receipts=ReceiptTotals(
            received_usd_minor=sum(one.money.usd_minor for one in receipts),
            agreed_usd_minor=sum(one.agreed_usd_minor for one in receipts),
            exchange_difference_usd_minor=sum(one.exchange_difference_usd_minor for one in receipts),
            bank_charges_usd_minor=sum(one.bank_charges_usd_minor for one in receipts),
            support_cost_usd_minor=sum(one.support_cost_usd_minor for one in receipts),
            available_usd_minor=sum(one.available_usd_minor for one in receipts),
        ),
        funds=counted,
        uncounted_funds=tuple(sorted(paid_to - {one.fund for one in counted})),
        funds_as_of=funds_as_of,
        in_kind=beside,
        in_kind_usd_minor=sum(one.usd_minor for one in beside),
    )


# -- pledges ----------------------------------------------------------------------------------------------------------


def _account(promise: Promise, entries: Sequence[Recorded], starts: date | None) -> PledgeAccount:
    before = [one for one in entries if starts is not None and one.effective_on < starts]
    within = entries[len(before) :]
    types = {one.entry_id: one.type for one in entries}
    moved = {
        one.entry_id: moved_by(one, types.get(one.reverses, one.type) if one.reverses else one.type) for one in entries
    }
    opening = _sum(moved[one.entry_id] for one in before)
    closing = opening + _sum(moved[one.entry_id] for one in within)
    # An agreement counts even if all of it is conditional, and nothing is owed yet.
    agreed = any(one.type == "committed" for one in entries)
    paying = [one for one in entries if _came(one) != Amount()]
    numbers = {one.entry_id: number for number, one in enumerate(paying, start=1)}
    reversed_entries = _reversed_entries(entries, {one.entry_id: numbers.get(one.entry_id) for one in within})
    # Refunded money had settled an owed amount, and written-off amounts are no longer owed.
    settled = sum(_booked(one, "discharged").minor + _booked(one, "written_off").minor for one in entries)
    return PledgeAccount(
        pledge_id=promise.pledge_id,
        fund=promise.fund,
        pledged=Money(minor=_booked(entries[0], "pledged").minor, currency=promise.currency),
        earmarking=promise.earmarking,
        note=promise.note,
        # An agreement has no effect before its day.
        agreement_reference=promise.agreement_reference if agreed else None,
        support_cost_basis_points=promise.support_cost_basis_points if agreed else None,
        schedule=_schedule(promise.instalments, settled) if agreed else (),
        opening=opening,
        movements=tuple(
            from_attributes(Movement, one, takes_back=reversed_entries.get(one.entry_id), moved=moved[one.entry_id])
            for one in within
        ),
        closing=closing,
        receipts=tuple(
            _receipt(numbers[one.entry_id], one, reversed_entries) for one in within if one.entry_id in numbers
        ),
    )


def moved_by(entry: Recorded, original: str) -> Standing:
    """Return the change of each column by an entry. Credits of `committed` are agreements.

    `original` is the type of the entry that it reverses, or its own. Money carried over has two entries, of which the
    one in the other fund, `brought_forward`, is not counted again.
    """
    return Standing(
        pledged=_booked(entry, "pledged"),
        committed=-_booked(entry, "committed"),
        received=_came(entry),
        outstanding=_booked(entry, "receivable"),
        refunded=-_booked(entry, "refunded"),
        written_off=_booked(entry, "written_off"),
        exchange_difference=-(_booked(entry, "exchange_difference") + _booked(entry, "rounding")),
        carried_over=Amount(0, -_booked(entry, "transferred").usd_minor if original == "carried_over" else 0),
    )


def _reversed_entries(entries: Sequence[Recorded], listed: Mapping[UUID, int | None]) -> Mapping[UUID, ReversedEntry]:
    """Return the entry that each entry reverses; `listed` are the numbers of the entries listed in the statement."""
    reversed_entries = {
        one.entry_id: ReversedEntry(entry_id=one.entry_id, type=one.type, number=listed.get(one.entry_id))
        for one in entries
    }
    return {one.entry_id: reversed_entries[one.reverses] for one in entries if one.reverses in reversed_entries}


def _receipt(number: int, entry: Recorded, reversed_entries: Mapping[UUID, ReversedEntry]) -> Receipt:
    money = _came(entry)
    # A debit is a loss: at the agreement's rate the amount was worth more than the cash.
    loss_usd_minor = _booked(entry, "exchange_difference").usd_minor
    return from_attributes(
        Receipt,
        entry,
        number=number,
        takes_back=reversed_entries.get(entry.entry_id),
        received_on=entry.effective_on,
        money=money,
        agreed_usd_minor=money.usd_minor + loss_usd_minor,
        exchange_difference_usd_minor=-loss_usd_minor,
        bank_charges_usd_minor=-_booked(entry, "bank_charges").usd_minor,
        support_cost_usd_minor=-_booked(entry, "programme_support").usd_minor,
        available_usd_minor=-_booked(entry, "available").usd_minor,
    )


def _schedule(instalments: Iterable[Instalment], paid_minor: int) -> tuple[Due, ...]:
    found = []
    for one in sorted(instalments, key=lambda instalment: instalment.due_on):
        paid = max(0, min(one.minor, paid_minor))
        paid_minor -= paid
        found.append(Due(due_on=one.due_on, minor=one.minor, paid_minor=paid))
    return tuple(found)


def _came(entry: Recorded) -> Amount:
    """Return the receipts in the currency of the agreement; refunds are credited to `refunded`."""
    return _booked(entry, "discharged") + _booked(entry, "refunded")


def _booked(entry: Recorded, account: str) -> Amount:
    return sum((Amount(p.minor, p.usd_minor) for p in entry.postings if p.account == account), Amount())


def _sum(standings: Iterable[Standing]) -> Standing:
    return sum(standings, Standing())


def _in_dollars(standings: Iterable[Standing]) -> UsdStanding:
    total = _sum(standings)
    became = sum(sign * getattr(total, name).usd_minor for name, sign in TERMS.items())
    assert total.committed.usd_minor == became, f"what was committed did not become {became}: {total}"
    return UsdStanding(**{f"{name}_usd_minor": getattr(total, name).usd_minor for name in Standing.__struct_fields__})
