"""Embedded PostgreSQL and nats-server, started from wheels and stopped with the process."""

from chassis.embedded.account import default_state
from chassis.embedded.child import Child
from chassis.embedded.errors import EmbeddedError
from chassis.embedded.nats import Nats, Permissions, running_nats
from chassis.embedded.ports import free_port
from chassis.embedded.postgres import Postgres, running_postgres

__all__ = [
    "Child",
    "EmbeddedError",
    "Nats",
    "Permissions",
    "Postgres",
    "default_state",
    "free_port",
    "running_nats",
    "running_postgres",
]
