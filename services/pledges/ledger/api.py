"""Routes of the ledger: entries, and balances as of a moment and until a value date."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from chassis.http.application import CurrentCaller, Db, Now, requires
from chassis.http.pages import Pagination
from contracts.refusals import Invalid
from services.pledges import policy
from services.pledges.funds.actions import require_fund
from services.pledges.ledger import balances
from services.pledges.ledger import store as ledger
from services.pledges.ledger.as_of import AsOf, final_as_of
from services.pledges.pledge import store
from services.pledges.policy import Action

Donor = Annotated[str | None, QueryParameter(max_length=32)]
"""Restricts the result to this donor's entries; it is empty for a code without pledges."""


class EntryPage(Struct, frozen=True, kw_only=True):
    """Entries of the ledger, newest first; `cursor` leads to the next page."""

    entries: list[ledger.EntryRow]
    cursor: str | None


class Balances(Struct, frozen=True, kw_only=True):
    """Every account of every fund, as recorded by `as_of`; each book sums to zero in each currency.

    With `donor`, only entries of that donor's pledges are included: allocations belong to no donor and are left out.
    With `until`, only entries with that value date or an earlier one are included; an account with a balance of zero is
    left out.

    If `final`, the result for this moment never changes. Otherwise these are the current balances, and entries being
    recorded now may still get a time before `as_of`.
    """

    as_of: datetime
    final: bool
    until: date | None
    donor: str | None
    balances: list[balances.Balance]


@get(
    "/v1/ledger/entries",
    opt=requires(Action.LIST_ENTRIES),
    summary="The ledger's entries with their postings, newest first",
)
async def list_entries(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    now: Now,
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    donor: Donor = None,
    pledge_id: Annotated[UUID | None, QueryParameter(name="pledge")] = None,
    allocation_id: Annotated[UUID | None, QueryParameter(name="allocation")] = None,
    effective_from: FromQuery[date | None] = None,
    effective_until: FromQuery[date | None] = None,
    as_of: AsOf = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[EntryPage]:
    """A debit is positive, a credit negative. A donor sees the entries of its own pledges.

    `effective_from` and `effective_until` limit the value dates; both days are included. With `as_of`, the entries are
    as recorded by that moment, and the result never changes.
    """
    if effective_from is not None and effective_until is not None and effective_until < effective_from:
        raise Invalid("dates-reversed", field="effective_until")
    moment = await final_as_of(db, caller, as_of, now=now)
    async with db.transaction(by=caller) as tx:
        await require_fund(tx, fund)
        found = await ledger.entries(
            tx,
            caller,
            fund=fund,
            donor=donor,
            pledge_id=pledge_id,
            allocation_id=allocation_id,
            effective_from=effective_from,
            effective_until=effective_until,
            as_of=moment,
            before=cursor,
            limit=limit + 1,
        )
    return paging.page(EntryPage, found, limit)


@get(
    "/v1/ledger/balances",
    opt=requires(Action.SHOW_BALANCES),
    summary="Balances of all accounts, as of a moment and until a value date",
)
async def show_balances(
    db: Db,
    caller: CurrentCaller,
    now: Now,
    as_of: AsOf = None,
    until: FromQuery[date | None] = None,
    donor: Donor = None,
) -> Balances:
    """Restricted to callers who may read the whole ledger. A report as of a moment never changes.

    With `until`, the result is the trial balance by value date: all entries that took effect on that day or earlier,
    whenever they were recorded. With `as_of`, the request waits up to five seconds for transactions that may still
    record something of that moment, and is then refused with 409. Without `as_of`, the balances are the current ones.
    With `donor`, each account includes that donor's entries only.
    """
    policy.decide(caller, Action.SHOW_BALANCES).required()
    moment = await final_as_of(db, caller, as_of, now=now)
    async with db.transaction(by=caller) as tx, tx.as_service():
        found = await balances.balances(tx, as_of=moment or balances.EVER, until=until, donor=donor)
    return Balances(as_of=moment or now, final=moment is not None, until=until, donor=donor, balances=found)


ROUTES = [list_entries, show_balances]
