"""Routes of informal meetings. Each opens one transaction; a repeated command gets the recorded answer."""

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
from services.sherloc.commands import Nothing
from services.sherloc.meetings import actions, store
from services.sherloc.meetings.commands import (
    AddLesson,
    InviteStates,
    PlanMeeting,
    RemoveLesson,
    ReviseMeeting,
    SignUp,
)
from services.sherloc.meetings.model import MeetingStatus, MeetingTexts
from services.sherloc.meetings.views import MeetingView, meeting_view, views_of
from services.sherloc.policy import Action
from services.sherloc.reasons import CodedReason, check_reason

MEETING = "/v1/meetings/{meeting_id:uuid}"


class MeetingPage(Struct, frozen=True, kw_only=True):
    """Informal meetings, newest first; `cursor` leads to the next page."""

    meetings: list[MeetingView]
    cursor: str | None


@get("/v1/meetings", opt=requires(Action.LIST_MEETINGS), summary="The informal meetings of States")
async def list_meetings(
    db: Db,
    caller: CurrentCaller,
    now: Now,
    paging: Pagination,
    status: FromQuery[MeetingStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[MeetingPage]:
    """Lists meetings for focal points, officials, coordinators and auditors. The list is empty for others."""
    async with db.transaction(by=caller) as tx:
        found = await store.page(tx, caller, status=status, before=cursor, limit=limit + 1)
        views = await views_of(tx, found, caller, now.date())
    return paging.page(MeetingPage, views, limit)


@create("/v1/meetings", Action.PLAN_MEETING, "Plan an informal meeting", read=meeting_view)
async def plan_meeting(tx: Tx, ctx: Context, meeting_id: UUID, data: JSONBody[PlanMeeting]) -> None:
    """Requires the role `coordinator`. The meeting cannot begin before today."""
    texts = from_attributes(MeetingTexts, data)
    await actions.plan_meeting(tx, ctx, meeting_id, data.starts_on, data.language, texts)


@show(MEETING, Action.SHOW_MEETING, "One informal meeting")
async def show_meeting(tx: Tx, ctx: Context, meeting_id: FromPath[UUID]) -> MeetingView:
    """Shows a meeting, with the number of States and people that have signed up, and the lessons."""
    return await meeting_view(tx, ctx, meeting_id)


@change(f"{MEETING}/revise", Action.REVISE_MEETING, "Revise a meeting", read=meeting_view)
async def revise_meeting(tx: Tx, ctx: Context, meeting_id: FromPath[UUID], data: JSONBody[ReviseMeeting]) -> None:
    """Requires the role `coordinator` and a planned meeting. The invited States are notified."""
    texts = from_attributes(MeetingTexts, data)
    await actions.revise_meeting(tx, ctx, meeting_id, data.starts_on, data.language, texts)


@change(f"{MEETING}/invite", Action.INVITE_STATES, "Invite States", read=meeting_view)
async def invite_states(tx: Tx, ctx: Context, meeting_id: FromPath[UUID], data: JSONBody[InviteStates]) -> None:
    """Requires the role `coordinator`. The focal points of the States are notified."""
    data.check()
    await actions.move(tx, ctx, meeting_id, Action.INVITE_STATES, lambda one: one.invite(data.states, now=ctx.now))


@change(f"{MEETING}/sign-up", Action.SIGN_UP, "Sign up for a meeting", read=meeting_view)
async def sign_up(tx: Tx, ctx: Context, meeting_id: FromPath[UUID], data: JSONBody[SignUp]) -> None:
    """Requires the role `focal_point` or `official` of an invited State. A repeat changes the number of people."""
    state = ctx.caller.organization
    await actions.move(tx, ctx, meeting_id, Action.SIGN_UP, lambda one: one.sign_up(state, data.people, now=ctx.now))


@change(f"{MEETING}/withdraw-sign-up", Action.WITHDRAW_SIGN_UP, "Withdraw a sign-up", read=meeting_view)
async def withdraw_sign_up(tx: Tx, ctx: Context, meeting_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    """Requires the role `focal_point` or `official` of a State that has signed up."""
    state = ctx.caller.organization
    await actions.move(
        tx, ctx, meeting_id, Action.WITHDRAW_SIGN_UP, lambda one: one.withdraw_sign_up(state, now=ctx.now)
    )


@change(f"{MEETING}/hold", Action.HOLD_MEETING, "Record that a meeting was held", read=meeting_view)
async def hold_meeting(tx: Tx, ctx: Context, meeting_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    """Requires the role `coordinator`. The day of the meeting must have begun."""
    await actions.move(tx, ctx, meeting_id, Action.HOLD_MEETING, lambda one: one.hold(now=ctx.now))


@change(f"{MEETING}/cancel", Action.CANCEL_MEETING, "Cancel a meeting", read=meeting_view)
async def cancel_meeting(tx: Tx, ctx: Context, meeting_id: FromPath[UUID], data: JSONBody[CodedReason]) -> None:
    """Requires the role `coordinator` and a coded reason. The invited States are notified."""
    reason = check_reason("cancel_meeting", data.reason)
    await actions.move(tx, ctx, meeting_id, Action.CANCEL_MEETING, lambda one: one.cancel(reason, now=ctx.now))


@change(
    f"{MEETING}/lessons/{{lesson_id:uuid}}",
    Action.ADD_LESSON,
    "Add a lesson",
    read=meeting_view,
    method="PUT",
    if_match=False,
)
async def add_lesson(
    tx: Tx, ctx: Context, meeting_id: FromPath[UUID], lesson_id: FromPath[UUID], data: JSONBody[AddLesson]
) -> None:
    """Requires the role `focal_point`, `official` or `coordinator`, and a meeting that was held.

    The `lesson_id` is random (UUID of version 4). Neither the author is stored nor an idempotency key, which would
    identify the caller; a repeat changes nothing.
    """
    await actions.add_lesson(tx, ctx, meeting_id, lesson_id, data.text)


@change(f"{MEETING}/remove-lesson", Action.REMOVE_LESSON, "Remove a lesson", read=meeting_view)
async def remove_lesson(tx: Tx, ctx: Context, meeting_id: FromPath[UUID], data: JSONBody[RemoveLesson]) -> None:
    """Requires the role `coordinator`. The lesson, for example one that names a person, is deleted."""
    await actions.remove_lesson(tx, ctx, meeting_id, data.lesson_id)


ROUTES = [
    list_meetings,
    plan_meeting,
    show_meeting,
    revise_meeting,
    invite_states,
    sign_up,
    withdraw_sign_up,
    hold_meeting,
    cancel_meeting,
    add_lesson,
    remove_lesson,
]
