"""The platform in a forked child process that can be killed; forking starts it in a fraction of a second.

Run as a program, it is the parent: it has imported everything and opened nothing. For each line of JSON on standard
input it forks one platform, prints its process id, waits for its end and prints how it ended.
"""

import asyncio
import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, cast

import httpx
import msgspec

from chassis import runtime, supervise
from chassis.audit import sealing
from chassis.embedded import free_port
from chassis.ids import new_id
from chassis.journal import bus, inbox, streams
from chassis.journal import outbox as journal
from chassis.settings import Settings
from chassis.telemetry import configure_logs
from services.all_in_one import run_together
from services.composition import all_services
from services.documents.files import inert_application
from services.matching import wiring as matching
from services.matching.texts import reading
from services.notifications import wiring as notifications
from services.notifications.notices import sender
from services.requests import wiring as requests
from tests.builders import UNHURRIED
from tests.system.crash_points import IDLE, JOB, Point, Recorder, died, instrument
from tests.system.platform import UNREACHABLE

ROOT = Path(__file__).parents[2]
PR_SET_PDEATHSIG = 1
READY_SECONDS = 120
STOP_SECONDS = 20
NEVER_SECONDS = 3600.0
SIGNALS = {IDLE: signal.SIGUSR1, JOB: signal.SIGUSR2}


class ChildSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one platform.

    `redelivers` and `catches_up` are the two ways in which events that a dead process had received come again: from the
    broker, or from the owners' journals. At least one has to be open.
    """

    database_url: str
    nats_url: str
    nats_urls: dict[str, str]
    smtp_url: str
    state: str
    issuer: str
    port: int
    trace: str
    log: str
    deadly: Point | None = None
    redelivers: bool = True
    catches_up: bool = True
    catch_up_seconds: float = 0.5
    deaf: bool = False
    """If true, takes nothing from the broker until the phase of the job begins."""


# -- code of the forker and its children ------------------------------------------------------------------------------


def shorten_intervals(child_settings: ChildSettings) -> None:
    """Let whatever takes over after one, ten or sixty seconds do so within one; change nothing else."""
    journal.SWEEP_SECONDS = 0.3
    journal.LEASE_SECONDS = 1
    inbox.FILL_GAPS_SECONDS = 0.3
    inbox.GAP_SECONDS = 0.3
    sealing.SEAL_SECONDS = 0.3
    streams.ACK_WAIT_SECONDS = 1 if child_settings.redelivers else 30
    runtime.STREAMS_SECONDS = 1.0
    supervise.PAUSE_SECONDS_MIN = 0.05
    supervise.PAUSE_SECONDS_MAX = 0.5
    sender.POLL_SECONDS = 0.2
    sender.RECONNECT_SECONDS_MIN = 0.1
    matching.RACE_REPAIR_SECONDS = requests.CLOCK_SECONDS = 1.0
    matching.SETTLED_AFTER = timedelta(seconds=1)
    if not child_settings.catches_up:
        inbox.Inbox.catch_up, inbox.Inbox._fill_gap = _never, _nothing
    terms = notifications.terms

    def hurried(settings: Settings) -> sender.Terms | None:
        found = terms(settings)
        return found and msgspec.structs.replace(found, lease_seconds=1)

    notifications.terms = hurried


def _listen_only_in_phase(recorder: Recorder) -> None:
    listen = inbox.Inbox.listen

    async def listen_later(one: inbox.Inbox, broker: bus.Bus, owner: str) -> None:
        while recorder.phase != JOB:
            await asyncio.sleep(0.05)
        await listen(one, broker, owner)

    inbox.Inbox.listen = listen_later


async def _never(*_: object) -> None:
    await asyncio.sleep(NEVER_SECONDS)


async def _nothing(*_: object) -> None:
    return


def run_platform(child_settings: ChildSettings) -> None:
    """Run the platform, all services in this process, until stopped."""
    shorten_intervals(child_settings)
    configure_logs(level="warning")
    recorder = Recorder(Path(child_settings.trace), child_settings.deadly)
    for phase, sign in SIGNALS.items():
        signal.signal(sign, lambda *_, phase=phase: recorder.enter(phase))
    instrument(recorder)
    if child_settings.deaf:
        _listen_only_in_phase(recorder)
    settings = Settings(
        state=Path(child_settings.state),
        database_url=child_settings.database_url,
        nats_url=child_settings.nats_url,
        nats_urls=child_settings.nats_urls,
        smtp_url=child_settings.smtp_url,
        port=child_settings.port,
        issuer=child_settings.issuer,
        catch_up_seconds=child_settings.catch_up_seconds,
        mail_hourly_max=10_000,
        writes=UNHURRIED,
        reads=UNHURRIED,
    )
    run_together(settings, all_services(), fail=_fail, say=lambda _line: None)


def _fail(line: str) -> NoReturn:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
    os._exit(2)


def warm_up() -> None:
    """Create and discard an application, and read a text, so that every child has what this imports and caches."""
    runtime.http_server(cast(Any, inert_application(all_services())), "127.0.0.1", 0).config.load()
    reading.read([reading.of_offering(new_id(), "Training of judges", "")], None)
    for module in ("anyio._backends._asyncio", "httpcore", "aiosmtplib"):
        importlib.import_module(module)


def fork_for_each_line() -> None:
    warm_up()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        child_settings = msgspec.json.decode(line, type=ChildSettings)
        pid = os.fork()
        if pid == 0:
            _run_child(child_settings)
        _say(pid=pid)
        _, status = os.waitpid(pid, 0)
        _say(exit=os.waitstatus_to_exitcode(status))


def _say(**what: int) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _run_child(child_settings: ChildSettings) -> NoReturn:
    code = 1
    try:
        _kill_with_parent()
        random.seed()
        log = os.open(child_settings.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for ours, standard in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(ours, standard)
        run_platform(child_settings)
        code = 0
    except BaseException as error:
        sys.stderr.write(f"ended by {error!r}\n")
    finally:
        sys.stderr.flush()
        os._exit(code)


def _kill_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


# -- code of the test -------------------------------------------------------------------------------------------------


class Forker:
    """Starts platforms, one at a time, and reports how each ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def fork(self, child_settings: ChildSettings) -> int:
        """Start a platform and return its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(child_settings) + b"\n")
        return int((await self._said())["pid"])

    async def exit_code(self) -> int:
        """Wait for the end of the last platform; return its exit code, or minus the signal that killed it."""
        return int((await self._said())["exit"])

    async def _said(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the forker has ended"
        said: dict[str, Any] = json.loads(line)
        return said


@contextlib.asynccontextmanager
async def forker() -> AsyncIterator[Forker]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.system.crash_child",
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Forker(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), timeout=5)
        if process.returncode is None:
            process.kill()
            await process.wait()


@dataclass
class SupervisedPlatform:
    """A platform that is started again when it dies, as a supervisor of processes would."""

    forker: Forker
    child_settings: ChildSettings
    second: ChildSettings
    """Settings of the platform after the first death."""

    pid: int = 0
    deaths: int = 0
    exit_code: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it has ended unexpectedly."""
    _stopping: bool = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.child_settings.port}"

    @property
    def reached(self) -> bool:
        """True if it died at its deadly point."""
        return died(Path(self.child_settings.trace))

    async def run(self) -> None:
        """Run until `stop`, or until it ends unexpectedly."""
        self.pid = await self.forker.fork(self.child_settings)
        while True:
            self.exit_code = await self.forker.exit_code()
            if self._stopping:
                return
            if self.deaths or not self.reached:
                self.ended.set()
                return
            self.deaths += 1
            self.pid = await self.forker.fork(self.second)

    def enter(self, phase: str) -> None:
        self._send(SIGNALS[phase])

    def stop(self, sign: signal.Signals = signal.SIGKILL) -> None:
        self._stopping = True
        self._send(sign)

    def _send(self, sign: signal.Signals) -> None:
        # Process id 0 would mean our whole process group.
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sign)

    async def during(self, work: Coroutine[Any, Any, None]) -> None:
        """Do work with the platform. Raises AssertionError at once if it ends where it should not."""
        working, ending = asyncio.create_task(work), asyncio.create_task(self.ended.wait())
        await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if not working.done():
            working.cancel()
            raise AssertionError(f"the platform ended with {self.exit_code}; its log is {self.child_settings.log}")
        working.result()

    async def ready(self, client: httpx.AsyncClient) -> None:
        """Wait until it can do all of its work."""
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            with contextlib.suppress(*UNREACHABLE):
                if (await client.get(f"{self.address}/health/ready")).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.02)
        raise AssertionError(f"not ready in {READY_SECONDS} s; its log is {self.child_settings.log}")


@contextlib.asynccontextmanager
async def supervised_platform(
    one: Forker, child_settings: ChildSettings, *, second: ChildSettings | None = None
) -> AsyncIterator[SupervisedPlatform]:
    """Run a platform for a block; kill it at the end, unless it has been stopped."""
    life = SupervisedPlatform(one, child_settings, second or msgspec.structs.replace(child_settings, deadly=None))
    going = asyncio.create_task(life.run())
    try:
        yield life
    finally:
        life.stop()
        await asyncio.wait_for(going, timeout=STOP_SECONDS)


def child_settings_for(folder: Path, name: str, **given: Any) -> ChildSettings:
    """Return settings with a port, a trace and a log of their own."""
    return ChildSettings(
        port=free_port(), trace=str(folder / f"{name}.trace"), log=str(folder / f"{name}.log"), **given
    )


if __name__ == "__main__":
    # Import this module by its name: its names in `__main__` would not be those that the tests see.
    from tests.system.crash_child import fork_for_each_line as fork

    _kill_with_parent()
    fork()
