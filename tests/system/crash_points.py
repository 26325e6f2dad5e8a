"""Points at which a process may die: before and after each call to PostgreSQL, the broker, a peer or the mail server.

The calls are wrapped in the child process only, when a test requests it; the product has no code for it.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import aiosmtplib
import asyncpg
import httpx
import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

OURS = ("chassis", "contracts", "services")
PASSED_THROUGH = frozenset({"chassis.db.database", "chassis.db.pool"})
"""Modules through which every call to PostgreSQL passes; the site is their caller."""
WORDS_MAX = 5
TOLD = "KILLED"

BEFORE, AFTER = "before", "after"
START, IDLE, JOB = "start", "idle", "job"


class Call(NamedTuple):
    """The n-th call of one site in a phase. `site` is `<service> <module>:<function> <method> <first words>`."""

    phase: str
    site: str
    occurrence: int

    @property
    def part(self) -> str:
        """The caller: a module of the chassis, or a service."""
        tree, name = next(word for word in self.site.split(" ") if ":" in word).partition(":")[0].split(".")[:2]
        return f"{tree}.{name}"


class Point(NamedTuple):
    """The moment just before a call, or just after its answer."""

    call: Call
    moment: str

    def __str__(self) -> str:
        return f"{self.moment} {self.call.site} #{self.call.occurrence} ({self.call.phase})"


class Recorder:
    """Counts the calls, writes each into `trace`, and kills this process at `deadly`.

    A point of the start is the first call of its site in any phase, since what runs beside the start may come after its
    end.
    """

    def __init__(self, trace: Path, deadly: Point | None) -> None:
        # Unbuffered, so that what is written survives the kill.
        self._trace = os.open(trace, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._deadly = deadly
        self._counts: Counter[tuple[str, str]] = Counter()
        self._first: dict[str, Call] = {}
        self.phase = START

    def enter(self, phase: str) -> None:
        self.phase = phase

    def begins(self, site: str) -> Call:
        self._counts[self.phase, site] += 1
        call = Call(self.phase, site, self._counts[self.phase, site])
        self._first.setdefault(site, call)
        task = asyncio.current_task()
        self._write(f"{call.phase}\t{call.site}\t{task.get_name() if task else ''}")
        self._die_at(call, BEFORE)
        return call

    def ended(self, call: Call) -> None:
        self._die_at(call, AFTER)

    def _die_at(self, call: Call, moment: str) -> None:
        deadly = self._deadly
        if deadly is None or (call.site, moment) != (deadly.call.site, deadly.moment):
            return
        if call == (self._first[call.site] if deadly.call.phase == START else deadly.call):
            self._write(TOLD)
            os.kill(os.getpid(), signal.SIGKILL)

    def _write(self, line: str) -> None:
        os.write(self._trace, f"{line}\n".encode())


class Trace(NamedTuple):
    """The calls of a process in their order, the task of each, and whether the process died at its deadly point."""

    calls: list[Call]
    tasks: list[str]
    reached: bool

    def counts(self) -> Counter[tuple[str, str]]:
        """Return the number of calls of each site in each phase."""
        return Counter((call.phase, call.site) for call in self.calls)

    def next_in_task(self) -> dict[Call, Call]:
        """Return for each call the next one of the same task.

        Within the task, the time after the one and before the other is the same moment.
        """
        last: dict[str, Call] = {}
        following: dict[Call, Call] = {}
        for call, task in zip(self.calls, self.tasks, strict=True):
            if task in last:
                following[last[task]] = call
            last[task] = call
        return following


def read_trace(file: Path) -> Trace:
    """Return the trace of the first process that wrote into the file; an empty one if none has."""
    trace = Trace([], [], reached=False)
    counts: Counter[tuple[str, str]] = Counter()
    for line in file.read_text().splitlines() if file.exists() else []:
        if line == TOLD:
            return trace._replace(reached=True)
        phase, site, task = line.split("\t")
        counts[phase, site] += 1
        trace.calls.append(Call(phase, site, counts[phase, site]))
        trace.tasks.append(task)
    return trace


def died(file: Path) -> bool:
    """Check whether a process that writes this trace died at its deadly point."""
    return file.exists() and f"{TOLD}\n" in file.read_text()


def instrument(recorder: Recorder) -> None:
    """Wrap every call that leaves the process."""
    for method in ("fetch", "fetchrow", "fetchval", "execute", "executemany"):
        _wrap(recorder, asyncpg.Connection, method, lambda c, query, *_, **__: (_service_of(c), _words(query)))
    _wrap(recorder, asyncpg, "connect", lambda *_, **given: (_service_in(given), ""))
    _wrap(recorder, nats, "connect", lambda *_, **__: ("", ""))
    for method in ("publish", "request", "subscribe"):
        _wrap(recorder, Client, method, lambda c, subject, *_, **__: (_user_of(c), _administered(subject)))
    for method in ("ack", "nak"):
        _wrap(recorder, Msg, method, lambda message, *_, **__: (_user_of(message._client), ""))
    _wrap(recorder, httpx.AsyncClient, "send", lambda _, request, **__: ("", f"{request.method} {request.url.path}"))
    for method in ("connect", "send_message"):
        _wrap(recorder, aiosmtplib.SMTP, method, lambda *_, **__: ("", ""))


def _wrap(recorder: Recorder, owner: Any, method: str, described: Callable[..., tuple[str, str]]) -> None:
    original: Callable[..., Awaitable[Any]] = getattr(owner, method)

    async def counted(*args: Any, **kwargs: Any) -> Any:
        place = _place(sys._getframe(1))
        if place is None:
            return await original(*args, **kwargs)
        who, what = described(*args, **kwargs)
        call = recorder.begins(" ".join(part for part in (who, place, method, what) if part))
        try:
            answer = await original(*args, **kwargs)
        except Exception:
            recorder.ended(call)
            raise
        recorder.ended(call)
        return answer

    setattr(owner, method, counted)


def _place(frame: FrameType | None) -> str | None:
    """Return the nearest function of ours from which the call comes; None inside a call that is already counted."""
    passed: str | None = None
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module == __name__:
            return None
        if module.partition(".")[0] in OURS:
            place = f"{module}:{frame.f_code.co_qualname}"
            if module not in PASSED_THROUGH:
                return place
            passed = place
        frame = frame.f_back
    return passed


def _service_in(given: dict[str, Any]) -> str:
    return str(given.get("server_settings", {}).get("application_name", ""))


def _service_of(connection: asyncpg.Connection) -> str:
    return str(getattr(connection.get_settings(), "application_name", ""))


def _user_of(client: Client) -> str:
    return str(client.options.get("name") or "")


def _words(query: str) -> str:
    return " ".join(query.split()[:WORDS_MAX])


def _administered(subject: str) -> str:
    """Return the subject of a request to JetStream itself; otherwise an empty string.

    The subjects of facts, inboxes and acknowledgements are not part of a site.
    """
    return subject if subject.startswith("$JS.API") and "MSG.NEXT" not in subject else ""
