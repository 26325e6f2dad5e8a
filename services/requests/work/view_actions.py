"""Actions on saved views. The caller opens the transaction."""

from collections.abc import Callable
from uuid import UUID

from msgspec.structs import replace

from chassis import erasure
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from contracts.refusals import Conflict
from services.requests import policy
from services.requests.policy import Action
from services.requests.work import view_store
from services.requests.work.query import WorkQuery
from services.requests.work.saved_views import VIEWS_MAX, SavedView


async def create(tx: Tx, ctx: Context, view_id: UUID, name: str, shared: bool, query: WorkQuery) -> None:
    """Create a saved view. Raises Conflict at the limit."""
    policy.decide(ctx.caller, Action.SAVE_VIEW).required()
    await erasure.require_not_erased(tx, ctx.caller.person_id)
    if await view_store.count_own(tx, ctx.caller) >= VIEWS_MAX:
        raise Conflict("view-limit-reached", limit=VIEWS_MAX)
    view = SavedView(
        view_id=view_id,
        person_id=ctx.caller.person_id,
        organization=ctx.caller.organization,
        name=name,
        shared=shared,
        query=query,
        created_at=ctx.now,
        revision=1,
    )
    await view_store.save(tx, view)


async def revise(tx: Tx, ctx: Context, view_id: UUID, revised: Callable[[SavedView], SavedView]) -> None:
    """Revise a saved view; a change without effect keeps the revision."""
    view = await _expected(tx, ctx, view_id, Action.REVISE_VIEW)
    after = revised(view)
    if after != view:
        await view_store.save(tx, replace(after, revision=view.revision + 1))


async def remove(tx: Tx, ctx: Context, view_id: UUID) -> None:
    await _expected(tx, ctx, view_id, Action.REMOVE_VIEW)
    await view_store.delete(tx, view_id, ctx.caller)


async def _expected(tx: Tx, ctx: Context, view_id: UUID, action: Action) -> SavedView:
    view = await view_store.get(tx, view_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, view).required()
    check_revision(view.revision, ctx.expected)
    return view
