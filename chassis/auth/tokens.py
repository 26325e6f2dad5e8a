"""Verify bearer tokens and find their callers in the directory.

Tokens are JWT access tokens (RFC 9068) of one of two issuers: the configured one signs for people and services, the
directory for API clients. A token identifies its subject by `iss` and `sub`, and grants no rights; the directory does.
A person with several appointments selects one by the `Acting-As` header.
"""

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
import structlog
from joserfc import jwk, jwt
from msgspec.structs import replace

from chassis import clock
from chassis.ids import new_id
from chassis.journal.peers import PeerError
from chassis.keys.file import read_or_create_key
from chassis.keys.issuer import ALGORITHM, Keys, claimed_issuer
from contracts.callers import HeldAppointment, KnownSubject, Subject
from contracts.refusals import Forbidden, Unavailable, Unidentified
from contracts.values import Caller, Role

TOKEN_TYPE = "at+jwt"
TOKEN_TYPES = frozenset({TOKEN_TYPE, f"application/{TOKEN_TYPE}"})
"""Accepted token types (RFC 9068 section 4); the prefix `application/` may be omitted (RFC 7515 section 4.1.9)."""

AUDIENCE = "entraide"
UNODC = "UNODC"
ACTING_HEADER = "Acting-As"
LIFETIME_SECONDS_MAX = 15 * 60
LEEWAY_SECONDS = 30

CACHE_MAX = 10_000
TOKEN_BYTES_MAX = 4096
SUBJECT_LENGTH_MAX = 255
"""Maximum length of a subject (OpenID Connect Core 1.0 section 2)."""

SERVICE_SUBJECT = "service:"
"""Prefix of the embedded issuer's subjects for services."""

OWN_STATE_ROLES = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
"""Roles that act only for their own State, and may continue while appointments are stale."""


log = structlog.get_logger()


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of an access token that are used."""

    iss: str
    aud: str | list[str]
    sub: str
    jti: str
    # NumericDate may have a fraction (RFC 7519 section 2).
    iat: int | float
    exp: int | float
    nbf: int | float = 0
    acr: str | None = None
    # Values of other types in these claims are ignored.
    client_id: Any = None
    azp: Any = None
    scope: Any = None

    @property
    def subject(self) -> Subject:
        return Subject(issuer=self.iss, subject=self.sub)

    def is_for(self, audience: str) -> bool:
        """Check whether the token's `aud`, one value or a list (RFC 7519), contains `audience`."""
        return audience == self.aud if isinstance(self.aud, str) else audience in self.aud

    @property
    def client(self) -> object:
        """The client to which the token was issued: `client_id` (RFC 9068), else `azp` (OpenID Connect Core 1.0)."""
        return self.azp if self.client_id is None else self.client_id


@dataclass
class VerifiedToken:
    """A verified token: the id of its key, and its claims."""

    kid: str
    claims: Claims
    logged: bool = False


class Directory(Protocol):
    """The appointments known to this process: `chassis.auth.callers.Callers`."""

    async def people_of(self, subject: Subject) -> KnownSubject | None: ...

    def in_force(self, person_id: UUID, at: datetime) -> Sequence[HeldAppointment]: ...

    def stale(self) -> bool: ...

    async def refresh(self) -> None: ...


@dataclass(frozen=True)
class ServiceClient:
    """A service of the platform, and its client id at the issuer."""

    name: str
    client_id: str


@dataclass(frozen=True)
class TrustedIssuer:
    """An issuer and the algorithm of its signatures."""

    issuer: str
    keys: Keys
    algorithm: str = ALGORITHM


class UnsuitableTokenError(ValueError):
    """An access token that is not accepted. `wrong` names what is wrong with it, for the operator."""

    def __init__(self, wrong: str) -> None:
        super().__init__(wrong)
        self.wrong = wrong


async def verified(token: str, trusted: TrustedIssuer) -> VerifiedToken:
    """Verify an access token of an issuer. Raises UnsuitableTokenError; Unavailable without the issuer's keys."""
    if token.count(".") != 2:
        # Issuers give opaque tokens to clients that name no audience.
        raise UnsuitableTokenError("format")
    try:
        signed = await trusted.keys.signed(token, trusted.algorithm)
    except ValueError as error:
        raise UnsuitableTokenError("signature") from error
    try:
        claims = msgspec.convert(signed.claims, Claims)
    except msgspec.ValidationError as error:
        raise UnsuitableTokenError("claims") from error
    now = time.time()
    right = {
        "typ": signed.type in TOKEN_TYPES,
        "iss": claims.iss == trusted.issuer,
        "aud": claims.is_for(AUDIENCE),
        # NaN, which Python's JSON accepts, compares false to everything.
        "exp": claims.exp > now - LEEWAY_SECONDS,
        "iat": claims.iat <= now + LEEWAY_SECONDS,
        "nbf": claims.nbf <= now + LEEWAY_SECONDS,
        "lifetime": 0 < claims.exp - claims.iat <= LIFETIME_SECONDS_MAX,
        "sub": 0 < len(claims.sub) <= SUBJECT_LENGTH_MAX,
    }
    for name, is_right in right.items():
        if not is_right:
            raise UnsuitableTokenError(name)
    return VerifiedToken(signed.kid, claims)


class Verifier:
    """Verifies a bearer token and returns its caller."""

    def __init__(
        self,
        people: TrustedIssuer,
        directory: Directory,
        *,
        service_of: Callable[[str], ServiceClient | None],
        strengths: Collection[str] = (),
        clients: TrustedIssuer | None = None,
    ) -> None:
        """Create a verifier. `service_of` returns the platform's service with a subject of `people`; None for people.

        `strengths` are the authentication contexts (`acr`) accepted for people; all if empty. Without `clients` no API
        client is accepted.
        """
        self._people = people
        self._clients = clients
        self._directory = directory
        self._service_of = service_of
        self._strengths = frozenset(strengths)
        self._known: OrderedDict[str, VerifiedToken] = OrderedDict()

    async def caller(self, authorization: str | None, acting: str | None) -> Caller:
        """Return the caller of a token, in the appointment `acting`.

        Raises Unidentified for an invalid token, Forbidden for a person without such an appointment, Unavailable if the
        caller cannot be determined now.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if not authorization:
            raise Unidentified("token-missing")
        if scheme.lower() != "bearer" or not token or len(token) > TOKEN_BYTES_MAX:
            raise Unidentified("token-invalid")
        good = await self._verified(token)
        if good.claims.iss != self._people.issuer:
            await self._directory.refresh()
            caller = self._client(good.claims, acting)
        elif (service := self._service_of(good.claims.sub)) is not None:
            # If the issuer's clients and people share a namespace, a person may have the subject of a service.
            if good.claims.client != service.client_id:
                raise Unidentified("token-invalid")
            caller = Caller(person_id=service_id(service.name), organization=UNODC, role=Role.SERVICE)
        else:
            if self._strengths and good.claims.acr not in self._strengths:
                raise Unidentified("sign-in-too-weak")
            caller = await self._person(good.claims.subject, acting)
        if not good.logged:
            good.logged = True
            whose = {"person_id": str(caller.person_id), "organization": caller.organization, "role": str(caller.role)}
            log.info("token accepted", token_id=good.claims.jti, **whose)
        return caller

    async def _verified(self, token: str) -> VerifiedToken:
        """The verified token, cached between calls."""
        if (known := self._known.get(token)) is None:
            known = self._known[token] = await self._verify(token)
            if len(self._known) > CACHE_MAX:
                self._known.popitem(last=False)
        keys = self._trusted(known.claims.iss).keys
        if known.claims.exp < time.time() - LEEWAY_SECONDS or await keys.get(known.kid) is None:
            self._known.pop(token, None)
            raise Unidentified("token-invalid")
        return known

    async def _person(self, subject: Subject, acting: str | None) -> Caller:
        await self._directory.refresh()
        try:
            known = await self._directory.people_of(subject)
        except PeerError as error:
            raise Unavailable("identity-unavailable") from error
        if known is None:
            raise Forbidden("person-not-known")
        held, foreign = self._held_by(known.people), self._held_by(known.foreign)
        if self._directory.stale() and not held + foreign:
            raise Unavailable("identity-unavailable")
        # An organization may register any subject as its own person's. To prevent a person from acting for an
        # organization by mistake, even after their appointment elsewhere has ended, a person of several organizations
        # always has to name one. What was added to a subject in use counts only when named: it cannot stop programs.
        if acting is not None or not held:
            return _acting(held + foreign, acting, always_named=len(known.people + known.foreign) > 1)
        return _acting(held, acting, always_named=len(known.people) > 1)

    def _held_by(self, people: Sequence[UUID]) -> list[HeldAppointment]:
        """Return the appointments of people in force; while they are stale, those that see no other State's records."""
        now, stale = clock.now(), self._directory.stale()
        held = [one for person in people for one in self._directory.in_force(person, now) if one.scopes is None]
        return [one for one in held if one.role in OWN_STATE_ROLES] if stale else held

    def _client(self, claims: Claims, acting: str | None) -> Caller:
        """The API client, limited to those of its scopes for which the token was issued."""
        if self._directory.stale():
            # People may continue with their own State's affairs; a program retries.
            raise Unavailable("identity-unavailable")
        try:
            client_id = UUID(claims.sub)
        except ValueError as error:
            raise Unidentified("token-invalid") from error
        held = [one for one in self._directory.in_force(client_id, clock.now()) if one.scopes is not None]
        if not held or claims.client_id != claims.sub:
            raise Unidentified("token-invalid")
        caller, asked = _acting(held, acting), str(claims.scope).split()
        return replace(caller, scopes=frozenset(one for one in caller.scopes or () if one in asked))

    def _trusted(self, issuer: object) -> TrustedIssuer:
        """The issuer that the token claims. The signature is verified with its keys."""
        if self._clients is not None and issuer == self._clients.issuer:
            return self._clients
        return self._people

    async def _verify(self, token: str) -> VerifiedToken:
        try:
            return await verified(token, self._trusted(claimed_issuer(token)))
        except ValueError as error:
            raise Unidentified("token-invalid") from error


class NoDirectory:
    """Rejects every caller; for an application that only documents its routes."""

    async def caller(self, authorization: str | None, acting: str | None) -> Caller:
        raise Unidentified("token-invalid")


def _acting(held: Sequence[HeldAppointment], acting: str | None, *, always_named: bool = False) -> Caller:
    if not held:
        raise Forbidden("not-appointed")
    by_name = {f"{one.organization}:{one.role}": one.caller for one in held}
    if acting is None:
        if len(by_name) > 1 or always_named:
            raise Forbidden("appointment-not-named", held=sorted(by_name))
        return held[0].caller
    if acting not in by_name:
        raise Forbidden("appointment-not-held", held=sorted(by_name))
    return by_name[acting]


class Issuer:
    """An issuer run by the platform. The embedded one is for trials, because its key is readable on the machine."""

    def __init__(self, key: jwk.OKPKey, issuer: str) -> None:
        self._key = key
        self.issuer = issuer

    @classmethod
    def load(cls, path: Path, issuer: str) -> "Issuer":
        """Load the key in `path`; create it on first use, readable only by its owner."""
        return cls(read_or_create_key(path), issuer)

    def publish_keys(self, path: Path) -> None:
        """Write the public key to the file that verifiers read."""
        path.write_text(json.dumps({"keys": [self._key.as_dict(private=False)]}), encoding="utf-8")

    def token(
        self, subject: str | UUID, *, lifetime_seconds: int = LIFETIME_SECONDS_MAX, more: Mapping[str, str] = {}
    ) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": str(subject),
            "jti": str(new_id()),
            "iat": now,
            "exp": now + lifetime_seconds,
            **more,
        }
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])

    def service_token(self, service: str) -> Callable[[], str]:
        """Return a function that returns a valid token of the service, renewed before it expires."""
        held = ""
        until = 0.0

        def token() -> str:
            nonlocal held, until
            if time.time() > until - 60:
                until = time.time() + LIFETIME_SECONDS_MAX
                subject = SERVICE_SUBJECT + service
                held = self.token(subject, more={"client_id": subject})
            return held

        return token


def service_id(service: str) -> UUID:
    """The id of a service, used in the audit log like the id of a person."""
    return uuid5(NAMESPACE_URL, f"entraide:service:{service}")


def embedded_service(subject: str) -> ServiceClient | None:
    """The service named by a subject of the embedded issuer; its client id is its name."""
    if not subject.startswith(SERVICE_SUBJECT):
        return None
    return ServiceClient(subject.removeprefix(SERVICE_SUBJECT), subject)
