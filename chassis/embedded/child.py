"""A child server process, one per folder, which ends with its parent."""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import ClassVar, Self

from chassis.embedded.account import Account, make_folder
from chassis.embedded.errors import EmbeddedError
from chassis.embedded.ports import chosen_port

START_SECONDS = 60.0
STOP_SECONDS = 20.0
"""Time for an orderly stop; after it, SIGQUIT is sent, and SIGKILL five seconds later."""
ORPHAN_SECONDS = 20.0
POLL_SECONDS = 0.02
LOG_BYTES_MAX = 10_000_000
PR_SET_PDEATHSIG = 1


class Child(ABC):
    """A server, its folder and its log. Must be started from the main thread."""

    title: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, state: Path, *, retryable: tuple[str, ...]) -> None:
        """Create a stopped server. The start is retried after the temporary failures in `retryable`, log messages."""
        self.state = state.absolute()
        self._retryable = retryable
        self.log = self.state / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._has_served = False

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.title} has not been started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout: float = START_SECONDS) -> None:
        """Start the server and wait until it serves. On failure leave nothing running and raise EmbeddedError."""
        for pause_seconds in self._starting(timeout):
            time.sleep(pause_seconds)

    async def start_again(self) -> None:
        """As `start`, for a server that has ended, on its port, while the event loop runs on."""
        with contextlib.closing(self._starting(START_SECONDS)) as starting:
            for pause_seconds in starting:
                await asyncio.sleep(pause_seconds)

    def _starting(self, timeout: float) -> Generator[float]:
        """Start the server; yield the seconds to wait before each next look."""
        assert threading.current_thread() is threading.main_thread(), "the server ends with the thread that started it"
        if self._process is not None:
            # A killed process may not have exited yet.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
        assert not self.running, f"{self.title} is already running"
        deadline = time.monotonic() + timeout
        try:
            self._claim_folder()
            self._end_orphan()
            account = self._prepare()
            while not (yield from self._served(account, deadline)):
                yield 0.2
            self._has_served = True
        except (OSError, subprocess.SubprocessError) as error:
            self.stop()
            raise EmbeddedError(f"{self.title} cannot be started in {self.state}: {error}") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server, by force if necessary, and release the folder."""
        if self._process is not None:
            for wanted, seconds in ((self.stop_signal, STOP_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
                if self.running:
                    self._process.send_signal(wanted)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        self._process.wait(seconds)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abstractmethod
    def _prepare(self) -> Account:
        """Prepare the claimed folder; return the user of the process."""

    @abstractmethod
    def _command(self) -> Sequence[str]:
        """The command line of the server."""

    @abstractmethod
    def _ready(self) -> bool:
        """Check whether the current process answers."""

    def _port(self, wanted: int | None, before: int, file: Path) -> int:
        """The port `wanted`, or else that of `file`; of a server that has served the one before, which clients know."""
        return chosen_port(wanted or (before if self._has_served else None), file)

    @property
    def _folder_is_shared(self) -> bool:
        return False

    def _claim_folder(self) -> None:
        try:
            make_folder(self.state, shared=self._folder_is_shared)
        except PermissionError as error:
            raise EmbeddedError(f"{error.filename} cannot be written: name another folder with --state") from error
        if self._lock is not None:
            return
        file = self.state / "lock"
        try:
            lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError as error:
            raise EmbeddedError(f"{self.state} is another user's: name another folder with --state") from error
        try:
            # The kernel releases the lock when this process ends, and children do not inherit it: it is never stale.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(lock, 20).decode().strip() or "unknown"
            os.close(lock)
            raise EmbeddedError(
                f"{self.title} already runs on {self.state}, started by process {holder}: "
                "stop that one, or name another folder with --state"
            ) from error
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        self._lock = lock

    def _end_orphan(self) -> None:
        """Stop a server whose parent was killed, and wait for its end. The lock of the folder must be held."""
        try:
            pid = int((self.state / "server.pid").read_text())
        except (OSError, ValueError):
            return
        deadline = time.monotonic() + ORPHAN_SECONDS
        signals = [self.stop_signal]
        while is_alive(pid, marker=str(self.state)):
            with contextlib.suppress(ProcessLookupError):
                if signals:
                    os.kill(pid, signals.pop())
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"{self.title} still runs on {self.state} as process {pid} and does not stop: end it"
                )
            time.sleep(POLL_SECONDS)

    def _served(self, account: Account, deadline: float) -> Generator[float, None, bool]:
        """Start the process and wait until it serves; False if a retry may help."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.rename(self.log.with_suffix(".log.old"))
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as out:
            start_of_log = os.fstat(out.fileno()).st_size
            self._spawn(account, out.fileno())
        while self.running:
            if self._ready():
                return True
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{self.title} does not answer in time; its log is {self.log}")
            yield POLL_SECONDS
        said = self.log.read_bytes()[start_of_log:].decode(errors="replace")
        if any(words in said for words in self._retryable) and time.monotonic() < deadline:
            return False
        raise EmbeddedError(f"{self.title} ended at once: {reason(said)}. Its log is {self.log}")

    def _spawn(self, account: Account, log: int) -> None:
        with warnings.catch_warnings():
            # Python warns of a fork in a threaded process; only one system call is made before exec.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process = account.popen(
                list(self._command()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in a terminal is sent to this process only, which then stops the servers in order.
                start_new_session=True,
                preexec_fn=_parent_death_signal(self.stop_signal),
            )
        (self.state / "server.pid").write_text(f"{self._process.pid}\n")


def _parent_death_signal(wanted: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    us = os.getpid()

    def before_exec() -> None:
        prctl(PR_SET_PDEATHSIG, int(wanted), 0, 0, 0)
        if os.getppid() != us:  # the parent ended between the fork and the call, so no signal will come
            os._exit(1)

    return before_exec


def is_alive(pid: int, *, marker: str) -> bool:
    """Check whether process `pid` runs a command that contains `marker`. False for a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX" and marker.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, IndexError):
        return False


def reason(log: str) -> str:
    """The most informative line of a server's log, without its date."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"FATAL:|PANIC:|\[FTL\]|\[ERR\]", line)]
    line = (telling or lines or ["its log is empty"])[-1]
    return re.sub(r"^.*?(FATAL:|PANIC:|\[FTL\]|\[ERR\])\s*", "", line).rstrip(".")


def secret(file: Path) -> str:
    """The secret in `file`, created once, readable only by its owner."""
    if not file.exists():
        keep(file, secrets.token_urlsafe(24))
    return file.read_text().strip()


def keep(file: Path, text: str) -> None:
    """Write `file` atomically, readable only by its owner."""
    fresh = file.with_name(file.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.rename(file)
