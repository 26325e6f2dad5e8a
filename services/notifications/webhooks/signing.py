"""Webhook signatures (Standard Webhooks 1.0.0), with keys that are derived on use and not stored.

The operator provides master keys in a file; a webhook's key is derived from one of them, its id and a generation
(HKDF, RFC 5869). A copy of the database cannot sign; rotating increments the generation.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from enum import StrEnum
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_BYTES_MIN = 32
MASTERS_MAX = 10
KEY_BYTES = 32


class Scheme(StrEnum):
    """Signature schemes: `v1a` is Ed25519 with a public verification key, `v1` is HMAC-SHA256 with a shared secret."""

    ED25519 = "v1a"
    HMAC = "v1"


class Keyring:
    """The master keys by id; new webhooks and rotations use the first one."""

    def __init__(self, masters: Sequence[bytes]) -> None:
        named = [(hashlib.sha256(b"id of " + master).hexdigest()[:16], master) for master in masters]
        self._masters: Mapping[str, bytes] = dict(named)
        self.newest = named[0][0]

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """Parse one base64 key per line, newest first. Raises ValueError, which repeats nothing of the text."""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        try:
            masters = [base64.b64decode(line, validate=True) for line in lines]
        except binascii.Error as error:
            raise ValueError("a key of webhooks is not base64") from error
        if not 0 < len(masters) <= MASTERS_MAX or any(len(master) < MASTER_BYTES_MIN for master in masters):
            raise ValueError(f"keys of webhooks are 1 to {MASTERS_MAX} lines, each of {MASTER_BYTES_MIN} bytes or more")
        return cls(masters)

    def key(self, key_id: str, webhook_id: UUID, generation: int) -> bytes:
        """Return one webhook's key. Raises KeyError if the master key is no longer in the file."""
        derived = HKDF(
            algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"entraide webhook {webhook_id} {generation}".encode()
        )
        return derived.derive(self._masters[key_id])


def sign(scheme: Scheme, key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return one signature of the `webhook-signature` header."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    if scheme is Scheme.ED25519:
        signature = Ed25519PrivateKey.from_private_bytes(key).sign(signed)
    else:
        signature = hmac.digest(key, signed, "sha256")
    return f"{scheme},{base64.b64encode(signature).decode()}"


def headers(scheme: Scheme, keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the specification's three headers, with a signature by each key."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(scheme, key, message_id, timestamp, body) for key in keys),
    }


def secret_of(key: bytes) -> str:
    """Return the shared secret of an HMAC in its text form."""
    return f"whsec_{base64.b64encode(key).decode()}"


def verification_key_of(key: bytes) -> str:
    """Return the public key that verifies Ed25519 signatures, in its text form."""
    public = Ed25519PrivateKey.from_private_bytes(key).public_key()
    return f"whpk_{base64.b64encode(public.public_bytes_raw()).decode()}"
