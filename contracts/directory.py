"""Facts of the directory: which organizations there are, who is a person here, and who is appointed to what.

A person stands in them as an id. Names, addresses, the subjects that people sign in with and the words of a letter
never do: a salted hash names them. Nothing of an API client's secrets stands in them. Days are those of UTC, both
included.
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
    """UNODC registered an organization: people may now be entered for it."""

    organization_id: UUID
    code: Organization
    texts_hash: str
    registered_at: datetime


class PersonEntered(Fact, frozen=True, kw_only=True, tag="directory.person.entered.v1"):
    """Somebody was entered, for the one organization they belong to; nothing may be done before an appointment.

    With `subjects_proposed_by` a second person has to approve by which subjects they sign in.
    """

    person_id: UUID
    organization: Organization
    texts_hash: str
    entered_at: datetime
    subjects_proposed_by: UUID | None = None
    subjects_proposed_hash: str | None = None


class PersonIdentified(Fact, frozen=True, kw_only=True, tag="directory.person.identified.v1"):
    """It was set anew by how many subjects, of whichever issuers, a person signs in.

    Set by their own focal point, or proposed by one person and approved by another.
    """

    person_id: UUID
    organization: Organization
    subjects: Annotated[int, Meta(ge=0, le=SUBJECTS_MAX)]
    texts_hash: str
    identified_at: datetime
    proposed_by: UUID | None = None
    approved_by: UUID | None = None


class PersonSubjectsProposed(Fact, frozen=True, kw_only=True, tag="directory.person.subjects-proposed.v1"):
    """Somebody proposed by how many subjects a person is to sign in; a second person has to approve."""

    person_id: UUID
    organization: Organization
    subjects: Annotated[int, Meta(ge=0, le=SUBJECTS_MAX)]
    texts_hash: str
    proposed_by: UUID
    proposed_at: datetime


class PersonSubjectsDeclined(Fact, frozen=True, kw_only=True, tag="directory.person.subjects-declined.v1"):
    """Proposed subjects were declined by a second person, or taken back by whoever proposed them."""

    person_id: UUID
    organization: Organization
    declined_at: datetime


class PersonDisabled(Fact, frozen=True, kw_only=True, tag="directory.person.disabled.v1"):
    """A person is out, everywhere and whatever their appointments."""

    person_id: UUID
    organization: Organization
    reason: Code
    disabled_at: datetime


class PersonEnabled(Fact, frozen=True, kw_only=True, tag="directory.person.enabled.v1"):
    """A person is let in again, to whatever appointments have not ended."""

    person_id: UUID
    organization: Organization
    enabled_at: datetime


class PersonErasureProposed(Fact, frozen=True, kw_only=True, tag="directory.person.erasure-proposed.v1"):
    """Somebody proposed to erase what names a person; a second one has to approve."""

    person_id: UUID
    organization: Organization
    reason: Code
    proposed_by: UUID
    proposed_at: datetime


class PersonErasureDeclined(Fact, frozen=True, kw_only=True, tag="directory.person.erasure-declined.v1"):
    """A proposed erasure is not to be: a second person does not agree, or whoever proposed it took it back."""

    person_id: UUID
    organization: Organization
    reason: Code
    declined_at: datetime


class PersonErased(Fact, frozen=True, kw_only=True, tag="directory.person.erased.v1"):
    """What names a person is erased, by the word of two: every service drops what it holds of that, and takes no more.

    The id stays, in what they did, and names nobody.
    """

    person_id: UUID
    organization: Organization
    reason: Code
    proposed_by: UUID
    approved_by: UUID
    erased_at: datetime


class Mandate(Struct, frozen=True, kw_only=True):
    """What an appointment is: one role in one organization, from a day on, until another one where that is set.

    `regions` and `topics` are a coordinator's remit; without any it is the whole world and every topic.
    """

    role: Role
    starts: date = field(name="from")
    ends: date | None = field(name="until", default=None)
    regions: RemitCodes = ()
    topics: RemitCodes = ()


class AppointmentProposed(Fact, frozen=True, kw_only=True, tag="directory.appointment.proposed.v1"):
    """Somebody proposed an appointment that takes a second person.

    `subjects_hash` names the subjects by which the person was to sign in at that moment: the approval is for these.
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
    """An appointment is in force, within its days: approved by a second person, or made by one who may alone.

    Where the platform itself made it, for its first administrators, nobody proposed it.
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
    """A second person refused what was proposed."""

    appointment_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    reason: Code
    refused_at: datetime


class AppointmentWithdrawn(Fact, frozen=True, kw_only=True, tag="directory.appointment.withdrawn.v1"):
    """Whoever had proposed it took it back before it was decided."""

    appointment_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    withdrawn_at: datetime


class AppointmentEnded(Fact, frozen=True, kw_only=True, tag="directory.appointment.ended.v1"):
    """An appointment ended, before its last day or without one."""

    appointment_id: UUID
    person_id: UUID
    organization: Organization
    role: Role
    reason: Code
    ended_at: datetime


class ClientRegistered(Fact, frozen=True, kw_only=True, tag="directory.client.registered.v1"):
    """A machine of an organization may act in a role, as far as its scopes go, until its last day."""

    client_id: UUID
    organization: Organization
    role: Role
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=2)]
    ends: date = field(name="until")
    texts_hash: str
    registered_by: UUID
    registered_at: datetime


class ClientRotated(Fact, frozen=True, kw_only=True, tag="directory.client.rotated.v1"):
    """An API client has a new secret; until a moment the one before it is good as well, and none before that."""

    client_id: UUID
    organization: Organization
    generation: Annotated[int, Meta(ge=2)]
    previous_until: datetime
    rotated_at: datetime


class ClientExpiring(Fact, frozen=True, kw_only=True, tag="directory.client.expiring.v1"):
    """An API client's last day is near."""

    client_id: UUID
    organization: Organization
    ends: date = field(name="until")
    noticed_at: datetime


class ClientEnded(Fact, frozen=True, kw_only=True, tag="directory.client.ended.v1"):
    """An API client is out, everywhere and for good."""

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
