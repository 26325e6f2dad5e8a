"""An issuer's public keys (JWKS, RFC 7517): found, kept, and read again when they may have changed."""

import asyncio
import json
import time
import warnings
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import structlog
from joserfc import jwk
from joserfc.errors import JoseError

from contracts.refusals import Unavailable

AGAIN_SECONDS = 300
"""A key that the issuer has taken back is trusted so long at most."""

UNKNOWN_SECONDS = 10
FAILED_SECONDS = 5
"""How long an issuer that did not answer is left alone: whoever makes up key ids would else ask it once for each."""

DISCOVERY = "/.well-known/openid-configuration"
BYTES_MAX = 256 * 1024
RSA_BITS_MIN = 2048
"""NIST SP 800-57 part 1, until 2030."""

log = structlog.get_logger()


class Keys:
    """The keys of one issuer, from a file, an address, or by discovery; the last good set is kept."""

    def __init__(self, source: str, issuer: str) -> None:
        """`source` may also be a discovery document (OpenID Connect Discovery 1.0), whose `issuer` has to be ours."""
        self._source = source
        self._issuer = issuer
        self._keys: dict[str, jwk.Key] = {}
        self._again_at = 0.0
        self._asked_at = float("-inf")
        self._pause = 0.0
        self._reading = asyncio.Lock()

    async def get(self, kid: str) -> jwk.Key | None:
        """None for a key the issuer does not have. Raises Unavailable while it has never told any."""
        if self._to_be_read(kid):
            async with self._reading:
                # Whoever waited for the lock finds what the one before has read.
                if self._to_be_read(kid):
                    await self._read()
        if not self._keys:
            raise Unavailable("identity-unavailable")
        return self._keys.get(kid)

    def _to_be_read(self, kid: str) -> bool:
        now = time.monotonic()
        return now >= self._asked_at + self._pause and (kid not in self._keys or now >= self._again_at)

    async def _read(self) -> None:
        self._asked_at = time.monotonic()
        try:
            found = await self._keys_said()
        except (OSError, httpx.HTTPError, ValueError, LookupError, TypeError, JoseError) as error:
            log.warning("issuer's keys not read", error=type(error).__name__)
            self._pause = FAILED_SECONDS
            return
        self._keys = found
        self._pause = UNKNOWN_SECONDS
        self._again_at = time.monotonic() + AGAIN_SECONDS

    async def _keys_said(self) -> dict[str, jwk.Key]:
        said = await _document(self._source)
        if "jwks_uri" in said:
            if said["issuer"] != self._issuer:
                raise ValueError("another issuer's discovery document")
            if urlsplit(said["jwks_uri"]).scheme not in {"https", urlsplit(self._source).scheme}:
                raise ValueError("keys by a way that is less safe than the one that led there")
            said = await _document(said["jwks_uri"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a short key, which is dropped
            found = jwk.KeySet.import_key_set(cast(Any, said)).keys
        return {key.kid: key for key in found if key.kid and not _is_weak(key)}


def _is_weak(key: jwk.Key) -> bool:
    return isinstance(key, jwk.RSAKey) and key.public_key.key_size < RSA_BITS_MIN


async def _document(source: str) -> dict[str, Any]:
    if urlsplit(source).scheme in {"http", "https"}:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client, client.stream("GET", source) as answer:
            answer.raise_for_status()
            text = b""
            async for piece in answer.aiter_bytes():
                text += piece
                if len(text) > BYTES_MAX:
                    raise ValueError("too long")
    else:
        text = Path(source).read_bytes()
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError("not an object")
    return said
