"""Event streams send each event once to the callers who may see it, also after a reconnect."""

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis import clock
from chassis.auth import tokens as auth
from chassis.db.database import Database
from chassis.embedded import free_port
from chassis.http import event_streams
from chassis.journal import cursors as cursors
from chassis.journal import event_feed
from chassis.journal.cursors import StreamCursors
from chassis.journal.inbox import Inbox
from chassis.journal.outbox import JournalPosition, announce_all
from chassis.runtime import GRACE_SECONDS
from chassis.settings import Settings
from contracts.refusals import Invalid
from contracts.requests import RequestOpened, RequestReminded
from services.directory.wiring import appoint_founders
from services.notifications.consumers import HANDLERS
from services.notifications.wiring import SERVICE as NOTIFICATIONS
from tests import builders
from tests.builders import FACTS_PER_SUBMISSION, NOON, a_request, an_event, headers
from tests.directory.steps import FIRST, a_founder, appointed, done, entered
from tests.event_streams import RunningServices, filed, serve_at_a_port
from tests.matching.offerings.steps import offered
from tests.notifications.steps import subscribe
from tests.personas import ISSUER, persona_id, with_test_appointments
from tests.platform.steps import STARTED_SECONDS, served, until
from tests.requests.steps import consent, opened, withdraw

KENYA, UGANDA, COORDINATOR = "KEN:focal_point", "UGA:focal_point", "UNODC:coordinator"
NORWAY = "NOR:provider_officer"
PATH = "/v1/events/requests"
ENDED_SECONDS = 5.0
REPORTED_SECONDS = 11.0
"""An idle session of PostgreSQL reports its statistics after ten seconds (PGSTAT_IDLE_INTERVAL)."""


# -- events and their recipients ---------------------------------------------------------------------------------------


async def test_events_with_ids_are_sent_to_callers_who_see_the_record(services: RunningServices) -> None:
    async with (
        services.listen(PATH) as own,
        services.listen(PATH, COORDINATOR) as unodc,
        services.listen(PATH, UGANDA) as other,
    ):
        request = await filed(services)
        reported = await own.next()

        assert {"type", "timestamp", "data"} == set(reported.data)
        assert "requests.request.submitted.v1" == reported.data["type"]
        assert {"event_id", "aggregate", "id", "version"} == set(reported.data["data"])
        assert ("request", request["request_id"], 1) == tuple(
            reported.data["data"][k] for k in ("aggregate", "id", "version")
        )
        assert "text/event-stream; charset=utf-8" == own.answer.headers["content-type"]
        assert "no-store" == own.answer.headers["cache-control"]

        assert reported.data == (await unodc.next()).data
        await other.nothing()


async def test_event_of_a_draft_is_sent_to_its_state_only(services: RunningServices) -> None:
    async with services.listen(PATH) as own, services.listen(PATH, COORDINATOR) as unodc:
        await filed(services, submit=False)

        assert await own.next()
        await unodc.nothing()


async def test_event_of_this_process_is_sent_without_waiting_for_the_poll(
    services: RunningServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_feed, "LOOK_SECONDS", 60.0)
    async with services.listen(PATH) as listener:
        # Wait for the poll that had begun before, with the usual interval.
        await asyncio.sleep(1.0)
        await filed(services)
        assert (await listener.next()).data["type"] == "requests.request.submitted.v1"


async def test_events_of_a_request_are_sent_until_the_consent_is_withdrawn(services: RunningServices) -> None:
    async with services.listen(PATH, NORWAY) as provider:
        request = await opened(services.client)
        given = await consent(services.client, request, recipients=["NOR"], fields=["words"])
        # Skip events from before the consent that the history shows, if they are recent.
        while (await provider.next()).data["type"] != "requests.request.consent-given.v1":
            pass

        consent_id = given["consents"][0]["consent_id"]
        assert (await withdraw(services.client, given, consent_id)).status_code == 200
        await provider.nothing()


# -- reconnects -------------------------------------------------------------------------------------------------------


async def test_reconnect_sends_missed_events_once_and_in_order(services: RunningServices) -> None:
    async with services.listen(PATH) as first:
        for _ in range(2):
            await filed(services)
        reported = [await first.next() for _ in range(2 * FACTS_PER_SUBMISSION)]
    missed = [await filed(services) for _ in range(3)]
    await filed(services, UGANDA)

    async with services.listen(PATH, after=reported[0].id) as again:
        repeated = [await again.next() for _ in reported[1:]]
        # The events are the same, but their ids differ: no two ids of one position are alike.
        assert [one.data for one in reported[1:]] == [one.data for one in repeated]
        assert not {one.id for one in reported} & {one.id for one in repeated}
        found = [await again.next() for _ in range(3 * FACTS_PER_SUBMISSION)]
        submissions = found[::FACTS_PER_SUBMISSION]
        assert [request["request_id"] for request in missed] == [one.data["data"]["id"] for one in submissions]
        assert len(found) == len({one.data["data"]["event_id"] for one in found})
        await again.nothing()

    # A stream without events has a position, too.
    async with services.listen(PATH) as idle:
        begun = idle.last_id
    later = await filed(services)
    async with services.listen(PATH, after=begun) as again:
        assert later["request_id"] == (await again.next()).data["data"]["id"]


async def test_event_committed_late_is_not_skipped(
    services: RunningServices, databases: Mapping[str, Database]
) -> None:
    """Commit an older transaction with the higher position, then a younger with the lower, and read in between."""
    db = databases["requests"]
    first, second = [UUID((await filed(services))["request_id"]) for _ in range(2)]
    async with services.listen(PATH) as stream:
        elder, younger = contextlib.AsyncExitStack(), contextlib.AsyncExitStack()
        old = await elder.enter_async_context(db.transaction())
        await old.execute("SELECT pg_current_xact_id()")
        young = await younger.enter_async_context(db.transaction())
        await announce_all(young, [(reminded(first), 2)])
        await announce_all(old, [(reminded(second), 2)])
        await elder.aclose()
        assert str(second) == (await stream.next()).data["data"]["id"]
        await stream.nothing()
        await younger.aclose()
        assert str(first) == (await stream.next()).data["data"]["id"]


def reminded(request_id: UUID) -> RequestReminded:
    return RequestReminded(request_id=request_id, state="KEN", reminder=1, reminded_at=NOON)


async def test_unknown_last_event_id_is_rejected_and_ids_are_opaque(
    services: RunningServices, databases: Mapping[str, Database]
) -> None:
    async with services.listen(PATH) as stream:
        known = stream.last_id
    for unknown in ("1.1", "x", "AAAA" * 13, known[:-2] + ("AA" if known[-2:] != "AA" else "BB"), "é"):
        answer = await services.client.get(PATH, headers={**headers(), "Last-Event-ID": unknown.encode()})
        assert (400, "last-event-id-unknown") == (answer.status_code, answer.json()["slug"])
    assert (400, "invalid-request") == await services.refused(PATH, **{"Last-Event-ID": "A" * 81})

    async with databases["requests"].transaction() as tx, databases["pledges"].transaction() as of_pledges:
        ours, theirs = await StreamCursors.load(tx), await StreamCursors.load(of_pledges)
    at = JournalPosition(7, 1)
    assert at == ours.decode(ours.encode(at)) == ours.decode(ours.encode(at))
    assert ours.encode(at) != ours.encode(at)
    assert len(ours.encode(at)) == len(ours.encode(JournalPosition(2**63, 2**63))) <= cursors.CURSOR_LENGTH_MAX
    with pytest.raises(Invalid):
        theirs.decode(ours.encode(at))


# -- the end of a stream ----------------------------------------------------------------------------------------------


async def test_stream_ends_with_the_appointment(services: RunningServices) -> None:
    async with services.listen(PATH) as ended, services.listen(PATH, UGANDA) as stays:
        services.end(KENYA)
        began = time.monotonic()
        await filed(services, UGANDA)
        assert [] == await ended.rest(ENDED_SECONDS)
        assert time.monotonic() - began < ENDED_SECONDS
        assert await stays.next()
    assert (403, "not-appointed") == await services.refused(PATH)


async def test_ended_appointment_ends_streams_of_other_services_within_five_seconds(
    long: Settings, databases: Mapping[str, Database]
) -> None:
    """One process with two services and no broker; appointments are made and ended over HTTP."""
    nowhere = f"nats://127.0.0.1:{free_port()}"
    own = replace(long, port=free_port(), nats_url=nowhere, nats_urls=dict.fromkeys(long.nats_urls, nowhere))
    await appoint_founders(databases["directory"], [a_founder(FIRST), a_founder("UNODC:other_administrator")])
    async with served(own, "directory", "requests") as services:
        client, running = services.client, services.running
        await until(lambda: not any(one.callers.stale() for one in running), STARTED_SECONDS)
        await done(client, "/v1/organizations", FIRST, code="KEN")
        subject = {"issuer": ISSUER, "subject": str(persona_id(KENYA))}
        person = await entered(client, person_id=str(persona_id(KENYA)), subjects=[subject])
        appointment = await appointed(client, person, "focal_point")
        known = partial(running[0].callers.in_force, persona_id(KENYA))
        await until(lambda: bool(known(clock.now())), STARTED_SECONDS)
        async with services.listen(PATH) as stream:
            path = f"/v1/appointments/{appointment['appointment_id']}/end"
            await done(client, path, FIRST, revision=2, reason="left_service")
            assert [] == await stream.rest(ENDED_SECONDS)


async def test_stream_ends_with_its_token(services: RunningServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "LEEWAY_SECONDS", 0)
    assert builders.issuer is not None
    headers(KENYA)
    token = builders.issuer.token(persona_id(KENYA), lifetime_seconds=5)
    async with services.listen(PATH, Authorization=f"Bearer {token}") as stream:
        assert [] == await stream.rest(5 + 2 * ENDED_SECONDS)


async def test_stream_has_a_maximum_duration_and_a_retry_delay(
    settings: Settings, databases: Mapping[str, Database]
) -> None:
    async with serve_at_a_port(replace(settings, event_stream_seconds=1), databases, "requests") as services:
        began = time.monotonic()
        async with services.listen(PATH) as stream:
            assert [] == await stream.rest()
            assert 0.9 < time.monotonic() - began < 15
            assert stream.retry is not None
            assert 2_000 <= stream.retry <= 8_000


async def test_idle_stream_sends_heartbeats(services: RunningServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "BEAT_SECONDS", 0.2)
    async with services.listen(PATH) as stream:
        begun = stream.last_id
        await filed(services, UGANDA)
        # The id passes over events that the caller may not see, without showing that there were any.
        await until(lambda: stream.comments >= 4 and stream.last_id != begun, 30)
        await stream.nothing(0.2)
        async with services.running[0].db.transaction() as tx:
            ours = await StreamCursors.load(tx)
        assert ours.decode(stream.last_id) > ours.decode(begun)


async def test_stop_ends_all_streams_at_once(long: Settings, databases: Mapping[str, Database]) -> None:
    async with served(replace(long, port=free_port()), "requests") as services:
        with_test_appointments(services.running[0].callers)
        async with services.listen(PATH) as stream:
            os.kill(os.getpid(), signal.SIGTERM)
            began = time.monotonic()
            assert [] == await stream.rest()
            assert time.monotonic() - began < GRACE_SECONDS
    assert time.monotonic() - began < 20


# -- many streams -------------------------------------------------------------------------------------------------------


@pytest.mark.soak
async def test_idle_streams_share_one_poll_of_postgresql(
    long: Settings, databases: Mapping[str, Database], database_url: str
) -> None:
    many = 100
    limits = replace(long, event_streams_each=many, event_streams_organization=many)
    connection = await asyncpg.connect(database_url)
    try:
        async with serve_at_a_port(limits, databases, "requests") as services, contextlib.AsyncExitStack() as stack:

            async def committed_in(seconds: float) -> int:
                ask = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
                before = await connection.fetchval(ask)
                await asyncio.sleep(seconds)
                return int(await connection.fetchval(ask)) - int(before)

            listeners = [await stack.enter_async_context(services.listen(PATH))]
            await asyncio.sleep(REPORTED_SECONDS)
            by_one = await committed_in(4)
            listeners += [await stack.enter_async_context(services.listen(PATH)) for _ in range(many - 1)]
            await asyncio.sleep(REPORTED_SECONDS)
            by_many = await committed_in(4)
            held = await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND state <> 'idle'"
            )
            assert by_many <= by_one + 4 < 25
            assert held <= 1

            await filed(services)
            began = time.monotonic()
            reported = await asyncio.gather(*(one.next() for one in listeners))
            assert all(reported)
            assert time.monotonic() - began < 5
    finally:
        await connection.close()


async def test_slow_reader_is_disconnected_without_delaying_others(
    services: RunningServices, databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_streams, "SEND_SECONDS", 3.0)
    request_id = UUID((await filed(services))["request_id"])
    frozen = socket.socket()
    frozen.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    frozen.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(frozen, ("127.0.0.1", services.port))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers(COORDINATOR).items())
        await loop.sock_sendall(frozen, f"GET {PATH} HTTP/1.1\r\nHost: test\r\n{head}\r\n".encode())
        assert await loop.sock_recv(frozen, 15) == b"HTTP/1.1 200 OK"
        async with services.listen(PATH) as reader:
            subscribers = services.running[0].event_feed._subscribers
            assert 2 == len(subscribers)
            for version in range(2, 20_002, 1000):
                async with databases["requests"].transaction() as tx:
                    await announce_all(tx, [(reminded(request_id), version + n) for n in range(1000)])
            assert all([await reader.next() for _ in range(20_000)])
            async with asyncio.timeout(30):
                while len(subscribers) > 1:
                    await asyncio.sleep(0.1)
    finally:
        frozen.close()


# -- outages ----------------------------------------------------------------------------------------------------------


async def test_streams_survive_a_restart_of_postgresql(services: RunningServices, database_url: str) -> None:
    async with services.listen(PATH) as stream:
        connection = await asyncpg.connect(database_url)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await connection.close()
        async with asyncio.timeout(30):
            while (answer := await services.client.post("/v1/requests", json=a_request(), headers=headers())).is_error:
                await asyncio.sleep(0.1)
        reported = await stream.next()
        assert answer.json()["request_id"] == reported.data["data"]["id"]


async def test_provider_events_wait_while_consents_are_unknown(
    long: Settings, databases: Mapping[str, Database]
) -> None:
    path = "/v1/events/matching"
    async with serve_at_a_port(long, databases, "matching") as services:
        async with services.listen(path, NORWAY) as provider, services.listen(path, COORDINATOR) as unodc:
            place_of_both = provider.last_id
            await set_consents_read(databases["matching"], "'-infinity'")
            offering = await offered(services.client)
            assert [] == await provider.rest()
            assert offering["offering_id"] == (await unodc.next()).data["data"]["id"]
        await set_consents_read(databases["matching"], "'infinity'")
        async with services.listen(path, NORWAY, after=place_of_both) as again:
            assert offering["offering_id"] == (await again.next()).data["data"]["id"]


async def set_consents_read(db: Database, at: str) -> None:
    async with db.transaction() as tx:
        await tx.execute(f"UPDATE consent_reading SET heard_at = {at}")


# -- the inbox ---------------------------------------------------------------------------------------------------------


async def test_notification_events_are_sent_to_their_person(long: Settings, databases: Mapping[str, Database]) -> None:
    async with serve_at_a_port(long, databases, "notifications") as services:
        await subscribe(services.client, KENYA, COORDINATOR, channels=["mail"])
        inbox = Inbox(databases["notifications"], "notifications", NOTIFICATIONS.listens_to, HANDLERS)
        path = "/v1/notifications/stream"
        async with services.listen(path) as own, services.listen(path, COORDINATOR) as other:
            fact = RequestOpened(request_id=uuid4(), state="KEN", priority="normal", opened_at=NOON)
            await inbox.receive(an_event(fact, 1))
            reported = await own.next()
            await other.nothing()
            (shown,) = (await services.client.get("/v1/notifications", headers=headers())).json()["notifications"]
            assert (shown["notice"], shown["owed_at"]) == (reported.data["type"], reported.data["timestamp"])
            assert {name: shown[name] for name in reported.data["data"]} == reported.data["data"]
            await own.nothing()
        async with services.listen(path, after=reported.id) as again:
            await again.nothing()
