"""Queries on portal extensions. Each read for a caller is filtered by `may_see`, the policy in SQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.extensions import DONORS_MAX, ExtensionStatus
from contracts.refusals import Missing
from contracts.values import Caller, Language
from services.sherloc.extensions.model import Extension, ExtensionTexts

LIST_MAX = 100


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A coordinator's note on the progress; `revision` is the revision that it led to."""

    revision: int
    language: Language
    text: str
    noted_at: datetime


async def get(tx: Tx, extension_id: UUID, caller: Caller) -> Extension:
    """Return the extension. Raises Missing unless this caller may see it."""
    row = await tx.fetchrow(
        "SELECT * FROM extension WHERE extension_id = $1 AND is_appointed($2)",
        extension_id,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return extension_of(row)


async def page(
    tx: Tx, caller: Caller, *, status: ExtensionStatus | None, before: UUID | None, limit: int
) -> list[Extension]:
    """List the extensions that this caller may see, newest first."""
    rows = await tx.fetch(
        """
        SELECT * FROM extension
        WHERE is_appointed($1) AND ($2::text IS NULL OR status = $2)
          AND ($3::uuid IS NULL OR extension_id < $3)
        ORDER BY extension_id DESC LIMIT $4
        """,
        caller.role,
        status,
        before,
        limit,
    )
    return [extension_of(row) for row in rows]


async def get_as_service(tx: Tx, extension_id: UUID) -> Extension | None:
    """Return the extension for the service itself, or None, and lock it until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM extension WHERE extension_id = $1 FOR UPDATE", extension_id)
    return extension_of(row) if row else None


_SAVE = Write(
    parts={
        "extension_saved": """
            INSERT INTO extension SELECT * FROM json_populate_record(NULL::extension, $1::text::json)
            ON CONFLICT (extension_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                language = excluded.language, cost_minor = excluded.cost_minor, currency = excluded.currency,
                work_package = excluded.work_package, changed_at = excluded.changed_at,
                voted_by = excluded.voted_by, notes = excluded.notes, reason = excluded.reason
        """
    }
)
_SAVE_TEXTS = Write(
    parts={
        "extension_texts": """
            INSERT INTO extension_text (extension_id, salt, title, scope) VALUES ($1, $2, $3, $4)
            ON CONFLICT (extension_id) DO UPDATE SET salt = excluded.salt, title = excluded.title,
                scope = excluded.scope
        """
    }
)
_SAVE_NOTE = Write(
    parts={
        "extension_note": """
            INSERT INTO extension_note (extension_id, revision, salt, language, text, noted_at)
            VALUES ($1, $2, $3, $4, $5, $6)
        """
    }
)


async def save(tx: Tx, extension: Extension) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(extension).decode())


async def save_texts(tx: Tx, extension_id: UUID, texts: ExtensionTexts, salt: bytes) -> None:
    """Save the texts of an extension in place of the earlier ones."""
    await tx.queue(_SAVE_TEXTS, extension_id, salt, texts.title, texts.scope)


async def save_note(tx: Tx, extension_id: UUID, note: Note, salt: bytes) -> None:
    await tx.queue(_SAVE_NOTE, extension_id, note.revision, salt, note.language, note.text, note.noted_at)


async def texts_of(tx: Tx, extension_ids: Sequence[UUID]) -> dict[UUID, ExtensionTexts]:
    rows = await tx.fetch(
        "SELECT extension_id, title, scope FROM extension_text WHERE extension_id = ANY ($1::uuid[])", extension_ids
    )
    return {row["extension_id"]: ExtensionTexts(title=row["title"], scope=row["scope"]) for row in rows}


async def notes_of(tx: Tx, extension_ids: Sequence[UUID]) -> dict[UUID, list[Note]]:
    """Return the notes of each of these extensions, newest first."""
    rows = await tx.fetch(
        """
        SELECT extension_id, revision, language, text, noted_at FROM extension_note
        WHERE extension_id = ANY ($1::uuid[]) ORDER BY revision DESC
        """,
        extension_ids,
    )
    found: dict[UUID, list[Note]] = {extension_id: [] for extension_id in extension_ids}
    for row in rows:
        found[row["extension_id"]].append(msgspec.convert(dict(row), Note))
    return found


# -- earmarks, as received from the pledges service -------------------------------------------------------------------


async def save_earmark(tx: Tx, pledge_id: UUID, extension_id: UUID, donor: str) -> None:
    await tx.execute(
        "INSERT INTO earmark (pledge_id, extension_id, donor) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        pledge_id,
        extension_id,
        donor,
    )


async def end_earmark(tx: Tx, pledge_id: UUID) -> None:
    await tx.execute("DELETE FROM earmark WHERE pledge_id = $1", pledge_id)


async def donors_of(tx: Tx, extension_id: UUID) -> tuple[str, ...]:
    """List the donors with a pledge earmarked to this extension, at most DONORS_MAX; read as the service."""
    rows = await tx.fetch(
        "SELECT DISTINCT donor FROM earmark WHERE extension_id = $1 ORDER BY donor LIMIT $2", extension_id, DONORS_MAX
    )
    return tuple(row["donor"] for row in rows)


async def earmarks_of(tx: Tx, extension_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the number of pledges earmarked to each of these extensions, read as the service."""
    rows = await tx.fetch(
        "SELECT extension_id, count(*) AS pledges FROM earmark WHERE extension_id = ANY ($1::uuid[]) GROUP BY 1",
        extension_ids,
    )
    return {row["extension_id"]: row["pledges"] for row in rows}


def extension_of(row: Record) -> Extension:
    """Convert a row of `extension` into an extension."""
    return msgspec.convert(dict(row), Extension)
