"""A delivery: its statuses, its moves, and their effects.

It is opened by the confirmation of its match. It begins once both sides have signed an agreement or waived one and the
money that it lacks is allocated. After its last session one side proposes that it is complete, and the other confirms
or objects.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.decisions import Opening
from contracts.deliveries import (
    DeliveryAgreed,
    DeliveryAgreementWaived,
    DeliveryBegun,
    DeliveryCompleted,
    DeliveryCompletionObjected,
    DeliveryCompletionProposed,
    DeliveryCompletionWithdrawn,
    DeliveryContactsNamed,
    DeliveryPrivateTopicOpened,
    DeliveryResumed,
    DeliverySuspended,
    DeliveryTerminated,
)
from contracts.matching import MatchConfirmed
from contracts.refusals import Conflict, Forbidden, Invalid
from contracts.values import Money, Period, Side

MATCH_REVOKED = "match_revoked"
"""The reason of a termination that followed from the revocation of the match."""

CONFIRM_DAYS = 28
"""Number of days after its proposal in which the other side confirms a completion or objects."""

SILENCE = "silence"
"""Who confirmed a completion if the other side did not answer in time."""

THREAD_DAYS = 90
"""Number of days after the end of a delivery in which messages can be sent and files added."""


SCREENED_KINDS = frozenset({"legislative_drafting"})
"""Kinds of assistance that are screened for human rights before they begin."""


class DeliveryStatus(StrEnum):
    """Statuses of a delivery. `open`: contacts, agreement and dates are prepared.

    `completion_proposed`: one side says that it is complete, and the other has not answered.
    """

    OPEN = "open"
    IN_DELIVERY = "in_delivery"
    SUSPENDED = "suspended"
    COMPLETION_PROPOSED = "completion_proposed"
    COMPLETED = "completed"
    TERMINATED = "terminated"


_OPEN = frozenset({DeliveryStatus.OPEN})
_PROPOSED = frozenset({DeliveryStatus.COMPLETION_PROPOSED})
NOT_ENDED = _OPEN | _PROPOSED | {DeliveryStatus.IN_DELIVERY, DeliveryStatus.SUSPENDED}
BEGUN = frozenset(DeliveryStatus) - _OPEN
MOVES: Mapping[str, frozenset[DeliveryStatus]] = {
    "name_contacts": NOT_ENDED | {DeliveryStatus.COMPLETED},
    "waive_agreement": _OPEN,
    "open_private_topic": NOT_ENDED,
    "agree": _OPEN,
    "begin": _OPEN,
    "suspend": frozenset({DeliveryStatus.IN_DELIVERY}),
    "resume": frozenset({DeliveryStatus.SUSPENDED}),
    "propose_completion": frozenset({DeliveryStatus.IN_DELIVERY}),
    "confirm_completion": _PROPOSED,
    "object_to_completion": _PROPOSED,
    "withdraw_completion": _PROPOSED,
    "terminate": NOT_ENDED,
}
"""Statuses in which each move is allowed. `agree` follows from the agreement; the policy limits the other moves."""


def period_of(confirmed: MatchConfirmed) -> Period:
    """Return the days on which a confirmed match is delivered: those of its capacity that the State asked for.

    All days of the capacity, if the State asked for no days or for none of these.
    """
    taken, window = confirmed.capacity_period, confirmed.window
    if window is None or not window.overlaps(taken):
        return taken
    return Period(starts=max(taken.starts, window.starts), ends=min(taken.ends, window.ends))


class Delivery(Struct, frozen=True, kw_only=True):
    """A delivery. `covers` is the number of persons of the line's group that it serves, None for all."""

    delivery_id: UUID
    match_id: UUID
    request_id: UUID
    line_id: UUID
    offering_id: UUID
    state: str
    provider: str
    status: DeliveryStatus
    revision: int
    period: Period
    covers: int | None = None
    funding_needed: Money | None = None
    joint_delivery_id: UUID | None = None
    kind: str | None = None
    opened_at: datetime
    state_waived_at: datetime | None = None
    provider_waived_at: datetime | None = None
    state_private_at: datetime | None = None
    provider_private_at: datetime | None = None
    agreement_id: UUID | None = None
    """The agreement that both sides signed."""
    agreed_at: datetime | None = None
    """Time at which both sides had signed an agreement, or waived one."""
    begun_at: datetime | None = None
    suspended_at: datetime | None = None
    completion_by: Side | None = None
    """The side that proposed the completion."""
    completion_proposed_at: datetime | None = None
    proposed_on: date | None = None
    """The proposed last day."""
    confirm_by: date | None = None
    silence_counts: bool = False
    without: tuple[str, ...] = ()
    objection: str | None = None
    """The reason of the last objection to a completion."""
    confirmed_by: str | None = None
    completed_on: date | None = None
    completed_at: datetime | None = None
    terminated_at: datetime | None = None
    reason: str | None = None

    def opening(self, last_session: date | None) -> Mapping[str, Opening]:
        """Maps a move to the first day on which it is possible."""
        return {"propose_completion": Opening("delivery-not-due", max(last_session or date.min, self.period.starts))}

    def require(self, move: str) -> None:
        """Raise Conflict if the delivery's status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("delivery-status", status=self.status, move=move)

    def has_waived(self, side: Side) -> bool:
        return (self.state_waived_at if side is Side.STATE else self.provider_waived_at) is not None

    def has_opened_private_topic(self, side: Side) -> bool:
        return (self.state_private_at if side is Side.STATE else self.provider_private_at) is not None

    @property
    def thread_closes_at(self) -> datetime | None:
        """Time until which messages can be sent; None before the delivery has ended."""
        ended = self.completed_at or self.terminated_at
        return ended and ended + timedelta(days=THREAD_DAYS)

    def require_open_thread(self, now: datetime) -> None:
        """Raise Conflict once no more messages can be sent and no files added."""
        if (closes_at := self.thread_closes_at) is not None and closes_at < now:
            raise Conflict("thread-closed", closed_at=closes_at)

    def require_private(self, side: Side | None) -> None:
        """Raise Conflict until both sides have opened the private topic, and Forbidden for a caller on neither side."""
        if side is None:
            raise Forbidden("not-for-your-role")
        if not all(self.has_opened_private_topic(one) for one in Side):
            raise Conflict("private-topic-not-open")

    # -- decisions -----------------------------------------------------------------------------------------------

    def name_contacts(self, side: Side, contacts: int, texts_hash: str, *, now: datetime) -> DeliveryContactsNamed:
        self.require("name_contacts")
        return DeliveryContactsNamed(**self._ids(), side=side, contacts=contacts, texts_hash=texts_hash, named_at=now)

    def waive_agreement(self, side: Side, *, now: datetime) -> DeliveryAgreementWaived:
        """Waive the agreement for one side. Raises Conflict if that side has waived it, or an agreement is signed."""
        self.require("waive_agreement")
        if self.agreed_at is not None or self.has_waived(side):
            raise Conflict("agreement-settled")
        waiting_for = None if self.has_waived(side.other) else side.other
        return DeliveryAgreementWaived(**self._ids(), side=side, waiting_for=waiting_for, waived_at=now)

    def open_private_topic(self, side: Side, *, now: datetime) -> DeliveryPrivateTopicOpened:
        """Open the private topic for one side. Raises Conflict if the side has opened it before."""
        self.require("open_private_topic")
        if self.has_opened_private_topic(side):
            raise Conflict("private-topic-opened")
        waiting_for = None if self.has_opened_private_topic(side.other) else side.other
        return DeliveryPrivateTopicOpened(**self._ids(), side=side, waiting_for=waiting_for, opened_at=now)

    def agree(self, agreement_id: UUID, *, now: datetime) -> DeliveryAgreed:
        """Record that both sides have signed the agreement."""
        self.require("agree")
        return DeliveryAgreed(**self._ids(), agreement_id=agreement_id, agreed_at=now)

    def begin(self, *, gap_usd_minor: int | None = None, screened: bool = False, now: datetime) -> DeliveryBegun:
        """Begin the delivery. `gap_usd_minor` is the needed money that is not allocated yet, None if unknown.

        `screened` is true if the screening for human rights is completed. Raises Conflict before an agreement is
        signed or waived, unless all needed money is allocated, and before a screening that the kind of assistance
        requires.
        """
        self.require("begin")
        if self.agreed_at is None:
            raise Conflict("delivery-not-agreed")
        if self.funding_needed is not None and self.funding_needed.minor and gap_usd_minor != 0:
            raise Conflict("delivery-not-funded", gap_usd_minor=gap_usd_minor)
        if self.kind in SCREENED_KINDS and not screened:
            raise Conflict("screening-not-completed")
        return DeliveryBegun(**self._ids(), begun_at=now)

    def suspend(self, reason: str, *, now: datetime) -> DeliverySuspended:
        self.require("suspend")
        return DeliverySuspended(**self._ids(), reason=reason, suspended_at=now)

    def resume(self, *, now: datetime) -> DeliveryResumed:
        self.require("resume")
        return DeliveryResumed(**self._ids(), resumed_at=now)

    def propose_completion(
        self,
        side: Side,
        completed_on: date,
        last_session: date | None,
        agreed_end: date,
        without: tuple[str, ...],
        *,
        now: datetime,
    ) -> DeliveryCompletionProposed:
        """Propose that the delivery is complete. `last_session` is the last day of its sessions, None if it has none.

        Silence of the other side counts from the agreed end on. Raises Conflict before the last session or before the
        first day of the delivery's period, Invalid for a day in the future or before these.
        """
        self.require("propose_completion")
        opening = self.opening(last_session)["propose_completion"]
        opening.require(now.date())
        if not opening.first_day <= completed_on <= now.date():
            raise Invalid("completion-day", field="completed_on", first_day=opening.first_day, last_day=now.date())
        return DeliveryCompletionProposed(
            **self._ids(),
            side=side,
            completed_on=completed_on,
            confirm_by=now.date() + timedelta(days=CONFIRM_DAYS),
            silence_counts=agreed_end <= now.date(),
            without=without,
            proposed_at=now,
        )

    def confirm_completion(self, side: Side, *, now: datetime) -> DeliveryCompleted:
        self._require_answer("confirm_completion", side)
        return self._completed(side, now)

    def object_to_completion(self, side: Side, reason: str, *, now: datetime) -> DeliveryCompletionObjected:
        self._require_answer("object_to_completion", side)
        return DeliveryCompletionObjected(
            **self._ids(), side=side, reason=reason, ends_on=self.period.ends, objected_at=now
        )

    def withdraw_completion(self, side: Side, *, now: datetime) -> DeliveryCompletionWithdrawn:
        self._require_answer("withdraw_completion", side.other)
        return DeliveryCompletionWithdrawn(**self._ids(), side=side, ends_on=self.period.ends, withdrawn_at=now)

    def complete_by_silence(self, *, now: datetime) -> DeliveryCompleted:
        assert self.silence_counts, "the agreed end had come when the completion was proposed"
        assert self.confirm_by, "a completion is proposed with its last day to answer"
        assert self.confirm_by < now.date(), "the other side can still answer"
        return self._completed(SILENCE, now)

    def _require_answer(self, move: str, side: Side) -> None:
        """Raise Conflict unless a completion is proposed, and `side` is the one that answers."""
        self.require(move)
        if self.completion_by is side:
            raise Conflict("completion-side", side=side.other)

    def _completed(self, confirmed_by: str, now: datetime) -> DeliveryCompleted:
        assert self.proposed_on is not None, "a completion is proposed with its day"
        return DeliveryCompleted(
            **self._ids(),
            completed_on=self.proposed_on,
            completed_at=now,
            confirmed_by=confirmed_by,
            without=self.without,
        )

    def terminate(self, reason: str, *, now: datetime) -> DeliveryTerminated:
        self.require("terminate")
        return DeliveryTerminated(**self._ids(), reason=reason, terminated_at=now)

    def _ids(self) -> dict[str, Any]:
        return {
            "delivery_id": self.delivery_id,
            "match_id": self.match_id,
            "request_id": self.request_id,
            "line_id": self.line_id,
            "state": self.state,
            "provider": self.provider,
        }
