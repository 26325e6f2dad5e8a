"""Flows: the ledger in the terms of OCHA's Financial Tracking Service, one movement per row.

A flow is a posting on one of the accounts that make up a fund's figures. For any entries the flows of one boundary and
one status add up to a figure of the fund (`GET /v1/funds/{code}`):

    incoming  pledge       pledged
    incoming  commitment   committed
    incoming  paid         paid
    internal  commitment   allocated
    internal  paid         transferred, which is negative where money came from another fund
    outgoing  paid         spent, and, of those that have a donor, refunded

A reversing flow has a negative amount. Flows of two boundaries or two statuses are never added. Money received that is
neither programme support cost nor bank charges is allocated, transferred, refunded, or available. Available money is
parked: it is not set aside for a purpose yet. A fund is one pot, so no allocation is a part of what one donor paid.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts.conversion import from_attributes
from contracts.reference import exponent
from services.pledges.ledger.postings import Account, EntryType
from services.pledges.money.model import USD
from services.pledges.pledge.earmarking import Earmarking

METHOD = "traditional_aid"
"""The method of all flows.

The Tracking Service distinguishes cash paid out to people in need, which no fund does.
"""


class FlowStatus(StrEnum):
    """Statuses of flows, in the terms of the Tracking Service."""

    PLEDGE = "pledge"
    COMMITMENT = "commitment"
    PAID = "paid"


class Boundary(StrEnum):
    """Directions of money relative to the funds: into a fund, from one to a purpose or another fund, or out of them."""

    INCOMING = "incoming"
    INTERNAL = "internal"
    OUTGOING = "outgoing"


class FlowType(StrEnum):
    """Types of flows, which never change.

    `parked` is paid into a fund without a requirement named by its donor, `pass_through` is passed on to be used
    elsewhere. The amount that is parked now is the fund's available money.
    """

    STANDARD = "standard"
    PARKED = "parked"
    PASS_THROUGH = "pass_through"


class Kind(Struct, frozen=True):
    """The kind of flow of an account's postings; `sign` makes those postings positive that add to the fund's figure."""

    boundary: Boundary
    status: FlowStatus
    sign: int


KINDS: Mapping[Account, Kind] = {
    Account.PLEDGED: Kind(Boundary.INCOMING, FlowStatus.PLEDGE, 1),
    Account.COMMITTED: Kind(Boundary.INCOMING, FlowStatus.COMMITMENT, -1),
    Account.CASH: Kind(Boundary.INCOMING, FlowStatus.PAID, 1),
    Account.AVAILABLE: Kind(Boundary.INTERNAL, FlowStatus.COMMITMENT, 1),
    Account.TRANSFERRED: Kind(Boundary.INTERNAL, FlowStatus.PAID, -1),
    Account.SPENT: Kind(Boundary.OUTGOING, FlowStatus.PAID, -1),
    Account.REFUNDED: Kind(Boundary.OUTGOING, FlowStatus.PAID, -1),
}
"""Accounts whose postings are flows.

Postings of `available` are flows only in an allocation's entry: in a pledge's entry, another account has the same
change.
"""

PARENTS: Mapping[EntryType, tuple[EntryType, Account]] = {
    EntryType.COMMITTED: (EntryType.PLEDGED, Account.PLEDGED),
    EntryType.RECOGNIZED: (EntryType.PLEDGED, Account.PLEDGED),
    EntryType.RECEIVED: (EntryType.PLEDGED, Account.PLEDGED),
    EntryType.REDUCED: (EntryType.PLEDGED, Account.PLEDGED),
    EntryType.REFUNDED: (EntryType.PLEDGED, Account.PLEDGED),
    EntryType.CARRIED_OVER: (EntryType.PLEDGED, Account.PLEDGED),
    EntryType.BROUGHT_FORWARD: (EntryType.CARRIED_OVER, Account.TRANSFERRED),
    EntryType.SPENT: (EntryType.ALLOCATED, Account.AVAILABLE),
    EntryType.DISBURSED: (EntryType.ALLOCATED, Account.AVAILABLE),
}
"""Maps the type of an entry to the parent of its flows, as type and account.

The parent is the flow on that account in the entry of that type of the same pledge or allocation. The parent of a
reversal is the reversed entry's flow on the same account, or the allocation's if the money goes back to the fund.
Pledges and allocations have no parent.
"""


class FlowRow(Struct, frozen=True, kw_only=True):
    """A posting with its entry and related records.

    `work_package`, `requirement_id`, `activity_id` and `provider` are those of its allocation; `other_fund` is the fund
    of a carry-over's other half.
    """

    entry_id: UUID
    position: int
    pledge_id: UUID | None = None
    allocation_id: UUID | None = None
    type: EntryType
    account: Account
    fund: str
    donor: str | None = None
    effective_on: date
    recorded_at: datetime
    currency: str
    minor: int
    usd_minor: int
    rate: str | None = None
    rate_source: str | None = None
    rate_date: date | None = None
    earmarking: Earmarking | None = None
    note: str
    reverses: UUID | None = None
    flow_type: FlowType
    parent_flow_id: str | None = None
    work_package: str | None = None
    requirement_id: UUID | None = None
    activity_id: UUID | None = None
    provider: str | None = None
    other_fund: str | None = None


class Flow(Struct, frozen=True, kw_only=True):
    """A movement of money, in minor units; negative for a reversal. Statuses and boundaries must not be added up.

    `entry_type` is the type of its entry; `year` is the year of its value date, since no other year of use is stated.
    `parent_flow_id` is the flow of which it is a part. `destination` is where the money goes: a fund, a work package, a
    requirement or an activity by its id, or an organization; for a negative amount the money comes from there. The
    three fields of the rate are null for an entry without a rate; for an allocation, which belongs to no donor, all
    fields of a pledge are null, too.
    """

    flow_id: str
    effective_on: date
    year: int
    status: FlowStatus
    entry_type: EntryType
    donor: str | None
    fund: str
    usd_minor: int
    minor: int
    currency: str
    rate: str | None
    rate_source: str | None
    rate_date: date | None
    earmarking: Earmarking | None
    method: str
    note: str
    pledge_id: UUID | None
    entry_id: UUID
    reverses: UUID | None
    updated_at: datetime
    boundary: Boundary
    flow_type: FlowType
    parent_flow_id: str | None
    destination: str
    allocation_id: UUID | None


def flow_of(row: FlowRow) -> Flow:
    kind = KINDS[row.account]
    return from_attributes(
        Flow,
        row,
        flow_id=f"{row.entry_id}.{row.position}",
        year=row.effective_on.year,
        status=kind.status,
        entry_type=row.type,
        usd_minor=kind.sign * row.usd_minor,
        minor=kind.sign * row.minor,
        method=METHOD,
        updated_at=row.recorded_at,
        boundary=kind.boundary,
        destination=_destination(row),
    )


def _destination(row: FlowRow) -> str:
    purpose = row.work_package or str(row.requirement_id or row.activity_id or "")
    match row.account:
        case Account.AVAILABLE:
            return purpose
        case Account.SPENT:
            return (row.provider or purpose) if row.flow_type is FlowType.PASS_THROUGH else purpose
        case Account.REFUNDED:
            return row.donor or ""
        case Account.TRANSFERRED:
            return row.other_fund or ""
        case _:
            return row.fund


# -- rows of a table --------------------------------------------------------------------------------------------------


class Amount(Struct, frozen=True):
    """A cell with a number, made from whole minor units, never from a text."""

    minor: int
    currency: str

    @property
    def places(self) -> int:
        """Number of decimals."""
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
    "entry_type": lambda flow: flow.entry_type.value,
    "donor": lambda flow: flow.donor or "",
    "fund": lambda flow: flow.fund,
    "amount_usd": lambda flow: Amount(flow.usd_minor, USD),
    "original_amount": lambda flow: Amount(flow.minor, flow.currency),
    "original_currency": lambda flow: flow.currency,
    "usd_per_unit": lambda flow: flow.rate or "",
    "rate_source": lambda flow: flow.rate_source or "",
    "rate_date": lambda flow: flow.rate_date.isoformat() if flow.rate_date else "",
    "earmarking": lambda flow: flow.earmarking or "",
    "method": lambda flow: flow.method,
    "note": lambda flow: flow.note,
    "pledge_id": lambda flow: str(flow.pledge_id or ""),
    "entry_id": lambda flow: str(flow.entry_id),
    "reverses": lambda flow: str(flow.reverses or ""),
    "updated_at": lambda flow: flow.updated_at.isoformat(),
    "boundary": lambda flow: flow.boundary.value,
    "flow_type": lambda flow: flow.flow_type.value,
    "parent_flow_id": lambda flow: flow.parent_flow_id or "",
    "destination": lambda flow: flow.destination,
    "allocation_id": lambda flow: str(flow.allocation_id or ""),
}
"""Columns of the tables, in order, for CSV and spreadsheet. New columns are appended."""


def cells_of(flow: Flow) -> tuple[Cell, ...]:
    return tuple(cell(flow) for cell in COLUMNS.values())
