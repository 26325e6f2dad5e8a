"""Routes of experts. Each opens one transaction; a repeated command gets the recorded answer."""

from datetime import date
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
from contracts.conversion import from_attributes
from contracts.reference import with_narrower
from contracts.values import Code, Language
from services.delivery.commands import ExpertConsent, StateExpert, WithdrawExpert
from services.delivery.experts import actions, store
from services.delivery.experts.model import Profile
from services.delivery.experts.store import Texts
from services.delivery.experts.views import ExpertView, expert_view, views_of
from services.delivery.policy import Action

EXPERTS = "/v1/experts"
EXPERT = f"{EXPERTS}/{{expert_id:uuid}}"


class ExpertPage(Struct, frozen=True, kw_only=True):
    """Experts, newest first; `cursor` leads to the next page."""

    experts: list[ExpertView]
    cursor: str | None


@get(EXPERTS, opt=requires(Action.LIST_EXPERTS), summary="The experts this caller may see")
async def list_experts(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    topic: Annotated[str | None, query_parameter(Code)] = None,
    kind: Annotated[str | None, query_parameter(Code)] = None,
    language: FromQuery[Language | None] = None,
    available_on: FromQuery[date | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[ExpertPage]:
    """A provider sees its own experts.

    Coordinators see experts who consented; a State sees those of them who teach in its sessions.
    """
    async with db.transaction(by=caller) as tx:
        found = await store.page(
            tx,
            caller,
            topics=with_narrower([topic]) if topic else None,
            kind=kind,
            language=language,
            available_on=available_on,
            before=cursor,
            limit=limit + 1,
        )
        views = await views_of(tx, found, caller)
    return paging.page(ExpertPage, views, limit)


@show(EXPERT, Action.SHOW_EXPERT, "One expert")
async def show_expert(tx: Tx, ctx: Context, expert_id: FromPath[UUID]) -> ExpertView:
    """Callers other than the expert's provider see the expert only after the expert's consent."""
    return await expert_view(tx, ctx, expert_id)


@create(EXPERTS, Action.ENTER_EXPERT, "Enter an expert", read=expert_view)
async def enter_expert(tx: Tx, ctx: Context, expert_id: UUID, data: JSONBody[StateExpert]) -> None:
    """The expert is entered on the roster of the caller's organization.

    Only that organization sees the expert until a consent is recorded.
    """
    data.check()
    await actions.enter(tx, ctx, expert_id, from_attributes(Profile, data), from_attributes(Texts, data))


@change(EXPERT, Action.REVISE_EXPERT, "Revise an expert", read=expert_view, method="PUT")
async def revise_expert(tx: Tx, ctx: Context, expert_id: FromPath[UUID], data: JSONBody[StateExpert]) -> None:
    """Replaces all fields."""
    data.check()
    await actions.revise(tx, ctx, expert_id, from_attributes(Profile, data), from_attributes(Texts, data))


@change(f"{EXPERT}/consent", Action.RECORD_CONSENT, "Record an expert's consent", read=expert_view)
async def record_expert_consent(tx: Tx, ctx: Context, expert_id: FromPath[UUID], data: JSONBody[ExpertConsent]) -> None:
    """The consent allows coordinators, and the States whom the expert teaches, to see the expert."""
    await actions.record_consent(tx, ctx, expert_id, data.consented_on)


@change(f"{EXPERT}/withdraw", Action.WITHDRAW_EXPERT, "Withdraw an expert", read=expert_view)
async def withdraw_expert(tx: Tx, ctx: Context, expert_id: FromPath[UUID], data: JSONBody[WithdrawExpert]) -> None:
    """Removes the expert from the roster. Name and other texts are deleted; sessions keep the id."""
    await actions.withdraw(tx, ctx, expert_id)


ROUTES = [list_experts, enter_expert, show_expert, revise_expert, record_expert_consent, withdraw_expert]
