"""Limits on HTTP connections before parsing: size and time of a request's head, and number of connections.

The parser concatenates the pieces of a header field, so an endless field takes quadratic time. Therefore it receives no
more than the limit; a head that is incomplete by then is refused. This applies to every listening process, with or
without a proxy in front.
"""

import asyncio
import resource
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

import msgspec
import structlog

from chassis.http.answer import CLOSED, SECURITY_HEADERS
from chassis.http.one_write import OneWriteProtocol
from chassis.http.problems import MEDIA_TYPE, RETRY_AFTER_SECONDS, language_of, problem
from chassis.rate_limiter import Network, address_of
from chassis.telemetry import CONNECTIONS, CONNECTIONS_REFUSED, CORRELATION_HEADER, with_correlation

PIPELINED_MAX = 16
"""Maximum number of pipelined requests per connection."""

FILES_RESERVED = 512
"""File descriptors reserved for other uses: PostgreSQL, the broker, attachments, logs."""

log = structlog.get_logger()


@dataclass(frozen=True)
class ConnectionLimits:
    """Limits per connection, address and process."""

    head_bytes_max: int = 16 * 1024
    """Maximum size of a request without its body: request line, header fields, chunk sizes and extensions, trailers.

    The head of a pipelined second request may be twice as large.
    """
    head_seconds_max: float = 10.0
    """Maximum time from the connection, or the first byte of a later request, to the end of its head."""
    discard_seconds_max: float = 5.0
    """Maximum time for the rest of a body that arrives after the answer."""
    idle_seconds_max: int = 15
    """Maximum time from an answer to the next request."""
    each_max: int = 500
    """Maximum number of open connections per address, or per /64 of IPv6; trusted proxies are exempt."""
    all_max: int = 4000


class OpenConnections:
    """The open connections of this process, by client address."""

    def __init__(self, limits: ConnectionLimits, trusted_proxies: Sequence[Network] = ()) -> None:
        self.limits = limits
        self._trusted_proxies = trusted_proxies
        self._count = 0
        self._by_address: Counter[str] = Counter()

    def add(self, client: tuple[str, int] | None) -> str | None:
        """Count a connection; return the address under which it is counted, or None at a limit."""
        address = address_of(client, {}, ())
        if self._count >= self.limits.all_max:
            return None
        if self._by_address[address] >= self.limits.each_max and not self._is_trusted(client):
            return None
        self._count += 1
        self._by_address[address] += 1
        CONNECTIONS.inc()
        return address

    def remove(self, address: str) -> None:
        self._count -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
        CONNECTIONS.dec()

    def _is_trusted(self, client: tuple[str, int] | None) -> bool:
        if client is None:
            return False
        address = ip_address(client[0].partition("%")[0])
        return any(address in network for network in self._trusted_proxies)


class Part(Enum):
    """The part of a request that the parser expects next."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()


class LimitedProtocol(OneWriteProtocol):
    """uvicorn's protocol with limits on size and time."""

    def __init__(self, *args: Any, open_connections: OpenConnections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open_connections = open_connections
        self._limits = open_connections.limits
        self._address: str | None = None
        self._part = Part.NOTHING
        self._head_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self._open_connections.add(self.client)
        if self._address is None:
            self._refuse("too-many-connections", 503)
        else:
            self._set_deadline(self._limits.head_seconds_max)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._clear_deadline()
        if self._address is not None:
            self._open_connections.remove(self._address)
            self._address = None

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        start = 0
        while start < len(data) and not self.transport.is_closing():
            # At least one byte is left, because reaching the limit is refused below.
            piece = data[start : start + self._limits.head_bytes_max - self._head_bytes]
            start += len(piece)
            self._head_bytes += len(piece)
            super().data_received(piece)
            if self._head_bytes >= self._limits.head_bytes_max:
                self._refuse("head-too-large", 431)
        if self._part is not Part.BODY and self._deadline is None and not self._answering():
            self._set_deadline(self._limits.head_seconds_max)

    def on_message_begin(self) -> None:
        self._part = Part.HEAD
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._part = Part.BODY
        self._clear_deadline()
        super().on_headers_complete()
        if len(self.pipeline) > PIPELINED_MAX:
            # The parser stops and calls `send_400_response`.
            raise ValueError("too many requests are pipelined")

    def on_body(self, body: bytes) -> None:
        self._head_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._part = Part.NOTHING
        self._head_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._part is not Part.NOTHING and self._deadline is None and not self._answering():
            in_body = self._part is Part.BODY
            self._set_deadline(self._limits.discard_seconds_max if in_body else self._limits.head_seconds_max)

    def send_400_response(self, msg: str) -> None:
        """Answer a request that cannot be parsed with a problem document instead of plain text."""
        self._refuse("invalid-request", 400)

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _set_deadline(self, seconds: float) -> None:
        self._clear_deadline()
        self._deadline = self.loop.call_later(seconds, self._on_deadline)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _on_deadline(self) -> None:
        self._deadline = None
        if self._part is Part.HEAD:
            self._refuse("head-too-slow", 408)
        else:
            self.transport.close()

    def _refuse(self, slug: str, status: int) -> None:
        """Close the connection, with a problem document if no other answer is being sent."""
        self._clear_deadline()
        if self.transport.is_closing():
            return
        CONNECTIONS_REFUSED.labels(slug).inc()
        log.info("refused", slug=slug, status=status)
        if self._may_answer():
            self.transport.write(self._problem(slug, status))
        self.transport.close()

    def _may_answer(self) -> bool:
        """Check whether an answer sent now would be attributed to the request being read."""
        if self._part is Part.BODY:
            return not self.pipeline and not self.cycle.response_started
        return not self._answering()

    def _problem(self, slug: str, status: int) -> bytes:
        accept_language = dict(self.headers or ()).get(b"accept-language", b"").decode("latin-1")
        with with_correlation(None) as correlation:
            body = msgspec.json.encode(problem(slug, status, language_of(accept_language)))
        head = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
            (CORRELATION_HEADER.lower().encode(), correlation.encode()),
            *SECURITY_HEADERS,
            (b"content-security-policy", CLOSED),
            *([(b"retry-after", b"%d" % RETRY_AFTER_SECONDS)] if status == 503 else []),
        ]
        lines = b"".join(b"%s: %s\r\n" % field for field in head)
        return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status, HTTPStatus(status).phrase.encode(), lines, body)


def connections_possible(wanted: int) -> int:
    """Raise the process's limit of open files for `wanted` connections; return the possible number."""
    needed = wanted + FILES_RESERVED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(wanted, max(soft - FILES_RESERVED, soft // 2))
