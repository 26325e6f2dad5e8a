"""Actions on the assignees of requests. The caller opens the transaction."""

from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from contracts.refusals import Invalid
from contracts.requests import RequestAssigned
from services.requests import policy
from services.requests.policy import Action
from services.requests.request import actions as request_actions
from services.requests.request import store as request_store
from services.requests.request.model import Request
from services.requests.work import store

HAND_OVER_MAX = 500
"""Maximum number of requests handed over in one call; a repeat with a new key hands over the next ones."""


async def assign(tx: Tx, ctx: Context, request_id: UUID, assignee: UUID | None, comment: str) -> None:
    """Put a coordinator in charge of a request. Raises Invalid for a person who is not a coordinator."""
    is_coordinator = assignee is None or await store.is_coordinator(tx, assignee, ctx.now)

    def decide(request: Request) -> RequestAssigned:
        # This runs after the policy, so that callers who may not assign are refused by it.
        _require(is_coordinator)
        return request.assign(assignee, now=ctx.now)

    await request_actions.move(tx, ctx, request_id, Action.ASSIGN, decide, comment=comment)


async def hand_over(tx: Tx, ctx: Context, giver: UUID, assignee: UUID) -> None:
    """Assign the requests in progress of one coordinator to another, at most HAND_OVER_MAX."""
    policy.decide(ctx.caller, Action.HAND_OVER).required()
    _require(await store.is_coordinator(tx, assignee, ctx.now))
    for request_id in await store.assigned_to(tx, giver, HAND_OVER_MAX):
        request = await request_store.get(tx, request_id, ctx.caller, lock=True)
        if request.assignee == giver:
            await request_actions.record(tx, request, request.assign(assignee, now=ctx.now))


def _require(is_coordinator: bool) -> None:
    if not is_coordinator:
        raise Invalid("not-a-coordinator", field="assignee")
