"""A translation of an offering. The texts themselves are in the store only."""

from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from contracts.translations import (
    OfferingTranslationAdded,
    OfferingTranslationReplaced,
    OfferingTranslationWithdrawn,
    TranslationRecord,
    Translations,
    check_translated,
)


class OfferingTranslation(TranslationRecord, frozen=True, kw_only=True):
    """A translation without its texts."""

    offering_translation_id: UUID
    offering_id: UUID
    provider: str


class TranslatedTexts(Struct, frozen=True, kw_only=True):
    """The translated texts of an offering; an empty text is not translated."""

    title: str
    summary: str

    def check(self, source: Any) -> None:
        """Raise Invalid for a text that the source lacks, and if nothing is translated."""
        check_translated((name, text, getattr(source, name)) for name, text in asdict(self).items())


OFFERING_TRANSLATIONS = Translations(
    record=OfferingTranslation,
    added=OfferingTranslationAdded,
    replaced=OfferingTranslationReplaced,
    withdrawn=OfferingTranslationWithdrawn,
    texts_tables=("offering_translation_text",),
)
