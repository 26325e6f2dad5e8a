"""Client of an OpenID Connect issuer: authorization code with PKCE (OpenID Connect Core 1.0), no other flow.

This module has no pages and no cookies. Its user sends a browser to `StartedSignIn.address`, stores the started sign-in
so that only that browser can return it, and receives the answer at its `redirect_uri`.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import httpx
import msgspec

from chassis import clock
from chassis.auth.tokens import (
    LEEWAY_SECONDS,
    SUBJECT_LENGTH_MAX,
    TrustedIssuer,
    UnsuitableTokenError,
    verified,
)
from chassis.keys.issuer import ALGORITHM, DISCOVERY, Keys, fetch_json, is_safe, parse_object, read_body
from contracts import base64url
from contracts.refusals import Unavailable, Unidentified

SCOPE = "openid"
OFFLINE = "offline_access"
SECRET_BYTES = 32
EXCHANGE_SECONDS = 10
ERROR = re.compile(r"[a-z_]{1,60}")


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of an issuer's discovery document that are used (OpenID Connect Discovery 1.0 section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    code_challenge_methods_supported: tuple[str, ...] = ("S256",)
    """Supported methods. If absent, PKCE is used anyway, because a provider without it ignores the parameters."""

    authorization_response_iss_parameter_supported: bool = False


class StartedSignIn(msgspec.Struct, frozen=True, kw_only=True):
    """A started sign-in: the address for the browser, and the secrets against which its answer is checked."""

    address: str
    redirect_uri: str
    state: str
    nonce: str
    verifier: str
    max_age: int | None = None
    """Maximum number of seconds since the person entered their credentials."""


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens of a person who signed in. `expires_at` and `signed_in_at` are None if the issuer does not state them.

    `signed_in_at` is when the person entered their credentials, which may be earlier if the issuer had a session.
    """

    subject: str
    access_token: str
    id_token: str | None
    expires_at: datetime | None
    refresh_token: str | None
    signed_in_at: datetime | None = None


class TokenResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a token endpoint's answer that are used (RFC 6749 section 5.1)."""

    access_token: str
    token_type: str
    expires_in: int | None = None
    id_token: str | None = None
    refresh_token: str | None = None


class IdClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of an ID token that are used."""

    iss: str
    sub: str
    aud: str | tuple[str, ...]
    exp: int
    iat: int
    azp: str | None = None
    nonce: str | None = None
    auth_time: int | None = None


class OpenId:
    """A client of an issuer."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        *,
        secret: str | None = None,
        algorithm: str = ALGORITHM,
        scope: str = SCOPE,
        strengths: Sequence[str] = (),
        resource: str | None = None,
        audience: str | None = None,
    ) -> None:
        """Create a client. `resource` (RFC 8707) and `audience` name the token's audience, if the issuer requires it.

        `strengths` (`acr`) are requested; the verifier of the access token checks them. A `secret` is for a server that
        can keep one; a program on a person's machine has none.
        """
        self._issuer = issuer
        self._client_id = client_id
        self._secret = secret
        self._algorithm = algorithm
        self._scope = scope
        self._resource = {"resource": resource} if resource else {}
        self._audience = {"audience": audience} if audience else {}
        self._strengths = {"acr_values": " ".join(strengths)} if strengths else {}
        self._discovery = issuer.rstrip("/") + DISCOVERY
        self._keys = Keys(self._discovery, issuer)
        self._trusted = TrustedIssuer(issuer, self._keys, algorithm)

    async def begin(self, redirect_uri: str, *, max_age: int | None = None) -> StartedSignIn:
        """Start a sign-in. With `max_age` the person must enter their credentials, even if the issuer has a session.

        Raises Unavailable if the issuer does not answer, or answers incorrectly.
        """
        provider = await self._discover()
        state, nonce, verifier = (secrets.token_urlsafe(SECRET_BYTES) for _ in range(3))
        # Offline access requires consent (OpenID Connect Core 1.0 section 11).
        consent = OFFLINE in self._scope.split()
        prompts = [*(["login"] if max_age is not None else []), *(["consent"] if consent else [])]
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": self._scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64url.encode(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
            **self._resource,
            **self._audience,
            **self._strengths,
            **({"prompt": " ".join(prompts)} if prompts else {}),
            **({} if max_age is None else {"max_age": str(max_age)}),
        }
        address = str(httpx.URL(provider.authorization_endpoint).copy_merge_params(asked))
        return StartedSignIn(
            address=address, redirect_uri=redirect_uri, state=state, nonce=nonce, verifier=verifier, max_age=max_age
        )

    async def finish(self, started: StartedSignIn, answer: str) -> Tokens:
        """Exchange the answer (the query of the redirect) for tokens.

        Raises Unidentified if the sign-in failed; with the slug `sign-in-not-asked` if the answer does not belong to
        `started`, in which case a later answer may.
        """
        said = _parameters(answer)
        if not _same(said.get("state"), started.state):
            raise Unidentified("sign-in-not-asked")
        provider = await self._discover()
        returns_iss = provider.authorization_response_iss_parameter_supported
        if said.get("iss", None if returns_iss else self._issuer) != self._issuer:
            raise Unidentified("sign-in-elsewhere")
        if "error" in said or "code" not in said:
            raise Unidentified("sign-in-denied", error=_error_in(said))
        granted = await self._exchange(
            provider,
            grant_type="authorization_code",
            code=said["code"],
            redirect_uri=started.redirect_uri,
            code_verifier=started.verifier,
        )
        if granted.id_token is None:
            raise Unidentified("id-token-invalid", wrong="missing")
        claims = await self._identify(granted.id_token)
        if not _same(claims.nonce, started.nonce):
            raise Unidentified("id-token-replayed")
        if started.max_age is not None and (claims.auth_time or 0) < time.time() - started.max_age - LEEWAY_SECONDS:
            raise Unidentified("id-token-invalid", wrong="auth_time")
        try:
            await verified(granted.access_token, self._trusted)
        except UnsuitableTokenError as error:
            raise Unidentified("access-token-unsuitable", wrong=error.wrong) from error
        tokens = _tokens(granted, claims.sub, id_token=granted.id_token, refresh_token=granted.refresh_token)
        return msgspec.structs.replace(tokens, signed_in_at=_moment(claims.auth_time))

    async def refresh(self, tokens: Tokens) -> Tokens:
        """Exchange the refresh token for new tokens of the same person; do not use the old ones again.

        Raises Unidentified if the person has to sign in again.
        """
        if tokens.refresh_token is None:
            raise Unidentified("grant-refused", error="no_refresh_token")
        granted = await self._exchange(
            await self._discover(), grant_type="refresh_token", refresh_token=tokens.refresh_token
        )
        if granted.id_token is not None and (await self._identify(granted.id_token)).sub != tokens.subject:
            raise Unidentified("id-token-invalid", wrong="sub")
        return _tokens(
            granted,
            tokens.subject,
            id_token=granted.id_token or tokens.id_token,
            refresh_token=granted.refresh_token or tokens.refresh_token,
        )

    async def _discover(self) -> Provider:
        try:
            provider = msgspec.convert(await fetch_json(self._discovery), Provider)
        except (OSError, httpx.HTTPError, ValueError, msgspec.ValidationError, RecursionError) as error:
            raise Unavailable("issuer-unavailable") from error
        if provider.issuer != self._issuer:
            raise Unavailable("issuer-mismatch")
        for name in ("authorization_endpoint", "token_endpoint"):
            if not is_safe(getattr(provider, name)):
                raise Unavailable("issuer-unsuitable", wrong=name)
        if "S256" not in provider.code_challenge_methods_supported:
            raise Unavailable("issuer-unsuitable", wrong="code_challenge_methods_supported")
        return provider

    async def _exchange(self, provider: Provider, **form: str) -> TokenResponse:
        sent = {"client_id": self._client_id, **form, **self._resource}
        # RFC 6749 section 2.3.1: both are form-encoded before they are joined.
        basic = None if self._secret is None else (quote_plus(self._client_id), quote_plus(self._secret))
        try:
            status, said = await _post(provider.token_endpoint, sent, basic)
            if status in {400, 401}:
                raise Unidentified("grant-refused", error=_error_in(said))
            granted = msgspec.convert(said, TokenResponse)
            if status != httpx.codes.OK or granted.token_type.lower() != "bearer":
                raise ValueError("not a token endpoint's answer")
        except (OSError, httpx.HTTPError, ValueError, msgspec.ValidationError, RecursionError) as error:
            raise Unavailable("issuer-unavailable") from error
        return granted

    async def _identify(self, id_token: str) -> IdClaims:
        """The verified claims of an ID token (OpenID Connect Core 1.0 section 3.1.3.7), except its nonce."""
        try:
            claims = msgspec.convert((await self._keys.signed(id_token, self._algorithm)).claims, IdClaims)
        except msgspec.ValidationError as error:
            raise Unidentified("id-token-invalid", wrong="claims") from error
        except ValueError as error:
            raise Unidentified("id-token-invalid", wrong="signature") from error
        now = time.time()
        wrong = {
            "iss": claims.iss != self._issuer,
            "aud": claims.aud not in (self._client_id, (self._client_id,)),
            "azp": claims.azp not in (None, self._client_id),
            "exp": claims.exp <= now - LEEWAY_SECONDS,
            "iat": claims.iat > now + LEEWAY_SECONDS,
            "auth_time": not 0 <= (claims.auth_time or 0) <= now + LEEWAY_SECONDS,
            "sub": not 0 < len(claims.sub) <= SUBJECT_LENGTH_MAX,
        }
        for name, is_wrong in wrong.items():
            if is_wrong:
                raise Unidentified("id-token-invalid", wrong=name)
        return claims


async def _post(address: str, form: Mapping[str, str], basic: tuple[str, str] | None) -> tuple[int, dict[str, Any]]:
    client = httpx.AsyncClient(timeout=EXCHANGE_SECONDS, trust_env=False, auth=basic)
    async with client, client.stream("POST", address, data=form, headers={"Accept": "application/json"}) as answer:
        return answer.status_code, parse_object(await read_body(answer))


def _parameters(query: str) -> dict[str, str]:
    """The parameters (RFC 6749 section 3.1); empty if one is repeated."""
    try:
        said = parse_qsl(query, keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        return {}
    return dict(said) if len(dict(said)) == len(said) else {}


def _same(received: str | None, expected: str) -> bool:
    return secrets.compare_digest((received or "").encode(), expected.encode())


def _error_in(said: Mapping[str, Any]) -> str:
    """The error code (RFC 6749 section 4.1.2.1); its description is untrusted and not repeated."""
    error = said.get("error")
    return error if isinstance(error, str) and ERROR.fullmatch(error) else "unknown"


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _tokens(granted: TokenResponse, subject: str, *, id_token: str | None, refresh_token: str | None) -> Tokens:
    lifetime = granted.expires_in
    return Tokens(
        subject=subject,
        access_token=granted.access_token,
        id_token=id_token,
        expires_at=None if lifetime is None else clock.now() + timedelta(seconds=lifetime),
        refresh_token=refresh_token,
    )
