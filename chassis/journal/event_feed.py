"""Event feeds: one journal query twice a second per process, and after its writes, shared by all subscribers.

A subscriber that is up to date holds no connection to PostgreSQL while it waits. A subscriber that is behind reads the
journal on its own until it has caught up.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
import structlog

from chassis.db.database import Database, OutcomeUnknown, Tx, is_transient
from chassis.journal.cursors import StreamCursors
from chassis.journal.outbox import JournalPosition, read_end, read_with_positions
from contracts.facts import Event
from contracts.values import Caller

LOOK_SECONDS = 0.5
"""Interval of the poll; a write of this process ends the pause."""

LOOK_SECONDS_MIN = 0.1
PAGE_MAX = 200
CATCHING_UP_MAX = 2
"""Maximum number of subscribers that catch up at a time, because the process needs the other connections."""

log = structlog.get_logger()


class FeedItemData(msgspec.Struct, frozen=True, kw_only=True):
    """The event, its record, and the version of the record after the event."""

    event_id: UUID
    aggregate: str
    id: UUID
    version: int


class FeedItem(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as sent to subscribers, in the form of a webhook's body: type, time, and ids to query the rest."""

    type: str
    timestamp: datetime
    data: FeedItemData


def feed_item_of(event: Event) -> FeedItem:
    return FeedItem(
        type=event.type,
        timestamp=event.time,
        data=FeedItemData(
            event_id=event.id, aggregate=event.aggregate, id=event.aggregate_id, version=event.aggregateversion
        ),
    )


VisibleEvents = Callable[[Tx, Sequence[Caller], Sequence[Event]], Awaitable[Mapping[Caller, Collection[UUID]]]]


@dataclass(frozen=True)
class FeedPolicy:
    """The policy of a service's journal: the events that each caller receives.

    `visible_events` maps callers to the ids of the given events that they may see now, according to the policy; a
    caller who cannot be checked now is left out. `item_of` converts an event to the item to send, or to None if it is
    not sent.
    """

    visible_events: VisibleEvents
    item_of: Callable[[Event], msgspec.Struct | None] = feed_item_of


async def _no_events(
    _tx: Tx, _callers: Sequence[Caller], _events: Sequence[Event]
) -> Mapping[Caller, Collection[UUID]]:
    return {}


NOTHING = FeedPolicy(visible_events=_no_events)


def by_caller(
    callers: Sequence[Caller], events: Sequence[Event], records: Sequence[Collection[UUID]]
) -> Mapping[Caller, Collection[UUID]]:
    """The events of the records visible to each caller; `records` is in the order of `callers`."""
    return {
        caller: {event.id for event in events if event.aggregate_id in ids}
        for caller, ids in zip(callers, map(set, records), strict=True)
    }


class Page(NamedTuple):
    """The next events for a subscriber, each with its position; `reached` is the position after them."""

    items: Sequence[tuple[JournalPosition, bytes]]
    reached: JournalPosition
    at: float


class Subscriber:
    """A subscriber and its position. `may_receive` returns whether the caller may still receive events."""

    def __init__(self, caller: Caller, may_receive: Callable[[], Awaitable[bool]]) -> None:
        self.caller = caller
        self.position = JournalPosition(0, 0)
        self.waits = False
        self.ended = False
        self._may_receive = may_receive
        self._page: Page | None = None
        self._woken = asyncio.Event()

    async def check(self) -> None:
        """End the subscription if the caller may no longer receive events."""
        if not self.ended and not await self._may_receive():
            self.end()

    def end(self) -> None:
        self.ended = True
        self._woken.set()

    def deliver(self, page: Page) -> None:
        self._page = page
        self.waits = False
        self._woken.set()

    async def page(self, seconds: float) -> Page | None:
        """Return the page delivered by the poll; None if there is none within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return None
        page, self._page = self._page, None
        if not self.ended:
            self._woken.clear()
        return page

    @property
    def reads(self) -> bool:
        """True if the subscriber is behind, and no page is waiting for it."""
        return not self.waits and not self._woken.is_set()


class EventFeed:
    """The subscribers of one service in this process."""

    def __init__(self, db: Database, feed_policy: FeedPolicy) -> None:
        self._db = db
        self._policy = feed_policy
        self._subscribers: set[Subscriber] = set()
        self._has_subscribers = asyncio.Event()
        self._cursors: StreamCursors | None = None
        self._head: JournalPosition | None = None
        """Position of the poll; None while there are no waiting subscribers."""
        self._head_lock = asyncio.Lock()
        self._catching_up = asyncio.Semaphore(CATCHING_UP_MAX)

    async def join(self, subscriber: Subscriber, after: str | None) -> None:
        """Subscribe from a cursor on, or from now. Raises Invalid for a cursor of another journal."""
        async with self._db.transaction() as tx:
            cursors = self._cursors = self._cursors or await StreamCursors.load(tx)
            subscriber.position = cursors.decode(after) if after else await read_end(tx)
        self._subscribers.add(subscriber)
        self._has_subscribers.set()

    def leave(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)
        if not self._subscribers:
            self._has_subscribers.clear()

    def cursor(self, position: JournalPosition) -> str:
        assert self._cursors is not None, "join() sets the cursors"
        return self._cursors.encode(position)

    async def next_page(self, subscriber: Subscriber, seconds: float) -> Page | None:
        """The visible events after the subscriber's position; None if there are none within `seconds`."""
        if subscriber.reads and not await self._wait_from(subscriber, subscriber.position):
            try:
                async with self._catching_up:
                    page, more = await self._read(subscriber)
            except Exception as error:
                if not _is_retryable(error):
                    raise
                return await subscriber.page(min(seconds, LOOK_SECONDS))
            if more or page.items or not await self._wait_from(subscriber, page.reached, at_end=True):
                return page
        return await subscriber.page(seconds)

    async def _read(self, subscriber: Subscriber) -> tuple[Page, bool]:
        """Return the next page for a subscriber that is behind, and whether there is more."""
        await subscriber.check()
        at = time.monotonic()
        async with self._db.transaction() as tx:
            events = await read_with_positions(tx, after=subscriber.position, limit=PAGE_MAX)
            visible = await self._visible_events(tx, [subscriber], [event for _, event in events])
        items = self._items_of(events, visible.get(subscriber.caller, ()))
        return Page(items, events[-1][0] if events else subscriber.position, at), len(events) == PAGE_MAX

    async def _wait_from(self, subscriber: Subscriber, reached: JournalPosition, *, at_end: bool = False) -> bool:
        """Let the subscriber wait for the poll from this position on.

        Return False if the poll has passed the position, or does not run and may be far behind the end.
        """
        async with self._head_lock:
            if self._head is None and at_end:
                self._head = reached
            if self._head is None or reached < self._head:
                return False
            subscriber.position, subscriber.waits = reached, True
            return True

    # -- polling ------------------------------------------------------------------------------------------------

    async def keep_polling(self) -> None:
        """Poll twice a second while there are subscribers, and after each write of this process."""
        while True:
            await self._has_subscribers.wait()
            began = time.monotonic()
            try:
                while await self.poll():
                    pass
            except Exception as error:
                if not _is_retryable(error):
                    raise
                log.warning("journal not read for event streams", service=self._db.source)
            await asyncio.sleep(LOOK_SECONDS_MIN)
            await self._db.activity.wait(since=began, seconds=LOOK_SECONDS - LOOK_SECONDS_MIN)

    async def poll(self) -> bool:
        """Deliver new events to all waiting subscribers, each only those it may see; return True if there is more."""
        async with self._head_lock:
            waiting = [one for one in self._subscribers if one.waits and not one.ended]
            if not waiting or self._head is None:
                self._head = None
                return False
            at = time.monotonic()
            async with self._db.transaction() as tx:
                events = await read_with_positions(tx, after=self._head, limit=PAGE_MAX)
            if not events:
                return False
            # This is between the two transactions, because it may query the directory; no connection is held meanwhile.
            await asyncio.gather(*(one.check() for one in waiting))
            async with self._db.transaction() as tx:
                visible = await self._visible_events(tx, waiting, [event for _, event in events])
            self._head = events[-1][0]
            items = {caller: self._items_of(events, ids) for caller, ids in visible.items()}
            for one in waiting:
                if page := [
                    (position, data) for position, data in items.get(one.caller, ()) if position > one.position
                ]:
                    one.deliver(Page(page, max(self._head, one.position), at))
                else:
                    one.position = max(self._head, one.position)
            return len(events) == PAGE_MAX

    async def _visible_events(
        self, tx: Tx, subscribers: Sequence[Subscriber], events: Sequence[Event]
    ) -> Mapping[Caller, Collection[UUID]]:
        """The events that each subscriber may see; ends the subscriptions of those that may not see any event now."""
        callers = sorted({one.caller for one in subscribers if not one.ended}, key=str)
        of_interest = [event for event in events if self._policy.item_of(event) is not None]
        if not callers or not of_interest:
            return {}
        visible = await self._policy.visible_events(tx, callers, of_interest)
        for one in subscribers:
            if one.caller not in visible:
                one.end()
        return visible

    def _items_of(
        self, events: Sequence[tuple[JournalPosition, Event]], visible: Collection[UUID]
    ) -> list[tuple[JournalPosition, bytes]]:
        return [
            (position, msgspec.json.encode(self._policy.item_of(event)))
            for position, event in events
            if event.id in visible
        ]


def _is_retryable(error: Exception) -> bool:
    return isinstance(error, OutcomeUnknown) or is_transient(error)
