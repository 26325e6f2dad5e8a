"""Organizations and people: their states and transitions.

Each transition is a method that returns a fact or raises a refusal, and a case of `evolve.py`, which applies the fact.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts.directory import (
    OrganizationRegistered,
    PersonDisabled,
    PersonEnabled,
    PersonEntered,
    PersonErased,
    PersonErasureDeclined,
    PersonErasureProposed,
    PersonIdentified,
    PersonSubjectsDeclined,
    PersonSubjectsProposed,
)
from contracts.reference import countries
from contracts.refusals import Conflict, Invalid

UNODC = "UNODC"


class Kind(StrEnum):
    """The kind of an organization, determined by its code."""

    STATE = "state"
    UNODC = "unodc"
    UNIT = "unit"
    OTHER = "other"


def kind_of(code: str) -> Kind:
    """The kind of an organization. Raises Invalid for an unknown code of three letters, which ISO 3166-1 may assign."""
    if code == UNODC:
        return Kind.UNODC
    if code.startswith(f"{UNODC}-"):
        return Kind.UNIT
    if code in countries():
        return Kind.STATE
    if len(code) == 3:
        raise Invalid("unknown-code", field="code", code=code)
    return Kind.OTHER


def parent_organization(code: str) -> str:
    """The organization whose people can be appointed here: UNODC for its units, else the organization itself."""
    return UNODC if kind_of(code) is Kind.UNIT else code


class Organization(Struct, frozen=True, kw_only=True):
    """A State, UNODC, a unit of it, or another organization that provides or donates."""

    organization_id: UUID
    code: str
    revision: int
    texts_hash: str
    registered_at: datetime

    @property
    def kind(self) -> Kind:
        return kind_of(self.code)


def register(organization_id: UUID, code: str, texts_hash: str, *, now: datetime) -> OrganizationRegistered:
    """Return the fact of a registration. Raises Invalid for a code without a kind."""
    kind_of(code)
    return OrganizationRegistered(organization_id=organization_id, code=code, texts_hash=texts_hash, registered_at=now)


class Person(Struct, frozen=True, kw_only=True):
    """A person who may be appointed, without their name, address and subjects."""

    person_id: UUID
    organization: str
    revision: int
    texts_hash: str
    entered_at: datetime
    disabled_at: datetime | None = None
    erasure_proposed_by: UUID | None = None
    erasure_proposed_at: datetime | None = None
    erasure_reason: str | None = None
    erasure_approved_by: UUID | None = None
    erased_at: datetime | None = None
    subjects_proposed_by: UUID | None = None
    subjects_proposed_at: datetime | None = None
    subjects_proposed_hash: str | None = None

    @property
    def subjects_hash(self) -> str:
        """The hash to which an appointment proposed now refers: of the proposed subjects, else of those in effect."""
        return self.subjects_proposed_hash or self.texts_hash

    def identify(self, subjects: int, texts_hash: str, *, of_trust: bool, now: datetime) -> PersonIdentified:
        """Return the fact that one person sets the subjects.

        Raises Conflict for a person whose appointment required two people; else the person who sets the subjects could
        sign in as the second one.
        """
        self.require_not_erased()
        if of_trust:
            raise Conflict("subjects-of-appointee")
        return PersonIdentified(
            person_id=self.person_id,
            organization=self.organization,
            subjects=subjects,
            texts_hash=texts_hash,
            identified_at=now,
        )

    def propose_subjects(
        self, subjects: int, texts_hash: str, *, proposed_by: UUID, now: datetime
    ) -> PersonSubjectsProposed:
        """Return the fact of a proposal. Raises Conflict if subjects are already proposed."""
        self.require_not_erased()
        if self.subjects_proposed_by is not None:
            raise Conflict("subjects-proposed")
        return PersonSubjectsProposed(
            person_id=self.person_id,
            organization=self.organization,
            subjects=subjects,
            texts_hash=texts_hash,
            proposed_by=proposed_by,
            proposed_at=now,
        )

    def approve_subjects(self, subjects: int, *, approved_by: UUID, now: datetime) -> PersonIdentified:
        """Return the fact that a second person approves the subjects. Raises Conflict if none are proposed."""
        proposed_by, texts_hash = self._require_subjects_proposed()
        return PersonIdentified(
            person_id=self.person_id,
            organization=self.organization,
            subjects=subjects,
            texts_hash=texts_hash,
            identified_at=now,
            proposed_by=proposed_by,
            approved_by=approved_by,
        )

    def decline_subjects(self, *, now: datetime) -> PersonSubjectsDeclined:
        self._require_subjects_proposed()
        return PersonSubjectsDeclined(person_id=self.person_id, organization=self.organization, declined_at=now)

    def _require_subjects_proposed(self) -> tuple[UUID, str]:
        self.require_not_erased()
        if self.subjects_proposed_by is None or self.subjects_proposed_hash is None:
            raise Conflict("subjects-not-proposed")
        return self.subjects_proposed_by, self.subjects_proposed_hash

    def possible_moves(self) -> tuple[str, ...]:
        """The moves that the person's state allows. An erasure also requires that the person has no appointment."""
        if self.erased_at is not None:
            return ()
        return (
            *(("approve_subjects", "decline_subjects") if self.subjects_proposed_by else ()),
            "enable" if self.disabled_at else "disable",
            *(("approve_erasure", "decline_erasure") if self.erasure_proposed_by else ("propose_erasure",)),
        )

    def require_not_erased(self) -> None:
        """Raise Conflict for a person who has been erased."""
        if self.erased_at is not None:
            raise Conflict("person-erased")

    def require_enabled(self) -> None:
        """Raise Conflict for a person who is disabled or erased."""
        self.require_not_erased()
        if self.disabled_at is not None:
            raise Conflict("person-status")

    def disable(self, reason: str, *, now: datetime) -> PersonDisabled:
        self.require_enabled()
        return PersonDisabled(person_id=self.person_id, organization=self.organization, reason=reason, disabled_at=now)

    def enable(self, *, now: datetime) -> PersonEnabled:
        self.require_not_erased()
        if self.disabled_at is None:
            raise Conflict("person-status")
        return PersonEnabled(person_id=self.person_id, organization=self.organization, enabled_at=now)

    def propose_erasure(
        self, reason: str, *, appointed: bool, proposed_by: UUID, now: datetime
    ) -> PersonErasureProposed:
        """Return the fact of a proposal. Raises Conflict if the person is `appointed`, or an erasure is proposed.

        `appointed` says that the person has a current, upcoming or proposed appointment.
        """
        self._require_erasable(appointed)
        if self.erasure_proposed_by is not None:
            raise Conflict("erasure-proposed")
        return PersonErasureProposed(
            person_id=self.person_id,
            organization=self.organization,
            reason=reason,
            proposed_by=proposed_by,
            proposed_at=now,
        )

    def decline_erasure(self, reason: str, *, now: datetime) -> PersonErasureDeclined:
        self._require_proposed()
        return PersonErasureDeclined(
            person_id=self.person_id, organization=self.organization, reason=reason, declined_at=now
        )

    def erase(self, *, appointed: bool, approved_by: UUID, now: datetime) -> PersonErased:
        """Return the fact of an erasure, approved by a second person.

        `appointed` is checked again, because it may have changed since the proposal.
        """
        self._require_erasable(appointed)
        proposed_by, reason = self._require_proposed()
        return PersonErased(
            person_id=self.person_id,
            organization=self.organization,
            reason=reason,
            proposed_by=proposed_by,
            approved_by=approved_by,
            erased_at=now,
        )

    def _require_erasable(self, appointed: bool) -> None:
        self.require_not_erased()
        if appointed:
            raise Conflict("person-appointed")

    def _require_proposed(self) -> tuple[UUID, str]:
        self.require_not_erased()
        if self.erasure_proposed_by is None or self.erasure_reason is None:
            raise Conflict("erasure-not-proposed")
        return self.erasure_proposed_by, self.erasure_reason


def enter(
    person_id: UUID,
    organization: str,
    texts_hash: str,
    *,
    subjects_proposed_by: UUID | None = None,
    subjects_proposed_hash: str | None = None,
    now: datetime,
) -> PersonEntered:
    return PersonEntered(
        person_id=person_id,
        organization=organization,
        texts_hash=texts_hash,
        entered_at=now,
        subjects_proposed_by=subjects_proposed_by,
        subjects_proposed_hash=subjects_proposed_hash,
    )
