"""Records as of a moment, rebuilt from their facts up to the last one recorded by then.

Rows hold the current state; only values that never change are taken from them: owner, fund, purpose. Facts are selected
by version, not by time, since the clocks of the machines that recorded them may differ.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from chassis.db.database import Tx
from contracts.facts import Fact, decode_event
from contracts.registry import decode_fact

T = TypeVar("T")


async def facts_of(
    tx: Tx, aggregate_ids: Collection[UUID], *, until: datetime | None = None
) -> Mapping[UUID, Sequence[Fact]]:
    """Return the facts of these records in order, as recorded by `until`, as the service."""
    rows = await tx.fetch(
        """
        SELECT aggregate_id, event
        FROM unnest($1::uuid[]) AS asked(aggregate_id) CROSS JOIN LATERAL (
            SELECT max(version) AS version FROM journal AS by_then
            WHERE by_then.aggregate_id = asked.aggregate_id AND ($2::timestamptz IS NULL OR recorded_at <= $2)
        ) AS last JOIN journal USING (aggregate_id)
        WHERE journal.version <= last.version ORDER BY aggregate_id, journal.version
        """,
        list(aggregate_ids),
        until,
    )
    facts: dict[UUID, list[Fact]] = {}
    for row in rows:
        fact = decode_fact(decode_event(row["event"]))
        assert fact is not None, "our own journal holds facts of our own contracts"
        facts.setdefault(row["aggregate_id"], []).append(fact)
    return facts


async def rebuild(
    tx: Tx, aggregate_ids: Collection[UUID], evolve: Callable[[T | None, Fact], T], *, until: datetime | None = None
) -> Mapping[UUID, T]:
    """Rebuild these records from their facts recorded by `until`, as the service."""
    found: dict[UUID, T] = {}
    for aggregate_id, facts in (await facts_of(tx, aggregate_ids, until=until)).items():
        one: T | None = None
        for fact in facts:
            one = evolve(one, fact)
        assert one is not None, "a record found in the journal has its first fact"
        found[aggregate_id] = one
    return found
