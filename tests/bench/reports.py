"""Figures over a million facts, one compared with bare SQL; and a rebuild from the journals, with a bare copy.

The bare copy reads the same journals in the same pages, decodes nothing, and writes the rows that the rebuild wrote.
"""

import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from chassis.db.database import Database
from chassis.db.migrate import role_of
from contracts.values import Caller, Role
from services.delivery.wiring import SERVICE as DELIVERY
from services.pledges.wiring import SERVICE as PLEDGES
from services.reports.figures.counting import items
from services.reports.figures.figure_reader import FigureReader
from services.reports.figures.model import FIGURES, STATUS
from services.reports.figures.store import OWNERS
from services.reports.figures.views import Asked, figure_view
from services.reports.folding import store
from services.reports.folding.actions import by_group
from services.reports.folding.journal_reader import PAGE, rebuild
from services.reports.wiring import SERVICE as REPORTS
from tests.bench.figures import Aim, Comparison, percentile, resident_mb
from tests.bench.report_facts import STATES, stories
from tests.bench.servers import Servers

DATABASE = "bench_reports"
FACTS, FACTS_QUICK = 1_000_000, 50_000
LOAD_BATCH = 20_000
P95_MS_MAX = 100.0
REBUILD_PER_SECOND_MIN = 5_000.0
QUICK_SECONDS = 2.0
FIRST, LAST = date(2024, 1, 1), date(2026, 11, 30)
AS_OF = 3
"""Number of days on which each figure is asked for, by each of its codes."""

FACT_COLUMNS = ("event_id", "aggregate", "aggregate_id", "version", "type", "recorded_at", "event")
COMPARED = "lines"
"""The figure that is compared with bare SQL."""

BARE_TABLES = """
    CREATE TABLE floor_step (item integer, day date, status text, records integer);
    CREATE TABLE floor_code (item integer, dimension text, value text);
"""
BARE_INDEXES = """
    CREATE INDEX ON floor_step (day) INCLUDE (item, status, records);
    CREATE INDEX ON floor_code (dimension, item) INCLUDE (value);
    ANALYZE floor_step, floor_code;
"""
BARE_FIGURE = """
    SELECT value, status, sum(records) FROM floor_step JOIN floor_code USING (item)
    WHERE day <= $1 AND dimension = $2 GROUP BY value, status
"""
Say = Callable[[str], None]


async def compare(servers: Servers, *, rounds: int, seconds: float, say: Say) -> Comparison:
    """Rebuild, and then ask for all figures by all of their codes, `rounds` times."""
    facts = FACTS_QUICK if seconds <= QUICK_SECONDS else FACTS
    await servers.make_database(DATABASE, PLEDGES, DELIVERY, REPORTS)
    dsn = servers.postgres.dsn(DATABASE)
    say(f"writing {facts:,} facts to the journals")
    bare = await asyncpg.connect(dsn, server_settings={"search_path": REPORTS.name})
    await bare.execute("SET entraide.role = 'owner'")
    await _load(bare, facts)
    journals = {name: await Database.connect(dsn, name, role=role_of(name), pool_max=1) for name in OWNERS}
    db = await Database.connect(dsn, REPORTS.name, role=role_of(REPORTS.name), pool_max=4)

    began = time.perf_counter()
    done = await rebuild(db, journals, say=_quiet)
    rebuilt = time.perf_counter() - began
    say(f"rebuilt {done.facts:,} facts in {rebuilt:.0f} s, {done.facts / rebuilt:,.0f} a second")
    assert done.facts >= facts
    assert not done.lost
    copied = await _copied(bare)
    say(f"copied in {copied:.0f} s")
    reader = FigureReader(db)
    began, before = time.perf_counter(), resident_mb("self")
    await reader.read_on()
    read, used = time.perf_counter() - began, resident_mb("self") - before
    say(f"read into memory in {read:.0f} s, {used:.0f} MB")
    await _make_floor(bare, db)

    ours: list[float] = []
    alike: list[float] = []
    floor: list[float] = []
    of_state: list[float] = []
    chance = random.Random(0)
    for number in range(rounds):
        for asked in _questions(chance):
            taken = await _asked(db, reader, asked)
            ours.append(taken)
            if asked.figure == COMPARED and asked.by != STATUS:
                alike.append(taken)
                floor.append(await _bare(bare, asked))
        of_state += [await _asked(db, reader, asked) for asked in _questions(chance, state=chance.choice(STATES))]
        say(f"round {number + 1}: p95 {_ms(ours, 0.95)} ms, of a State {_ms(of_state, 0.95)} ms")
    for one in (*journals.values(), db):
        await one.close()
    await bare.close()
    return Comparison(
        title=f"Figures over {done.facts:,} facts of {done.groups:,} requests, {used:.0f} MB in memory",
        figures=[
            ("", ("p50", "p95", "p99")),
            ("any figure, ms", _row(ours)),
            ("a figure of one State, ms", _row(of_state)),
            ("lines by a code, ms", _row(alike)),
            ("lines by a code, bare SQL, ms", _row(floor)),
            ("rebuild, facts/s", (f"{done.facts / rebuilt:,.0f}", "", "")),
            ("bare copy, facts/s", (f"{done.facts / copied:,.0f}", "", "")),
            ("into memory, facts/s", (f"{done.facts / read:,.0f}", "", "")),
        ],
        aims=[
            Aim(what="p95 of any figure : 100 ms", ratio=percentile(ours, 0.95) * 1000 / P95_MS_MAX, at_most=1),
            Aim(what="p95 of one State : 100 ms", ratio=percentile(of_state, 0.95) * 1000 / P95_MS_MAX, at_most=1),
            Aim(what="lines by a code : bare SQL", ratio=percentile(alike, 0.5) / percentile(floor, 0.5), at_most=1),
            Aim(what="rebuild : 5,000 facts/s", ratio=done.facts / rebuilt / REBUILD_PER_SECOND_MIN, at_least=1),
            Aim(what="rebuild : bare copy, in time", ratio=rebuilt / copied),
        ],
    )


def _ms(times: Sequence[float], part: float) -> str:
    return f"{percentile(times, part) * 1000:.2f}"


def _row(times: Sequence[float]) -> tuple[str, ...]:
    return tuple(_ms(times, part) for part in (0.5, 0.95, 0.99))


def _quiet(_what: str, _done: int, _of: int) -> None:
    pass


# -- facts ------------------------------------------------------------------------------------------------------------


async def _load(bare: asyncpg.Connection, facts: int) -> None:
    """Write whole stories, in the order of their first days, until there are `facts` facts."""
    rows: dict[str, list[tuple[Any, ...]]] = {owner: [] for owner in OWNERS}
    for owner, row in stories(facts, FIRST, LAST):
        rows[owner].append(row)
        if len(rows[owner]) >= LOAD_BATCH:
            await _write(bare, owner, rows[owner])
            rows[owner] = []
    for owner, left in rows.items():
        await _write(bare, owner, left)


async def _write(bare: asyncpg.Connection, owner: str, rows: Sequence[tuple[Any, ...]]) -> None:
    await bare.copy_records_to_table("journal", schema_name=owner, columns=FACT_COLUMNS, records=rows)


async def _copied(bare: asyncpg.Connection) -> float:
    """Return the seconds to read the journals in pages, and to write the rows that the rebuild wrote, by COPY."""
    rows = [tuple(row) for row in await bare.fetch("SELECT * FROM record")]
    await bare.execute("CREATE TABLE floor_record (LIKE record INCLUDING INDEXES)")
    began = time.perf_counter()
    for owner in OWNERS:
        after, more = 0, True
        while more:
            page = await bare.fetch(
                f"SELECT position, event FROM {owner}.journal WHERE position > $1 ORDER BY position LIMIT $2",
                after,
                PAGE,
            )
            after, more = (page[-1]["position"], True) if page else (after, False)
    await bare.copy_records_to_table("floor_record", records=rows)
    return time.perf_counter() - began


async def _make_floor(bare: asyncpg.Connection, db: Database) -> None:
    """Write the steps of one figure and the codes of its items to tables of PostgreSQL."""
    await bare.execute(BARE_TABLES)
    steps: list[tuple[Any, ...]] = []
    codes: list[tuple[Any, ...]] = []
    item_of = itertools.count()
    rows = await bare.fetch("SELECT DISTINCT group_id FROM record")
    for start in range(0, len(rows), PAGE):
        ids = [row["group_id"] for row in rows[start : start + PAGE]]
        async with db.transaction() as tx:
            groups = by_group(await store.rows_of_groups(tx, ids))
        for item in (
            item for group in groups.values() for item in items(one.row for one in group) if item.figure == COMPARED
        ):
            number = next(item_of)
            steps += [(number, step.day, step.status, step.records) for step in item.steps]
            codes += [(number, code, value) for code, values in item.codes.items() for value in values]
    await bare.copy_records_to_table("floor_step", records=steps)
    await bare.copy_records_to_table("floor_code", records=codes)
    await bare.execute(BARE_INDEXES)


# -- figures ----------------------------------------------------------------------------------------------------------


def _questions(chance: random.Random, *, state: str | None = None) -> Iterator[Asked]:
    """Ask for each figure by each of its codes, on some days."""
    days = (LAST - FIRST).days
    for name, figure in FIGURES.items():
        for by in figure.dimensions:
            for _ in range(1 if state else AS_OF):
                as_of = FIRST + timedelta(days=chance.randrange(days // 2, days))
                yield Asked(figure=name, by=by, as_of=as_of, state=state, status=None, exact=True, without=frozenset())


async def _asked(db: Database, reader: FigureReader, asked: Asked) -> float:
    """Return the seconds of an answer to a caller who may have it."""
    by = Caller(person_id=UUID(int=1), organization=asked.state, role=Role.FOCAL_POINT) if asked.state else None
    began = time.perf_counter()
    async with db.transaction(by=by, snapshot=True) as tx:
        view = await figure_view(tx, asked, reader.cells)
    msgspec.json.encode(view)
    return time.perf_counter() - began


async def _bare(bare: asyncpg.Connection, asked: Asked) -> float:
    began = time.perf_counter()
    await bare.fetch(BARE_FIGURE, asked.as_of, asked.by)
    return time.perf_counter() - began
