"""The inbox applies each event once and in the order of its aggregate, however often and late it is delivered.

All events pass through `receive`, whether delivered by the broker or read from the owner's journal. The effect, the
inbox row and the aggregate's new version are one transaction. An early event waits in the inbox, and missing events
before it are fetched from the owner. An event that cannot be applied is parked: later ones of its aggregate wait behind
it, other aggregates continue.
"""

import asyncio
import hashlib
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import structlog

from chassis.activity import IDLE_SECONDS
from chassis.db.database import Database, OutcomeUnknown, Tx, is_transient, with_retries
from chassis.db.writes import Write
from chassis.journal import gaps
from chassis.journal.bus import Bus, Consumer, Delivery, Heartbeat
from chassis.journal.failures import reason_of
from chassis.journal.peers import Peers
from chassis.supervise import finish_despite_cancel
from chassis.telemetry import PARKED, RECEIVED, with_correlation
from contracts.facts import Event, Fact, aggregates_of, decode_event
from contracts.refusals import Refusal, Unavailable
from contracts.registry import decode_fact

LANES_MAX = 8
ATTEMPTS_MAX = 5
RETRY_SECONDS_MAX = 30.0
GAP_SECONDS = 3
CATCH_UP_SECONDS = 60.0
FILL_GAPS_SECONDS = 1.0
VERSION_MAX = 2**31 - 1

Handler = Callable[[Tx, Event, Any], Awaitable[None]]
"""`(tx, event, fact)`: applies a fact, inside the transaction that records the event as applied.

It may run for an event that is out of order: its writes are then rolled back, and it runs again in order.
"""

_TAKE_UP = Write(
    parts={
        "event_claimed": """
            INSERT INTO inbox (consumer, event_id, owner, aggregate_id, version, status)
            VALUES ($1, $2, $3, $4, $5, 'applied') ON CONFLICT DO NOTHING RETURNING 1
        """,
        "event_first": """
            INSERT INTO heard (consumer, aggregate_id, version) SELECT $1, $4, $5 FROM event_claimed WHERE $5 = 1
            ON CONFLICT DO NOTHING RETURNING 1
        """,
        "event_next": """
            UPDATE heard SET version = $5 FROM event_claimed
            WHERE consumer = $1 AND aggregate_id = $4 AND version = $5 - 1 AND awaited < $5 RETURNING 1
        """,
        "event_taken_up": "SELECT FROM event_first UNION ALL SELECT FROM event_next",
    },
    needed="event_taken_up",
)
"""Claims an event that is in order and has none waiting behind it.

It is sent with the first write of its handler. If there is no other write, several such events are committed as one
transaction.
"""

log = structlog.get_logger()


class Outcome(Enum):
    APPLIED = "applied"
    REPEATED = "repeated"
    WAITING = "waiting"
    PARKED = "parked"


class Inbox:
    """The inbox of one service, for all owners that it consumes. It receives all facts of the handled aggregates."""

    def __init__(
        self,
        db: Database,
        consumer: str,
        owners: Sequence[str],
        handlers: Mapping[type[Fact], Handler],
        *,
        catch_up_seconds: float = CATCH_UP_SECONDS,
    ) -> None:
        self._db = db
        self.consumer = consumer
        self.owners = tuple(owners)
        self._handlers = handlers
        self._aggregates = {owner: aggregates_of(owner, handlers) for owner in owners}
        self._catch_up_seconds = catch_up_seconds

    # -- one event -----------------------------------------------------------------------------------------------

    async def receive(self, event: Event) -> Outcome:
        """Apply an event, once. Raises the errors of the handler, except that a Refusal parks the event."""
        with with_correlation(event.correlationid):
            try:
                outcome, next_waits = await self._apply(event)
            except (Refusal, msgspec.ValidationError) as no:
                if isinstance(no, Unavailable):
                    raise
                await self.park(event, reason=reason_of(no))
                return Outcome.PARKED
        if next_waits:
            await self._apply_waiting(event.aggregate_id)
        return outcome

    async def _apply(self, event: Event) -> tuple[Outcome, bool]:
        try:
            async with self._db.transaction() as tx:
                claim = (self.consumer, event.id, event.owner, event.aggregate_id, event.aggregateversion)
                await tx.queue(_TAKE_UP, *claim)
                await self._take_effect(tx, event)
        except Exception as error:
            if _is_retryable(error):
                raise
            # `_TAKE_UP` writes nothing for a repeat or an early event: NotWritten. After another failure, too, first
            # check whether the event was in order.
            return await self._apply_checked(event)
        return Outcome.APPLIED, False

    async def _apply_checked(self, event: Event) -> tuple[Outcome, bool]:
        async with self._db.transaction() as tx:
            # One statement claims the event and advances its aggregate: a second delivery waits here for the first
            # COMMIT and then finds the row. No row returned means a repeat.
            version = await tx.fetchval(
                """
                WITH claimed AS (
                    INSERT INTO inbox (consumer, event_id, owner, aggregate_id, version, status)
                    VALUES ($1, $2, $3, $4, $5, 'applied') ON CONFLICT DO NOTHING RETURNING 1
                )
                INSERT INTO heard AS last (consumer, aggregate_id, version, awaited)
                SELECT $1, $4, CASE WHEN $5 = 1 THEN 1 ELSE 0 END, CASE WHEN $5 = 1 THEN 0 ELSE $5 END FROM claimed
                ON CONFLICT (consumer, aggregate_id) DO UPDATE
                SET version = last.version + (last.version = $5 - 1)::int,
                    awaited = CASE WHEN last.version = $5 - 1 THEN last.awaited ELSE greatest(last.awaited, $5) END
                RETURNING version
                """,
                self.consumer,
                event.id,
                event.owner,
                event.aggregate_id,
                event.aggregateversion,
            )
            if version is None:
                return Outcome.REPEATED, False
            if version != event.aggregateversion:
                await tx.execute(
                    "UPDATE inbox SET status = 'waiting', event = $3 WHERE consumer = $1 AND event_id = $2",
                    self.consumer,
                    event.id,
                    msgspec.json.encode(event).decode(),
                )
                tx.wrote = True
                return Outcome.WAITING, False
            await self._take_effect(tx, event)
            next_waits = await tx.fetchval(
                "SELECT EXISTS (SELECT FROM inbox WHERE aggregate_id = $1 AND version = $2 AND status = 'waiting')",
                event.aggregate_id,
                event.aggregateversion + 1,
            )
            return Outcome.APPLIED, bool(next_waits)

    async def _take_effect(self, tx: Tx, event: Event) -> None:
        fact = decode_fact(event)
        handler = self._handlers.get(type(fact)) if fact is not None else None
        if handler is not None:
            await handler(tx, event, fact)

    async def _apply_waiting(self, aggregate_id: UUID) -> None:
        """Apply the events that wait behind the last version, up to the next gap."""
        while True:
            async with self._db.transaction() as tx:
                row = await tx.fetchrow(
                    """
                    SELECT inbox.event_id, inbox.event FROM inbox
                    JOIN heard ON heard.consumer = $1 AND heard.aggregate_id = inbox.aggregate_id
                    WHERE inbox.consumer = $1 AND inbox.aggregate_id = $2 AND inbox.status = 'waiting'
                      AND inbox.version = heard.version + 1
                    """,
                    self.consumer,
                    aggregate_id,
                )
            if row is None:
                return
            event = decode_event(row["event"])
            try:
                with with_correlation(event.correlationid):
                    await self._apply_from_waiting(event)
            except Exception as no:
                # This event failed, not the previous one, which is committed.
                if _is_retryable(no):
                    raise
                await self.park(event, reason=reason_of(no))
                return

    async def _apply_from_waiting(self, event: Event) -> None:
        async with self._db.transaction() as tx:
            moved = await tx.fetchval(
                """
                WITH freed AS (
                    UPDATE inbox SET status = 'applied', event = NULL, reason = NULL
                    WHERE consumer = $1 AND event_id = $2 AND status = 'waiting' RETURNING 1
                )
                UPDATE heard SET version = $4 FROM freed
                WHERE consumer = $1 AND aggregate_id = $3 AND version = $4 - 1 RETURNING 1
                """,
                self.consumer,
                event.id,
                event.aggregate_id,
                event.aggregateversion,
            )
            if moved:
                await self._take_effect(tx, event)

    async def park(self, event: Event, *, reason: str) -> None:
        """Park an event for an operator; later events of its aggregate wait behind it.

        An event that another delivery has applied in the meantime stays applied.
        """
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO inbox (consumer, event_id, owner, aggregate_id, version, status, reason, event)
                VALUES ($1, $2, $3, $4, $5, 'parked', $6, $7)
                ON CONFLICT (consumer, event_id) DO UPDATE SET status = 'parked', reason = $6, event = $7
                WHERE inbox.status <> 'applied'
                """,
                self.consumer,
                event.id,
                event.owner,
                event.aggregate_id,
                event.aggregateversion,
                reason,
                msgspec.json.encode(event).decode(),
            )
        log.error("event parked", consumer=self.consumer, event_id=str(event.id), type=event.type, reason=reason)

    async def park_unreadable(self, owner: str, body: bytes, *, reason: str) -> None:
        """Park a message that is not an event, under an id derived from its bytes, so that a repeat has no effect."""
        event_id = UUID(bytes=hashlib.sha256(body).digest()[:16])
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO inbox (consumer, event_id, owner, status, reason, event)
                VALUES ($1, $2, $3, 'parked', $4, $5) ON CONFLICT DO NOTHING
                """,
                self.consumer,
                event_id,
                owner,
                reason,
                # PostgreSQL's text type cannot contain NUL.
                body.decode(errors="backslashreplace").replace("\0", "\\x00"),
            )
        log.error("message parked", consumer=self.consumer, event_id=str(event_id), reason=reason)

    # -- from the broker -----------------------------------------------------------------------------------------

    async def listen(self, bus: Bus, owner: str) -> None:
        """Receive events from the broker until the connection is lost: aggregates in parallel, each in order."""
        await bus.wait_connected()
        places = asyncio.Semaphore(LANES_MAX)
        async for deliveries in bus.deliveries(Consumer(owner=owner, durable=self.consumer)):
            lanes: dict[object, list[tuple[Delivery, Event]]] = defaultdict(list)
            for delivery in deliveries:
                event = await self._read(owner, delivery)
                if event is not None:
                    lanes[event.subject].append((delivery, event))
            await finish_despite_cancel(self._lanes(list(lanes.values()), places))

    async def _read(self, owner: str, delivery: Delivery) -> Event | None:
        try:
            # Decoded as text, because the data of an event, which is not decoded here, must be UTF-8 to be stored.
            event = decode_event(delivery.body.decode())
            _ = event.aggregate_id
            if event.owner != owner or event.aggregateversion > VERSION_MAX:
                raise ValueError("not an event of this owner")
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            await self.park_unreadable(owner, delivery.body, reason=f"unreadable: {type(error).__name__}")
            await delivery.ack()
            RECEIVED.labels(self.consumer, owner, "unreadable").inc()
            return None
        return event

    async def _lanes(self, lanes: list[list[tuple[Delivery, Event]]], places: asyncio.Semaphore) -> None:
        await asyncio.gather(*(self._lane(lane, places) for lane in lanes))

    async def _lane(self, lane: list[tuple[Delivery, Event]], places: asyncio.Semaphore) -> None:
        async with places:
            for delivery, event in lane:
                await self._deliver(delivery, event)

    async def _deliver(self, delivery: Delivery, event: Event) -> None:
        heartbeat = Heartbeat(delivery)
        try:
            outcome = await self.receive(event)
        except Exception as error:
            if _is_retryable(error) or delivery.attempt < ATTEMPTS_MAX:
                log.warning("event not handled yet", type=event.type, error=type(error).__name__)
                await delivery.retry(delay_seconds=min(0.2 * 2 ** min(delivery.attempt, 10), RETRY_SECONDS_MAX))
                return
            log.exception("handler failed", type=event.type, event_id=str(event.id))
            await self.park(event, reason=reason_of(error))
            outcome = Outcome.PARKED
        finally:
            heartbeat.end()
        await delivery.ack()
        RECEIVED.labels(self.consumer, event.owner, outcome.value).inc()

    # -- from the owner's journal --------------------------------------------------------------------------------

    async def fill_gaps(self, peers: Peers) -> None:
        """Apply released events, and fetch events that have been missing for some seconds.

        Runs each second while anything is written, when a gap becomes due, and otherwise each minute, which is the
        longest time until an event released by a command is applied.
        """
        rows: list[Any] = []
        due_in_seconds: float | None = None
        while True:
            idle_seconds = FILL_GAPS_SECONDS if rows else IDLE_SECONDS
            await self._db.activity.pause(FILL_GAPS_SECONDS, idle_seconds=idle_seconds, due_in_seconds=due_in_seconds)
            async with self._db.transaction() as tx:
                rows = await gaps.due_gaps(tx, self.consumer, gap_seconds=GAP_SECONDS)
                due_in_seconds = await gaps.due_in_seconds(tx, self.consumer, gap_seconds=GAP_SECONDS)
                PARKED.labels(self.consumer).set(await gaps.count_parked(tx, self.consumer))
            for row in rows:
                try:
                    if row["ready"]:
                        await self._apply_waiting(row["aggregate_id"])
                    else:
                        await self._fill_gap(peers, row["owner"], row["aggregate_id"], row["heard"])
                except Exception as error:
                    # It is listed again in the next second; until then the others are handled.
                    log.warning("gap not filled", owner=row["owner"], error=type(error).__name__)

    async def _fill_gap(self, peers: Peers, owner: str, aggregate_id: UUID, heard: int) -> None:
        for event in await peers.events_of(owner, aggregate_id, after_version=heard):
            if await self._receive_or_park(event) is Outcome.PARKED:
                return

    async def catch_up(self, peers: Peers, owner: str) -> None:
        """Each minute, read the owner's journal after our watermark, independent of the broker."""
        after = None
        while True:
            started = time.monotonic()
            _, after = await self._caught_up(peers, owner, after or await self._watermark(owner))
            await asyncio.sleep(max(0.1, self._catch_up_seconds - (time.monotonic() - started)))

    async def catch_up_once(self, peers: Peers, owner: str) -> int:
        """Read the owner's journal once; return the number of missing events.

        The watermark passes only events that have a row here, or need none.
        """
        return (await self._caught_up(peers, owner, await self._watermark(owner)))[0]

    async def _caught_up(self, peers: Peers, owner: str, after: str) -> tuple[int, str]:
        """Read the journal from `after` on; return the number of missing events, and the watermark reached."""
        missed, more = 0, True
        while more:
            page = await peers.events_after(owner, after)
            if not page.events:
                break
            needed = [event for event in page.events if event.aggregate in self._aggregates[owner]]
            unknown = await self._unknown([event.id for event in needed])
            missed += await self._take_in([event for event in needed if event.id in unknown])
            after, more = page.after, page.more
            async with self._db.transaction() as tx:
                await tx.execute(
                    """
                    INSERT INTO watermark (consumer, owner, after, read_at) VALUES ($1, $2, $3, clock_timestamp())
                    ON CONFLICT (consumer, owner) DO UPDATE SET after = $3, read_at = clock_timestamp()
                    """,
                    self.consumer,
                    owner,
                    after,
                )
        if missed:
            log.warning("caught up from the journal", consumer=self.consumer, owner=owner, events=missed)
        return missed, after

    async def _take_in(self, events: Sequence[Event]) -> int:
        """Receive events, aggregates in parallel, each in order; return the number of new events."""
        lanes: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            lanes[event.subject].append(event)
        places = asyncio.Semaphore(LANES_MAX)

        async def lane(those: Sequence[Event]) -> int:
            async with places:
                outcomes = [await with_retries(partial(self._receive_or_park, event)) for event in those]
            return sum(outcome is not Outcome.REPEATED for outcome in outcomes)

        counts = await asyncio.gather(*map(lane, lanes.values()), return_exceptions=True)
        for failed in counts:
            if isinstance(failed, BaseException):
                raise failed
        return sum(count for count in counts if isinstance(count, int))

    async def _receive_or_park(self, event: Event) -> Outcome:
        try:
            return await self.receive(event)
        except Exception as error:
            if _is_retryable(error):
                raise
            await self.park(event, reason=reason_of(error))
            return Outcome.PARKED

    async def _watermark(self, owner: str) -> str:
        async with self._db.transaction() as tx:
            after = await tx.fetchval(
                "SELECT after FROM watermark WHERE consumer = $1 AND owner = $2", self.consumer, owner
            )
        return after or "0.0"

    async def _unknown(self, event_ids: list[UUID]) -> set[UUID]:
        if not event_ids:
            return set()
        async with self._db.transaction() as tx:
            rows = await tx.fetch(
                """
                SELECT id FROM unnest($2::uuid[]) AS given(id)
                WHERE NOT EXISTS (SELECT FROM inbox WHERE consumer = $1 AND event_id = given.id)
                """,
                self.consumer,
                event_ids,
            )
        return {UUID(str(row["id"])) for row in rows}


def _is_retryable(error: Exception) -> bool:
    """True if a later attempt may succeed; any other error parks the event."""
    return is_transient(error) or isinstance(error, OutcomeUnknown)
