"""The token of the link in a mail that asks a question: the record asked about, and the person who may answer.

The person answers without signing in. The token is signed with the key of the reply addresses, for one purpose only. It
does not state its validity: that follows from the record, and from whether the person still holds an appointment of the
side that is asked.
"""

import hmac
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts import base64url

_ID_BYTES = 16
_MAC_BYTES = 16


class Purpose(StrEnum):
    """The subject of the question that a link asks."""

    FOLLOW_UP = "follow-up"
    LEGISLATION_CHECK = "legislation-check"
    MATCH = "match"


class AnswerLink(Struct, frozen=True, kw_only=True):
    """The record that is asked about, and the person to whom the mail was sent."""

    purpose: Purpose
    about: UUID
    person_id: UUID


def token_of(key: bytes, link: AnswerLink) -> str:
    """Return the token of a link, in URL-safe characters."""
    said = link.about.bytes + link.person_id.bytes
    return base64url.encode(said + _mac(key, link.purpose, said))


def read_token(key: bytes, purpose: Purpose, token: str) -> AnswerLink | None:
    """Return the content of a token; None if it is forged or made for another purpose."""
    try:
        given = base64url.decode(token)
    except ValueError:
        return None
    said, mac = given[:-_MAC_BYTES], given[-_MAC_BYTES:]
    if len(said) != 2 * _ID_BYTES or not hmac.compare_digest(mac, _mac(key, purpose, said)):
        return None
    return AnswerLink(purpose=purpose, about=UUID(bytes=said[:_ID_BYTES]), person_id=UUID(bytes=said[_ID_BYTES:]))


def _mac(key: bytes, purpose: Purpose, said: bytes) -> bytes:
    return hmac.digest(key, f"entraide {purpose} 1\0".encode() + said, "sha256")[:_MAC_BYTES]
