"""The OpenID client accepts only valid issuers, token responses and ID tokens."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwk, jwt

from chassis.auth.openid import OpenId, Tokens
from chassis.keys.issuer import BYTES_MAX, DISCOVERY
from contracts.refusals import Refusal, Unavailable
from tests.chassis.steps import Jwks

CLIENT = "a-client"
REDIRECT = "http://127.0.0.1:4711/callback"
KEY = jwk.OKPKey.generate_key("Ed25519", parameters={"kid": "ours"})
STRANGER = jwk.OKPKey.generate_key("Ed25519", parameters={"kid": "ours"})
SECRET = jwk.OctKey.import_key(json.dumps(KEY.as_dict(private=False)), {"kid": "ours"})
"""The public key used as a shared secret (RFC 8725 section 2.1)."""


@pytest.fixture
def issuer(jwks: Jwks) -> Jwks:
    """An issuer whose answers a test sets."""
    jwks.serve("/keys", {"keys": [KEY.as_dict(private=False)]})
    jwks.serve(DISCOVERY, discovered(jwks))
    return jwks


def discovered(issuer: Jwks, /, **changes: Any) -> dict[str, Any]:
    endpoints = {
        "issuer": issuer.address,
        "authorization_endpoint": issuer.address + "/sign-in?tenant=1",
        "token_endpoint": issuer.address + "/token",
        "jwks_uri": issuer.address + "/keys",
    }
    return endpoints | changes


def a_client(issuer: Jwks, **changes: Any) -> OpenId:
    return OpenId(issuer.address, CLIENT, **changes)


def an_id_token(issuer: Jwks, *, key: Any = KEY, alg: str = "Ed25519", **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": issuer.address, "sub": "somebody", "aud": CLIENT, "iat": now, "exp": now + 60, **changes}
    said = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": "ours"}, said, key, algorithms=[alg])


def an_access_token(issuer: Jwks, *, typ: str = "at+jwt", key: Any = KEY, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": issuer.address, "sub": "somebody", "aud": "entraide", "jti": "1", "iat": now, "exp": now + 600}
    header = {"alg": "Ed25519", "kid": "ours", "typ": typ}
    return jwt.encode(header, {**claims, **changes}, key, algorithms=["Ed25519"])


async def finished(issuer: Jwks, *, max_age: int | None = None, **granted: Any) -> Tokens:
    """Complete a sign-in; `granted` is the token endpoint's answer in addition to an access token.

    `id_token` may be a function that makes it.
    """
    client = a_client(issuer)
    started = await client.begin(REDIRECT, max_age=max_age)
    make = granted.pop("id_token", an_id_token)
    id_token = make(issuer, nonce=started.nonce) if callable(make) else make
    access = granted.pop("access_token", None) or an_access_token(issuer)
    issuer.serve("/token", {"access_token": access, "token_type": "Bearer", "id_token": id_token, **granted})
    return await client.finish(started, f"code=c&state={started.state}")


async def test_each_sign_in_uses_new_state_nonce_and_verifier(issuer: Jwks) -> None:
    client = a_client(
        issuer, scope="openid offline_access", strengths=("gold", "silver"), resource="urn:r", audience="entraide"
    )
    first, second = await client.begin(REDIRECT), await client.begin(REDIRECT)

    assert first.address.startswith(issuer.address + "/sign-in?tenant=1&response_type=code&")
    for said in (
        "code_challenge_method=S256",
        "prompt=consent",
        "resource=urn%3Ar",
        "audience=entraide",
        "acr_values=gold+silver",
    ):
        assert said in first.address
    assert first.verifier not in first.address
    assert 6 == len({one for it in (first, second) for one in (it.state, it.nonce, it.verifier)})
    assert all(43 == len(one) for one in (first.state, first.nonce, first.verifier))


async def test_tokens_of_the_issuer_are_returned(issuer: Jwks) -> None:
    before = time.time()
    access = an_access_token(issuer)
    tokens = await finished(issuer, access_token=access, token_type="bearer", expires_in=600, refresh_token="r")

    assert ("somebody", access, "r") == (tokens.subject, tokens.access_token, tokens.refresh_token)
    assert tokens.expires_at is not None
    assert before + 590 < tokens.expires_at.timestamp() < before + 660
    assert (await finished(issuer)).expires_at is None


NOW = int(time.time())
BAD_ID_TOKENS: dict[str, tuple[str, dict[str, Any]]] = {
    "another issuer": ("iss", {"iss": "https://elsewhere.example"}),
    "another client": ("aud", {"aud": "another"}),
    "another client too": ("aud", {"aud": [CLIENT, "another"]}),
    "nobody": ("aud", {"aud": []}),
    "asked for by another": ("azp", {"azp": "another"}),
    "ended": ("exp", {"exp": NOW - 60}),
    "not begun": ("iat", {"iat": NOW + 86_400, "exp": NOW + 86_700}),
    "no end": ("claims", {"exp": None}),
    "an end that is none": ("claims", {"exp": 1e300}),
    "signed in later": ("auth_time", {"auth_time": NOW + 86_400}),
    "signed in before there was time": ("auth_time", {"auth_time": -1}),
    "no subject": ("claims", {"sub": None}),
    "an empty subject": ("sub", {"sub": ""}),
    "a long subject": ("sub", {"sub": "s" * 256}),
    "another's key": ("signature", {"key": STRANGER}),
    "the public key as a secret": ("signature", {"key": SECRET, "alg": "HS256"}),
}


@pytest.mark.parametrize("way", BAD_ID_TOKENS)
async def test_invalid_id_token_is_rejected(way: str, issuer: Jwks) -> None:
    wrong, changes = BAD_ID_TOKENS[way]

    with pytest.raises(Refusal) as no:
        await finished(issuer, id_token=lambda issuer, nonce: an_id_token(issuer, **{"nonce": nonce, **changes}))

    assert ("id-token-invalid", {"wrong": wrong}) == (no.value.slug, no.value.details)


@pytest.mark.parametrize(
    ("wrong", "changes"),
    [
        ("aud", {"aud": CLIENT}),
        ("aud", {"aud": []}),
        ("typ", {"typ": "JWT"}),
        ("iss", {"iss": "https://elsewhere.example"}),
        ("exp", {"exp": NOW - 60, "iat": NOW - 120}),
        ("lifetime", {"exp": NOW + 86_400}),
        ("claims", {"jti": 1}),
        ("signature", {"key": STRANGER}),
    ],
)
async def test_sign_in_with_an_unsuitable_access_token_says_what_is_wrong(
    wrong: str, changes: dict[str, Any], issuer: Jwks
) -> None:
    with pytest.raises(Refusal) as no:
        await finished(issuer, access_token=an_access_token(issuer, **changes))

    assert ("access-token-unsuitable", {"wrong": wrong}) == (no.value.slug, no.value.details)


async def test_sign_in_with_an_opaque_access_token_is_refused(issuer: Jwks) -> None:
    with pytest.raises(Refusal) as no:
        await finished(issuer, access_token="opaque")

    assert ("access-token-unsuitable", {"wrong": "format"}) == (no.value.slug, no.value.details)


async def test_recent_sign_in_is_asked_for_and_checked(issuer: Jwks) -> None:
    assert "max_age" not in (await a_client(issuer).begin(REDIRECT)).address
    for scope, prompt in (("openid", "login"), ("openid offline_access", "login+consent")):
        started = await a_client(issuer, scope=scope).begin(REDIRECT, max_age=900)
        assert f"&prompt={prompt}&max_age=900" in started.address

    async def signed_in(auth_time: int | None, max_age: int | None = 900) -> Tokens:
        return await finished(
            issuer,
            max_age=max_age,
            id_token=lambda issuer, nonce: an_id_token(issuer, nonce=nonce, auth_time=auth_time),
        )

    now = int(time.time())
    assert datetime.fromtimestamp(now - 800, UTC) == (await signed_in(now - 800)).signed_in_at
    assert datetime.fromtimestamp(now - 9000, UTC) == (await signed_in(now - 9000, max_age=None)).signed_in_at
    assert (await signed_in(None, max_age=None)).signed_in_at is None
    for old in (now - 1000, None):
        with pytest.raises(Refusal) as no:
            await signed_in(old)
        assert ("id-token-invalid", {"wrong": "auth_time"}) == (no.value.slug, no.value.details)


@pytest.mark.parametrize("text", ["", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.e30."])
async def test_malformed_token_is_rejected(text: str, issuer: Jwks) -> None:
    with pytest.raises(Refusal, match="id-token-invalid"):
        await finished(issuer, id_token=text)


async def test_id_token_with_another_nonce_is_rejected(issuer: Jwks) -> None:
    with pytest.raises(Refusal, match="id-token-replayed"):
        await finished(issuer, id_token=lambda issuer, nonce: an_id_token(issuer))
    with pytest.raises(Refusal, match="id-token-invalid"):
        await finished(issuer, id_token=None)


async def test_id_token_with_a_list_of_audiences_is_accepted(issuer: Jwks) -> None:
    assert await finished(
        issuer, id_token=lambda issuer, nonce: an_id_token(issuer, aud=[CLIENT], azp=CLIENT, nonce=nonce)
    )


async def test_refreshed_session_must_be_of_the_same_person(issuer: Jwks) -> None:
    client = a_client(issuer)
    tokens = await finished(issuer, refresh_token="r")
    issuer.serve("/token", {"access_token": "b", "token_type": "Bearer"})
    kept = await client.refresh(tokens)
    assert ("b", "r", tokens.id_token) == (kept.access_token, kept.refresh_token, kept.id_token)

    issuer.serve("/token", {"access_token": "c", "token_type": "Bearer", "id_token": an_id_token(issuer, sub="other")})
    with pytest.raises(Refusal, match="id-token-invalid"):
        await client.refresh(tokens)
    with pytest.raises(Refusal, match="grant-refused"):
        await client.refresh(await finished(issuer))


UNSUITABLE: dict[str, tuple[str, dict[str, Any]]] = {
    "no PKCE by S256": ("issuer-unsuitable", {"code_challenge_methods_supported": ["plain"]}),
    "a page that anybody on the way may change": (
        "issuer-unsuitable",
        {"authorization_endpoint": "http://issuer.example/"},
    ),
    "a page of a file": ("issuer-unsuitable", {"authorization_endpoint": "file:///etc/passwd"}),
    "codes sent in clear": ("issuer-unsuitable", {"token_endpoint": "http://issuer.example/"}),
    "nowhere to go": ("issuer-unavailable", {"authorization_endpoint": None}),
    "too much": ("issuer-unavailable", {"service_documentation": "x" * BYTES_MAX}),
    "a slash more": ("issuer-mismatch", {"issuer": "http://127.0.0.1/"}),
}


@pytest.mark.parametrize("way", UNSUITABLE)
async def test_issuer_with_unsuitable_configuration_is_rejected(way: str, issuer: Jwks) -> None:
    slug, changes = UNSUITABLE[way]
    issuer.serve(DISCOVERY, discovered(issuer, **changes))

    with pytest.raises(Unavailable) as no:
        await a_client(issuer).begin(REDIRECT)

    assert slug == no.value.slug


async def test_keys_are_not_read_over_plain_http(issuer: Jwks) -> None:
    # The same server, by a name that is not recognized as loopback.
    issuer.serve(DISCOVERY, discovered(issuer, jwks_uri=issuer.address.replace("127.0.0.1", "127.1") + "/keys"))

    with pytest.raises(Unavailable, match="identity-unavailable"):
        await finished(issuer)


async def test_failing_issuer_is_reported(issuer: Jwks) -> None:
    client = a_client(issuer)
    started = await client.begin(REDIRECT)
    answer = f"code=c&state={started.state}"
    issuer.bodies["/token"] = b"<html>"
    with pytest.raises(Unavailable, match="issuer-unavailable"):
        await client.finish(started, answer)
    for said in ({}, {"access_token": "a", "token_type": "DPoP"}, {"error": "invalid_grant"}):
        issuer.serve("/token", said)
        with pytest.raises(Unavailable, match="issuer-unavailable"):
            await client.finish(started, answer)

    issuer.answers = False
    with pytest.raises(Unavailable, match="issuer-unavailable"):
        await client.begin(REDIRECT)


async def test_error_of_the_issuer_is_repeated_only_as_a_code(issuer: Jwks) -> None:
    client = a_client(issuer)
    started = await client.begin(REDIRECT)

    for error, said in (("login_required", "login_required"), ("\x1b[2J", "unknown"), ("x" * 100, "unknown")):
        with pytest.raises(Refusal) as no:
            await client.finish(started, f"error={error}&error_description=words&state={started.state}")
        assert {"error": said} == no.value.details
