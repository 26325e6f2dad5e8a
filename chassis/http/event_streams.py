"""Server-sent events (WHATWG HTML, section 9.2): access to streams, and limits on their number and duration.

Streams are counted separately from other requests. Each second their callers are checked again, and streams of callers
who may no longer act end at once; on reconnect they get the reason.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Annotated, Any, TypeVar, cast

import structlog
from litestar import Response
from litestar.params import HeaderParameter
from litestar.types import ASGIApp, Receive, Scope, Send

from chassis.http.edge import STAYS_OPEN, header
from chassis.journal.cursors import CURSOR_LENGTH_MAX
from chassis.journal.event_feed import EventFeed, Page, Subscriber
from chassis.journal.outbox import JournalPosition
from chassis.rate_limiter import TokenVerifier
from chassis.settings import Settings
from chassis.telemetry import EVENT_STREAMS
from contracts.refusals import Excessive, Refusal, Unavailable
from contracts.values import Caller

EVENT_STREAM = "text/event-stream"
CHECK_SECONDS = 1.0
"""Interval of checks of callers; with the polls of appointments and journal, an end takes effect in under 5 s."""

BEAT_SECONDS = 15.0
SEND_SECONDS = 5.0
"""Time after which a client that reads nothing, with full socket buffers, is disconnected."""

FRESH_SECONDS = 2.0
"""Time after which the visibility of a page is checked again, by fetching the rest of it again."""

RETRY_MILLISECONDS = (2_000, 8_000)
"""Range of the random reconnect delay, so that clients do not all reconnect at once after a restart."""

HEADERS = [(b"content-type", f"{EVENT_STREAM}; charset=utf-8".encode()), (b"x-accel-buffering", b"no")]
"""Headers of the answer. The second disables buffering in nginx-like proxies."""

T = TypeVar("T")
log = structlog.get_logger()

LastEventId = Annotated[
    str | None,
    HeaderParameter(
        name="Last-Event-ID",
        max_length=CURSOR_LENGTH_MAX,
        description="The `id` last received: what has happened since comes first. Without it the stream begins now.",
    ),
]


class EventStreams:
    """The open streams of this process, limited for each service. A process of several services has several limits."""

    def __init__(
        self, verifier: TokenVerifier, *, each_max: int, organization_max: int, all_max: int, seconds_max: int
    ) -> None:
        self._verifier = verifier
        self._each_max = each_max
        self._organization_max = organization_max
        self._all_max = all_max
        self.seconds_max = seconds_max
        self._open: set[Subscriber] = set()
        self._of_each: Counter[tuple[EventFeed, Caller]] = Counter()
        self._of_organization: Counter[tuple[EventFeed, str]] = Counter()
        self._of_service: Counter[EventFeed] = Counter()
        self._closed = False

    @classmethod
    def of(cls, settings: Settings, verifier: TokenVerifier) -> "EventStreams":
        return cls(
            verifier,
            each_max=settings.event_streams_each,
            organization_max=settings.event_streams_organization,
            all_max=settings.event_streams_all,
            seconds_max=settings.event_stream_seconds,
        )

    @contextlib.asynccontextmanager
    async def subscriber(
        self, event_feed: EventFeed, caller: Caller, authorization: str | None, acting: str | None, after: str | None
    ) -> AsyncIterator[Subscriber]:
        """Subscribe inside the block.

        Raises Excessive at the limit of the caller or the organization, Unavailable at the limit of the service.
        """

        async def may_receive() -> bool:
            try:
                return await self._verifier.caller(authorization, acting) == caller
            except Refusal:
                return False

        each, organization = (event_feed, caller), (event_feed, caller.organization)
        if self._of_each[each] >= self._each_max:
            raise Excessive("too-many-event-streams", limit=self._each_max)
        if self._of_organization[organization] >= self._organization_max:
            raise Excessive("too-many-organization-event-streams", limit=self._organization_max)
        if self._closed or self._of_service[event_feed] >= self._all_max:
            raise Unavailable("overloaded")
        subscriber = Subscriber(caller, may_receive)
        self._open.add(subscriber)
        self._of_each[each] += 1
        self._of_organization[organization] += 1
        self._of_service[event_feed] += 1
        EVENT_STREAMS.set(len(self._open))
        try:
            await event_feed.join(subscriber, after)
            yield subscriber
        finally:
            event_feed.leave(subscriber)
            self._open.discard(subscriber)
            self._of_each -= Counter([each])
            self._of_organization -= Counter([organization])
            self._of_service -= Counter([event_feed])
            EVENT_STREAMS.set(len(self._open))

    async def keep_checking(self) -> None:
        """End the streams of callers who may no longer act, each second."""
        while True:
            await asyncio.gather(*(one.check() for one in self._open))
            await asyncio.sleep(CHECK_SECONDS)

    def close(self) -> None:
        """End all streams and refuse new ones."""
        self._closed = True
        for one in self._open:
            one.end()


class EventStream(Response[T]):
    """An answer that streams a service's events, from now or from a cursor on, each as JSON of a T."""

    def __init__(
        self, streams: EventStreams, event_feed: EventFeed, caller: Caller, request: Scope, after: str | None = None
    ) -> None:
        super().__init__(cast(T, None), media_type=EVENT_STREAM)
        self._streams = streams
        self._event_feed = event_feed
        self._follows = (caller, header(request, "Authorization"), header(request, "Acting-As"), after)

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIApp:  # type: ignore[override]
        """Return the application that sends the events.

        It replaces the framework's stream, which waits indefinitely for a client that does not read.
        """
        return self._stream

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._streams.subscriber(self._event_feed, *self._follows) as subscriber:
            leaving = asyncio.create_task(_until_disconnected(receive, subscriber))
            try:
                await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
                cast(Mapping[str, Callable[[], None]], scope)[STAYS_OPEN]()
                await self._send_events(subscriber, partial(_sent, send), time.monotonic() + self._streams.seconds_max)
                await _sent(send, b"", more=False)
            except TimeoutError:
                log.info("stream aborted: the client does not read")
            finally:
                leaving.cancel()

    async def _send_events(
        self, subscriber: Subscriber, put: Callable[[bytes], Awaitable[None]], ends_at: float
    ) -> None:
        """Send events until `ends_at`, or until the subscription ends."""
        await put(b"retry: %d\n%s\n" % (random.randint(*RETRY_MILLISECONDS), self._id(subscriber.position)))
        beat_at = time.monotonic() + BEAT_SECONDS
        while not subscriber.ended and (now := time.monotonic()) < ends_at:
            page = await self._event_feed.next_page(subscriber, max(0.0, min(beat_at, ends_at) - now))
            if page is not None and await self._send_page(subscriber, page, put):
                beat_at = time.monotonic() + BEAT_SECONDS
            if not subscriber.ended and time.monotonic() >= beat_at:
                # The cursor is sent too, so that events the caller may not see are not read again on reconnect.
                await put(b":\n%s\n" % self._id(subscriber.position))
                beat_at = time.monotonic() + BEAT_SECONDS

    async def _send_page(self, subscriber: Subscriber, page: Page, put: Callable[[bytes], Awaitable[None]]) -> bool:
        """Send a page; return True if it had events. Events that cannot be sent in time are left for the next page."""
        for position, data in page.items:
            if subscriber.ended or time.monotonic() - page.at > FRESH_SECONDS:
                return True
            await put(b"%sdata: %s\n\n" % (self._id(position), data))
            subscriber.position = position
        subscriber.position = page.reached
        return bool(page.items)

    def _id(self, position: JournalPosition) -> bytes:
        return b"id: %s\n" % self._event_feed.cursor(position).encode()


async def _sent(send: Send, body: bytes, *, more: bool = True) -> None:
    """Send a part of the body. Raises TimeoutError if the client does not read."""
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def _until_disconnected(receive: Receive, subscriber: Subscriber) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    subscriber.end()
