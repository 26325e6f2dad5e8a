"""Routes of the hand-over to the portal: a batch is made, read as JSON or CSV, and confirmed."""

import hashlib
import io
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, Now, requires
from chassis.http.commands import change, create, show
from chassis.http.downloads import Download
from chassis.http.idempotency import check_revision
from chassis.http.pages import Pagination, Part
from chassis.journal.outbox import announce
from chassis.sheets.cells import CSV_TYPE
from contracts.refusals import Conflict
from services.sherloc import policy
from services.sherloc.bodies import Nothing
from services.sherloc.contributions.exports import model, store
from services.sherloc.contributions.exports.views import (
    ContributionExportView,
    ExportedContributions,
    batch_of_call,
    csv_of_rows,
    export_view,
    export_view_of,
    exported,
)
from services.sherloc.policy import Action

EXPORT = "/v1/contribution-exports/{contribution_export_id:uuid}"


class ContributionExportPage(Struct, frozen=True, kw_only=True):
    """Batches, newest first; `cursor` leads to the next page."""

    exports: list[ContributionExportView]
    cursor: str | None


@get("/v1/contribution-exports", opt=requires(Action.LIST_EXPORTS), summary="Batches for the portal")
async def list_exports(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 25,
) -> Response[ContributionExportPage]:
    """Requires the role `coordinator`, `auditor`, or `provider_officer` of UNODC, such as the portal's API client."""
    policy.decide(caller, Action.LIST_EXPORTS).required()
    async with db.transaction(by=caller) as tx:
        found = await store.page(tx, caller, before=cursor, limit=limit + 1)
    return paging.page(ContributionExportPage, found, limit, view=export_view_of)


@create(
    "/v1/contribution-exports",
    Action.MAKE_EXPORT,
    "Make the next batch for the portal",
    read=batch_of_call,
)
async def make_export(
    tx: Tx, ctx: Context, contribution_export_id: UUID, data: JSONBody[Nothing]
) -> ContributionExportView:
    """Makes a batch of contributions that were published, or superseded or withdrawn after their hand-over.

    A batch has at most 500 contributions, and each change is in one batch only. Until the batch is confirmed, every
    call returns the same batch.
    """
    policy.decide(ctx.caller, Action.MAKE_EXPORT).required()
    async with tx.as_service():
        await store.lock(tx)
        found = await store.open_batch(tx)
        if found is None:
            fact = model.make(contribution_export_id, await store.due(tx), now=ctx.now)
            found = model.evolve(None, fact)
            await store.save(tx, found, fact)
            await announce(tx, fact, version=found.revision)
        elif found.contribution_export_id > contribution_export_id:
            # Another call has made the batch meanwhile; a repeat of this call would not find the batch by its id.
            raise Conflict("command-under-way")
    return export_view_of(found)


@show(EXPORT, Action.SHOW_EXPORT, "One batch")
async def show_export(tx: Tx, ctx: Context, contribution_export_id: FromPath[UUID]) -> ContributionExportView:
    """Shows the number of contributions in the batch, and whether the portal has confirmed it."""
    return await export_view(tx, ctx, contribution_export_id)


@get(
    f"{EXPORT}/contributions",
    opt=requires(Action.SHOW_EXPORT),
    summary="The contributions of a batch",
)
async def list_exported_contributions(
    db: Db, caller: CurrentCaller, now: Now, part: Part, contribution_export_id: FromPath[UUID]
) -> ExportedContributions:
    """Lists the contributions in the order in which they were published, superseded or withdrawn."""
    async with db.transaction(by=caller, snapshot=True) as tx:
        return part.of(await exported(tx, Context(caller=caller, now=now, expected=0), contribution_export_id))


@get(
    f"{EXPORT}/contributions.csv",
    opt=requires(Action.SHOW_EXPORT),
    media_type=CSV_TYPE,
    summary="The contributions of a batch, as CSV",
)
async def exported_contributions_as_csv(
    db: Db, caller: CurrentCaller, now: Now, contribution_export_id: FromPath[UUID]
) -> Download:
    """Returns the contributions of the batch as CSV (RFC 4180, UTF-8).

    Several values of a cell are separated by semicolons. A text that begins like a formula is preceded by an
    apostrophe.
    """
    async with db.transaction(by=caller, snapshot=True) as tx:
        found = await exported(tx, Context(caller=caller, now=now, expected=0), contribution_export_id)
    content = csv_of_rows(found.contributions)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    name = f"contributions-{contribution_export_id}.csv"
    return Download(io.BytesIO(content), name=name, size_bytes=len(content), etag=tag, media_type=CSV_TYPE)


@change(f"{EXPORT}/confirm", Action.CONFIRM_EXPORT, "Confirm a batch", read=export_view)
async def confirm_export(tx: Tx, ctx: Context, contribution_export_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    """Requires the role `coordinator` or `provider_officer` of UNODC. The next batch can then be made.

    The confirmation states that the portal has taken over the whole batch.
    """
    found = await store.get(tx, contribution_export_id, ctx.caller)
    policy.decide(ctx.caller, Action.CONFIRM_EXPORT, found).required()
    async with tx.as_service():
        before = await store.get_as_service(tx, contribution_export_id)
        assert before is not None, "the caller may see the batch, so it exists"
        check_revision(before.revision, ctx.expected)
        fact = before.confirm(now=ctx.now)
        after = model.evolve(before, fact)
        await store.save(tx, after, fact)
        await announce(tx, fact, version=after.revision)


ROUTES = [
    list_exports,
    make_export,
    show_export,
    list_exported_contributions,
    exported_contributions_as_csv,
    confirm_export,
]
