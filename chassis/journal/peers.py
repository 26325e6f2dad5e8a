"""Calls to other services: their journal, and records that a fact names (claim check)."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import httpx
import msgspec

from chassis.journal.outbox import Page
from chassis.telemetry import CORRELATION_HEADER, correlation_id
from contracts.facts import Event

TIMEOUT_SECONDS = 5.0


class PeerError(Exception):
    """Another service did not answer correctly; a later call may succeed."""


class Peers:
    """Client of the other services' internal APIs."""

    def __init__(
        self, addresses: Mapping[str, str], token: Callable[[], str], transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """Create a client. `transport` replaces the network in tests."""
        self._addresses = addresses
        self._token = token
        self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False, transport=transport)

    async def get(self, service: str, path: str, params: Mapping[str, str | int] | None = None) -> bytes:
        """GET a path; return the body of a 200. Raises PeerError for any other status."""
        response = await self._answer("GET", service, path, params=dict(params or {}))
        if response.status_code != httpx.codes.OK:
            raise PeerError(f"{service}: {response.status_code}")
        return response.content

    async def newer(self, service: str, path: str, etag: str | None) -> bytes | None:
        """GET a file; return None if it still has this `etag`. Raises PeerError."""
        response = await self._answer("GET", service, path, more={"If-None-Match": etag} if etag else {})
        if response.status_code == httpx.codes.NOT_MODIFIED:
            return None
        if response.status_code != httpx.codes.OK:
            raise PeerError(f"{service}: {response.status_code}")
        return response.content

    async def find(self, service: str, path: str, params: Mapping[str, str | int] | None = None) -> bytes | None:
        """GET a path; return the body of a 200, None for a 404. Raises PeerError for any other status."""
        return self._found(service, await self._answer("GET", service, path, params=dict(params or {})))

    async def ask(self, service: str, path: str, body: bytes) -> bytes | None:
        """POST parameters that must not appear in logs; return the body of a 200, None for a 404. Raises PeerError."""
        return self._found(service, await self._answer("POST", service, path, content=body))

    @staticmethod
    def _found(service: str, response: httpx.Response) -> bytes | None:
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        if response.status_code != httpx.codes.OK:
            raise PeerError(f"{service}: {response.status_code}")
        return response.content

    async def _answer(
        self, method: str, service: str, path: str, more: Mapping[str, str] = {}, **sent: Any
    ) -> httpx.Response:
        if service not in self._addresses:
            raise PeerError(f"{service}: no address")
        headers = {
            "Authorization": f"Bearer {self._token()}",
            "Content-Type": "application/json",
            CORRELATION_HEADER: correlation_id(),
            **more,
        }
        try:
            return await self._client.request(method, self._addresses[service] + path, headers=headers, **sent)
        except httpx.HTTPError as error:
            raise PeerError(f"{service}: {type(error).__name__}") from error

    async def record(self, service: str, path: str) -> dict[str, Any]:
        """Get a record that a fact names, as its owner shows it to this service. Raises PeerError."""
        return msgspec.json.decode(await self.get(service, path), type=dict[str, Any])

    async def events_after(self, owner: str, after: str) -> Page:
        """Get the next page of the owner's journal. Raises PeerError."""
        return _decode(await self.get(owner, "/internal/events", {"owner": owner, "after": after}), Page)

    async def events_of(self, owner: str, aggregate_id: UUID, *, after_version: int) -> list[Event]:
        """Get the owner's events of one aggregate after a version. Raises PeerError."""
        params: dict[str, str | int] = {
            "owner": owner,
            "aggregate": str(aggregate_id),
            "after_version": after_version,
        }
        return _decode(await self.get(owner, "/internal/events", params), Page).events

    async def close(self) -> None:
        await self._client.aclose()


def _decode(body: bytes, kind: type[Page]) -> Page:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise PeerError("the answer is not a page of events") from error
