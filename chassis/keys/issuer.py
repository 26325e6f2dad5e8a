"""An issuer's public keys (JWKS, RFC 7517): discovered, cached, refreshed."""

import asyncio
import json
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import httpx
import structlog
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from contracts import base64url
from contracts.refusals import Unavailable

ALGORITHM = "Ed25519"
ALGORITHMS = (ALGORITHM, "EdDSA", "ES256", "PS256", "RS256")
"""The signature algorithms that may be configured. A token never selects its algorithm."""

REFRESH_SECONDS = 300
"""Longest time that a withdrawn key is trusted."""

UNKNOWN_SECONDS = 10
FAILED_SECONDS = 5
"""Pause after a failure; otherwise each made-up key id would cause a request."""

DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/.well-known/jwks.json"
"""Path of the directory's own keys."""

BYTES_MAX = 256 * 1024
RSA_BITS_MIN = 2048
"""Minimum size of an RSA key (NIST SP 800-57 part 1, until 2030)."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

log = structlog.get_logger()


class Signed(NamedTuple):
    """A token (JWT) with a valid signature; its claims are not checked yet."""

    kid: str
    type: str
    claims: dict[str, Any]


class Keys:
    """The keys of one issuer, from a file, a URL or discovery; the last good set is kept."""

    def __init__(self, source: str, issuer: str, *, may_have_none: bool = False) -> None:
        """Create the keys. `source` may also be a discovery document (OpenID Connect Discovery 1.0) of the `issuer`.

        With `may_have_none` an empty key set means that all tokens of this issuer are forged; otherwise it counts as
        unavailable.
        """
        self._source = source
        self._may_have_none = may_have_none
        self._signs_nothing = False
        self._issuer = issuer
        self._keys: dict[str, jwk.Key] = {}
        self._refresh_at = 0.0
        self._asked_at = float("-inf")
        self._pause = 0.0
        self._reading = asyncio.Lock()

    async def get(self, kid: str) -> jwk.Key | None:
        """The key with this id; None if the issuer has none. Raises Unavailable until a key set was read."""
        if self._is_due(kid):
            async with self._reading:
                # Another caller may have read the keys in the meantime.
                if self._is_due(kid):
                    await self._read()
        if not self._keys and not self._signs_nothing:
            raise Unavailable("identity-unavailable")
        return self._keys.get(kid)

    async def signed(self, token: str, algorithm: str) -> Signed:
        """Verify the signature of a token. Raises ValueError if it is wrong; Unavailable like `get`."""
        try:
            # Only the configuration determines how a token is verified, never its own `jku`, `jwk`, `x5u` or `crit`.
            header = _part(token, 0)
            if header.get("alg") != algorithm or "crit" in header:
                raise ValueError("not signed with the configured algorithm")
            kid = str(header.get("kid"))
            key = await self.get(kid)
            if key is None:
                raise ValueError("unknown key")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                decoded = jwt.decode(token, key, algorithms=[algorithm])
        except (JoseError, RecursionError) as error:
            raise ValueError("malformed token or wrong signature") from error
        return Signed(kid, str(header.get("typ", "")).lower(), decoded.claims)

    def _is_due(self, kid: str) -> bool:
        now = time.monotonic()
        return now >= self._asked_at + self._pause and (kid not in self._keys or now >= self._refresh_at)

    async def _read(self) -> None:
        self._asked_at = time.monotonic()
        try:
            found = await self._fetch_keys()
        except (OSError, httpx.HTTPError, ValueError, LookupError, TypeError, JoseError) as error:
            log.warning("issuer's keys not read", error=type(error).__name__)
            self._pause = FAILED_SECONDS
            return
        self._keys = found
        self._signs_nothing = not found
        self._pause = UNKNOWN_SECONDS
        self._refresh_at = time.monotonic() + REFRESH_SECONDS

    async def _fetch_keys(self) -> dict[str, jwk.Key]:
        said = await fetch_json(self._source)
        if "jwks_uri" in said:
            if said["issuer"] != self._issuer:
                raise ValueError("another issuer's discovery document")
            if not is_safe(str(said["jwks_uri"])):
                raise ValueError("jwks_uri is not https")
            said = await fetch_json(said["jwks_uri"])
        if self._may_have_none and said.get("keys") == []:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # short keys, which are dropped
            found = jwk.KeySet.import_key_set(cast(Any, said)).keys
        return {key.kid: key for key in found if key.kid and not _is_weak(key)}


def _is_weak(key: jwk.Key) -> bool:
    return isinstance(key, jwk.RSAKey) and key.public_key.key_size < RSA_BITS_MIN


def is_safe(address: str) -> bool:
    """Check whether responses of a URL cannot be changed in transit: https, or loopback."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


async def fetch_json(source: str) -> dict[str, Any]:
    """Read a JSON object from a URL or a file. Raises OSError, httpx.HTTPError or ValueError."""
    if urlsplit(source).scheme in {"http", "https"}:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client, client.stream("GET", source) as answer:
            answer.raise_for_status()
            text = await read_body(answer)
    else:
        text = Path(source).read_bytes()
    return parse_object(text)


async def read_body(answer: httpx.Response) -> bytes:
    """Read a response body. Raises ValueError if it is longer than BYTES_MAX."""
    text = b""
    async for piece in answer.aiter_bytes():
        text += piece
        if len(text) > BYTES_MAX:
            raise ValueError("too long")
    return text


def parse_object(text: bytes) -> dict[str, Any]:
    """Parse a JSON object. Raises ValueError."""
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError("not an object")
    return said


def claimed_issuer(token: str) -> object:
    """The issuer that a token claims, not verified. Raises ValueError for a malformed token."""
    try:
        return _part(token, 1).get("iss")
    except RecursionError as error:
        raise ValueError("not a token") from error


def _part(token: str, number: int) -> dict[str, Any]:
    encoded = (*token.split("."), "")[number]
    return parse_object(base64url.decode(encoded))
