"""Actions on who is in charge of a request. The caller opens the transaction."""

from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from contracts.refusals import Invalid
from services.requests import policy
from services.requests.policy import Action
from services.requests.request import actions as request_actions
from services.requests.request import store as request_store
from services.requests.work import store

HAND_OVER_MAX = 500
"""Requests handed over in one call; a repeat with a new key hands over the next."""


async def assign(tx: Tx, ctx: Context, request_id: UUID, assignee: UUID | None, comment: str) -> None:
    """Put a coordinator in charge of a request. Raises Invalid for a person who is none."""
    await _require_coordinator(tx, ctx, assignee)
    await request_actions.move(
        tx, ctx, request_id, Action.ASSIGN, lambda r: r.assign(assignee, now=ctx.now), comment=comment
    )


async def hand_over(tx: Tx, ctx: Context, giver: UUID, assignee: UUID) -> None:
    """Assign all requests in progress of one coordinator to another."""
    policy.decide(ctx.caller, Action.HAND_OVER).required()
    await _require_coordinator(tx, ctx, assignee)
    for request_id in await store.assigned_to(tx, giver, HAND_OVER_MAX):
        request = await request_store.get(tx, request_id, ctx.caller, lock=True)
        if request.assignee == giver:
            await request_actions.record(tx, request, request.assign(assignee, now=ctx.now))


async def _require_coordinator(tx: Tx, ctx: Context, assignee: UUID | None) -> None:
    if assignee is not None and not await store.is_coordinator(tx, assignee, ctx.now):
        raise Invalid("not-a-coordinator", field="assignee")
