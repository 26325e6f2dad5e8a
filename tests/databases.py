"""A database of a service inside a block."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from chassis.db.database import Database


@contextlib.asynccontextmanager
async def connected(address: str, service: str, **settings: Any) -> AsyncIterator[Database]:
    database = await Database.connect(address, service, **settings)
    try:
        yield database
    finally:
        await database.close()
