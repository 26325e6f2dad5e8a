"""Routes of sessions. Each opens one transaction; a repeated command gets the recorded answer."""

from uuid import UUID

from litestar.params import FromPath, JSONBody

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import change, create, show
from chassis.http.pages import Part
from contracts.conversion import from_attributes
from services.delivery.commands import (
    CancelSession,
    HoldSession,
    PlanSession,
    ReportParticipants,
    RescheduleSession,
    ReviseSession,
    counts_of,
)
from services.delivery.policy import Action
from services.delivery.sessions import actions, views
from services.delivery.sessions.model import Terms
from services.delivery.sessions.store import Texts
from services.delivery.sessions.views import DeliverySessions, session_view

OF_DELIVERY = "/v1/deliveries/{delivery_id:uuid}/sessions"
SESSION = "/v1/sessions/{session_id:uuid}"


@show(OF_DELIVERY, Action.LIST_SESSIONS, "The sessions of a delivery, and who took part")
async def list_sessions(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], part: Part) -> DeliverySessions:
    """Sessions are listed by their first day, with the participants of this delivery in all of them."""
    return part.of(await views.of_delivery(tx, delivery_id, ctx.caller, ctx.today))


@create(
    OF_DELIVERY,
    Action.PLAN_SESSION,
    "Plan a session",
    read=session_view,
    location=lambda view: f"/v1/sessions/{view.session_id}",
)
async def plan_session(
    tx: Tx, ctx: Context, session_id: UUID, delivery_id: FromPath[UUID], data: JSONBody[PlanSession]
) -> None:
    """Requires the role `focal_point` or `provider_officer`.

    A session outside the delivery's period requires a comment with the reason.
    """
    data.check()
    await actions.plan(
        tx,
        ctx,
        session_id,
        delivery_id,
        data.deliveries,
        data.period,
        from_attributes(Terms, data),
        Texts(place=data.place, comment=data.comment),
    )


@show(SESSION, Action.SHOW_SESSION, "One session")
async def show_session(tx: Tx, ctx: Context, session_id: FromPath[UUID]) -> views.SessionView:
    """Includes the participants of the deliveries that the caller may see."""
    return await session_view(tx, ctx, session_id)


@change(SESSION, Action.REVISE_SESSION, "Revise a session", read=session_view, method="PUT")
async def revise_session(tx: Tx, ctx: Context, session_id: FromPath[UUID], data: JSONBody[ReviseSession]) -> None:
    """Replaces all fields except the days, before the session takes place."""
    data.check()
    texts = Texts(place=data.place, comment=data.comment)
    await actions.revise(tx, ctx, session_id, from_attributes(Terms, data), texts)


@change(f"{SESSION}/reschedule", Action.RESCHEDULE, "Reschedule a session", read=session_view)
async def reschedule_session(
    tx: Tx, ctx: Context, session_id: FromPath[UUID], data: JSONBody[RescheduleSession]
) -> None:
    """Both sides are notified."""
    await actions.move(
        tx,
        ctx,
        session_id,
        Action.RESCHEDULE,
        lambda one, of: one.reschedule(data.period, of, data.comment, now=ctx.now),
        comment=data.comment,
    )


@change(f"{SESSION}/cancel", Action.CANCEL, "Cancel a session", read=session_view)
async def cancel_session(tx: Tx, ctx: Context, session_id: FromPath[UUID], data: JSONBody[CancelSession]) -> None:
    """Requires a coded reason. Both sides are notified."""
    reason = data.checked()
    await actions.move(
        tx, ctx, session_id, Action.CANCEL, lambda one, _: one.cancel(reason, now=ctx.now), comment=data.comment
    )


@change(f"{SESSION}/hold", Action.HOLD, "Record that a session took place", read=session_view)
async def hold_session(tx: Tx, ctx: Context, session_id: FromPath[UUID], data: JSONBody[HoldSession]) -> None:
    """Can be recorded from the last day of the session, with the participants if they were counted."""
    await actions.report(tx, ctx, session_id, Action.HOLD, counts_of(data.participants), comment=data.comment)


@change(
    f"{SESSION}/participants", Action.REPORT_PARTICIPANTS, "Report the participants of a session", read=session_view
)
async def report_participants(
    tx: Tx, ctx: Context, session_id: FromPath[UUID], data: JSONBody[ReportParticipants]
) -> None:
    """Replaces the participants reported before, for a session that took place."""
    await actions.report(tx, ctx, session_id, Action.REPORT_PARTICIPANTS, counts_of(data.participants))


ROUTES = [
    list_sessions,
    plan_session,
    show_session,
    revise_session,
    reschedule_session,
    cancel_session,
    hold_session,
    report_participants,
]
