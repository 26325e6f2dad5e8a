"""Queries on the outreach plan. Each read for a caller is filtered by `may_see`, the policy in SQL."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.outreach import OutreachAudience
from contracts.refusals import Missing
from contracts.values import Caller
from services.sherloc.outreach.model import OutreachActivity, OutreachStatus, OutreachTexts

LIST_MAX = 100


async def get(tx: Tx, outreach_activity_id: UUID, caller: Caller) -> OutreachActivity:
    """Return the activity. Raises Missing unless this caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM outreach_activity WHERE outreach_activity_id = $1 AND is_appointed($2)",
        outreach_activity_id,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return activity_of(row)


async def page(
    tx: Tx,
    caller: Caller,
    *,
    status: OutreachStatus | None,
    audience: OutreachAudience | None,
    before: UUID | None,
    limit: int,
) -> list[OutreachActivity]:
    """List the activities that this caller may see, newest first."""
    rows = await tx.fetch(
        """
        SELECT * FROM outreach_activity
        WHERE is_appointed($1) AND ($2::text IS NULL OR status = $2)
          AND ($3::text IS NULL OR audience = $3) AND ($4::uuid IS NULL OR outreach_activity_id < $4)
        ORDER BY outreach_activity_id DESC LIMIT $5
        """,
        caller.role,
        status,
        audience,
        before,
        limit,
    )
    return [activity_of(row) for row in rows]


async def get_as_service(tx: Tx, outreach_activity_id: UUID) -> OutreachActivity | None:
    """Return the activity for the service itself, or None, and lock it until the transaction ends."""
    row = await tx.fetchrow(
        "SELECT * FROM outreach_activity WHERE outreach_activity_id = $1 FOR UPDATE", outreach_activity_id
    )
    return activity_of(row) if row else None


_SAVE = Write(
    parts={
        "outreach_saved": """
            INSERT INTO outreach_activity
            SELECT * FROM json_populate_record(NULL::outreach_activity, $1::text::json)
            ON CONFLICT (outreach_activity_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                audience = excluded.audience, outreach_kind = excluded.outreach_kind, language = excluded.language,
                languages = excluded.languages, starts = excluded.starts, ends = excluded.ends,
                budget_minor = excluded.budget_minor, currency = excluded.currency,
                reach_target = excluded.reach_target, changed_at = excluded.changed_at, reach = excluded.reach,
                reason = excluded.reason
        """
    }
)
_SAVE_TEXTS = Write(
    parts={
        "outreach_texts": """
            INSERT INTO outreach_text (outreach_activity_id, salt, title, text) VALUES ($1, $2, $3, $4)
            ON CONFLICT (outreach_activity_id) DO UPDATE SET salt = excluded.salt, title = excluded.title,
                text = excluded.text
        """
    }
)


async def save(tx: Tx, activity: OutreachActivity) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(activity).decode())


async def save_texts(tx: Tx, outreach_activity_id: UUID, texts: OutreachTexts, salt: bytes) -> None:
    """Save the texts of an activity in place of the earlier ones."""
    await tx.queue(_SAVE_TEXTS, outreach_activity_id, salt, texts.title, texts.text)


async def texts_of(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, OutreachTexts]:
    rows = await tx.fetch(
        "SELECT outreach_activity_id, title, text FROM outreach_text WHERE outreach_activity_id = ANY ($1::uuid[])",
        ids,
    )
    return {row["outreach_activity_id"]: OutreachTexts(title=row["title"], text=row["text"]) for row in rows}


def activity_of(row: Record) -> OutreachActivity:
    """Convert a row of `outreach_activity` into an activity."""
    return msgspec.convert(dict(row), OutreachActivity)
