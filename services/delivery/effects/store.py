"""Rows of effects. Reads for a caller apply `may_see`, the policy in SQL, in their WHERE clause."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.effects import EffectKind
from contracts.refusals import Missing
from contracts.values import Caller
from services.delivery.effects.model import Effect, EffectStatus, EffectTexts

LIST_MAX = 100


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of an effect, and the comment on its last move."""

    texts: EffectTexts
    comment: str


async def get(tx: Tx, effect_id: UUID, caller: Caller) -> Effect:
    """Return the effect. Raises Missing unless the caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM effect WHERE effect_id = $1 AND reads_along(state, provider, false, $2, $3)",
        effect_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return effect_of(row)


async def page(
    tx: Tx,
    caller: Caller,
    *,
    delivery_id: UUID | None = None,
    request_id: UUID | None = None,
    change: EffectKind | None = None,
    status: EffectStatus | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[Effect]:
    """List effects that the caller may see, newest first."""
    rows = await tx.fetch(
        """
        SELECT * FROM effect
        WHERE reads_along(state, provider, false, $1, $2) AND ($3::uuid IS NULL OR delivery_id = $3)
          AND ($4::uuid IS NULL OR request_id = $4) AND ($5::text IS NULL OR change = $5)
          AND ($6::text IS NULL OR status = $6) AND ($7::uuid IS NULL OR effect_id < $7)
        ORDER BY effect_id DESC LIMIT $8
        """,
        caller.organization,
        caller.role,
        delivery_id,
        request_id,
        change,
        status,
        before,
        limit,
    )
    return [effect_of(row) for row in rows]


async def get_as_service(tx: Tx, effect_id: UUID) -> Effect | None:
    """Return the effect, read as the service and locked until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM effect WHERE effect_id = $1 FOR UPDATE", effect_id)
    return effect_of(row) if row else None


_SAVE = Write(
    parts={
        "effect_saved": """
            INSERT INTO effect SELECT * FROM json_populate_record(NULL::effect, $1::text::json)
            ON CONFLICT (effect_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                verified_at = excluded.verified_at, declined_at = excluded.declined_at,
                withdrawn_at = excluded.withdrawn_at, reason = excluded.reason
        """
    }
)


async def save(tx: Tx, effect: Effect) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(effect).decode())


_SAVE_TEXTS = Write(
    parts={
        "effect_texts": """
            INSERT INTO effect_text (effect_id, salt, title, text, gazette, address, comment)
            VALUES ($1, $2, $3, $4, $5, $6, '')
        """
    }
)
_COMMENT = Write(parts={"effect_comment": "UPDATE effect_text SET comment = $2 WHERE effect_id = $1"})
_DELETE_TEXTS = Write(parts={"effect_texts_deleted": "DELETE FROM effect_text WHERE effect_id = $1"})


async def save_texts(tx: Tx, effect_id: UUID, texts: EffectTexts, salt: bytes) -> None:
    await tx.queue(_SAVE_TEXTS, effect_id, salt, texts.title, texts.text, texts.gazette, texts.address)


async def save_comment(tx: Tx, effect_id: UUID, comment: str) -> None:
    await tx.queue(_COMMENT, effect_id, comment)


async def delete_texts(tx: Tx, effect_id: UUID) -> None:
    await tx.queue(_DELETE_TEXTS, effect_id)


async def texts_of(tx: Tx, effect_ids: Sequence[UUID]) -> dict[UUID, Said]:
    rows = await tx.fetch(
        "SELECT effect_id, title, text, gazette, address, comment FROM effect_text WHERE effect_id = ANY ($1::uuid[])",
        effect_ids,
    )
    return {
        row["effect_id"]: Said(
            texts=EffectTexts(title=row["title"], text=row["text"], gazette=row["gazette"], address=row["address"]),
            comment=row["comment"],
        )
        for row in rows
    }


def effect_of(row: Record) -> Effect:
    """Convert a row of `effect` to an effect."""
    return msgspec.convert(dict(row), Effect)
