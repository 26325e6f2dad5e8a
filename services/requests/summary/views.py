"""Public summaries as the State and UNODC see them, and as the public sees them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.translations import TranslatedBy
from contracts.values import Language
from services.requests import policy
from services.requests.policy import Action
from services.requests.request import store
from services.requests.summary import store as summary_store
from services.requests.summary.model import Edition, SummaryStatus, is_source, is_stale
from services.requests.summary.store import Published, SummaryText, Texts

_ERASED = SummaryText(title="", body="")


class SummaryTranslation(Struct, frozen=True, kw_only=True):
    """A translation of a summary: who made it, and whether it is `stale` because the source was changed afterwards."""

    language: Language
    source_language: Language
    made_by: TranslatedBy
    stale: bool
    title: str
    body: str


class SummaryEdition(Struct, frozen=True, kw_only=True):
    """A summary in the language it was written in, with its translations."""

    language: Language
    title: str
    body: str
    translations: tuple[SummaryTranslation, ...]


class SummaryView(Struct, frozen=True, kw_only=True):
    """The public summary of a request: its draft, and the version that the State approved.

    `status` is `draft`, `approved`, or `changed` after the approval. It is `public` while the visibility of the request
    is `public_summary`, it circulates, none of its kinds is restricted, and a version is approved.
    """

    request_id: UUID
    state: str
    status: SummaryStatus
    revision: int
    public: bool
    draft: SummaryEdition
    approved: SummaryEdition | None
    approved_at: datetime | None


class PublicRequest(Struct, frozen=True, kw_only=True):
    """The approved summary of a request; `translation` is that into the language of the reader, or null.

    `languages` are all languages in which it can be read with `?language=`.
    """

    request_id: UUID
    state: str
    languages: tuple[Language, ...]
    language: Language
    title: str
    body: str
    translation: SummaryTranslation | None


async def read(tx: Tx, ctx: Context, request_id: UUID) -> SummaryView:
    """Return the summary for its State and UNODC. Raises Missing, and Forbidden for others who see the request."""
    request = await store.get(tx, request_id, ctx.caller)
    policy.decide(ctx.caller, Action.READ_SUMMARY, request).required()
    found = await summary_store.get(tx, request_id)
    texts = await summary_store.texts(tx, found.public_summary_id)
    return SummaryView(
        request_id=request_id,
        state=found.state,
        status=found.status,
        revision=found.revision,
        public=policy.is_public(request, found),
        draft=_edition(found.draft, texts),
        approved=_edition(found.approved, texts) if found.approved else None,
        approved_at=found.approved_at,
    )


def public_view(published: Published, language: Language | None) -> PublicRequest:
    """Return the summary as the public reads it."""
    edition = _published_edition(published)
    chosen: Iterable[SummaryTranslation] = (one for one in edition.translations if one.language == language)
    return PublicRequest(
        request_id=published.request_id,
        state=published.state,
        languages=tuple(sorted((edition.language, *(one.language for one in edition.translations)))),
        language=edition.language,
        title=edition.title,
        body=edition.body,
        translation=next(iter(chosen), None),
    )


def translations_of(published: Published) -> tuple[SummaryTranslation, ...]:
    """Return all translations that the public reads."""
    return _published_edition(published).translations


def _published_edition(published: Published) -> SummaryEdition:
    return _edition({Language(name): one for name, one in published.versions.items()}, published.texts)


def _edition(edition: Edition, texts: Texts) -> SummaryEdition:
    source = next(one for one in edition.values() if is_source(one))
    text = texts.get(source.texts_hash, _ERASED)
    return SummaryEdition(
        language=source.language,
        title=text.title,
        body=text.body,
        translations=tuple(
            SummaryTranslation(
                language=one.language,
                source_language=one.source_language,
                made_by=one.made_by,
                stale=is_stale(one, edition),
                title=translated.title,
                body=translated.body,
            )
            for one in sorted(edition.values(), key=lambda version: version.language)
            if one is not source and (translated := texts.get(one.texts_hash, _ERASED))
        ),
    )
