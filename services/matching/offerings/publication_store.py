"""Texts of the public catalogue, and the offerings in it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts import reference
from contracts.refusals import Missing
from services.matching.offerings.model import Offering
from services.matching.offerings.store import Texts, with_periods

LIST_MAX = 100


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """An offering in the public catalogue, with its public text."""

    offering: Offering
    texts: Texts


_SAVE = Write(
    parts={
        "published": """
            INSERT INTO offering_public_text (offering_id, salt, title, summary) VALUES ($1, $2, $3, $4)
            ON CONFLICT (offering_id) DO UPDATE
            SET salt = excluded.salt, title = excluded.title, summary = excluded.summary
        """
    }
)


async def save(tx: Tx, offering_id: UUID, texts: Texts, salt: bytes) -> None:
    """Replace the public text, which the journal references by its salted hash."""
    await tx.queue(_SAVE, offering_id, salt, texts.title, texts.summary)


async def delete(tx: Tx, offering_id: UUID) -> None:
    await tx.execute("DELETE FROM offering_public_text WHERE offering_id = $1", offering_id)


async def texts(tx: Tx, offering_ids: Sequence[UUID]) -> dict[UUID, Texts]:
    """Return the public texts of offerings already read for their caller."""
    if not offering_ids:
        return {}
    rows = await tx.fetch(
        "SELECT offering_id, title, summary FROM offering_public_text WHERE offering_id = ANY ($1::uuid[])",
        offering_ids,
    )
    return {row["offering_id"]: Texts(title=row["title"], summary=row["summary"]) for row in rows}


async def get(tx: Tx, offering_id: UUID) -> Published:
    """Return an offering in the catalogue. Raise Missing if it does not exist or is not public."""
    rows = await tx.fetch(
        """
        SELECT offering.*, '[]'::text AS periods FROM offering
        WHERE offering_id = $1 AND is_public(published_at, status, kinds, $2::text[])
        """,
        offering_id,
        _restricted(),
    )
    if not rows:
        raise Missing("not-found")
    return (await _with_texts(tx, [with_periods(row) for row in rows]))[0]


async def page(
    tx: Tx,
    *,
    kind: str | None,
    topic: str | None,
    delivery_language: str | None,
    region: str | None,
    before: UUID | None,
    limit: int,
) -> list[Published]:
    """List the catalogue, newest first, after the offering `before`."""
    rows = await tx.fetch(
        """
        SELECT offering.*, '[]'::text AS periods FROM offering
        WHERE is_public(published_at, status, kinds, $1::text[]) AND ($2::text IS NULL OR $2 = ANY (kinds))
          AND ($3::text IS NULL OR $3 = ANY (topics))
          AND ($4::text IS NULL OR $4 = ANY (languages) OR $4 = ANY (interpretation))
          AND ($5::text IS NULL OR $5 = ANY (eligible_regions)
               OR (eligible_regions = '{}' AND eligible_states = '{}'))
          AND offering_id < coalesce($6, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
        ORDER BY offering_id DESC LIMIT $7
        """,
        _restricted(),
        kind,
        topic,
        delivery_language,
        region,
        before,
        limit,
    )
    return await _with_texts(tx, [with_periods(row) for row in rows])


async def _with_texts(tx: Tx, offerings: Sequence[Offering]) -> list[Published]:
    found = await texts(tx, [one.offering_id for one in offerings])
    erased = Texts(title="", summary="")
    return [Published(offering=one, texts=found.get(one.offering_id, erased)) for one in offerings]


def _restricted() -> list[str]:
    return [code for code, kind in reference.kinds().items() if kind.restricted]
