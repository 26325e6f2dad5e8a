"""Limits on the number of pages that follow changes at a time, and the stream that each of them reads."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import msgspec
import structlog
from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send

from chassis.http.edge import STAYS_OPEN
from services.console.client import ApiClient, ApiUnavailable, Problem

FEEDS = ("requests", "matching", "pledges")
"""Services whose changes a page may follow."""

HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
RETRY_MILLISECONDS = 3_000
GATHER_SECONDS = 0.15
"""Delay before a notification, by which changes of one command are notified together."""

AGAIN_SECONDS = 1.5
"""Delay of a second notification, since consequences of a change in other services take effect a moment later."""

CHECK_SECONDS = 5.0
BEAT_SECONDS = 15.0
SEND_SECONDS = 5.0

log = structlog.get_logger()


class TooManyPages(Exception):
    """The person, or all persons together, already follow changes with the maximum number of pages."""


class Following:
    """The pages of this process that follow changes."""

    def __init__(self) -> None:
        self._of_each: Counter[UUID] = Counter()

    @contextlib.contextmanager
    def place(self, person_id: UUID, *, each_max: int, all_max: int) -> Iterator[None]:
        """Hold a place for a page. Raises TooManyPages."""
        if self._of_each[person_id] >= each_max or self._of_each.total() >= all_max:
            raise TooManyPages
        self._of_each[person_id] += 1
        try:
            yield
        finally:
            self._of_each -= Counter([person_id])


class FeedItemData(msgspec.Struct, frozen=True):
    aggregate: str
    id: str
    version: int


class FeedItem(msgspec.Struct, frozen=True):
    """The part of an event of the API that decides whether a page is notified."""

    data: FeedItemData


def concerns(line: str, ids: Sequence[str]) -> bool:
    """Check whether a line of a feed is an event of one of these records, or any event if there are none.

    A new match may be of any of them: its event does not name the request.
    """
    if not line.startswith("data:"):
        return False
    if not ids:
        return True
    try:
        found = msgspec.json.decode(line.removeprefix("data:").strip(), type=FeedItem).data
    except msgspec.MsgspecError:
        return False
    return found.id in ids or (found.aggregate == "match" and found.version == 1)


class ChangeStream(Response[None]):
    """Server-sent events that state only that something has changed; the page then requests the change."""

    def __init__(
        self,
        api: ApiClient,
        feeds: Sequence[str],
        ids: Sequence[str],
        place: Callable[[], contextlib.AbstractContextManager[None]],
        goes_on: Callable[[], Awaitable[bool]],
        *,
        missed: bool,
    ) -> None:
        """Create the stream. `goes_on` returns whether the session still exists; `missed` if the browser reconnects."""
        super().__init__(None, media_type="text/event-stream")
        self._api = api
        self._feeds = feeds
        self._ids = ids
        self._place = place
        self._goes_on = goes_on
        self._missed = missed

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIApp:  # type: ignore[override]
        return self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream, or refuse with 204, after which a browser does not connect again automatically."""
        try:
            async with contextlib.AsyncExitStack() as stack:
                stack.enter_context(self._place())
                feeds = [await stack.enter_async_context(self._api.stream(f"/v1/events/{one}")) for one in self._feeds]
                await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
                cast(Mapping[str, Callable[[], None]], scope)[STAYS_OPEN]()
                await self._relay(feeds, receive, send)
        except (TooManyPages, Problem):
            await _plain(send, 204)
        except ApiUnavailable:
            # If the head has been sent already, the browser connects again.
            with contextlib.suppress(RuntimeError):
                await _plain(send, 503)

    async def _relay(self, feeds: Sequence[AsyncIterator[str]], receive: Receive, send: Send) -> None:
        changed = asyncio.Event()
        if self._missed:
            changed.set()
        tasks = [asyncio.create_task(self._read(feed, changed)) for feed in feeds]
        tasks.append(asyncio.create_task(_until_disconnected(receive)))
        for task in tasks:
            # A page that was left frees its place immediately.
            task.add_done_callback(lambda _task: changed.set())
        try:
            await _put(send, f"retry: {RETRY_MILLISECONDS}\nid: 1\n\n")
            await self._notify(tasks, changed, send)
            await _put(send, "", more=False)
        except TimeoutError:
            log.info("page stream aborted: the browser does not read")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, feed: AsyncIterator[str], changed: asyncio.Event) -> None:
        async for line in feed:
            if concerns(line, self._ids):
                changed.set()

    async def _notify(self, tasks: Sequence[asyncio.Task[None]], changed: asyncio.Event, send: Send) -> None:
        """Notify the page of changes until the browser leaves, or a feed or the session ends."""
        checked = notified = time.monotonic()
        again = False
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_SECONDS):
                    await changed.wait()
            if any(task.done() for task in tasks):
                return
            now = time.monotonic()
            # Nothing is said about records to a session that has ended, not even that they changed.
            if changed.is_set() or again or now - checked >= CHECK_SECONDS:
                if not await self._goes_on():
                    await _put(send, "event: ended\ndata: 1\n\n")
                    return
                checked = now
            if changed.is_set():
                await asyncio.sleep(GATHER_SECONDS)
                changed.clear()
                again, notified = True, now
                await _put(send, "event: changed\ndata: 1\n\n")
            elif again:
                again, notified = False, now
                await _put(send, "event: changed\ndata: 2\n\n")
            elif now - notified >= BEAT_SECONDS:
                notified = now
                await _put(send, ":\n\n")


async def _put(send: Send, text: str, *, more: bool = True) -> None:
    """Send a part of the stream. Raises TimeoutError if the browser does not read."""
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": text.encode(), "more_body": more})


async def _plain(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
