"""A translation of a request's texts: who made it, and from which texts. The texts themselves are in the store only."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from contracts.facts import Fact
from contracts.refusals import Conflict, Invalid
from contracts.translations import TranslatedBy, TranslationAdded, TranslationReplaced, TranslationWithdrawn
from contracts.values import Language
from services.requests.request.model import Request


class TranslationStatus(StrEnum):
    CURRENT = "current"
    WITHDRAWN = "withdrawn"


class Version(Struct, frozen=True, kw_only=True):
    """A version of a translation: who made it, and the hashes of the source's texts and of the translated texts."""

    made_by: TranslatedBy
    source_language: Language
    source_hash: str
    texts_hash: str


class Translation(Version, frozen=True, kw_only=True):
    """A translation without its texts."""

    translation_id: UUID
    request_id: UUID
    state: str
    language: Language
    status: TranslationStatus
    revision: int
    made_at: datetime

    def is_stale(self, request: Request) -> bool:
        """Check whether the texts of the request changed after they were translated."""
        return self.source_hash != request.texts_hash

    def replace(self, version: Version, *, now: datetime) -> TranslationReplaced:
        """Replace the translated texts. Raises Invalid if the source is in this language by now."""
        _check_language(self.language, version)
        return TranslationReplaced(**self._ids(), **asdict(version), replaced_at=now)

    def withdraw(self, *, now: datetime) -> TranslationWithdrawn:
        return TranslationWithdrawn(**self._ids(), withdrawn_at=now)

    def _ids(self) -> dict[str, Any]:
        return {"translation_id": self.translation_id, "request_id": self.request_id, "state": self.state}


def add(
    translation_id: UUID,
    request: Request,
    language: Language,
    version: Version,
    existing: Collection[Language],
    *,
    now: datetime,
) -> TranslationAdded:
    """Add a translation. Raises Invalid for the language of the source, Conflict for a language that has one."""
    _check_language(language, version)
    if language in existing:
        raise Conflict("translation-exists", language=language)
    return TranslationAdded(
        translation_id=translation_id,
        request_id=request.request_id,
        state=request.state,
        language=language,
        **asdict(version),
        added_at=now,
    )


def _check_language(language: Language, version: Version) -> None:
    if language == version.source_language:
        raise Invalid("translation-language", field="language")


def evolve(translation: Translation | None, fact: Fact) -> Translation:
    """Apply a fact; the revision increases by one."""
    if translation is None:
        assert isinstance(fact, TranslationAdded), "a translation begins by being added"
        return Translation(
            translation_id=fact.translation_id,
            request_id=fact.request_id,
            state=fact.state,
            language=fact.language,
            status=TranslationStatus.CURRENT,
            revision=1,
            made_at=fact.added_at,
            **_version(fact),
        )
    return replace(translation, revision=translation.revision + 1, **_changes(fact))


def _changes(fact: Fact) -> dict[str, Any]:
    match fact:
        case TranslationReplaced():
            return {"made_at": fact.replaced_at, **_version(fact)}
        case TranslationWithdrawn():
            return {"status": TranslationStatus.WITHDRAWN}
    raise AssertionError(f"{fact.type} is not a translation's fact")


def _version(fact: TranslationAdded | TranslationReplaced) -> dict[str, Any]:
    return {
        "made_by": TranslatedBy(fact.made_by),
        "source_language": fact.source_language,
        "source_hash": fact.source_hash,
        "texts_hash": fact.texts_hash,
    }
