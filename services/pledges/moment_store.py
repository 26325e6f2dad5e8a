"""What records said by a moment: what follows from the facts of each, up to the last that was recorded by then.

A row is of today. Of it serves what no fact changes: whose it is, of which fund, what it is for. By version, not by
time: the clock of who recorded the first fact may have been ahead of that of who recorded the second.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from asyncpg import Record
from msgspec import Struct

from chassis.db import Tx
from contracts.facts import Fact, decode_event
from contracts.refusals import Missing

T = TypeVar("T")

LOOKED_AT_MAX = 2_000
"""How many records one page as at a moment looks at. One that is left out by what it said then has its facts read as
one that is told has, 0.1 ms of a pledge with three: of ten thousand a state that none was in would take a second. So a
page may hold fewer than were asked for, or none, and lead to the next. What was recorded later costs no facts, and 3 ms
of a thousand."""

LOOKED_AT_ONCE = 100
"""So many in one turn of the event loop, which answers others in between: their facts are decoded at once."""


class Page(Struct, Generic[T], frozen=True):
    """Records of a list, and after which one the next page begins; None after the last."""

    found: list[T]
    cursor: UUID | None

    def the_only(self) -> T:
        """Of a list of one. Raises Missing where there is none."""
        if not self.found:
            raise Missing("not-found")
        return self.found[0]


def first_of(found: Sequence[T], limit: int, id_of: Callable[[T], UUID]) -> Page[T]:
    """The page of a list of which one more was read than it is to hold."""
    return Page(list(found[:limit]), id_of(found[limit - 1]) if len(found) > limit else None)


async def facts_told(
    tx: Tx, aggregate_ids: Collection[UUID], *, until: datetime | None = None
) -> Mapping[UUID, Sequence[Fact]]:
    """The facts of these records in their order, of those recorded by then; for the system itself."""
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
    told: dict[UUID, list[Fact]] = {}
    for row in rows:
        fact = decode_event(row["event"]).fact()
        assert fact is not None, "our own journal holds facts of our own contracts"
        told.setdefault(row["aggregate_id"], []).append(fact)
    return told


async def told(
    tx: Tx, aggregate_ids: Collection[UUID], evolve: Callable[[T | None, Fact], T], *, until: datetime | None = None
) -> Mapping[UUID, T]:
    """What follows from the facts of these records, of those recorded by then; for the system itself."""
    found: dict[UUID, T] = {}
    for aggregate_id, facts in (await facts_told(tx, aggregate_ids, until=until)).items():
        one: T | None = None
        for fact in facts:
            one = evolve(one, fact)
        assert one is not None, "what was recorded by then has its first fact"
        found[aggregate_id] = one
    return found


async def page_told(
    tx: Tx,
    rows_after: Callable[[UUID | None, int], Awaitable[list[Record]]],
    as_they_were: Callable[[list[Record]], Awaitable[list[T]]],
    *,
    after: UUID | None,
    limit: int,
    where: Callable[[T], bool] = lambda one: True,
) -> Page[T]:
    """Of the records that the caller sees those that by then were what is asked for, in the order of their rows.

    `rows_after` reads so many of them after one, with their `aggregate_id`, of what was recorded by then;
    `as_they_were` tells for the system itself what each said.
    """
    found: list[T] = []
    last, looked_at, count = after, 0, limit + 1
    while True:
        rows = await rows_after(after, count)
        async with tx.by_itself():
            told_of = await as_they_were(rows)
        for row, one in zip(rows, told_of, strict=True):
            after = row["aggregate_id"]
            if where(one):
                if len(found) == limit:
                    return Page(found, last)
                found.append(one)
                last = after
        if len(rows) < count:
            return Page(found, None)
        looked_at += len(rows)
        if looked_at >= LOOKED_AT_MAX:
            return Page(found, after)
        count = LOOKED_AT_ONCE
