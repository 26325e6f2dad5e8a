"""Encryption of what a session holds, under a key derived from the browser's cookie and the operator's key."""

import hashlib
import hmac
import secrets
from typing import TypeVar
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

T = TypeVar("T")
COOKIE_BYTES = 32
NONCE_BYTES = 12
CSRF_BYTES = 16


class Sealer:
    """Encryption of values with AES-256-GCM (NIST SP 800-38D) under a key for each cookie."""

    def __init__(self, key: str) -> None:
        self._key = hashlib.sha256(key.encode()).digest()

    def seal(self, cookie: str, value: object) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self._derived("seal", cookie)).encrypt(nonce, msgspec.json.encode(value), None)

    def open(self, cookie: str, sealed: bytes, kind: type[T]) -> T | None:
        """Return the value, or None if it was sealed with another key or changed."""
        try:
            opened = AESGCM(self._derived("seal", cookie)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
            return msgspec.json.decode(opened, type=kind)
        except (InvalidTag, ValueError, msgspec.DecodeError, msgspec.ValidationError):
            return None

    def csrf_token(self, cookie: str) -> str:
        """Return a token for forms, masked anew each time, so that a compressed page does not reveal it (BREACH)."""
        mask, token = secrets.token_bytes(CSRF_BYTES), self._derived("csrf", cookie)[:CSRF_BYTES]
        return (mask + _xor(mask, token)).hex()

    def is_csrf_token(self, cookie: str, given: str) -> bool:
        try:
            sent = bytes.fromhex(given)
        except ValueError:
            return False
        mask, masked = sent[:CSRF_BYTES], sent[CSRF_BYTES:]
        expected = self._derived("csrf", cookie)[:CSRF_BYTES]
        return len(sent) == 2 * CSRF_BYTES and secrets.compare_digest(_xor(mask, masked), expected)

    def mark(self, cookie: str, of: str) -> str:
        """Return a mark of the session's appointment."""
        return self._derived(f"mark:{of}", cookie)[:CSRF_BYTES].hex()

    def is_mark(self, cookie: str, of: str, given: str) -> bool:
        return secrets.compare_digest(self.mark(cookie, of).encode(), given.encode())

    def person_mark(self, person_id: UUID) -> str:
        """Return a mark of a person that is the same in all their sessions, so that it outlives the cookie of one."""
        return self._proved(self._derived("person", str(person_id))[:CSRF_BYTES].hex())

    def is_person_mark(self, given: str, of: UUID | None = None) -> bool:
        """Return whether it is the mark of this person, or of anybody if none is named."""
        expected = self._proved(given[: 2 * CSRF_BYTES]) if of is None else self.person_mark(of)
        return secrets.compare_digest(expected.encode(), given.encode())

    def _proved(self, mark: str) -> str:
        return mark + self._derived("proof", mark)[:CSRF_BYTES].hex()

    def _derived(self, purpose: str, cookie: str) -> bytes:
        return hmac.digest(self._key, f"{purpose}:{cookie}".encode(), "sha256")


def new_cookie() -> str:
    return secrets.token_urlsafe(COOKIE_BYTES)


def hash_of(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()


def _xor(first: bytes, second: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(first, second, strict=True))
