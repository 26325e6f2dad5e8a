"""The token of the link in a mail that asks a side for its follow-up: which one, and who may answer without signing in.

It is signed with the key of the addresses for answers. It says nothing of how long it is valid: the follow-up does, and
whether the person still holds an appointment of the side that is asked.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from msgspec import Struct

_ID_BYTES = 16
_MAC_BYTES = 16


class AnswerLink(Struct, frozen=True, kw_only=True):
    """The follow-up that is asked for, and the person to whom the mail was sent."""

    follow_up_id: UUID
    person_id: UUID


def token_of(key: bytes, link: AnswerLink) -> str:
    """The token, in the letters of a URL."""
    said = link.follow_up_id.bytes + link.person_id.bytes
    return urlsafe_b64encode(said + _mac(key, said)).decode()


def read_token(key: bytes, token: str) -> AnswerLink | None:
    """What a token says; None if it is forged."""
    try:
        given = urlsafe_b64decode(token)
    except ValueError:
        return None
    said, mac = given[:-_MAC_BYTES], given[-_MAC_BYTES:]
    if len(said) != 2 * _ID_BYTES or not hmac.compare_digest(mac, _mac(key, said)):
        return None
    return AnswerLink(follow_up_id=UUID(bytes=said[:_ID_BYTES]), person_id=UUID(bytes=said[_ID_BYTES:]))


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, b"entraide follow-up 1\0" + said, "sha256")[:_MAC_BYTES]
