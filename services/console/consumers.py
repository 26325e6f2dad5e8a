"""Handlers of facts of the directory: the sessions of an erased person end."""

from collections.abc import Mapping
from uuid import UUID

from chassis import erasure
from chassis.db.database import Tx
from chassis.journal.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Event, Fact


async def forget(tx: Tx, person_id: UUID, because: Event | None = None) -> dict[str, int]:
    """Delete the rows that name an erased person, including their sessions, and count them by table."""
    dropped = await erasure.forget(tx, person_id, because)
    ended = await tx.execute("DELETE FROM session WHERE person_id = $1", person_id)
    return {**dropped, "session": int(ended.split()[-1])}


HANDLERS: Mapping[type[Fact], Handler] = {PersonErased: erasure.handler_of(forget)}
