"""A real PostgreSQL and a real nats-server, started from wheels and ended with us; nothing needs to be installed."""

from chassis.embedded.account import default_state
from chassis.embedded.errors import EmbeddedError
from chassis.embedded.nats import Nats, Permissions, running_nats
from chassis.embedded.ports import free_port
from chassis.embedded.postgres import Postgres, running_postgres

__all__ = [
    "EmbeddedError",
    "Nats",
    "Permissions",
    "Postgres",
    "default_state",
    "free_port",
    "running_nats",
    "running_postgres",
]
