"""Routes of effects. Each opens one transaction; a repeated command gets the recorded answer."""

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
from contracts.effects import EffectKind
from services.delivery.commands import Comment, Nothing, Reason, RecordEffect, check_reason
from services.delivery.effects import actions, store
from services.delivery.effects.model import Change, EffectStatus, EffectTexts
from services.delivery.effects.views import EffectView, effect_view, views_of
from services.delivery.policy import Action

EFFECT = "/v1/effects/{effect_id:uuid}"


class EffectPage(Struct, frozen=True, kw_only=True):
    """Effects, newest first; `cursor` leads to the next page."""

    effects: list[EffectView]
    cursor: str | None


@get("/v1/effects", opt=requires(Action.LIST_EFFECTS), summary="The effects this caller may see")
async def list_effects(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    of_delivery: Annotated[UUID | None, QueryParameter(name="delivery")] = None,
    of_request: Annotated[UUID | None, QueryParameter(name="request")] = None,
    of_change: Annotated[EffectKind | None, QueryParameter(name="change")] = None,
    status: FromQuery[EffectStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[EffectPage]:
    """Lists the effects of the deliveries that the caller may see, or of one request or delivery."""
    async with db.transaction(by=caller) as tx:
        found = await store.page(
            tx,
            caller,
            delivery_id=of_delivery,
            request_id=of_request,
            change=of_change,
            status=status,
            before=cursor,
            limit=limit + 1,
        )
        views = await views_of(tx, found, caller)
    return paging.page(EffectPage, views, limit)


@create(
    "/v1/deliveries/{delivery_id:uuid}/effects",
    Action.RECORD_EFFECT,
    "Record what changed after a delivery",
    read=effect_view,
    location=lambda view: f"/v1/effects/{view.effect_id}",
)
async def record_effect(
    tx: Tx, ctx: Context, effect_id: UUID, delivery_id: FromPath[UUID], data: JSONBody[RecordEffect]
) -> None:
    """Requires the role `focal_point`, `provider_officer` or `coordinator`, and a delivery that has begun.

    A file of the delivery or an address shows the effect.
    """
    data.check()
    await actions.record_effect(
        tx, ctx, effect_id, delivery_id, from_attributes(Change, data), from_attributes(EffectTexts, data)
    )


@show(EFFECT, Action.SHOW_EFFECT, "One effect")
async def show_effect(tx: Tx, ctx: Context, effect_id: FromPath[UUID]) -> EffectView:
    """Includes the evidence, and the verification by another person if there is one."""
    return await effect_view(tx, ctx, effect_id)


@change(f"{EFFECT}/verify", Action.VERIFY_EFFECT, "Verify an effect", read=effect_view)
async def verify_effect(tx: Tx, ctx: Context, effect_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires a person of the other side or of UNODC who did not record it."""
    await actions.move(
        tx, ctx, effect_id, Action.VERIFY_EFFECT, lambda one: one.verify(now=ctx.now), comment=data.comment
    )


@change(f"{EFFECT}/decline", Action.DECLINE_EFFECT, "Decline an effect", read=effect_view)
async def decline_effect(tx: Tx, ctx: Context, effect_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Requires a person who may verify it, and a coded reason, which both sides read."""
    reason = check_reason("decline_effect", data.reason)
    await actions.move(
        tx, ctx, effect_id, Action.DECLINE_EFFECT, lambda one: one.decline(reason, now=ctx.now), comment=data.comment
    )


@change(f"{EFFECT}/withdraw", Action.WITHDRAW_EFFECT, "Withdraw an effect", read=effect_view)
async def withdraw_effect(tx: Tx, ctx: Context, effect_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    """Requires the side that recorded it. Its texts are deleted."""
    await actions.move(tx, ctx, effect_id, Action.WITHDRAW_EFFECT, lambda one: one.withdraw(now=ctx.now))


ROUTES = [list_effects, record_effect, show_effect, verify_effect, decline_effect, withdraw_effect]
