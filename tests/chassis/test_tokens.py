"""Every invalid token is rejected with the same answer."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from joserfc import jwe, jwk

from chassis.auth.tokens import AUDIENCE, LIFETIME_SECONDS_MAX, SUBJECT_LENGTH_MAX, TrustedIssuer, Verifier
from chassis.db.database import Database
from chassis.http.application import application
from chassis.keys.issuer import ALGORITHM, Keys
from chassis.runtime import verifier
from chassis.settings import CLIENT_ISSUER, Settings, SettingsError
from tests import builders
from tests.chassis.steps import check_problem
from tests.conftest import running_of
from tests.personas import ISSUER, appoint_persona, persona_id

Client = httpx.AsyncClient
HEADER_NAMES = {"alg", "typ", "kid", "crit", "jku", "jwk", "x5u", "x5c", "cty", "b64"}
ELSEWHERE = "https://elsewhere.example/keys.json"
STRANGER = jwk.OKPKey.generate_key("Ed25519", parameters={"kid": "stranger"})
"""A key that is not the issuer's."""


def ours() -> jwk.OKPKey:
    assert builders.issuer is not None, "the session's fixture sets the issuer"
    return builders.issuer._key


def encoded(part: bytes | str | Any) -> str:
    if not isinstance(part, bytes | str):
        part = json.dumps(part)
    return base64.urlsafe_b64encode(part.encode() if isinstance(part, str) else part).decode().rstrip("=")


def signed(header: Any, claims: Any, key: jwk.OKPKey | None = None) -> str:
    """Sign any header and payload correctly, without a library, since a library rejects most of them."""
    said = f"{encoded(header)}.{encoded(claims)}"
    private: Any = (key or ours()).private_key
    return f"{said}.{encoded(private.sign(said.encode()))}"


def parts(**changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a valid token with changes; those that are None are left out."""
    now = int(time.time())
    header: dict[str, Any] = {"alg": ALGORITHM, "typ": "at+jwt", "kid": ours().kid}
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(persona_id("KEN:focal_point")),
        "jti": "1",
        "iat": now,
        "exp": now + 600,
    }
    for name, value in changes.items():
        part = header if name in HEADER_NAMES else claims
        part[name] = value
    return tuple({name: value for name, value in part.items() if value is not None} for part in (header, claims))


def forged(*, by: jwk.OKPKey | None = None, **changes: Any) -> str:
    return signed(*parts(**changes), by)


def unsigned(alg: str, signature: str = "") -> str:
    return ".".join([*map(encoded, parts(alg=alg)), signature])


def with_public_key_as_secret(alg: str = "HS256") -> str:
    """The public key used as a shared secret (RFC 8725 section 2.1)."""
    public: Any = ours().public_key
    said = ".".join(map(encoded, parts(alg=alg)))
    return f"{said}.{encoded(hmac.new(public.public_bytes_raw(), said.encode(), hashlib.sha256).digest())}"


def with_other_payload() -> str:
    """Return a valid signature with another payload."""
    head, _, signature = forged().split(".")
    return f"{head}.{encoded(parts(sub='UNODC:coordinator')[1])}.{signature}"


def encrypted() -> str:
    """Return a valid token encrypted to a public key (JWE, RFC 7516)."""
    secret = jwk.OctKey.import_key(b"0" * 32)
    header = {"alg": "dir", "enc": "A256GCM", "cty": "JWT", "typ": "at+jwt", "kid": ours().kid}
    return jwe.encrypt_compact(header, forged().encode(), secret)


def at(seconds: int) -> int:
    return int(time.time()) + seconds


BAD_TOKENS: dict[str, Callable[[], str]] = {
    # -- not a token
    "nothing": lambda: "",
    "not a token": lambda: "abc",
    "dots alone": lambda: "...",
    "not of the alphabet": lambda: "é.ü.ß",
    "two parts": lambda: ".".join(forged().split(".")[:2]),
    "four parts": lambda: forged() + ".",
    "huge": lambda: forged(sub="x" * 5000),
    "header a list": lambda: signed([ALGORITHM], parts()[1]),
    "header too deep": lambda: signed("[" * 1500, parts()[1]),
    "payload not an object": lambda: signed(parts()[0], "KEN:focal_point"),
    # -- wrong, missing or weak signature
    "alg none": lambda: unsigned("none"),
    "alg None": lambda: unsigned("None"),
    "no alg": lambda: forged(alg=None),
    "alg a list": lambda: forged(alg=[ALGORITHM]),
    "alg EdDSA": lambda: forged(alg="EdDSA"),
    "HS256 with the public key": lambda: with_public_key_as_secret(),
    "HMAC under the right alg": lambda: with_public_key_as_secret(ALGORITHM),
    "no signature": lambda: unsigned(ALGORITHM),
    "truncated signature": lambda: forged()[:-8],
    "changed signature": lambda: forged()[:-4] + "AAAA",
    "changed payload": with_other_payload,
    "encrypted": encrypted,
    "a token within a token": lambda: signed(parts(cty="JWT")[0], forged()),
    # -- key of another issuer
    "another key under our kid": lambda: forged(by=STRANGER),
    "another key under its own kid": lambda: forged(by=STRANGER, kid="stranger"),
    "unknown kid": lambda: forged(kid="unknown"),
    "kid of a path": lambda: forged(kid="../../dev/null"),
    "no kid": lambda: forged(kid=None),
    "jwk brings its key": lambda: forged(by=STRANGER, jwk=STRANGER.as_dict(private=False)),
    "jku names its keys": lambda: forged(by=STRANGER, kid="stranger", jku=ELSEWHERE),
    "x5u names its certificate": lambda: forged(by=STRANGER, kid="stranger", x5u=ELSEWHERE),
    "crit asks for something": lambda: forged(crit=["exp"]),
    "crit of RFC 7797": lambda: forged(crit=["b64"], b64=False),
    # -- wrong type, issuer or audience
    "id token": lambda: forged(typ="JWT"),
    "no typ": lambda: forged(typ=None),
    "other issuer": lambda: forged(iss="https://elsewhere.example"),
    "issuer with a slash more": lambda: forged(iss=ISSUER + "/"),
    "no issuer": lambda: forged(iss=None),
    "other audience": lambda: forged(aud="elsewhere"),
    "audience list without ours": lambda: forged(aud=["elsewhere", AUDIENCE.upper()]),
    "audience list of no strings": lambda: forged(aud=[AUDIENCE, 1]),
    "audience list within a list": lambda: forged(aud=[[AUDIENCE]]),
    "audience list of nothing": lambda: forged(aud=[]),
    "type of another application": lambda: forged(typ="application/jwt"),
    "type with a parameter": lambda: forged(typ="at+jwt;a=b"),
    "issued at no number": lambda: forged(iat=float("nan")),
    "issued endlessly long ago": lambda: forged(iat=float("-inf")),
    "expiry never": lambda: forged(exp=float("inf")),
    "no audience": lambda: forged(aud=None),
    # -- wrong time
    "expired": lambda: forged(iat=at(-900), exp=at(-60)),
    "no expiry": lambda: forged(exp=None),
    "expiry a float": lambda: forged(exp=1e30),
    "expiry of 400 digits": lambda: forged(exp=10**400),
    "expiry not a number": lambda: forged(exp=float("nan")),
    "expiry a string": lambda: forged(exp=str(at(600))),
    "lifetime too long": lambda: forged(exp=at(LIFETIME_SECONDS_MAX + 60)),
    "issued after it ends": lambda: forged(iat=at(20), exp=at(10)),
    "issued in the future": lambda: forged(iat=at(300), exp=at(600)),
    "not issued": lambda: forged(iat=None),
    "not to be used yet": lambda: forged(nbf=at(300)),
    "never to be used": lambda: forged(nbf=float("nan")),
    # -- missing or invalid subject and id
    "no subject": lambda: forged(sub=None),
    "subject a number": lambda: forged(sub=7),
    "subject empty": lambda: forged(sub=""),
    "subject too long": lambda: forged(sub="x" * (SUBJECT_LENGTH_MAX + 1)),
    "no id": lambda: forged(jti=None),
}


async def test_invalid_token_is_rejected_without_a_reason(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(*_: object, **__: object) -> None:
        raise AssertionError("a token named an address, and it was asked")

    # The client of this test has its own transport; any other connection would be a request to a named key.
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", fetched)
    answers = {}
    for which, make in BAD_TOKENS.items():
        answer = await api.get("/v1/requests", headers={"Authorization": f"Bearer {make()}".encode("latin-1")})
        assert answer.status_code == 401, (which, answer.text)
        check_problem(answer, 401, "token-invalid")
        shown = {name: value for name, value in answer.headers.items() if name != "x-correlation-id"}
        body = {name: value for name, value in answer.json().items() if name != "correlation_id"}
        answers[which] = json.dumps([shown, body], sort_keys=True)

    assert len(BAD_TOKENS) >= 24
    assert 1 == len(set(answers.values()))


async def test_valid_token_is_accepted(api: Client) -> None:
    """This is the token from which all invalid ones are derived. Addresses of keys in its header are ignored."""
    appoint_persona("KEN:focal_point")
    for good in (forged(), forged(jku=ELSEWHERE, x5u=ELSEWHERE, jwk=STRANGER.as_dict(private=False))):
        assert (await api.get("/v1/requests", headers={"Authorization": f"Bearer {good}"})).status_code == 200
        assert (await api.get("/v1/requests", headers={"Authorization": f"Basic {good}"})).status_code == 401
    for where in (f"access_token={forged()}", f"token={forged()}"):
        check_problem(await api.get(f"/v1/requests?{where}"), 401, "token-missing")
        check_problem(await api.get("/v1/requests", headers={"Cookie": where}), 401, "token-missing")


async def test_expired_token_is_rejected(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """This also holds for a cached token, whose time is checked again."""
    appoint_persona("KEN:focal_point")
    held = {"Authorization": f"Bearer {forged()}"}
    assert (await api.get("/v1/requests", headers=held)).status_code == 200
    later = time.time() + 700
    monkeypatch.setattr("chassis.auth.tokens.time.time", lambda: later)

    check_problem(await api.get("/v1/requests", headers=held), 401, "token-invalid")


@pytest.fixture
async def strict(settings: Settings, databases: Mapping[str, Database]) -> AsyncIterator[Client]:
    """A client of an operator that requires a second factor, as stated by its issuer."""
    settings = replace(settings, strengths=("mfa", "hardware"))
    running = running_of(settings, databases, "requests")
    app = application(running, verifier(settings, running[0].callers), settings=settings)
    async with Client(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_sign_in_weaker_than_required_is_rejected(api: Client, strict: Client) -> None:
    builders.headers()

    async def asked(client: Client, acr: object) -> httpx.Response:
        return await client.get("/v1/requests", headers={"Authorization": f"Bearer {forged(acr=acr)}"})

    for acr in (None, "", "password", "mfa hardware"):
        check_problem(await asked(strict, acr), 401, "sign-in-too-weak")
        assert (await asked(api, acr)).status_code == 200, "without a requirement any context is accepted"
    for acr in ("mfa", "hardware"):
        assert (await asked(strict, acr)).status_code == 200
    check_problem(await asked(strict, ["mfa"]), 401, "token-invalid")
    service = {"Authorization": f"Bearer {builders.token('service:matching')}"}
    assert (await strict.get("/internal/consents", headers=service)).status_code != 401, "a service does not sign in"


async def test_person_with_the_subject_of_a_service_is_not_the_service(
    settings: Settings, databases: Mapping[str, Database], tmp_path: Path
) -> None:
    """The issuer's clients and people share a name space, and people need a second factor."""
    assert builders.issuer is not None
    builders.issuer.publish_keys(tmp_path / "jwks.json")
    settings = replace(
        settings,
        keys=str(tmp_path / "jwks.json"),
        subjects={"matching": "7f2c"},
        clients={"matching": "entraide-matching"},
        strengths=("mfa",),
    )
    running = running_of(settings, databases, "requests")
    app = application(running, verifier(settings, running[0].callers), settings=settings)
    async with Client(transport=httpx.ASGITransport(app), base_url="http://test") as client:

        async def asked(**changes: object) -> httpx.Response:
            token = forged(sub="7f2c", **changes)
            return await client.get("/internal/consents", headers={"Authorization": f"Bearer {token}"})

        for other in ({}, {"client_id": "sign-in"}, {"azp": "sign-in"}, {"client_id": ["entraide-matching"]}):
            check_problem(await asked(**other), 401, "token-invalid")
            check_problem(await asked(acr="mfa", **other), 401, "token-invalid")
        check_problem(await asked(client_id="sign-in", azp="entraide-matching"), 401, "token-invalid")
        for own in ({"client_id": "entraide-matching"}, {"azp": "entraide-matching"}):
            assert 200 == (await asked(**own)).status_code
    with pytest.raises(SettingsError, match="ENTRAIDE_MATCHING_CLIENT"):
        Settings.from_env({"ENTRAIDE_MATCHING_SUBJECT": "7f2c"}, ("matching",), state=settings.state)


GOOD_BY_THE_RFCS: dict[str, Callable[[], str]] = {
    "typ with application/": lambda: forged(typ="application/at+jwt"),
    "typ in capitals": lambda: forged(typ="Application/AT+JWT"),
    "aud a list of one": lambda: forged(aud=[AUDIENCE]),
    "aud a list of several": lambda: forged(aud=["https://other.example", AUDIENCE]),
    "exp with a fraction": lambda: forged(exp=time.time() + 600.25),
    "iat with a fraction": lambda: forged(iat=time.time() - 0.5),
    "nbf with a fraction": lambda: forged(nbf=time.time() - 0.5),
}
"""Variants that RFC 9068 section 4 and RFC 7519 sections 2 and 4.1.3 allow."""


@pytest.mark.parametrize("good", GOOD_BY_THE_RFCS)
async def test_token_variants_allowed_by_the_rfcs_are_accepted(api: Client, good: str) -> None:
    appoint_persona("KEN:focal_point")
    token = GOOD_BY_THE_RFCS[good]()
    assert 200 == (await api.get("/v1/requests", headers={"Authorization": f"Bearer {token}"})).status_code


async def test_client_token_is_rejected_without_api_clients(
    settings: Settings, databases: Mapping[str, Database], tmp_path: Path
) -> None:
    """This is not an outage: the directory publishes no key, and so has signed nothing."""
    running = running_of(settings, databases, "requests")
    (tmp_path / "jwks.json").write_text('{"keys": []}')
    assert builders.issuer is not None
    builders.issuer.publish_keys(tmp_path / "people.json")
    people = TrustedIssuer(ISSUER, Keys(str(tmp_path / "people.json"), ISSUER))
    keys = Keys(str(tmp_path / "jwks.json"), CLIENT_ISSUER, may_have_none=True)
    verifying = Verifier(
        people, running[0].callers, service_of=lambda _: None, clients=TrustedIssuer(CLIENT_ISSUER, keys)
    )
    app = application(running, verifying, settings=settings)
    async with Client(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        token = forged(iss=CLIENT_ISSUER, sub=str(UUID(int=7)), client_id=str(UUID(int=7)), scope="read")
        for _ in range(2):
            answer = await client.get("/v1/requests", headers={"Authorization": f"Bearer {token}"})
            check_problem(answer, 401, "token-invalid")
        own = {"Authorization": f"Bearer {forged()}"}
        appoint_persona("KEN:focal_point")
        assert 200 == (await client.get("/v1/requests", headers=own)).status_code
