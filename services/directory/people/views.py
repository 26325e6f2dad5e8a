"""Views of people."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.callers import Subject
from contracts.conversion import from_attributes
from contracts.values import Caller, Language
from services.directory import policy
from services.directory.people import store
from services.directory.people.model import Person
from services.directory.policy import Action, Guarded
from services.directory.subjects import store as subject_store


class PersonView(Struct, frozen=True, kw_only=True):
    """A person; `subjects` and `proposed_subjects` are shown to themselves and to those who may set them, else null.

    `proposed_subjects` take effect when a second person approves them, or an appointment. They and
    `subjects_proposed_at` are null if none are proposed.

    `moves` are those that the caller may make now.

    For an erased person `name`, `email`, `language` and `subjects` are null, and `erased_at` is not.
    """

    person_id: UUID
    organization: str
    name: str | None
    email: str | None
    language: Language | None
    subjects: tuple[Subject, ...] | None
    proposed_subjects: tuple[Subject, ...] | None
    subjects_proposed_by: UUID | None
    subjects_proposed_at: datetime | None
    revision: int
    entered_at: datetime
    disabled_at: datetime | None
    erasure_proposed_by: UUID | None
    erasure_proposed_at: datetime | None
    erasure_reason: str | None
    erasure_approved_by: UUID | None
    erased_at: datetime | None
    moves: tuple[str, ...]


async def read_view(tx: Tx, ctx: Context, person_id: UUID) -> PersonView:
    """Return the person as this caller sees them. Raises Missing."""
    return (await views_of(tx, [await store.get_person(tx, person_id, ctx.caller)], ctx.caller))[0]


async def views_of(tx: Tx, people: Sequence[Person], caller: Caller) -> list[PersonView]:
    """Convert people into views for a caller who was allowed to read them."""
    texts = await store.person_texts(tx, [person.person_id for person in people])
    proposed = await subject_store.proposed(tx, [one.person_id for one in people if one.subjects_proposed_by])
    return [_view(one, texts.get(one.person_id), proposed.get(one.person_id), caller) for one in people]


def _view(
    person: Person, texts: store.PersonTexts | None, proposed: tuple[Subject, ...] | None, caller: Caller
) -> PersonView:
    guarded = policy.decide(caller, Action.SHOW_PERSON, person).required().fields
    return from_attributes(
        PersonView,
        person,
        name=texts.name if texts else None,
        email=texts.email if texts else None,
        language=texts.language if texts else None,
        subjects=texts.subjects if texts and Guarded.SUBJECTS in guarded else None,
        proposed_subjects=proposed if Guarded.PROPOSED_SUBJECTS in guarded else None,
        moves=policy.moves_of_person(caller, person),
    )
