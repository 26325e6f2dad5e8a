"""Queries on translations of offerings, after the offering was read for the caller."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.conversion import from_attributes
from contracts.refusals import Missing
from contracts.translations import TranslatedBy
from contracts.values import Language
from services.matching.offerings.model import Offering
from services.matching.offerings.translation import OfferingTranslation, TranslatedTexts


class OfferingTranslationView(msgspec.Struct, frozen=True, kw_only=True):
    """A translation of an offering's texts. A text that is not translated is absent; the source has it.

    `made_by` is the provider, UNODC or a machine, and `source_language` the language of the texts that were translated;
    `stale` is true if these changed afterwards.
    """

    offering_id: UUID
    language: Language
    source_language: Language
    made_by: TranslatedBy
    stale: bool
    revision: int
    made_at: datetime
    title: str | UnsetType = UNSET
    summary: str | UnsetType = UNSET


async def get(tx: Tx, offering_id: UUID, language: Language) -> OfferingTranslation:
    """Return the translation of an offering into a language, locked. Raise Missing."""
    row = await tx.fetchrow(
        "SELECT * FROM offering_translation WHERE offering_id = $1 AND language = $2 AND status = 'current' FOR UPDATE",
        offering_id,
        language,
    )
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), OfferingTranslation)


async def get_as_service(tx: Tx, offering_translation_id: UUID) -> OfferingTranslation | None:
    """Return the translation for the service itself, without a caller, locked."""
    row = await tx.fetchrow(
        "SELECT * FROM offering_translation WHERE offering_translation_id = $1 FOR UPDATE", offering_translation_id
    )
    return msgspec.convert(dict(row), OfferingTranslation) if row else None


async def views(
    tx: Tx, offerings: Sequence[Offering], language: Language | None = None
) -> list[OfferingTranslationView]:
    """List the translations of offerings that the caller reads, by language; with `language` only those into it."""
    by_id = {offering.offering_id: offering for offering in offerings}
    rows = await tx.fetch(
        """
        SELECT t.*, title, summary
        FROM offering_translation AS t LEFT JOIN offering_translation_text USING (offering_translation_id, offering_id)
        WHERE offering_id = ANY ($1::uuid[]) AND status = 'current' AND ($2::text IS NULL OR language = $2)
        ORDER BY language
        """,
        list(by_id),
        language,
    )
    return [
        from_attributes(
            OfferingTranslationView,
            translation := msgspec.convert(dict(row), OfferingTranslation),
            stale=translation.is_stale(by_id[row["offering_id"]]),
            title=row["title"] or UNSET,
            summary=row["summary"] or UNSET,
        )
        for row in rows
    ]


async def source_hash(tx: Tx, offering_id: UUID, revision: int) -> str | None:
    """Return the hash of an offering's texts as of a revision; None if there is no such revision."""
    row = await tx.fetchrow(
        """
        SELECT event -> 'data' ->> 'texts_hash' AS texts_hash,
            EXISTS (SELECT FROM journal AS j WHERE j.aggregate_id = $1 AND j.version = $2) AS exists
        FROM journal
        WHERE aggregate_id = $1 AND version <= $2 AND event -> 'data' ->> 'texts_hash' IS NOT NULL
        ORDER BY version DESC LIMIT 1
        """,
        offering_id,
        revision,
    )
    return str(row["texts_hash"]) if row and row["exists"] else None


_SAVE = Write(
    parts={
        "translation_saved": """
            INSERT INTO offering_translation (offering_translation_id, offering_id, provider, language, status,
                revision, made_by, source_language, source_hash, texts_hash, made_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            ON CONFLICT (offering_translation_id) DO UPDATE SET status = excluded.status,
                revision = excluded.revision, made_by = excluded.made_by, source_language = excluded.source_language,
                source_hash = excluded.source_hash, texts_hash = excluded.texts_hash, made_at = excluded.made_at
        """
    }
)
_SAVE_TEXTS = Write(
    parts={
        "translated": """
            INSERT INTO offering_translation_text (offering_translation_id, offering_id, salt, title, summary)
            VALUES ($1, $2, $3, $4, $5)
        """
    }
)


async def save(tx: Tx, one: OfferingTranslation) -> None:
    await tx.queue(
        _SAVE,
        one.offering_translation_id,
        one.offering_id,
        one.provider,
        one.language,
        one.status,
        one.revision,
        one.made_by,
        one.source_language,
        one.source_hash,
        one.texts_hash,
        one.made_at,
    )


async def save_texts(tx: Tx, one: OfferingTranslation, texts: TranslatedTexts, salt: bytes) -> None:
    await tx.queue(_SAVE_TEXTS, one.offering_translation_id, one.offering_id, salt, texts.title, texts.summary)


async def delete_texts(tx: Tx, offering_translation_id: UUID) -> None:
    """Delete the texts, before others replace them or when the translation is withdrawn."""
    await tx.execute(
        "DELETE FROM offering_translation_text WHERE offering_translation_id = $1", offering_translation_id
    )
