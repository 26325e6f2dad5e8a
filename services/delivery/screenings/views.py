"""Views of screenings."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.reference.deliveries import questions
from contracts.screenings import ScreeningAnswer, ScreeningKind
from contracts.values import Caller
from services.delivery import policy
from services.delivery.deliveries import store as delivery_store
from services.delivery.deliveries.model import SCREENED_KINDS
from services.delivery.policy import Action
from services.delivery.screenings import store
from services.delivery.screenings.model import Screening, ScreeningStatus


class QuestionView(Struct, frozen=True, kw_only=True):
    """A question, by its code, and its answer, null while there is none."""

    question: str
    answer: ScreeningAnswer | None
    comment: str


class ScreeningView(Struct, frozen=True, kw_only=True):
    """A screening of a delivery, with all its questions.

    Codes of questions are those of `/v1/reference/inequality_questions` and `/v1/reference/human_rights_questions`.
    `moves` are the moves that the caller may make now.
    """

    screening_id: UUID
    delivery_id: UUID
    screening: ScreeningKind
    status: ScreeningStatus
    revision: int
    questions: tuple[QuestionView, ...]
    answered_at: datetime
    completed_at: datetime | None
    moves: tuple[str, ...]


class DeliveryScreenings(Struct, frozen=True, kw_only=True):
    """The screenings of a delivery that were begun. It cannot begin before those in `needed` are completed."""

    screenings: list[ScreeningView]
    needed: tuple[ScreeningKind, ...]
    cursor: str | None = None


async def screening_view(tx: Tx, ctx: Context, screening_id: UUID) -> ScreeningView:
    """Return the screening for the caller. Raises Missing if the caller may not see it."""
    found = await store.get(tx, screening_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_SCREENING, found).required()
    return (await _views_of(tx, [found], ctx.caller))[0]


async def of_delivery(tx: Tx, delivery_id: UUID, caller: Caller) -> DeliveryScreenings:
    """Return the screenings of a delivery. Raises Missing if the caller may not see the delivery."""
    delivery = await delivery_store.get(tx, delivery_id, caller)
    policy.decide(caller, Action.LIST_SCREENINGS, delivery).required()
    return DeliveryScreenings(
        screenings=await _views_of(tx, await store.of_delivery(tx, delivery_id), caller),
        needed=(ScreeningKind.HUMAN_RIGHTS,) if delivery.kind in SCREENED_KINDS else (),
    )


async def _views_of(tx: Tx, found: Sequence[Screening], caller: Caller) -> list[ScreeningView]:
    comments = await store.comments_of(tx, [one.screening_id for one in found])
    views = []
    for one in found:
        given = {each.question: each.answer for each in one.answers}
        said = comments.get(one.screening_id, {})
        views.append(
            from_attributes(
                ScreeningView,
                one,
                questions=tuple(
                    QuestionView(question=code, answer=given.get(code), comment=said.get(code, ""))
                    for code in questions(one.screening)
                ),
                moves=policy.screening_moves_open_to(caller, one),
            )
        )
    return views
