"""Routes of offerings. Each opens one transaction; a repeated command gets the recorded answer."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, Now, ReaderLanguage, StreamFactory, requires
from chassis.http.commands import change, create, show
from chassis.http.event_streams import EVENT_STREAM, EventStream, LastEventId
from chassis.http.merge_patch import patched
from chassis.http.pages import Pagination
from chassis.http.queries import query_parameter
from chassis.journal.event_feed import FeedItem
from contracts.facts import Fact
from contracts.refusals import Missing
from contracts.values import Code, Language, Organization
from services.matching import policy
from services.matching.commands import Comment, NewOffering, OfferingBody, OfferingPatch, Reason, Reconfirm, body_of
from services.matching.fields import check_reason
from services.matching.offerings import actions as offering_actions
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import Offering, ShownStatus
from services.matching.offerings.views import OfferingView, read, views_of
from services.matching.policy import Action

B = TypeVar("B", Comment, Reason, Reconfirm)
WORDS_MIN, WORDS_MAX = 2, 100
"""Minimum and maximum number of characters of the words that a list is searched for."""


class OfferingPage(Struct, frozen=True, kw_only=True):
    """Offerings, newest first; `cursor` leads to the next page."""

    offerings: list[OfferingView]
    cursor: str | None


@create("/v1/offerings", Action.OFFER, "Offer assistance: a draft, or submitted for approval at once", read=read)
async def create_offering(tx: Tx, ctx: Context, offering_id: UUID, data: JSONBody[NewOffering]) -> None:
    """Creates an offering of the caller's organization.

    `from_offering` is an earlier offering of the organization: its content and texts are copied, with validity and
    periods a year later; values in the body replace the copied ones. Its contact point and its entry in the public
    catalogue are not copied.
    """
    policy.decide(ctx.caller, Action.OFFER).required()
    body = data.body() if data.from_offering is None else await _copied(tx, ctx, data, data.from_offering)
    content, texts, salt = body.content()
    await offering_actions.create(tx, ctx, offering_id, content, texts, salt, submit=data.submit)


async def _copied(tx: Tx, ctx: Context, data: NewOffering, from_offering: UUID) -> OfferingBody:
    earlier = await offering_store.get(tx, from_offering, ctx.caller)
    # Other organizations see an available offering but do not copy it.
    if earlier.provider != ctx.caller.organization:
        raise Missing("not-found")
    found = await offering_store.texts(tx, [from_offering])
    return data.over(body_of(earlier, found.get(from_offering, offering_store.Texts(title="", summary=""))))


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
    delivery_language: FromQuery[Language | None] = None,
    language: FromQuery[Language | None] = None,
    q: Annotated[str | None, QueryParameter(min_length=WORDS_MIN, max_length=WORDS_MAX)] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=offering_store.LIST_MAX)] = 50,
) -> Response[OfferingPage]:
    """Each offering has its translation into `language`, or into that of `Accept-Language`, if there is one.

    `q` searches the words of titles, in all languages that an offering has. `delivery_language` is spoken or
    interpreted.
    """
    async with db.transaction(by=caller) as tx:
        found = await offering_store.page(
            tx,
            caller,
            status=status,
            kind=kind,
            provider=provider,
            words=q,
            delivery_language=delivery_language,
            before=cursor,
            today=now.date(),
            limit=limit + 1,
        )
        return paging.page(OfferingPage, await views_of(tx, found, caller, now, language or reader_language), limit)


@show("/v1/offerings/{offering_id:uuid}", Action.SHOW_OFFERING, "One offering")
async def show_offering(
    tx: Tx, ctx: Context, offering_id: FromPath[UUID], language: FromQuery[Language | None] = None
) -> OfferingView:
    """Shows the offering with its translation into `language`, or into that of `Accept-Language`, if there is one."""
    return await read(tx, replace(ctx, language=language or ctx.language), offering_id)


@change(
    "/v1/offerings/{offering_id:uuid}",
    Action.REVISE,
    "Revise an offering; what was approved needs approval again",
    read=read,
    method="PATCH",
)
async def revise_offering(tx: Tx, ctx: Context, offering_id: FromPath[UUID], data: JSONBody[OfferingPatch]) -> None:
    """Takes a JSON merge patch. Matches are kept.

    A period with units taken cannot be removed, moved or made smaller than the units taken.
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
    """Return the route of one move: `POST …/{id}/<action>`, with `body` as its data."""

    async def move_offering(tx: Tx, ctx: Context, offering_id: FromPath[UUID], data: Any) -> None:
        await offering_actions.move(
            tx, ctx, offering_id, action, lambda offering: decide(offering, data, ctx.now), comment=data.comment
        )

    move_offering.__annotations__["data"] = cast(Any, JSONBody)[body]
    return change(
        f"/v1/offerings/{{offering_id:uuid}}/{action}", action, summary, read=read, name=f"{action} offering"
    )(move_offering)


@get(
    "/v1/events/matching",
    opt=requires(Action.FOLLOW),
    media_type=EVENT_STREAM,
    summary="Stream events of offerings and matches",
)
async def follow_offerings_and_matches(
    stream: StreamFactory, last_event_id: LastEventId = None
) -> EventStream[FeedItem]:
    """Streams the events visible to the caller.

    Of another organization's offering, only the events that show that it is available are visible.
    """
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
    _move_route(Action.SUSPEND, "Suspend an offering", Comment, lambda o, _, now: o.suspend(now=now)),
    _move_route(Action.RESUME, "Resume an offering", Comment, lambda o, _, now: o.resume(now=now)),
    _move_route(
        Action.RECONFIRM,
        "Reconfirm an offering, and extend its validity",
        Reconfirm,
        lambda o, body, now: o.reconfirm(body.valid_until, now=now),
    ),
    _move_route(Action.WITHDRAW, "Withdraw an offering", Comment, lambda o, _, now: o.withdraw(now=now)),
]
