"""A session of one delivery, or of several of a joint delivery: its statuses, its moves, and their effects."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from contracts.decisions import Opening
from contracts.refusals import Conflict, Invalid
from contracts.sessions import (
    BySex,
    ParticipantsBySex,
    SessionCancelled,
    SessionHeld,
    SessionParticipantsReported,
    SessionPlanned,
    SessionRescheduled,
    SessionRevised,
)
from contracts.values import Language, Period
from services.delivery.deliveries.model import NOT_ENDED, Delivery, DeliveryStatus

DELIVERY_ENDED = "delivery_ended"
"""The reason of a session that was cancelled because all its deliveries had ended."""


class SessionStatus(StrEnum):
    """Statuses of a session. `held`: it took place."""

    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


_PLANNED = frozenset({SessionStatus.PLANNED})
MOVES: Mapping[str, frozenset[SessionStatus]] = {
    "revise_session": _PLANNED,
    "reschedule": _PLANNED,
    "cancel": _PLANNED,
    "hold": _PLANNED,
    "report_participants": frozenset({SessionStatus.HELD}),
}
"""Statuses in which each move is allowed."""

PLANNED_IN = NOT_ENDED - {DeliveryStatus.COMPLETION_PROPOSED}
OPEN_FOR: Mapping[str, frozenset[DeliveryStatus]] = dict.fromkeys(MOVES, PLANNED_IN) | {
    "hold": frozenset({DeliveryStatus.IN_DELIVERY}),
    "report_participants": NOT_ENDED - {DeliveryStatus.OPEN} | {DeliveryStatus.COMPLETED},
}
"""Statuses of a delivery that allow each move; one delivery suffices. Counts may be corrected after completion."""


class Terms(Struct, frozen=True, kw_only=True):
    """The fields that a revision replaces: all except the days."""

    modality: str
    languages: tuple[Language, ...]
    trainers: tuple[UUID, ...] = ()
    people: int | None = None
    women: int | None = None

    def check(self) -> None:
        """Raise Invalid if more women than persons are to take part."""
        if self.women is not None and (self.people is None or self.women > self.people):
            raise Invalid("women-of-people", field="women")


class Session(Struct, frozen=True, kw_only=True):
    """A session. `reported` are the deliveries whose participants were counted."""

    session_id: UUID
    deliveries: tuple[UUID, ...]
    states: tuple[str, ...]
    provider: str
    status: SessionStatus
    revision: int
    starts: date
    ends: date
    modality: str
    languages: tuple[Language, ...]
    trainers: tuple[UUID, ...] = ()
    people: int | None = None
    women: int | None = None
    reported: tuple[UUID, ...] = ()
    reason: str | None = None
    planned_at: datetime
    cancelled_at: datetime | None = None
    held_at: datetime | None = None

    @property
    def serves_several(self) -> bool:
        return len(self.deliveries) > 1

    @property
    def opening(self) -> Mapping[str, Opening]:
        """Maps a move to the first day on which it is possible."""
        return {"hold": Opening("session-not-over", self.ends, "last_day")}

    def require(self, move: str) -> None:
        """Raise Conflict if the session's status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("session-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def revise(self, terms: Terms, texts_hash: str, *, now: datetime) -> SessionRevised:
        self.require("revise_session")
        terms.check()
        return SessionRevised(**self._ids(), **asdict(terms), texts_hash=texts_hash, revised_at=now)

    def reschedule(
        self, days: Period, deliveries: Collection[Delivery], why: str, *, now: datetime
    ) -> SessionRescheduled:
        """Change the days. Raises Invalid, without a reason, for days past or outside the period of a delivery."""
        self.require("reschedule")
        check_days(days, deliveries, why, now=now)
        return SessionRescheduled(**self._ids(), starts=days.starts, ends=days.ends, rescheduled_at=now)

    def cancel(self, reason: str, *, now: datetime) -> SessionCancelled:
        self.require("cancel")
        return SessionCancelled(**self._ids(), starts=self.starts, reason=reason, cancelled_at=now)

    def hold(
        self, participants: Sequence[ParticipantsBySex], counts_hash: str | None, trainers: BySex, *, now: datetime
    ) -> SessionHeld:
        """Record that the session took place. Raises Conflict before its last day."""
        self.require("hold")
        self.opening["hold"].require(now.date())
        counted = _counted(participants)
        return SessionHeld(**self._ids(), **counted, counts_hash=counts_hash, trainers=trainers, held_at=now)

    def report(
        self, participants: Sequence[ParticipantsBySex], counts_hash: str, *, now: datetime
    ) -> SessionParticipantsReported:
        self.require("report_participants")
        counted = _counted(participants)
        return SessionParticipantsReported(**self._ids(), **counted, counts_hash=counts_hash, reported_at=now)

    def _ids(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("session_id", "deliveries", "states", "provider")}


def _counted(participants: Sequence[ParticipantsBySex]) -> dict[str, Any]:
    return {"reported": tuple(one.delivery_id for one in participants), "participants": tuple(participants)}


def plan(
    session_id: UUID,
    deliveries: Collection[Delivery],
    days: Period,
    terms: Terms,
    texts_hash: str,
    why: str,
    *,
    now: datetime,
) -> SessionPlanned:
    """Plan a session; `why` is the reason for days that are past, or outside the periods of its deliveries.

    Raises Conflict if one of the deliveries has ended, Invalid if they are not of one joint delivery.
    """
    first = next(iter(deliveries))
    joint = {one.joint_delivery_id for one in deliveries}
    if len(deliveries) > 1 and (len(joint) > 1 or None in joint):
        raise Invalid("session-deliveries", field="deliveries")
    for one in deliveries:
        if one.status not in PLANNED_IN:
            raise Conflict("delivery-status", status=one.status, move="plan_session")
    check_days(days, deliveries, why, now=now)
    terms.check()
    return SessionPlanned(
        session_id=session_id,
        deliveries=tuple(one.delivery_id for one in deliveries),
        states=tuple(one.state for one in deliveries),
        provider=first.provider,
        starts=days.starts,
        ends=days.ends,
        **asdict(terms),
        texts_hash=texts_hash,
        planned_at=now,
        request_id=first.request_id if len(deliveries) == 1 else None,
    )


def check_days(days: Period, deliveries: Collection[Delivery], why: str, *, now: datetime) -> None:
    """Raise Invalid for days that are reversed and, without a reason, past or outside the period of a delivery."""
    if days.reversed:
        raise Invalid("dates-reversed", field="period")
    inside = all(one.period.starts <= days.starts and days.ends <= one.period.ends for one in deliveries)
    if not inside and not why.strip():
        raise Invalid("session-outside-period", field="comment")
    if days.ends < now.date() and not why.strip():
        raise Invalid("backdating-reason-missing", field="comment")
