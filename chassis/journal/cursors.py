"""A bookmark tells somebody outside where in a journal they have got to, and tells them nothing else.

A place counts: who saw those of two events would know how much happened between them that is not theirs to see. So it
is sealed (AES-256-GCM) with a key that each schema has and a nonce of its own, so that nobody can tell even whether two
are of the same place.
"""

import base64
import binascii
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.db.database import Tx
from chassis.journal.outbox import Place
from contracts.refusals import Invalid

BOOKMARK_LENGTH_MAX = 80
NONCE_BYTES = 12
"""By chance: were two ever alike, who holds both would learn how far their places lie apart, and read no more by it."""

_SEALED = struct.Struct(">QQ")


class StreamCursors:
    """Makes bookmarks and reads them."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    async def load(cls, tx: Tx) -> "StreamCursors":
        """Those of this schema."""
        return cls(await tx.fetchval("SELECT key FROM bookmark_key"))

    def at(self, place: Place) -> str:
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, _SEALED.pack(*place), None)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def place(self, cursor: str) -> Place:
        """Raises Invalid for whatever was not made here, with this key."""
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            nonce, sealed = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
            written_by, position = _SEALED.unpack(self._cipher.decrypt(nonce, sealed, None))
        except (binascii.Error, ValueError, InvalidTag) as error:
            raise Invalid("last-event-id-unknown") from error
        return Place(written_by, position)
