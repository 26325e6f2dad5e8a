"""A follow-up: asks one side, some months after the last day of a delivery, whether what was delivered is in use.

It is scheduled when the delivery is completed. The clock asks, reminds once and lets it lapse; the side answers.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.deliveries import DeliveryCompleted
from contracts.facts import Fact
from contracts.follow_ups import (
    MONTHS,
    FollowUpAnswered,
    FollowUpAsked,
    FollowUpLapsed,
    FollowUpReminded,
    FollowUpScheduled,
    Use,
    follow_up_id_of,
)
from contracts.refusals import Conflict
from contracts.values import Language, Role, Side

REMIND_DAYS = 30
LAPSE_DAYS = 90
"""Numbers of days from the asking of a side until its reminder, and until the follow-up lapses."""


class FollowUpStatus(StrEnum):
    """Statuses of a follow-up. `scheduled`: not due yet."""

    SCHEDULED = "scheduled"
    ASKED = "asked"
    ANSWERED = "answered"
    LAPSED = "lapsed"


_ASKED = frozenset({FollowUpStatus.ASKED})
MOVES: Mapping[str, frozenset[FollowUpStatus]] = {
    "ask": frozenset({FollowUpStatus.SCHEDULED}),
    "remind": _ASKED,
    "lapse": _ASKED,
    "answer": _ASKED | {FollowUpStatus.ANSWERED},
}
"""Statuses in which each move is allowed; the clock makes all moves except the last."""

ROLES: Mapping[Side, Role] = {Side.STATE: Role.FOCAL_POINT, Side.PROVIDER: Role.PROVIDER_OFFICER}
"""Role that answers for each side."""


class FollowUp(Struct, frozen=True, kw_only=True):
    """A follow-up of one side of a delivery. Its answer can be revised until `closes_at`."""

    follow_up_id: UUID
    delivery_id: UUID
    match_id: UUID
    request_id: UUID
    state: str
    provider: str
    side: Side
    organization: str
    role: Role
    month: int
    status: FollowUpStatus
    revision: int
    due_at: datetime
    closes_at: datetime
    scheduled_at: datetime
    asked_at: datetime | None = None
    reminded_at: datetime | None = None
    lapsed_at: datetime | None = None
    answered_at: datetime | None = None
    result: Use | None = None
    language: Language | None = None

    @property
    def next_at(self) -> datetime | None:
        """Time at which the clock makes its next move; None if it makes none."""
        if self.status is FollowUpStatus.SCHEDULED:
            return self.due_at
        if self.status is not FollowUpStatus.ASKED or self.asked_at is None:
            return None
        return self.asked_at + timedelta(days=LAPSE_DAYS if self.reminded_at else REMIND_DAYS)

    def require(self, move: str) -> None:
        """Raise Conflict if the status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("follow-up-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def ask(self, *, now: datetime) -> FollowUpAsked:
        self.require("ask")
        return FollowUpAsked(**self._ids(), asked_at=now, answer_by=now + timedelta(days=LAPSE_DAYS))

    def remind(self, *, now: datetime) -> FollowUpReminded:
        self.require("remind")
        assert self.asked_at is not None, "it was asked"
        answer_by = self.asked_at + timedelta(days=LAPSE_DAYS)
        return FollowUpReminded(**self._ids(), reminded_at=now, answer_by=answer_by)

    def lapse(self, *, now: datetime) -> FollowUpLapsed:
        self.require("lapse")
        return FollowUpLapsed(**self._ids(), lapsed_at=now)

    def expire(self, *, now: datetime) -> Fact | None:
        """Return the fact of the move that is due: asked, reminded or lapsed; None if none is due."""
        if self.next_at is None or self.next_at > now:
            return None
        if self.status is FollowUpStatus.SCHEDULED:
            return self.ask(now=now)
        return self.lapse(now=now) if self.reminded_at else self.remind(now=now)

    def answer(
        self, result: Use, language: Language | None, text_hash: str | None, *, now: datetime
    ) -> FollowUpAnswered:
        """Answer. Raises Conflict if it was not asked yet, has lapsed, or was answered and has closed."""
        self.require("answer")
        if self.status is FollowUpStatus.ANSWERED and self.closes_at <= now:
            raise Conflict("follow-up-closed", closed_at=self.closes_at)
        return FollowUpAnswered(**self._ids(), result=result, language=language, text_hash=text_hash, answered_at=now)

    def _ids(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _IDS}


_IDS = (
    *("follow_up_id", "delivery_id", "match_id", "request_id", "state", "provider"),
    *("side", "organization", "role", "month"),
)


def schedule(completed: DeliveryCompleted) -> Sequence[FollowUpScheduled]:
    """Schedule the follow-ups of a completed delivery, one for each month and side.

    An answer can be revised until the next follow-up is due, and the last one until it would lapse.
    """
    due = [_months_later(completed.completed_on, month) for month in MONTHS]
    closed = [*due[1:], due[-1] + timedelta(days=LAPSE_DAYS)]
    return [
        FollowUpScheduled(
            follow_up_id=follow_up_id_of(completed.delivery_id, month, side),
            delivery_id=completed.delivery_id,
            match_id=completed.match_id,
            request_id=completed.request_id,
            state=completed.state,
            provider=completed.provider,
            side=side,
            organization=completed.state if side is Side.STATE else completed.provider,
            role=ROLES[side],
            month=month,
            due_at=due_at,
            closes_at=closes_at,
            scheduled_at=completed.completed_at,
        )
        for month, due_at, closes_at in zip(MONTHS, due, closed, strict=True)
        for side in Side
    ]


def _months_later(day: date, months: int) -> datetime:
    """Return the start of the same day some months later, or of the last day of a shorter month."""
    year, month = divmod(day.month - 1 + months, 12)
    last = monthrange(day.year + year, month + 1)[1]
    return datetime.combine(date(day.year + year, month + 1, min(day.day, last)), time(), UTC)
