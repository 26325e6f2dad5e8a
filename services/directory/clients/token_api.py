"""The token endpoint of API clients (OAuth 2.0 client credentials, RFC 6749 section 4.4), and the keys to verify.

An error response has that RFC's `error` and the members of the API's problems, as `application/json`, which libraries
expect. Errors before the handler (rate limit, malformed form) are ordinary problems.
"""

import base64
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import unquote_plus

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter
from msgspec import Meta, Struct

from chassis.http.application import PUBLIC, Db, Now
from chassis.http.edge import header, reader_language
from chassis.http.forms import form_of, takes_form
from chassis.http.problems import MEDIA_TYPE, Problem, language_of, problem, problem_of
from chassis.keys.issuer import JWKS
from contracts.refusals import Invalid, Refusal, Unidentified
from contracts.values import Language
from services.directory.clients import actions as client_actions
from services.directory.clients.actions import Credentials
from services.directory.clients.tokens import LIFETIME_SECONDS, Tokens

CREDENTIAL_LENGTH_MAX = 200
GRANT = "client_credentials"
Own = NamedDependency[Tokens]
AcceptLanguage = Annotated[str | None, HeaderParameter(name="Accept-Language")]


class TokenRequest(Struct, frozen=True, kw_only=True):
    """A token request. The client authenticates by HTTP Basic, or by these fields; any other field is ignored."""

    grant_type: Literal["client_credentials"]
    scope: Annotated[str, Meta(description="`read`, `write` or both with a blank between; all of its own without")] = ""
    client_id: str = ""
    client_secret: str = ""


class Token(Struct, frozen=True, kw_only=True):
    """An access token, sent as `Authorization: Bearer …` until `expires_in` seconds have passed."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str


class TokenRefusal(Problem, frozen=True, kw_only=True, omit_defaults=True):
    """An error response as in RFC 6749 section 5.2, with the members of every problem."""

    error: Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"]


ERRORS: Mapping[str, str] = {
    "client-not-known": "invalid_client",
    "grant-type-unsupported": "unsupported_grant_type",
    "scope-not-of-client": "invalid_scope",
}
"""Maps a slug to the RFC's error; `invalid_request` is that of all others."""


class KeySet(Struct, frozen=True, kw_only=True):
    """Public keys (JWKS, RFC 7517) that verify the tokens of API clients."""

    keys: list[dict[str, Any]]


def _on_invalid(request: Request[Any, Any, Any], no: Invalid) -> Response[Any]:
    """Return the error response to a request refused before the handler, for example for an unknown query parameter."""
    return _refused(no, reader_language(request.scope))


@post(
    "/v1/token",
    opt=takes_form(TokenRequest),
    exception_handlers={Invalid: _on_invalid},
    status_code=200,
    summary="Issue a token to an API client",
    responses={
        400: ResponseSpec(TokenRefusal, generate_examples=False, description="The request will not do."),
        401: ResponseSpec(TokenRefusal, generate_examples=False, description="The client is not known by this secret."),
    },
)
async def issue_token(
    db: Db,
    own: Own,
    now: Now,
    request: Request[Any, Any, Any],
    accept_language: AcceptLanguage = None,
) -> Response[Any]:
    """Issues a token for client credentials (RFC 6749 section 4.4). Reuse the token until it expires."""
    own.check()
    language = language_of(accept_language)
    try:
        form = await form_of(request)
        credentials = _credentials(form, header(request.scope, "Authorization"))
        async with db.transaction(by=client_actions.unauthenticated_caller(credentials)) as tx:
            client = await client_actions.identify(tx, credentials, now=now)
        if seconds := own.wait_seconds(client):
            return _too_many(seconds, language)
        scopes = client_actions.granted(client, form.get("scope"))
    except (Invalid, Unidentified) as no:
        return _refused(no, language)
    token = Token(
        access_token=own.token(client, scopes),
        token_type="Bearer",
        expires_in=LIFETIME_SECONDS,
        scope=" ".join(sorted(scopes)),
    )
    return Response(token, headers={"Pragma": "no-cache"})


def _credentials(form: Mapping[str, str], authorization: str | None) -> Credentials:
    """Return the credentials of `client_secret_basic` or `client_secret_post`, but not both (RFC 6749 section 2.3)."""
    if "grant_type" not in form:
        raise Invalid("missing-field", field="grant_type")
    if form["grant_type"] != GRANT:
        raise Invalid("grant-type-unsupported")
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        found = Credentials(form.get("client_id", ""), form.get("client_secret", ""))
    elif "client_secret" in form:
        raise Invalid("two-credentials")
    else:
        found = _basic(encoded)
        if form.get("client_id", found.client_id) != found.client_id:
            raise Invalid("two-credentials")
    if max(len(found.client_id), len(found.secret)) > CREDENTIAL_LENGTH_MAX:
        raise Unidentified("client-not-known")
    return found


def _basic(encoded: str) -> Credentials:
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("ascii")
    except ValueError as error:
        raise Unidentified("client-not-known") from error
    client_id, _, secret = decoded.partition(":")
    return Credentials(unquote_plus(client_id), unquote_plus(secret))


def _refused(no: Refusal, language: Language) -> Response[Any]:
    fields = msgspec.structs.asdict(problem_of(no, language))
    refusal = msgspec.convert({**fields, "error": ERRORS.get(no.slug, "invalid_request")}, TokenRefusal)
    headers = {"WWW-Authenticate": 'Basic realm="entraide"'} if refusal.status == 401 else {}
    return Response(refusal, status_code=refusal.status, headers=headers)


def _too_many(seconds: float, language: Language) -> Response[Any]:
    headers = {"Retry-After": str(math.ceil(seconds))}
    return Response(
        problem("too-many-requests", 429, language), status_code=429, media_type=MEDIA_TYPE, headers=headers
    )


@get(JWKS, opt=PUBLIC, summary="The public keys of API clients' tokens (JWKS)")
async def show_keys(own: Own) -> KeySet:
    return KeySet(keys=own.public_keys())


ROUTES = [issue_token, show_keys]
