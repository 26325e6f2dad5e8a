"""An answer as the edge sends it: with common headers, without its body for HEAD, and 304 for what the caller has."""

import time
from collections.abc import MutableMapping, Sequence
from hashlib import blake2b
from typing import Any

from chassis.http.asgi import Scope, Send
from chassis.telemetry import CORRELATION_HEADER, REQUESTS

ADDED = "entraide.headers_added"
"""Scope key of headers to be added to the answer, where it has none of the same name."""

CLOSED = b"default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Content security policy of everything except pages: a browser loads, runs and sends nothing."""

OF_A_PAGE = CLOSED.replace(b"default-src 'none';", b"default-src 'none'; style-src 'self'; img-src 'self';")

SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""Headers of every answer that does not set its own. No other origin is allowed (CORS)."""

ONLY_HTTPS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

KEPT_BY_CALLER = [
    (b"cache-control", b"private, no-cache"),
    (b"vary", b"Authorization, Acting-As, Accept-Language"),
]
"""Headers of a record: its reader may keep it, and asks each time whether it still is so."""

TAG_BYTES = 8


class Answer:
    """Sends the application's answer with the common headers.

    The ETag of a record read is its revision and a hash of what is shown: the same revision differs by reader, language
    and time. Only once the record has been read for the caller is it compared with `If-None-Match`.
    """

    def __init__(
        self,
        scope: Scope,
        send: Send,
        correlation: str,
        headers: Sequence[tuple[bytes, bytes]] = SECURITY_HEADERS,
        *,
        only_head: bool = False,
    ) -> None:
        self.scope = scope
        self.only_head = only_head
        self._send = send
        self._correlation = correlation
        self._headers = headers
        self._record_head: MutableMapping[str, Any] | None = None
        self._started = time.perf_counter()
        self.status: int | None = None
        self.stays_open = False

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = {name.lower(): value for name, value in message["headers"]}
            if self._is_record(own):
                self._record_head = message
                return
            await self._send_head(message, own)
        elif message["type"] == "http.response.body":
            if self._record_head is not None:
                message = await self._send_record_head(self._record_head, message)
            await self._send({**message, "body": b""} if self.only_head else message)
        else:
            await self._send(message)

    def _is_record(self, own: MutableMapping[bytes, bytes]) -> bool:
        json = own.get(b"content-type", b"").partition(b";")[0] == b"application/json"
        return json and b"etag" in own and self.status == 200 and self.scope["method"] == "GET"

    async def _send_record_head(
        self, head: MutableMapping[str, Any], message: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Send the head of a record, and return the body that belongs to it."""
        self._record_head = None
        own = {name.lower(): value for name, value in head["headers"]}
        digest = blake2b(message["body"], digest_size=TAG_BYTES).hexdigest().encode()
        own[b"etag"] = own[b"etag"].removesuffix(b'"') + b"-" + digest + b'"'
        for name, value in KEPT_BY_CALLER:
            own.setdefault(name, value)
        sent = dict(self.scope["headers"]).get(b"if-none-match", b"")
        if own[b"etag"] in [one.strip().removeprefix(b"W/") for one in sent.split(b",")]:
            self.status = head["status"] = 304
            own = {name: value for name, value in own.items() if not name.startswith(b"content-")}
            message = {**message, "body": b""}
        head["headers"] = list(own.items())
        await self._send_head(head, own)
        return message

    async def _send_head(self, message: MutableMapping[str, Any], own: MutableMapping[bytes, bytes]) -> None:
        policy = OF_A_PAGE if own.get(b"content-type", b"").startswith(b"text/html") else CLOSED
        common = dict([(b"content-security-policy", policy), *self._headers])
        shared = own.get(b"cache-control", b"").startswith(b"public")
        # What one caller has left is not kept for others.
        common |= {k: v for k, v in self.scope.get(ADDED, {}).items() if not (shared and k.startswith(b"ratelimit"))}
        message["headers"] = [
            *message["headers"],
            (CORRELATION_HEADER.lower().encode(), self._correlation.encode()),
            *(pair for pair in common.items() if pair[0] not in own),
        ]
        await self._send(message)

    def measure(self) -> None:
        # The route's template, not the path: each id would create a time series.
        route = self.scope.get("path_template") or "none"
        REQUESTS.labels(self.scope["method"], route, str(self.status or 0)).observe(time.perf_counter() - self._started)
