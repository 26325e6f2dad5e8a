"""Actions on weights: adopt the next version."""

from collections.abc import Sequence

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from contracts.weights import Weight
from services.matching.scoring import store as scoring_store
from services.matching.scoring import weights


async def adopt(tx: Tx, ctx: Context, given: Sequence[Weight], reason: str) -> None:
    """Replace the version that the caller read. Raise Stale or Invalid."""
    in_force = await scoring_store.in_force(tx)
    check_revision(in_force.version, ctx.expected)
    fact = weights.adopt(in_force, given, reason, now=ctx.now)
    await scoring_store.save(tx, fact)
    await announce(tx, fact, version=fact.version)
