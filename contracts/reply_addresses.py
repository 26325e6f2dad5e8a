"""The address for answers to a notice, `reply+TOKEN@domain`, which encodes the notice's subject and recipient.

The token is signed with a key shared by the services that send notices and receive mails. It is bound to the address to
which the notice was sent, and expires.
"""

import hmac
from datetime import date, timedelta
from uuid import UUID

from msgspec import Struct

from contracts import base64url

VALID_DAYS = 180
PREFIX = "reply+"
_EPOCH = date(2020, 1, 1)
_DAYS_MAX = 0x7FFF
_MATCH = 0x8000
_MAC_BYTES = 8
"""Short, because each guess costs one mail, which would also have to come from the person's address."""

_TOKEN_BYTES = 2 + 16 + 16 + _MAC_BYTES
"""Encoded in 56 characters; with the prefix, fewer than the 64 allowed before `@`."""


class Reply(Struct, frozen=True, kw_only=True):
    """The request or match that a notice was about, and the person to whom it was sent."""

    about: UUID
    is_match: bool
    person_id: UUID
    email: str


def reply_address(key: bytes, domain: str, reply: Reply, *, today: date) -> str:
    """The address for an answer, valid for half a year."""
    day = min((today + timedelta(days=VALID_DAYS) - _EPOCH).days, _DAYS_MAX) | (_MATCH if reply.is_match else 0)
    said = day.to_bytes(2) + reply.about.bytes + reply.person_id.bytes
    token = base64url.encode(said + _mac(key, said, reply.email))
    return f"{PREFIX}{token}@{domain}"


def is_reply_address(address: str, domain: str) -> bool:
    """Check whether an address has the form of a reply address."""
    local, _, of = address.rpartition("@")
    return of.lower() == domain.lower() and local[: len(PREFIX)].lower() == PREFIX


def read_reply_address(key: bytes, address: str, email: str, *, today: date) -> Reply | None:
    """The subject of an answer from `email` to this address; None if it is forged, expired or of another person."""
    token = address.rpartition("@")[0][len(PREFIX) :]
    try:
        given = base64url.decode(token)
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
