"""Fold facts into a meeting. Actions and the rebuild of the tables use the same function."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from contracts.facts import Fact
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
from services.sherloc.meetings.model import Meeting, MeetingStatus


def evolve(known: Meeting | None, fact: Fact) -> Meeting:
    """Return the meeting after a fact."""
    if isinstance(fact, MeetingPlanned):
        return Meeting(
            meeting_id=fact.meeting_id,
            status=MeetingStatus.PLANNED,
            revision=1,
            starts_on=fact.starts_on,
            language=fact.language,
            planned_at=fact.planned_at,
            changed_at=fact.planned_at,
        )
    assert known is not None, "the first fact of a meeting is MeetingPlanned"
    return replace(known, revision=known.revision + 1, **_changes(known, fact))


def _changes(known: Meeting, fact: Fact) -> dict[str, Any]:
    coming = dict(zip(known.signed_up, known.people, strict=True))
    match fact:
        case MeetingRevised():
            return {"starts_on": fact.starts_on, "language": fact.language, "changed_at": fact.revised_at}
        case MeetingInvited():
            return {"invited": tuple(sorted({*known.invited, *fact.states})), "changed_at": fact.invited_at}
        case MeetingSignedUp():
            return {**_coming({**coming, fact.state: fact.people}), "changed_at": fact.signed_up_at}
        case MeetingSignUpWithdrawn():
            coming.pop(fact.state, None)
            return {**_coming(coming), "changed_at": fact.withdrawn_at}
        case MeetingHeld():
            return {"status": MeetingStatus.HELD, "changed_at": fact.held_at}
        case MeetingCancelled():
            return {"status": MeetingStatus.CANCELLED, "reason": fact.reason, "changed_at": fact.cancelled_at}
        case MeetingLessonRemoved():
            return {"changed_at": fact.removed_at}
    raise AssertionError(f"{fact.type} is not a meeting's fact")


def _coming(people: Mapping[str, int]) -> dict[str, Any]:
    states = sorted(people)
    return {"signed_up": tuple(states), "people": tuple(people[state] for state in states)}
