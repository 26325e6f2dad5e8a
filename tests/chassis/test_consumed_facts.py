"""A service receives the facts of those aggregates of which it handles any, and no others."""

import asyncio
from collections.abc import Mapping
from uuid import uuid4

from chassis.db.database import Database
from chassis.journal.bus import Bus, Consumer
from chassis.journal.outbox import announce
from chassis.journal.streams import ensure_streams
from chassis.runtime import topology
from chassis.supervise import supervised
from contracts.attachments import AttachmentRemoved
from contracts.facts import Event, aggregates_of, decode_event
from contracts.requests import RequestRegistered, RequestSubmitted
from services.composition import all_services
from tests.builders import NOON, an_event
from tests.chassis.builders import FIRST, a_fact
from tests.chassis.steps import JournalPeers, RecordingConsumer
from tests.conftest import Servers

HANDLED = Consumer("requests", "matching", aggregates_of("requests", [RequestRegistered, RequestSubmitted]))


def removed() -> AttachmentRemoved:
    return AttachmentRemoved(attachment_id=uuid4(), request_id=FIRST, state="KEN", removed_at=NOON)


async def received(servers: Servers, *wanted: Event) -> list[Event]:
    """The events that the broker delivers to matching, until the last of the wanted ones."""
    bus, found = Bus(servers.nats.url("matching"), "matching"), []
    async with supervised({"broker": bus.keep_connected}), asyncio.timeout(10):
        await bus.wait_connected()
        async for deliveries in bus.deliveries(HANDLED):
            for delivery in deliveries:
                found.append(decode_event(delivery.body))
                await delivery.ack()
            if wanted[-1] in found:
                return [event for event in found if event in wanted]
    raise AssertionError("the connection was lost")


async def test_broker_delivers_only_aggregates_of_the_consumer(servers: Servers, bus: Bus) -> None:
    url = servers.nats.url("streams")
    assert ["consumer matching on REQUESTS repaired"] == await ensure_streams(url, ["requests"], [HANDLED])
    assert [] == await ensure_streams(url, ["requests"], [HANDLED])
    first, other, last = an_event(a_fact(uuid4()), 1), an_event(removed(), 1), an_event(a_fact(uuid4()), 1)
    for event in (first, other, last):
        assert await bus.publish(event)

    assert [first, last] == await received(servers, first, other, last)


async def test_only_handled_aggregates_are_read_from_the_journal(
    databases: Mapping[str, Database], consumer: RecordingConsumer
) -> None:
    owner = JournalPeers(databases["matching"])
    async with databases["matching"].transaction() as tx:
        for fact in (removed(), a_fact(FIRST), removed(), removed()):
            await announce(tx, fact, version=1)

    assert await consumer.inbox.catch_up_once(owner, "requests") == 1
    async with databases["requests"].transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM inbox") == 1
    assert await consumer.inbox.catch_up_once(owner, "requests") == 0
    assert [(FIRST, 1)] == consumer.effects


def test_every_consumer_handles_an_aggregate_of_its_owner() -> None:
    """The broker would deliver all facts to a consumer without aggregates."""
    _, consumers = topology(all_services())

    assert [] == [one for one in consumers if not one.aggregates]
