"""An informal meeting of States: agenda, invitation, sign-up, and lessons without their authors."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.decisions import Opening
from contracts.meetings import (
    MeetingCancelled,
    MeetingHeld,
    MeetingInvited,
    MeetingLessonRemoved,
    MeetingPlanned,
    MeetingRevised,
    MeetingSignedUp,
    MeetingSignUpWithdrawn,
)
from contracts.refusals import Conflict, Invalid
from contracts.values import Language

LESSONS_MAX = 200
RANDOM = 4
"""Version of random UUIDs."""


class MeetingStatus(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


_PLANNED = frozenset({MeetingStatus.PLANNED})
_HELD = frozenset({MeetingStatus.HELD})
MOVES: Mapping[str, frozenset[MeetingStatus]] = {
    "revise_meeting": _PLANNED,
    "invite_states": _PLANNED,
    "sign_up": _PLANNED,
    "withdraw_sign_up": _PLANNED,
    "hold_meeting": _PLANNED,
    "cancel_meeting": _PLANNED,
    "add_lesson": _HELD,
    "remove_lesson": _HELD,
}
"""Maps each move to the statuses in which it is allowed."""


class MeetingTexts(Struct, frozen=True, kw_only=True):
    """Texts of a meeting. `place` is a location or a link."""

    title: str
    agenda: str
    invitation: str
    place: str


class Meeting(Struct, frozen=True, kw_only=True):
    """An informal meeting. `people` are the numbers of people from the States in `signed_up`, in the same order."""

    meeting_id: UUID
    status: MeetingStatus
    revision: int
    starts_on: date
    language: Language
    planned_at: datetime
    changed_at: datetime
    invited: tuple[str, ...] = ()
    signed_up: tuple[str, ...] = ()
    people: tuple[int, ...] = ()
    reason: str | None = None

    @property
    def opening(self) -> Mapping[str, Opening]:
        """Maps a move to the first day on which it is possible."""
        return {"hold_meeting": Opening("meeting-not-begun", self.starts_on)}

    def require(self, move: str) -> None:
        """Raise Conflict unless the status allows the move."""
        if self.status not in MOVES[move]:
            raise Conflict("meeting-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def revise(self, starts_on: date, language: Language, texts_hash: str, *, now: datetime) -> MeetingRevised:
        self.require("revise_meeting")
        check_day(starts_on, today=now.date())
        return MeetingRevised(
            meeting_id=self.meeting_id,
            starts_on=starts_on,
            language=language,
            texts_hash=texts_hash,
            states=self.invited,
            revised_at=now,
        )

    def invite(self, states: Collection[str], *, now: datetime) -> MeetingInvited:
        """Return the fact of an invitation. Raises Conflict if all these States are already invited."""
        self.require("invite_states")
        added = tuple(sorted({*states} - {*self.invited}))
        if not added:
            raise Conflict("meeting-invited")
        return MeetingInvited(**self._ids(), states=added, invited_at=now)

    def sign_up(self, state: str, people: int, *, now: datetime) -> MeetingSignedUp:
        """Return the fact of a sign-up or a changed number of people. Raises Conflict unless the State is invited."""
        self.require("sign_up")
        if state not in self.invited:
            raise Conflict("meeting-not-invited")
        return MeetingSignedUp(**self._ids(), state=state, people=people, signed_up_at=now)

    def withdraw_sign_up(self, state: str, *, now: datetime) -> MeetingSignUpWithdrawn:
        """Return the fact of a withdrawn sign-up. Raises Conflict unless the State has signed up."""
        self.require("withdraw_sign_up")
        if state not in self.signed_up:
            raise Conflict("meeting-not-signed-up")
        return MeetingSignUpWithdrawn(**self._ids(), state=state, withdrawn_at=now)

    def hold(self, *, now: datetime) -> MeetingHeld:
        """Return the fact that the meeting was held. Raises Conflict before its day."""
        self.require("hold_meeting")
        self.opening["hold_meeting"].require(now.date())
        return MeetingHeld(**self._ids(), held_at=now)

    def cancel(self, reason: str, *, now: datetime) -> MeetingCancelled:
        self.require("cancel_meeting")
        return MeetingCancelled(**self._ids(), reason=reason, states=self.invited, cancelled_at=now)

    def check_lesson(self, lesson_id: UUID, lessons: int) -> None:
        """Raise Conflict or Invalid unless the lesson can be added.

        Conflict is raised before the meeting was held and at the maximum number of lessons, Invalid for an id that is
        not random: other ids contain the time or can identify their author.
        """
        self.require("add_lesson")
        if lesson_id.version != RANDOM:
            raise Invalid("lesson-id-not-random", field="lesson_id")
        if lessons >= LESSONS_MAX:
            raise Conflict("meeting-lessons", at_most=LESSONS_MAX)

    def remove_lesson(self, lesson_id: UUID, *, now: datetime) -> MeetingLessonRemoved:
        self.require("remove_lesson")
        return MeetingLessonRemoved(**self._ids(), lesson_id=lesson_id, removed_at=now)

    def _ids(self) -> dict[str, Any]:
        return {"meeting_id": self.meeting_id, "starts_on": self.starts_on}


def plan(meeting_id: UUID, starts_on: date, language: Language, texts_hash: str, *, now: datetime) -> MeetingPlanned:
    """Return the fact of a planned meeting. Raises Invalid for a day in the past."""
    check_day(starts_on, today=now.date())
    return MeetingPlanned(
        meeting_id=meeting_id, starts_on=starts_on, language=language, texts_hash=texts_hash, planned_at=now
    )


def check_day(starts_on: date, *, today: date) -> None:
    """Raise Invalid for a day in the past."""
    if starts_on < today:
        raise Invalid("meeting-day-over", field="starts_on")
