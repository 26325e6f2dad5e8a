"""Organizations and people, and what either is. Appointments are in the file of that name.

Every move is a pair: a method that decides and returns the fact (or refuses), and a case of `evolve` (in the file of
that name) that folds the fact into the state.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts.directory import OrganizationRegistered, PersonDisabled, PersonEnabled, PersonEntered, PersonIdentified
from contracts.reference import countries
from contracts.refusals import Conflict, Invalid

UNODC = "UNODC"


class Kind(StrEnum):
    """What an organization is; its code says it."""

    STATE = "state"
    UNODC = "unodc"
    UNIT = "unit"
    OTHER = "other"


def kind_of(code: str) -> Kind:
    """Raises Invalid for three letters that are no State's ISO 3166-1 code: they may become one."""
    if code == UNODC:
        return Kind.UNODC
    if code.startswith(f"{UNODC}-"):
        return Kind.UNIT
    if code in countries():
        return Kind.STATE
    if len(code) == 3:
        raise Invalid("unknown-code", field="code", code=code)
    return Kind.OTHER


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
    """Raises Invalid for a code that says no kind."""
    kind_of(code)
    return OrganizationRegistered(organization_id=organization_id, code=code, texts_hash=texts_hash, registered_at=now)


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who may be appointed, all but what names them."""

    person_id: UUID
    organization: str
    revision: int
    texts_hash: str
    entered_at: datetime
    disabled_at: datetime | None = None

    def identify(self, subjects: int, texts_hash: str, *, of_trust: bool, now: datetime) -> PersonIdentified:
        """Set the subjects anew. Raises Conflict for an appointee whom it took two people to trust.

        Else whoever sets them could sign in as the other one of the two.
        """
        if of_trust:
            raise Conflict("subjects-of-appointee")
        return PersonIdentified(
            person_id=self.person_id,
            organization=self.organization,
            subjects=subjects,
            texts_hash=texts_hash,
            identified_at=now,
        )

    def require_enabled(self) -> None:
        """Raises Conflict for somebody who is shut out."""
        if self.disabled_at is not None:
            raise Conflict("person-status")

    def disable(self, reason: str, *, now: datetime) -> PersonDisabled:
        self.require_enabled()
        return PersonDisabled(person_id=self.person_id, organization=self.organization, reason=reason, disabled_at=now)

    def enable(self, *, now: datetime) -> PersonEnabled:
        if self.disabled_at is None:
            raise Conflict("person-status")
        return PersonEnabled(person_id=self.person_id, organization=self.organization, enabled_at=now)


def enter(person_id: UUID, organization: str, texts_hash: str, *, now: datetime) -> PersonEntered:
    return PersonEntered(person_id=person_id, organization=organization, texts_hash=texts_hash, entered_at=now)
