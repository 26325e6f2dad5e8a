"""Fold facts into the directory's records. Actions and the rebuild of the tables use the same function."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from contracts.directory import (
    AppointmentEnded,
    AppointmentMade,
    AppointmentProposed,
    AppointmentRefused,
    AppointmentWithdrawn,
    ClientEnded,
    ClientExpiring,
    ClientRegistered,
    ClientRotated,
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
from contracts.facts import Fact
from services.directory.appointments.model import Appointment, Status
from services.directory.clients.model import Client
from services.directory.people.model import Organization, Person

Record = Organization | Person | Appointment | Client


def evolve(before: Record | None, fact: Fact) -> Record:
    """Return the record after a fact; the revision increases by one."""
    if before is None:
        return _begun(fact)
    return replace(before, revision=before.revision + 1, **_changes(fact))


def _begun(fact: Fact) -> Record:
    match fact:
        case OrganizationRegistered():
            return Organization(
                organization_id=fact.organization_id,
                code=fact.code,
                revision=1,
                texts_hash=fact.texts_hash,
                registered_at=fact.registered_at,
            )
        case PersonEntered():
            return Person(
                person_id=fact.person_id,
                organization=fact.organization,
                revision=1,
                texts_hash=fact.texts_hash,
                entered_at=fact.entered_at,
                **_subjects(
                    fact.subjects_proposed_by,
                    fact.entered_at if fact.subjects_proposed_by else None,
                    fact.subjects_proposed_hash,
                ),
            )
        case AppointmentProposed() | AppointmentMade():
            return _appointed(fact)
        case ClientRegistered():
            return _client(fact)
    raise AssertionError(f"nothing begins with {fact.type}")


def _appointed(fact: AppointmentProposed | AppointmentMade) -> Appointment:
    made_at = fact.made_at if isinstance(fact, AppointmentMade) else None
    return Appointment(
        appointment_id=fact.appointment_id,
        person_id=fact.person_id,
        organization=fact.organization,
        role=fact.mandate.role,
        starts=fact.mandate.starts,
        ends=fact.mandate.ends,
        regions=fact.mandate.regions,
        topics=fact.mandate.topics,
        head=fact.mandate.head,
        status=Status.IN_FORCE if made_at else Status.PROPOSED,
        revision=1,
        texts_hash=fact.texts_hash,
        proposed_by=fact.proposed_by,
        proposed_at=fact.proposed_at if isinstance(fact, AppointmentProposed) else fact.made_at,
        made_at=made_at,
        subjects_hash=fact.subjects_hash if isinstance(fact, AppointmentProposed) else None,
    )


def _client(fact: ClientRegistered) -> Client:
    return Client(
        client_id=fact.client_id,
        organization=fact.organization,
        role=fact.role,
        scopes=frozenset(fact.scopes),
        ends=fact.ends,
        generation=1,
        previous_until=None,
        revision=1,
        texts_hash=fact.texts_hash,
        registered_by=fact.registered_by,
        registered_at=fact.registered_at,
    )


def _changes(fact: Fact) -> Mapping[str, Any]:
    match fact:
        case PersonIdentified():
            return {"texts_hash": fact.texts_hash, **_subjects(None, None, None)}
        case PersonSubjectsProposed():
            return _subjects(fact.proposed_by, fact.proposed_at, fact.texts_hash)
        case PersonSubjectsDeclined():
            return _subjects(None, None, None)
        case PersonDisabled():
            return {"disabled_at": fact.disabled_at}
        case PersonEnabled():
            return {"disabled_at": None}
        case PersonErasureProposed():
            return _erasure(fact.proposed_by, fact.proposed_at, fact.reason)
        case PersonErasureDeclined():
            return _erasure(None, None, None)
        case PersonErased():
            return {
                "erasure_proposed_by": fact.proposed_by,
                "erasure_reason": fact.reason,
                "erasure_approved_by": fact.approved_by,
                "erased_at": fact.erased_at,
                **_subjects(None, None, None),
            }
        case AppointmentMade():
            return {"status": Status.IN_FORCE, "approved_by": fact.approved_by, "made_at": fact.made_at}
        case AppointmentRefused():
            return {"status": Status.REFUSED, "settled_at": fact.refused_at, "reason": fact.reason}
        case AppointmentWithdrawn():
            return {"status": Status.WITHDRAWN, "settled_at": fact.withdrawn_at}
        case AppointmentEnded():
            return {"status": Status.ENDED, "settled_at": fact.ended_at, "reason": fact.reason}
        case ClientRotated():
            return {
                "generation": fact.generation,
                "previous_until": fact.previous_until,
                "rotated_at": fact.rotated_at,
            }
        case ClientExpiring():
            return {"noticed_at": fact.noticed_at}
        case ClientEnded():
            return {"ended_at": fact.ended_at, "reason": fact.reason}
    raise AssertionError(f"{fact.type} changes nothing that has begun")


def _erasure(proposed_by: UUID | None, proposed_at: datetime | None, reason: str | None) -> Mapping[str, Any]:
    return {"erasure_proposed_by": proposed_by, "erasure_proposed_at": proposed_at, "erasure_reason": reason}


def _subjects(proposed_by: UUID | None, proposed_at: datetime | None, texts_hash: str | None) -> Mapping[str, Any]:
    return {
        "subjects_proposed_by": proposed_by,
        "subjects_proposed_at": proposed_at,
        "subjects_proposed_hash": texts_hash,
    }
