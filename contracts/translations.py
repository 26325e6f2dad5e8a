"""Translations: of a request's texts, owned by requests, and of an offering's, owned by matching.

A translation is stored beside its source and never replaces it. `source_hash` is the salted hash of the source texts
that were translated: while it equals that of the source, the translation is not stale. `texts_hash` is that of the
translation. The rules are the same for both; `Translations` names what differs.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from contracts.conversion import from_attributes
from contracts.facts import Fact, fact_type
from contracts.refusals import Conflict, FieldError, Invalid
from contracts.values import Code, Language, Organization, State


class TranslatedBy(StrEnum):
    """The translator: the State, UNODC, the provider of the offering, or a machine."""

    STATE = "state"
    UNODC = "unodc"
    PROVIDER = "provider"
    MACHINE = "machine"


class TranslationAdded(Fact, frozen=True, kw_only=True, tag="requests.translation.added.v1"):
    """The texts of a request were translated into a language that had no translation."""

    translation_id: UUID
    request_id: UUID
    state: State
    language: Language
    made_by: Code
    source_language: Language
    source_hash: str
    texts_hash: str
    added_at: datetime


class TranslationReplaced(Fact, frozen=True, kw_only=True, tag="requests.translation.replaced.v1"):
    """A translation was made again; the former texts are deleted."""

    translation_id: UUID
    request_id: UUID
    state: State
    made_by: Code
    source_language: Language
    source_hash: str
    texts_hash: str
    replaced_at: datetime


class TranslationWithdrawn(Fact, frozen=True, kw_only=True, tag="requests.translation.withdrawn.v1"):
    """A translation was withdrawn; its texts are deleted."""

    translation_id: UUID
    request_id: UUID
    state: State
    withdrawn_at: datetime


class OfferingTranslationAdded(Fact, frozen=True, kw_only=True, tag="matching.offering_translation.added.v1"):
    """The texts of an offering were translated into a language that had no translation."""

    offering_translation_id: UUID
    offering_id: UUID
    provider: Organization
    language: Language
    made_by: Code
    source_language: Language
    source_hash: str
    texts_hash: str
    added_at: datetime


class OfferingTranslationReplaced(Fact, frozen=True, kw_only=True, tag="matching.offering_translation.replaced.v1"):
    """A translation was made again; the former texts are deleted."""

    offering_translation_id: UUID
    offering_id: UUID
    provider: Organization
    made_by: Code
    source_language: Language
    source_hash: str
    texts_hash: str
    replaced_at: datetime


class OfferingTranslationWithdrawn(Fact, frozen=True, kw_only=True, tag="matching.offering_translation.withdrawn.v1"):
    """A translation was withdrawn; its texts are deleted."""

    offering_translation_id: UUID
    offering_id: UUID
    provider: Organization
    withdrawn_at: datetime


FACTS: tuple[type[Fact], ...] = (
    TranslationAdded,
    TranslationReplaced,
    TranslationWithdrawn,
    OfferingTranslationAdded,
    OfferingTranslationReplaced,
    OfferingTranslationWithdrawn,
)


# -- rules ------------------------------------------------------------------------------------------------------------


class TranslationStatus(StrEnum):
    CURRENT = "current"
    WITHDRAWN = "withdrawn"


class Version(Struct, frozen=True, kw_only=True):
    """A version of a translation: who made it, and the hashes of the source's texts and of the translated texts."""

    made_by: TranslatedBy
    source_language: Language
    source_hash: str
    texts_hash: str


class TranslationRecord(Version, frozen=True, kw_only=True):
    """A translation without its texts, and without the ids by which `Translations` differ."""

    language: Language
    status: TranslationStatus
    revision: int
    made_at: datetime

    def is_stale(self, source: Any) -> bool:
        """Check whether the texts of the source changed after they were translated."""
        return bool(self.source_hash != source.texts_hash)


T = TypeVar("T", bound=TranslationRecord)


class Translations(Struct, Generic[T], frozen=True, kw_only=True, dict=True, eq=False):
    """Translations of records of one type, the source: their record, facts, and tables of texts.

    The fields of `withdrawn` are the ids of the translation and of the source, the owner, and the time.
    """

    record: type[T]
    added: type[Fact]
    replaced: type[Fact]
    withdrawn: type[Fact]
    texts_tables: tuple[str, ...]

    @cached_property
    def table(self) -> str:
        """The table, which has the name of the aggregate."""
        return fact_type(self.added).split(".")[1]

    @cached_property
    def key(self) -> str:
        return self.withdrawn.__struct_fields__[0]

    @cached_property
    def source_key(self) -> str:
        """The name of the source's id."""
        return self.withdrawn.__struct_fields__[1]

    def add(
        self,
        key: UUID,
        source: Any,
        language: Language,
        version: Version,
        existing: Collection[Language],
        *,
        now: datetime,
    ) -> Fact:
        """Add a translation. Raises Invalid for the language of the source, Conflict for one of the existing ones."""
        _check_language(language, version)
        if language in existing:
            raise Conflict("translation-exists", language=language)
        given = {self.key: key, "language": language, **asdict(version)}
        return from_attributes(self.added, source, **given, added_at=now)

    def replace(self, known: T, version: Version, *, now: datetime) -> Fact:
        """Replace the translated texts. Raises Invalid if the source is in this language by now."""
        _check_language(known.language, version)
        return from_attributes(self.replaced, known, **asdict(version), replaced_at=now)

    def withdraw(self, known: T, *, now: datetime) -> Fact:
        return from_attributes(self.withdrawn, known, withdrawn_at=now)

    def evolve(self, known: T | None, fact: Any) -> T:
        """Apply a fact; the revision increases by one."""
        if known is None:
            assert isinstance(fact, self.added), "a translation begins by being added"
            version, status = _version(fact), TranslationStatus.CURRENT
            return from_attributes(self.record, fact, **version, status=status, revision=1)
        if isinstance(fact, self.withdrawn):
            return replace(known, revision=known.revision + 1, status=TranslationStatus.WITHDRAWN)
        assert isinstance(fact, self.replaced), f"{fact.type} is not a translation's fact"
        return replace(known, revision=known.revision + 1, **_version(fact))


def check_translated(texts: Iterable[tuple[str, str, str]]) -> None:
    """Raise Invalid for a text that its source lacks, and if nothing is translated.

    Each text comes with the name of its field, and its source.
    """
    texts = list(texts)
    if not any(text for _, text, _ in texts):
        raise Invalid("translation-empty")
    errors = [
        FieldError(field=field, problem="translation-without-source")
        for field, text, source in texts
        if text and not source
    ]
    if errors:
        raise Invalid("translation-without-source", errors=errors)


def _check_language(language: Language, version: Version) -> None:
    if language == version.source_language:
        raise Invalid("translation-language", field="language")


def _version(fact: Any) -> dict[str, Any]:
    made_by = TranslatedBy(fact.made_by)
    return {**asdict(from_attributes(Version, fact, made_by=made_by)), "made_at": fact.time}
