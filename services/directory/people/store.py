"""Queries on the directory. Each read for a caller is filtered by `may_see`, the policy in SQL.

Organizations are visible to all callers.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.callers import Address, Subject
from contracts.refusals import Missing
from contracts.values import Caller, Language, Role
from services.directory.appointments.model import Appointment, ShownStatus
from services.directory.clients import store as client_store
from services.directory.clients.model import Client
from services.directory.people.evolve import Record
from services.directory.people.model import Organization, Person

LIST_MAX = 100
PEOPLE_AT_MAX = 10


async def save(tx: Tx, record: Record) -> None:
    """Insert or update the record."""
    match record:
        case Organization():
            await _save_organization(tx, record)
        case Person():
            await _save_person(tx, record)
        case Appointment():
            await _save_appointment(tx, record)
        case Client():
            await client_store.save(tx, record)


async def get_as_service(tx: Tx, aggregate: str, record_id: UUID) -> Record | None:
    """Return a record, read and locked by the service itself to apply the next fact, or None."""
    match aggregate:
        case "organization":
            row = await tx.fetchrow("SELECT * FROM organization WHERE organization_id = $1 FOR UPDATE", record_id)
            return msgspec.convert(dict(row), Organization) if row else None
        case "person":
            row = await tx.fetchrow("SELECT * FROM person WHERE person_id = $1 FOR UPDATE", record_id)
            return msgspec.convert(dict(row), Person) if row else None
        case "client":
            return await client_store.get_as_service(tx, record_id)
    row = await tx.fetchrow("SELECT * FROM appointment WHERE appointment_id = $1 FOR UPDATE", record_id)
    return msgspec.convert(dict(row), Appointment) if row else None


# -- organizations ----------------------------------------------------------------------------------------------------


async def _save_organization(tx: Tx, organization: Organization) -> None:
    await tx.execute(
        """
        INSERT INTO organization (organization_id, code, revision, texts_hash, registered_at)
        VALUES ($1, $2, $3, $4, $5)
        """,
        organization.organization_id,
        organization.code,
        organization.revision,
        organization.texts_hash,
        organization.registered_at,
    )


async def save_name(tx: Tx, organization_id: UUID, name: str, salt: bytes) -> None:
    await tx.execute(
        "INSERT INTO organization_text (organization_id, salt, name) VALUES ($1, $2, $3)", organization_id, salt, name
    )


async def is_registered(tx: Tx, code: str) -> bool:
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM organization WHERE code = $1)", code))


async def organizations(
    tx: Tx, *, only: str | None = None, after: str | None = None, limit: int = 1
) -> list[tuple[Organization, str]]:
    """List organizations by code, starting after `after`, each with the name under which it was registered."""
    rows = await tx.fetch(
        """
        SELECT organization.*, coalesce(name, '') AS name
        FROM organization LEFT JOIN organization_text USING (organization_id)
        WHERE ($1::text IS NULL OR code = $1) AND ($2::text IS NULL OR code > $2)
        ORDER BY code LIMIT $3
        """,
        only,
        after,
        limit,
    )
    return [(msgspec.convert(dict(row), Organization), row["name"]) for row in rows]


# -- people -----------------------------------------------------------------------------------------------------------


class PersonTexts(msgspec.Struct, frozen=True, kw_only=True):
    """A person's name, e-mail address, language and subjects."""

    name: str
    email: str
    language: Language
    subjects: tuple[Subject, ...] = ()


async def get_person(tx: Tx, person_id: UUID, caller: Caller, *, lock: bool = False) -> Person:
    """Return the person; `lock` locks them until the transaction ends. Raises Missing unless visible to this caller."""
    query = (
        """
        SELECT * FROM person WHERE person_id = $1 AND may_see_of(person_id, organization, $2, $3, $4) FOR UPDATE
        """
        if lock
        else """
        SELECT * FROM person WHERE person_id = $1 AND may_see_of(person_id, organization, $2, $3, $4)
        """
    )
    row = await tx.fetchrow(query, person_id, caller.organization, caller.role, caller.person_id)
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), Person)


async def people(tx: Tx, caller: Caller, *, organization: str | None, before: UUID | None, limit: int) -> list[Person]:
    """List the people that this caller may see, by id in descending order, starting below `before`."""
    rows = await tx.fetch(
        """
        SELECT * FROM person
        WHERE may_see_of(person_id, organization, $1, $2, $3) AND ($4::text IS NULL OR organization = $4)
          AND ($5::uuid IS NULL OR person_id < $5)
        ORDER BY person_id DESC LIMIT $6
        """,
        caller.organization,
        caller.role,
        caller.person_id,
        organization,
        before,
        limit,
    )
    return [msgspec.convert(dict(row), Person) for row in rows]


async def is_taken(tx: Tx, person_id: UUID) -> bool:
    """Check whether a person or an API client has this id."""
    query = """
        SELECT EXISTS (SELECT FROM person WHERE person_id = $1) OR EXISTS (SELECT FROM client WHERE client_id = $1)
    """
    return bool(await tx.fetchval(query, person_id))


async def _save_person(tx: Tx, person: Person) -> None:
    await tx.execute(
        """
        INSERT INTO person (person_id, organization, revision, texts_hash, entered_at, disabled_at, erasure_proposed_by,
            erasure_proposed_at, erasure_reason, erasure_approved_by, erased_at, subjects_proposed_by,
            subjects_proposed_at, subjects_proposed_hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (person_id) DO UPDATE SET revision = excluded.revision, texts_hash = excluded.texts_hash,
            disabled_at = excluded.disabled_at, erasure_proposed_by = excluded.erasure_proposed_by,
            erasure_proposed_at = excluded.erasure_proposed_at, erasure_reason = excluded.erasure_reason,
            erasure_approved_by = excluded.erasure_approved_by, erased_at = excluded.erased_at,
            subjects_proposed_by = excluded.subjects_proposed_by, subjects_proposed_at = excluded.subjects_proposed_at,
            subjects_proposed_hash = excluded.subjects_proposed_hash
        """,
        person.person_id,
        person.organization,
        person.revision,
        person.texts_hash,
        person.entered_at,
        person.disabled_at,
        person.erasure_proposed_by,
        person.erasure_proposed_at,
        person.erasure_reason,
        person.erasure_approved_by,
        person.erased_at,
        person.subjects_proposed_by,
        person.subjects_proposed_at,
        person.subjects_proposed_hash,
    )


async def save_person_texts(tx: Tx, person_id: UUID, texts: PersonTexts, salt: bytes) -> None:
    """Replace the texts that identify a person, except their subjects."""
    await tx.execute(
        """
        INSERT INTO person_text (person_id, salt, name, email, language) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (person_id) DO UPDATE SET salt = excluded.salt, name = excluded.name, email = excluded.email,
            language = excluded.language
        """,
        person_id,
        salt,
        texts.name,
        texts.email,
        texts.language,
    )


async def person_texts(tx: Tx, people: Sequence[UUID]) -> dict[UUID, PersonTexts]:
    """Return the texts of people whom the caller was allowed to read. An erased person has none."""
    rows = await tx.fetch(
        """
        SELECT person_id, name, email, language,
            ARRAY(SELECT issuer FROM person_subject s WHERE s.person_id = t.person_id ORDER BY 1, subject) AS issuers,
            ARRAY(SELECT subject FROM person_subject s WHERE s.person_id = t.person_id ORDER BY issuer, subject) AS subs
        FROM person_text AS t WHERE person_id = ANY ($1::uuid[])
        """,
        list(people),
    )
    return {
        row["person_id"]: PersonTexts(
            name=row["name"],
            email=row["email"],
            language=Language(row["language"]),
            subjects=tuple(
                Subject(issuer=issuer, subject=subject)
                for issuer, subject in zip(row["issuers"], row["subs"], strict=True)
            ),
        )
        for row in rows
    }


async def forget_person(tx: Tx, person_id: UUID) -> dict[str, int]:
    """Delete a person's texts and the references of their letters of appointment; return the number of rows.

    `subject_store.forget` deletes their subjects.
    """
    row = await tx.fetchrow(
        """
        WITH texts AS (
            DELETE FROM person_text WHERE person_id = $1 RETURNING 1
        ), letters AS (
            DELETE FROM appointment_text USING appointment
            WHERE appointment.appointment_id = appointment_text.appointment_id AND person_id = $1 RETURNING 1
        )
        SELECT (SELECT count(*) FROM texts) AS person_text, (SELECT count(*) FROM letters) AS appointment_text
        """,
        person_id,
    )
    return dict(row or {})


async def erased(tx: Tx, *, after: datetime) -> list[Person]:
    """List the people erased after a time, in order of erasure."""
    rows = await tx.fetch("SELECT * FROM person WHERE erased_at > $1 ORDER BY erased_at", after)
    return [msgspec.convert(dict(row), Person) for row in rows]


async def people_at(tx: Tx, address: Address) -> list[UUID]:
    """List the people with this e-mail address; only for services."""
    rows = await tx.fetch(
        "SELECT person_id FROM person_text WHERE lower(email) = $1 ORDER BY person_id LIMIT $2",
        address.email.lower(),
        PEOPLE_AT_MAX,
    )
    return [row["person_id"] for row in rows]


# -- appointments -----------------------------------------------------------------------------------------------------


async def get_appointment(tx: Tx, appointment_id: UUID, caller: Caller, *, lock: bool = False) -> Appointment:
    """Return the appointment; `lock` locks it until the transaction ends.

    Raises Missing unless this caller may see it.
    """
    query = (
        """
        SELECT * FROM appointment WHERE appointment_id = $1
          AND may_see_of(person_id, organization, $2, $3, $4) FOR UPDATE
        """
        if lock
        else """
        SELECT * FROM appointment WHERE appointment_id = $1 AND may_see_of(person_id, organization, $2, $3, $4)
        """
    )
    row = await tx.fetchrow(query, appointment_id, caller.organization, caller.role, caller.person_id)
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), Appointment)


async def appointments(
    tx: Tx,
    caller: Caller,
    *,
    organization: str | None,
    person_id: UUID | None,
    status: ShownStatus | None,
    today: date,
    before: UUID | None,
    limit: int,
) -> list[Appointment]:
    """List the appointments that this caller may see, newest first, starting after `before`."""
    rows = await tx.fetch(
        """
        SELECT * FROM appointment
        WHERE may_see_of(person_id, organization, $1, $2, $3) AND ($4::text IS NULL OR organization = $4)
          AND ($5::uuid IS NULL OR person_id = $5) AND ($6::text IS NULL OR shown_status(status, starts, ends, $7) = $6)
          AND ($8::uuid IS NULL OR appointment_id < $8)
        ORDER BY appointment_id DESC LIMIT $9
        """,
        caller.organization,
        caller.role,
        caller.person_id,
        organization,
        person_id,
        status,
        today,
        before,
        limit,
    )
    return [msgspec.convert(dict(row), Appointment) for row in rows]


async def _save_appointment(tx: Tx, appointment: Appointment) -> None:
    await tx.execute(
        """
        INSERT INTO appointment (appointment_id, person_id, organization, role, starts, ends, regions, topics, head,
            status, revision, texts_hash, proposed_by, proposed_at, approved_by, made_at, settled_at, reason,
            subjects_hash)
        SELECT appointment_id, person_id, organization, role, starts, ends, regions, topics, head, status,
            revision, texts_hash, proposed_by, proposed_at, approved_by, made_at, settled_at, reason, subjects_hash
        FROM json_populate_record(NULL::appointment, $1::text::json)
        ON CONFLICT (appointment_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
            approved_by = excluded.approved_by, made_at = excluded.made_at, settled_at = excluded.settled_at,
            reason = excluded.reason
        """,
        msgspec.json.encode(appointment).decode(),
    )


async def save_letter(tx: Tx, appointment_id: UUID, letter: str, salt: bytes) -> None:
    await tx.execute(
        "INSERT INTO appointment_text (appointment_id, salt, letter) VALUES ($1, $2, $3)", appointment_id, salt, letter
    )


async def letters(tx: Tx, appointments: Sequence[UUID]) -> dict[UUID, str]:
    """Return the references of the letters of appointments that the caller was allowed to read."""
    rows = await tx.fetch(
        "SELECT appointment_id, letter FROM appointment_text WHERE appointment_id = ANY ($1::uuid[])",
        list(appointments),
    )
    return {row["appointment_id"]: row["letter"] for row in rows}


async def overlaps(tx: Tx, person_id: UUID, organization: str, role: Role, *, starts: date, ends: date | None) -> bool:
    """Check whether the person holds, or is proposed for, the same role on one of these days."""
    return bool(
        await tx.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM appointment
                WHERE person_id = $1 AND organization = $2 AND role = $3 AND status IN ('proposed', 'in_force')
                  AND daterange(starts, ends, '[]') && daterange($4, $5, '[]'))
            """,
            person_id,
            organization,
            role,
            starts,
            ends,
        )
    )


async def held_in(tx: Tx, person_id: UUID) -> list[tuple[str, Role]]:
    """List the organizations and roles of a person's appointments that were made and not ended by a move."""
    rows = await tx.fetch(
        "SELECT organization, role FROM appointment WHERE person_id = $1 AND status = 'in_force'", person_id
    )
    return [(row["organization"], Role(row["role"])) for row in rows]


async def appointments_of(tx: Tx, person_id: UUID) -> list[UUID]:
    """List every appointment that a person has ever had or been proposed for."""
    rows = await tx.fetch("SELECT appointment_id FROM appointment WHERE person_id = $1", person_id)
    return [row["appointment_id"] for row in rows]


async def is_appointed(tx: Tx, person_id: UUID, *, today: date) -> bool:
    """Check whether a person has an appointment that is in force, upcoming or proposed."""
    return bool(
        await tx.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM appointment WHERE person_id = $1
                  AND shown_status(status, starts, ends, $2) IN ('proposed', 'upcoming', 'in_force'))
            """,
            person_id,
            today,
        )
    )


async def in_force(tx: Tx, organization: str, role: Role, *, today: date) -> int:
    """Return the number of people, neither disabled nor erased, who hold a role today.

    Their appointments are locked until the transaction ends, which serializes transactions that each end one of the
    last ones.
    """
    rows: list[Any] = await tx.fetch(
        """
        SELECT FROM appointment JOIN person USING (person_id)
        WHERE appointment.organization = $1 AND role = $2
          AND shown_status(appointment.status, appointment.starts, appointment.ends, $3) = 'in_force'
          AND disabled_at IS NULL AND erased_at IS NULL
        ORDER BY appointment_id FOR UPDATE OF appointment
        """,
        organization,
        role,
        today,
    )
    return len(rows)
