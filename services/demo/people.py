"""The fictitious persons of the sample world, and their calls of the API."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID, uuid5

import httpx
import msgspec

from chassis.auth.tokens import Issuer
from contracts.owners import owner_of
from services.demo.samples import world

SECONDS = 15
APPOINTMENT_RETRY_SECONDS, APPOINTMENT_RETRIES = 0.25, 40
"""Retries of calls for a new appointment, which is known to all services within two seconds."""

KEYS = UUID("5d0f3a52-8a3f-5b0e-9d0a-2f6e7c1b4d10")
"""The namespace of the demo's Idempotency-Keys. A step has the same key in every run."""


class Persona(msgspec.Struct, frozen=True, kw_only=True):
    """A fictitious person in one appointment."""

    person_id: UUID
    organization: str
    role: str
    name: str
    email: str
    language: str

    @property
    def appointment(self) -> str:
        return f"{self.organization}:{self.role}"


@cache
def personas() -> Sequence[Persona]:
    return msgspec.json.decode(world("personas.json"), type=list[Persona])


def person_of(appointment: str) -> UUID | None:
    """The first persona of an appointment; None if there is none."""
    return next((p.person_id for p in personas() if p.appointment == appointment), None)


def _is_not_appointed_yet(answer: httpx.Response) -> bool:
    """Check whether an answer means that a service does not know a new appointment yet."""
    if answer.status_code not in {httpx.codes.FORBIDDEN, httpx.codes.SERVICE_UNAVAILABLE}:
        return False
    return answer.json().get("slug") in {"person-not-known", "not-appointed", "identity-unavailable"}


class StepError(Exception):
    """An unexpected answer to a step; `slug` is that of the refusal, if any."""

    def __init__(self, says: str, *, slug: str | None = None) -> None:
        super().__init__(says)
        self.slug = slug


class Api:
    """Calls the public API as personas, each write with the Idempotency-Key of its step.

    Without an appointment it calls without signing in.
    """

    def __init__(self, addresses: Mapping[str, str], issuer: Issuer) -> None:
        self._addresses = addresses
        self._issuer = issuer
        self._tokens: dict[tuple[UUID, str], str] = {}
        self._client = httpx.AsyncClient(timeout=SECONDS, trust_env=False)

    @property
    def issuer(self) -> str:
        return self._issuer.issuer

    async def get(
        self, appointment: str, path: str, *, person: UUID | None = None, language: str | None = None
    ) -> dict[str, Any]:
        return _record(await self._call("GET", appointment, path, person=person, language=language))

    async def download(self, appointment: str, path: str) -> bytes:
        return (await self._call("GET", appointment, path)).content

    async def post(
        self,
        appointment: str,
        path: str,
        body: Any = None,
        *,
        step: str = "",
        person: UUID | None = None,
        revision: int | None = None,
    ) -> dict[str, Any]:
        """POST a body; `step` distinguishes writes with the same path and body."""
        return _record(await self._call("POST", appointment, path, body, person=person, step=step, revision=revision))

    async def patch(self, appointment: str, path: str, body: Any, *, revision: int) -> dict[str, Any]:
        return _record(await self._call("PATCH", appointment, path, body, revision=revision))

    async def load(self, appointment: str, path: str, table: bytes) -> dict[str, Any]:
        """Send a table as CSV, with the unchanged bytes of its file."""
        return _record(await self._call("POST", appointment, path, table=table))

    async def put(
        self, appointment: str, path: str, body: Any, *, person: UUID | None = None, revision: int | None = None
    ) -> dict[str, Any]:
        return _record(await self._call("PUT", appointment, path, body, person=person, revision=revision))

    async def _call(
        self,
        method: str,
        appointment: str,
        path: str,
        body: Any = None,
        *,
        table: bytes | None = None,
        person: UUID | None = None,
        step: str = "",
        revision: int | None = None,
        language: str | None = None,
    ) -> httpx.Response:
        owner = owner_of(path)
        headers = {"Authorization": f"Bearer {self._token(appointment, person)}"} if appointment else {}
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid5(KEYS, f"{appointment} {path} {step}"))
        if table is not None:
            headers["Content-Type"] = "text/csv"
        if language is not None:
            headers["Accept-Language"] = language
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        for pause in (*[APPOINTMENT_RETRY_SECONDS] * APPOINTMENT_RETRIES, None):
            try:
                url = self._addresses[owner] + path
                answer = await self._client.request(method, url, content=table, json=body, headers=headers)
            except httpx.HTTPError as error:
                raise StepError(f"{method} {path}: {type(error).__name__}") from error
            if pause is None or not _is_not_appointed_yet(answer):
                break
            await asyncio.sleep(pause)
        if answer.is_error:
            problem = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
            raise StepError(
                f"{method} {path} as {appointment}: {answer.status_code} {problem.get('slug')} "
                f"{problem.get('details', '')}",
                slug=problem.get("slug"),
            )
        return answer

    def _token(self, appointment: str, person: UUID | None) -> str:
        who = person or person_of(appointment)
        if who is None:
            raise StepError(f"the sample world has no person appointed {appointment}")
        if (who, appointment) not in self._tokens:
            self._tokens[who, appointment] = self._issuer.token(who)
        return self._tokens[who, appointment]

    async def close(self) -> None:
        await self._client.aclose()


def _record(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    return found
