"""The HTTP client for destinations given by users: resolve, check every address, connect to a checked one.

All addresses of the name are checked before connecting, and the connection goes to the address, not the name, against
DNS rebinding. Each attempt uses a new connection, so that the next one is checked again. TLS is verified for the
name. Redirects and environment proxies are ignored, and of a response only the status and Retry-After are kept.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from ipaddress import ip_address
from typing import Any

import httpcore
from msgspec import Struct

from services.notifications.webhooks.destinations import LOOPBACK, Address, Bounds, Destination, may_connect

ATTEMPT_SECONDS = 15.0
"""Maximum duration of a whole attempt, including the DNS lookup."""
CONNECT_SECONDS = 5.0
ADDRESSES_MAX = 8
"""Maximum number of a name's addresses that are tried."""
ANSWER_BYTES_MAX = 64 * 1024

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class NotDelivered(Exception):
    """Raised if no response was received; `reason` is a code for the owner that reveals nothing about our network."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Answer(Struct, frozen=True, kw_only=True):
    status: int
    retry_after: str | None


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """Return all addresses of a name. Raises OSError."""
    # The trailing dot makes the name absolute: no search domain is appended.
    name = host if host == LOOPBACK else f"{host}."
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class SafeHttpClient:
    """Posts to checked destinations; `context` sets the trusted CAs, by default the system's (`SSL_CERT_FILE`)."""

    def __init__(
        self, bounds: Bounds, *, context: ssl.SSLContext | None = None, resolve: Resolve = resolve_host
    ) -> None:
        self._bounds = bounds
        self._context = context or ssl.create_default_context()
        self._resolve = resolve

    async def post(self, to: Destination, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a body. Raises NotDelivered without response: unresolved, address-denied, unreachable, tls, timeout …"""
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                return await self._post(to, body, headers)
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise NotDelivered("timeout") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ssl.SSLError) as error:
            raise NotDelivered(_reason(error)) from error

    async def _post(self, to: Destination, body: bytes, headers: Mapping[str, str]) -> Answer:
        url = httpcore.URL(scheme="https", host=to.host, port=to.port, target=to.target)
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self._context,
            max_connections=1,
            max_keepalive_connections=0,
            network_backend=_Checked(self._resolve, self._bounds),
        )
        async with pool, pool.stream("POST", url, headers=list(headers.items()), content=body) as response:
            size = 0
            async with aclosing(response.aiter_stream()) as chunks:  # type: ignore[type-var]
                async for chunk in chunks:
                    size += len(chunk)
                    if size > ANSWER_BYTES_MAX:
                        break
            retry_after = next((value for name, value in response.headers if name.lower() == b"retry-after"), None)
            return Answer(
                status=response.status, retry_after=None if retry_after is None else retry_after.decode("latin-1")
            )


class _Checked(httpcore.AsyncNetworkBackend):
    """A network backend that connects to a name only if all its addresses are allowed."""

    def __init__(self, resolve: Resolve, bounds: Bounds) -> None:
        self._resolve = resolve
        self._bounds = bounds
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the library's signature)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        last: Exception = NotDelivered("unresolved")
        for address in await self._addresses(host, port):
            try:
                return await self._backend.connect_tcp(str(address), port, timeout=CONNECT_SECONDS)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        if isinstance(last, NotDelivered):
            raise last
        raise NotDelivered("unreachable") from last

    async def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            found = [ip_address(text) for text in await self._resolve(host, port)]
        except (OSError, ValueError) as error:
            raise NotDelivered("unresolved") from error
        if not all(may_connect(address, self._bounds) for address in found):
            raise NotDelivered("address-denied")
        return list(dict.fromkeys(found))[:ADDRESSES_MAX]


def _reason(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return "tls"
        # The pool raises again `from None`, which hides the cause but keeps it.
        error = error.__context__
    return "disconnected"
