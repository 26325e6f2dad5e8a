"""Encrypted cursors of event streams, which contain a journal position.

Positions are counters: two of them would reveal the number of events in between that the subscriber may not see.
Therefore they are encrypted (AES-256-GCM) with a key per schema and a random nonce each; not even equality of two
positions is visible.
"""

import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.db.database import Tx
from chassis.journal.outbox import JournalPosition
from contracts import base64url
from contracts.refusals import Invalid

CURSOR_LENGTH_MAX = 80
NONCE_BYTES = 12
"""Length of the random nonce. If a nonce repeated, it would reveal only the distance of two positions."""

_SEALED = struct.Struct(">QQ")


class StreamCursors:
    """Encrypts and decrypts cursors."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    async def load(cls, tx: Tx) -> "StreamCursors":
        """Load the key of this schema."""
        return cls(await tx.fetchval("SELECT key FROM bookmark_key"))

    def encode(self, position: JournalPosition) -> str:
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, _SEALED.pack(*position), None)
        return base64url.encode(sealed)

    def decode(self, cursor: str) -> JournalPosition:
        """Return the position of a cursor. Raises Invalid for a cursor that was not made with this key."""
        try:
            sealed = base64url.decode(cursor)
            nonce, sealed = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
            written_by, position = _SEALED.unpack(self._cipher.decrypt(nonce, sealed, None))
        except (ValueError, InvalidTag) as error:
            raise Invalid("last-event-id-unknown") from error
        return JournalPosition(written_by, position)
