"""Views of follow-ups."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from contracts.answer_links import AnswerLink, Purpose, token_of
from contracts.conversion import from_attributes
from contracts.follow_ups import Use
from contracts.values import Caller, Language, Side
from services.delivery import policy
from services.delivery.deliveries import store as delivery_store
from services.delivery.follow_ups import store
from services.delivery.follow_ups.model import FollowUp, FollowUpStatus
from services.delivery.policy import Action


class FollowUpView(Struct, frozen=True, kw_only=True):
    """The answer of one `side`, `month` months after a delivery, on whether what was delivered is in use.

    The side is asked when the follow-up is due, and can revise its answer until it closes. `text` is its comment, in
    `language`; `moves` are the moves that the caller may make now. `next_follow_up_id`, in the view of one
    follow-up only, is another open question to the same side about the request.
    """

    follow_up_id: UUID
    delivery_id: UUID
    request_id: UUID
    state: str
    provider: str
    side: Side
    organization: str
    month: int
    status: FollowUpStatus
    revision: int
    due_at: datetime
    closes_at: datetime
    asked_at: datetime | None
    reminded_at: datetime | None
    lapsed_at: datetime | None
    answered_at: datetime | None
    result: Use | None
    language: Language | None
    text: str
    moves: tuple[str, ...]
    next_follow_up_id: UUID | None = None


class FollowUpList(Struct, frozen=True, kw_only=True):
    """The follow-ups of a delivery, by month; none before it is completed."""

    follow_ups: list[FollowUpView]
    cursor: str | None = None


class LinkedFollowUp(Struct, frozen=True, kw_only=True):
    """The follow-up as shown to the holder of a mail's link: without the parties and without texts.

    `next_token` is that of another open question to the same side about the request.
    """

    month: int
    status: FollowUpStatus
    result: Use | None
    closes_at: datetime
    has_text: bool
    next_token: str | None


async def follow_up_view(tx: Tx, ctx: Context, follow_up_id: UUID) -> FollowUpView:
    """Return the follow-up for the caller. Raises Missing if the caller may not see it."""
    found = await store.get(tx, follow_up_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_FOLLOW_UP, found).required()
    return replace((await _views_of(tx, [found], ctx.caller))[0], next_follow_up_id=await store.next_asked(tx, found))


async def of_delivery(tx: Tx, delivery_id: UUID, caller: Caller) -> FollowUpList:
    """List the follow-ups of a delivery. Raises Missing if the caller may not see the delivery."""
    policy.decide(caller, Action.LIST_FOLLOW_UPS, await delivery_store.get(tx, delivery_id, caller)).required()
    return FollowUpList(follow_ups=await _views_of(tx, await store.of_delivery(tx, delivery_id, caller), caller))


async def linked(tx: Tx, found: FollowUp, caller: Caller, key: bytes | None) -> LinkedFollowUp:
    """Return the follow-up of a link, with the token of the next one for the same person."""
    texts = await store.texts_of(tx, [found.follow_up_id])
    about = await store.next_asked(tx, found)
    token = None
    if key is not None and about is not None:
        token = token_of(key, AnswerLink(purpose=Purpose.FOLLOW_UP, about=about, person_id=caller.person_id))
    return from_attributes(LinkedFollowUp, found, has_text=found.follow_up_id in texts, next_token=token)


async def _views_of(tx: Tx, found: Sequence[FollowUp], caller: Caller) -> list[FollowUpView]:
    texts = await store.texts_of(tx, [one.follow_up_id for one in found])
    return [
        from_attributes(
            FollowUpView,
            one,
            text=texts.get(one.follow_up_id, ""),
            moves=policy.follow_up_moves_open_to(caller, one),
            next_follow_up_id=None,
        )
        for one in found
    ]
