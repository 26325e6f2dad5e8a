"""Several webhook senders, killed and restarted: every event arrives, and no attempt is made twice."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.rebuild import verify
from chassis.settings import Settings
from services.notifications.wiring import SERVICE
from tests.databases import connected
from tests.receiver import Received, Receiver, an_answer
from tests.soak import cases
from tests.webhooks import ASender, Client, deliveries, drained, ids, inside, opened, registered, senders, verified

pytestmark = pytest.mark.machine_clock  # a receiver's library rejects messages older than five minutes


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, webhook_loopback=True)


@pytest.fixture
def a_sender(db: Database, settings: Settings, receiver: Receiver) -> ASender:
    return senders(db, settings, receiver)


# -- concurrent and killed senders ------------------------------------------------------------------------------------


async def test_several_senders_do_not_make_the_same_attempt(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender
) -> None:
    webhooks = [await registered(api, url=inside(receiver)) for _ in range(3)]
    await opened(inbox, 10)

    async def work() -> None:
        sender, idle = a_sender(), 0
        while idle < 5:
            if await sender.send_next():
                idle = 0
            else:
                idle += 1
                await asyncio.sleep(0.02)

    await asyncio.gather(*(work() for _ in range(4)))

    assert (30, {1}) == (len(ids(receiver)), set(ids(receiver).values()))
    for webhook in webhooks:
        assert {("delivered", 1)} == {(one["status"], one["attempts"]) for one in await deliveries(api, webhook)}


async def test_slow_receiver_delays_only_its_own_events(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender, db: Database
) -> None:
    slow, quick = await registered(api, url=inside(receiver)), await registered(api, url=inside(receiver))
    await opened(inbox, 3)
    async with db.transaction() as tx:
        await tx.execute(
            "INSERT INTO turn (webhook_id, holder, until) VALUES ($1, $2, clock_timestamp() + interval '1 minute')",
            slow["webhook_id"],
            uuid4(),
        )

    assert 3 == await drained(a_sender())
    assert {"owed"} == {one["status"] for one in await deliveries(api, slow)}
    assert {"delivered"} == {one["status"] for one in await deliveries(api, quick)}


PROCESS = """
import asyncio, random, ssl, sys
from pathlib import Path
from chassis import clock
from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.settings import Settings
from services.notifications.webhooks import sender as webhook_sender
from services.notifications.webhooks.destinations import Bounds
from services.notifications.webhooks.config import WebhookConfig
from services.notifications.webhooks.http_client import SafeHttpClient
from tests.personas import AllAppointed

webhook_sender.POLL_SECONDS = 0.02

async def main(dsn, state, authority):
    db = await Database.connect(dsn, "notifications", role=role_of("notifications"))
    bounds = Bounds(loopback=True)
    http = SafeHttpClient(bounds, context=ssl.create_default_context(cafile=authority))
    terms = webhook_sender.Terms(bounds=bounds, delays_seconds=(1,) * 30, lease_seconds=1)
    keyring = WebhookConfig(Settings(state=Path(state))).keyring
    make = lambda: webhook_sender.WebhookSender(
        db, http, keyring, terms, AllAppointed(), clock=clock.now, spread=random.random)
    await asyncio.gather(*(make().run() for _ in range(3)))

asyncio.run(main(*sys.argv[1:]))
"""
EVENTS = cases(20, soak=50)
KILLS = cases(2, soak=6)


@pytest.mark.thinned
async def test_every_event_arrives_despite_errors_and_kills_with_a_stable_id(
    api: Client, inbox: Inbox, receiver: Receiver, db: Database, database_url: str, settings: Settings
) -> None:
    """G5: three webhooks, a receiver that fails three times in ten, and two senders killed repeatedly."""
    count = Counter[str]()

    def fail_three_in_ten(_request: Received) -> bytes:
        count["all"] += 1
        return {1: an_answer(500), 4: b"", 7: an_answer(503)}.get(count["all"] % 10, an_answer())

    receiver.answers = fail_three_in_ten
    webhooks = [await registered(api, url=inside(receiver), scheme=scheme) for scheme in ("v1", "v1a", "v1a")]
    await opened(inbox, EVENTS)
    command = [sys.executable, "-c", PROCESS, database_url, str(settings.state), str(receiver.authority)]

    def start() -> subprocess.Popen[bytes]:
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.Popen(command, cwd=Path(__file__).parents[2], env=env)

    kills, processes = 0, [start(), start()]
    try:
        async with asyncio.timeout(120):
            while await _count_queued(db):
                await asyncio.sleep(0.05)
                if kills < KILLS and len(receiver.received) >= (kills + 1) * 3 * EVENTS // (KILLS + 2):
                    one = processes.pop(0)
                    one.send_signal(signal.SIGKILL)
                    await asyncio.to_thread(one.wait)
                    kills += 1
                    processes.append(start())
    finally:
        for process in processes:
            process.kill()
            process.wait()
    found = [one for webhook in webhooks for one in await deliveries(api, webhook)]

    assert KILLS == kills
    assert {"delivered"} == {one["status"] for one in found}
    assert {one["delivery_id"] for one in found} == set(ids(receiver)), "exactly the queued ids are received"
    assert 3 * EVENTS == len(found)
    keys = [webhook["secret"] or webhook["verification_key"] for webhook in webhooks]
    assert all(any(verified(request, key) for key in keys) for request in receiver.received)
    bodies = {(request.headers["webhook-id"], request.body) for request in receiver.received}
    assert len(bodies) == len(ids(receiver)), "each id has one body"
    async with connected(database_url, "notifications", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def _count_queued(db: Database) -> int:
    async with db.transaction() as tx:
        return int(await tx.fetchval("SELECT count(*) FROM dispatch WHERE status = 'owed'"))
