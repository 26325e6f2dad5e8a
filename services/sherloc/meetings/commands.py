"""The bodies of commands on informal meetings."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts import reference
from contracts.codes import unknown_code
from contracts.meetings import Delegates, Invited
from contracts.values import Language


class PlanMeeting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day, the place or a link, and in one language the title, the agenda and the invitation."""

    starts_on: date
    place: Annotated[str, Meta(min_length=1, max_length=500)]
    language: Language
    title: Annotated[str, Meta(min_length=1, max_length=300)]
    agenda: Annotated[str, Meta(min_length=1, max_length=10_000)]
    invitation: Annotated[str, Meta(max_length=5000)] = ""


class ReviseMeeting(PlanMeeting, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All fields of the meeting again. The earlier texts are deleted."""


class InviteStates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The States to invite in addition to those already invited."""

    states: Invited

    def check(self) -> None:
        """Raise Invalid for an unknown State."""
        for state in self.states:
            if state not in (known := reference.countries()):
                raise unknown_code("states", state, known, code_list="countries")


class SignUp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number of people from one's own State who take part. They are not named."""

    people: Delegates


class AddLesson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lesson learnt. It is stored without its author, and must not name persons or States."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]


class RemoveLesson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lesson to delete."""

    lesson_id: UUID
