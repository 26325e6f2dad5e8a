"""A process that tests run: it does a service's due work, or receives events, and is killed at a point of its work."""

import asyncio
import os
import pickle
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from chassis import clock
from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.journal.inbox import Inbox
from chassis.journal.peers import Peers
from chassis.supervise import supervised
from contracts.facts import Event
from services.delivery.action_points import actions as action_point_actions
from services.delivery.action_points import store as action_point_store
from services.delivery.consumers import HANDLERS as DELIVERY_HANDLERS
from services.delivery.deliveries import actions as delivery_actions
from services.delivery.follow_ups import actions as follow_up_actions
from services.delivery.follow_ups import store as follow_up_store
from services.delivery.wiring import expire_follow_ups, remind
from services.notifications.digests import actions as digest_actions
from services.notifications.digests import store as digest_store
from services.notifications.wiring import issue_digests
from services.requests.clock import actions as clock_actions
from services.requests.clock import store as clock_store
from services.requests.wiring import expire_clocks
from tests.databases import connected

EXPIRE: Mapping[str, Sequence[tuple[str, Callable[..., Any]]]] = {
    "requests": [("clock WHERE next_at <= $1", expire_clocks)],
    "delivery": [
        ("follow_up WHERE next_at <= $1", expire_follow_ups),
        ("action_point WHERE status = 'open' AND reminded_at IS NULL AND due_on <= $1::timestamptz::date", remind),
    ],
}
"""Maps a service to the rows that are due and the function that handles them."""

KILLED_IN = (
    (digest_actions, "issue_due"),
    (clock_actions, "expire"),
    (follow_up_actions, "expire"),
    (action_point_actions, "remind"),
    (delivery_actions, "record"),
)
POINTS = ("before the commit", "between two transactions")


def killed(work: Callable[..., Any], calls: int, point: str) -> Callable[..., Any]:
    """Wrap `work` so that the process is killed in call number `calls`: after it and before COMMIT, or before it."""
    called = 0

    async def done(*args: Any, **more: Any) -> Any:
        nonlocal called
        called += 1
        if called < calls:
            return await work(*args, **more)
        if point == POINTS[0]:
            await work(*args, **more)
        return os.kill(os.getpid(), signal.SIGKILL)

    return done


async def run_killed(
    service: str, database_url: str, at: datetime, kills: Sequence[tuple[int, str]], events: Sequence[Event] = ()
) -> None:
    """Do what is due at `at` in one process per kill, all at once, each killed in its call; then in two for the rest.

    Each process receives all `events`, in an order of its own.
    """
    for of_some in (kills, (None, None)):
        children = [
            await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.due_child", stdin=subprocess.PIPE)
            for _ in of_some
        ]
        for child, kill in zip(children, of_some, strict=True):
            assert child.stdin is not None, "stdin is a pipe"
            child.stdin.write(pickle.dumps((service, database_url, at, kill, msgspec.json.encode(events))))
            child.stdin.close()
        ended = [await child.wait() for child in children]
        assert [-signal.SIGKILL if kill else 0 for kill in of_some] == ended


async def main() -> None:
    service, database_url, at, kill, events = pickle.load(sys.stdin.buffer)
    clock_store.DUE_MAX = follow_up_store.DUE_MAX = action_point_store.DUE_MAX = digest_store.DUE_MAX = 5
    if kill:
        for module, name in KILLED_IN:
            setattr(module, name, killed(getattr(module, name), *kill))
    async with connected(database_url, service, role=role_of(service)) as db:
        with clock.use_clock(lambda: at):
            if service == "notifications":
                await issue_digests(db)
                return
            if heard := msgspec.json.decode(events, type=list[Event]):
                await _hear(db, heard)
                return
            for due, expire in EXPIRE[service]:
                while await _waiting(db, due, at):
                    await expire(db)


async def _waiting(db: Database, due: str, at: datetime) -> int:
    async with db.transaction() as tx:
        return int(await tx.fetchval(f"SELECT count(*) FROM {due}", at))


async def _hear(db: Database, events: list[Event]) -> None:
    """Receive events in random order, as the broker may deliver them.

    The loop that fills gaps applies those that wait for an earlier one.
    """
    inbox = Inbox(db, "delivery", ["matching"], DELIVERY_HANDLERS)
    for event in random.sample(events, len(events)):
        await inbox.receive(event)
    waiting = 1
    async with supervised({"gaps": partial(inbox.fill_gaps, Peers({}, str))}):
        while waiting:
            async with db.transaction() as tx:
                waiting = await tx.fetchval("SELECT count(*) FROM inbox WHERE status = 'waiting'")
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main())
