"""Ports of this machine for servers of our own, the same again after a restart."""

import contextlib
import secrets
import socket
from pathlib import Path

from chassis.embedded.errors import EmbeddedError

LOOPBACK = "127.0.0.1"
# Below the range Linux takes outgoing connections' ports from: none of them can get there before the server does.
PORT_LOWEST, PORT_HIGHEST = 20_000, 32_767
TRIES_MAX = 200
GIVEN_MAX = (PORT_HIGHEST - PORT_LOWEST) * 3 // 4

_given: set[int] = set()


def free_port() -> int:
    """A port of the loopback address that nothing listens on, and that this process was not given before.

    Who is given one listens on it only later, and again after a restart: until then nobody else is to get it. They
    begin to come again once three quarters of all were given.
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
        # As both servers do: connections that are only waiting to be forgotten do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def chosen_port(wanted: int | None, file: Path) -> int:
    """The port `wanted`; without one the port that `file` remembers, or another, remembered, where that is taken."""
    if wanted is not None:
        if not is_free(wanted):
            raise EmbeddedError(f"port {wanted} of {LOOPBACK} is taken: end what listens there, or choose another")
        return wanted
    with contextlib.suppress(OSError, ValueError):
        port = int(file.read_text())
        if 0 < port < 65_536 and is_free(port):
            return port
    port = free_port()
    file.write_text(f"{port}\n")
    return port
