"""Routes of contributions to SHERLOC. Each opens one transaction; a repeated command gets the recorded answer."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination
from chassis.http.queries import query_parameter
from contracts import reference
from contracts.codes import unknown_code
from contracts.contributions import ContributionKind
from contracts.values import Code, Language, State
from services.sherloc.bodies import check_reason
from services.sherloc.commands import (
    AcceptContribution,
    Comment,
    DraftContribution,
    PublishContribution,
    Reason,
    ReviseContribution,
    SupersedeContribution,
)
from services.sherloc.contributions import actions, store
from services.sherloc.contributions.model import ContributionStatus
from services.sherloc.contributions.store import Filter
from services.sherloc.contributions.views import ContributionView, contribution_view, views_of
from services.sherloc.policy import Action

CONTRIBUTION = "/v1/contributions/{contribution_id:uuid}"


class ContributionPage(Struct, frozen=True, kw_only=True):
    """Contributions, newest first; `cursor` leads to the next page."""

    contributions: list[ContributionView]
    cursor: str | None


@get("/v1/contributions", opt=requires(Action.LIST_CONTRIBUTIONS), summary="Contributions to SHERLOC")
async def list_contributions(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    of_state: Annotated[str | None, query_parameter(State, name="state")] = None,
    kind: FromQuery[ContributionKind | None] = None,
    article: Annotated[str | None, query_parameter(Code)] = None,
    status: FromQuery[ContributionStatus | None] = None,
    in_language: Annotated[Language | None, QueryParameter(name="language")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 25,
) -> Response[ContributionPage]:
    """Lists all contributions of one's own State, and those of other States once published. UNODC sees all."""
    _check("state", of_state, reference.countries(), "countries")
    _check("article", article, reference.articles(), "articles")
    wanted = Filter(state=of_state, kind=kind, article=article, status=status, language=in_language)
    async with db.transaction(by=caller, snapshot=True) as tx:
        found = await store.page(tx, caller, wanted, before=cursor, limit=limit + 1)
        views = await views_of(tx, found, caller)
    return paging.page(ContributionPage, views, limit)


@create("/v1/contributions", Action.DRAFT_CONTRIBUTION, "Begin a contribution", read=contribution_view)
async def draft_contribution(tx: Tx, ctx: Context, contribution_id: UUID, data: JSONBody[DraftContribution]) -> None:
    """Requires the role `focal_point` or `official`. Only the caller's State and UNODC see the draft."""
    data.check()
    await actions.draft_contribution(tx, ctx, contribution_id, data.kind, *data.content(), comment=data.comment)


@show(CONTRIBUTION, Action.SHOW_CONTRIBUTION, "One contribution")
async def show_contribution(tx: Tx, ctx: Context, contribution_id: FromPath[UUID]) -> ContributionView:
    """Shows a contribution. Its State and UNODC also see the passages that look like personal data."""
    return await contribution_view(tx, ctx, contribution_id)


@change(f"{CONTRIBUTION}/revise", Action.REVISE_CONTRIBUTION, "Revise a contribution", read=contribution_view)
async def revise_contribution(
    tx: Tx, ctx: Context, contribution_id: FromPath[UUID], data: JSONBody[ReviseContribution]
) -> None:
    """Requires the role `focal_point` or `official` of the State.

    Earlier texts are deleted; the new ones are screened.
    """
    data.check()
    await actions.revise_contribution(tx, ctx, contribution_id, *data.content(), comment=data.comment)


@change(f"{CONTRIBUTION}/submit", Action.SUBMIT_CONTRIBUTION, "Submit a contribution", read=contribution_view)
async def submit_contribution(tx: Tx, ctx: Context, contribution_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role `focal_point` or `official` of the State, and every field that the kind needs."""
    await actions.submit_contribution(tx, ctx, contribution_id, comment=data.comment)


@change(
    f"{CONTRIBUTION}/clear-marks",
    Action.CLEAR_MARKS,
    "Confirm that marked passages are no personal data",
    read=contribution_view,
)
async def clear_marks(tx: Tx, ctx: Context, contribution_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role `focal_point` or `official` of the State, or `coordinator`.

    The caller has read each marked passage.

    After a revision, marks have to be cleared again.
    """
    await actions.move(
        tx,
        ctx,
        contribution_id,
        Action.CLEAR_MARKS,
        lambda one: one.clear_marks(now=ctx.now),
        comment=data.comment,
    )


@change(
    f"{CONTRIBUTION}/return", Action.RETURN_CONTRIBUTION, "Return a contribution to the State", read=contribution_view
)
async def return_contribution(tx: Tx, ctx: Context, contribution_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Requires the role `coordinator` and a coded reason, such as `personal_data`. The State may submit it again."""
    reason = check_reason("return_contribution", data.reason)
    await actions.move(
        tx,
        ctx,
        contribution_id,
        Action.RETURN_CONTRIBUTION,
        lambda one: one.send_back(reason, now=ctx.now),
        comment=data.comment,
    )


@change(f"{CONTRIBUTION}/accept", Action.ACCEPT_CONTRIBUTION, "Accept a contribution", read=contribution_view)
async def accept_contribution(
    tx: Tx, ctx: Context, contribution_id: FromPath[UUID], data: JSONBody[AcceptContribution]
) -> None:
    """Requires the role `coordinator`.

    The coordinator states that the contribution is complete, may be published, and contains no personal data.
    """
    data.check()
    await actions.move(
        tx,
        ctx,
        contribution_id,
        Action.ACCEPT_CONTRIBUTION,
        lambda one: one.accept(now=ctx.now),
        comment=data.comment,
    )


@change(
    f"{CONTRIBUTION}/publish", Action.PUBLISH_CONTRIBUTION, "Publish a contribution on SHERLOC", read=contribution_view
)
async def publish_contribution(
    tx: Tx, ctx: Context, contribution_id: FromPath[UUID], data: JSONBody[PublishContribution]
) -> None:
    """Requires the role `coordinator` and the page of SHERLOC. From then on every appointment sees the contribution."""
    await actions.publish_contribution(
        tx, ctx, contribution_id, portal_address=data.portal_address, comment=data.comment
    )


@change(f"{CONTRIBUTION}/supersede", Action.SUPERSEDE_CONTRIBUTION, "Supersede a contribution", read=contribution_view)
async def supersede_contribution(
    tx: Tx, ctx: Context, contribution_id: FromPath[UUID], data: JSONBody[SupersedeContribution]
) -> None:
    """Requires the role `coordinator` and a published contribution of the same State and kind."""
    await actions.supersede_contribution(tx, ctx, contribution_id, data.superseded_by, comment=data.comment)


@change(f"{CONTRIBUTION}/withdraw", Action.WITHDRAW_CONTRIBUTION, "Withdraw a contribution", read=contribution_view)
async def withdraw_contribution(tx: Tx, ctx: Context, contribution_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role `focal_point` or `official` of the State. A superseded contribution cannot be withdrawn.

    Its texts and comments are deleted, and the portal is asked to remove it.
    """
    await actions.move(
        tx,
        ctx,
        contribution_id,
        Action.WITHDRAW_CONTRIBUTION,
        lambda one: one.withdraw(now=ctx.now),
        comment=data.comment,
    )


def _check(name: str, code: str | None, known: Mapping[str, object], code_list: str) -> None:
    if code is not None and code not in known:
        raise unknown_code(name, code, known, code_list=code_list)


ROUTES = [
    list_contributions,
    draft_contribution,
    show_contribution,
    revise_contribution,
    submit_contribution,
    clear_marks,
    return_contribution,
    accept_contribution,
    publish_contribution,
    supersede_contribution,
    withdraw_contribution,
]
