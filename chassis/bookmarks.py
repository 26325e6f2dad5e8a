"""A bookmark tells somebody outside where in a journal they have got to, and tells them nothing else.

A place counts: who saw those of two events would know how much happened between them that is not theirs to see. So it
is sealed (AES-SIV, RFC 5297) with a key that each schema has, together with chance, so that nobody can tell even
whether two are of the same place.
"""

import base64
import binascii
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from chassis.db import Tx
from chassis.journal import Place
from contracts.refusals import Invalid

BOOKMARK_LENGTH_MAX = 80
_SEALED = struct.Struct(">QQ8s")


class Bookmarks:
    """Makes bookmarks and reads them."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)

    @classmethod
    async def load(cls, tx: Tx) -> "Bookmarks":
        """Those of this schema."""
        return cls(await tx.fetchval("SELECT key FROM bookmark_key"))

    def at(self, place: Place) -> str:
        sealed = self._cipher.encrypt(_SEALED.pack(*place, os.urandom(8)), None)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def place(self, bookmark: str) -> Place:
        """Raises Invalid for whatever was not made here, with this key."""
        try:
            sealed = base64.b64decode(bookmark + "=" * (-len(bookmark) % 4), altchars=b"-_", validate=True)
            written_by, position, _ = _SEALED.unpack(self._cipher.decrypt(sealed, None))
        except (binascii.Error, ValueError, InvalidTag) as error:
            raise Invalid("last-event-id-unknown") from error
        return Place(written_by, position)
