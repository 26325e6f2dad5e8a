"""Views of effects."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.effects import EffectKind, Progress
from contracts.values import Caller, Language, Side
from services.delivery import policy
from services.delivery.effects import store
from services.delivery.effects.model import Effect, EffectStatus, EffectTexts
from services.delivery.policy import Action

_WITHDRAWN = store.Said(texts=EffectTexts(title=""), comment="")


class EffectView(Struct, frozen=True, kw_only=True):
    """A change after a delivery, with its evidence: a file of the delivery, or an address.

    `side` is the side that recorded it, null if a coordinator did; another person verifies or declines it. `title`,
    `text`, `gazette` and `address` are in `language`, and empty once it is withdrawn. `reason` is the reason for which
    it was declined, a code of `/v1/reference/reasons/decline_effect`; `comment` is the comment on the last move.
    """

    effect_id: UUID
    delivery_id: UUID
    request_id: UUID
    state: str
    provider: str
    side: Side | None
    change: EffectKind
    status: EffectStatus
    revision: int
    happened_on: date
    language: Language
    title: str
    text: str
    gazette: str
    address: str
    articles: tuple[str, ...]
    moved_from: Progress | None
    moved_to: Progress | None
    file_id: UUID | None
    recorded_at: datetime
    verified_at: datetime | None
    declined_at: datetime | None
    withdrawn_at: datetime | None
    reason: str | None
    comment: str
    moves: tuple[str, ...]


async def effect_view(tx: Tx, ctx: Context, effect_id: UUID) -> EffectView:
    """Return the effect for the caller. Raises Missing if the caller may not see it."""
    found = await store.get(tx, effect_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_EFFECT, found).required()
    return (await views_of(tx, [found], ctx.caller))[0]


async def views_of(tx: Tx, found: Sequence[Effect], caller: Caller) -> list[EffectView]:
    said = await store.texts_of(tx, [one.effect_id for one in found])
    views = []
    for one in found:
        own = said.get(one.effect_id, _WITHDRAWN)
        views.append(
            from_attributes(
                EffectView,
                one,
                title=own.texts.title,
                text=own.texts.text,
                gazette=own.texts.gazette,
                address=own.texts.address,
                comment=own.comment,
                moves=policy.effect_moves_open_to(caller, one),
            )
        )
    return views
