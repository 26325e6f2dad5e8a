"""The process is killed before and after every call of the main workflow: nothing is lost, nothing duplicated.

The points are (call site, occurrence), collected from reference runs. Each run kills once, restarts the process as a
supervisor would, and compares the final state with the reference. `./dev test` takes few calls, each of another module
of the chassis or service; `./dev soak` takes every sixth call site, before or after one of its occurrences, chosen by
the day: all sites in six days.
"""

import asyncio
import contextlib
import random
import shutil
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chassis.auth.tokens import Issuer
from chassis.embedded import free_port
from services.mailbox import Mailbox
from tests.conftest import Servers
from tests.databases import connection
from tests.soak import DAY, cases
from tests.system.consistency import (
    FinalState,
    count_rows,
    differences,
    examine,
    rebuild_differences,
    repeated_mails,
    truncate_tables,
    wait_until_idle,
)
from tests.system.crash_child import ROOT, ChildSettings, SupervisedPlatform, supervised_platform
from tests.system.crash_points import AFTER, BEFORE, IDLE, JOB, START, Call, Point, Trace, read_trace
from tests.system.environment import Environment, environment
from tests.system.main_workflow import Persistent, run_main_workflow

WORKERS = cases(1, soak=3)
"""Number of environments, each of which has a process that imports everything."""
REFERENCES = cases(1, soak=2 * WORKERS)
"""Number of undisturbed runs, as many at once as later: some calls are made only if others happen to coincide."""
POINTS_FEW = 2
IDLE_SECONDS = 1.5
POLLED_MAX = 2
"""Maximum number of occurrences that are points, for a call that is repeated for ever, idle or not."""
LATE_SECONDS = 12.0
"""Longer than the ten seconds between two looks of a service's clock."""
ATTEMPTS_MAX = 8
FAILURES_MAX = 10
"""Number of failed runs after which no more are made."""
REBUILT_EACH = 10
SEED = 20_261_125
SITES_EACH = 6
"""One in this many sites is tried in a soak, chosen by the day.

There are 5,300 to 9,100 points at 1,110 to 1,270 call sites, most on a busy machine. A run takes ten seconds of a
processor, beside the rest of the soak 24 seconds of time; some 40 of 250 runs do not reach their point.
"""

SECONDS_MAX = 4_800.0
"""Time after which no more points are tried: the test then fails with its report, before its time limit ends it."""


@dataclass
class Run:
    """The result of one run."""

    point: Point | None
    final_state: FinalState | None = None
    trace: Trace = field(default_factory=lambda: Trace([], [], reached=False))
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.point}: " + "; ".join([*self.lost, *self.duplicated, *self.wrong])


async def run(at: Environment, point: Point | None, reference: FinalState | None) -> Run:
    """Do the job in a process that dies at `point`; without one, undisturbed and after some idling."""
    found = Run(point)
    folder = await at.empty()
    mailbox = Mailbox(folder / "mailbox", "127.0.0.1", free_port())
    await mailbox.start()
    child_settings = at.child_settings(folder, smtp_url=mailbox.url, deadly=point)
    try:
        async with supervised_platform(
            at.forker, child_settings, second=_after_death(child_settings, at.runs)
        ) as platform:
            await platform.during(_job(at, platform, found))
        async with at.broker() as client:
            found.final_state, wrong = await examine(at.connection, client, mailbox)
        found.wrong += wrong
        if at.runs % REBUILT_EACH == 1:
            found.wrong += await rebuild_differences(at.database_url)
    except (AssertionError, TimeoutError) as error:
        found.lost.append(f"the job did not end: {''.join(traceback.format_exception(error))}")
    finally:
        await mailbox.stop()
    found.trace = read_trace(Path(child_settings.trace))
    if (repeated := repeated_mails(mailbox)) > platform.deaths:
        found.duplicated.append(f"{repeated} mails came twice after {platform.deaths} deaths")
    if reference is not None and found.final_state is not None:
        lost, duplicated = differences(reference, found.final_state)
        found.lost += lost
        found.duplicated += duplicated
    if _has_failed(found):
        (folder / "failure.txt").write_text(str(found), encoding="utf-8")
    else:
        shutil.rmtree(folder)
    return found


def _after_death(child_settings: ChildSettings, number: int) -> ChildSettings:
    """Return settings for the time after the death.

    What the dead process was working on comes again from the broker or from the journals: by turns, never from both.
    """
    redelivers = number % 2 == 0
    return ChildSettings(
        **{**_fields(child_settings), "deadly": None, "redelivers": redelivers, "catches_up": not redelivers}
    )


def _fields(child_settings: ChildSettings) -> dict[str, object]:
    return {name: getattr(child_settings, name) for name in child_settings.__struct_fields__}


async def _job(at: Environment, platform: SupervisedPlatform, found: Run) -> None:
    await platform.ready(at.client)
    if found.point is None:
        platform.enter(IDLE)
        await asyncio.sleep(IDLE_SECONDS)
    platform.enter(JOB)
    await run_main_workflow(Persistent(at.client, platform.address))
    left = await wait_until_idle(at.connection)
    if found.point is not None and not platform.reached:
        # What is polled for may reach its occurrence only now.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LATE_SECONDS):
                while not platform.reached:
                    await asyncio.sleep(0.02)
    if platform.reached:
        await platform.ready(at.client)
        left = await wait_until_idle(at.connection)
    if left:
        found.lost.append(f"never quiet: {left}")


# -- choice of points -------------------------------------------------------------------------------------------------


def points_of(references: Sequence[Trace]) -> list[Point]:
    """Return every call that all reference runs made, before and after it, ordered by name."""
    counted = [trace.counts() for trace in references]
    certain = {key: min(counts[key] for counts in counted) for key in set.intersection(*map(set, counted))}
    polled = {site for counts in counted for phase, site in counts if phase == IDLE}
    calls: list[Call] = []
    for (phase, site), count in sorted(certain.items()):
        if phase == START and site not in polled:
            calls.append(Call(START, site, 1))
        elif phase == JOB:
            most = min(count, POLLED_MAX) if site in polled else count
            calls += [Call(JOB, site, n) for n in range(1, most + 1)]
    return [Point(call, moment) for call in calls for moment in (BEFORE, AFTER)]


def points_by_site(points: Sequence[Point], *, seed: int) -> list[Point]:
    """Choose a point before or after one occurrence of each SITES_EACH-th call site; the next seed has other sites."""
    sites: defaultdict[tuple[str, str], set[Call]] = defaultdict(set)
    for point in points:
        sites[point.call.phase, point.call.site].add(point.call)
    chance = random.Random(seed)
    of_the_day = sorted(sites.items())[seed % SITES_EACH :: SITES_EACH]
    calls = [chance.choice(sorted(calls)) for _, calls in of_the_day]
    chance.shuffle(calls)
    return [Point(call, chance.choice((BEFORE, AFTER))) for call in calls]


def few_of(points: Sequence[Point], reference: Trace, *, seed: int) -> list[Point]:
    """Choose POINTS_FEW points by the seed, each beside a call of another part; first those beside two parts.

    They are at first occurrences, which every run reaches. The time after a call and before the next one of the same
    task is one moment, and counts for both parts.
    """
    first = [point for point in points if point.call.occurrence == 1]
    following = reference.next_in_task()
    chance = random.Random(seed)
    missing = {point.call.part for point in first}
    chosen: list[Point] = []
    for wanted in (2, 1):
        for point in chance.sample(first, len(first)):
            covers = {point.call.part}
            if point.moment == AFTER and point.call in following:
                covers.add(following[point.call].part)
            if len(covers & missing) >= wanted:
                missing -= covers
                chosen.append(point)
    return chosen[:POINTS_FEW]


# -- the place at which a process is killed ---------------------------------------------------------------------------


@pytest.mark.parametrize(("point_phase", "killed"), [(START, True), (JOB, False)])
async def test_start_point_is_the_first_call_in_any_phase(tmp_path: Path, point_phase: str, killed: bool) -> None:
    child = f"""
import asyncio
from pathlib import Path
from tests.system.crash_points import *

async def main():
    recorder = Recorder(Path({str(tmp_path / "trace")!r}), Point(Call({point_phase!r}, "chassis:site", 1), AFTER))
    recorder.enter(IDLE)
    recorder.ended(recorder.begins("chassis:other"))
    recorder.ended(recorder.begins("chassis:site"))

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", child, cwd=ROOT)

    assert (-signal.SIGKILL if killed else 0) == await process.wait()
    assert killed == read_trace(tmp_path / "trace").reached


def trace_of(times: int) -> Trace:
    return Trace([Call(JOB, "chassis:site", n) for n in range(1, times + 1)], [""] * times, reached=False)


def point_of(occurrence: int, phase: str = JOB) -> Point:
    return Point(Call(phase, "chassis:site", occurrence), AFTER)


def test_last_attempt_is_at_the_first_call_in_any_phase() -> None:
    for tried in range(1, ATTEMPTS_MAX - 1):
        assert point_of(1) == next_attempt(point_of(1), trace_of(0), tried=tried)

    assert point_of(1, START) == next_attempt(point_of(5), trace_of(4), tried=ATTEMPTS_MAX - 1)


def test_next_attempt_is_at_an_occurrence_that_the_last_one_had() -> None:
    assert point_of(3) == next_attempt(point_of(5), trace_of(3), tried=1)
    assert point_of(5) == next_attempt(point_of(5), trace_of(0), tried=1)


# -- the environment --------------------------------------------------------------------------------------------------


@pytest.mark.new_database
async def test_emptied_database_has_the_rows_of_a_new_one(database_url: str) -> None:
    async with connection(database_url) as made:
        of_migrations = await count_rows(made)

        await truncate_tables(made)

        assert len(of_migrations) > 4
        assert of_migrations == await count_rows(made)


# -- the test ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def environments(servers: Servers, template: str, issuer: Issuer) -> AsyncIterator[list[Environment]]:
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(environment(servers, template, f"crash_{n}")) for n in range(WORKERS)]


async def crash(at: Environment, points: list[Point], reference: FinalState, runs: list[Run], *, until: float) -> None:
    """Take points off the list until there are none, it is `until`, or FAILURES_MAX runs have failed.

    A point that was not reached is tried again, at last at the first call of its site in any phase.
    """
    while points and time.monotonic() < until and sum(map(_has_failed, runs)) < FAILURES_MAX:
        point = points.pop()
        for tried in range(1, ATTEMPTS_MAX + 1):
            done = await run(at, point, reference)
            if done.trace.reached or _has_failed(done) or tried == ATTEMPTS_MAX:
                break
            point = next_attempt(point, done.trace, tried=tried)
        runs.append(done)


def next_attempt(point: Point, trace: Trace, *, tried: int) -> Point:
    """Return the point at which to kill after `tried` attempts, of which the last one was at `point` and had `trace`.

    The first look of a loop comes before or after the end of the start, and a few or many events come out of order,
    depending on how busy the processors are: an occurrence that the reference runs had may not come.
    """
    call = point.call
    if tried == ATTEMPTS_MAX - 1:
        return point._replace(call=Call(START, call.site, 1))
    had = trace.counts()[call.phase, call.site]
    return point._replace(call=call._replace(occurrence=min(call.occurrence, had or call.occurrence)))


def _has_failed(one: Run) -> bool:
    return bool(one.lost or one.duplicated or one.wrong)


async def crash_test(made: Sequence[Environment], report: Callable[[str], None], *, many: bool) -> None:
    started = time.monotonic()
    first: list[Run] = []
    while len(first) < REFERENCES:
        first += await asyncio.gather(*(run(at, None, None) for at in made[: REFERENCES - len(first)]))
    for one in first:
        assert not one.lost, str(one)
        assert not one.wrong, str(one)
    reference = first[0].final_state
    assert reference is not None
    for one in first[1:]:
        assert one.final_state is not None
        assert ([], []) == differences(reference, one.final_state), "undisturbed runs have the same result"
    every = points_of([one.trace for one in first])
    points = points_by_site(every, seed=DAY) if many else few_of(every, first[0].trace, seed=SEED)
    chosen, total, parts = set(points), len(points), len({point.call.part for point in every})
    sites = len({(point.call.phase, point.call.site) for point in every})
    runs: list[Run] = []
    until = started + SECONDS_MAX
    await asyncio.gather(*(crash(environment, points, reference, runs, until=until) for environment in made))
    lost = [one for one in runs if one.lost or one.wrong]
    duplicated = [one for one in runs if one.duplicated]
    not_reached = [one for one in runs if not one.trace.reached]
    for one in {id(one): one for one in [*lost, *duplicated]}.values():
        report(str(one))
    for one in not_reached:
        report(f"not reached: {one.point}")
    for one in runs:
        if one.point not in chosen:
            report(f"killed at another call of its site: {one.point}")
    for point in points:
        report(f"not tried: {point}")
    share = f"one at each of the day's sites (seed {DAY})" if many else "a few"
    report(
        f"crash test: {share}, of {len(every)} points at {sites} call sites of {parts} parts, "
        f"in {time.monotonic() - started:.0f} s"
    )
    report(f"crash test: {total} points, {len(lost)} lost, {len(duplicated)} doubled, {len(not_reached)} not reached")
    assert not lost
    assert not duplicated
    assert not not_reached
    assert not points
    assert len(runs) == total


async def test_crash_near_few_calls_loses_and_duplicates_nothing(
    environments: Sequence[Environment], report: Callable[[str], None]
) -> None:
    await crash_test(environments, report, many=False)


@pytest.mark.soak
async def test_crash_near_call_sites_of_the_day_loses_and_duplicates_nothing(
    environments: Sequence[Environment], report: Callable[[str], None]
) -> None:
    await crash_test(environments, report, many=True)
