"""Actions on activities: each loads the record, decides, and records a fact. Only allocations post to the ledger.

The route opens the transaction.
"""

from datetime import date
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.texts import hash_texts
from services.pledges import policy
from services.pledges.activities import model as activities
from services.pledges.activities import store as activity_store
from services.pledges.activities.model import Activity, Plan
from services.pledges.allocations import store as allocation_store
from services.pledges.funds import actions as fund_actions
from services.pledges.ledger import record
from services.pledges.policy import Action


async def plan(tx: Tx, ctx: Context, activity_id: UUID, wanted: Plan, title: str) -> None:
    """Plan an activity of an open fund."""
    await fund_actions.require_fund(tx, wanted.fund)
    salt, texts_hash = hash_texts(title)
    await record.record(tx, activities.plan(activity_id, wanted, texts_hash, now=ctx.now), version=1)
    await activity_store.save_title(tx, activity_id, title, salt)


async def revise(tx: Tx, ctx: Context, activity_id: UUID, wanted: Plan, title: str) -> None:
    """Change the plan and delete the old title."""
    before = await _held(tx, ctx, activity_id, Action.REVISE_ACTIVITY)
    salt, texts_hash = hash_texts(title)
    await record.record(tx, before.revise(wanted, texts_hash, now=ctx.now), version=before.revision + 1)
    await activity_store.save_title(tx, activity_id, title, salt)


async def complete(tx: Tx, ctx: Context, activity_id: UUID, participants: int | None, *, on: date) -> None:
    """Complete the activity, on a past day or today. Unspent allocations can still be spent or returned."""
    before = await _held(tx, ctx, activity_id, Action.COMPLETE_ACTIVITY)
    record.check_not_ahead(on, ctx.now)
    fact = before.complete(participants, await allocation_store.fund_donors(tx, before.fund), on=on, now=ctx.now)
    await record.record(tx, fact, version=before.revision + 1)


async def cancel(tx: Tx, ctx: Context, activity_id: UUID, reason: str) -> None:
    """Cancel the activity. Raises Conflict while allocated money is unspent."""
    before = await _held(tx, ctx, activity_id, Action.CANCEL_ACTIVITY)
    fact = before.cancel(
        reason,
        await allocation_store.fund_donors(tx, before.fund),
        # Safe without another lock: allocating locks the activity as well.
        unspent_usd_minor=await activity_store.unspent(tx, activity_id),
        now=ctx.now,
    )
    await record.record(tx, fact, version=before.revision + 1)


async def _held(tx: Tx, ctx: Context, activity_id: UUID, action: Action) -> Activity:
    activity = await activity_store.get(tx, activity_id, lock=True)
    policy.decide(ctx.caller, action, activity).required()
    check_revision(activity.revision, ctx.expected)
    return activity
