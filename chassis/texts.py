"""Salted hashes of texts and files, which the journal contains in their place so that they can be erased."""

import hashlib
import secrets

import msgspec

SALT_BYTES = 16


def hash_texts(texts: object) -> tuple[bytes, str]:
    """A new salt and the salted hash of texts: a string, or a struct of strings."""
    return hash_bytes(msgspec.json.encode(texts))


def hash_bytes(content: bytes) -> tuple[bytes, str]:
    """A new salt and the salted hash of bytes."""
    salt = secrets.token_bytes(SALT_BYTES)
    return salt, hashlib.sha256(salt + content).hexdigest()
