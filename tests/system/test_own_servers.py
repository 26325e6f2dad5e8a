"""`entraide up` starts a server of its own again when it dies, and ends with 1 when it cannot."""

import contextlib
import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from chassis.embedded import free_port
from services.composition import NAMES
from tests.system.platform import Platform

SECONDS = 120


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A platform in one process that starts its own PostgreSQL and nats-server."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    tmp_path.chmod(0o711)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o711)
    made = Platform({**environment, "ENTRAIDE_STATE": str(tmp_path)}, {"up": f"http://127.0.0.1:{free_port()}"})
    made.start("up", "up")
    yield made
    made.stop()


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not met():
        assert time.monotonic() < deadline, "not met in time"
        time.sleep(0.05)


def ready(platform: Platform) -> int | None:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{platform.addresses['up']}/health/ready", trust_env=False, timeout=10).status_code
    return None


def kill(platform: Platform, server: str) -> None:
    folder = Path(platform.environment["ENTRAIDE_STATE"]) / server
    os.kill(int((folder / "server.pid").read_text()), signal.SIGKILL)


def said(platform: Platform) -> str:
    return (Path(platform.environment["ENTRAIDE_STATE"]) / "up.log").read_text()


@pytest.mark.timeout(600)
def test_killed_server_is_started_again_and_a_lost_one_ends_the_process_with_1(platform: Platform) -> None:
    until(lambda: ready(platform) == 200)
    for server, title in (("nats", "nats-server"), ("postgres", "PostgreSQL")):
        kill(platform, server)
        until(lambda: ready(platform) == 503)
        until(lambda: ready(platform) == 200)
        assert f"{title} ended: starting it again" in said(platform)

    port = int((Path(platform.environment["ENTRAIDE_STATE"]) / "nats" / "port").read_text())
    with socket.socket() as taken:
        # Another program takes its port, which clients know.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kill(platform, "nats")
        until(lambda: _bound(taken, port))
        assert platform.processes["up"].wait(SECONDS) == 1
    reason = f"port {port} of 127.0.0.1 is in use: stop what listens there, or choose another"
    assert said(platform).splitlines()[-1] == f"entraide: nats-server cannot be started again, tried 5 times: {reason}"


@pytest.mark.timeout(600)
def test_jetstream_that_is_down_is_seen_by_ready_and_doctor(platform: Platform) -> None:
    until(lambda: ready(platform) == 200)
    folder = Path(platform.environment["ENTRAIDE_STATE"]) / "nats"
    configuration = (folder / "nats.conf").read_text()

    without = json.loads(configuration)
    without["jetstream"]["enabled"] = False
    reload(folder, json.dumps(without))
    until(lambda: ready(platform) == 503)
    parts = httpx.get(f"{platform.addresses['up']}/health/ready", trust_env=False, timeout=10).json()["parts"]
    assert {part for part, is_ready in parts.items() if not is_ready} == {f"{name}: broker" for name in NAMES}
    done = platform.entraide("doctor")
    assert done.returncode == 1
    assert re.search(r"^WRONG broker +reached, but JetStream does not answer ", done.stdout, re.MULTILINE), done.stdout

    reload(folder, configuration)
    until(lambda: ready(platform) == 200)
    assert "ok    broker " in platform.entraide("doctor").stdout


def reload(folder: Path, configuration: str) -> None:
    (folder / "nats.conf").write_text(configuration)
    os.kill(int((folder / "server.pid").read_text()), signal.SIGHUP)


def _bound(taken: socket.socket, port: int) -> bool:
    with contextlib.suppress(OSError):
        taken.bind(("127.0.0.1", port))
        taken.listen()
        return True
    return False
