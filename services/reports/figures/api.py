"""Routes of figures."""

from datetime import UTC, date, datetime
from typing import Annotated

from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from chassis.http.application import PUBLIC, CurrentCaller, Db, Now, requires
from chassis.http.queries import query_parameter
from contracts.codes import unknown_code
from contracts.refusals import Invalid, Missing
from contracts.values import Code, State
from services.reports import policy
from services.reports.figures.model import FIGURES, OF_UNODC, STATUS
from services.reports.figures.views import Asked, FigureView, figure_view
from services.reports.policy import Action

# No longer than five seconds: then a request that its State unpublished counts nowhere any more.
CACHE_HEADERS = {"Cache-Control": "public, max-age=5"}

By = Annotated[str, QueryParameter(max_length=32)]
AsOf = FromQuery[date | None]


@get("/v1/figures/{figure:str}", opt=requires(Action.SHOW_FIGURE), summary="A figure by a code, as of a day")
async def show_figure(
    figure: FromPath[str],
    db: Db,
    caller: CurrentCaller,
    now: Now,
    by: By = STATUS,
    as_of: AsOf = None,
    of_state: Annotated[str | None, query_parameter(State, name="state")] = None,
    status: Annotated[str | None, query_parameter(Code)] = None,
) -> FigureView:
    """For UNODC of all records or those of one `state`; for a State of its own, with small numbers suppressed.

    `as_of` is today, if not given. Only UNODC may limit it to a `status`, which is itself a code to count `by`.
    """
    scope = policy.scope_of(caller, of_state)
    policy.decide(caller, Action.SHOW_FIGURE, scope).required()
    asked = _asked(figure, by, as_of, scope.state, status, now, exact=policy.oversees(caller))
    async with db.transaction(by=caller, snapshot=True) as tx:
        return await figure_view(tx, asked)


@get("/v1/public/figures/{figure:str}", opt=PUBLIC, summary="A figure of what its owners published, as of a day")
async def show_public_figure(
    figure: FromPath[str], db: Db, now: Now, by: By = STATUS, as_of: AsOf = None
) -> Response[FigureView]:
    """Of requests with an approved public summary and published offerings, as they are published now; small numbers are
    suppressed.
    """
    asked = _asked(figure, by, as_of, None, None, now, public=True)
    # Without a caller: the statement selects only what is public.
    async with db.transaction(by=None, snapshot=True) as tx:
        return Response(await figure_view(tx, asked), headers=CACHE_HEADERS)


def _asked(
    name: str,
    by: str,
    as_of: date | None,
    state: str | None,
    status: str | None,
    now: datetime,
    *,
    public: bool = False,
    exact: bool = False,
) -> Asked:
    """Raises Missing for no figure, Invalid for a code that it is not counted by, or a day to come."""
    figure = FIGURES.get(name)
    if figure is None:
        raise Missing("not-found")
    codes = [code for code in figure.dimensions if exact or code not in OF_UNODC]
    if by not in codes:
        raise unknown_code("by", by, codes)
    if status is not None and not exact:
        raise Invalid("invalid-field", field="status", expected="none, except by UNODC: count by status")
    if status is not None and status not in figure.statuses:
        raise unknown_code("status", status, figure.statuses)
    today = now.astimezone(UTC).date()
    if as_of is not None and as_of > today:
        raise Invalid("invalid-field", field="as_of", expected="a day that has come")
    return Asked(figure=name, by=by, as_of=as_of or today, state=state, status=status, public=public, exact=exact)


ROUTES = [show_figure, show_public_figure]
