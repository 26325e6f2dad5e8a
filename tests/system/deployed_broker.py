"""The broker as configured in deploy/, running, and connections as each of its users."""

import asyncio
import contextlib
import http.client
import json
import re
import ssl
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import msgspec
import pytest

from chassis.embedded import free_port
from chassis.journal.bus import Bus
from chassis.supervise import cancel
from contracts.facts import Event
from services.composition import NAMES
from tests.builders import NOON
from tests.system.deployment import DEPLOY, certificate, environment, folder, replaced, running

LEAVING_CONNECTIONS = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("collect_garbage"),
]
"""Marks for tests in which connections fail.

nats-py leaves a connection whose handshake failed, or that was closed by the server, to the garbage collector.
"""

USERS = ("streams", *NAMES)
SAID_BYTES_MAX = 16 * 1024**2
PASSWORDS = {f"NATS_PASSWORD_{user.upper()}": f"secret-of-{user}" for user in USERS}


@dataclass(frozen=True)
class Broker:
    port: int
    monitor: int
    authority: Path

    def url(self, user: str) -> str:
        return f"tls://{user}:secret-of-{user}@127.0.0.1:{self.port}?ca={self.authority}"

    def answer(self, path: str) -> dict[str, object]:
        connection = http.client.HTTPConnection("127.0.0.1", self.monitor, timeout=2)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return {"status_code": response.status, **json.loads(response.read())}

    def connections(self) -> set[str]:
        """Return the names of the clients that are connected to this one."""
        found: Any = self.answer("/connz")["connections"]
        return {one["name"] for one in found}

    def ready(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.answer("/healthz")["status_code"] == 200
        return False


def several(brokers: Iterable[Broker], user: str) -> str:
    """Return a user's address of a cluster, which names all its brokers."""
    hosts = [(f"127.0.0.1:{broker.port}", broker.authority) for broker in brokers]
    return f"tls://{user}:secret-of-{user}@{','.join(host for host, _ in hosts)}?ca={hosts[0][1]}"


def configured(place: Path, crt: Path, key: Path) -> tuple[Path, Broker]:
    """Write nats.conf with a container's values replaced by the test's; return its path, and the broker's addresses."""
    made = Broker(free_port(), free_port(), crt)
    changes = {"0.0.0.0:4222": f"127.0.0.1:{made.port}", "127.0.0.1:8222": f"127.0.0.1:{made.monitor}"}
    changes |= {"/run/secrets/nats.pem": str(crt), "/run/secrets/nats.key": str(key), '"/data"': f'"{place}/data"'}
    (place / "nats.conf").write_text(replaced((DEPLOY / "nats.conf").read_text(), changes))
    (place / "nats-users.conf").write_text((DEPLOY / "nats-users.conf").read_text())
    return place / "nats.conf", made


@contextlib.contextmanager
def deployed() -> Iterator[Broker]:
    with folder() as place:
        conf, made = configured(place, *certificate(place))
        command = ["nats-server", "--config", str(conf)]
        with running(command, made.ready, env=environment(**PASSWORDS), log=place / "log"):
            yield made


def trusting(url: str) -> ssl.SSLContext | None:
    """Return the TLS context for a raw connection to an address, or None."""
    authority = parse_qs(urlsplit(url).query).get("ca")
    return ssl.create_default_context(cafile=authority[0]) if authority else None


async def spoken(url: str, lines: Sequence[str], *, patience_seconds: float = 0.0) -> str:
    """Send a user's lines of the protocol without a client; return the server's output, for some time after them."""
    user = urlsplit(url)
    reader, writer = await asyncio.open_connection(user.hostname, user.port, ssl=trusting(url), limit=SAID_BYTES_MAX)
    try:
        login = {"verbose": False, "user": user.username, "pass": user.password, "headers": True}
        writer.write("\r\n".join([f"CONNECT {json.dumps(login)}", *lines, "PING", ""]).encode())
        said = (await asyncio.wait_for(reader.readuntil(b"PONG\r\n"), 10)).decode()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_seconds):
                while more := await reader.read(65_536):
                    said += more.decode()
    finally:
        writer.close()
    assert "Authorization Violation" not in said
    return said


async def violations(url: str, *, publish: Collection[str], subscribe: Collection[str]) -> set[str]:
    """Return those of these subjects that the server refuses to that user."""
    lines = [f"PUB {subject} 0\r\n" for subject in publish]
    said = await spoken(url, [*lines, *(f"SUB {subject} {n}" for n, subject in enumerate(subscribe, 1))])
    return {
        kind + " " + subject for kind, subject in re.findall(r'Violation for (Publish|Subscription) to "(.+?)"', said)
    }


def an_event(owner: str, aggregate: str = "thing") -> Event:
    return Event(
        specversion="1.0",
        id=uuid4(),
        source=f"/{owner}",
        type=f"{owner}.{aggregate}.happened.v1",
        subject=f"{aggregate}/{uuid4()}",
        time=NOON,
        aggregateversion=1,
        correlationid="test",
        datacontenttype="application/json",
        data=msgspec.Raw(b"{}"),
    )


@contextlib.asynccontextmanager
async def connected(url: str, name: str) -> AsyncIterator[Bus]:
    bus = Bus(url, name)
    task = asyncio.create_task(bus.keep_connected())
    try:
        await asyncio.wait_for(bus.wait_connected(), 10)
        yield bus
    finally:
        await cancel({task})
