"""Events are applied once and in order, with repeats, delays, failures and losses."""

import asyncio
import contextlib
from collections.abc import Mapping
from functools import partial
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.activity import Activity
from chassis.db.database import Database, Tx
from chassis.db.writes import Write
from chassis.journal import outbox as journal
from chassis.journal.bus import Bus, Delivery
from chassis.journal.inbox import Inbox, Outcome
from chassis.journal.outbox import Relay, announce, announce_all
from chassis.journal.parked import list_parked, release_parked
from chassis.journal.streams import stream_states
from chassis.supervise import supervised
from contracts.facts import Event
from contracts.requests import RequestRegistered, RequestWithdrawn
from tests.builders import an_event
from tests.chassis.builders import FIRST, SECOND, a_fact
from tests.chassis.steps import JournalPeers, RecordingConsumer, until
from tests.conftest import Servers

pytestmark = pytest.mark.usefixtures("patient")


class Writing(RecordingConsumer):
    """A consumer whose handler only writes to a table."""

    KEEP = Write(
        parts={
            "kept": """
                INSERT INTO command (caller, acting_for, route, key, body_hash, outcome, carried_out_at)
                VALUES ($1, '', '', $2, '', gen_random_uuid(), clock_timestamp())
            """
        }
    )

    async def handle(self, tx: Tx, event: Event, fact: RequestRegistered | RequestWithdrawn) -> None:
        await tx.queue(self.KEEP, event.aggregate_id, str(event.aggregateversion))


async def test_event_delivered_repeatedly_is_applied_once(consumer: RecordingConsumer) -> None:
    event = an_event(a_fact(), 1)

    outcomes = await asyncio.gather(*(consumer.inbox.receive(event) for _ in range(10)))

    assert outcomes.count(Outcome.APPLIED) == 1
    assert outcomes.count(Outcome.REPEATED) == 9
    assert consumer.effects == [(FIRST, 1)]


async def test_events_of_one_aggregate_are_applied_in_order(consumer: RecordingConsumer) -> None:
    events = [an_event(a_fact(), version) for version in range(1, 8)]

    for event in [events[i] for i in (3, 0, 5, 2, 1, 6, 4)]:
        await consumer.inbox.receive(event)

    assert [version for _, version in consumer.effects] == [1, 2, 3, 4, 5, 6, 7]


async def test_events_delivered_together_are_applied_in_order(consumer: RecordingConsumer) -> None:
    events = [an_event(a_fact(request_id), version) for request_id in (FIRST, SECOND) for version in range(1, 15)]

    await asyncio.gather(*(consumer.inbox.receive(event) for event in reversed(events)))
    peers = JournalPeers(consumer.inbox._db)
    async with supervised({"gap filler": partial(consumer.inbox.fill_gaps, peers)}):
        await until(lambda: len(consumer.effects) >= len(events))

    for request_id in (FIRST, SECOND):
        assert [v for r, v in consumer.effects if r == request_id] == list(range(1, 15))


async def test_write_only_handler_writes_once_and_in_order(
    databases: Mapping[str, Database],
) -> None:
    db = databases["requests"]
    inbox = Writing(db).inbox
    events = [an_event(a_fact(one), version) for one in (FIRST, SECOND) for version in range(1, 9)]
    coming = [*reversed(events), *events]

    outcomes = await asyncio.gather(*(inbox.receive(event) for event in coming))

    async with db.transaction() as tx:
        kept = await tx.fetch("SELECT caller, key FROM command ORDER BY caller, carried_out_at")
    assert [(row["caller"], int(row["key"])) for row in kept] == [(e.aggregate_id, e.aggregateversion) for e in events]
    assert outcomes.count(Outcome.REPEATED) == len(events)


async def test_events_without_handler_are_recorded_in_one_batch(databases: Mapping[str, Database]) -> None:
    db = databases["requests"]
    inbox = Inbox(db, "matching", ["requests"], {})
    events = [an_event(a_fact(uuid4()), 1) for _ in range(40)]

    await asyncio.gather(*(inbox.receive(event) for event in events))

    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM inbox WHERE status = 'applied'") == len(events)
        assert await tx.fetchval("SELECT count(DISTINCT xmin::text) FROM inbox") <= 5


async def test_refused_event_is_parked_and_blocks_only_its_aggregate(consumer: RecordingConsumer) -> None:
    consumer.refuse = {2}
    for version in (1, 2, 3):
        await consumer.inbox.receive(an_event(a_fact(), version))
    await consumer.inbox.receive(an_event(a_fact(SECOND), 1))

    async with consumer.inbox._db.transaction() as tx:
        parked = await list_parked(tx)
    assert [(row.version, row.reason, row.behind) for row in parked] == [(2, "refused: request-status", 1)]
    assert consumer.effects == [(FIRST, 1), (SECOND, 1)]

    consumer.refuse = set()
    async with consumer.inbox._db.transaction() as tx:
        assert await release_parked(tx, parked[0].event_id)
    async with supervised({"gap filler": partial(consumer.inbox.fill_gaps, JournalPeers(consumer.inbox._db))}):
        await until(lambda: len(consumer.effects) >= 4)
    assert consumer.effects == [(FIRST, 1), (SECOND, 1), (FIRST, 2), (FIRST, 3)]


async def test_failed_event_is_rolled_back_and_applied_on_redelivery(consumer: RecordingConsumer) -> None:
    consumer.crash = {1}
    event = an_event(a_fact(), 1)
    with pytest.raises(RuntimeError, match="planted"):
        await consumer.inbox.receive(event)

    consumer.crash = set()
    assert await consumer.inbox.receive(event) is Outcome.APPLIED


async def test_missing_event_is_fetched_from_the_owner(
    databases: Mapping[str, Database], consumer: RecordingConsumer
) -> None:
    async with databases["matching"].transaction() as tx:
        events = [await announce(tx, a_fact(), version=version) for version in (1, 2, 3)]
    await consumer.inbox.receive(events[2])
    assert consumer.effects == []

    async with supervised({"gap filler": partial(consumer.inbox.fill_gaps, JournalPeers(databases["matching"]))}):
        await until(lambda: len(consumer.effects) >= len(events))

    assert [version for _, version in consumer.effects] == [1, 2, 3]


async def test_missing_event_is_fetched_by_an_idle_process_in_time(
    databases: Mapping[str, Database], consumer: RecordingConsumer
) -> None:
    async with databases["matching"].transaction() as tx:
        events = [await announce(tx, a_fact(), version=version) for version in (1, 2)]
    consumer.inbox._db.activity = Activity(active_seconds=0)
    peers = JournalPeers(databases["matching"])
    async with supervised({"gap filler": partial(consumer.inbox.fill_gaps, peers)}), asyncio.timeout(40):
        await asyncio.sleep(1.5)
        await consumer.inbox.receive(events[1])
        while len(consumer.effects) < len(events):
            await asyncio.sleep(0.05)

    assert [version for _, version in consumer.effects] == [1, 2]


async def test_events_lost_by_the_broker_are_read_from_the_journal(
    databases: Mapping[str, Database], consumer: RecordingConsumer
) -> None:
    owner = JournalPeers(databases["matching"])
    ids = [uuid4() for _ in range(8)]
    async with databases["matching"].transaction() as tx:
        for request_id in ids:
            await announce(tx, a_fact(request_id), version=1)

    assert await consumer.inbox.catch_up_once(owner, "requests") == 8
    assert await consumer.inbox.catch_up_once(owner, "requests") == 0
    assert sorted(r for r, _ in consumer.effects) == sorted(ids)


async def test_watermark_does_not_skip_an_event_committed_late(databases: Mapping[str, Database]) -> None:
    """An older transaction takes the higher position and a younger one the lower, and both commit later."""
    db = databases["requests"]
    elder, younger = contextlib.AsyncExitStack(), contextlib.AsyncExitStack()
    old = await elder.enter_async_context(db.transaction())
    await old.execute("SELECT pg_current_xact_id()")
    young = await younger.enter_async_context(db.transaction())
    await announce(young, a_fact(FIRST), version=1)
    await announce(old, a_fact(SECOND), version=1)
    await elder.aclose()

    seen: list[UUID] = []
    after = "0.0"
    for _ in range(2):
        async with db.transaction() as tx:
            page = await journal.read(tx, after=after)
        seen += [event.aggregate_id for event in page.events]
        after = page.after
        await younger.aclose()

    assert seen == [SECOND, FIRST]


async def test_second_fact_with_the_same_version_is_rejected(databases: Mapping[str, Database]) -> None:
    async with databases["requests"].transaction() as tx:
        await announce(tx, a_fact(), version=1)

    with pytest.raises(asyncpg.UniqueViolationError):
        async with databases["requests"].transaction() as tx:
            await announce(tx, a_fact(), version=1)


async def test_service_cannot_change_its_journal(databases: Mapping[str, Database]) -> None:
    async with databases["requests"].transaction() as tx:
        await announce(tx, a_fact(), version=1)

    for statement in ("UPDATE journal SET version = 2", "DELETE FROM journal", "TRUNCATE journal CASCADE"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with databases["requests"].transaction() as tx:
                await tx.execute(statement)


async def test_service_cannot_read_tables_of_another_service(databases: Mapping[str, Database]) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with databases["matching"].transaction() as tx:
            await tx.fetch("SELECT * FROM requests.request_text")


@pytest.mark.parametrize("count", [1, 5, 40, 1200])
async def test_committed_event_is_published_and_removed_from_pending(
    databases: Mapping[str, Database], servers: Servers, bus: Bus, count: int
) -> None:
    db = databases["requests"]
    relay = Relay(db, bus)
    before = await _stored(servers)
    async with supervised({"relay": relay.relay, "sweeper": relay.sweep}):
        async with db.transaction() as tx:
            for _ in range(count):
                await announce(tx, a_fact(uuid4()), version=1)
        await _until_empty(db)
    assert before + count == await _stored(servers)


async def test_facts_announced_together_keep_their_order_in_the_journal(databases: Mapping[str, Database]) -> None:
    ids = [uuid4() for _ in range(20)]
    async with databases["requests"].transaction() as tx:
        stated = await announce_all(tx, [(a_fact(one), 1) for one in ids])
    async with databases["requests"].transaction() as tx:
        rows = await tx.fetch(
            "SELECT event_id, aggregate_id FROM journal JOIN pending USING (event_id, position) ORDER BY position"
        )

    assert [(event.id, event.aggregate_id) for event in stated] == [(r["event_id"], r["aggregate_id"]) for r in rows]
    assert ids == [event.aggregate_id for event in stated]


async def test_pending_events_of_another_process_are_published_by_the_sweeper(
    databases: Mapping[str, Database], servers: Servers, bus: Bus
) -> None:
    db = databases["requests"]
    before = await _stored(servers)
    async with db.transaction() as tx:
        for _ in range(40):
            await announce(tx, a_fact(uuid4()), version=1)
        await tx.execute("UPDATE pending SET claimed_until = now() - interval '1 second'")
    relay = Relay(db, bus)
    async with supervised({"sweeper": relay.sweep}):
        await _until_empty(db)
    assert before + 40 == await _stored(servers)


async def test_batch_with_a_duplicate_is_published(databases: Mapping[str, Database], bus: Bus) -> None:
    db = databases["requests"]
    async with db.transaction() as tx:
        events = [await announce(tx, a_fact(uuid4()), version=1) for _ in range(40)]
    assert await bus.publish(events[7])

    relay = Relay(db, bus)
    assert await relay._publish(events) == 40
    async with supervised({"sweeper": relay.sweep}):
        await _until_empty(db)


async def test_rolled_back_fact_is_not_published(databases: Mapping[str, Database], bus: Bus) -> None:
    db = databases["requests"]
    relay = Relay(db, bus)
    with contextlib.suppress(RuntimeError):
        async with db.transaction() as tx:
            await announce(tx, a_fact(), version=1)
            raise RuntimeError("planted")

    assert not relay._handed
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM pending") == 0


async def test_ack_deadline_is_extended_during_processing(
    servers: Servers, databases: Mapping[str, Database], bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.journal.bus.IN_PROGRESS_SECONDS", 0.1)
    extended: list[int] = []
    in_progress = Delivery.in_progress

    async def noted(delivery: Delivery) -> None:
        await in_progress(delivery)
        extended.append(delivery.attempt)

    monkeypatch.setattr(Delivery, "in_progress", noted)
    request_id, slow = uuid4(), asyncio.Event()

    async def handle(tx: Tx, event: Event, fact: RequestRegistered) -> None:
        if event.aggregate_id == request_id:
            await slow.wait()

    inbox = Inbox(databases["matching"], "matching", ["requests"], {RequestRegistered: handle})
    listening = Bus(servers.nats.url("matching"), "matching")
    async with supervised(
        {"broker": listening.keep_connected, "consumer": lambda: inbox.listen(listening, "requests")}
    ):
        await bus.publish(an_event(a_fact(request_id), 1))
        await until(lambda: len(extended) >= 3)
        slow.set()
        ended = 0
        while ended < len(extended):
            ended = len(extended)
            await asyncio.sleep(0.5)

    assert [1] * ended == extended


async def test_message_that_is_not_an_event_is_parked(
    servers: Servers, databases: Mapping[str, Database], bus: Bus
) -> None:
    consumer = RecordingConsumer(databases["matching"])
    listening = Bus(servers.nats.url("matching"), "matching")
    async with supervised(
        {"broker": listening.keep_connected, "consumer": lambda: consumer.inbox.listen(listening, "requests")}
    ):
        for rubbish in (b"", b"\xff\xfe", b'{"id": 1}', b"[" * 5000, b"\x00"):
            await bus._client.jetstream().publish("ta.requests.request.registered.v1", rubbish)
        request_id = uuid4()
        await bus.publish(an_event(a_fact(request_id), 1))
        await until(lambda: (request_id, 1) in consumer.effects)

    async with databases["matching"].transaction() as tx:
        parked = await list_parked(tx)
    # The error of an unreadable message depends on the version of Python.
    assert ["unreadable"] * 5 == [row.reason.partition(":")[0] for row in parked]


async def _stored(servers: Servers) -> int:
    """The number of messages in the stream of requests; other tests have left some."""
    state = (await stream_states(servers.nats.url("streams"), ["requests"]))["requests"]
    assert state is not None, "the fixture `bus` creates the stream"
    return int(state["messages"])


async def _until_empty(db: Database) -> None:
    async with asyncio.timeout(30):
        while True:
            async with db.transaction() as tx:
                if await tx.fetchval("SELECT count(*) FROM pending") == 0:
                    return
            await asyncio.sleep(0.02)
