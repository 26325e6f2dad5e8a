"""Offerings as their readers see them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct, field

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.matching import Eligibility
from contracts.values import Caller, Language, Money, Period
from services.matching import policy
from services.matching.offerings import publication_store, remark_store, translation_store
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import Offering, ResourceStatus, ShownStatus
from services.matching.offerings.translation_store import OfferingTranslationView
from services.matching.policy import Action, Guarded


class CapacityView(Struct, frozen=True, kw_only=True):
    """A period with the number of deliveries possible, and the number taken by confirmed matches.

    For kinds of assistance that may put persons at risk, only the provider and UNODC see `taken`.
    """

    starts: date = field(name="from")
    ends: date = field(name="until")
    units: int
    taken: int | None


class PublicationView(Struct, frozen=True, kw_only=True):
    """The entry of an offering in the public catalogue; it is shown while the offering is available."""

    language: Language
    title: str
    summary: str
    published_at: datetime


class OfferingView(Struct, frozen=True, kw_only=True):
    """An offering with its texts, in the language they were written in.

    `translation` has the texts that are translated into the reader's language; it is null if there are none.

    `missing_curriculum` is the content named in paragraph I.k that a training on mutual legal assistance leaves out.
    `publication` is its entry in the public catalogue, null if it has none. `reason` is why it was returned, `comment`
    belongs to its last move, `moves` are those that the caller may make.
    """

    offering_id: UUID
    provider: str
    status: ShownStatus
    revision: int
    language: str
    title: str
    summary: str
    translation: OfferingTranslationView | None
    kinds: tuple[str, ...]
    topics: tuple[str, ...]
    articles: tuple[str, ...]
    paragraphs: tuple[str, ...]
    pillars: tuple[str, ...]
    languages: tuple[str, ...]
    interpretation: tuple[str, ...]
    modalities: tuple[str, ...]
    eligible: Eligibility
    valid: Period
    capacity: tuple[CapacityView, ...]
    group_size_max: int | None
    resource_status: ResourceStatus
    funding_needed: Money | None
    curriculum: tuple[str, ...]
    treaties: tuple[str, ...]
    missing_curriculum: tuple[str, ...]
    drafted_at: datetime
    submitted_at: datetime | None
    available_since: datetime | None
    reconfirmed_at: datetime | None
    publication: PublicationView | None
    reason: str | None
    comment: str
    moves: tuple[str, ...]


async def read(tx: Tx, ctx: Context, offering_id: UUID) -> OfferingView:
    """Return the offering for a caller who may see it. Raise Missing."""
    found = await offering_store.get(tx, offering_id, ctx.caller)
    return (await views_of(tx, [found], ctx.caller, ctx.now, ctx.language))[0]


async def views_of(
    tx: Tx, offerings: Sequence[Offering], caller: Caller, now: datetime, language: Language | None
) -> list[OfferingView]:
    """Return the views of offerings that the caller may see, with their texts."""
    others = [offering for offering in offerings if language and offering.language != language]
    found = await translation_store.views(tx, others, language) if others else []
    translations = {one.offering_id: one for one in found}
    texts = await offering_store.texts(tx, [offering.offering_id for offering in offerings])
    comments = await remark_store.comments_of(tx, [(offering.offering_id, offering.revision) for offering in offerings])
    public = await publication_store.texts(tx, [one.offering_id for one in offerings if one.publication])
    erased = offering_store.Texts(title="", summary="")
    return [
        view(
            offering,
            texts.get(offering.offering_id, erased),
            comments.get((offering.offering_id, offering.revision), ""),
            _guarded(caller, offering),
            caller,
            now.date(),
            translations.get(offering.offering_id),
            public.get(offering.offering_id, erased),
        )
        for offering in offerings
    ]


def _guarded(caller: Caller, offering: Offering) -> frozenset[str]:
    return policy.decide(caller, Action.SHOW_OFFERING, offering).required().fields


def view(
    offering: Offering,
    texts: offering_store.Texts,
    comment: str,
    guarded: frozenset[str],
    caller: Caller,
    today: date,
    translation: OfferingTranslationView | None,
    public: offering_store.Texts,
) -> OfferingView:
    terms = offering.terms
    return from_attributes(
        OfferingView,
        terms,
        offering_id=offering.offering_id,
        provider=offering.provider,
        status=offering.shown_status(today),
        revision=offering.revision,
        language=offering.language,
        title=texts.title,
        summary=texts.summary,
        translation=translation,
        capacity=tuple(
            CapacityView(
                starts=one.period.starts,
                ends=one.period.ends,
                units=one.units,
                taken=one.units - offering.room(one) if Guarded.TAKEN in guarded else None,
            )
            for one in terms.capacity
        ),
        resource_status=ResourceStatus(terms.resource_status),
        missing_curriculum=offering.missing_curriculum,
        drafted_at=offering.drafted_at,
        submitted_at=offering.submitted_at,
        available_since=offering.available_since,
        reconfirmed_at=offering.reconfirmed_at,
        publication=_published(offering, public),
        reason=offering.reason,
        comment=comment if Guarded.COMMENT in guarded else "",
        moves=policy.moves_open_to(caller, offering),
    )


def _published(offering: Offering, texts: offering_store.Texts) -> PublicationView | None:
    one = offering.publication
    if one is None:
        return None
    return PublicationView(
        language=one.language, title=texts.title, summary=texts.summary, published_at=one.published_at
    )
