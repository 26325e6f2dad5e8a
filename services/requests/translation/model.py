"""A translation of a request's texts. The texts themselves are in the store only."""

from uuid import UUID

from contracts.translations import (
    TranslationAdded,
    TranslationRecord,
    TranslationReplaced,
    Translations,
    TranslationWithdrawn,
)


class Translation(TranslationRecord, frozen=True, kw_only=True):
    """A translation without its texts."""

    translation_id: UUID
    request_id: UUID
    state: str


TRANSLATIONS = Translations(
    record=Translation,
    added=TranslationAdded,
    replaced=TranslationReplaced,
    withdrawn=TranslationWithdrawn,
    texts_tables=("translation_text", "translated_line_text"),
)
