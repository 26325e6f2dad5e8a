"""By which subjects people sign in, and by which they are to once a second person has approved it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.callers import Subject
from contracts.refusals import Conflict
from services.directory.people.model import house_of


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """Subjects that wait for a second person, with the salt by which they were hashed."""

    salt: bytes
    subjects: tuple[Subject, ...]


async def save(tx: Tx, person_id: UUID, organization: str, subjects: Sequence[Subject]) -> None:
    """Put these subjects in the place of those before.

    Raises Conflict for one that is another person's of the same organization; of others nothing is told.
    """
    await tx.execute("DELETE FROM person_subject WHERE person_id = $1", person_id)
    kept = await tx.fetchval(
        """
        WITH kept AS (
            INSERT INTO person_subject (issuer, subject, person_id, within)
            SELECT issuer, subject, $1, $2 FROM unnest($3::text[], $4::text[]) AS s(issuer, subject)
            ON CONFLICT DO NOTHING RETURNING 1
        ) SELECT count(*) FROM kept
        """,
        person_id,
        house_of(organization),
        [one.issuer for one in subjects],
        [one.subject for one in subjects],
    )
    if kept != len(subjects):
        raise Conflict("subject-taken")


async def save_proposed(tx: Tx, person_id: UUID, subjects: Sequence[Subject], salt: bytes) -> None:
    await tx.execute(
        "INSERT INTO proposed_subjects (person_id, salt, subjects) VALUES ($1, $2, $3::text::jsonb)",
        person_id,
        salt,
        msgspec.json.encode(subjects).decode(),
    )


async def take_proposed(tx: Tx, person_id: UUID) -> Proposed | None:
    """Remove what is proposed for a person, and return it; None where nothing is."""
    row = await tx.fetchrow(
        "DELETE FROM proposed_subjects WHERE person_id = $1 RETURNING salt, subjects::text AS subjects", person_id
    )
    return Proposed(salt=row["salt"], subjects=_decoded(row["subjects"])) if row else None


async def proposed(tx: Tx, people: Sequence[UUID]) -> dict[UUID, tuple[Subject, ...]]:
    """What is proposed for people who have already been read for their caller."""
    rows = await tx.fetch(
        "SELECT person_id, subjects::text AS subjects FROM proposed_subjects WHERE person_id = ANY ($1::uuid[])",
        list(people),
    )
    return {row["person_id"]: _decoded(row["subjects"]) for row in rows}


async def bound(tx: Tx, appointments: Sequence[UUID]) -> dict[UUID, tuple[Subject, ...]]:
    """By which subjects the people of these proposed appointments sign in once they are approved.

    Nothing for an appointment whose person has had others since it was proposed.
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
    """Drop the subjects of a person, in effect and proposed; returns how many rows were."""
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
