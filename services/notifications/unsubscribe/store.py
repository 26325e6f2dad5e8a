"""The key of unsubscribe links."""

from chassis.db.database import Tx


async def key(tx: Tx) -> bytes:
    """Return the key of this schema, which also encrypts the cursors of event streams."""
    found: bytes = await tx.fetchval("SELECT key FROM bookmark_key")
    return found
