"""Texts of contact points; row-level security shows them only to those who may read them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from chassis.db.writes import Write
from services.matching.offerings.model import ENDED, Offering


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """The contact point of an offering: a person of its provider."""

    name: str
    function: str
    email: str


_SAVE = Write(
    parts={
        "contact": """
            INSERT INTO offering_contact_text (offering_id, provider, salt, name, function, email)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (offering_id) DO UPDATE SET salt = excluded.salt, name = excluded.name,
                function = excluded.function, email = excluded.email
        """
    }
)


async def save(tx: Tx, offering: Offering, contact: Contact, salt: bytes) -> None:
    """Replace the contact point, which the journal references by its salted hash."""
    key = offering.offering_id, offering.provider
    await tx.queue(_SAVE, *key, salt, contact.name, contact.function, contact.email)


async def delete(tx: Tx, offering_id: UUID) -> None:
    await tx.execute("DELETE FROM offering_contact_text WHERE offering_id = $1", offering_id)


async def prune(tx: Tx, before: datetime, _now: datetime) -> Mapping[str, int]:
    """Delete the contact points of offerings that ended before `before`, except those on hold."""
    query = """
        WITH gone AS (
            DELETE FROM offering_contact_text USING offering AS o
            WHERE o.offering_id = offering_contact_text.offering_id AND o.status = ANY ($2::text[])
                AND NOT EXISTS (SELECT FROM journal j WHERE j.aggregate_id = o.offering_id AND j.recorded_at >= $1)
                AND NOT EXISTS (SELECT FROM retention_hold h WHERE h.record_id = o.offering_id)
            RETURNING 1
        ) SELECT count(*) FROM gone
    """
    return {"offering_contact_text": int(await tx.fetchval(query, before, sorted(ENDED)))}


async def get(tx: Tx, offering_id: UUID) -> Contact | None:
    """Return the contact point, if one is named and the caller may read it."""
    row = await tx.fetchrow(
        "SELECT name, function, email FROM offering_contact_text WHERE offering_id = $1", offering_id
    )
    return Contact(**row) if row else None
