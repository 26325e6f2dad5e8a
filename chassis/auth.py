"""Who is calling: a signed token, checked for everything that a token can be wrong about.

Tokens are JWT access tokens (RFC 9068: `typ` is `at+jwt`) signed with Ed25519 by the configured issuer. They carry the
person's id and the appointments held; where there are several, the one acted in is named by the `Acting-As` header.
"""

import asyncio
import base64
import json
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx
import msgspec
import structlog
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from chassis.ids import new_id
from chassis.keyfile import made_once
from contracts.refusals import Forbidden, Unavailable, Unidentified
from contracts.values import Caller, Role

ALGORITHM = "Ed25519"
TOKEN_TYPE = "at+jwt"
AUDIENCE = "entraide"
ACTING_HEADER = "Acting-As"
LIFETIME_SECONDS_MAX = 15 * 60
LEEWAY_SECONDS = 30
KEYS_SECONDS_MIN = 300
KEYS_FAILED_SECONDS = 5
"""How long an issuer that did not answer is left alone: whoever makes up key ids would else ask it once for each."""

CACHE_MAX = 10_000
TOKEN_BYTES_MAX = 4096
APPOINTMENTS_MAX = 20

log = structlog.get_logger()


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What of a token is used; `appointments` are `<organization>:<role>`."""

    iss: str
    aud: str
    sub: UUID
    jti: str
    iat: int
    exp: int
    appointments: tuple[str, ...]
    nbf: int | float = 0


class Keys:
    """The issuer's public keys (JWKS, RFC 7517), from a file or an https address; the last good set is kept."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._keys: dict[str, jwk.Key] = {}
        self._again_at = 0.0
        self._reading = asyncio.Lock()

    async def get(self, kid: str) -> jwk.Key | None:
        """None for a key the issuer does not have. Raises Unavailable while it has never told any."""
        if kid not in self._keys and time.monotonic() >= self._again_at:
            async with self._reading:
                # Whoever waited for the lock finds what the one before has read.
                if time.monotonic() >= self._again_at:
                    await self._read()
        if not self._keys:
            raise Unavailable("identity-unavailable")
        return self._keys.get(kid)

    async def _read(self) -> None:
        try:
            if urlsplit(self._source).scheme in {"http", "https"}:
                async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                    text = (await client.get(self._source)).raise_for_status().text
            else:
                text = Path(self._source).read_text(encoding="utf-8")
            key_set = jwk.KeySet.import_key_set(json.loads(text))
        except (OSError, httpx.HTTPError, ValueError, LookupError, TypeError, JoseError) as error:
            log.warning("issuer's keys not read", error=type(error).__name__)
            self._again_at = time.monotonic() + KEYS_FAILED_SECONDS
            return
        self._keys = {key.kid: key for key in key_set.keys if key.kid}
        self._again_at = time.monotonic() + KEYS_SECONDS_MIN


class Verifier:
    """Turns a bearer token into a caller, or refuses."""

    def __init__(self, keys: Keys, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._known: OrderedDict[str, Claims] = OrderedDict()

    async def caller(self, authorization: str | None, acting: str | None) -> Caller:
        """Raises Unidentified for a token that will not do, Forbidden for an appointment that is not held."""
        scheme, _, token = (authorization or "").partition(" ")
        if not authorization:
            raise Unidentified("token-missing")
        if scheme.lower() != "bearer" or not token or len(token) > TOKEN_BYTES_MAX:
            raise Unidentified("token-invalid")
        claims = self._known.get(token)
        if claims is None:
            claims = await self._verify(token)
            self._known[token] = claims
            if len(self._known) > CACHE_MAX:
                self._known.popitem(last=False)
        if claims.exp < time.time() - LEEWAY_SECONDS:
            del self._known[token]
            raise Unidentified("token-invalid")
        return _caller(claims, acting)

    async def _verify(self, token: str) -> Claims:
        try:
            header = _header(token)
            # Nothing but what is configured decides how a token is checked: not its own `jku`, `jwk`, `x5u` or `crit`.
            if header.get("alg") != ALGORITHM or str(header.get("typ", "")).lower() != TOKEN_TYPE or "crit" in header:
                raise Unidentified("token-invalid")
            key = await self._keys.get(str(header.get("kid")))
            if key is None:
                raise Unidentified("token-invalid")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                decoded = jwt.decode(token, key, algorithms=[ALGORITHM])
            claims = msgspec.convert(decoded.claims, Claims)
        except (JoseError, ValueError, msgspec.ValidationError, RecursionError) as error:
            raise Unidentified("token-invalid") from error
        now = time.time()
        if (
            claims.iss != self._issuer
            or claims.aud != AUDIENCE
            or claims.exp <= now - LEEWAY_SECONDS
            or claims.iat > now + LEEWAY_SECONDS
            or not claims.nbf <= now + LEEWAY_SECONDS  # NaN, which JSON can say in Python, is neither
            or not 0 < claims.exp - claims.iat <= LIFETIME_SECONDS_MAX
            or not 0 < len(claims.appointments) <= APPOINTMENTS_MAX
        ):
            raise Unidentified("token-invalid")
        return claims


def _header(token: str) -> dict[str, Any]:
    encoded = token.partition(".")[0]
    header = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    if not isinstance(header, dict):
        raise ValueError("a token's header is an object")
    return header


def _caller(claims: Claims, acting: str | None) -> Caller:
    if acting is None:
        if len(claims.appointments) > 1:
            raise Forbidden("appointment-not-named")
        acting = claims.appointments[0]
    if acting not in claims.appointments:
        raise Forbidden("appointment-not-held")
    organization, _, role = acting.partition(":")
    try:
        return msgspec.convert(
            {"person_id": claims.sub, "organization": organization, "role": role}, Caller, strict=False
        )
    except msgspec.ValidationError as error:
        raise Unidentified("token-invalid") from error


class Issuer:
    """An issuer of our own for the demo, tests and the services' tokens, until a directory takes its place."""

    def __init__(self, key: jwk.OKPKey, issuer: str) -> None:
        self._key = key
        self.issuer = issuer

    @classmethod
    def load(cls, path: Path, issuer: str) -> "Issuer":
        """The key in `path`, made on first use and readable by its owner alone."""

        def make() -> str:
            key = jwk.OKPKey.generate_key("Ed25519", parameters={"kid": str(new_id()), "use": "sig", "alg": ALGORITHM})
            return json.dumps(key.as_dict(private=True))

        return cls(jwk.OKPKey.import_key(json.loads(made_once(path, make))), issuer)

    def publish_keys(self, path: Path) -> None:
        """Write the public half where verifiers read it."""
        path.write_text(json.dumps({"keys": [self._key.as_dict(private=False)]}), encoding="utf-8")

    def token(
        self, person_id: UUID, appointments: Sequence[str], *, lifetime_seconds: int = LIFETIME_SECONDS_MAX
    ) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": str(person_id),
            "jti": str(new_id()),
            "iat": now,
            "exp": now + lifetime_seconds,
            "appointments": list(appointments),
        }
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])

    def service_token(self, service: str) -> Callable[[], str]:
        """A token for one service, made anew before it ends."""
        held = ""
        until = 0.0

        def token() -> str:
            nonlocal held, until
            if time.time() > until - 60:
                until = time.time() + LIFETIME_SECONDS_MAX
                held = self.token(service_id(service), [f"UNODC:{Role.SERVICE}"])
            return held

        return token


def service_id(service: str) -> UUID:
    """A service has an id as a person has; it stands in the audit where it acted."""
    return uuid5(NAMESPACE_URL, f"entraide:service:{service}")


def persona_id(appointment: str) -> UUID:
    """The id of the fictitious person of the embedded issuer who holds `<organization>:<role>`."""
    return uuid5(NAMESPACE_URL, f"entraide:persona:{appointment}")
