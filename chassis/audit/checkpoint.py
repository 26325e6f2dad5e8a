"""Checkpoints: the end of the audit chain, signed and stored elsewhere, against a rewrite of the whole chain.

Each checkpoint is one JSON line in an append-only file per service. `jws` is a signature (RFC 7515 appendix F: its
detached payload is the line without `jws`). Several processes may write to one file, or each to its own folder.
"""

import asyncio
import contextlib
import io
import json
import os
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import structlog
from joserfc import jwk, jws
from joserfc.errors import JoseError

from chassis import clock
from chassis.keys.file import read_or_create_key
from chassis.keys.issuer import ALGORITHM
from chassis.keys.signing import key_set, signing_key_of
from chassis.settings import Settings, SettingsError
from chassis.telemetry import CHECKPOINTED

CHECKPOINT_SECONDS = 60.0
LINE_BYTES_MAX = 4096
OWN_KEY = "audit.jwk"
SETTING = "ENTRAIDE_AUDIT_KEY_FILE"

log = structlog.get_logger()


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The chain of `service` had `height` links at the time `at`, the last one with this `hash` (hexadecimal)."""

    service: str
    height: int
    hash: str
    at: datetime
    jws: str = ""


def file_of(settings: Settings, service: str) -> Path:
    return (settings.audit_dir or settings.state / "audit") / f"{service}.jsonl"


def public_keys(files: Sequence[Path]) -> str:
    """A JWK set of public keys that verifies signatures by the keys in these files. Raises SettingsError."""
    keys = [key for file in files for key in key_set(file, SETTING)]
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]})


def _is_of(key: jwk.OKPKey, service: str) -> bool:
    """True if the key may sign for the service. A key whose id names a service may not sign for other services."""
    named, _, rest = str(key.kid).partition(".")
    return not rest or named == service


def signing_key(settings: Settings, service: str) -> jwk.OKPKey:
    """The first key of ENTRAIDE_AUDIT_KEY_FILE, or a key in the state folder. Raises SettingsError."""
    if settings.audit_key_file is None:
        return read_or_create_key(settings.state / OWN_KEY)
    key = signing_key_of(key_set(settings.audit_key_file, SETTING), SETTING)
    if not _is_of(key, service):
        raise SettingsError(f"the first key of ENTRAIDE_AUDIT_KEY_FILE is another service's than {service}'s")
    return key


def known_keys(settings: Settings, service: str) -> jwk.KeySet:
    """All keys that may have signed a service's lines. Raises SettingsError."""
    if settings.audit_key_file is not None:
        return jwk.KeySet([key for key in key_set(settings.audit_key_file, SETTING) if _is_of(key, service)])
    return jwk.KeySet([read_or_create_key(settings.state / OWN_KEY)] if (settings.state / OWN_KEY).exists() else [])


class Signed(Protocol):
    """A struct stored as a signed line."""

    @property
    def jws(self) -> str: ...


S = TypeVar("S", bound=Signed)


def signed(one: Signed, key: jwk.OKPKey) -> bytes:
    """The signed line, without a newline."""
    header = {"alg": ALGORITHM, "kid": key.kid}
    whole = jws.serialize_compact(header, msgspec.json.encode(one), key, algorithms=[ALGORITHM])
    return msgspec.json.encode(_with(one, jws.detach_content(whole)))


def read_signed(line: bytes, keys: jwk.KeySet, kind: type[S]) -> S | None:
    """Verify a line and decode it; None if none of the keys has signed it."""
    try:
        one = msgspec.json.decode(line, type=kind)
        payload = msgspec.json.encode(_with(one, ""))
        jws.deserialize_compact(one.jws, keys, algorithms=[ALGORITHM], payload=payload)
    except (msgspec.MsgspecError, ValueError, JoseError):
        return None
    return one


def _with(one: Any, signature: str) -> Any:
    return msgspec.structs.replace(one, jws=signature)


def append(path: Path, line: bytes) -> None:
    """Append a line and flush it to disk; a partial line left by a crash stays separate."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with open(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640), "r+b", buffering=0) as file:
        torn = file.seek(0, os.SEEK_END) > 0 and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n"
        file.write(b"\n" * torn + line + b"\n")
        os.fsync(file.fileno())
    if new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def lines(path: Path, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield the numbered lines in the first `size` bytes."""
    number = 0
    with path.open("rb") if size else contextlib.nullcontext(io.BytesIO()) as file:
        while size > 0 and (line := file.readline(min(size, LINE_BYTES_MAX))):
            size -= len(line)
            number += 1
            yield number, line


class CheckpointWriter:
    """Signs the end of a service's chain each minute, if it has changed. Raises SettingsError if there is no key."""

    def __init__(self, settings: Settings, service: str) -> None:
        self._service = service
        self._key, self._path = signing_key(settings, service), file_of(settings, service)
        self._height = 0
        self._next_at = 0.0
        """Time of the next checkpoint, by the monotonic clock."""

    @property
    def due_in_seconds(self) -> float:
        return self._next_at - time.monotonic()

    async def write(self, height: int, link: bytes) -> bool:
        """Sign that the chain has `height` links, the last with this hash; return False if the file is not writable."""
        self._next_at = time.monotonic() + CHECKPOINT_SECONDS
        if height != self._height:
            checkpoint = Checkpoint(service=self._service, height=height, hash=link.hex(), at=clock.now())
            try:
                await asyncio.to_thread(append, self._path, signed(checkpoint, self._key))
            except OSError as error:
                # Rows are still sealed in the meantime.
                log.error("checkpoint not written", service=self._service, reason=error.strerror)
                return False
            self._height = height
        CHECKPOINTED.labels(self._service).set_to_current_time()
        return True
