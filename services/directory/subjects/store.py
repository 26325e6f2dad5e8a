"""Queries on the subjects by which people sign in, and on proposed subjects."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.callers import Subject
from contracts.refusals import Conflict
from services.directory.people.model import parent_organization


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """Proposed subjects, with the salt of their hash."""

    salt: bytes
    subjects: tuple[Subject, ...]


async def save(tx: Tx, person_id: UUID, organization: str, subjects: Sequence[Subject]) -> None:
    """Replace a person's subjects.

    Raises Conflict if one belongs to another person of the same organization; other organizations are not revealed.
    """
    before = await tx.fetch(
        "DELETE FROM person_subject WHERE person_id = $1 RETURNING issuer, subject, used", person_id
    )
    used = {(one["issuer"], one["subject"]) for one in before if one["used"]}
    kept = await tx.fetchval(
        """
        WITH kept AS (
            INSERT INTO person_subject (issuer, subject, person_id, within, used)
            SELECT issuer, subject, $1, $2, used
            FROM unnest($3::text[], $4::text[], $5::boolean[]) AS s(issuer, subject, used)
            ON CONFLICT DO NOTHING RETURNING 1
        ) SELECT count(*) FROM kept
        """,
        person_id,
        parent_organization(organization),
        [one.issuer for one in subjects],
        [one.subject for one in subjects],
        [(one.issuer, one.subject) in used for one in subjects],
    )
    if kept != len(subjects):
        raise Conflict("subject-taken")


async def holders(tx: Tx, subject: Subject) -> dict[UUID, bool]:
    """Return the people with this subject, at most one in each organization, with `used`; only for services."""
    rows = await tx.fetch(
        "SELECT person_id, used FROM person_subject WHERE issuer = $1 AND subject = $2 ORDER BY person_id",
        subject.issuer,
        subject.subject,
    )
    return {row["person_id"]: row["used"] for row in rows}


async def save_used(tx: Tx, person_id: UUID, subject: Subject) -> None:
    """Record that the only person with this subject has signed in by it."""
    await tx.execute(
        """
        UPDATE person_subject SET used = true WHERE person_id = $1 AND issuer = $2 AND subject = $3
            AND NOT EXISTS (SELECT FROM person_subject AS other
                WHERE other.issuer = $2 AND other.subject = $3 AND other.person_id <> $1)
        """,
        person_id,
        subject.issuer,
        subject.subject,
    )


async def elsewhere(tx: Tx, person_id: UUID, *, today: date) -> list[str]:
    """Return the appointments in force, `NOR:official`, of other people with a subject that this person uses."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT appointment.organization || ':' || role AS name
        FROM person_subject AS own
        JOIN person_subject AS other USING (issuer, subject)
        JOIN person ON person.person_id = other.person_id AND disabled_at IS NULL
        JOIN appointment ON appointment.person_id = other.person_id
        WHERE own.person_id = $1 AND own.used AND NOT other.used
            AND status = 'in_force' AND starts <= $2 AND (ends IS NULL OR ends >= $2)
        ORDER BY name LIMIT 100
        """,
        person_id,
        today,
    )
    return [row["name"] for row in rows]


async def save_proposed(tx: Tx, person_id: UUID, subjects: Sequence[Subject], salt: bytes) -> None:
    await tx.execute(
        "INSERT INTO proposed_subjects (person_id, salt, subjects) VALUES ($1, $2, $3::text::jsonb)",
        person_id,
        salt,
        msgspec.json.encode(subjects).decode(),
    )


async def take_proposed(tx: Tx, person_id: UUID) -> Proposed | None:
    """Delete and return a person's proposed subjects; None if there are none."""
    row = await tx.fetchrow(
        "DELETE FROM proposed_subjects WHERE person_id = $1 RETURNING salt, subjects::text AS subjects", person_id
    )
    return Proposed(salt=row["salt"], subjects=_decoded(row["subjects"])) if row else None


async def proposed(tx: Tx, people: Sequence[UUID]) -> dict[UUID, tuple[Subject, ...]]:
    """Return the proposed subjects of people whom the caller was allowed to read."""
    rows = await tx.fetch(
        "SELECT person_id, subjects::text AS subjects FROM proposed_subjects WHERE person_id = ANY ($1::uuid[])",
        list(people),
    )
    return {row["person_id"]: _decoded(row["subjects"]) for row in rows}


async def bound(tx: Tx, appointments: Sequence[UUID]) -> dict[UUID, tuple[Subject, ...]]:
    """Return the subjects by which the people of these proposed appointments will sign in once approved.

    An appointment whose person's subjects have changed since its proposal is left out.
    """
    rows = await tx.fetch(
        """
        SELECT appointment_id, CASE subjects_hash
            WHEN person.texts_hash THEN (
                SELECT coalesce(jsonb_agg(jsonb_build_object('issuer', issuer, 'subject', subject)
                    ORDER BY issuer, subject), '[]')
                FROM person_subject WHERE person_subject.person_id = person.person_id)
            ELSE (SELECT subjects FROM proposed_subjects WHERE proposed_subjects.person_id = person.person_id)
            END::text AS subjects
        FROM appointment JOIN person USING (person_id)
        WHERE appointment_id = ANY ($1::uuid[]) AND status = 'proposed'
          AND subjects_hash IN (person.texts_hash, person.subjects_proposed_hash)
        """,
        list(appointments),
    )
    return {row["appointment_id"]: _decoded(row["subjects"]) for row in rows if row["subjects"] is not None}


async def forget(tx: Tx, person_id: UUID) -> dict[str, int]:
    """Delete a person's subjects, in effect and proposed; return the number of rows."""
    row = await tx.fetchrow(
        """
        WITH subjects AS (
            DELETE FROM person_subject WHERE person_id = $1 RETURNING 1
        ), proposed AS (
            DELETE FROM proposed_subjects WHERE person_id = $1 RETURNING 1
        )
        SELECT (SELECT count(*) FROM subjects) AS person_subject, (SELECT count(*) FROM proposed) AS proposed_subjects
        """,
        person_id,
    )
    return dict(row or {})


def _decoded(subjects: str) -> tuple[Subject, ...]:
    return msgspec.json.decode(subjects, type=tuple[Subject, ...])
