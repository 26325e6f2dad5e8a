"""The routes of activities: what a fund pays for that no State asked for, from its plan to its end."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.commands import claim
from chassis.db import Tx
from chassis.http import Calling, Commanded, Db, Expected, Now, Paging, asks, created, shown
from chassis.ids import new_id
from services.pledges import activity_actions, activity_store, policy, store
from services.pledges.activities import ActivityStatus
from services.pledges.activity_store import Told
from services.pledges.commands import CancelActivity, CompleteActivity, PlanActivity, check_reason
from services.pledges.moment_reader import AsAt, final_moment
from services.pledges.moment_store import first_of
from services.pledges.policy import Action


class ActivityView(Struct, frozen=True, kw_only=True):
    """An activity, and what of its fund is set aside for it and spent (a part of that), in US-dollar cents.

    `activity_kind` is a code of `/v1/reference/activity_kinds`, `title` is in `language`. `gender_marker`: 0 not meant
    for the equality of women and men, 1 significantly, 2 principally. `reason` says why it was cancelled.

    Where it is `final`, it is all of what had been recorded by `as_at`, the same for ever but for the title and its
    language; else it is how things stand, and `as_at` is null.
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
    now: Now,
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    status: FromQuery[ActivityStatus | None] = None,
    as_at: AsAt = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[ActivityPage]:
    """For everybody who works here, as the totals of funds are.

    With `as_at`, those that were what is asked by what had been recorded by that moment: the same for ever, but for
    what an activity is called. Such a page may hold fewer than `limit`, or none, and have a next one.
    """
    moment = await final_moment(db, caller, as_at, now=now)
    async with db.transaction(by=caller) as tx:
        if moment is None:
            async with tx.by_itself():
                found = await activity_store.activities(tx, fund=fund, status=status, before=cursor, limit=limit + 1)
            page = first_of(found, limit, lambda one: one.activity.activity_id)
        else:
            page = await activity_store.activities_as_at(
                tx, moment, fund=fund, status=status, before=cursor, limit=limit
            )
    more = str(page.cursor) if page.cursor else None
    views = [_view_of(one, as_at=moment) for one in page.found]
    return Response(ActivityPage(activities=views, cursor=more), headers=paging.next_link(more))


@get("/v1/activities/{activity_id:uuid}", opt=asks(Action.SHOW_ACTIVITY), summary="One activity")
async def show_activity(
    activity_id: FromPath[UUID], db: Db, caller: Calling, now: Now, as_at: AsAt = None
) -> Response[ActivityView]:
    """With `as_at`, of what had been recorded by that moment: the same for ever, but for what it is called."""
    moment = await final_moment(db, caller, as_at, now=now)
    async with db.transaction(by=caller) as tx:
        view = await _view(tx, activity_id, as_at=moment)
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


async def _view(tx: Tx, activity_id: UUID, *, as_at: datetime | None = None) -> ActivityView:
    """Raises Missing where there is none, or was none by that moment."""
    if as_at is None:
        async with tx.by_itself():
            page = first_of(await activity_store.activities(tx, only=activity_id), 1, lambda one: activity_id)
    else:
        page = await activity_store.activities_as_at(tx, as_at, only=activity_id)
    return _view_of(page.the_only(), as_at=as_at)


def _view_of(told: Told, *, as_at: datetime | None) -> ActivityView:
    one = told.activity
    return ActivityView(
        activity_id=one.activity_id,
        fund=one.fund,
        activity_kind=one.activity_kind,
        title=told.title,
        language=one.language,
        status=one.status,
        revision=one.revision,
        topics=one.topics,
        pillars=one.pillars,
        gender_marker=one.gender_marker,
        starts_on=one.starts_on,
        ends_on=one.ends_on,
        allocated_usd_minor=told.allocated_usd_minor,
        spent_usd_minor=told.spent_usd_minor,
        completed_on=one.completed_on,
        participants=one.participants,
        planned_at=one.planned_at,
        ended_at=one.ended_at,
        reason=one.reason,
        as_at=as_at,
        final=as_at is not None,
    )


ROUTES = [plan_activity, list_activities, show_activity, revise_activity, complete_activity, cancel_activity]
