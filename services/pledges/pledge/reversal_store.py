"""Journal reads for reversals, as the service."""

from chassis.db.database import Tx
from contracts.facts import Event, decode_event
from contracts.registry import decode_fact
from services.pledges.pledge.evolve import evolve
from services.pledges.pledge.model import Pledge


async def pledge_before(tx: Tx, event: Event) -> Pledge:
    """Return the pledge before this fact."""
    rows = await tx.fetch(
        "SELECT event FROM journal WHERE aggregate_id = $1 AND version < $2 ORDER BY version",
        event.aggregate_id,
        event.aggregateversion,
    )
    pledge: Pledge | None = None
    for row in rows:
        fact = decode_fact(decode_event(row["event"]))
        assert fact is not None, "our own journal holds facts of our own contracts"
        pledge = evolve(pledge, fact)
    assert pledge is not None, "a pledge's first fact is that it was pledged"
    return pledge


async def related_event(tx: Tx, event: Event, by: int) -> Event:
    """Return the event of the same aggregate at a distance of `by` versions; it has to exist."""
    row = await tx.fetchrow(
        "SELECT event FROM journal WHERE aggregate_id = $1 AND version = $2",
        event.aggregate_id,
        event.aggregateversion + by,
    )
    assert row is not None, "the halves of a carry-over are recorded together"
    return decode_event(row["event"])
