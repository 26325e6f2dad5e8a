"""The routes of public summaries: written by the State or UNODC, approved by the State, read by everybody."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import PUBLIC, PUBLISHED, Db, ReaderLanguage
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination
from chassis.http.queries import query_parameter
from chassis.ids import new_id
from contracts.values import Language, State
from services.requests.policy import Action
from services.requests.summary import actions
from services.requests.summary import store as summary_store
from services.requests.summary.store import SummaryText
from services.requests.summary.views import PublicRequest, SummaryView, public_view, read

SUMMARY = "/v1/requests/{request_id:uuid}/summary"
TRANSLATION = f"{SUMMARY}/translations/{{language:str}}"

CACHE_HEADERS = PUBLISHED | {"Vary": "Accept-Language"}

Title = Annotated[str, Meta(min_length=1, max_length=300)]
Body = Annotated[str, Meta(min_length=1, max_length=6000)]


class SummarySource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The text of a public summary, in the `language` it is written in."""

    language: Language
    title: Title
    body: Body


class TranslatedSummary(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A translation of the draft of a summary; `machine` is true if a machine made it."""

    title: Title
    body: Body
    machine: bool = False


class PublicRequestPage(Struct, frozen=True, kw_only=True):
    """Public summaries, those of the newest requests first; `cursor` leads to the next page."""

    requests: list[PublicRequest]
    cursor: str | None


@show(SUMMARY, Action.READ_SUMMARY, "The public summary of a request, as drafted and as approved")
async def show_summary(tx: Tx, ctx: Context, request_id: FromPath[UUID]) -> SummaryView:
    return await read(tx, ctx, request_id)


@create(
    SUMMARY,
    Action.DRAFT_SUMMARY,
    "Draft the public summary of a request",
    read=read,
    key=lambda request_id: request_id,
    location=lambda view: f"/v1/requests/{view.request_id}/summary",
)
async def draft_summary(
    tx: Tx, ctx: Context, _: UUID, request_id: FromPath[UUID], data: JSONBody[SummarySource]
) -> None:
    """Requires the role `focal_point` or `official` of the State, or `coordinator`.

    The summary is a separate text: it contains nothing of the request except what is written here.
    """
    text = SummaryText(title=data.title, body=data.body)
    await actions.draft(tx, ctx, new_id(), request_id, data.language, text)


@change(SUMMARY, Action.DRAFT_SUMMARY, "Revise the draft of a public summary", read=read, method="PUT")
async def revise_summary(tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[SummarySource]) -> None:
    """The approved version stays public until the draft is approved again."""
    await actions.revise(tx, ctx, request_id, data.language, SummaryText(title=data.title, body=data.body))


@change(TRANSLATION, Action.DRAFT_SUMMARY, "Translate the draft of a public summary", read=read, method="PUT")
async def translate_summary(
    tx: Tx, ctx: Context, request_id: FromPath[UUID], language: FromPath[Language], data: JSONBody[TranslatedSummary]
) -> None:
    """Adds or replaces the translation. It becomes public when the State approves the draft."""
    text = SummaryText(title=data.title, body=data.body)
    await actions.translate(tx, ctx, request_id, language, text, machine=data.machine)


@change(
    TRANSLATION, Action.DRAFT_SUMMARY, "Remove a translation from the draft of a summary", read=read, method="DELETE"
)
async def remove_summary_translation(
    tx: Tx, ctx: Context, request_id: FromPath[UUID], language: FromPath[Language]
) -> None:
    await actions.change(
        tx, ctx, request_id, Action.DRAFT_SUMMARY, lambda one, _: one.remove_translation(language, now=ctx.now)
    )


@change(f"{SUMMARY}/approve", Action.PUBLISH_SUMMARY, "Approve a public summary", read=read)
async def approve_summary(tx: Tx, ctx: Context, request_id: FromPath[UUID]) -> None:
    """Requires the role `focal_point` of the State.

    Approves the draft with its translations, in the revision of `If-Match`.
    """
    await actions.change(
        tx, ctx, request_id, Action.PUBLISH_SUMMARY, lambda one, request: one.approve(request, now=ctx.now)
    )


@change(f"{SUMMARY}/unpublish", Action.PUBLISH_SUMMARY, "Withdraw a public summary", read=read)
async def unpublish_summary(tx: Tx, ctx: Context, request_id: FromPath[UUID]) -> None:
    """Requires the role `focal_point` of the State. The draft remains, but only the State and UNODC read it."""
    await actions.change(tx, ctx, request_id, Action.PUBLISH_SUMMARY, lambda one, _: one.unpublish(now=ctx.now))


@get("/v1/public/requests", opt=PUBLIC, summary="The public summaries of requests, newest requests first")
async def list_public_requests(
    db: Db,
    paging: Pagination,
    reader_language: ReaderLanguage,
    state_: Annotated[str | None, query_parameter(State, name="state")] = None,
    language: FromQuery[Language | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=summary_store.LIST_MAX)] = 50,
) -> Response[PublicRequestPage]:
    """Lists requests whose State approved a summary: its text, its languages and the State, nothing else."""
    # There is no caller: the statement selects only what is public.
    async with db.transaction(by=None) as tx:
        found = await summary_store.page(tx, state=state_, before=cursor, limit=limit + 1)
    wanted = language or reader_language
    page = paging.page(PublicRequestPage, found, limit, view=lambda one: public_view(one, wanted))
    page.headers.update(CACHE_HEADERS)
    return page


@get("/v1/public/requests/{request_id:uuid}", opt=PUBLIC, summary="The public summary of a request")
async def show_public_request(
    request_id: FromPath[UUID],
    db: Db,
    reader_language: ReaderLanguage,
    language: FromQuery[Language | None] = None,
) -> Response[PublicRequest]:
    """A request without a public summary is answered like one that does not exist."""
    # There is no caller: the statement selects only what is public.
    async with db.transaction(by=None) as tx:
        found = await summary_store.published(tx, request_id)
    return Response(public_view(found, language or reader_language), headers=CACHE_HEADERS)


ROUTES = [
    show_summary,
    draft_summary,
    revise_summary,
    translate_summary,
    remove_summary_translation,
    approve_summary,
    unpublish_summary,
    list_public_requests,
    show_public_request,
]
