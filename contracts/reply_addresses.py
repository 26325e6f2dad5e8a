"""The address for answers to a notice, `reply+TOKEN@domain`, which says what the notice was about, and to whom.

The token is signed with a key that the services which send notices and take mails in share. It is bound to the address
that the notice was sent to, and ends after a time.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date, timedelta
from uuid import UUID

from msgspec import Struct

VALID_DAYS = 180
PREFIX = "reply+"
_EPOCH = date(2020, 1, 1)
_DAYS_MAX = 0x7FFF
_MATCH = 0x8000
_MAC_BYTES = 8
"""A guess is one mail, and would still have to come from the person's address."""

_TOKEN_BYTES = 2 + 16 + 16 + _MAC_BYTES
"""56 letters; with the prefix below the 64 that the part before `@` may have."""


class Reply(Struct, frozen=True, kw_only=True):
    """What a notice was about, a request or a match, and to whom it was sent."""

    about: UUID
    is_match: bool
    person_id: UUID
    email: str


def reply_address(key: bytes, domain: str, reply: Reply, *, today: date) -> str:
    """The address for an answer, valid for half a year."""
    day = min((today + timedelta(days=VALID_DAYS) - _EPOCH).days, _DAYS_MAX) | (_MATCH if reply.is_match else 0)
    said = day.to_bytes(2) + reply.about.bytes + reply.person_id.bytes
    token = urlsafe_b64encode(said + _mac(key, said, reply.email)).decode()
    return f"{PREFIX}{token}@{domain}"


def is_reply_address(address: str, domain: str) -> bool:
    """Whether the address has the form of one for an answer."""
    local, _, of = address.rpartition("@")
    return of.lower() == domain.lower() and local[: len(PREFIX)].lower() == PREFIX


def read_reply_address(key: bytes, address: str, email: str, *, today: date) -> Reply | None:
    """What an answer from `email` to this address is about; None if the address is forged, over, or another's."""
    token = address.rpartition("@")[0][len(PREFIX) :]
    try:
        given = urlsafe_b64decode(token)
    except ValueError:
        return None
    said, mac = given[:-_MAC_BYTES], given[-_MAC_BYTES:]
    if len(given) != _TOKEN_BYTES or not hmac.compare_digest(mac, _mac(key, said, email)):
        return None
    day = int.from_bytes(said[:2])
    if today > _EPOCH + timedelta(days=day & _DAYS_MAX):
        return None
    about, person_id = UUID(bytes=said[2:18]), UUID(bytes=said[18:])
    return Reply(about=about, is_match=bool(day & _MATCH), person_id=person_id, email=email)


def _mac(key: bytes, said: bytes, email: str) -> bytes:
    return hmac.digest(key, b"entraide reply 1\0" + said + email.lower().encode(), "sha256")[:_MAC_BYTES]
