"""Queries on translations of offerings, after the offering was read for the caller."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.conversion import from_attributes
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


_SAVE_TEXTS = Write(
    parts={
        "translated": """
            INSERT INTO offering_translation_text (offering_translation_id, offering_id, salt, title, summary)
            VALUES ($1, $2, $3, $4, $5)
        """
    }
)


async def save_texts(tx: Tx, one: OfferingTranslation, texts: TranslatedTexts, salt: bytes) -> None:
    await tx.queue(_SAVE_TEXTS, one.offering_translation_id, one.offering_id, salt, texts.title, texts.summary)
