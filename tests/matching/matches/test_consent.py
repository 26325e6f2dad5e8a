"""Visibility of matches by consents, from facts and by polling."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.journal.outbox import read
from chassis.journal.peers import Peers
from chassis.runtime import http_server, listener, service_tokens
from chassis.service import Running
from chassis.settings import Settings
from chassis.supervise import every, supervised
from contracts.requests import ConsentEnded, ConsentGiven, ConsentWithdrawn, RequestRevised
from services.matching import wiring
from services.matching.consumers import HANDLERS
from tests.builders import NOON, a_request, headers
from tests.conftest import running_of
from tests.matching.builders import a_submission
from tests.matching.offerings.steps import approved
from tests.matching.steps import COORDINATOR, KENYA, NORWAY, Client, Owner, attempt, ids, matches_of, move, opened

FRANCE = "FRA:provider_officer"


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("matching", "requests")


async def status_for(api: Client, match: Mapping[str, Any], *callers: str) -> list[int]:
    path = f"/v1/matches/{match['match_id']}"
    return [(await api.get(path, headers=headers(by))).status_code for by in callers]


async def two_matches(api: Client, owner: Owner, *recipients: str) -> dict[str, dict[str, Any]]:
    """Return a match of Norway and one of France with a line that is disclosed to the recipients."""
    for by in (NORWAY, FRANCE):
        await approved(api, by)
    submission = await opened(owner, a_submission(circulation_rule="none"))
    consent_id = uuid4()
    await owner.publish(ConsentGiven(**ids(submission), consent_id=consent_id, recipients=recipients, given_at=NOON))
    found = {match["provider"]: match for match in await matches_of(api, submission)}
    return found | {"ids": {**ids(submission), "consent_id": consent_id}}


async def test_match_is_presented_only_to_providers_named_by_a_consent(api: Client, owner: Owner) -> None:
    matches = await two_matches(api, owner, "NOR")

    refused = await attempt(api, matches["FRA"], "present", COORDINATOR, departure="other")
    await move(api, matches["NOR"], "present", COORDINATOR, departure="other")

    assert (409, "circulation-not-granted") == (refused.status_code, refused.json()["slug"])
    assert [200, 404, 200] == await status_for(api, matches["NOR"], NORWAY, FRANCE, KENYA)


@pytest.mark.parametrize("lost", ["withdrawn", "ended", "revised"])
async def test_lost_consent_ends_matches_that_depend_on_it(api: Client, owner: Owner, lost: str) -> None:
    matches = await two_matches(api, owner, "NOR", "FRA")
    await move(api, matches["NOR"], "present", COORDINATOR, departure="other")
    about = matches["ids"]
    request = {"request_id": about["request_id"], "state": about["state"]}
    kept = ConsentGiven(**request, consent_id=uuid4(), recipients=("FRA",), fields=("codes",), given_at=NOON)
    await owner.publish(kept)
    await move(api, matches["FRA"], "present", COORDINATOR)

    content = a_submission(request_id=about["request_id"])
    facts = {
        "withdrawn": ConsentWithdrawn(**about, circulation="granted", withdrawn_at=NOON),
        "ended": ConsentEnded(**about, circulation="granted", ended_at=NOON),
        "revised": RequestRevised(
            **{f: getattr(content, f) for f in RequestRevised.__struct_fields__ if hasattr(content, f)}, revised_at=NOON
        ),
    }
    await owner.publish(facts[lost])

    assert [404, 200] == await status_for(api, matches["NOR"], NORWAY, KENYA)
    assert [404 if lost == "revised" else 200] == await status_for(api, matches["FRA"], FRANCE)
    after = {match["provider"]: match["status"] for match in await matches_of(api, content)}
    assert {"NOR": "presented" if lost == "revised" else "expired", "FRA": "presented"} == after


async def test_confirmed_match_stays_visible_to_both_sides(api: Client, owner: Owner) -> None:
    matches = await two_matches(api, owner, "NOR")
    match = await move(api, matches["NOR"], "present", COORDINATOR, departure="other")
    match = await move(api, match, "accept", KENYA)
    await move(api, match, "confirm", NORWAY)

    await owner.publish(ConsentWithdrawn(**matches["ids"], circulation="objected", withdrawn_at=NOON))

    assert [200, 200] == await status_for(api, match, NORWAY, KENYA)


async def test_stale_consents_hide_what_depends_on_them(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    matches = await two_matches(api, owner, "NOR")
    match = await move(api, matches["NOR"], "present", COORDINATOR, departure="other")
    async with databases["matching"].transaction() as tx:
        await tx.execute("UPDATE consent_reading SET heard_at = now() - interval '6 seconds'")

    lists = [await api.get("/v1/matches", headers=headers(by)) for by in (NORWAY, KENYA, COORDINATOR)]
    interest = await api.post(
        "/v1/matches",
        json={"line_id": match["line_id"], "offering_id": match["offering_id"]},
        headers=headers(NORWAY),
    )
    confirmed = await attempt(api, match, "confirm", NORWAY)
    presented = await attempt(api, matches["FRA"], "present", COORDINATOR)

    assert [503, 200, 200] == await status_for(api, match, NORWAY, KENYA, COORDINATOR)
    assert [503, 200, 200] == [answer.status_code for answer in lists]
    for answer in (lists[0], interest, confirmed, presented):
        assert (503, "consents-unheard", "2") == (
            answer.status_code, answer.json()["slug"], answer.headers["Retry-After"],
        )  # fmt: skip
    assert 200 == (await api.get("/v1/offerings", headers=headers(NORWAY))).status_code


# -- polling without a broker -----------------------------------------------------------------------------------------


@pytest.fixture
async def asking(
    api: Client, settings: Settings, databases: Mapping[str, Database]
) -> AsyncIterator[tuple[Running, Callable[[], Awaitable[None]]]]:
    """Matching, which can poll the requests service over HTTP until that is stopped; there is no broker."""
    bound = listener("127.0.0.1", 0)
    server = http_server(cast(Any, api._transport).app, "127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started:
        await asyncio.sleep(0.01)
    token_of = service_tokens(settings)
    peers = Peers({"requests": f"http://127.0.0.1:{bound.getsockname()[1]}"}, token_of("matching"))
    (running,) = running_of(settings, databases, "matching")

    async def stop() -> None:
        server.should_exit = True
        await serving

    yield replace(running, peers=peers), stop
    await stop()
    await peers.close()


async def a_presented_match(api: Client, databases: Mapping[str, Database]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a request, whose facts so far matching has received, and its match with Norway."""
    await approved(api, NORWAY)
    request = (await api.post("/v1/requests", json=a_request(), headers=headers())).json()
    for name in ("register", "open"):
        path = f"/v1/requests/{request['request_id']}/{name}"
        request = (await api.post(path, json={}, headers=headers(COORDINATOR, revision=request["revision"]))).json()
    inbox = Inbox(databases["matching"], "matching", ["requests"], HANDLERS)
    async with databases["requests"].transaction() as tx:
        page = await read(tx, after="0.0")
    for event in page.events:
        await inbox.receive(event)
    match = (await matches_of(api, a_submission(request_id=UUID(request["request_id"]))))[0]
    return request, await move(api, match, "present", COORDINATOR)


async def test_withdrawal_and_silence_apply_within_five_seconds_without_a_broker(
    api: Client,
    databases: Mapping[str, Database],
    asking: tuple[Running, Callable[[], Awaitable[None]]],
) -> None:
    running, stop_requests = asking
    request, match = await a_presented_match(api, databases)
    async with databases["matching"].transaction() as tx:
        await tx.execute("UPDATE consent_reading SET heard_at = '-infinity'")
    assert [503, 200] == await status_for(api, match, NORWAY, KENYA)

    async def seconds_until(status: int) -> float:
        """Return the seconds until then, without those in which this process had no processor."""
        began, suspended = time.monotonic(), 0.0
        while await status_for(api, match, NORWAY) != [status]:
            assert time.monotonic() - began < 30
            paused = time.monotonic()
            await asyncio.sleep(0.05)
            suspended += max(0.0, time.monotonic() - paused - 0.1)
        return time.monotonic() - began - suspended

    ask = partial(every, wiring.CONSENTS_SECONDS, partial(wiring.refresh_consents, running))
    async with supervised({"consents": ask}):
        assert await seconds_until(200) < 5
        path = f"/v1/requests/{request['request_id']}/consents/{request['request_id']}"
        answer = await api.delete(path, headers=headers(revision=request["revision"]))
        assert 200 == answer.status_code, answer.text
        assert await seconds_until(404) < 5
        await stop_requests()
        assert await seconds_until(503) < 5 + 0.5
        assert [200] == await status_for(api, match, KENYA)


async def test_late_delivery_does_not_restore_a_consent(
    api: Client, databases: Mapping[str, Database], asking: tuple[Running, Callable[[], Awaitable[None]]]
) -> None:
    """Facts that arrive after a poll do not replace the newer state that it returned."""
    running, _ = asking
    request = (await api.post("/v1/requests", json=a_request(), headers=headers())).json()
    path = f"/v1/requests/{request['request_id']}/consents/{request['request_id']}"
    assert 200 == (await api.delete(path, headers=headers(revision=1))).status_code
    await wiring.refresh_consents(running)

    inbox = Inbox(databases["matching"], "matching", ["requests"], HANDLERS)
    async with databases["requests"].transaction() as tx:
        submitted = (await read(tx, after="0.0")).events[0]
    await inbox.receive(submitted)

    async with databases["matching"].transaction() as tx:
        rows = await tx.fetch("SELECT revision, withdrawn_at FROM heard_consent")
    assert [2] == [row["revision"] for row in rows]
    assert rows[0]["withdrawn_at"] is not None
