"""The bodies of commands, with their limits and checks of codes."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field

from chassis.auth.tokens import SERVICE_SUBJECT
from contracts import reference
from contracts.callers import Subject
from contracts.codes import unknown_code
from contracts.directory import SUBJECTS_MAX, Mandate, RemitCodes
from contracts.refusals import Invalid
from contracts.values import END, NAME, Code, Language, Organization, Role, Scope
from services.directory.clients.model import OVERLAP_HOURS, OVERLAP_HOURS_MAX, ClientRole, Terms
from services.directory.people.model import Kind, kind_of
from services.directory.people.store import PersonTexts

Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=NAME)]
Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+" + END, min_length=3, max_length=254)]
Letter = Annotated[str, Meta(max_length=200)]


class RegisterOrganization(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organization by its code. A `name` is required unless it is a State, whose names are known."""

    code: Organization
    name: Annotated[str, Meta(max_length=200, pattern=NAME)] = ""

    def checked_name(self) -> str:
        """Return the name to store. Raises Invalid for an organization that is not a State and has no name."""
        if kind_of(self.code) is Kind.STATE:
            return ""
        if not self.name.strip():
            raise Invalid("missing-field", field="name")
        return self.name


class NewSubject(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `iss` and `sub` of the tokens that an issuer gives a person."""

    issuer: Annotated[str, Meta(pattern=r"^https?://\S+" + END, max_length=200)]
    subject: Annotated[str, Meta(min_length=1, max_length=255)]


Subjects = Annotated[tuple[NewSubject, ...], Meta(max_length=SUBJECTS_MAX)]


class EnterPerson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person of one organization. An administrator may give an id that the person already has as `person_id`."""

    organization: Organization
    name: Name
    email: Email
    language: Language
    subjects: Subjects = ()
    person_id: UUID | None = None

    def texts(self) -> PersonTexts:
        return PersonTexts(
            name=self.name, email=self.email, language=self.language, subjects=kept_subjects(self.subjects)
        )


class ProposeSubjects(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All subjects by which a person is to sign in. They replace the former ones once a second person approves."""

    subjects: Subjects


class SetSubjects(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All subjects by which a person signs in. They replace the former ones."""

    subjects: Subjects


class Appoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role for a person in an organization; `letter` is the reference of the letter of appointment.

    `regions` and `topics` limit a coordinator's remit; an overdue clock in it is escalated to its `head`. Days are in
    UTC; without `until` there is no last day.
    """

    person_id: UUID
    organization: Organization
    role: Role
    starts: date = field(name="from")
    ends: date | None = field(name="until", default=None)
    regions: RemitCodes = ()
    topics: RemitCodes = ()
    head: bool = False
    letter: Letter = ""

    def mandate(self) -> Mandate:
        return Mandate(
            role=self.role,
            starts=self.starts,
            ends=self.ends,
            regions=self.regions,
            topics=self.topics,
            head=self.head,
        )


class RegisterClient(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An API client of an organization: its role, its scopes within that role, and its last day in UTC.

    `name` is only for the people who manage it.
    """

    organization: Organization
    name: Name
    role: ClientRole
    scopes: Annotated[frozenset[Scope], Meta(min_length=1)]
    ends: date = field(name="until")

    def terms(self) -> Terms:
        return Terms(self.organization, self.role, self.scopes, self.ends)


class RotateClient(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number of hours for which the previous secret remains valid beside the new one; 0 if it was disclosed."""

    overlap_hours: Annotated[int, Meta(ge=0, le=OVERLAP_HOURS_MAX)] = OVERLAP_HOURS


class Confirm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty body; the move needs no data."""


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A coded reason (`/v1/reference/reasons`)."""

    reason: Code


def kept_subjects(subjects: tuple[NewSubject, ...]) -> tuple[Subject, ...]:
    """Remove duplicates from the subjects and sort them. Raises Invalid for a subject in the form of a service's."""
    if any(one.subject.startswith(SERVICE_SUBJECT) for one in subjects):
        raise Invalid("subject-of-service")
    return tuple(sorted({Subject(issuer=one.issuer, subject=one.subject) for one in subjects}))


def check_reason(move: str, reason: str) -> str:
    """Return the reason. Raises Invalid for a reason that does not belong to this move."""
    if reason not in (known := reference.reasons(move)):
        raise unknown_code("reason", reason, known, code_list=f"reasons/{move}")
    return reason
