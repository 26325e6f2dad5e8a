"""Routes of activities, which a fund pays for without a State's request."""

from datetime import date, datetime
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
from contracts.conversion import from_attributes
from contracts.refusals import Missing
from contracts.values import Caller
from services.pledges import policy
from services.pledges.activities import actions as activity_actions
from services.pledges.activities import store as activity_store
from services.pledges.activities.model import ActivityStatus
from services.pledges.activities.store import ActivityWithTitle
from services.pledges.commands import CancelActivity, CompleteActivity, PlanActivity, check_reason
from services.pledges.funds.actions import require_fund
from services.pledges.pledge import store
from services.pledges.policy import Action


class ActivityView(Struct, frozen=True, kw_only=True):
    """An activity, with the money of the fund that is allocated to it, in US cents; `spent` is a part of `allocated`.

    `activity_kind` is a code of `/v1/reference/activity_kinds`, `title` is in `language`. `gender_marker` is 0 (not
    targeted), 1 (significant) or 2 (principal objective). `reason` is the reason for the cancellation.

    This is the current state: `as_of` is null and `final` is false.
    """

    activity_id: UUID
    fund: str
    activity_kind: str
    title: str
    language: str
    status: ActivityStatus
    revision: int
    topics: tuple[str, ...]
    pillars: tuple[str, ...]
    gender_marker: int
    starts_on: date
    ends_on: date
    allocated_usd_minor: int
    spent_usd_minor: int
    completed_on: date | None
    participants: int | None
    planned_at: datetime
    ended_at: datetime | None
    reason: str | None
    moves: tuple[str, ...]
    as_of: datetime | None
    final: bool


class ActivityPage(Struct, frozen=True, kw_only=True):
    """Activities, the last planned first; `cursor` leads to the next page."""

    activities: list[ActivityView]
    cursor: str | None


async def _read(tx: Tx, ctx: Context, activity_id: UUID) -> ActivityView:
    """Return the activity. Raises Missing for an unknown id."""
    async with tx.as_service():
        found = await activity_store.activities(tx, only=activity_id)
    if not found:
        raise Missing("not-found")
    return _view_of(ctx.caller, found[0])


@create("/v1/activities", Action.PLAN_ACTIVITY, "Plan an activity that a fund is to pay for", read=_read)
async def plan_activity(tx: Tx, ctx: Context, activity_id: UUID, data: JSONBody[PlanActivity]) -> None:
    """Requires the role `coordinator`, or `finance_officer` at UNODC.

    The title is published with the fund, so it must not name a case.
    """
    policy.decide(ctx.caller, Action.PLAN_ACTIVITY).required()
    await activity_actions.plan(tx, ctx, activity_id, data.plan(), data.title)


@get("/v1/activities", opt=requires(Action.LIST_ACTIVITIES), summary="Activities, the last planned first")
async def list_activities(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    status: FromQuery[ActivityStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[ActivityPage]:
    """Open to all callers with a role, like the totals of funds."""
    async with db.transaction(by=caller) as tx, tx.as_service():
        await require_fund(tx, fund)
        found = await activity_store.activities(tx, fund=fund, status=status, before=cursor, limit=limit + 1)
    return paging.page(ActivityPage, [_view_of(caller, one) for one in found], limit)


@show("/v1/activities/{activity_id:uuid}", Action.SHOW_ACTIVITY, "One activity")
async def show_activity(tx: Tx, ctx: Context, activity_id: FromPath[UUID]) -> ActivityView:
    """Open to all callers with a role."""
    return await _read(tx, ctx, activity_id)


@change("/v1/activities/{activity_id:uuid}/revise", Action.REVISE_ACTIVITY, "Revise an activity", read=_read)
async def revise_activity(tx: Tx, ctx: Context, activity_id: FromPath[UUID], data: JSONBody[PlanActivity]) -> None:
    """Requires the role `coordinator`, or `finance_officer` at UNODC.

    Everything but the fund can be changed, in any state. The old title is deleted, also from reports as of earlier
    moments.
    """
    await activity_actions.revise(tx, ctx, activity_id, data.plan(), data.title)


@change(
    "/v1/activities/{activity_id:uuid}/complete",
    Action.COMPLETE_ACTIVITY,
    "Record that an activity took place, and whom it reached",
    read=_read,
)
async def complete_activity(
    tx: Tx, ctx: Context, activity_id: FromPath[UUID], data: JSONBody[CompleteActivity]
) -> None:
    """Requires the role `coordinator`, or `finance_officer` at UNODC.

    No more money can then be allocated to the activity.
    """
    await activity_actions.complete(tx, ctx, activity_id, data.participants, on=data.completed_on or ctx.today)


@change("/v1/activities/{activity_id:uuid}/cancel", Action.CANCEL_ACTIVITY, "Cancel an activity", read=_read)
async def cancel_activity(tx: Tx, ctx: Context, activity_id: FromPath[UUID], data: JSONBody[CancelActivity]) -> None:
    """Requires the role `coordinator`, or `finance_officer` at UNODC.

    Refused while money allocated to the activity is unspent.
    """
    await activity_actions.cancel(tx, ctx, activity_id, check_reason("cancel_activity", data.reason))


def _view_of(caller: Caller, found: ActivityWithTitle) -> ActivityView:
    one = found.activity
    return from_attributes(
        ActivityView,
        one,
        title=found.title,
        allocated_usd_minor=found.allocated_usd_minor,
        spent_usd_minor=found.spent_usd_minor,
        moves=policy.moves_open_to(caller, one),
        as_of=None,
        final=False,
    )


ROUTES = [plan_activity, list_activities, show_activity, revise_activity, complete_activity, cancel_activity]
