"""Flows: the ledger as whoever compares it with the Financial Tracking Service of OCHA reads it, one movement a row.

A flow is a posting on one of three accounts, those that a fund's totals are made of: what is pledged, what is
committed, what came in as cash. So the flows of one status add up to the fund's total of that status, whatever kind of
entry they stand in, and a flow that takes back has a negative amount. Flows of two statuses are never added.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts.reference import exponent
from services.pledges.money import USD
from services.pledges.postings import Account

METHOD = "traditional_aid"
"""How all of it is given: no fund here pays out cash to people in need, which the Tracking Service tells apart."""


class FlowStatus(StrEnum):
    """In the words of the Tracking Service."""

    PLEDGE = "pledge"
    COMMITMENT = "commitment"
    PAID = "paid"


ACCOUNTS: Mapping[FlowStatus, Account] = {
    FlowStatus.PLEDGE: Account.PLEDGED,
    FlowStatus.COMMITMENT: Account.COMMITTED,
    FlowStatus.PAID: Account.CASH,
}

_STATUSES = {account: status for status, account in ACCOUNTS.items()}
_CREDITS = frozenset({Account.COMMITTED})
"""What grows by a credit, which is negative in the ledger and positive in a flow."""


class FlowRow(Struct, frozen=True, kw_only=True):
    """A posting with its entry and its pledge, as it is read."""

    entry_id: UUID
    position: int
    pledge_id: UUID
    type: str
    account: Account
    fund: str
    donor: str
    effective_on: date
    recorded_at: datetime
    currency: str
    minor: int
    usd_minor: int
    rate: str
    rate_source: str
    rate_date: date
    earmarking: str
    note: str
    reverses: UUID | None


class Flow(Struct, frozen=True, kw_only=True):
    """A movement of money to a fund, in minor units; negative where it takes back. Statuses are never added up.

    `entry_type` is the kind of entry it stands in; `year` that of its value date, as nobody states another year of use.
    """

    flow_id: str
    effective_on: date
    year: int
    status: FlowStatus
    entry_type: str
    donor: str
    fund: str
    usd_minor: int
    minor: int
    currency: str
    rate: str
    rate_source: str
    rate_date: date
    earmarking: str
    method: str
    note: str
    pledge_id: UUID
    entry_id: UUID
    reverses: UUID | None
    updated_at: datetime


def flow_of(row: FlowRow) -> Flow:
    sign = -1 if row.account in _CREDITS else 1
    return Flow(
        flow_id=f"{row.entry_id}.{row.position}",
        effective_on=row.effective_on,
        year=row.effective_on.year,
        status=_STATUSES[row.account],
        entry_type=row.type,
        donor=row.donor,
        fund=row.fund,
        usd_minor=sign * row.usd_minor,
        minor=sign * row.minor,
        currency=row.currency,
        rate=row.rate,
        rate_source=row.rate_source,
        rate_date=row.rate_date,
        earmarking=row.earmarking,
        method=METHOD,
        note=row.note,
        pledge_id=row.pledge_id,
        entry_id=row.entry_id,
        reverses=row.reverses,
        updated_at=row.recorded_at,
    )


# -- as a table -------------------------------------------------------------------------------------------------------


class Amount(Struct, frozen=True):
    """A cell that is a number: made of whole minor units, never of a text."""

    minor: int
    currency: str

    @property
    def places(self) -> int:
        """How many digits stand behind the point."""
        return exponent(self.currency)

    def __str__(self) -> str:
        whole, rest = divmod(abs(self.minor), 10**self.places)
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{whole}.{rest:0{self.places}}" if self.places else f"{sign}{whole}"


Cell = str | int | Amount

COLUMNS: Mapping[str, Callable[[Flow], Cell]] = {
    "flow_id": lambda flow: flow.flow_id,
    "date": lambda flow: flow.effective_on.isoformat(),
    "year": lambda flow: flow.year,
    "status": lambda flow: flow.status.value,
    "entry_type": lambda flow: flow.entry_type,
    "donor": lambda flow: flow.donor,
    "fund": lambda flow: flow.fund,
    "amount_usd": lambda flow: Amount(flow.usd_minor, USD),
    "original_amount": lambda flow: Amount(flow.minor, flow.currency),
    "original_currency": lambda flow: flow.currency,
    "usd_per_unit": lambda flow: flow.rate,
    "rate_source": lambda flow: flow.rate_source,
    "rate_date": lambda flow: flow.rate_date.isoformat(),
    "earmarking": lambda flow: flow.earmarking,
    "method": lambda flow: flow.method,
    "note": lambda flow: flow.note,
    "pledge_id": lambda flow: str(flow.pledge_id),
    "entry_id": lambda flow: str(flow.entry_id),
    "reverses": lambda flow: str(flow.reverses or ""),
    "updated_at": lambda flow: flow.updated_at.isoformat(),
}
"""Each column of the tables, in their order: the same in CSV and in a spreadsheet."""


def cells_of(flow: Flow) -> tuple[Cell, ...]:
    return tuple(cell(flow) for cell in COLUMNS.values())
