"""Routes of funds: requirements by year, and totals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from litestar import Response, get
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, Db, Now, requires, with_etag
from chassis.http.commands import change, create
from chassis.http.pages import Pagination
from contracts.refusals import Missing
from contracts.values import Caller
from services.pledges import policy
from services.pledges.allocations.model import fund_id_of
from services.pledges.commands import OpenFund, ReviseRequirement, StateGenderMarker, check_reason
from services.pledges.funds import actions as fund_actions
from services.pledges.funds import store as funds
from services.pledges.funds.views import FundView, FundYearsView, with_totals, years_view
from services.pledges.ledger import balances
from services.pledges.ledger.as_of import AsOf, beginning_of_day, final_as_of, moment_of, wait_until_final
from services.pledges.ledger.balances import EVER
from services.pledges.pledge import store
from services.pledges.policy import Action


class FundPage(Struct, frozen=True, kw_only=True):
    """Funds by code; `cursor` leads to the next page."""

    funds: list[FundView]
    cursor: str | None


class RevisionPage(Struct, frozen=True, kw_only=True):
    """Statements of a fund's requirements, newest first.

    For each year and purpose the newest statement counts; an amount of 0 means that there is no requirement. `revision`
    is the fund's. `reason` is a code of `/v1/reference/reasons/revise_requirement`, and null for the opening.
    """

    revisions: Sequence[funds.Revision]
    cursor: int | None


async def _read(tx: Tx, _ctx: Context, code: str) -> FundView:
    return await _fund(tx, code)


@create(
    "/v1/funds",
    Action.OPEN_FUND,
    "Open a fund",
    read=_read,
    key=lambda data: data.code,
    outcome=fund_id_of,
    location=lambda fund: f"/v1/funds/{fund.code}",
)
async def open_fund(tx: Tx, ctx: Context, code: str, data: JSONBody[OpenFund]) -> None:
    """Requires the role `finance_officer` at UNODC."""
    policy.decide(ctx.caller, Action.OPEN_FUND).required()
    labels, marker = data.labels.labels(), data.gender_marker
    await fund_actions.open_fund(tx, code, labels, data.yearly(), gender_marker=marker, now=ctx.now)


@get("/v1/funds", opt=requires(Action.LIST_FUNDS), summary="All funds with their balances")
async def list_funds(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    now: Now,
    as_of: AsOf = None,
    cursor: Annotated[str | None, QueryParameter(max_length=32)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[FundPage]:
    """Totals are shown to all callers with a role; they do not disclose which donors' pledges they include.

    With `as_of`, shows the funds that were open by that moment, as recorded by then; the result never changes. Before
    the first fund was opened the answer is 404 `fund-opened-later`, with the day in `opened_at`. For
    callers who may not read the whole ledger, the moment is midnight UTC of that day, which `as_of` in the answer
    shows.
    """
    moment = await _moment(db, caller, as_of, now=now)
    async with db.transaction(by=caller, snapshot=True) as tx:
        found = await funds.funds(tx, after=cursor, limit=limit + 1, as_of=moment or EVER)
        if moment is not None and cursor is None and not found:
            raise await funds.missing(tx, None, moment)
        return paging.page(FundPage, await with_totals(tx, found, as_of=moment), limit, at=lambda last: last.code)


@get("/v1/funds/{code:str}", opt=requires(Action.SHOW_FUND), summary="One fund with its balance")
async def show_fund(
    code: FromPath[str], db: Db, caller: CurrentCaller, now: Now, as_of: AsOf = None
) -> Response[FundView]:
    """With `as_of`, shows the fund as recorded by that moment; the result never changes.

    For callers who may not read the whole ledger, the moment is midnight UTC of that day, which `as_of` in the answer
    shows.
    """
    moment = await _moment(db, caller, as_of, now=now)
    async with db.transaction(by=caller, snapshot=True) as tx:
        fund = await _fund(tx, code, as_of=moment)
    return with_etag(fund, revision=fund.revision)


@change(
    "/v1/funds/{code:str}/requirements",
    Action.REVISE_REQUIREMENT,
    "Revise what a fund needs in a year",
    read=_read,
    outcome=fund_id_of,
)
async def revise_requirement(tx: Tx, ctx: Context, code: FromPath[str], data: JSONBody[ReviseRequirement]) -> None:
    """Requires the role `finance_officer` at UNODC.

    The year must not be closed. Earlier statements stay in the list.
    """
    policy.decide(ctx.caller, Action.REVISE_REQUIREMENT).required()
    requirement, reason = data.yearly(), check_reason("revise_requirement", data.reason)
    await fund_actions.revise_requirement(tx, ctx, code, requirement, reason)


@get(
    "/v1/funds/{code:str}/requirements",
    opt=requires(Action.LIST_REVISIONS),
    summary="The stated needs of a fund, newest first",
)
async def list_revisions(
    code: FromPath[str],
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    cursor: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[RevisionPage]:
    """The current requirements are in the fund's `requirements`."""
    async with db.transaction(by=caller, snapshot=True) as tx:
        if not await funds.is_open(tx, code):
            raise Missing("not-found")
        found = await funds.revisions(tx, code, before=cursor, limit=limit + 1)
    return paging.page(RevisionPage, found, limit)


@change(
    "/v1/funds/{code:str}/gender-marker",
    Action.STATE_GENDER_MARKER,
    "Set the gender marker of a fund",
    read=_read,
    outcome=fund_id_of,
)
async def state_gender_marker(tx: Tx, ctx: Context, code: FromPath[str], data: JSONBody[StateGenderMarker]) -> None:
    """Requires the role `finance_officer` at UNODC. A work package without a marker has the fund's.

    The fund's IATI file has the new marker from now on; as of an earlier moment it has the earlier marker.
    """
    policy.decide(ctx.caller, Action.STATE_GENDER_MARKER).required()
    await fund_actions.state_gender_marker(tx, ctx, code, data.work_package, data.gender_marker)


@get("/v1/funds/{code:str}/years", opt=requires(Action.SHOW_FUND_YEARS), summary="One fund by year")
async def show_fund_years(
    code: FromPath[str], db: Db, caller: CurrentCaller, now: Now, as_of: AsOf = None
) -> Response[FundYearsView]:
    """Shows requirements, commitments and movements by year.

    With `as_of`, shows them as recorded by that moment; the result never changes. For callers who may not read the
    whole ledger, the moment is midnight UTC of that day, by default today, which `as_of` in the answer shows: figures
    before and after a signature would disclose its instalments. For a fund opened later than that the answer is 404
    `fund-opened-later`.
    """
    given = as_of if as_of or policy.reads_all(caller) else now.isoformat()
    moment = await _moment(db, caller, given, now=now)
    async with db.transaction(by=caller, snapshot=True) as tx:
        found = await funds.funds(tx, only=code, as_of=moment or EVER)
        if not found:
            raise await funds.missing(tx, code, moment)
        async with tx.as_service():
            moved = await balances.progress_by_year(tx, code, as_of=moment or EVER)
            agreed = await store.committed_by_year(tx, code, as_of=moment or EVER)
    return Response(years_view(found[0], agreed, moved, as_of=moment))


async def _moment(db: Database, caller: Caller, given: str | None, *, now: datetime) -> datetime | None:
    """Return the moment of `final_as_of`; the beginning of its day for a caller who may not read the whole ledger.

    Totals of two later moments would disclose each single pledge made between them.
    """
    if given is None or policy.reads_all(caller):
        return await final_as_of(db, caller, given, now=now)
    day = beginning_of_day(moment_of(given))
    await wait_until_final(db, caller, day, now=now)
    return day


async def _fund(tx: Tx, code: str, *, as_of: datetime | None = None) -> FundView:
    found = await with_totals(tx, await funds.funds(tx, only=code, as_of=as_of or EVER), as_of=as_of)
    if not found:
        raise await funds.missing(tx, code, as_of)
    return found[0]


ROUTES = [
    open_fund,
    list_funds,
    show_fund,
    show_fund_years,
    revise_requirement,
    list_revisions,
    state_gender_marker,
]
