"""Parked events for tests."""

from uuid import UUID, uuid4

from chassis.db.database import Database


async def park(db: Database, event_id: UUID, *, readable: bool = True) -> None:
    """Park an event that could not be applied or, if not `readable`, a message that is not an event."""
    async with db.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO inbox (consumer, event_id, owner, aggregate_id, version, status, reason, event)
            VALUES ('planted', $1, 'directory', $2, $3, 'parked', 'planted', $4)
            """,
            event_id,
            uuid4() if readable else None,
            1 if readable else None,
            '{"type": "directory.person.entered.v1"}' if readable else "not an event",
        )
