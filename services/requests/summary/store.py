"""Queries on public summaries. `is_public` in the WHERE is the policy in SQL for what everybody reads."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from services.requests.summary.model import PublicSummary, Version

LIST_MAX = 100


class SummaryText(msgspec.Struct, frozen=True, kw_only=True):
    """The text of a summary in one language."""

    title: str
    body: str


Texts = dict[str, SummaryText]
"""Texts of a summary, by their hash."""


async def get(tx: Tx, request_id: UUID) -> PublicSummary:
    """Return the summary of a request that was read for the caller. Raises Missing."""
    found = await of_request(tx, request_id)
    if found is None:
        raise Missing("not-found")
    return found


async def of_request(tx: Tx, request_id: UUID) -> PublicSummary | None:
    row = await tx.fetchrow("SELECT * FROM public_summary WHERE request_id = $1", request_id)
    return await _load(tx, row) if row else None


async def get_as_service(tx: Tx, public_summary_id: UUID) -> PublicSummary | None:
    """Return the summary, read by the service itself without a caller; None if there is none."""
    row = await tx.fetchrow("SELECT * FROM public_summary WHERE public_summary_id = $1", public_summary_id)
    return await _load(tx, row) if row else None


async def _load(tx: Tx, row: Record) -> PublicSummary:
    versions = await tx.fetch(
        "SELECT * FROM public_summary_version WHERE public_summary_id = $1", row["public_summary_id"]
    )
    return msgspec.convert({**dict(row), **_editions(versions)}, PublicSummary)


def _editions(versions: Sequence[Record]) -> dict[str, dict[str, Any]]:
    return {
        edition: {row["language"]: dict(row) for row in versions if row["edition"] == edition}
        for edition in ("draft", "approved")
    }


async def texts(tx: Tx, public_summary_id: UUID) -> Texts:
    """Return the texts of both editions of a summary, by their hash."""
    rows = await tx.fetch(
        "SELECT texts_hash, title, body FROM public_summary_text WHERE public_summary_id = $1", public_summary_id
    )
    return {row["texts_hash"]: SummaryText(title=row["title"], body=row["body"]) for row in rows}


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """The approved edition of a summary that the public sees, with its texts."""

    request_id: UUID
    state: str
    versions: dict[str, Version]
    texts: Texts


async def published(tx: Tx, request_id: UUID) -> Published:
    """Return the public summary of a request. Raises Missing if there is no such request or no public summary."""
    row = await tx.fetchrow(
        """
        SELECT public_summary_id, r.request_id, r.state
        FROM public_summary AS s JOIN request AS r ON r.request_id = s.request_id
        WHERE r.request_id = $1 AND is_public(s.approved_at, r.visibility, r.restricted, r.circulation, r.status)
        """,
        request_id,
    )
    if row is None:
        raise Missing("not-found")
    return (await _published(tx, [row]))[0]


async def page(tx: Tx, *, state: str | None, before: UUID | None, limit: int) -> list[Published]:
    """Return public summaries, those of the newest requests first, starting after `before`."""
    rows = await tx.fetch(
        """
        SELECT public_summary_id, r.request_id, r.state
        FROM public_summary AS s JOIN request AS r ON r.request_id = s.request_id
        WHERE is_public(s.approved_at, r.visibility, r.restricted, r.circulation, r.status)
          AND s.approved_at IS NOT NULL AND ($1::text IS NULL OR r.state = $1)
          AND s.request_id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
        ORDER BY s.request_id DESC LIMIT $3
        """,
        state,
        before,
        limit,
    )
    return await _published(tx, rows)


async def _published(tx: Tx, found: Sequence[Record]) -> list[Published]:
    rows = await tx.fetch(
        """
        SELECT public_summary_id, v.*, title, body
        FROM public_summary_version AS v LEFT JOIN public_summary_text USING (public_summary_id, texts_hash)
        WHERE public_summary_id = ANY ($1::uuid[]) AND edition = 'approved'
        """,
        [row["public_summary_id"] for row in found],
    )
    of_each: dict[UUID, list[Record]] = {}
    for row in rows:
        of_each.setdefault(row["public_summary_id"], []).append(row)
    return [
        Published(
            request_id=one["request_id"],
            state=one["state"],
            versions={row["language"]: msgspec.convert(dict(row), Version) for row in own},
            texts={row["texts_hash"]: SummaryText(title=row["title"] or "", body=row["body"] or "") for row in own},
        )
        for one in found
        if (own := of_each.get(one["public_summary_id"]))
    ]


_SAVE = Write(
    parts={
        "summarized": """
            INSERT INTO public_summary (public_summary_id, request_id, state, revision, language, approved_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (public_summary_id) DO UPDATE SET revision = excluded.revision, language = excluded.language,
                approved_at = excluded.approved_at
        """,
        "versions": """
            INSERT INTO public_summary_version (public_summary_id, request_id, state, edition, language, made_by,
                source_language, source_hash, texts_hash)
            SELECT $1, $2, $3, edition, language, made_by, source_language, source_hash, texts_hash
            FROM unnest($7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
                AS t(edition, language, made_by, source_language, source_hash, texts_hash)
        """,
    }
)
_SAVE_TEXT = Write(
    parts={
        "summary_text": """
            INSERT INTO public_summary_text (public_summary_id, request_id, state, texts_hash, salt, title, body)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
        """
    }
)


async def save(tx: Tx, one: PublicSummary) -> None:
    versions = [
        (edition, version)
        for edition, of_edition in (("draft", one.draft), ("approved", one.approved))
        for version in of_edition.values()
    ]
    if one.revision > 1:
        await tx.execute("DELETE FROM public_summary_version WHERE public_summary_id = $1", one.public_summary_id)
    await tx.queue(
        _SAVE,
        one.public_summary_id,
        one.request_id,
        one.state,
        one.revision,
        one.language,
        one.approved_at,
        [edition for edition, _ in versions],
        [version.language for _, version in versions],
        [version.made_by for _, version in versions],
        [version.source_language for _, version in versions],
        [version.source_hash for _, version in versions],
        [version.texts_hash for _, version in versions],
    )


async def save_text(tx: Tx, one: PublicSummary, texts_hash: str, salt: bytes, text: SummaryText) -> None:
    ids = one.public_summary_id, one.request_id, one.state
    await tx.queue(_SAVE_TEXT, *ids, texts_hash, salt, text.title, text.body)


async def delete_texts_but(tx: Tx, public_summary_id: UUID, hashes: Iterable[str]) -> None:
    """Delete the texts that are no longer in either edition."""
    await tx.execute(
        "DELETE FROM public_summary_text WHERE public_summary_id = $1 AND texts_hash <> ALL ($2::text[])",
        public_summary_id,
        list(hashes),
    )
