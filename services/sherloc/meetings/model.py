"""Informal meetings of States: agenda, invitation, sign-up, and lessons without their authors.

States and UNODC's office read them, coordinators maintain them, States sign up.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from contracts import reference
from contracts.codes import unknown_code
from contracts.conversion import from_attributes
from contracts.decisions import Later, Opening
from contracts.meetings import (
    Delegates,
    Invited,
    MeetingCancelled,
    MeetingHeld,
    MeetingInvited,
    MeetingLessonRemoved,
    MeetingPlanned,
    MeetingRevised,
    MeetingSignedUp,
    MeetingSignUpWithdrawn,
)
from contracts.nouns import Create, Move, MoveContext, Noun, Read
from contracts.refusals import Conflict, Invalid
from contracts.values import Caller, Language, Role
from services.sherloc.bodies import CodedReason, Nothing, check_reason

LESSONS_MAX = 200
RANDOM = 4
"""Version of random UUIDs."""
EVENTS_FOR_ALL = frozenset({"planned", "revised", "invited", "held", "cancelled", "lesson-removed"})
"""Events of a meeting that every State receives. Sign-ups are not among them."""


class MeetingStatus(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


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
    def coming(self) -> dict[str, int]:
        """The number of people from each State that has signed up."""
        return dict(zip(self.signed_up, self.people, strict=True))


class LessonView(Struct, frozen=True, kw_only=True):
    """A lesson, without its author."""

    lesson_id: UUID
    text: str


class MeetingView(Struct, frozen=True, kw_only=True):
    """An informal meeting of States: `title`, `agenda` and `invitation` in `language`, its location or link in `place`.

    `states` is the number of States that have signed up, `people` the number of people in total, `own_people` the
    number of those from the caller's State. `reason` is the code (`/v1/reference/reasons/cancel_meeting`) with which it
    was cancelled.
    """

    meeting_id: UUID
    status: MeetingStatus
    revision: int
    starts_on: date
    place: str
    language: Language
    title: str
    agenda: str
    invitation: str
    invited: tuple[str, ...]
    states: int
    people: int
    own_people: int
    lessons: tuple[LessonView, ...]
    planned_at: datetime
    changed_at: datetime
    reason: str | None
    moves: tuple[str, ...]
    later: tuple[Later, ...]


class MeetingPage(Struct, frozen=True, kw_only=True):
    """Informal meetings, newest first; `cursor` leads to the next page."""

    meetings: list[MeetingView]
    cursor: str | None


# -- commands ---------------------------------------------------------------------------------------------------------


class PlanMeeting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day, the place or a link, and in one language the title, the agenda and the invitation."""

    starts_on: date
    place: Annotated[str, Meta(min_length=1, max_length=500)]
    language: Language
    title: Annotated[str, Meta(min_length=1, max_length=300)]
    agenda: Annotated[str, Meta(min_length=1, max_length=10_000)]
    invitation: Annotated[str, Meta(max_length=5000)] = ""

    def check(self, today: date) -> None:
        """Raise Invalid for a day in the past."""
        if self.starts_on < today:
            raise Invalid("meeting-day-over", field="starts_on")


class ReviseMeeting(PlanMeeting, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All fields of the meeting again. The earlier texts are deleted."""


class InviteStates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The States to invite in addition to those already invited."""

    states: Invited


class SignUp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number of people from one's own State who take part. They are not named."""

    people: Delegates


class AddLesson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lesson learnt. It is stored without its author, and must not name persons or States."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]


class RemoveLesson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lesson to delete."""

    lesson_id: UUID


# -- decisions --------------------------------------------------------------------------------------------------------


def plan(meeting_id: UUID, body: PlanMeeting, ctx: MoveContext) -> MeetingPlanned:
    body.check(ctx.today)
    return from_attributes(MeetingPlanned, body, meeting_id=meeting_id, texts_hash=ctx.texts_hash, planned_at=ctx.now)


def revise(known: Meeting, body: ReviseMeeting, ctx: MoveContext) -> MeetingRevised:
    body.check(ctx.today)
    ids = {"meeting_id": known.meeting_id, "states": known.invited}
    return from_attributes(MeetingRevised, body, **ids, texts_hash=ctx.texts_hash, revised_at=ctx.now)


def invite(known: Meeting, body: InviteStates, ctx: MoveContext) -> MeetingInvited:
    """Raises Invalid for an unknown State, Conflict if all these States are already invited."""
    for state in body.states:
        if state not in (countries := reference.countries()):
            raise unknown_code("states", state, countries, code_list="countries")
    added = tuple(sorted({*body.states} - {*known.invited}))
    if not added:
        raise Conflict("meeting-invited")
    return from_attributes(MeetingInvited, known, states=added, invited_at=ctx.now)


def sign_up(known: Meeting, body: SignUp, ctx: MoveContext) -> MeetingSignedUp:
    """Raises Conflict unless the State is invited. A repeat changes the number of people."""
    state = ctx.caller.organization
    if state not in known.invited:
        raise Conflict("meeting-not-invited")
    return from_attributes(MeetingSignedUp, known, state=state, people=body.people, signed_up_at=ctx.now)


def withdraw_sign_up(known: Meeting, body: Nothing, ctx: MoveContext) -> MeetingSignUpWithdrawn:
    """Raises Conflict unless the State has signed up."""
    state = ctx.caller.organization
    if state not in known.signed_up:
        raise Conflict("meeting-not-signed-up")
    return from_attributes(MeetingSignUpWithdrawn, known, state=state, withdrawn_at=ctx.now)


def hold(known: Meeting, body: Nothing, ctx: MoveContext) -> MeetingHeld:
    return from_attributes(MeetingHeld, known, held_at=ctx.now)


def cancel(known: Meeting, body: CodedReason, ctx: MoveContext) -> MeetingCancelled:
    reason = check_reason("cancel_meeting", body.reason)
    return from_attributes(MeetingCancelled, known, reason=reason, states=known.invited, cancelled_at=ctx.now)


def remove_lesson(known: Meeting, body: RemoveLesson, ctx: MoveContext) -> MeetingLessonRemoved:
    return from_attributes(MeetingLessonRemoved, known, lesson_id=body.lesson_id, removed_at=ctx.now)


def check_lesson(lesson_id: UUID, lessons: int) -> None:
    """Raise Invalid for an id that is not random, since others have the time or can identify their author.

    Raises Conflict at the maximum number of lessons.
    """
    if lesson_id.version != RANDOM:
        raise Invalid("lesson-id-not-random", field="lesson_id")
    if lessons >= LESSONS_MAX:
        raise Conflict("meeting-lessons", at_most=LESSONS_MAX)


# -- folds ------------------------------------------------------------------------------------------------------------


def _invited(known: Meeting, fact: MeetingInvited) -> Mapping[str, Any]:
    return {"invited": tuple(sorted({*known.invited, *fact.states}))}


def _signed_up(known: Meeting, fact: MeetingSignedUp) -> Mapping[str, Any]:
    return _coming({**known.coming, fact.state: fact.people})


def _sign_up_withdrawn(known: Meeting, fact: MeetingSignUpWithdrawn) -> Mapping[str, Any]:
    return _coming({state: people for state, people in known.coming.items() if state != fact.state})


def _coming(people: Mapping[str, int]) -> Mapping[str, Any]:
    states = sorted(people)
    return {"signed_up": tuple(states), "people": tuple(people[state] for state in states)}


# -- the declaration --------------------------------------------------------------------------------------------------

_OF_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
_COORDINATORS = frozenset({Role.COORDINATOR})
_OVERSEERS = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.SERVICE})
_PLANNED = frozenset({MeetingStatus.PLANNED})
_HELD = frozenset({MeetingStatus.HELD})


def oversees(caller: Caller) -> bool:
    """Check whether the caller may see which States have signed up."""
    return caller.role in _OVERSEERS


MEETINGS = Noun(
    record=Meeting,
    texts=MeetingTexts,
    view=MeetingView,
    page=MeetingPage,
    path="/v1/meetings",
    table="meeting",
    texts_table="meeting_text",
    sees=lambda caller, record: caller.role in _OF_STATE | _OVERSEERS,
    visible="may_see_meetings(caller_role())",
    status_slug="meeting-status",
    unfolded=frozenset({"states", "state", "lesson_id"}),
    lists=Read(
        "list_meetings",
        "The informal meetings of States",
        "Lists meetings for focal points, officials, coordinators and auditors. The list is empty for others.",
    ),
    shows=Read(
        "show_meeting",
        "One informal meeting",
        "Shows a meeting, with the number of States and people that have signed up, and the lessons.",
    ),
    create=Create(
        name="plan_meeting",
        command=PlanMeeting,
        fact=MeetingPlanned,
        decide=plan,
        by=_COORDINATORS,
        to=MeetingStatus.PLANNED,
        summary="Plan an informal meeting",
        description="The meeting cannot begin before today.",
    ),
    moves=(
        Move(
            name="revise_meeting",
            path="revise",
            command=ReviseMeeting,
            fact=MeetingRevised,
            decide=revise,
            by=_COORDINATORS,
            when=_PLANNED,
            summary="Revise a meeting",
            description="The invited States are notified.",
        ),
        Move(
            name="invite_states",
            path="invite",
            command=InviteStates,
            fact=MeetingInvited,
            decide=invite,
            fold=_invited,
            by=_COORDINATORS,
            when=_PLANNED,
            summary="Invite States",
            description="The focal points of the States are notified.",
        ),
        Move(
            name="sign_up",
            path="sign-up",
            command=SignUp,
            fact=MeetingSignedUp,
            decide=sign_up,
            fold=_signed_up,
            possible=lambda known, caller, _: caller.organization in known.invited,
            by=_OF_STATE,
            when=_PLANNED,
            summary="Sign up for a meeting",
            description="The State must be invited. A repeat changes the number of people.",
        ),
        Move(
            name="withdraw_sign_up",
            path="withdraw-sign-up",
            command=Nothing,
            fact=MeetingSignUpWithdrawn,
            decide=withdraw_sign_up,
            fold=_sign_up_withdrawn,
            possible=lambda known, caller, _: caller.organization in known.signed_up,
            by=_OF_STATE,
            when=_PLANNED,
            summary="Withdraw a sign-up",
            description="The State must have signed up.",
        ),
        Move(
            name="hold_meeting",
            path="hold",
            command=Nothing,
            fact=MeetingHeld,
            decide=hold,
            by=_COORDINATORS,
            when=_PLANNED,
            to=MeetingStatus.HELD,
            opens=lambda known: Opening("meeting-not-begun", known.starts_on),
            summary="Record that a meeting was held",
            description="The day of the meeting must have begun.",
        ),
        Move(
            name="cancel_meeting",
            path="cancel",
            command=CodedReason,
            fact=MeetingCancelled,
            decide=cancel,
            by=_COORDINATORS,
            when=_PLANNED,
            to=MeetingStatus.CANCELLED,
            summary="Cancel a meeting",
            description="The invited States are notified.",
        ),
        Move(name="add_lesson", by=_OF_STATE | _COORDINATORS, when=_HELD),
        Move(
            name="remove_lesson",
            command=RemoveLesson,
            fact=MeetingLessonRemoved,
            decide=remove_lesson,
            possible=lambda known, caller, shown: bool(shown["lessons"]),
            by=_COORDINATORS,
            when=_HELD,
        ),
    ),
)
