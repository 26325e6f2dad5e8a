"""Event streams are limited for each service: per caller, per organization and in total."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace

import pytest

from chassis.db.database import Database
from chassis.http import edge
from chassis.settings import Settings
from tests.builders import headers
from tests.event_streams import RunningServices, filed, serve_at_a_port

UGANDA, COORDINATOR = "UGA:focal_point", "UNODC:coordinator"
PATH = "/v1/events/requests"


async def test_streams_are_limited_per_caller_and_service(long: Settings, databases: Mapping[str, Database]) -> None:
    limits = replace(long, event_streams_each=2, event_streams_all=3)
    async with serve_at_a_port(limits, databases, "requests") as services, contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(services.listen(PATH))
        async with services.listen(PATH):
            answer = await services.client.get(PATH, headers=headers() | {"Accept-Language": "fr"})
            assert (429, "too-many-event-streams") == (answer.status_code, answer.json()["slug"])
            assert answer.json()["title"].startswith("Vous avez déjà ouvert")
            assert {"limit": 2} == answer.json()["details"]
            assert int(answer.headers["Retry-After"]) > 0

            await stack.enter_async_context(services.listen(PATH, UGANDA))
            assert (503, "overloaded") == await services.refused(PATH, COORDINATOR)
        await asyncio.sleep(1.0)
        await stack.enter_async_context(services.listen(PATH))
        assert (503, "overloaded") == await services.refused(PATH, COORDINATOR)


async def test_streams_of_other_services_do_not_count(long: Settings, databases: Mapping[str, Database]) -> None:
    """A page of the console opens one stream per service that it follows; otherwise several pages could not be live."""
    limits = replace(long, event_streams_each=1, event_streams_organization=1, event_streams_all=1)
    async with (
        serve_at_a_port(limits, databases, "requests", "matching") as services,
        services.listen("/v1/events/requests"),
        services.listen("/v1/events/matching"),
    ):
        assert (429, "too-many-event-streams") == await services.refused("/v1/events/matching")


async def test_streams_are_limited_per_organization(long: Settings, databases: Mapping[str, Database]) -> None:
    limits = replace(long, event_streams_organization=2)
    async with serve_at_a_port(limits, databases, "requests") as services, contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(services.listen(PATH, "KEN:focal_point"))
        async with services.listen(PATH, "KEN:official"):
            answer = await services.client.get(
                PATH, headers=headers("KEN:provider_officer") | {"Accept-Language": "es"}
            )
            assert (429, "too-many-organization-event-streams") == (answer.status_code, answer.json()["slug"])
            assert answer.json()["title"].startswith("Su organización")
            assert {"limit": 2} == answer.json()["details"]
            assert int(answer.headers["Retry-After"]) > 0
            await stack.enter_async_context(services.listen(PATH, UGANDA))
        await asyncio.sleep(1.0)
        await stack.enter_async_context(services.listen(PATH, "KEN:provider_officer"))


async def test_streams_do_not_count_as_concurrent_requests(
    services: RunningServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "UNDER_WAY_MAX", 1)
    async with services.listen(PATH) as stream, services.listen(PATH, UGANDA):
        await filed(services)
        assert await stream.next()
