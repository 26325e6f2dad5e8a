"""Routes of checks, for people who have signed in and for the page that a mail links to."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.auth.answer_links import LinkToken, linked
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import PUBLIC, CurrentCaller, Db, Now, requires
from chassis.http.commands import change, show
from chassis.http.pages import Pagination
from chassis.http.queries import query_parameter
from contracts.answer_links import Purpose
from contracts.legislation_checks import CheckResult
from contracts.values import Caller, Role, State
from services.sherloc.checks import actions, store
from services.sherloc.checks.views import LegislationCheckView, LinkedCheck, check_view, linked_view, view_of
from services.sherloc.dependencies import Dependencies, Owned
from services.sherloc.policy import Action

CHECKS = "/v1/legislation/checks"
CHECK = f"{CHECKS}/{{legislation_check_id:uuid}}"
LINK = f"{CHECKS}/link"
"""The page of a mail uses this path with a token only; it is not in the API's document."""


class AnswerCheck(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer to a check: `unchanged` confirms every record of the State that is on SHERLOC.

    Changes of the law are entered in the register.
    """

    result: CheckResult


class LegislationCheckPage(Struct, frozen=True, kw_only=True):
    """Checks, newest first; `cursor` leads to the next page."""

    checks: list[LegislationCheckView]
    cursor: UUID | None


@get(CHECKS, opt=requires(Action.LIST_CHECKS), summary="The yearly checks of the register")
async def list_checks(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    of_state: Annotated[str | None, query_parameter(State, name="state")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[LegislationCheckPage]:
    """Lists a State's own checks, or all checks for UNODC."""
    async with db.transaction(by=caller) as tx:
        found = await store.page(tx, caller, state=of_state, before=cursor, limit=limit + 1)
    return paging.page(LegislationCheckPage, [view_of(one, caller) for one in found], limit)


@show(CHECK, Action.SHOW_CHECK, "One check")
async def show_check(tx: Tx, ctx: Context, legislation_check_id: FromPath[UUID]) -> LegislationCheckView:
    """Shows a check, with its answer if it has one."""
    return await check_view(tx, ctx, legislation_check_id)


@change(f"{CHECK}/answer", Action.ANSWER_CHECK, "Answer a check: whether the law has changed", read=check_view)
async def answer_check(tx: Tx, ctx: Context, legislation_check_id: FromPath[UUID], data: JSONBody[AnswerCheck]) -> None:
    """Requires the role `focal_point` of the State. `unchanged` confirms its published and verified records."""
    await actions.answer(tx, ctx, legislation_check_id, data.result)


# -- routes for the link of a mail ------------------------------------------------------------------------------------


@get(LINK, opt=PUBLIC)
async def show_linked_check(token: LinkToken, db: Db, own: Owned, now: Now) -> Response[LinkedCheck]:
    """Shows what is asked. It changes nothing, because programs may follow the links of mails."""
    check_id, caller = await _linked(db, own, token, now)
    async with db.transaction(by=caller) as tx:
        view = await linked_view(tx, await store.get(tx, check_id, caller))
    return Response(view)


@post(LINK, opt=PUBLIC, status_code=200)
async def answer_linked_check(
    token: LinkToken, data: JSONBody[AnswerCheck], db: Db, own: Owned, now: Now
) -> Response[LinkedCheck]:
    """Requires no sign-in: the answer is that of the person to whom the mail was sent. A repeat changes nothing."""
    check_id, caller = await _linked(db, own, token, now)
    async with db.transaction(by=caller) as tx:
        view = await linked_view(tx, await actions.answer_by_link(tx, caller, check_id, data.result, now=now))
    return Response(view)


async def _linked(db: Db, own: Dependencies, token: str, now: datetime) -> tuple[UUID, Caller]:
    """Return the check and the person of a token. Raises Missing, also if the check is closed, and Unavailable."""

    async def asked(check_id: UUID) -> tuple[str, Role] | None:
        async with db.transaction(by=None) as tx:
            found = await store.get_as_service(tx, check_id)
        return (found.state, Role.FOCAL_POINT) if found and now < found.closes_at else None

    return await linked(own.reply_key, own.callers, Purpose.LEGISLATION_CHECK, token, asked, now=now)


ROUTES = [
    list_checks,
    show_check,
    answer_check,
    show_linked_check,
    answer_linked_check,
]
