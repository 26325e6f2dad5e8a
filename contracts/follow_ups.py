"""Facts of the delivery service about follow-ups: both sides' answers some months after a delivery was completed.

Texts of the answers are stored separately; facts have their salted hash.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID, uuid5

from msgspec import Meta

from contracts.facts import Fact
from contracts.values import Code, Language, Organization, Role, Side, State

MONTHS = (6, 12)
"""Months after the last day of a delivery at which follow-ups are due."""

_NAMESPACE = UUID("5f4d2c1e-7a63-4b0d-9e58-2c6a1f0b3d77")

Month = Annotated[int, Meta(ge=1, le=60)]


class Use(StrEnum):
    """The answer to the question whether the results of a delivery are in use."""

    IN_USE = "in_use"
    PARTLY = "partly"
    NOT_IN_USE = "not_in_use"
    TOO_EARLY = "too_early"


def follow_up_id_of(delivery_id: UUID, month: int, side: Side) -> UUID:
    """The id of the follow-up of one side, the given number of months after a delivery."""
    return uuid5(_NAMESPACE, f"{delivery_id} {month} {side}")


class _FollowUpFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a follow-up. The holders of `role` in `organization` are asked, for `side`."""

    follow_up_id: UUID
    delivery_id: UUID
    match_id: UUID
    request_id: UUID
    state: State
    provider: Organization
    side: Code
    organization: Organization
    role: Role
    month: Month


class FollowUpScheduled(_FollowUpFact, frozen=True, kw_only=True, tag="delivery.follow_up.scheduled.v1"):
    """A follow-up of a side was scheduled; answers can be given and revised until `closes_at`."""

    TIME = "scheduled_at"

    due_at: datetime
    closes_at: datetime
    scheduled_at: datetime


class FollowUpAsked(_FollowUpFact, frozen=True, kw_only=True, tag="delivery.follow_up.asked.v1"):
    """The side was asked whether the results of the delivery are in use; without an answer it lapses at `answer_by`."""

    asked_at: datetime
    answer_by: datetime | None = None


class FollowUpReminded(_FollowUpFact, frozen=True, kw_only=True, tag="delivery.follow_up.reminded.v1"):
    """The side was reminded, once."""

    reminded_at: datetime
    answer_by: datetime | None = None


class FollowUpAnswered(_FollowUpFact, frozen=True, kw_only=True, tag="delivery.follow_up.answered.v1"):
    """The side answered, or revised its answer. `text_hash` is None if there is no text."""

    result: Use
    answered_at: datetime
    language: Language | None = None
    text_hash: str | None = None


class FollowUpLapsed(_FollowUpFact, frozen=True, kw_only=True, tag="delivery.follow_up.lapsed.v1"):
    """The side did not answer in time."""

    lapsed_at: datetime


FACTS: tuple[type[Fact], ...] = (
    FollowUpScheduled,
    FollowUpAsked,
    FollowUpReminded,
    FollowUpAnswered,
    FollowUpLapsed,
)
