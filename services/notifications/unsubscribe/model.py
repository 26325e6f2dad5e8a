"""The token of an unsubscribe link, for an alert or a subscription's mails, signed with a key of this service."""

import hmac
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from contracts import base64url
from contracts.refusals import Missing

SIGNATURE_BYTES = 16
ID_BYTES = 16


class Target(StrEnum):
    """Targets that a link pauses: one alert, or all mails of a subscription."""

    ALERT = "alert"
    SUBSCRIPTION = "subscription"


class Link(Struct, frozen=True):
    """The record that an unsubscribe link pauses."""

    target: Target
    record_id: UUID

    def token(self, key: bytes) -> str:
        """Return the token of this link, in characters that a URL may contain."""
        signed = _CODES[self.target] + self.record_id.bytes
        return base64url.encode(signed + _signature(key, signed))


def link_of(token: str, key: bytes) -> Link:
    """Return the link of a token. Raises Missing for a token that was not made with this key."""
    try:
        sent = base64url.decode(token)
    except ValueError as error:
        raise Missing("not-found") from error
    signed, signature = sent[: 1 + ID_BYTES], sent[1 + ID_BYTES :]
    if not hmac.compare_digest(signature, _signature(key, signed)) or signed[:1] not in _TARGETS:
        raise Missing("not-found")
    return Link(_TARGETS[signed[:1]], UUID(bytes=signed[1:]))


_CODES = {Target.ALERT: b"a", Target.SUBSCRIPTION: b"s"}
_TARGETS = {code: target for target, code in _CODES.items()}


def _signature(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, b"unsubscribe " + signed, "sha256")[:SIGNATURE_BYTES]
