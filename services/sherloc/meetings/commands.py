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
    """The same again, in full; the texts before are deleted."""


class InviteStates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The States to invite, besides those that are invited already."""

    states: Invited

    def check(self) -> None:
        """Raises Invalid for an unknown State."""
        for state in self.states:
            if state not in (known := reference.countries()):
                raise unknown_code("states", state, known, code_list="countries")


class SignUp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many people of one's own State come. They are not named."""

    people: Delegates


class AddLesson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was learnt. It is stored without its author; names of persons and States do not belong in it."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]


class RemoveLesson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lesson to delete."""

    lesson_id: UUID
