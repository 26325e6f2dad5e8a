"""Views of sessions, and of their participants."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.decisions import Later, by_day
from contracts.reference import participant_functions
from contracts.values import Caller, Language, Period
from services.delivery import policy
from services.delivery.deliveries import store as delivery_store
from services.delivery.experts import store as expert_store
from services.delivery.policy import Action
from services.delivery.sessions import participant_store, participants, store
from services.delivery.sessions.model import Session, SessionStatus
from services.delivery.sessions.participants import Participants, Reported
from services.delivery.sessions.store import Texts


class Trainer(Struct, frozen=True, kw_only=True):
    """An expert who teaches; `name` is null for readers who may not see the expert, or after a withdrawal."""

    expert_id: UUID
    name: str | None
    function: str | None


class SessionView(Struct, frozen=True, kw_only=True):
    """A session. It serves `serves` deliveries; `deliveries` and `participants` are of those that the caller may see.

    `place` is the place, or a link. `people` and `women` are planned numbers, null if not stated. `reason` is the
    reason for which it was cancelled: a code of `/v1/reference/reasons/cancel_session`, or `delivery_ended`. `comment`
    is the comment on the last move; `moves` are the moves that the caller may make now.
    """

    session_id: UUID
    deliveries: tuple[UUID, ...]
    serves: int
    provider: str
    status: SessionStatus
    revision: int
    period: Period
    modality: str
    languages: tuple[Language, ...]
    place: str
    trainers: tuple[Trainer, ...]
    people: int | None
    women: int | None
    participants: tuple[Reported, ...]
    reason: str | None
    comment: str
    planned_at: datetime
    cancelled_at: datetime | None
    held_at: datetime | None
    moves: tuple[str, ...]
    later: tuple[Later, ...]


class DeliverySessions(Struct, frozen=True, kw_only=True):
    """The sessions of a delivery by their first day, with planned and actual participants.

    `people` and `women` are the planned numbers of all sessions that are not cancelled. A person who took part in two
    sessions is counted in both. A sum that includes a suppressed count is suppressed.
    """

    sessions: list[SessionView]
    people: int
    women: int
    participants: Participants
    cursor: str | None = None


async def session_view(tx: Tx, ctx: Context, session_id: UUID) -> SessionView:
    """Return the session for the caller. Raises Missing if the caller may not see it."""
    found = await store.get(tx, session_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_SESSION, found).required()
    return (await views_of(tx, [found], ctx.caller, ctx.today))[0]


async def of_delivery(tx: Tx, delivery_id: UUID, caller: Caller, today: date) -> DeliverySessions:
    """Return the sessions of a delivery. Raises Missing if the caller may not see the delivery."""
    policy.decide(caller, Action.LIST_SESSIONS, await delivery_store.get(tx, delivery_id, caller)).required()
    views = await views_of(tx, await store.of_delivery(tx, delivery_id, caller), caller, today)
    planned = [one for one in views if one.status is not SessionStatus.CANCELLED]
    counted = [each.participants for one in views for each in one.participants if each.delivery_id == delivery_id]
    nothing = participants.suppressed_for((), participant_functions(), exact=True)
    return DeliverySessions(
        sessions=views,
        people=sum(one.people or 0 for one in planned),
        women=sum(one.women or 0 for one in planned),
        participants=participants.total([nothing, *counted]),
    )


async def views_of(tx: Tx, found: Sequence[Session], caller: Caller, today: date) -> list[SessionView]:
    ids = [one.session_id for one in found]
    texts = await store.texts_of(tx, ids)
    known = await expert_store.texts_of(tx, [each for one in found for each in one.trainers])
    seen = await delivery_store.seen_of(tx, [each for one in found for each in one.deliveries], caller)
    async with tx.as_service():
        # Read as the service; `participants.shown` below limits the counts to those that the caller may see.
        counts = await participant_store.of_sessions(tx, ids)
    exact, functions = policy.may_read_counts(caller), participant_functions()
    views = []
    for one in found:
        own = texts.get(one.session_id, Texts())
        mine = tuple(each for each in one.deliveries if each in seen)
        open_to = policy.session_moves_open_to(caller, one, {seen[each] for each in mine})
        moves, later = by_day(open_to, one.opening, today)
        views.append(
            from_attributes(
                SessionView,
                one,
                deliveries=mine,
                serves=len(one.deliveries),
                period=Period(starts=one.starts, ends=one.ends),
                place=own.place,
                comment=own.comment,
                trainers=tuple(_trainer(each, known.get(each)) for each in one.trainers),
                participants=tuple(
                    Reported(
                        delivery_id=each,
                        participants=participants.suppressed_for(counts[one.session_id, each], functions, exact=exact),
                    )
                    for each in mine
                    if (one.session_id, each) in counts
                ),
                moves=moves,
                later=later,
            )
        )
    return views


def _trainer(expert_id: UUID, who: expert_store.Texts | None) -> Trainer:
    return Trainer(expert_id=expert_id, name=who.name if who else None, function=who.function if who else None)
