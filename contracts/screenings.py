"""Facts of the delivery service about screenings: coded questions about a delivery, and their answers.

Comments on the answers are texts; facts have their salted hash.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.values import Code, Organization, State

QUESTIONS_MAX = 30


class ScreeningKind(StrEnum):
    """The analysis of inequalities (resolution 11/2, II.f), or the screening for human rights (II.a)."""

    INEQUALITY = "inequality"
    HUMAN_RIGHTS = "human_rights"


class ScreeningAnswer(StrEnum):
    """The answer to a question."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


class Answered(Struct, frozen=True, kw_only=True):
    """A question of the screening, by its code, and its answer."""

    question: Code
    answer: ScreeningAnswer


Answers = Annotated[tuple[Answered, ...], Meta(max_length=QUESTIONS_MAX)]


class _ScreeningFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a screening, so that consumers can act without a query."""

    screening_id: UUID
    delivery_id: UUID
    request_id: UUID
    state: State
    provider: Organization
    screening: ScreeningKind


class ScreeningAnswered(_ScreeningFact, frozen=True, kw_only=True, tag="delivery.screening.answered.v1"):
    """Questions of a screening were answered; the answers replace the former ones."""

    answers: Answers
    texts_hash: str
    answered_at: datetime


class ScreeningCompleted(_ScreeningFact, frozen=True, kw_only=True, tag="delivery.screening.completed.v1"):
    """All questions are answered; `recommended` is the number of action points that followed from the screening."""

    recommended: Annotated[int, Meta(ge=0)]
    completed_at: datetime


class ScreeningReopened(_ScreeningFact, frozen=True, kw_only=True, tag="delivery.screening.reopened.v1"):
    """The screening was reopened and has to be answered again."""

    reopened_at: datetime


FACTS: tuple[type[Fact], ...] = (ScreeningAnswered, ScreeningCompleted, ScreeningReopened)
