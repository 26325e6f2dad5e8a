"""Routes of portal extensions. Each opens one transaction; a repeated command gets the recorded answer."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination
from contracts.conversion import from_attributes
from contracts.extensions import ExtensionStatus
from services.sherloc.bodies import CodedReason, Nothing, check_reason
from services.sherloc.extensions import actions, store
from services.sherloc.extensions.commands import NoteProgress, ProposeExtension, ReviseExtension
from services.sherloc.extensions.model import Description, ExtensionTexts
from services.sherloc.extensions.views import ExtensionView, extension_view, views_of
from services.sherloc.policy import Action

EXTENSION = "/v1/extensions/{extension_id:uuid}"


class ExtensionPage(Struct, frozen=True, kw_only=True):
    """Portal extensions, newest first; `cursor` leads to the next page."""

    extensions: list[ExtensionView]
    cursor: str | None


@get("/v1/extensions", opt=requires(Action.LIST_EXTENSIONS), summary="The extensions of the portal")
async def list_extensions(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    status: FromQuery[ExtensionStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[ExtensionPage]:
    """Lists extensions for every appointment, with the States that voted for each and its number of pledges."""
    async with db.transaction(by=caller) as tx:
        found = await store.page(tx, caller, status=status, before=cursor, limit=limit + 1)
        views = await views_of(tx, found, caller)
    return paging.page(ExtensionPage, views, limit)


@create("/v1/extensions", Action.PROPOSE_EXTENSION, "Propose an extension of the portal", read=extension_view)
async def propose_extension(tx: Tx, ctx: Context, extension_id: UUID, data: JSONBody[ProposeExtension]) -> None:
    """Requires the role `coordinator`."""
    data.check()
    await actions.propose_extension(
        tx, ctx, extension_id, from_attributes(Description, data), from_attributes(ExtensionTexts, data)
    )


@show(EXTENSION, Action.SHOW_EXTENSION, "One extension of the portal")
async def show_extension(tx: Tx, ctx: Context, extension_id: FromPath[UUID]) -> ExtensionView:
    """Shows an extension, with its votes and the notes on its progress, newest first."""
    return await extension_view(tx, ctx, extension_id)


@change(f"{EXTENSION}/revise", Action.REVISE_EXTENSION, "Revise an extension", read=extension_view)
async def revise_extension(tx: Tx, ctx: Context, extension_id: FromPath[UUID], data: JSONBody[ReviseExtension]) -> None:
    """Requires the role `coordinator`. An extension that is released or dropped cannot be revised. Votes remain."""
    data.check()
    await actions.revise_extension(
        tx, ctx, extension_id, from_attributes(Description, data), from_attributes(ExtensionTexts, data)
    )


@change(f"{EXTENSION}/plan", Action.PLAN_EXTENSION, "Plan an extension", read=extension_view)
async def plan_extension(tx: Tx, ctx: Context, extension_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    """Requires the role `coordinator`.

    The extension is to be built. Donors who earmarked a pledge to it are notified.
    """
    await actions.change_phase(
        tx, ctx, extension_id, Action.PLAN_EXTENSION, lambda one, donors: one.plan(donors, now=ctx.now)
    )


@change(f"{EXTENSION}/begin", Action.BEGIN_EXTENSION, "Begin to build an extension", read=extension_view)
async def begin_extension(tx: Tx, ctx: Context, extension_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    """Requires the role `coordinator`. Donors who earmarked a pledge to the extension are notified."""
    await actions.change_phase(
        tx, ctx, extension_id, Action.BEGIN_EXTENSION, lambda one, donors: one.begin(donors, now=ctx.now)
    )


@change(f"{EXTENSION}/release", Action.RELEASE_EXTENSION, "Release an extension", read=extension_view)
async def release_extension(tx: Tx, ctx: Context, extension_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    """Requires the role `coordinator`.

    The portal has the extension. Donors who earmarked a pledge to it are notified.
    """
    await actions.change_phase(
        tx, ctx, extension_id, Action.RELEASE_EXTENSION, lambda one, donors: one.release(donors, now=ctx.now)
    )


@change(f"{EXTENSION}/drop", Action.DROP_EXTENSION, "Drop an extension", read=extension_view)
async def drop_extension(tx: Tx, ctx: Context, extension_id: FromPath[UUID], data: JSONBody[CodedReason]) -> None:
    """Requires the role `coordinator` and a coded reason.

    Donors who earmarked a pledge to the extension are notified.
    """
    reason = check_reason("drop_extension", data.reason)
    await actions.change_phase(
        tx, ctx, extension_id, Action.DROP_EXTENSION, lambda one, donors: one.drop(donors, reason, now=ctx.now)
    )


@change(f"{EXTENSION}/note", Action.NOTE_PROGRESS, "Add a note on the progress of an extension", read=extension_view)
async def note_progress(tx: Tx, ctx: Context, extension_id: FromPath[UUID], data: JSONBody[NoteProgress]) -> None:
    """Requires the role `coordinator` and an extension that is planned, in progress or released. At most 100 notes."""
    await actions.note_progress(tx, ctx, extension_id, data.language, data.text)


@change(f"{EXTENSION}/vote", Action.VOTE_FOR_EXTENSION, "Vote for an extension", read=extension_view, if_match=False)
async def vote_for_extension(tx: Tx, ctx: Context, extension_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    """Requires the role `focal_point`. A State has one vote, which every appointment sees. `If-Match` is not needed."""
    state = ctx.caller.organization
    await actions.vote(tx, ctx, extension_id, Action.VOTE_FOR_EXTENSION, lambda one: one.vote(state, now=ctx.now))


@change(f"{EXTENSION}/withdraw-vote", Action.WITHDRAW_VOTE, "Withdraw a vote", read=extension_view, if_match=False)
async def withdraw_vote(tx: Tx, ctx: Context, extension_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    """Requires the role `focal_point` of the State that voted. `If-Match` is not needed."""
    state = ctx.caller.organization
    await actions.vote(tx, ctx, extension_id, Action.WITHDRAW_VOTE, lambda one: one.withdraw_vote(state, now=ctx.now))


ROUTES = [
    list_extensions,
    propose_extension,
    show_extension,
    revise_extension,
    plan_extension,
    begin_extension,
    release_extension,
    drop_extension,
    note_progress,
    vote_for_extension,
    withdraw_vote,
]
