"""Routes of offerings. Each opens one transaction; a repeated command gets the recorded answer."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct, field
from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, Now, Pagination, ReaderLanguage, StreamFactory, requires
from chassis.http.commands import change, create, show
from chassis.http.event_streams import EVENT_STREAM, EventStream, LastEventId
from chassis.http.merge_patch import patched
from chassis.http.queries import query_parameter
from chassis.journal.event_feed import FeedItem
from contracts.conversion import from_attributes
from contracts.facts import Fact
from contracts.matching import Eligibility
from contracts.values import Caller, Code, Language, Money, Organization, Period
from services.matching import policy
from services.matching.commands import Comment, NewOffering, OfferingPatch, Reason, body_of
from services.matching.fields import check_reason
from services.matching.offerings import actions as offering_actions
from services.matching.offerings import remark_store, translation_store
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import Offering, ResourceStatus, ShownStatus
from services.matching.offerings.translation_store import OfferingTranslationView
from services.matching.policy import Action, Guarded

B = TypeVar("B", Comment, Reason)


class CapacityView(Struct, frozen=True, kw_only=True):
    """A period with the number of deliveries possible, and the number taken by confirmed matches.

    For kinds of assistance that may put persons at risk, only the provider and UNODC see `taken`.
    """

    starts: date = field(name="from")
    ends: date = field(name="until")
    units: int
    taken: int | None


class OfferingView(Struct, frozen=True, kw_only=True):
    """An offering with its texts, in the language they were written in.

    `translation` has those that are translated into the reader's language, beside the source; null if there are none.

    `missing_curriculum` is the content named in paragraph I.k that a training on mutual legal assistance leaves out.
    `reason` is why it was returned, `comment` belongs to its last move, `moves` are those that the caller may make.
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
    reason: str | None
    comment: str
    moves: tuple[str, ...]


class OfferingPage(Struct, frozen=True, kw_only=True):
    """Offerings, newest first; `cursor` leads to the next page."""

    offerings: list[OfferingView]
    cursor: str | None


async def _read(tx: Tx, ctx: Context, offering_id: UUID) -> OfferingView:
    found = await offering_store.get(tx, offering_id, ctx.caller)
    return (await _views(tx, [found], ctx.caller, ctx.now, ctx.language))[0]


@create("/v1/offerings", Action.OFFER, "Offer assistance: a draft, or submitted for approval at once", read=_read)
async def create_offering(tx: Tx, ctx: Context, offering_id: UUID, data: JSONBody[NewOffering]) -> None:
    policy.decide(ctx.caller, Action.OFFER).required()
    content, texts, salt = data.content()
    await offering_actions.create(tx, ctx, offering_id, content, texts, salt, submit=data.submit)


@get("/v1/offerings", opt=requires(Action.LIST_OFFERINGS), summary="The offerings this caller may see, newest first")
async def list_offerings(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    now: Now,
    reader_language: ReaderLanguage,
    status: FromQuery[ShownStatus | None] = None,
    kind: Annotated[str | None, query_parameter(Code)] = None,
    provider: Annotated[str | None, query_parameter(Organization)] = None,
    language: FromQuery[Language | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=offering_store.LIST_MAX)] = 50,
) -> Response[OfferingPage]:
    """Each with its translation into `language`, or into that of `Accept-Language`, if there is one."""
    async with db.transaction(by=caller) as tx:
        found = await offering_store.page(
            tx,
            caller,
            status=status,
            kind=kind,
            provider=provider,
            before=cursor,
            today=now.date(),
            limit=limit + 1,
        )
        return paging.page(OfferingPage, await _views(tx, found, caller, now, language or reader_language), limit)


@show("/v1/offerings/{offering_id:uuid}", Action.SHOW_OFFERING, "One offering")
async def show_offering(
    tx: Tx, ctx: Context, offering_id: FromPath[UUID], language: FromQuery[Language | None] = None
) -> OfferingView:
    """With its translation into `language`, or into that of `Accept-Language`, if there is one."""
    return await _read(tx, replace(ctx, language=language or ctx.language), offering_id)


@change(
    "/v1/offerings/{offering_id:uuid}",
    Action.REVISE,
    "Revise an offering; what was approved needs approval again",
    read=_read,
    method="PATCH",
)
async def revise_offering(tx: Tx, ctx: Context, offering_id: FromPath[UUID], data: JSONBody[OfferingPatch]) -> None:
    """A JSON merge patch. Matches are kept.

    A period with units taken cannot be removed, moved or made too small for them.
    """
    before, texts = await offering_actions.to_revise(tx, ctx, offering_id)
    content, new, salt = patched(body_of(before, texts), data).content()
    if new == texts and (kept := await offering_store.salt(tx, offering_id)):
        # The same texts keep their hash: translations of them are not stale.
        content, salt = replace(content, texts_hash=before.texts_hash), kept
    await offering_actions.revise(tx, ctx, before, content, new, salt)


def _move_route(
    action: Action, summary: str, body: type[B], decide: Callable[[Offering, B, datetime], Fact]
) -> HTTPRouteHandler:
    """The route of one move: `POST …/{id}/<action>`, with `body` as its data."""

    @change(f"/v1/offerings/{{offering_id:uuid}}/{action}", action, summary, read=_read, name=f"{action} offering")
    async def move_offering(tx: Tx, ctx: Context, offering_id: FromPath[UUID], data: JSONBody[body]) -> None:  # type: ignore[valid-type]
        comment = data.comment  # type: ignore[attr-defined]
        await offering_actions.move(
            tx, ctx, offering_id, action, lambda offering: decide(offering, data, ctx.now), comment=comment
        )

    return move_offering


async def _views(
    tx: Tx, offerings: Sequence[Offering], caller: Caller, now: datetime, language: Language | None
) -> list[OfferingView]:
    others = [offering for offering in offerings if language and offering.language != language]
    found = await translation_store.views(tx, others, language) if others else []
    translations = {one.offering_id: one for one in found}
    texts = await offering_store.texts(tx, [offering.offering_id for offering in offerings])
    comments = await remark_store.comments_of(tx, [(offering.offering_id, offering.revision) for offering in offerings])
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
    translation: OfferingTranslationView | None = None,
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
        reason=offering.reason,
        comment=comment if Guarded.COMMENT in guarded else "",
        moves=policy.moves_open_to(caller, offering),
    )


@get(
    "/v1/events/matching",
    opt=requires(Action.FOLLOW),
    media_type=EVENT_STREAM,
    summary="Stream events of offerings and matches",
)
async def follow_offerings_and_matches(
    stream: StreamFactory, last_event_id: LastEventId = None
) -> EventStream[FeedItem]:
    """Events visible to the caller; of another organization's offering only that it is available."""
    return stream(last_event_id)


ROUTES = [
    follow_offerings_and_matches,
    create_offering,
    list_offerings,
    show_offering,
    revise_offering,
    _move_route(Action.SUBMIT, "Submit a draft for approval", Comment, lambda o, _, now: o.submit(now=now)),
    _move_route(Action.APPROVE, "Approve an offering", Comment, lambda o, _, now: o.approve(now=now)),
    _move_route(
        Action.RETURN,
        "Return an offering to its provider",
        Reason,
        lambda o, body, now: o.give_back(check_reason("return", body.reason), now=now),
    ),
    _move_route(Action.SUSPEND, "Take no new matches for a while", Comment, lambda o, _, now: o.suspend(now=now)),
    _move_route(Action.RESUME, "Be available again", Comment, lambda o, _, now: o.resume(now=now)),
    _move_route(Action.RECONFIRM, "Reconfirm an offering", Comment, lambda o, _, now: o.reconfirm(now=now)),
    _move_route(Action.WITHDRAW, "Withdraw an offering", Comment, lambda o, _, now: o.withdraw(now=now)),
]
