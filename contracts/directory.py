"""Facts of the directory: organizations, persons, appointments and API clients.

A person is represented by an id. Names, addresses, sign-in subjects and texts of letters are not included, only their
salted hash. Secrets of API clients are not included. Days are in UTC; first and last days are inclusive.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field

from contracts.facts import Fact
from contracts.values import Code, Organization, Role, Scope

REMIT_CODES_MAX = 40
SUBJECTS_MAX = 5

RemitCodes = Annotated[tuple[Code, ...], Meta(max_length=REMIT_CODES_MAX)]


class OrganizationRegistered(Fact, frozen=True, kw_only=True, tag="directory.organization.registered.v1"):
    """UNODC registered an organization: persons can now be entered for it."""

    organization_id: UUID
    code: Organization
    texts_hash: str
    registered_at: datetime


class PersonEntered(Fact, frozen=True, kw_only=True, tag="directory.person.entered.v1"):
    """A person was entered for one organization; they have no access before an appointment.

    With `subjects_proposed_by` a second person has to approve their sign-in subjects.
    """

    person_id: UUID
    organization: Organization
    texts_hash: str
    entered_at: datetime
    subjects_proposed_by: UUID | None = None
    subjects_proposed_hash: str | None = None


class PersonIdentified(Fact, frozen=True, kw_only=True, tag="directory.person.identified.v1"):
    """The sign-in subjects of a person were replaced; the fact has their number.

    They were set by the person's own focal point, or proposed by one person and approved by another.
    """

    person_id: UUID
    organization: Organization
    subjects: Annotated[int, Meta(ge=0, le=SUBJECTS_MAX)]
    texts_hash: str
    identified_at: datetime
    proposed_by: UUID | None = None
    approved_by: UUID | None = None


class PersonSubjectsProposed(Fact, frozen=True, kw_only=True, tag="directory.person.subjects-proposed.v1"):
    """New sign-in subjects of a person were proposed; a second person has to approve. The fact has their number."""

    person_id: UUID
    organization: Organization
    subjects: Annotated[int, Meta(ge=0, le=SUBJECTS_MAX)]
    texts_hash: str
    proposed_by: UUID
    proposed_at: datetime


class PersonSubjectsDeclined(Fact, frozen=True, kw_only=True, tag="directory.person.subjects-declined.v1"):
    """Proposed subjects were declined by a second person, or withdrawn by their proposer."""

    person_id: UUID
    organization: Organization
    declined_at: datetime


class PersonDisabled(Fact, frozen=True, kw_only=True, tag="directory.person.disabled.v1"):
    """A person was disabled, with all their appointments."""

    person_id: UUID
    organization: Organization
    reason: Code
    disabled_at: datetime


class PersonEnabled(Fact, frozen=True, kw_only=True, tag="directory.person.enabled.v1"):
    """A person was enabled again, with all appointments that have not ended."""

    person_id: UUID
    organization: Organization
    enabled_at: datetime


class PersonErasureProposed(Fact, frozen=True, kw_only=True, tag="directory.person.erasure-proposed.v1"):
    """The erasure of a person was proposed; a second person has to approve."""

    person_id: UUID
    organization: Organization
    reason: Code
    proposed_by: UUID
    proposed_at: datetime


class PersonErasureDeclined(Fact, frozen=True, kw_only=True, tag="directory.person.erasure-declined.v1"):
    """A proposed erasure was declined by a second person, or withdrawn by its proposer."""

    person_id: UUID
    organization: Organization
    reason: Code
    declined_at: datetime


class PersonErased(Fact, frozen=True, kw_only=True, tag="directory.person.erased.v1"):
    """A person was erased, by two people: every service deletes their personal data and accepts no more.

    The id remains in records of their actions, without a name.
    """

    person_id: UUID
    organization: Organization
    reason: Code
    proposed_by: UUID
    approved_by: UUID
    erased_at: datetime


class Mandate(Struct, frozen=True, kw_only=True):
    """The terms of an appointment: one role in one organization, from a day on, with or without a last day.

    `regions` and `topics` are a coordinator's remit; if empty, it is unlimited. Overdue clocks of a remit are escalated
    to its `head`.
    """

    role: Role
    starts: date = field(name="from")
    ends: date | None = field(name="until", default=None)
    regions: RemitCodes = ()
    topics: RemitCodes = ()
    head: bool = False


class AppointmentProposed(Fact, frozen=True, kw_only=True, tag="directory.appointment.proposed.v1"):
    """An appointment was proposed; a second person has to approve it.

    `subjects_hash` is that of the person's sign-in subjects at that time; the approval applies to these.
    """

    appointment_id: UUID
    person_id: UUID
    organization: Organization
    mandate: Mandate
    proposed_by: UUID
    texts_hash: str
    proposed_at: datetime
    subjects_hash: str | None = None


class AppointmentMade(Fact, frozen=True, kw_only=True, tag="directory.appointment.made.v1"):
    """An appointment is in force within its days, approved by a second person or made by one who may do so alone.

    Appointments of the first administrators, made by the platform, have no proposer.
    """

    appointment_id: UUID
    person_id: UUID
    organization: Organization
    mandate: Mandate
    texts_hash: str
    made_at: datetime
    proposed_by: UUID | None = None
    approved_by: UUID | None = None


class AppointmentRefused(Fact, frozen=True, kw_only=True, tag="directory.appointment.refused.v1"):
    """A second person refused the proposal."""

    appointment_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    reason: Code
    refused_at: datetime


class AppointmentWithdrawn(Fact, frozen=True, kw_only=True, tag="directory.appointment.withdrawn.v1"):
    """The proposer withdrew the proposal before a decision."""

    appointment_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    withdrawn_at: datetime


class AppointmentEnded(Fact, frozen=True, kw_only=True, tag="directory.appointment.ended.v1"):
    """An appointment ended before its last day, or had no last day."""

    appointment_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    reason: Code
    ended_at: datetime


class ClientRegistered(Fact, frozen=True, kw_only=True, tag="directory.client.registered.v1"):
    """An API client of an organization may act in a role, within its scopes, until its last day."""

    client_id: UUID
    organization: Organization
    role: Role
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=2)]
    ends: date = field(name="until")
    texts_hash: str
    registered_by: UUID
    registered_at: datetime


class ClientRotated(Fact, frozen=True, kw_only=True, tag="directory.client.rotated.v1"):
    """An API client has a new secret; the previous one is valid until a set time, older ones are not."""

    TIME = "rotated_at"

    client_id: UUID
    organization: Organization
    generation: Annotated[int, Meta(ge=2)]
    previous_until: datetime
    rotated_at: datetime


class ClientExpiring(Fact, frozen=True, kw_only=True, tag="directory.client.expiring.v1"):
    """An API client expires soon."""

    client_id: UUID
    organization: Organization
    ends: date = field(name="until")
    noticed_at: datetime


class ClientEnded(Fact, frozen=True, kw_only=True, tag="directory.client.ended.v1"):
    """An API client was ended permanently."""

    client_id: UUID
    organization: Organization
    reason: Code
    ended_at: datetime


FACTS: tuple[type[Fact], ...] = (
    OrganizationRegistered,
    PersonEntered,
    PersonIdentified,
    PersonSubjectsProposed,
    PersonSubjectsDeclined,
    PersonDisabled,
    PersonEnabled,
    PersonErasureProposed,
    PersonErasureDeclined,
    PersonErased,
    AppointmentProposed,
    AppointmentMade,
    AppointmentRefused,
    AppointmentWithdrawn,
    AppointmentEnded,
    ClientRegistered,
    ClientRotated,
    ClientExpiring,
    ClientEnded,
)
