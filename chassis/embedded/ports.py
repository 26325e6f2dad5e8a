"""Loopback ports for the embedded servers, kept across restarts."""

import contextlib
import secrets
import socket
from pathlib import Path

from chassis.embedded.errors import EmbeddedError

LOOPBACK = "127.0.0.1"
# Below Linux's ephemeral range, so that no outgoing connection can take a port before the server does.
PORT_LOWEST, PORT_HIGHEST = 20_000, 32_767
TRIES_MAX = 200
GIVEN_MAX = (PORT_HIGHEST - PORT_LOWEST) * 3 // 4

_given: set[int] = set()


def free_port() -> int:
    """Return a free loopback port that this process has not returned before.

    Servers listen on it later, and again after restarts, so it is reserved for them. Ports are reused once three
    quarters of the range are taken.
    """
    for _ in range(TRIES_MAX):
        port = PORT_LOWEST + secrets.randbelow(PORT_HIGHEST - PORT_LOWEST + 1)
        if port not in _given and is_free(port):
            if len(_given) > GIVEN_MAX:
                _given.clear()
            _given.add(port)
            return port
    raise EmbeddedError(f"no free port from {PORT_LOWEST} to {PORT_HIGHEST} was found")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # SO_REUSEADDR, as both servers use it, so that connections in TIME_WAIT do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def chosen_port(wanted: int | None, file: Path) -> int:
    """Return the port `wanted`, or else the port stored in `file`; if that is in use, return and store a new one.

    Raises EmbeddedError if the port `wanted` is in use.
    """
    if wanted is not None:
        if not is_free(wanted):
            raise EmbeddedError(f"port {wanted} of {LOOPBACK} is in use: stop what listens there, or choose another")
        return wanted
    with contextlib.suppress(OSError, ValueError):
        port = int(file.read_text())
        if 0 < port < 65_536 and is_free(port):
            return port
    port = free_port()
    file.write_text(f"{port}\n")
    return port
