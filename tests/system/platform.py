"""The platform as operators run it: real processes, in one or one per service, against real servers."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from chassis.embedded import Nats, Permissions, free_port
from services.composition import NAMES, all_services
from tests.builders import UNHURRIED_ENVIRONMENT

READY_SECONDS = 180
STOP_SECONDS = 20
UNREACHABLE = (httpx.HTTPError, AttributeError)
"""Errors of a call to a process that is being killed. anyio raises AttributeError if a new connection closes at once."""

ROOT = Path(__file__).parents[2]


def broker(folder: Path, *, durable: bool = False) -> Nats:
    """Return a nats-server with the users that the services have, on an empty store."""
    users = {"streams": Permissions(publish=(">",), subscribe=(">",))}
    for service in all_services():
        publish, subscribe = service.grants()
        users[service.name] = Permissions(publish=tuple(publish), subscribe=tuple(subscribe))
    return Nats(folder, users=users, durable=durable)


@dataclass
class Platform:
    """Running processes, the address of each service, and their environment."""

    environment: Mapping[str, str]
    addresses: Mapping[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def entraide(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the operator."""
        return subprocess.run(
            [sys.executable, "-m", "services", *words],
            env=dict(self.environment), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def start(self, name: str, *words: str) -> None:
        """Run a service, or another command, until it is stopped; its output goes to files in the state folder."""
        folder = Path(self.environment["ENTRAIDE_STATE"])
        own = {"ENTRAIDE_PORT": self.addresses[name].rpartition(":")[2]} if name in self.addresses else {}
        with (folder / f"{name}.log").open("ab") as log, (folder / f"{name}.printed").open("ab") as out:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "services", *(words or ("run", name))],
                env={**self.environment, **own}, cwd=ROOT, stdout=out if name == "demo" else log, stderr=log,
            )  # fmt: skip

    def end(self, name: str) -> None:
        """Send SIGTERM to one process and wait for its end."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)

    def stop(self) -> dict[str, int]:
        """Send SIGTERM to all and return each exit code; what still runs after 20 s is killed and reported as -9."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        codes: dict[str, int] = {}
        for name, process in self.processes.items():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            if process.poll() is None:
                process.kill()
            codes[name] = process.wait()
        self.processes.clear()
        return codes


@contextlib.contextmanager
def running(
    mode: str,
    *,
    database_url: str,
    nats: Nats,
    smtp_url: str | None,
    state: Path,
    only: Collection[str] = NAMES,
    **more: str,
) -> Iterator[Platform]:
    """Run all services in one process (`together`; `demo`: by `entraide demo`), or each of `only` in its own (`apart`).

    The other services are down: nothing listens at their addresses.
    """
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "NATS_URL": nats.url("streams"),
        **{f"NATS_URL_{name.upper()}": nats.url(name) for name in NAMES},
        "ENTRAIDE_STATE": str(state),
        "ENTRAIDE_CATCH_UP_SECONDS": "2",
        # With the stack of each thread a process that hangs says where.
        "PYTHONFAULTHANDLER": "1",
        **UNHURRIED_ENVIRONMENT,
        **more,
    }
    if smtp_url is None:
        environment.pop("SMTP_URL", None)
    else:
        environment["SMTP_URL"] = smtp_url
    if mode in {"together", "demo"}:
        port = free_port()
        environment["ENTRAIDE_PORT"] = str(port)
        platform = Platform(environment, dict.fromkeys(NAMES, f"http://127.0.0.1:{port}"))
        command = "up" if mode == "together" else "demo"
        commands = {command: (command,)}
    else:
        ports = {name: free_port() for name in NAMES}
        addresses = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        environment |= {f"ENTRAIDE_{name.upper()}_URL": address for name, address in addresses.items()}
        platform = Platform(environment, addresses)
        for preparation in (["migrate"], ["streams", "ensure"]):
            done = platform.entraide(*preparation)
            assert done.returncode == 0, done.stderr
        commands = {name: ("run", name) for name in only}
    try:
        for name, words in commands.items():
            platform.start(name, *words)
        _wait_ready(platform, state)
        yield platform
    finally:
        platform.stop()


def _wait_ready(platform: Platform, state: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    answers = dict.fromkeys(
        (platform.addresses.get(name, next(iter(platform.addresses.values()))) for name in platform.processes), "none"
    )
    while answers:
        for name, process in platform.processes.items():
            assert process.poll() is None, (state / f"{name}.log").read_text()[-2000:]
        assert time.monotonic() < deadline, f"not ready, last answers: {answers}\n{_traces(platform, state)}"
        for address in list(answers):
            with contextlib.suppress(*UNREACHABLE):
                answer = httpx.get(f"{address}/health/ready", trust_env=False, timeout=2)
                if answer.status_code == 200:
                    del answers[address]
                else:
                    answers[address] = answer.text
        time.sleep(0.1)


def _traces(platform: Platform, state: Path) -> str:
    """Abort the processes and return the ends of their logs, with the stack of each thread."""
    for process in platform.processes.values():
        process.send_signal(signal.SIGABRT)
        process.wait(STOP_SECONDS)
    return "\n".join((state / f"{name}.log").read_text()[-4000:] for name in platform.processes)
