"""Views of strategies."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.strategies import StakeholderKind
from contracts.values import Caller, Language
from services.delivery import policy
from services.delivery.policy import Action
from services.delivery.strategies import store
from services.delivery.strategies.model import Strategy, StrategyStatus, StrategyTexts

_NOTHING = store.Said(texts=StrategyTexts(title="", roles=""), comment="")


class StrategyView(Struct, frozen=True, kw_only=True):
    """A strategy of a request; its milestones and evaluations are its action points.

    `title` and `roles`, the role of each organization, are in `language`. `comment` is the comment on the last move;
    `moves` are the moves that the caller may make now.
    """

    strategy_id: UUID
    request_id: UUID
    state: str
    status: StrategyStatus
    revision: int
    language: Language
    title: str
    stakeholders: tuple[StakeholderKind, ...]
    roles: str
    drawn_up_at: datetime
    concluded_at: datetime | None
    comment: str
    moves: tuple[str, ...]


async def strategy_view(tx: Tx, ctx: Context, strategy_id: UUID) -> StrategyView:
    """Return the strategy for the caller. Raises Missing if the caller may not see it."""
    found = await store.get(tx, strategy_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_STRATEGY, found).required()
    return (await views_of(tx, [found], ctx.caller))[0]


async def views_of(tx: Tx, found: Sequence[Strategy], caller: Caller) -> list[StrategyView]:
    said = await store.texts_of(tx, [one.strategy_id for one in found])
    views = []
    for one in found:
        own = said.get(one.strategy_id, _NOTHING)
        views.append(
            from_attributes(
                StrategyView,
                one,
                title=own.texts.title,
                roles=own.texts.roles,
                comment=own.comment,
                moves=policy.strategy_moves_open_to(caller, one),
            )
        )
    return views
