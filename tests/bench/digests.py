"""A run of digests for 10,000 subscriptions, compared with bare asyncpg writing the same rows, one transaction each.

They take turns of a hundred in one process. A digest has one entry, of an offering that its reader may see. The service
issues several digests in one transaction.
"""

import time
from collections.abc import Callable
from uuid import UUID, uuid4

import asyncpg

from chassis import clock
from chassis.db.database import Database
from chassis.db.migrate import role_of
from services.notifications.digests import actions
from services.notifications.wiring import SERVICE as NOTIFICATIONS
from tests.bench.figures import Aim, Comparison, percentile
from tests.bench.servers import Servers

DATABASE = "bench_digests"
SUBSCRIPTIONS = 10_000
BATCH = 100
RATIO_MAX = 10.0

Say = Callable[[str], None]

PLANT = """
    WITH offering AS (
        INSERT INTO known_offering (offering_id, provider, available, kinds, topics, articles, paragraphs,
            eligible_states, eligible_regions, excluded_states, income_groups, special_groups)
        VALUES (gen_random_uuid(), 'NOR', true, '{training}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')
        RETURNING offering_id
    ), reader AS (
        SELECT gen_random_uuid() AS person_id, gen_random_uuid() AS digest_id FROM generate_series(1, $1)
    ), subscribed AS (
        INSERT INTO subscription (subscription_id, person_id, organization, role, language, channels, paused,
            registered_at, revision)
        SELECT gen_random_uuid(), person_id, 'KEN', 'focal_point', 'fr', '{inbox}', false, now(), 1 FROM reader
    ), due AS (
        INSERT INTO digest (digest_id, person_id, organization, role, frequency, due_at, status)
        SELECT digest_id, person_id, 'KEN', 'focal_point', 'daily', now() - interval '1 hour', 'due' FROM reader
    )
    INSERT INTO hit (hit_id, person_id, organization, role, subject, offering_id, digest_id, recorded_at)
    SELECT gen_random_uuid(), person_id, 'KEN', 'focal_point', 'offerings', offering_id, digest_id, now()
    FROM reader, offering
"""
FLOOR = """
    WITH owed AS (
        INSERT INTO floor_notification SELECT * FROM sample_notification
    ), dispatched AS (
        INSERT INTO floor_dispatch SELECT * FROM sample_dispatch
    )
    INSERT INTO floor_journal (aggregate, aggregate_id, type, event, number)
    SELECT aggregate, aggregate_id, type, event, $1::uuid FROM sample_journal
"""


async def compare(servers: Servers, *, rounds: int, seconds: float, say: Say) -> Comparison:
    """Run all `SUBSCRIPTIONS` once, whatever `rounds` and `seconds` are."""
    await servers.make_database(DATABASE, NOTIFICATIONS)
    dsn = servers.postgres.dsn(DATABASE)
    db = await Database.connect(dsn, NOTIFICATIONS.name, role=role_of(NOTIFICATIONS.name))
    bare = await asyncpg.connect(dsn, server_settings={"search_path": NOTIFICATIONS.name})
    say(f"making {SUBSCRIPTIONS:,} subscriptions with a digest that is due")
    await bare.execute(PLANT, SUBSCRIPTIONS)
    # Only tables that have rows: PostgreSQL would plan to read an empty one whole, and keep that plan while it fills.
    await bare.execute("ANALYZE known_offering, subscription, digest, hit")
    ours: list[float] = []
    floor: list[float] = []
    while len(ours) < SUBSCRIPTIONS:
        ours += await _issued(db)
        if not floor:
            await _make_floor(bare)
        floor += await _written(bare)
        say(f"{len(ours):,} of {SUBSCRIPTIONS:,}, {sum(ours) / sum(floor):5.2f}")
    issued = await bare.fetchval("SELECT count(*) FROM digest WHERE status = 'issued'")
    notified = await bare.fetchval("SELECT count(DISTINCT person_id) FROM notification")
    assert issued == notified == SUBSCRIPTIONS, "each reader is notified of one digest"
    await bare.close()
    await db.close()
    cells = [f"{percentile(of, q) * 1000:.2f}" for of in (ours, floor) for q in (0.5, 0.99)]
    whole = (f"{sum(ours):.1f}", "", f"{sum(floor):.1f}", "")
    return Comparison(
        title=f"A run of digests for {SUBSCRIPTIONS:,} subscriptions, in one process",
        figures=[("", ("ours", "", "floor", "")), ("p50 and p99 of one, ms", tuple(cells)), ("the run, s", whole)],
        aims=[Aim(what="the run : the same rows by bare asyncpg", ratio=sum(ours) / sum(floor), at_most=RATIO_MAX)],
    )


async def _issued(db: Database) -> list[float]:
    """Issue digests; return the time of each: its part of the time of its transaction, as in `issue_digests`."""
    times: list[float] = []
    while len(times) < BATCH:
        began = time.perf_counter()
        async with db.transaction() as tx:
            issued = await actions.issue_due(tx, now=clock.now())
        assert issued, "some digests are due"
        times += [(time.perf_counter() - began) / issued] * issued
    return times


async def _make_floor(bare: asyncpg.Connection) -> None:
    """Create tables like those that a digest is written to, and a sample of what one writes."""
    await bare.execute(
        """
        CREATE TABLE floor_notification (LIKE notification);
        CREATE TABLE floor_dispatch (LIKE dispatch);
        CREATE TABLE floor_journal (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, aggregate text,
            aggregate_id uuid, type text, event json, number uuid);
        CREATE TABLE sample_notification AS SELECT * FROM notification LIMIT 1;
        CREATE TABLE sample_dispatch AS SELECT * FROM dispatch LIMIT 1;
        CREATE TABLE sample_journal AS SELECT * FROM journal ORDER BY position LIMIT 3;
        """
    )


async def _written(bare: asyncpg.Connection) -> list[float]:
    times = []
    for _ in range(BATCH):
        number: UUID = uuid4()
        began = time.perf_counter()
        await bare.execute(FLOOR, number)
        times.append(time.perf_counter() - began)
    return times
