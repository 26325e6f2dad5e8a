"""Routes of a donor's statement, as PDF and as data."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from chassis.db.database import Database
from chassis.http.application import CurrentCaller, Db, Now, requires
from chassis.http.downloads import disposition
from chassis.http.edge import reader_language
from contracts.refusals import Invalid, Missing
from contracts.values import Caller, Language
from services.pledges import policy
from services.pledges.dependencies import Owned
from services.pledges.funds.actions import require_fund
from services.pledges.ledger.as_of import AsOf, beginning_of_day, moment_of, wait_until_final
from services.pledges.policy import Action
from services.pledges.statements import store as statement_store
from services.pledges.statements.model import Statement, statement_of

PDF = "application/pdf"

Starts = Annotated[date | None, QueryParameter(name="from")]
Ends = Annotated[date | None, QueryParameter(name="until")]
Fund = Annotated[str | None, QueryParameter(max_length=32)]


@get(
    "/v1/statements/{donor:str}",
    opt=requires(Action.SHOW_STATEMENT),
    media_type=PDF,
    summary="The statement of a donor, as PDF",
)
async def show_statement(
    donor: FromPath[str],
    request: Request[Any, Any, Any],
    db: Db,
    own: Owned,
    caller: CurrentCaller,
    now: Now,
    as_of: AsOf = None,
    starts: Starts = None,
    ends: Ends = None,
    fund: Fund = None,
    language: FromQuery[Language | None] = None,
) -> Response[bytes]:
    """Restricted to the donor itself and to callers who may read the whole ledger.

    The same `as_of` gives the same bytes, unless the donor has changed its texts since.

    The statement is as recorded by `as_of` (default: now), except shares of funds, which are as of the beginning of
    that day in UTC. It has value dates from `from` (default: all) until `until` (default: the day of `as_of`); both
    days are included. Its language is `language`, or else the preferred one of `Accept-Language`.
    """
    statement = await _statement(db, caller, donor, fund, starts, ends, as_of, now)
    statement_store.require_printable(statement)
    chosen = language or reader_language(request.scope)
    made = await own.renderer.statement_pdf(statement, chosen, organization=caller.organization)
    name = f"statement-{statement.donor}-{statement.ends.isoformat()}-{chosen}.pdf"
    headers = {"Content-Disposition": disposition(name), "Content-Language": chosen.value}
    return Response(made, media_type=PDF, headers=headers)


@get(
    "/v1/statements/{donor:str}/data",
    opt=requires(Action.SHOW_STATEMENT),
    summary="The statement of a donor, as data",
)
async def show_statement_data(
    donor: FromPath[str],
    db: Db,
    caller: CurrentCaller,
    now: Now,
    as_of: AsOf = None,
    starts: Starts = None,
    ends: Ends = None,
    fund: Fund = None,
) -> Statement:
    """Returns the figures of the PDF for the same parameters, in minor units."""
    return await _statement(db, caller, donor, fund, starts, ends, as_of, now)


async def _statement(
    db: Database,
    caller: Caller,
    donor: str,
    fund: str | None,
    starts: date | None,
    ends: date | None,
    as_of: str | None,
    now: datetime,
) -> Statement:
    """Return the statement. Raises Missing if the caller may see no record of the donor, or if there is none."""
    moment = moment_of(as_of) if as_of is not None else now.astimezone(UTC)
    if moment > now:
        raise Invalid("invalid-field", field="as_of", expected="past_moment")
    last = ends or moment.date()
    if starts is not None and last < starts:
        raise Invalid("dates-reversed", field="until")
    # Shares depend on totals of all donors. Their moment is the same for every caller, and so is the statement.
    day = beginning_of_day(moment)
    await wait_until_final(db, caller, moment if as_of is not None else day, now=now)
    async with db.transaction(by=caller, snapshot=True) as tx:
        await require_fund(tx, fund)
        promises = await statement_store.promises(tx, caller, donor, fund=fund, ends=last, as_of=moment)
        in_kind = await statement_store.in_kind(tx, caller, donor, fund=fund, as_of=moment)
        if not promises and not in_kind:
            raise Missing("not-found")
        policy.decide(caller, Action.SHOW_STATEMENT, policy.Entry(donor)).required()
        entries = await statement_store.recorded(tx, caller, promises, ends=last, as_of=moment)
        codes = await statement_store.funds_of(tx, caller, promises, as_of=moment)
        async with tx.as_service():
            fund_balances = await statement_store.fund_balances(tx, codes, ends=last, as_of=day)
    return statement_of(
        donor, promises, entries, fund_balances, in_kind, starts=starts, ends=last, as_of=moment, funds_as_of=day
    )


ROUTES = [show_statement, show_statement_data]
