"""Names and addresses of contacts. Row-level security limits them to both sides and coordinators."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.values import Side
from services.delivery.contacts.model import DeliveryContact, SideContacts

_REPLACE = Write(
    parts={
        "contacts_removed": "DELETE FROM contact_text WHERE delivery_id = $1 AND side = $2 AND place > $5",
        "contacts": """
            INSERT INTO contact_text (delivery_id, side, place, salt, name, email, function, telephone, languages,
                person_id)
            SELECT $1, $2, row_number() OVER (), $3, name, email, function, telephone, languages, person_id
            FROM json_populate_recordset(NULL::contact_text, $4::text::json)
            ON CONFLICT (delivery_id, side, place) DO UPDATE SET salt = excluded.salt, name = excluded.name,
                email = excluded.email, function = excluded.function, telephone = excluded.telephone,
                languages = excluded.languages, person_id = excluded.person_id
        """,
    }
)


async def replace(tx: Tx, delivery_id: UUID, side: Side, contacts: Sequence[DeliveryContact], salt: bytes) -> None:
    """Replace the contacts of a side, which the journal references by their salted hash."""
    await tx.queue(_REPLACE, delivery_id, side, salt, msgspec.json.encode(contacts).decode(), len(contacts))


async def of_delivery(tx: Tx, delivery_id: UUID) -> SideContacts:
    """Return the contacts of both sides that the caller may read."""
    rows = await tx.fetch(
        """
        SELECT side, name, email, function, telephone, languages, person_id
        FROM contact_text WHERE delivery_id = $1 ORDER BY side, place
        """,
        delivery_id,
    )
    found: dict[str, list[DeliveryContact]] = {}
    for row in rows:
        found.setdefault(row["side"], []).append(msgspec.convert(dict(row), DeliveryContact))
    return SideContacts(**{side: tuple(contacts) for side, contacts in found.items()})


async def forget(tx: Tx, person_id: UUID) -> int:
    """Delete the contacts that are this person; return how many."""
    rows = await tx.fetch("DELETE FROM contact_text WHERE person_id = $1 RETURNING delivery_id", person_id)
    return len(rows)


async def prune(tx: Tx, before: datetime, _now: datetime) -> Mapping[str, int]:
    """Delete the contacts of deliveries that ended before `before`, except those on hold, by delivery or request."""
    query = """
        WITH gone AS (
            DELETE FROM contact_text USING delivery AS d
            WHERE d.delivery_id = contact_text.delivery_id AND coalesce(d.completed_at, d.terminated_at) < $1
                AND NOT EXISTS (SELECT FROM retention_hold h WHERE h.record_id IN (d.delivery_id, d.request_id))
            RETURNING 1
        ) SELECT count(*) FROM gone
    """
    return {"contact_text": int(await tx.fetchval(query, before))}
