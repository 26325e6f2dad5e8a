"""Keyed locks on capacity: an agreement that may take a unit waits in its process for the offering's lock, then begins.

So no connection waits for a busy offering, which is read in a transaction of its own before.
"""

from collections.abc import Sequence
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Database
from services.matching.matches import store as match_store


async def of_match(db: Database, ctx: Context, match_id: UUID) -> Sequence[str]:
    """Return the lock on the capacity that an agreement may take. Raises Missing, Unavailable."""
    async with db.for_reading().transaction(by=ctx.caller) as tx:
        _, offering_id = await match_store.ends_of(tx, match_id, ctx.caller)
    return [f"capacity of {offering_id}"]
