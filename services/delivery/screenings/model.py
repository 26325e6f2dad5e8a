"""A screening of a delivery: its statuses, its moves, and their effects."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct

from contracts.action_points import ActionSource
from contracts.codes import unknown_code
from contracts.reference.deliveries import questions
from contracts.refusals import Conflict, Invalid
from contracts.screenings import Answered, ScreeningAnswered, ScreeningCompleted, ScreeningKind, ScreeningReopened
from services.delivery.deliveries.model import NOT_ENDED, Delivery, DeliveryStatus

_NAMESPACE = UUID("5f1c2f0e-6d0b-4d5e-8c55-2a0e1a6b9d37")

SOURCES: Mapping[ScreeningKind, ActionSource] = {
    ScreeningKind.INEQUALITY: ActionSource.INEQUALITY_CHECKLIST,
    ScreeningKind.HUMAN_RIGHTS: ActionSource.HUMAN_RIGHTS_SCREENING,
}
"""The source of the action points that follow from a screening."""


class ScreeningStatus(StrEnum):
    """Statuses of a screening. `open`: questions can be answered."""

    OPEN = "open"
    COMPLETED = "completed"


MOVES: Mapping[str, frozenset[ScreeningStatus]] = {
    "answer_screening": frozenset({ScreeningStatus.OPEN}),
    "complete_screening": frozenset({ScreeningStatus.OPEN}),
    "reopen_screening": frozenset({ScreeningStatus.COMPLETED}),
}
"""Statuses in which each move is allowed, until the delivery is terminated."""

OPEN_FOR = NOT_ENDED | {DeliveryStatus.COMPLETED}
"""Statuses of a delivery in which it can be screened."""


def screening_id_of(delivery_id: UUID, kind: ScreeningKind) -> UUID:
    """Return the id of a screening. A delivery has one screening of each kind."""
    return uuid5(_NAMESPACE, f"{delivery_id}/{kind}")


class Screening(Struct, frozen=True, kw_only=True):
    """A screening, with the answers that were given last."""

    screening_id: UUID
    delivery_id: UUID
    request_id: UUID
    state: str
    provider: str
    screening: ScreeningKind
    status: ScreeningStatus
    revision: int
    answers: tuple[Answered, ...]
    answered_at: datetime
    completed_at: datetime | None = None

    def require(self, move: str) -> None:
        """Raise Conflict if the screening's status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("screening-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def answer(self, answers: Sequence[Answered], texts_hash: str, *, now: datetime) -> ScreeningAnswered:
        """Replace the previous answers. Raises Invalid for an unknown question, or one that is answered twice."""
        self.require("answer_screening")
        check(self.screening, answers)
        return ScreeningAnswered(**self._ids(), answers=tuple(answers), texts_hash=texts_hash, answered_at=now)

    def complete(self, recommended: int, *, now: datetime) -> ScreeningCompleted:
        """Complete the screening. Raises Conflict while a question is not answered."""
        self.require("complete_screening")
        answered = {one.question for one in self.answers}
        if missing := [code for code in questions(self.screening) if code not in answered]:
            raise Conflict("screening-unanswered", questions=missing)
        return ScreeningCompleted(**self._ids(), recommended=recommended, completed_at=now)

    def reopen(self, *, now: datetime) -> ScreeningReopened:
        self.require("reopen_screening")
        return ScreeningReopened(**self._ids(), reopened_at=now)

    def _ids(self) -> dict[str, Any]:
        return {
            "screening_id": self.screening_id,
            "delivery_id": self.delivery_id,
            "request_id": self.request_id,
            "state": self.state,
            "provider": self.provider,
            "screening": self.screening,
        }


def begin(
    delivery: Delivery, kind: ScreeningKind, answers: Sequence[Answered], texts_hash: str, *, now: datetime
) -> ScreeningAnswered:
    """Begin a screening with first answers. Raises Invalid for an unknown question, or one that is answered twice."""
    check(kind, answers)
    return ScreeningAnswered(
        screening_id=screening_id_of(delivery.delivery_id, kind),
        delivery_id=delivery.delivery_id,
        request_id=delivery.request_id,
        state=delivery.state,
        provider=delivery.provider,
        screening=kind,
        answers=tuple(answers),
        texts_hash=texts_hash,
        answered_at=now,
    )


def check(kind: ScreeningKind, answers: Sequence[Answered]) -> None:
    known = questions(kind)
    for one in answers:
        if one.question not in known:
            raise unknown_code("question", one.question, known, code_list=f"{kind}_questions")
    if len({one.question for one in answers}) < len(answers):
        raise Invalid("question-answered-twice", field="answers")


def require_delivery(delivery: Delivery, move: str) -> None:
    """Raise Conflict once the delivery is terminated."""
    if delivery.status not in OPEN_FOR:
        raise Conflict("delivery-status", status=delivery.status, move=move)
