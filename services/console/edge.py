"""Edge in front of the pages: paths that are pages, limits before a body is read, security headers, correlation id."""

import asyncio
import math
import re
import time
from collections import Counter
from collections.abc import MutableMapping, Sequence
from functools import partial
from typing import Any

import structlog

from chassis.http.answer import ONLY_HTTPS, Answer
from chassis.http.asgi import Application, Receive
from chassis.http.edge import (
    BODY_SECONDS_MAX,
    QUERY_BYTES_MAX,
    STAYS_OPEN,
    fields_of,
)
from chassis.http.uploads import CallerGone
from chassis.rate_limiter import READING, READS, WRITES, Network, TokenBuckets, address_of
from chassis.telemetry import CORRELATION_HEADER, correlation_from, with_correlation, with_origin

FILES_SECONDS_MAX = 4 * BODY_SECONDS_MAX
FORM_BYTES_MAX = 256 * 1024
FILES_BYTES_MAX = 26 * 1024 * 1024
FILES_UNDER_WAY_MAX = 8
FILES_OF_ONE_ADDRESS_MAX = 4
"""Maximum number of forms with files at a time from one address. They are held in memory before the sender is known."""

OFFICE = 10
"""Factor of the rate limits for one address, since all people of an office may share it."""

PAGES = re.compile(r"/(?:$|(?:ar|en|es|fr|ru|zh)(?:/|$)|assets/|signed-in$)")
"""Pattern of the console's paths; all others are the API's."""

POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    b"form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
BODY = "entraide.page_body"
"""Key of a form's body in the ASGI scope."""

log = structlog.get_logger()


class PageEdge:
    """ASGI application that answers pages with `pages`, everything else with `api`."""

    def __init__(
        self, pages: Application, api: Application, *, trusted_proxies: Sequence[Network] = (), only_https: bool = False
    ) -> None:
        self._pages = pages
        self._api = api
        self._trusted = trusted_proxies
        self._headers = [*HEADERS, *([ONLY_HTTPS] if only_https else [])]
        self._files: Counter[str] = Counter()
        self._buckets = {True: TokenBuckets(READS.times(OFFICE)), False: TokenBuckets(WRITES.times(OFFICE))}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Any) -> None:
        if scope["type"] != "http" or not PAGES.match(scope["path"]):
            await self._api(scope, receive, send)
            return
        headers, _ = fields_of(scope["headers"])
        address = address_of(scope.get("client"), headers, self._trusted)
        given = correlation_from(headers.get(CORRELATION_HEADER.lower().encode(), b"").decode("latin-1"))
        with with_correlation(given) as correlation, with_origin(address):
            answer = Answer(scope, send, correlation, self._headers)
            scope[STAYS_OPEN] = partial(_stay_open, answer)
            try:
                await self._pass_on(scope, headers, receive, answer, address)
            except CallerGone:
                log.info("browser disconnected before the end of the form")
            except Exception as error:
                log.exception("page crashed", error=type(error).__name__)
                if answer.status is not None:
                    raise
                await _plain(answer, 500, "Something went wrong here. Please try again.")
            finally:
                # The callback refers back to the scope; without this, the cycle would wait for the garbage collector.
                del scope[STAYS_OPEN]
                if not answer.stays_open:
                    answer.measure()

    async def _pass_on(
        self,
        scope: MutableMapping[str, Any],
        headers: dict[bytes, bytes],
        receive: Receive,
        answer: Answer,
        address: str,
    ) -> None:
        reading = scope["method"] in READING
        if not scope["path"].startswith("/assets/"):
            wait = self._buckets[reading].take(address, time.monotonic_ns()).wait_seconds
            if wait:
                head = [(b"retry-after", str(math.ceil(wait)).encode())]
                await _plain(answer, 429, "Too many requests from this network. Please wait a moment.", head)
                return
        if len(scope.get("query_string", b"")) > QUERY_BYTES_MAX:
            await _plain(answer, 414, "This address is too long.")
            return
        if b"%00" in scope.get("raw_path", b"") or b"%00" in scope.get("query_string", b""):
            await _plain(answer, 400, "This address cannot be read.")
            return
        if reading:
            await self._pages(scope, receive, answer)
        elif not headers.get(b"content-type", b"").startswith(b"multipart/"):
            await self._pass_on_form(scope, headers, receive, answer, FORM_BYTES_MAX, BODY_SECONDS_MAX)
        elif self._files.total() >= FILES_UNDER_WAY_MAX or self._files[address] >= FILES_OF_ONE_ADDRESS_MAX:
            head = [(b"retry-after", b"60")]
            await _plain(answer, 503, "Other files are being sent. Please try again in a minute.", head)
        else:
            self._files[address] += 1
            try:
                await self._pass_on_form(scope, headers, receive, answer, FILES_BYTES_MAX, FILES_SECONDS_MAX)
            finally:
                self._files -= Counter([address])

    async def _pass_on_form(
        self,
        scope: MutableMapping[str, Any],
        headers: dict[bytes, bytes],
        receive: Receive,
        answer: Answer,
        limit: int,
        seconds: float,
    ) -> None:
        try:
            async with asyncio.timeout(seconds):
                body = await _read(headers, receive, limit)
        except TimeoutError:
            await _plain(answer, 408, "The form took too long to arrive. Please try again.")
            return
        if body is None:
            await _plain(answer, 413, "What was sent is too large.")
            return
        scope[BODY] = body
        await self._pages(scope, receive, answer)


def _stay_open(answer: Answer) -> None:
    """Mark an answer as long-lived. Its measured time ends here."""
    answer.measure()
    answer.stays_open = True


async def _read(headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes | None:
    announced = headers.get(b"content-length", b"0")
    if not announced.isdigit() or int(announced) > limit:
        return None
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            return None
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _plain(answer: Answer, status: int, text: str, head: Sequence[tuple[bytes, bytes]] = ()) -> None:
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), *head]
    await answer({"type": "http.response.start", "status": status, "headers": headers})
    await answer({"type": "http.response.body", "body": body})
