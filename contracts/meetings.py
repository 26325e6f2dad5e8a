"""Facts of the sherloc service about informal meetings of States on lessons learnt.

Agendas, invitations, places and lessons are stored separately. There is no fact of a lesson, so that its author is not
recorded.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.values import Code, Language, State

DELEGATES_MAX = 20
STATES_MAX = 250

Delegates = Annotated[int, Meta(ge=1, le=DELEGATES_MAX)]
Invited = Annotated[tuple[State, ...], Meta(min_length=1, max_length=STATES_MAX)]


class _MeetingFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a meeting."""

    meeting_id: UUID
    starts_on: date


class _Planned(_MeetingFact, frozen=True, kw_only=True):
    """The planned content of a meeting."""

    language: Language
    texts_hash: str


class MeetingPlanned(_Planned, frozen=True, kw_only=True, tag="sherloc.meeting.planned.v1"):
    """A coordinator planned an informal meeting."""

    planned_at: datetime


class MeetingRevised(_Planned, frozen=True, kw_only=True, tag="sherloc.meeting.revised.v1"):
    """A coordinator revised the plan of a meeting; `states` are already invited and are notified."""

    revised_at: datetime
    states: Annotated[tuple[State, ...], Meta(max_length=STATES_MAX)] = ()


class MeetingInvited(_MeetingFact, frozen=True, kw_only=True, tag="sherloc.meeting.invited.v1"):
    """A coordinator invited States."""

    states: Invited
    invited_at: datetime


class MeetingSignedUp(_MeetingFact, frozen=True, kw_only=True, tag="sherloc.meeting.signed-up.v1"):
    """An invited State signed up with a number of people, who are not named."""

    state: State
    people: Delegates
    signed_up_at: datetime


class MeetingSignUpWithdrawn(_MeetingFact, frozen=True, kw_only=True, tag="sherloc.meeting.sign-up-withdrawn.v1"):
    """The State withdrew its sign-up."""

    state: State
    withdrawn_at: datetime


class MeetingHeld(_MeetingFact, frozen=True, kw_only=True, tag="sherloc.meeting.held.v1"):
    """The meeting took place; States may submit lessons."""

    held_at: datetime


class MeetingCancelled(_MeetingFact, frozen=True, kw_only=True, tag="sherloc.meeting.cancelled.v1"):
    """The meeting was cancelled, for a coded reason; the invited `states` are notified."""

    reason: Code
    cancelled_at: datetime
    states: Annotated[tuple[State, ...], Meta(max_length=STATES_MAX)] = ()


class MeetingLessonRemoved(_MeetingFact, frozen=True, kw_only=True, tag="sherloc.meeting.lesson-removed.v1"):
    """A coordinator removed a lesson, which was deleted."""

    lesson_id: UUID
    removed_at: datetime


FACTS: tuple[type[Fact], ...] = (
    MeetingPlanned,
    MeetingRevised,
    MeetingInvited,
    MeetingSignedUp,
    MeetingSignUpWithdrawn,
    MeetingHeld,
    MeetingCancelled,
    MeetingLessonRemoved,
)
