"""A translation of an offering: who made it, and from which texts. The texts themselves are in the store only."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from contracts.facts import Fact
from contracts.refusals import Conflict, FieldError, Invalid
from contracts.translations import (
    OfferingTranslationAdded,
    OfferingTranslationReplaced,
    OfferingTranslationWithdrawn,
    TranslatedBy,
)
from contracts.values import Language
from services.matching.offerings.model import Offering


class TranslationStatus(StrEnum):
    CURRENT = "current"
    WITHDRAWN = "withdrawn"


class Version(Struct, frozen=True, kw_only=True):
    """The author and the source language of a translation, and the hashes of the source's texts and of its own."""

    made_by: TranslatedBy
    source_language: Language
    source_hash: str
    texts_hash: str


class OfferingTranslation(Version, frozen=True, kw_only=True):
    """A translation without its texts."""

    offering_translation_id: UUID
    offering_id: UUID
    provider: str
    language: Language
    status: TranslationStatus
    revision: int
    made_at: datetime

    def is_stale(self, offering: Offering) -> bool:
        """Return True if the texts of the offering changed after they were translated."""
        return self.source_hash != offering.texts_hash

    def replace(self, version: Version, *, now: datetime) -> OfferingTranslationReplaced:
        """Replace the translation. Raise Invalid if the source is in this language by now."""
        _check_language(self.language, version)
        return OfferingTranslationReplaced(**self._ids(), **asdict(version), replaced_at=now)

    def withdraw(self, *, now: datetime) -> OfferingTranslationWithdrawn:
        return OfferingTranslationWithdrawn(**self._ids(), withdrawn_at=now)

    def _ids(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("offering_translation_id", "offering_id", "provider")}


class TranslatedTexts(Struct, frozen=True, kw_only=True):
    """The translated texts of an offering; an empty text is not translated."""

    title: str
    summary: str

    def check(self, source: Any) -> None:
        """Raise Invalid for a text that the source lacks, and if nothing is translated."""
        texts = asdict(self)
        if not any(texts.values()):
            raise Invalid("translation-empty")
        errors = [
            FieldError(field=name, problem="translation-without-source")
            for name, text in texts.items()
            if text and not getattr(source, name)
        ]
        if errors:
            raise Invalid("translation-without-source", errors=errors)


def add(
    offering_translation_id: UUID,
    offering: Offering,
    language: Language,
    version: Version,
    existing: Collection[Language],
    *,
    now: datetime,
) -> OfferingTranslationAdded:
    """Add a translation.

    Raise Invalid for the language of the source, Conflict for a language that the offering is translated into already.
    """
    _check_language(language, version)
    if language in existing:
        raise Conflict("translation-exists", language=language)
    return OfferingTranslationAdded(
        offering_translation_id=offering_translation_id,
        offering_id=offering.offering_id,
        provider=offering.provider,
        language=language,
        **asdict(version),
        added_at=now,
    )


def _check_language(language: Language, version: Version) -> None:
    if language == version.source_language:
        raise Invalid("translation-language", field="language")


def evolve(translation: OfferingTranslation | None, fact: Fact) -> OfferingTranslation:
    """Apply a fact; the revision increases by one."""
    if translation is None:
        assert isinstance(fact, OfferingTranslationAdded), "a translation begins by being added"
        return OfferingTranslation(
            offering_translation_id=fact.offering_translation_id,
            offering_id=fact.offering_id,
            provider=fact.provider,
            language=fact.language,
            status=TranslationStatus.CURRENT,
            revision=1,
            made_at=fact.added_at,
            **_version(fact),
        )
    return replace(translation, revision=translation.revision + 1, **_changes(fact))


def _changes(fact: Fact) -> dict[str, Any]:
    match fact:
        case OfferingTranslationReplaced():
            return {"made_at": fact.replaced_at, **_version(fact)}
        case OfferingTranslationWithdrawn():
            return {"status": TranslationStatus.WITHDRAWN}
    raise AssertionError(f"{fact.type} is not a translation's fact")


def _version(fact: OfferingTranslationAdded | OfferingTranslationReplaced) -> dict[str, Any]:
    return {
        "made_by": TranslatedBy(fact.made_by),
        "source_language": fact.source_language,
        "source_hash": fact.source_hash,
        "texts_hash": fact.texts_hash,
    }
