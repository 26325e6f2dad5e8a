"""The public summary of a request: a draft, and the version that the State approved, without their texts."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.refusals import Conflict, Invalid, Missing
from contracts.summaries import (
    PublicSummaryApproved,
    PublicSummaryDrafted,
    PublicSummaryRevised,
    PublicSummaryTranslated,
    PublicSummaryTranslationRemoved,
    PublicSummaryUnpublished,
)
from contracts.translations import TranslatedBy
from contracts.values import Language
from services.requests.request.model import Request
from services.requests.request.values import Visibility


class SummaryStatus(StrEnum):
    """The status of a summary: a draft, approved in its latest version, or changed after its approval."""

    DRAFT = "draft"
    APPROVED = "approved"
    CHANGED = "changed"


class Version(Struct, frozen=True, kw_only=True):
    """The text in one language; it is the source if it was translated from its own language."""

    language: Language
    made_by: TranslatedBy
    source_language: Language
    source_hash: str
    texts_hash: str


Edition = Mapping[Language, Version]
"""The source and its translations, by language."""


class PublicSummary(Struct, frozen=True, kw_only=True):
    """A public summary without its texts."""

    public_summary_id: UUID
    request_id: UUID
    state: str
    revision: int
    language: Language
    draft: Edition
    approved: Edition = {}
    approved_at: datetime | None = None

    @property
    def status(self) -> SummaryStatus:
        if not self.approved:
            return SummaryStatus.DRAFT
        return SummaryStatus.APPROVED if self.approved == self.draft else SummaryStatus.CHANGED

    @property
    def texts(self) -> set[str]:
        """The hashes of the texts of both editions."""
        return {one.texts_hash for edition in (self.draft, self.approved) for one in edition.values()}

    def revise(self, language: Language, by: TranslatedBy, texts_hash: str, *, now: datetime) -> PublicSummaryRevised:
        return PublicSummaryRevised(**self._ids(), language=language, made_by=by, texts_hash=texts_hash, revised_at=now)

    def translate(
        self, language: Language, by: TranslatedBy, texts_hash: str, *, now: datetime
    ) -> PublicSummaryTranslated:
        """Translate the draft. Raises Invalid for the language of the source."""
        if language is self.language:
            raise Invalid("translation-language", field="language")
        return PublicSummaryTranslated(
            **self._ids(),
            language=language,
            made_by=by,
            source_language=self.language,
            source_hash=self.draft[self.language].texts_hash,
            texts_hash=texts_hash,
            translated_at=now,
        )

    def remove_translation(self, language: Language, *, now: datetime) -> PublicSummaryTranslationRemoved:
        """Remove a translation. Raises Missing if there is none."""
        if language is self.language or language not in self.draft:
            raise Missing("not-found")
        return PublicSummaryTranslationRemoved(**self._ids(), language=language, removed_at=now)

    def approve(self, request: Request, *, now: datetime) -> PublicSummaryApproved:
        """Approve the draft. Raises Conflict if it is approved already, or the request may have no public summary."""
        check_publishable(request)
        if request.visibility is not Visibility.PUBLIC_SUMMARY:
            raise Conflict("summary-not-chosen", visibility=request.visibility)
        if self.status is SummaryStatus.APPROVED:
            raise Conflict("summary-approved-already")
        return PublicSummaryApproved(**self._ids(), approved_at=now)

    def unpublish(self, *, now: datetime) -> PublicSummaryUnpublished:
        """Unpublish the summary. Raises Conflict if no version is approved."""
        if not self.approved:
            raise Conflict("summary-not-approved")
        return PublicSummaryUnpublished(**self._ids(), unpublished_at=now)

    def _ids(self) -> dict[str, Any]:
        return {"public_summary_id": self.public_summary_id, "request_id": self.request_id, "state": self.state}


def is_stale(version: Version, edition: Edition) -> bool:
    """Check whether the source of the edition is no longer the text that was translated."""
    return version.source_hash not in {one.texts_hash for one in edition.values() if is_source(one)}


def is_source(version: Version) -> bool:
    return version.language == version.source_language


def check_publishable(request: Request) -> None:
    """Raise Conflict for a request with a kind of assistance that may put persons at risk when it is known."""
    if request.restricted:
        raise Conflict("summary-restricted")


def draft(
    public_summary_id: UUID, request: Request, language: Language, by: TranslatedBy, texts_hash: str, *, now: datetime
) -> PublicSummaryDrafted:
    check_publishable(request)
    return PublicSummaryDrafted(
        public_summary_id=public_summary_id,
        request_id=request.request_id,
        state=request.state,
        language=language,
        made_by=by,
        texts_hash=texts_hash,
        drafted_at=now,
    )


def evolve(summary: PublicSummary | None, fact: Fact) -> PublicSummary:
    """Apply a fact; the revision increases by one."""
    if summary is None:
        assert isinstance(fact, PublicSummaryDrafted), "a summary begins with a draft"
        return PublicSummary(
            public_summary_id=fact.public_summary_id,
            request_id=fact.request_id,
            state=fact.state,
            revision=1,
            language=fact.language,
            draft={fact.language: _source(fact)},
        )
    return replace(summary, revision=summary.revision + 1, **_changes(summary, fact))


def _changes(summary: PublicSummary, fact: Fact) -> dict[str, Any]:
    match fact:
        case PublicSummaryRevised():
            translations = {name: one for name, one in summary.draft.items() if name != summary.language}
            return {"language": fact.language, "draft": {**translations, fact.language: _source(fact)}}
        case PublicSummaryTranslated():
            version = Version(
                language=fact.language,
                made_by=TranslatedBy(fact.made_by),
                source_language=fact.source_language,
                source_hash=fact.source_hash,
                texts_hash=fact.texts_hash,
            )
            return {"draft": {**summary.draft, fact.language: version}}
        case PublicSummaryTranslationRemoved():
            return {"draft": {name: one for name, one in summary.draft.items() if name != fact.language}}
        case PublicSummaryApproved():
            return {"approved": summary.draft, "approved_at": fact.approved_at}
        case PublicSummaryUnpublished():
            return {"approved": {}, "approved_at": None}
    raise AssertionError(f"{fact.type} is not a public summary's fact")


def _source(fact: PublicSummaryDrafted | PublicSummaryRevised) -> Version:
    return Version(
        language=fact.language,
        made_by=TranslatedBy(fact.made_by),
        source_language=fact.language,
        source_hash=fact.texts_hash,
        texts_hash=fact.texts_hash,
    )
