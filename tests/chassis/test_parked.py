"""An event that cannot be applied is parked and blocks only its own aggregate."""

import json
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from chassis.db.database import Database, Tx
from chassis.journal.bus import Bus, Delivery
from chassis.journal.inbox import Inbox, Outcome
from chassis.journal.parked import PAGE, list_parked, release_parked
from chassis.supervise import supervised
from contracts.facts import Event
from contracts.requests import RequestRegistered
from tests.builders import an_event
from tests.chassis.builders import FIRST, SECOND, a_fact
from tests.chassis.steps import JournalPeers, RecordingConsumer, until
from tests.commands import entraide
from tests.conftest import Servers

ROOT = Path(__file__).parents[2]


async def statuses(db: Database) -> list[tuple[int, str]]:
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT version, status FROM inbox ORDER BY version")
    return [(row["version"], row["status"]) for row in rows]


async def test_failing_waiting_event_is_parked_with_its_own_reason(consumer: RecordingConsumer) -> None:
    """The previous event, which was applied, is not parked."""
    consumer.crash = {2}
    await consumer.inbox.receive(an_event(a_fact(), 2))

    assert await consumer.inbox._receive_or_park(an_event(a_fact(), 1)) is Outcome.APPLIED

    assert await statuses(consumer.inbox._db) == [(1, "applied"), (2, "parked")]


async def test_applied_event_is_not_parked_by_a_failed_redelivery(consumer: RecordingConsumer) -> None:
    event = an_event(a_fact(), 1)
    await consumer.inbox.receive(event)

    await consumer.inbox.park(event, reason="the other delivery of it was refused")

    assert await statuses(consumer.inbox._db) == [(1, "applied")]


@pytest.mark.all_schemas
async def test_all_parked_events_are_listed_page_by_page(
    databases: Mapping[str, Database], database_url: str, tmp_path: Path
) -> None:
    count = 2 * PAGE + 14
    async with databases["matching"].transaction() as tx:
        # All rows have the same time, like all writes of a transaction, so a page ends among them.
        await tx.execute(
            """
            INSERT INTO inbox (consumer, event_id, owner, aggregate_id, version, status, reason, event, received_at)
            SELECT 'matching', gen_random_uuid(), 'requests', gen_random_uuid(), 1, 'parked', 'refused: planted', '{}',
                '2026-01-01' FROM generate_series(1, $1)
            """,
            count,
        )

    async with databases["matching"].transaction() as tx:
        assert count == len({one.event_id for one in await list_parked(tx)})
    env = {"HOME": str(tmp_path), "DATABASE_URL": database_url}
    for words, read in (([], lambda text: text.splitlines()[-1]), (["--json"], lambda text: len(json.loads(text)))):
        done = await entraide("parked", "list", *words, env=env)
        assert done.exit_code == 0, done.stderr
        assert read(done.stdout) == (count if words else f"{count:,} parked")


async def test_released_event_that_fails_again_blocks_only_its_aggregate(consumer: RecordingConsumer) -> None:
    consumer.refuse = {2}
    for request_id in (FIRST, SECOND):
        for version in (1, 2):
            await consumer.inbox.receive(an_event(a_fact(request_id), version))
    db = consumer.inbox._db
    async with db.transaction() as tx:
        for parked in await list_parked(tx):
            await release_parked(tx, parked.event_id)

    async def crash_on_the_first(tx: Tx, event: Event, fact: RequestRegistered) -> None:
        if event.aggregate_id == FIRST:
            raise RuntimeError("planted")
        consumer.effects.append((event.aggregate_id, event.aggregateversion))

    later = Inbox(db, "matching", ["requests"], {RequestRegistered: crash_on_the_first})
    async with supervised({"gap filler": lambda: later.fill_gaps(JournalPeers(db))}):
        await until(lambda: (SECOND, 2) in consumer.effects)

    async with db.transaction() as tx:
        assert [(row.aggregate_id, row.reason) for row in await list_parked(tx)] == [
            (FIRST, "handler failed: RuntimeError")
        ]


ENVELOPE = an_event(a_fact(uuid4()), 1)
POISON = {
    "a version that no column holds": msgspec.json.encode(msgspec.structs.replace(ENVELOPE, aggregateversion=2**40)),
    "data that are not UTF-8": msgspec.json.encode(ENVELOPE).replace(b"TA-2026", b"\xff\xfe"),
    "an owner with NUL": msgspec.json.encode(msgspec.structs.replace(ENVELOPE, source="/requests\0")),
    "an owner nobody knows": msgspec.json.encode(msgspec.structs.replace(ENVELOPE, source="/nobody")),
    "a fact of another owner": msgspec.json.encode(msgspec.structs.replace(ENVELOPE, source="/pledges")),
}


@pytest.mark.parametrize("body", POISON.values(), ids=POISON.keys())
async def test_unstorable_envelope_is_parked_as_received(
    servers: Servers, databases: Mapping[str, Database], bus: Bus, body: bytes
) -> None:
    consumer = RecordingConsumer(databases["matching"])
    listening = Bus(servers.nats.url("matching"), "matching")
    request_id = uuid4()
    async with supervised(
        {"broker": listening.keep_connected, "consumer": lambda: consumer.inbox.listen(listening, "requests")}
    ):
        await bus._client.jetstream().publish("ta.requests.request.registered.v1", body)
        await bus.publish(an_event(a_fact(request_id), 1))
        await until(lambda: (request_id, 1) in consumer.effects)

    assert (ENVELOPE.aggregate_id, 1) not in consumer.effects
    async with databases["matching"].transaction() as tx:
        assert [row.aggregate_id for row in await list_parked(tx)] == [None]


class Undelivered:
    """A message that records only its negative acknowledgements."""

    def __init__(self) -> None:
        self.delays: list[float] = []

    async def nak(self, *, delay: float) -> None:
        self.delays.append(delay)


async def test_retry_delay_has_a_maximum(consumer: RecordingConsumer) -> None:
    """During an outage of the database of a day, each event is delivered again every half minute."""
    await consumer.inbox._db.close()
    message = Undelivered()

    await consumer.inbox._deliver(Delivery(b"", 2000, message), an_event(a_fact(), 1))

    assert message.delays == [30.0]
