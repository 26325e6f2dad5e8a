"""Appointments: their statuses and transitions, and rules for appointments that require two people."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import get_args
from uuid import UUID

from msgspec import Struct

from contracts import reference
from contracts.codes import unknown_code
from contracts.directory import (
    AppointmentEnded,
    AppointmentMade,
    AppointmentProposed,
    AppointmentRefused,
    AppointmentWithdrawn,
    Mandate,
)
from contracts.refusals import Conflict, Invalid
from contracts.values import Role
from services.directory.people.model import Kind, kind_of, parent_organization

ADMINISTRATORS_MIN = 2
"""Minimum number of administrators in force; with fewer, no role that requires two people could be given."""

REGIONS = frozenset(get_args(reference.Region))


class Status(StrEnum):
    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    ENDED = "ended"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ShownStatus(StrEnum):
    """The status as shown: an appointment in force is `upcoming` before its first day, `expired` after its last."""

    PROPOSED = "proposed"
    UPCOMING = "upcoming"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    ENDED = "ended"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


MOVES: Mapping[str, Status] = {
    "approve": Status.PROPOSED,
    "refuse": Status.PROPOSED,
    "withdraw": Status.PROPOSED,
    "end": Status.IN_FORCE,
}
"""Maps each move to the status in which it is allowed."""

HELD_IN: Mapping[Role, frozenset[Kind]] = {
    Role.FOCAL_POINT: frozenset({Kind.STATE}),
    Role.OFFICIAL: frozenset({Kind.STATE}),
    Role.PROVIDER_OFFICER: frozenset(Kind),
    Role.DONOR_OFFICER: frozenset({Kind.STATE, Kind.OTHER}),
    Role.COORDINATOR: frozenset({Kind.UNODC}),
    Role.FINANCE_OFFICER: frozenset({Kind.UNODC}),
    Role.AUDITOR: frozenset({Kind.UNODC}),
    Role.ADMINISTRATOR: frozenset({Kind.UNODC}),
}
"""Kinds of organizations in which each role can be held. No person holds the role of a service."""

OF_FOCAL_POINT = frozenset({Role.OFFICIAL, Role.PROVIDER_OFFICER, Role.DONOR_OFFICER})
"""Roles that a State's focal point gives and ends alone."""


class Appointment(Struct, frozen=True, kw_only=True):
    """One role of one person in one organization, without the reference of the letter."""

    appointment_id: UUID
    person_id: UUID
    organization: str
    role: Role
    starts: date
    ends: date | None
    regions: tuple[str, ...]
    topics: tuple[str, ...]
    head: bool
    status: Status
    revision: int
    texts_hash: str
    proposed_by: UUID | None
    proposed_at: datetime
    approved_by: UUID | None = None
    made_at: datetime | None = None
    settled_at: datetime | None = None
    """Time when it was refused, withdrawn or ended."""

    reason: str | None = None
    subjects_hash: str | None = None
    """Hash of the person's subjects at the time of the proposal."""

    def shown_status(self, today: date) -> ShownStatus:
        """The status in the API, lists and filters; the SQL function `shown_status` is the same rule."""
        if self.status is Status.IN_FORCE:
            if today < self.starts:
                return ShownStatus.UPCOMING
            if self.ends is not None and today > self.ends:
                return ShownStatus.EXPIRED
        return ShownStatus(self.status)

    def possible_moves(self, today: date) -> tuple[str, ...]:
        """The moves that the status allows. An expired appointment cannot be ended."""
        if self.shown_status(today) is ShownStatus.EXPIRED:
            return ()
        return tuple(move for move, status in MOVES.items() if self.status is status)

    def require(self, move: str) -> None:
        """Raise Conflict unless the appointment's status allows the move."""
        if self.status is not MOVES[move]:
            raise Conflict("appointment-status", status=self.status, move=move)

    def approve(self, approved_by: UUID, *, now: datetime) -> AppointmentMade:
        """Return the fact of an approval. Raises Conflict if the last day has passed."""
        self.require("approve")
        if self.ends is not None and self.ends < now.date():
            raise Conflict("appointment-over")
        return AppointmentMade(
            appointment_id=self.appointment_id,
            person_id=self.person_id,
            organization=self.organization,
            mandate=self.mandate,
            texts_hash=self.texts_hash,
            made_at=now,
            proposed_by=self.proposed_by,
            approved_by=approved_by,
        )

    def refuse(self, reason: str, *, now: datetime) -> AppointmentRefused:
        self.require("refuse")
        return AppointmentRefused(
            appointment_id=self.appointment_id,
            person_id=self.person_id,
            organization=self.organization,
            role=self.role,
            reason=reason,
            refused_at=now,
        )

    def withdraw(self, *, now: datetime) -> AppointmentWithdrawn:
        self.require("withdraw")
        return AppointmentWithdrawn(
            appointment_id=self.appointment_id,
            person_id=self.person_id,
            organization=self.organization,
            role=self.role,
            withdrawn_at=now,
        )

    def end(self, reason: str, *, administrators: int, now: datetime) -> AppointmentEnded:
        """Return the fact of an end. `administrators` is the number in force now.

        Raises Conflict for one of the last two administrators.
        """
        self.require("end")
        in_force = self.shown_status(now.date()) is ShownStatus.IN_FORCE
        if self.role is Role.ADMINISTRATOR and in_force and administrators <= ADMINISTRATORS_MIN:
            raise Conflict("administrators-too-few")
        return AppointmentEnded(
            appointment_id=self.appointment_id,
            person_id=self.person_id,
            organization=self.organization,
            role=self.role,
            reason=reason,
            ended_at=now,
        )

    @property
    def mandate(self) -> Mandate:
        return Mandate(
            role=self.role,
            starts=self.starts,
            ends=self.ends,
            regions=self.regions,
            topics=self.topics,
            head=self.head,
        )


def requires_two_people(organization: str, role: Role) -> bool:
    """Check whether a role requires two people: all except those that a State's focal point gives alone."""
    return not (kind_of(organization) is Kind.STATE and role in OF_FOCAL_POINT)


def check_mandate(mandate: Mandate, organization: str, *, today: date) -> None:
    """Raise Invalid for a role or remit that the organization cannot have, Conflict if the last day has passed."""
    if kind_of(organization) not in HELD_IN.get(mandate.role, frozenset()):
        raise Invalid("role-not-of-organization", role=mandate.role)
    if mandate.ends is not None and mandate.ends < mandate.starts:
        raise Invalid("dates-reversed", field="until")
    if mandate.ends is not None and mandate.ends < today:
        raise Conflict("appointment-over")
    if mandate.role is not Role.COORDINATOR and (mandate.regions or mandate.topics or mandate.head):
        raise Invalid("remit-not-of-role", role=mandate.role)
    for field, codes, known in (
        ("regions", mandate.regions, REGIONS),
        ("topics", mandate.topics, reference.topics().keys()),
    ):
        for code in codes:
            if code not in known:
                raise unknown_code(field, code, known)


def check_belongs(person_organization: str, organization: str) -> None:
    """Raise Conflict if person and appointment are of different organizations; UNODC and its units count as one."""
    if parent_organization(person_organization) != parent_organization(organization):
        raise Conflict("person-of-another-organization")


def propose(
    appointment_id: UUID,
    person_id: UUID,
    organization: str,
    mandate: Mandate,
    texts_hash: str,
    *,
    subjects_hash: str,
    proposed_by: UUID,
    now: datetime,
) -> AppointmentProposed:
    """Return the fact of a proposal. `subjects_hash` is the hash of the person's subjects at this time."""
    return AppointmentProposed(
        appointment_id=appointment_id,
        person_id=person_id,
        organization=organization,
        mandate=mandate,
        proposed_by=proposed_by,
        texts_hash=texts_hash,
        proposed_at=now,
        subjects_hash=subjects_hash,
    )


def make(
    appointment_id: UUID,
    person_id: UUID,
    organization: str,
    mandate: Mandate,
    texts_hash: str,
    *,
    proposed_by: UUID | None,
    now: datetime,
) -> AppointmentMade:
    """Return the fact of an appointment without a second person: by a focal point, or of a founder."""
    return AppointmentMade(
        appointment_id=appointment_id,
        person_id=person_id,
        organization=organization,
        mandate=mandate,
        texts_hash=texts_hash,
        made_at=now,
        proposed_by=proposed_by,
    )
