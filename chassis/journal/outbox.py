"""The outbox: a change and its fact are committed together, then the fact is published at least once.

`announce` writes the fact to journal, audit log and `pending` in the caller's transaction. After COMMIT the rows are
passed to the relay of the same process; a sweeper in each process publishes remaining rows a second later, under a
lease.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple, cast
from uuid import UUID

import msgspec
import structlog

from chassis import clock
from chassis.activity import IDLE_SECONDS
from chassis.audit.log import log_changes
from chassis.db.database import Database, Tx
from chassis.db.writes import Write
from chassis.ids import new_id
from chassis.journal.bus import Bus
from chassis.supervise import finish_despite_cancel
from chassis.telemetry import PENDING, PUBLISHED, correlation_id
from contracts.facts import EVENT_BYTES_MAX, Event, Fact, decode_event
from contracts.values import Caller

HANDOVER_MAX = 10_000
BATCH_MAX = 1000
SINGLES_MAX = 4
"""Maximum number of facts that are published and acknowledged singly; more are sent as one batch."""
SWEEP_SECONDS = 1.0
LEASE_SECONDS = 10
"""Lease of the process that committed or claimed rows; far longer than a publish takes."""

PAGE_MAX = 500

_ANNOUNCE = Write(
    parts={
        "fact": """
            INSERT INTO journal (event_id, aggregate, aggregate_id, version, type, recorded_at, event)
            SELECT event_id, aggregate, aggregate_id, version, type, $7, event::json
            FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::integer[], $5::text[], $6::text[])
                WITH ORDINALITY AS f(event_id, aggregate, aggregate_id, version, type, event, place)
            ORDER BY place RETURNING event_id, position
        """,
        "to_be_published": """
            INSERT INTO pending (event_id, position, claimed_until)
            SELECT event_id, position, clock_timestamp() + $8 * interval '1 second' FROM fact
        """,
    }
)

log = structlog.get_logger()


async def announce(tx: Tx, fact: Fact, *, version: int, because: Event | None = None) -> Event:
    """Announce a fact: it is published if, and only if, this transaction commits.

    `version` is the aggregate's last revision plus one. If two writers read the same revision, the journal's key
    accepts one; the other gets asyncpg.UniqueViolationError when its queued write is sent. `because` is the event that
    caused this one; its correlation id is kept, else that of the current HTTP request.
    """
    return (await announce_all(tx, [(fact, version)], because=because))[0]


async def announce_all(tx: Tx, facts: Sequence[tuple[Fact, int]], *, because: Event | None = None) -> Sequence[Event]:
    """Announce several facts, each with its aggregate's new revision, in this order and in one statement."""
    return await announce_each(tx, [(fact, version, because) for fact, version in facts])


async def announce_each(tx: Tx, facts: Sequence[tuple[Fact, int, Event | None]]) -> Sequence[Event]:
    """Like `announce_all`, for facts that have different causes."""
    if not facts:
        return []
    now = clock.now()
    events = [_event(fact, version, because, tx.caller, now) for fact, version, because in facts]
    encoded = [msgspec.json.encode(event) for event in events]
    assert all(len(one) <= EVENT_BYTES_MAX for one in encoded), (
        "a fact exceeds EVENT_BYTES_MAX despite the limits on lines and codes"
    )
    await tx.queue(
        _ANNOUNCE,
        [event.id for event in events],
        [fact.aggregate for fact, _, _ in facts],
        [fact.aggregate_id for fact, _, _ in facts],
        [version for _, version, _ in facts],
        [event.type for event in events],
        [one.decode() for one in encoded],
        now,
        LEASE_SECONDS,
    )
    await log_changes(tx, events, encoded)
    tx.announced += events
    return events


def _event(fact: Fact, version: int, because: Event | None, caller: Caller | None, now: datetime) -> Event:
    return Event(
        specversion="1.0",
        id=new_id(),
        source=f"/{fact.type.partition('.')[0]}",
        type=fact.type,
        subject=f"{fact.aggregate}/{fact.aggregate_id}",
        time=now,
        aggregateversion=version,
        correlationid=because.correlationid if because else correlation_id(),
        datacontenttype="application/json",
        data=msgspec.Raw(msgspec.json.encode(fact)),
        causationid=because.id if because else None,
        actorid=caller.person_id if caller else None,
        actorrole=caller.role if caller else None,
        actororganization=caller.organization if caller else None,
    )


class Relay:
    """Publishes announced facts. As every failure is ambiguous, it publishes again under the same id."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db = db
        self._bus = bus
        self._handed: deque[Event] = deque(maxlen=HANDOVER_MAX)
        self._acknowledged: list[UUID] = []
        self._pending = 0
        self._wake = asyncio.Event()
        db.on_commit = self.enqueue

    def enqueue(self, events: Sequence[Event]) -> None:
        """Enqueue the events of a committed transaction; the sweeper finds those that do not fit."""
        if self._bus.connected:
            self._handed.extend(events)
            self._wake.set()

    async def relay(self) -> None:
        """Publish the commits of this process at once; the sweeper deletes the `pending` rows.

        If the process dies before that, the fact is published again under the same id. So the deletes of a second are
        one transaction, and no publish waits for the previous delete.
        """
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._handed:
                batch = [self._handed.popleft() for _ in range(min(len(self._handed), BATCH_MAX))]
                await finish_despite_cancel(self._publish(batch))

    async def sweep(self) -> None:
        """Each second, delete published rows, then claim and publish rows without a lease.

        Those were left by another process, or by this one after a failure. Polls each minute if nothing is pending or
        written.
        """
        while True:
            await self._db.activity.pause(SWEEP_SECONDS, idle_seconds=SWEEP_SECONDS if self._pending else IDLE_SECONDS)
            await self._delete_pending()
            if self._bus.connected:
                while await self._publish(await self._claim()) == BATCH_MAX:
                    await self._delete_pending()
                await self._delete_pending()
            else:
                async with self._db.transaction() as tx:
                    await self._count(tx)

    async def _count(self, tx: Tx) -> None:
        self._pending = int(await tx.fetchval("SELECT count(*) FROM pending"))
        PENDING.labels(self._db.source).set(self._pending)

    async def _claim(self) -> list[Event]:
        async with self._db.transaction() as tx:
            rows = await tx.fetch(
                """
                WITH claimed AS (
                    UPDATE pending SET claimed_until = clock_timestamp() + $2 * interval '1 second'
                    WHERE event_id IN (
                        SELECT event_id FROM pending WHERE claimed_until < clock_timestamp()
                        ORDER BY claimed_until, position LIMIT $1 FOR UPDATE SKIP LOCKED
                    )
                    RETURNING event_id, position
                )
                SELECT journal.event FROM journal JOIN claimed USING (event_id) ORDER BY journal.position
                """,
                BATCH_MAX,
                LEASE_SECONDS,
            )
            await self._count(tx)
        return [decode_event(row["event"]) for row in rows]

    async def _publish(self, events: list[Event]) -> int:
        """Publish in version order per aggregate; return the number of acknowledged events."""
        if not events:
            return 0
        sent = await (self._publish_singly(events) if len(events) <= SINGLES_MAX else self._publish_batch(events))
        self._acknowledged += sent
        PUBLISHED.labels(self._db.source).inc(len(sent))
        return len(sent)

    async def _delete_pending(self) -> None:
        while deleted := self._acknowledged[:BATCH_MAX]:
            async with self._db.transaction() as tx:
                await tx.execute("DELETE FROM pending WHERE event_id = ANY($1::uuid[])", deleted)
            del self._acknowledged[: len(deleted)]

    async def _publish_batch(self, events: list[Event]) -> list[UUID]:
        if await self._bus.publish_batch(events):
            return [event.id for event in events]
        # One of them was stored before (10201), which rejects the whole batch. Published singly, only the repeat is
        # dropped.
        return await self._publish_singly(events)

    async def _publish_singly(self, events: list[Event]) -> list[UUID]:
        by_aggregate = groupby(sorted(events, key=lambda e: (e.subject, e.aggregateversion)), key=lambda e: e.subject)
        lanes = await asyncio.gather(*(self._in_order(list(lane)) for _, lane in by_aggregate))
        return [event_id for lane in lanes for event_id in lane]

    async def _in_order(self, events: list[Event]) -> list[UUID]:
        sent: list[UUID] = []
        for event in events:
            if not await self._bus.publish(event):
                break
            sent.append(event.id)
        return sent


class JournalPosition(NamedTuple):
    """Position of an event in an order that is stable under concurrent writes: no later commit comes before it.

    As text, `<written_by>.<position>`, it is a watermark.
    """

    written_by: int
    position: int

    @classmethod
    def parse(cls, watermark: str) -> "JournalPosition":
        written_by, position = watermark.split(".")
        return cls(int(written_by), int(position))

    def __str__(self) -> str:
        return f"{self.written_by}.{self.position}"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a journal, in commit-stable order; the next page starts at `after`."""

    events: list[Event]
    after: str
    more: bool


async def read(tx: Tx, *, after: str, limit: int = PAGE_MAX) -> Page:
    """Read the journal after a watermark (`<written_by>.<position>`, or "0.0" for all of it)."""
    found = await read_with_positions(tx, after=JournalPosition.parse(after), limit=limit + 1)
    page = found[:limit]
    return Page(events=[event for _, event in page], after=str(page[-1][0]) if page else after, more=len(found) > limit)


async def read_with_positions(tx: Tx, *, after: JournalPosition, limit: int) -> list[tuple[JournalPosition, Event]]:
    """Read the events after a position, each with its own position.

    Returns only events written by transactions older than every running one: events of running ones come later in this
    order, so a watermark never skips an event.
    """
    rows = await tx.fetch(
        """
        SELECT written_by::text AS written_by, position, event FROM journal
        WHERE (written_by, position) > ($1::text::xid8, $2) AND written_by < pg_snapshot_xmin(pg_current_snapshot())
        -- Qualified: unqualified it would be the text column above, where 10 sorts before 9.
        ORDER BY journal.written_by, journal.position LIMIT $3
        """,
        str(after.written_by),
        after.position,
        limit,
    )
    return [(JournalPosition(int(row["written_by"]), row["position"]), decode_event(row["event"])) for row in rows]


async def read_end(tx: Tx) -> JournalPosition:
    """The position of the last event that can be read now."""
    row = await tx.fetchrow(
        """
        SELECT written_by::text AS written_by, position FROM journal
        WHERE written_by < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY journal.written_by DESC, journal.position DESC LIMIT 1
        """
    )
    return JournalPosition(int(row["written_by"]), row["position"]) if row else JournalPosition(0, 0)


async def read_aggregate(tx: Tx, aggregate_id: UUID, *, after_version: int = 0, limit: int = PAGE_MAX) -> list[Event]:
    """Read the events of one aggregate in order, after `after_version`."""
    rows = await tx.fetch(
        "SELECT event FROM journal WHERE aggregate_id = $1 AND version > $2 ORDER BY version LIMIT $3",
        aggregate_id,
        after_version,
        limit,
    )
    return [decode_event(cast(str, row["event"])) for row in rows]


async def read_aggregates(tx: Tx, aggregate_ids: Sequence[UUID]) -> dict[UUID, list[Event]]:
    """Read the events of several short-lived aggregates, each in order."""
    found: dict[UUID, list[Event]] = {one: [] for one in aggregate_ids}
    rows = await tx.fetch(
        """
        SELECT aggregate_id, event FROM journal WHERE aggregate_id = ANY ($1::uuid[]) ORDER BY aggregate_id, version
        """,
        list(aggregate_ids),
    )
    for row in rows:
        found[UUID(str(row["aggregate_id"]))].append(decode_event(row["event"]))
    return found


async def read_event(tx: Tx, event_id: UUID) -> Event | None:
    """Read one of this service's own events; None if there is none with this id."""
    raw = await tx.fetchval("SELECT event FROM journal WHERE event_id = $1", event_id)
    return decode_event(raw) if raw else None
