"""Facts of translations: of a request's texts, owned by requests, and of an offering's, owned by matching.

A translation is stored beside its source and never replaces it. `source_hash` is the salted hash of the source texts
that were translated: while it equals that of the source, the translation is not stale. `texts_hash` is that of the
translation.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.facts import Fact
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
