"""An issuer's public keys (JWKS, RFC 7517): found, kept, and read again when they may have changed."""

import asyncio
import base64
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

from contracts.refusals import Unavailable

ALGORITHM = "Ed25519"
ALGORITHMS = (ALGORITHM, "EdDSA", "ES256", "PS256", "RS256")
"""What an issuer may be said to sign with; which one it is, a token never decides."""

AGAIN_SECONDS = 300
"""A key that the issuer has taken back is trusted so long at most."""

UNKNOWN_SECONDS = 10
FAILED_SECONDS = 5
"""How long an issuer that did not answer is left alone: whoever makes up key ids would else ask it once for each."""

DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/.well-known/jwks.json"
"""Where the directory shows its own."""

BYTES_MAX = 256 * 1024
RSA_BITS_MIN = 2048
"""NIST SP 800-57 part 1, until 2030."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

log = structlog.get_logger()


class Signed(NamedTuple):
    """A token (JWT) whose signature is right, and nothing else of it looked at."""

    kid: str
    type: str
    claims: dict[str, Any]


class Keys:
    """The keys of one issuer, from a file, an address, or by discovery; the last good set is kept."""

    def __init__(self, source: str, issuer: str, *, may_have_none: bool = False) -> None:
        """`source` may also be a discovery document (OpenID Connect Discovery 1.0), whose `issuer` has to be ours.

        With `may_have_none` an issuer that publishes no key signs nothing, and its tokens are forged; else it is taken
        for one that cannot be asked.
        """
        self._source = source
        self._may_have_none = may_have_none
        self._signs_nothing = False
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
        if not self._keys and not self._signs_nothing:
            raise Unavailable("identity-unavailable")
        return self._keys.get(kid)

    async def signed(self, token: str, algorithm: str) -> Signed:
        """What a token says that this issuer has signed. Raises ValueError for any other; Unavailable like `get`."""
        try:
            # Nothing but what is configured decides how a token is checked: not its own `jku`, `jwk`, `x5u` or `crit`.
            header = _part(token, 0)
            if header.get("alg") != algorithm or "crit" in header:
                raise ValueError("not signed as agreed")
            kid = str(header.get("kid"))
            key = await self.get(kid)
            if key is None:
                raise ValueError("a key that is not the issuer's")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                decoded = jwt.decode(token, key, algorithms=[algorithm])
        except (JoseError, RecursionError) as error:
            raise ValueError("not a token, or not signed so") from error
        return Signed(kid, str(header.get("typ", "")).lower(), decoded.claims)

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
        self._signs_nothing = not found
        self._pause = UNKNOWN_SECONDS
        self._again_at = time.monotonic() + AGAIN_SECONDS

    async def _keys_said(self) -> dict[str, jwk.Key]:
        said = await document(self._source)
        if "jwks_uri" in said:
            if said["issuer"] != self._issuer:
                raise ValueError("another issuer's discovery document")
            if not is_safe(str(said["jwks_uri"])):
                raise ValueError("keys that anybody on their way may change")
            said = await document(said["jwks_uri"])
        if self._may_have_none and said.get("keys") == []:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a short key, which is dropped
            found = jwk.KeySet.import_key_set(cast(Any, said)).keys
        return {key.kid: key for key in found if key.kid and not _is_weak(key)}


def _is_weak(key: jwk.Key) -> bool:
    return isinstance(key, jwk.RSAKey) and key.public_key.key_size < RSA_BITS_MIN


def is_safe(address: str) -> bool:
    """Whether nobody on the way to an address of HTTP can change what is said: it is by TLS, or on this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


async def document(source: str) -> dict[str, Any]:
    """The JSON object at an address, or in a file. Raises OSError, httpx.HTTPError or ValueError."""
    if urlsplit(source).scheme in {"http", "https"}:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client, client.stream("GET", source) as answer:
            answer.raise_for_status()
            text = await body_of(answer)
    else:
        text = Path(source).read_bytes()
    return json_object(text)


async def body_of(answer: httpx.Response) -> bytes:
    """The body of an answer as it comes in. Raises ValueError where it is longer than any that is meant."""
    text = b""
    async for piece in answer.aiter_bytes():
        text += piece
        if len(text) > BYTES_MAX:
            raise ValueError("too long")
    return text


def json_object(text: bytes) -> dict[str, Any]:
    """Raises ValueError for whatever is no JSON object."""
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError("not an object")
    return said


def claimed_issuer(token: str) -> object:
    """Whose token it says it is, before anything of it is believed. Raises ValueError for what is no token."""
    try:
        return _part(token, 1).get("iss")
    except RecursionError as error:
        raise ValueError("not a token") from error


def _part(token: str, number: int) -> dict[str, Any]:
    encoded = (*token.split("."), "")[number]
    return json_object(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
