"""Who is calling: a signed token, checked for everything that a token can be wrong about, and whom the directory knows.

Tokens are JWT access tokens (RFC 9068) of one of two issuers: the configured one signs for people and services, the
directory for API clients. They say who somebody is there, by `iss` and `sub`, and nothing of what
they may do: that is what the directory says. Who holds several appointments names the one acted in by the `Acting-As`
header.
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
from chassis.keys.file import key_made_once
from chassis.keys.issuer import ALGORITHM, Keys, claimed_issuer
from contracts.callers import Holding, Subject
from contracts.refusals import Forbidden, Unavailable, Unidentified
from contracts.values import Caller, Role

TOKEN_TYPE = "at+jwt"
TOKEN_TYPES = frozenset({TOKEN_TYPE, f"application/{TOKEN_TYPE}"})
"""RFC 9068 section 4; it is a media type, whose `application/` may be left out (RFC 7515 section 4.1.9)."""

AUDIENCE = "entraide"
UNODC = "UNODC"
ACTING_HEADER = "Acting-As"
LIFETIME_SECONDS_MAX = 15 * 60
LEEWAY_SECONDS = 30

CACHE_MAX = 10_000
TOKEN_BYTES_MAX = 4096
SUBJECT_LENGTH_MAX = 255
"""OpenID Connect Core 1.0 section 2."""

SERVICE_SUBJECT = "service:"
"""How the embedded issuer's subjects of services begin."""

AT_HOME = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
"""Who works on the own State's requests alone, and may go on while it is not known whose appointment has ended."""


log = structlog.get_logger()


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What of a token is used."""

    iss: str
    aud: str | list[str]
    sub: str
    jti: str
    # Moments may have a fraction (NumericDate, RFC 7519 section 2).
    iat: int | float
    exp: int | float
    nbf: int | float = 0
    acr: str | None = None
    # What others say of these is nobody's business here.
    client_id: Any = None
    azp: Any = None
    scope: Any = None

    @property
    def subject(self) -> Subject:
        return Subject(issuer=self.iss, subject=self.sub)

    def is_for(self, audience: str) -> bool:
        """Whether the audience is among those of the token, of which there may be one or a list (RFC 7519)."""
        return audience == self.aud if isinstance(self.aud, str) else audience in self.aud

    @property
    def client(self) -> object:
        """The client that got the token: `client_id` (RFC 9068), else `azp` (OpenID Connect Core 1.0)."""
        return self.azp if self.client_id is None else self.client_id


@dataclass
class VerifiedToken:
    """A token that has been verified: the id of the key that signed it, and what it says."""

    kid: str
    claims: Claims
    logged: bool = False


class Directory(Protocol):
    """Who may act, as far as it is known here: `chassis.auth.callers.Callers`."""

    async def people_of(self, subject: Subject) -> Sequence[UUID]: ...

    def in_force(self, person_id: UUID, at: datetime) -> Sequence[Holding]: ...

    def stale(self) -> bool: ...


@dataclass(frozen=True)
class ServiceClient:
    """A service of the platform, and the client by which the issuer knows it."""

    name: str
    client_id: str


@dataclass(frozen=True)
class TrustedIssuer:
    """An issuer, and what its tokens are signed with."""

    issuer: str
    keys: Keys
    algorithm: str = ALGORITHM


class Verifier:
    """Turns a bearer token into a caller, or refuses."""

    def __init__(
        self,
        people: TrustedIssuer,
        directory: Directory,
        *,
        service_of: Callable[[str], ServiceClient | None],
        strengths: Collection[str] = (),
        clients: TrustedIssuer | None = None,
    ) -> None:
        """`service_of` names the service of the platform whose token has a subject of `people`; None for people.

        `strengths` are what the issuer calls the ways to sign in (`acr`) that will do for people; all, if none is said.
        Without `clients` no API client is let in.
        """
        self._people = people
        self._clients = clients
        self._directory = directory
        self._service_of = service_of
        self._strengths = frozenset(strengths)
        self._known: OrderedDict[str, VerifiedToken] = OrderedDict()

    async def caller(self, authorization: str | None, acting: str | None) -> Caller:
        """Raises Unidentified for a token that will not do, Forbidden for who holds no such appointment."""
        scheme, _, token = (authorization or "").partition(" ")
        if not authorization:
            raise Unidentified("token-missing")
        if scheme.lower() != "bearer" or not token or len(token) > TOKEN_BYTES_MAX:
            raise Unidentified("token-invalid")
        good = await self._good(token)
        if good.claims.iss != self._people.issuer:
            caller = self._client(good.claims, acting)
        elif (service := self._service_of(good.claims.sub)) is not None:
            # Where the issuer's clients and people share a name space, a person may have the subject of a service.
            if good.claims.client != service.client_id:
                raise Unidentified("token-invalid")
            caller = Caller(person_id=service_id(service.name), organization=UNODC, role=Role.SERVICE)
        else:
            if self._strengths and good.claims.acr not in self._strengths:
                raise Unidentified("sign-in-too-weak")
            caller = await self._appointed(good.claims.subject, acting)
        if not good.logged:
            good.logged = True
            whose = {"person_id": str(caller.person_id), "organization": caller.organization, "role": str(caller.role)}
            log.info("token accepted", token_id=good.claims.jti, **whose)
        return caller

    async def _good(self, token: str) -> VerifiedToken:
        """A token that is good now; what was found of it before is remembered."""
        if (known := self._known.get(token)) is None:
            known = self._known[token] = await self._verify(token)
            if len(self._known) > CACHE_MAX:
                self._known.popitem(last=False)
        keys = self._trusted(known.claims.iss).keys
        if known.claims.exp < time.time() - LEEWAY_SECONDS or await keys.get(known.kid) is None:
            self._known.pop(token, None)
            raise Unidentified("token-invalid")
        return known

    async def _appointed(self, subject: Subject, acting: str | None) -> Caller:
        try:
            people = await self._directory.people_of(subject)
        except PeerError as error:
            raise Unavailable("identity-unavailable") from error
        if not people:
            raise Forbidden("person-not-known")
        now = clock.now()
        held = [one for person in people for one in self._directory.in_force(person, now) if one.scopes is None]
        if self._directory.stale():
            # Who has ended meanwhile, or begun, is not known: what is another State's stays closed.
            held = [one for one in held if one.role in AT_HOME]
            if not held:
                raise Unavailable("identity-unavailable")
        # An organization may name anybody's subject as its own person's. So that nobody acts for one they do not mean,
        # also when their appointment in another one has ended, who is a person of several always says for which.
        return _acting(held, acting, always_named=len(people) > 1)

    def _client(self, claims: Claims, acting: str | None) -> Caller:
        """An API client, with those of its scopes that the token was made for."""
        if self._directory.stale():
            # People go on with their own State's affairs; a machine comes again.
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
        """Whose token it would have to be, by what it says itself; whose it is, the signature shows."""
        if self._clients is not None and issuer == self._clients.issuer:
            return self._clients
        return self._people

    async def _verify(self, token: str) -> VerifiedToken:
        try:
            trusted = self._trusted(claimed_issuer(token))
            signed = await trusted.keys.signed(token, trusted.algorithm)
            claims = msgspec.convert(signed.claims, Claims)
        except (ValueError, msgspec.ValidationError) as error:
            raise Unidentified("token-invalid") from error
        now = time.time()
        if (
            signed.type not in TOKEN_TYPES
            or claims.iss != trusted.issuer
            or not claims.is_for(AUDIENCE)
            # NaN, which JSON can say in Python, is neither above nor below.
            or not claims.exp > now - LEEWAY_SECONDS
            or not claims.iat <= now + LEEWAY_SECONDS
            or not claims.nbf <= now + LEEWAY_SECONDS
            or not 0 < claims.exp - claims.iat <= LIFETIME_SECONDS_MAX
            or not 0 < len(claims.sub) <= SUBJECT_LENGTH_MAX
        ):
            raise Unidentified("token-invalid")
        return VerifiedToken(signed.kid, claims)


class NoDirectory:
    """Knows nobody: for an application that is only looked at."""

    async def caller(self, authorization: str | None, acting: str | None) -> Caller:
        raise Unidentified("token-invalid")


def _acting(held: Sequence[Holding], acting: str | None, *, always_named: bool = False) -> Caller:
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
    """An issuer of our own. The embedded one is for trying out: whoever reads its key is anybody."""

    def __init__(self, key: jwk.OKPKey, issuer: str) -> None:
        self._key = key
        self.issuer = issuer

    @classmethod
    def load(cls, path: Path, issuer: str) -> "Issuer":
        """The key in `path`, made on first use and readable by its owner alone."""
        return cls(key_made_once(path), issuer)

    def publish_keys(self, path: Path) -> None:
        """Write the public half where verifiers read it."""
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
        """A token for one service, made anew before it ends."""
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
    """A service has an id as a person has; it stands in the audit where it acted."""
    return uuid5(NAMESPACE_URL, f"entraide:service:{service}")


def embedded_service(subject: str) -> ServiceClient | None:
    """The service that a subject of the embedded issuer names; its client is called the same."""
    if not subject.startswith(SERVICE_SUBJECT):
        return None
    return ServiceClient(subject.removeprefix(SERVICE_SUBJECT), subject)
