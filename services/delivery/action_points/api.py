"""Routes of action points. Each opens one transaction; a repeated command gets the recorded answer."""

from uuid import UUID

from litestar.params import FromPath, JSONBody

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.commands import change, create, show
from chassis.http.pages import Part
from contracts.conversion import from_attributes
from services.delivery.action_points import actions, store, views
from services.delivery.action_points.actions import NewActionPoint
from services.delivery.action_points.model import Terms
from services.delivery.action_points.views import ActionPointList, action_point_view
from services.delivery.bodies import Comment, Reason, check_reason
from services.delivery.commands import AddActionPoint, ReviseActionPoint
from services.delivery.deliveries import store as delivery_store
from services.delivery.dependencies import Owned
from services.delivery.policy import Action
from services.delivery.strategies import store as strategy_store

OF_DELIVERY = "/v1/deliveries/{delivery_id:uuid}/action-points"
OF_STRATEGY = "/v1/strategies/{strategy_id:uuid}/action-points"
ACTION_POINT = "/v1/action-points/{action_point_id:uuid}"


@show(OF_DELIVERY, Action.LIST_ACTION_POINTS, "The action points of a delivery")
async def list_action_points(tx: Tx, ctx: Context, delivery_id: FromPath[UUID], part: Part) -> ActionPointList:
    """Action points are listed by due day, the earliest first."""
    return part.of(await views.of_delivery(tx, delivery_id, ctx.caller))


@create(
    OF_DELIVERY,
    Action.ADD_ACTION_POINT,
    "Add an action point",
    read=action_point_view,
    location=lambda view: f"/v1/action-points/{view.action_point_id}",
)
async def add_action_point(
    tx: Tx, ctx: Context, action_point_id: UUID, delivery_id: FromPath[UUID], data: JSONBody[AddActionPoint]
) -> None:
    """Requires the role `focal_point`, `provider_officer` or `coordinator`.

    The owner is notified of the action point, and reminded on the due day.
    """
    await actions.add(tx, ctx, delivery_id, _new(action_point_id, data))


async def _require_consent_to_list(db: Database, ctx: Context, strategy_id: UUID, own: Owned) -> None:
    async with db.transaction(by=ctx.caller) as tx:
        delivered = await strategy_store.delivered(tx, strategy_id, ctx.caller)
    await own.consents.require_all(delivered)


@show(
    OF_STRATEGY,
    Action.LIST_ACTION_POINTS,
    "The milestones and evaluations of a strategy",
    before=_require_consent_to_list,
)
async def list_strategy_action_points(tx: Tx, ctx: Context, strategy_id: FromPath[UUID], part: Part) -> ActionPointList:
    """Action points are listed by due day, the earliest first."""
    return part.of(await views.of_strategy(tx, strategy_id, ctx.caller))


@create(
    OF_STRATEGY,
    Action.ADD_ACTION_POINT,
    "Add a milestone or an evaluation to a strategy",
    read=action_point_view,
    location=lambda view: f"/v1/action-points/{view.action_point_id}",
)
async def add_strategy_action_point(
    tx: Tx, ctx: Context, action_point_id: UUID, strategy_id: FromPath[UUID], data: JSONBody[AddActionPoint]
) -> None:
    """Requires the role `focal_point` or `coordinator`.

    The owner is the State or UNODC, and the source is `strategy_milestone` or `evaluation`.
    """
    await actions.add_to_strategy(tx, ctx, strategy_id, _new(action_point_id, data))


def _new(action_point_id: UUID, data: AddActionPoint) -> NewActionPoint:
    terms = from_attributes(Terms, data)
    return NewActionPoint(action_point_id=action_point_id, source=data.source, terms=terms, text=data.text)


async def _require_consent_to_read(db: Database, ctx: Context, action_point_id: UUID, own: Owned) -> None:
    async with db.transaction(by=ctx.caller) as tx:
        point = await store.get(tx, action_point_id, ctx.caller)
        of_strategy = [point.request_id] if point.strategy_id is not None else []
        delivered = await delivery_store.delivered_by(tx, ctx.caller, of_strategy)
    await own.consents.require_all(delivered)


@show(ACTION_POINT, Action.SHOW_ACTION_POINT, "One action point", before=_require_consent_to_read)
async def show_action_point(tx: Tx, ctx: Context, action_point_id: FromPath[UUID]) -> views.ActionPointView:
    """Shows the person who reported it done and the person who verified it."""
    return await action_point_view(tx, ctx, action_point_id)


@change(ACTION_POINT, Action.REVISE_ACTION_POINT, "Revise an action point", read=action_point_view, method="PUT")
async def revise_action_point(
    tx: Tx, ctx: Context, action_point_id: FromPath[UUID], data: JSONBody[ReviseActionPoint]
) -> None:
    """Replaces everything except the source."""
    await actions.revise(tx, ctx, action_point_id, from_attributes(Terms, data), data.text)


@change(f"{ACTION_POINT}/report-done", Action.REPORT_DONE, "Report an action point done", read=action_point_view)
async def report_action_point_done(
    tx: Tx, ctx: Context, action_point_id: FromPath[UUID], data: JSONBody[Comment]
) -> None:
    """Requires the side that owns the action point. Another person then verifies it."""
    who = ctx.caller.person_id
    await actions.move(
        tx,
        ctx,
        action_point_id,
        Action.REPORT_DONE,
        lambda one: one.report_done(who, now=ctx.now),
        comment=data.comment,
    )


@change(f"{ACTION_POINT}/verify", Action.VERIFY, "Verify that an action point is done", read=action_point_view)
async def verify_action_point(tx: Tx, ctx: Context, action_point_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role `focal_point`, `provider_officer` or `coordinator`.

    The person who reported it done cannot verify it.
    """
    who = ctx.caller.person_id
    await actions.move(
        tx, ctx, action_point_id, Action.VERIFY, lambda one: one.verify(who, now=ctx.now), comment=data.comment
    )


@change(f"{ACTION_POINT}/reopen", Action.REOPEN_ACTION_POINT, "Reopen an action point", read=action_point_view)
async def reopen_action_point(tx: Tx, ctx: Context, action_point_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """An action point can be reopened once it is reported done, verified or dropped."""
    await actions.move(
        tx,
        ctx,
        action_point_id,
        Action.REOPEN_ACTION_POINT,
        lambda one: one.reopen(now=ctx.now),
        comment=data.comment,
    )


@change(f"{ACTION_POINT}/drop", Action.DROP_ACTION_POINT, "Drop an action point", read=action_point_view)
async def drop_action_point(tx: Tx, ctx: Context, action_point_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Requires a coded reason, which both sides read."""
    reason = check_reason("drop_action_point", data.reason)
    await actions.move(
        tx,
        ctx,
        action_point_id,
        Action.DROP_ACTION_POINT,
        lambda one: one.drop(reason, now=ctx.now),
        comment=data.comment,
    )


ROUTES = [
    list_action_points,
    add_action_point,
    list_strategy_action_points,
    add_strategy_action_point,
    show_action_point,
    revise_action_point,
    report_action_point_done,
    verify_action_point,
    reopen_action_point,
    drop_action_point,
]
