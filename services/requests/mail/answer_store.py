"""Automatic answers: at most one for each address in a day, and a limited number in an hour."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct, convert

from chassis.db.database import Tx

KEPT_HOURS = 24
HOURLY_MAX = 60
"""Maximum number of answers in an hour, of all processes together.

The sender's address can be forged, and an answer would reach its owner.
"""

ATTEMPTS_MAX = 5
LEASE_SECONDS = 300


class Answer(Struct, frozen=True, kw_only=True):
    """An answer to be sent, and the Message-ID that it answers."""

    address: str
    in_reply_to: str
    person_id: UUID | None = None


async def owe(tx: Tx, answer: Answer, *, now: datetime) -> None:
    """Record that an answer is owed, unless the address got one within a day or too many are owed."""
    await tx.execute(
        """
        INSERT INTO mail_answer (address, in_reply_to, owed_at, person_id)
        SELECT $1, $2, $3, $6 WHERE (SELECT count(*) FROM mail_answer WHERE owed_at > $4) < $5
        ON CONFLICT (address) DO NOTHING
        """,
        answer.address,
        answer.in_reply_to,
        now,
        now - timedelta(hours=1),
        HOURLY_MAX,
        answer.person_id,
    )


async def claim(tx: Tx, *, now: datetime) -> Answer | None:
    """Claim an owed answer under a lease; None if there is none."""
    row = await tx.fetchrow(
        """
        UPDATE mail_answer SET claimed_until = $2, attempts = attempts + 1 WHERE address = (
            SELECT address FROM mail_answer WHERE sent_at IS NULL AND claimed_until < $1 AND attempts < $3
            ORDER BY owed_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING address, in_reply_to
        """,
        now,
        now + timedelta(seconds=LEASE_SECONDS),
        ATTEMPTS_MAX,
    )
    return convert(dict(row), Answer) if row else None


async def end(tx: Tx, answer: Answer, *, now: datetime) -> None:
    """Record that an answer was sent."""
    await tx.execute("UPDATE mail_answer SET sent_at = $2 WHERE address = $1", answer.address, now)


async def delete_of(tx: Tx, person_id: UUID) -> int:
    """Delete the addresses from which a person has written; return their number."""
    query = "WITH gone AS (DELETE FROM mail_answer WHERE person_id = $1 RETURNING 1) SELECT count(*) FROM gone"
    return int(await tx.fetchval(query, person_id))


async def delete_old(tx: Tx, *, now: datetime) -> None:
    """Delete the addresses whose answers were owed a day ago or earlier."""
    await tx.execute("DELETE FROM mail_answer WHERE owed_at < $1", now - timedelta(hours=KEPT_HOURS))
