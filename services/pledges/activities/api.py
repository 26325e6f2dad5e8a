"""The routes of activities: what a fund pays for that no State asked for, from its plan to its end."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.db.database import Tx
from chassis.http.application import Calling, Commanded, Db, Expected, Now, Paging, asks, created, shown
from chassis.http.idempotency import claim
from chassis.ids import new_id
from contracts.refusals import Missing
from services.pledges import policy
from services.pledges.activities import actions as activity_actions
from services.pledges.activities import store as activity_store
from services.pledges.activities.model import ActivityStatus
from services.pledges.activities.store import ActivityWithTitle
from services.pledges.commands import CancelActivity, CompleteActivity, PlanActivity, check_reason
from services.pledges.pledge import store
from services.pledges.policy import Action


class ActivityView(Struct, frozen=True, kw_only=True):
    """An activity, and what of its fund is set aside for it and spent (a part of that), in US-dollar cents.

    `activity_kind` is a code of `/v1/reference/activity_kinds`, `title` is in `language`. `gender_marker`: 0 not meant
    for the equality of women and men, 1 significantly, 2 principally. `reason` says why it was cancelled.

    It is how things stand: `as_at` is null, and it is not `final`.
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
    as_at: datetime | None
    final: bool


class ActivityPage(Struct, frozen=True, kw_only=True):
    """Activities, the last planned first; `cursor` leads to the next page."""

    activities: list[ActivityView]
    cursor: str | None


@post("/v1/activities", opt=asks(Action.PLAN_ACTIVITY), summary="Plan an activity that a fund is to pay for")
async def plan_activity(
    data: JSONBody[PlanActivity], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[ActivityView]:
    """For a coordinator or a finance officer of UNODC. The title is published with the fund: it names no case."""
    policy.decide(caller, Action.PLAN_ACTIVITY).required()
    wanted = data.plan()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            await activity_actions.plan(tx, claimed.outcome, wanted, data.title, now=now)
        view = await _view(tx, claimed.outcome)
    return created(view, location=f"/v1/activities/{view.activity_id}", revision=view.revision)


@get("/v1/activities", opt=asks(Action.LIST_ACTIVITIES), summary="Activities, the last planned first")
async def list_activities(
    db: Db,
    caller: Calling,
    paging: Paging,
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    status: FromQuery[ActivityStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[ActivityPage]:
    """For everybody who works here, as the totals of funds are."""
    async with db.transaction(by=caller) as tx, tx.as_service():
        found = await activity_store.activities(tx, fund=fund, status=status, before=cursor, limit=limit + 1)
    more = str(found[limit - 1].activity.activity_id) if len(found) > limit else None
    views = [_view_of(one) for one in found[:limit]]
    return Response(ActivityPage(activities=views, cursor=more), headers=paging.next_link(more))


@get("/v1/activities/{activity_id:uuid}", opt=asks(Action.SHOW_ACTIVITY), summary="One activity")
async def show_activity(activity_id: FromPath[UUID], db: Db, caller: Calling) -> Response[ActivityView]:
    """For everybody who works here."""
    async with db.transaction(by=caller) as tx:
        view = await _view(tx, activity_id)
    return shown(view, revision=view.revision)


@post(
    "/v1/activities/{activity_id:uuid}/revise",
    opt=asks(Action.REVISE_ACTIVITY),
    status_code=200,
    summary="State anew what an activity is",
)
async def revise_activity(
    activity_id: FromPath[UUID],
    data: JSONBody[PlanActivity],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[ActivityView]:
    """For a coordinator or a finance officer of UNODC: all of it but its fund, whatever became of it.

    What it was called before is forgotten, also in whatever is told as at an earlier moment.
    """
    wanted = data.plan()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=activity_id)
        if claimed.first:
            await activity_actions.revise(
                tx, activity_id, wanted, data.title, caller=caller, expected=expected, now=now
            )
        view = await _view(tx, activity_id)
    return shown(view, revision=view.revision)


@post(
    "/v1/activities/{activity_id:uuid}/complete",
    opt=asks(Action.COMPLETE_ACTIVITY),
    status_code=200,
    summary="Record that an activity took place, and whom it reached",
)
async def complete_activity(
    activity_id: FromPath[UUID],
    data: JSONBody[CompleteActivity],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[ActivityView]:
    """For a coordinator or a finance officer of UNODC. From now on no money is set aside for it."""
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=activity_id)
        if claimed.first:
            await activity_actions.complete(
                tx,
                activity_id,
                data.participants,
                on=data.completed_on or now.date(),
                caller=caller,
                expected=expected,
                now=now,
            )
        view = await _view(tx, activity_id)
    return shown(view, revision=view.revision)


@post(
    "/v1/activities/{activity_id:uuid}/cancel",
    opt=asks(Action.CANCEL_ACTIVITY),
    status_code=200,
    summary="Cancel an activity",
)
async def cancel_activity(
    activity_id: FromPath[UUID],
    data: JSONBody[CancelActivity],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[ActivityView]:
    """For a coordinator or a finance officer of UNODC, once nothing that was set aside for it is left unspent."""
    reason = check_reason("cancel_activity", data.reason)
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=activity_id)
        if claimed.first:
            await activity_actions.cancel(tx, activity_id, reason, caller=caller, expected=expected, now=now)
        view = await _view(tx, activity_id)
    return shown(view, revision=view.revision)


async def _view(tx: Tx, activity_id: UUID) -> ActivityView:
    """Raises Missing where there is none."""
    async with tx.as_service():
        found = await activity_store.activities(tx, only=activity_id)
    if not found:
        raise Missing("not-found")
    return _view_of(found[0])


def _view_of(found: ActivityWithTitle) -> ActivityView:
    one = found.activity
    return ActivityView(
        activity_id=one.activity_id,
        fund=one.fund,
        activity_kind=one.activity_kind,
        title=found.title,
        language=one.language,
        status=one.status,
        revision=one.revision,
        topics=one.topics,
        pillars=one.pillars,
        gender_marker=one.gender_marker,
        starts_on=one.starts_on,
        ends_on=one.ends_on,
        allocated_usd_minor=found.allocated_usd_minor,
        spent_usd_minor=found.spent_usd_minor,
        completed_on=one.completed_on,
        participants=one.participants,
        planned_at=one.planned_at,
        ended_at=one.ended_at,
        reason=one.reason,
        as_at=None,
        final=False,
    )


ROUTES = [plan_activity, list_activities, show_activity, revise_activity, complete_activity, cancel_activity]
