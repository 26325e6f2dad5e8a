"""Rows of activities, which all callers with a role may read."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from asyncpg import Record
from msgspec.structs import replace

from chassis.db.database import Tx
from contracts.facts import Event, Fact
from contracts.refusals import Missing
from contracts.values import Language
from services.pledges.activities import model
from services.pledges.activities.model import Activity, ActivityStatus, evolve
from services.pledges.ledger import history_store


class ActivityWithTitle(msgspec.Struct, frozen=True, kw_only=True):
    """An activity with its title, and its allocated and spent money in US cents."""

    activity: Activity
    title: str
    allocated_usd_minor: int
    spent_usd_minor: int


async def get(tx: Tx, activity_id: UUID, *, lock: bool = False) -> Activity:
    """Return the activity. Raises Missing if there is none. `lock` locks the row until the transaction ends."""
    query = "SELECT * FROM activity WHERE activity_id = $1"
    row = await tx.fetchrow(query + (" FOR NO KEY UPDATE" if lock else ""), activity_id)
    if row is None:
        raise Missing("not-found")
    return _activity(row)


async def locked(tx: Tx, activity_id: UUID) -> Activity | None:
    """Lock the activity until the transaction ends, and return it; None if there is none."""
    row = await tx.fetchrow("SELECT * FROM activity WHERE activity_id = $1 FOR NO KEY UPDATE", activity_id)
    return _activity(row) if row else None


async def unspent(tx: Tx, activity_id: UUID) -> int:
    """Return the allocated and unspent money of the activity, in US cents.

    Allocations that the caller cannot see are included.
    """
    return int(
        await tx.fetchval(
            """
            SELECT coalesce(sum(usd_minor - spent_usd_minor), 0) FROM allocation
            WHERE activity_id = $1 AND status = 'made'
            """,
            activity_id,
        )
    )


async def activities(
    tx: Tx,
    *,
    only: UUID | None = None,
    fund: str | None = None,
    status: ActivityStatus | None = None,
    before: UUID | None = None,
    limit: int = 1,
) -> list[ActivityWithTitle]:
    """List activities, last planned first, after `before`. The totals of their money are read as the service."""
    rows = await tx.fetch(
        """
        SELECT activity.*, coalesce((SELECT title FROM activity_text t WHERE t.activity_id = activity.activity_id), '')
            AS title, allocated, spent
        FROM activity CROSS JOIN LATERAL (
            SELECT coalesce(sum(spent_usd_minor), 0)::bigint AS spent,
                coalesce(sum(CASE a.status WHEN 'made' THEN usd_minor ELSE spent_usd_minor END), 0)::bigint AS allocated
            FROM allocation a WHERE a.activity_id = activity.activity_id AND a.status <> 'reversed'
        ) AS money
        WHERE ($1::uuid IS NULL OR activity_id = $1) AND ($2::text IS NULL OR fund = $2)
          AND ($3::text IS NULL OR activity.status = $3) AND ($4::uuid IS NULL OR activity_id < $4)
        ORDER BY activity_id DESC LIMIT $5
        """,
        only,
        fund,
        status,
        before,
        limit,
    )
    return [
        ActivityWithTitle(
            activity=_activity(row),
            title=row["title"],
            allocated_usd_minor=row["allocated"],
            spent_usd_minor=row["spent"],
        )
        for row in rows
    ]


async def as_of(tx: Tx, activity_ids: Collection[UUID], *, until: datetime) -> Mapping[UUID, tuple[Activity, str]]:
    """Return the activities as of `until`, rebuilt from the facts recorded by then, each with its title.

    The title and its language are the current ones.
    """
    found = await history_store.rebuild(tx, activity_ids, evolve, until=until)
    rows = await tx.fetch(
        """
        SELECT activity_id, coalesce(title, '') AS title, language
        FROM activity LEFT JOIN activity_text USING (activity_id) WHERE activity_id = ANY ($1::uuid[])
        """,
        list(found),
    )
    words = {row["activity_id"]: (Language(row["language"]), row["title"]) for row in rows}
    return {one: (replace(activity, language=words[one][0]), words[one][1]) for one, activity in found.items()}


async def save(tx: Tx, activity: Activity) -> None:
    await tx.execute(
        """
        INSERT INTO activity (activity_id, fund, activity_kind, status, revision, topics, pillars, gender_marker,
            starts_on, ends_on, language, texts_hash, planned_at, completed_on, participants, ended_at, reason)
        SELECT activity_id, fund, activity_kind, status, revision, topics, pillars, gender_marker,
            starts_on, ends_on, language, texts_hash, planned_at, completed_on, participants, ended_at, reason
        FROM json_populate_record(NULL::activity, $1::text::json)
        ON CONFLICT (activity_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
            activity_kind = excluded.activity_kind, topics = excluded.topics, pillars = excluded.pillars,
            gender_marker = excluded.gender_marker, starts_on = excluded.starts_on, ends_on = excluded.ends_on,
            language = excluded.language, texts_hash = excluded.texts_hash,
            completed_on = excluded.completed_on, participants = excluded.participants, ended_at = excluded.ended_at,
            reason = excluded.reason
        """,
        msgspec.json.encode(activity).decode(),
    )


async def save_title(tx: Tx, activity_id: UUID, title: str, salt: bytes) -> None:
    """Replace the title; the old one is deleted."""
    await tx.execute(
        """
        INSERT INTO activity_text (activity_id, salt, title) VALUES ($1, $2, $3)
        ON CONFLICT (activity_id) DO UPDATE SET salt = excluded.salt, title = excluded.title
        """,
        activity_id,
        salt,
        title,
    )


def _activity(row: Record) -> Activity:
    return msgspec.convert(dict(row), Activity)


async def fold(tx: Tx, event: Event, fact: Fact) -> None:
    """Apply a fact of an activity to its row."""
    await save(tx, model.evolve(await locked(tx, event.aggregate_id), fact))
