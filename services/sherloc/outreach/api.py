"""Routes of the outreach plan. Each opens one transaction; a repeated command gets the recorded answer."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, Now, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination
from contracts.conversion import from_attributes
from contracts.outreach import OutreachAudience
from services.sherloc.commands import CodedReason, check_reason
from services.sherloc.outreach import actions, store
from services.sherloc.outreach.commands import HoldOutreachActivity, PlanOutreachActivity, ReviseOutreachActivity
from services.sherloc.outreach.model import OutreachStatus, OutreachTexts, Terms
from services.sherloc.outreach.views import OutreachActivityView, outreach_view, views_of
from services.sherloc.policy import Action

OUTREACH = "/v1/outreach-activities"
ONE = "/v1/outreach-activities/{outreach_activity_id:uuid}"


class OutreachActivityPage(Struct, frozen=True, kw_only=True):
    """Activities of the outreach plan, newest first; `cursor` leads to the next page."""

    outreach_activities: list[OutreachActivityView]
    cursor: str | None


@get(OUTREACH, opt=requires(Action.LIST_OUTREACH_ACTIVITIES), summary="The outreach plan, with reach against target")
async def list_outreach_activities(
    db: Db,
    caller: CurrentCaller,
    now: Now,
    paging: Pagination,
    status: FromQuery[OutreachStatus | None] = None,
    audience: FromQuery[OutreachAudience | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[OutreachActivityPage]:
    """Lists activities for every appointment."""
    async with db.transaction(by=caller) as tx:
        found = await store.page(tx, caller, status=status, audience=audience, before=cursor, limit=limit + 1)
        views = await views_of(tx, found, caller, now.date())
    return paging.page(OutreachActivityPage, views, limit)


@create(OUTREACH, Action.PLAN_OUTREACH_ACTIVITY, "Plan an outreach activity", read=outreach_view)
async def plan_outreach_activity(
    tx: Tx, ctx: Context, outreach_activity_id: UUID, data: JSONBody[PlanOutreachActivity]
) -> None:
    """Requires the role `coordinator`."""
    await actions.plan_outreach_activity(
        tx, ctx, outreach_activity_id, from_attributes(Terms, data), from_attributes(OutreachTexts, data)
    )


@show(ONE, Action.SHOW_OUTREACH_ACTIVITY, "One outreach activity")
async def show_outreach_activity(tx: Tx, ctx: Context, outreach_activity_id: FromPath[UUID]) -> OutreachActivityView:
    """Shows an activity, with the number of people that it is to reach and that it has reached."""
    return await outreach_view(tx, ctx, outreach_activity_id)


@change(f"{ONE}/revise", Action.REVISE_OUTREACH_ACTIVITY, "Revise an outreach activity", read=outreach_view)
async def revise_outreach_activity(
    tx: Tx, ctx: Context, outreach_activity_id: FromPath[UUID], data: JSONBody[ReviseOutreachActivity]
) -> None:
    """Requires the role `coordinator` and a planned activity."""
    await actions.revise_outreach_activity(
        tx, ctx, outreach_activity_id, from_attributes(Terms, data), from_attributes(OutreachTexts, data)
    )


@change(f"{ONE}/hold", Action.HOLD_OUTREACH_ACTIVITY, "Record that an activity was held", read=outreach_view)
async def hold_outreach_activity(
    tx: Tx, ctx: Context, outreach_activity_id: FromPath[UUID], data: JSONBody[HoldOutreachActivity]
) -> None:
    """Requires the role `coordinator` and the number of people reached. The first day must have begun."""
    await actions.move(
        tx,
        ctx,
        outreach_activity_id,
        Action.HOLD_OUTREACH_ACTIVITY,
        lambda one: one.hold(data.reach, now=ctx.now),
    )


@change(f"{ONE}/cancel", Action.CANCEL_OUTREACH_ACTIVITY, "Cancel an outreach activity", read=outreach_view)
async def cancel_outreach_activity(
    tx: Tx, ctx: Context, outreach_activity_id: FromPath[UUID], data: JSONBody[CodedReason]
) -> None:
    """Requires the role `coordinator` and a coded reason."""
    reason = check_reason("cancel_outreach_activity", data.reason)
    await actions.move(
        tx, ctx, outreach_activity_id, Action.CANCEL_OUTREACH_ACTIVITY, lambda one: one.cancel(reason, now=ctx.now)
    )


ROUTES = [
    list_outreach_activities,
    plan_outreach_activity,
    show_outreach_activity,
    revise_outreach_activity,
    hold_outreach_activity,
    cancel_outreach_activity,
]
