"""Views of action points."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.action_points import ActionOwner, ActionSource
from contracts.conversion import from_attributes
from contracts.values import Caller, Language
from services.delivery import policy
from services.delivery.action_points import store
from services.delivery.action_points.model import ActionPoint, ActionStatus
from services.delivery.action_points.store import Texts
from services.delivery.deliveries import store as delivery_store
from services.delivery.policy import Action
from services.delivery.strategies import store as strategy_store


class ActionPointView(Struct, frozen=True, kw_only=True):
    """An action point of a delivery or a strategy: the task of its `owner` until `due_on`, and its `source`.

    `done_by` is the person who reported it done; `verified_by` is another person. `reason` is the reason for dropping
    it, a code of `/v1/reference/reasons/drop_action_point`; `comment` is the comment on the last move. `moves` are the
    moves that the caller may make now.
    """

    action_point_id: UUID
    delivery_id: UUID | None
    strategy_id: UUID | None
    source: ActionSource
    owner: ActionOwner
    due_on: date
    language: Language
    text: str
    status: ActionStatus
    revision: int
    added_at: datetime
    done_by: UUID | None
    done_at: datetime | None
    verified_by: UUID | None
    verified_at: datetime | None
    dropped_at: datetime | None
    reason: str | None
    reminded_at: datetime | None
    comment: str
    moves: tuple[str, ...]


class ActionPointList(Struct, frozen=True, kw_only=True):
    """The action points of a delivery or a strategy, the earliest due day first."""

    action_points: list[ActionPointView]
    cursor: str | None = None


async def action_point_view(tx: Tx, ctx: Context, action_point_id: UUID) -> ActionPointView:
    """Return the action point for the caller. Raises Missing if the caller may not see it."""
    found = await store.get(tx, action_point_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_ACTION_POINT, found).required()
    return (await _views_of(tx, [found], ctx.caller))[0]


async def of_delivery(tx: Tx, delivery_id: UUID, caller: Caller) -> ActionPointList:
    """List the action points of a delivery. Raises Missing if the caller may not see the delivery."""
    policy.decide(caller, Action.LIST_ACTION_POINTS, await delivery_store.get(tx, delivery_id, caller)).required()
    return ActionPointList(action_points=await _views_of(tx, await store.of_delivery(tx, delivery_id), caller))


async def of_strategy(tx: Tx, strategy_id: UUID, caller: Caller) -> ActionPointList:
    """List the action points of a strategy. Raises Missing if the caller may not see the strategy."""
    policy.decide(caller, Action.LIST_ACTION_POINTS, await strategy_store.get(tx, strategy_id, caller)).required()
    return ActionPointList(action_points=await _views_of(tx, await store.of_strategy(tx, strategy_id), caller))


async def _views_of(tx: Tx, found: Sequence[ActionPoint], caller: Caller) -> list[ActionPointView]:
    texts = await store.texts_of(tx, [one.action_point_id for one in found])
    return [
        from_attributes(
            ActionPointView,
            one,
            text=texts.get(one.action_point_id, Texts()).text,
            comment=texts.get(one.action_point_id, Texts()).comment,
            moves=policy.action_point_moves_open_to(caller, one),
        )
        for one in found
    ]
