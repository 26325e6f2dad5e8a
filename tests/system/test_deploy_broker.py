"""The broker as configured in deploy/: read by nats-server and used by every user."""

import asyncio
import contextlib
import itertools
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from chassis.embedded import free_port
from chassis.journal.bus import Bus, BusError, Consumer
from chassis.journal.streams import MESSAGE_BYTES_MAX, ensure_streams, stream_states
from chassis.runtime import topology
from chassis.supervise import cancel
from contracts.facts import Event
from services.composition import all_services
from tests.system.deployed_broker import (
    LEAVING_CONNECTIONS,
    PASSWORDS,
    USERS,
    Broker,
    an_event,
    configured,
    connected,
    deployed,
    several,
    trusting,
    violations,
)
from tests.system.deployment import DEPLOY, certificate, environment, folder, replaced, running

OWNERS, CONSUMERS = topology(all_services())
pytestmark = LEAVING_CONNECTIONS

GRANTS = {s.name: s.grants() for s in all_services()}


@pytest.fixture
def broker() -> Iterator[Broker]:
    with deployed() as made:
        yield made


def kept_users() -> dict[str, tuple[str, list[str], list[str]]]:
    """Return each user of nats-users.conf with its password and the subjects it may publish and subscribe to."""
    text = (DEPLOY / "nats-users.conf").read_text()
    pattern = (
        r"user: (\S+)\s+password: (\S+)\s+permissions: \{\s+publish: \{\s+allow: \[([^\]]*)\]\s+\}"
        r"\s+subscribe: \{ allow: \[([^\]]*)\] \}\s+\}\s+\}"
    )
    found = {
        user: (password, re.findall(r'"(.+?)"', publish), re.findall(r'"(.+?)"', subscribe))
        for user, password, publish, subscribe in re.findall(pattern, text)
    }
    assert len(found) == len(re.findall(r"^\s+user:", text, re.MULTILINE)), "a user is not written like the others"
    return found


async def first(bus: Bus, consumer: Consumer) -> Event:
    async with contextlib.aclosing(bus.deliveries(consumer)) as deliveries:
        async for delivered in deliveries:
            await delivered[0].ack()
            return msgspec.json.decode(delivered[0].body, type=Event)
    raise AssertionError("the broker was lost")


# -- the files --------------------------------------------------------------------------------------------------------


def test_broker_permissions_are_those_of_the_chassis() -> None:
    services = {user: lists for user, (_, *lists) in kept_users().items() if user != "streams"}

    assert {name: list(lists) for name, lists in GRANTS.items()} == services


def test_every_broker_user_has_its_own_password_from_the_environment() -> None:
    assert {user: f"$NATS_PASSWORD_{user.upper()}" for user in USERS} == {u: p for u, (p, *_) in kept_users().items()}


def test_broker_without_passwords_does_not_start() -> None:
    missing = {name: value for name, value in PASSWORDS.items() if name != "NATS_PASSWORD_PLEDGES"}
    with folder() as place:
        conf, _ = configured(place, *certificate(place))
        command = ["nats-server", "-t", "-c", str(conf)]

        assert 0 == subprocess.run(command, env=environment(**PASSWORDS), capture_output=True).returncode
        refused = subprocess.run(command, env=environment(**missing), capture_output=True, text=True)
    assert refused.returncode != 0
    assert "NATS_PASSWORD_PLEDGES" in refused.stderr


def test_broker_syncs_before_acknowledging_and_opens_two_ports_only(broker: Broker) -> None:
    says = broker.answer("/varz")

    assert says["jetstream"]["config"]["sync_always"] is True
    assert MESSAGE_BYTES_MAX == says["max_payload"]
    assert says["http_host"] == "127.0.0.1"
    assert ({}, {}, {}) == (says["websocket"], says["mqtt"], says["leaf"])
    assert {} == says["gateway"]
    assert {} == says["cluster"]


# -- permissions of each user -----------------------------------------------------------------------------------------

ASKED_OF_JETSTREAM = (
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.INFO.REQUESTS",
    "$JS.API.STREAM.CREATE.REQUESTS",
    "$JS.API.STREAM.CREATE.MINE",
    "$JS.API.STREAM.UPDATE.REQUESTS",
    "$JS.API.STREAM.DELETE.REQUESTS",
    "$JS.API.STREAM.PURGE.REQUESTS",
    "$JS.API.STREAM.MSG.GET.REQUESTS",
    "$JS.API.STREAM.MSG.DELETE.REQUESTS",
    "$JS.API.STREAM.SNAPSHOT.REQUESTS",
    "$JS.API.STREAM.RESTORE.REQUESTS",
    "$JS.API.DIRECT.GET.REQUESTS",
    "$JS.API.CONSUMER.CREATE.REQUESTS.mine",
    "$JS.API.CONSUMER.DELETE.REQUESTS.matching",
    "$SYS.REQ.SERVER.PING",
    "_INBOX_requests.forged",
    "ta",
    "ta.requests",
)
SNOOPING = (
    ">",
    "ta.>",
    "ta.requests.>",
    "ta.*.*.*.*",
    "$JS.>",
    "$JS.ACK.>",
    "$SYS.>",
    "_INBOX.>",
    "_INBOX_admin.>",
    "*.>",
)


async def test_broker_administrator_creates_streams_and_cannot_delete_or_read_them(broker: Broker) -> None:
    subjects = {*ASKED_OF_JETSTREAM, "ta.requests.thing.happened.v1", "$JS.API.CONSUMER.MSG.NEXT.REQUESTS.matching"}
    allowed = {
        s for s in subjects if re.match(r"\$JS\.API\.(STREAM\.(INFO|CREATE|UPDATE)|CONSUMER\.(INFO|CREATE))\.", s)
    }

    found = await violations(broker.url("streams"), publish=subjects, subscribe=SNOOPING)

    assert {f"Publish {s}" for s in subjects - allowed} | {f"Subscription {s}" for s in SNOOPING} - {
        "Subscription _INBOX_admin.>"
    } == found


async def test_broker_rejects_missing_and_wrong_passwords(broker: Broker) -> None:
    for login in ({}, {"user": "requests"}, {"user": "requests", "pass": "secret-of-matching"}):
        trusted = trusting(broker.url("streams"))
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port, ssl=trusted)
        writer.write(f"CONNECT {json.dumps(login)}\r\nPING\r\n".encode())
        said = await asyncio.wait_for(reader.read(), 10)
        writer.close()

        assert b"Authorization Violation" in said
        assert b"PONG" not in said


async def test_streams_are_created_and_every_service_publishes_and_pulls(broker: Broker) -> None:
    made = await ensure_streams(broker.url("streams"), OWNERS, CONSUMERS)

    assert len(OWNERS) + len(CONSUMERS) == len(made)
    assert [] == await ensure_streams(broker.url("streams"), OWNERS, CONSUMERS)
    counts: Counter[str] = Counter()
    for owner in OWNERS:
        consumers = [c for c in CONSUMERS if c.owner == owner]
        # Publish one event of each aggregate that is consumed, then two of one that is not.
        events = [an_event(owner, one) for one in sorted({*itertools.chain(*(c.aggregates for c in consumers))})]
        async with connected(broker.url(owner), owner) as bus:
            for event in events:
                assert await bus.publish(event)
            assert await bus.publish_batch([an_event(owner), an_event(owner)])
            assert bus.permission_violations == 0
        counts[owner] = len(events) + 2
        for consumer in consumers:
            async with connected(broker.url(consumer.durable), consumer.durable) as bus:
                got = await asyncio.wait_for(first(bus, consumer), 10)
                assert got == next(event for event in events if event.aggregate in consumer.aggregates)
                assert bus.permission_violations == 0
    assert counts == {
        owner: state and state["messages"]
        for owner, state in (await stream_states(broker.url("streams"), OWNERS)).items()
    }


async def test_fact_of_another_service_is_rejected_and_counted(broker: Broker) -> None:
    await ensure_streams(broker.url("streams"), OWNERS, CONSUMERS)

    async with connected(broker.url("matching"), "matching") as bus:
        publishing = asyncio.create_task(bus.publish(an_event("requests")))
        while not bus.permission_violations:
            await asyncio.sleep(0.01)
        await cancel({publishing})
    states = await stream_states(broker.url("streams"), OWNERS)
    assert all(state and state["messages"] == 0 for state in states.values())


# -- three brokers ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def cluster(place: Path) -> Iterator[Mapping[Broker, "subprocess.Popen[bytes]"]]:
    crt, key = certificate(place)
    brokers = [Broker(free_port(), free_port(), crt) for _ in range(3)]
    routes = [free_port() for _ in range(3)]
    (place / "nats-users.conf").write_text((DEPLOY / "nats-users.conf").read_text())
    with contextlib.ExitStack() as stack:
        started = {}
        for n, broker in enumerate(brokers):
            changes = {"0.0.0.0:4222": f"127.0.0.1:{broker.port}", "127.0.0.1:8222": f"127.0.0.1:{broker.monitor}"}
            changes |= {"0.0.0.0:6222": f"127.0.0.1:{routes[n]}", '"/data"': f'"{place}/data-{n}"'}
            changes |= {f"nats-{m}:6222": f"127.0.0.1:{port}" for m, port in enumerate(routes, 1)}
            changes |= {"/run/secrets/nats.pem": str(crt), "/run/secrets/nats.key": str(key)}
            conf = place / f"nats-{n}.conf"
            changes |= {"/run/secrets/nats-ca.pem": str(crt)}
            conf.write_text(replaced((DEPLOY / "nats-cluster.conf").read_text(), changes))
            env = environment(**PASSWORDS, NATS_SERVER_NAME=f"nats-{n + 1}")
            command = ["nats-server", "--config", str(conf)]
            # Alone it is not ready, since it waits for another broker.
            process = stack.enter_context(running(command, lambda: True, env=env, log=place / f"log-{n}"))
            started[broker] = process
        yield started


async def test_cluster_survives_the_failure_of_the_broker_that_its_clients_use() -> None:
    """Kill each broker in turn, always one with connections, while facts are published and consumed."""
    requests_consumer = Consumer("requests", "matching")
    with folder() as place, cluster(place) as brokers:
        async with asyncio.timeout(30):
            while not all(broker.ready() for broker in brokers):
                await asyncio.sleep(0.1)
        await ensure_streams(several(brokers, "streams"), ["requests"], [requests_consumer], replicas=3)
        async with (
            connected(several(brokers, "requests"), "requests") as publisher,
            connected(several(brokers, "matching"), "matching") as reader,
        ):
            await published_and_consumed(publisher, reader, requests_consumer)
            used = next(broker for broker in brokers if "requests" in broker.connections())
            brokers[used].kill()

            await published_and_consumed(publisher, reader, requests_consumer)
        # What starts now, too, with the dead one named first.
        hosts = sorted(brokers, key=lambda broker: broker != used)
        assert (await stream_states(several(hosts, "streams"), ["requests"]))["requests"]
        async with connected(several(hosts, "requests"), "requests") as publisher:
            async with asyncio.timeout(30):
                while not await publisher.publish(an_event("requests")):
                    await asyncio.sleep(0.2)


async def published_and_consumed(publisher: Bus, reader: Bus, consumer: Consumer) -> None:
    """Publish an event and consume it; retry as a service does, since the brokers first agree on another leader."""
    event = an_event(consumer.owner)
    async with asyncio.timeout(45):
        while not await publisher.publish(event):
            await asyncio.sleep(0.2)
        while True:
            await reader.wait_connected()
            with contextlib.suppress(BusError, AssertionError):
                if event == await first(reader, consumer):
                    return
            await asyncio.sleep(0.2)
