"""Facts of the public summary of a request, owned by requests.

The summary is a separate text in a source language, with translations. `texts_hash` is the salted hash of one of its
texts; `source_hash` is that of the source that was translated.
"""

from datetime import datetime
from uuid import UUID

from contracts.facts import Fact
from contracts.values import Code, Language, State


class PublicSummaryDrafted(Fact, frozen=True, kw_only=True, tag="requests.public_summary.drafted.v1"):
    """The State or UNODC drafted the public summary of a request; the public does not see it."""

    public_summary_id: UUID
    request_id: UUID
    state: State
    language: Language
    made_by: Code
    texts_hash: str
    drafted_at: datetime


class PublicSummaryRevised(Fact, frozen=True, kw_only=True, tag="requests.public_summary.revised.v1"):
    """The source text of the draft was replaced; the approved summary stays public."""

    public_summary_id: UUID
    request_id: UUID
    state: State
    language: Language
    made_by: Code
    texts_hash: str
    revised_at: datetime


class PublicSummaryTranslated(Fact, frozen=True, kw_only=True, tag="requests.public_summary.translated.v1"):
    """The draft was translated, for the first time or again; the approved summary stays public."""

    public_summary_id: UUID
    request_id: UUID
    state: State
    language: Language
    made_by: Code
    source_language: Language
    source_hash: str
    texts_hash: str
    translated_at: datetime


class PublicSummaryTranslationRemoved(
    Fact, frozen=True, kw_only=True, tag="requests.public_summary.translation-removed.v1"
):
    """A translation was removed from the draft; the approved summary stays public."""

    public_summary_id: UUID
    request_id: UUID
    state: State
    language: Language
    removed_at: datetime


class PublicSummaryApproved(Fact, frozen=True, kw_only=True, tag="requests.public_summary.approved.v1"):
    """The State's focal point approved the draft and its translations for the public."""

    public_summary_id: UUID
    request_id: UUID
    state: State
    approved_at: datetime


class PublicSummaryUnpublished(Fact, frozen=True, kw_only=True, tag="requests.public_summary.unpublished.v1"):
    """The State's focal point unpublished the approved summary; the draft remains."""

    public_summary_id: UUID
    request_id: UUID
    state: State
    unpublished_at: datetime


FACTS: tuple[type[Fact], ...] = (
    PublicSummaryDrafted,
    PublicSummaryRevised,
    PublicSummaryTranslated,
    PublicSummaryTranslationRemoved,
    PublicSummaryApproved,
    PublicSummaryUnpublished,
)
