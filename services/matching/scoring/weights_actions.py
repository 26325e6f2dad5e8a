"""What can be done with weights: adopt the next version."""

from collections.abc import Sequence
from datetime import datetime

from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from contracts.matching import Weight
from services.matching.scoring import store as scoring_store
from services.matching.scoring import weights


async def adopt(tx: Tx, given: Sequence[Weight], reason: str, *, expected: int, now: datetime) -> None:
    """In the place of the version that the caller read. Raises Stale, Invalid."""
    in_force = await scoring_store.in_force(tx)
    check_revision(in_force.version, expected)
    fact = weights.adopt(in_force, given, reason, now=now)
    await scoring_store.save(tx, fact)
    await announce(tx, fact, version=fact.version)
