"""Queries on the notes on the progress of an extension, and on the pledges that are earmarked to it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.extensions import DONORS_MAX
from services.sherloc.extensions.model import Extension, ProgressNote

_SAVE_NOTE = Write(
    parts={
        "extension_note": """
            INSERT INTO extension_note (extension_id, revision, salt, language, text, noted_at)
            VALUES ($1, $2, $3, $4, $5, $6)
        """
    }
)


async def save_note(tx: Tx, extension_id: UUID, note: ProgressNote, salt: bytes) -> None:
    await tx.queue(_SAVE_NOTE, extension_id, note.revision, salt, note.language, note.text, note.noted_at)


async def notes_of(tx: Tx, extension_ids: Sequence[UUID]) -> dict[UUID, list[ProgressNote]]:
    """Return the notes of each of these extensions, newest first."""
    rows = await tx.fetch(
        """
        SELECT extension_id, revision, language, text, noted_at FROM extension_note
        WHERE extension_id = ANY ($1::uuid[]) ORDER BY revision DESC
        """,
        extension_ids,
    )
    found: dict[UUID, list[ProgressNote]] = {extension_id: [] for extension_id in extension_ids}
    for row in rows:
        found[row["extension_id"]].append(msgspec.convert(dict(row), ProgressNote))
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


async def donors_of(tx: Tx, extension: Extension) -> tuple[str, ...]:
    """List the donors with a pledge earmarked to this extension, at most DONORS_MAX; read as the service."""
    rows = await tx.fetch(
        "SELECT DISTINCT donor FROM earmark WHERE extension_id = $1 ORDER BY donor LIMIT $2",
        extension.extension_id,
        DONORS_MAX,
    )
    return tuple(row["donor"] for row in rows)


async def earmarks_of(tx: Tx, extension_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the number of pledges earmarked to each of these extensions, read as the service."""
    rows = await tx.fetch(
        "SELECT extension_id, count(*) AS pledges FROM earmark WHERE extension_id = ANY ($1::uuid[]) GROUP BY 1",
        extension_ids,
    )
    return {row["extension_id"]: row["pledges"] for row in rows}
