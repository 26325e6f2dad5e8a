"""Queries on contributions. Each read for a caller is filtered by `may_see`, the policy in SQL."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.contributions import ContributionKind
from contracts.refusals import Missing
from contracts.values import Caller, Language
from services.sherloc.contributions.model import Contribution, ContributionStatus, ContributionTexts

LIST_MAX = 100


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Filter of a list of contributions."""

    state: str | None = None
    kind: ContributionKind | None = None
    article: str | None = None
    status: ContributionStatus | None = None
    language: Language | None = None


async def get(tx: Tx, contribution_id: UUID, caller: Caller) -> Contribution:
    """Return the contribution. Raises Missing unless this caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM contribution WHERE contribution_id = $1 AND may_see_contribution(state, status, $2, $3)",
        contribution_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return contribution_of(row)


async def page(tx: Tx, caller: Caller, wanted: Filter, *, before: UUID | None, limit: int) -> list[Contribution]:
    """List the contributions that this caller may see, newest first, starting after `before`."""
    rows = await tx.fetch(
        """
        SELECT * FROM contribution
        WHERE may_see_contribution(state, status, $1, $2)
          AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR kind = $4)
          AND ($5::text IS NULL OR $5 = ANY (articles)) AND ($6::text IS NULL OR status = $6)
          AND ($7::text IS NULL OR language = $7) AND ($8::uuid IS NULL OR contribution_id < $8)
        ORDER BY contribution_id DESC LIMIT $9
        """,
        caller.organization,
        caller.role,
        wanted.state,
        wanted.kind,
        wanted.article,
        wanted.status,
        wanted.language,
        before,
        limit,
    )
    return [contribution_of(row) for row in rows]


async def existing(tx: Tx, caller: Caller, contribution_ids: Sequence[UUID]) -> list[UUID]:
    """Return the ids of those contributions that the caller may see."""
    rows = await tx.fetch(
        """
        SELECT contribution_id FROM contribution
        WHERE contribution_id = ANY ($3) AND may_see_contribution(state, status, $1, $2)
        """,
        caller.organization,
        caller.role,
        list(contribution_ids),
    )
    return [row["contribution_id"] for row in rows]


async def get_as_service(tx: Tx, contribution_id: UUID) -> Contribution | None:
    """Return the contribution for the service itself, or None, and lock it until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM contribution WHERE contribution_id = $1 FOR UPDATE", contribution_id)
    return contribution_of(row) if row else None


_SAVE = Write(
    parts={
        "contribution_saved": """
            INSERT INTO contribution SELECT * FROM json_populate_record(NULL::contribution, $1::text::json)
            ON CONFLICT (contribution_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                language = excluded.language, articles = excluded.articles, rights = excluded.rights,
                decided_on = excluded.decided_on, offence = excluded.offence, outcome = excluded.outcome,
                marks = excluded.marks, marks_cleared = excluded.marks_cleared, changed_at = excluded.changed_at,
                published_at = excluded.published_at, superseded_by = excluded.superseded_by,
                reason = excluded.reason
        """
    }
)


async def save(tx: Tx, contribution: Contribution) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(contribution).decode())


_SAVE_TEXTS = Write(
    parts={
        "contribution_texts": """
            INSERT INTO contribution_text (contribution_id, salt, title, text, court, parties, authors, address,
                portal_address)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (contribution_id) DO UPDATE SET salt = excluded.salt, title = excluded.title,
                text = excluded.text, court = excluded.court, parties = excluded.parties,
                authors = excluded.authors, address = excluded.address, portal_address = excluded.portal_address
        """
    }
)
_REMARK = Write(
    parts={
        "contribution_remark": """
            INSERT INTO contribution_remark (contribution_id, revision, comment) VALUES ($1, $2, $3)
        """
    }
)
_DELETE_TEXTS = Write(
    parts={
        "contribution_texts_deleted": "DELETE FROM contribution_text WHERE contribution_id = $1",
        "contribution_remarks_deleted": "DELETE FROM contribution_remark WHERE contribution_id = $1",
    }
)


async def save_texts(tx: Tx, contribution_id: UUID, texts: ContributionTexts, salt: bytes) -> None:
    """Save the texts in place of the earlier ones."""
    own = (texts.title, texts.text, texts.court, texts.parties, texts.authors, texts.address, texts.portal_address)
    await tx.queue(_SAVE_TEXTS, contribution_id, salt, *own)


async def save_comment(tx: Tx, contribution: Contribution, comment: str) -> None:
    """Save the comment on the move that led to this revision, if there is one."""
    if comment:
        await tx.queue(_REMARK, contribution.contribution_id, contribution.revision, comment)


async def delete_texts(tx: Tx, contribution_id: UUID) -> None:
    """Delete the texts of a contribution and all comments."""
    await tx.queue(_DELETE_TEXTS, contribution_id)


async def texts_of(tx: Tx, contribution_ids: Collection[UUID]) -> dict[UUID, ContributionTexts]:
    """Return the texts of contributions; row-level security hides those that the caller may not see."""
    rows = await tx.fetch(
        """
        SELECT contribution_id, title, text, court, parties, authors, address, portal_address
        FROM contribution_text WHERE contribution_id = ANY ($1::uuid[])
        """,
        list(contribution_ids),
    )
    return {row["contribution_id"]: msgspec.convert(dict(row), ContributionTexts) for row in rows}


async def comments_of(tx: Tx, contribution_ids: Collection[UUID]) -> dict[tuple[UUID, int], str]:
    """Return the comments on moves by id and revision; row-level security hides those of other States."""
    rows = await tx.fetch(
        "SELECT contribution_id, revision, comment FROM contribution_remark WHERE contribution_id = ANY ($1::uuid[])",
        list(contribution_ids),
    )
    return {(row["contribution_id"], row["revision"]): row["comment"] for row in rows}


def contribution_of(row: Record | Mapping[str, object]) -> Contribution:
    """Convert a row of `contribution` into a contribution."""
    return msgspec.convert(dict(row), Contribution)
