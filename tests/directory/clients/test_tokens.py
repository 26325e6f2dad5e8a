"""The token endpoint for API clients, and the rights of its tokens."""

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from joserfc import jwt

from chassis.auth.callers import STALE_SECONDS
from chassis.auth.tokens import TOKEN_TYPE, Issuer
from chassis.db.database import Database
from chassis.http.answer import SECURITY_HEADERS
from chassis.http.application import application, litestar_of
from chassis.keys.file import read_or_create_key
from chassis.keys.issuer import ALGORITHM, JWKS
from chassis.rate_limiter import RateLimit
from chassis.runtime import verifier
from chassis.settings import CLIENT_ISSUER, Settings
from chassis.telemetry import CORRELATION_HEADER
from services.composition import NAMES
from services.directory.clients.tokens import LIFETIME_SECONDS, OWN_KEY, TOKENS
from tests import builders
from tests.builders import a_request, headers
from tests.chassis.steps import check_problem
from tests.directory.clients.steps import (
    ADMINISTRATOR,
    BOTH,
    GRANT,
    KENYA,
    REQUESTS,
    TOKEN,
    Parts,
    a_client,
    beside,
    registered,
    token_headers,
    token_response,
    until_answered,
)
from tests.directory.steps import done, refused
from tests.personas import ISSUER, persona_id
from tests.platform.bodies import TABLES
from tests.platform.operations import named, operations
from tests.platform.steps import STARTED_SECONDS, directory

# -- bad credentials --------------------------------------------------------------------------------------------------


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


Attempt = tuple[Mapping[str, str], str]
"""Headers and a body."""

WELL = "grant_type=client_credentials"
NOT_KNOWN: dict[str, Callable[[str, str, str], Attempt]] = {
    "nothing": lambda i, s, o: ({}, WELL),
    "no secret": lambda i, s, o: ({}, f"{WELL}&client_id={i}"),
    "empty secret": lambda i, s, o: ({}, f"{WELL}&client_id={i}&client_secret="),
    "no id": lambda i, s, o: ({}, f"{WELL}&client_secret={s}"),
    "wrong secret": lambda i, s, o: ({}, f"{WELL}&client_id={i}&client_secret={s[:-1]}{'E' if s[-1] == 'A' else 'A'}"),
    "secret without its end": lambda i, s, o: ({}, f"{WELL}&client_id={i}&client_secret={s[:-1]}"),
    "secret with more": lambda i, s, o: ({}, f"{WELL}&client_id={i}&client_secret={s}A"),
    "secret in capitals": lambda i, s, o: ({}, f"{WELL}&client_id={i}&client_secret={s.upper()}"),
    "secret with a blank": lambda i, s, o: ({}, f"{WELL}&client_id={i}&client_secret={s}+"),
    "another's secret": lambda i, s, o: ({}, f"{WELL}&client_id={i}&client_secret={o}"),
    "unknown id": lambda i, s, o: ({}, f"{WELL}&client_id={uuid4()}&client_secret={s}"),
    "id that is none": lambda i, s, o: ({}, f"{WELL}&client_id=KEN&client_secret={s}"),
    "id of nobody": lambda i, s, o: ({}, f"{WELL}&client_id={UUID(int=0)}&client_secret={s}"),
    "id with a quote": lambda i, s, o: ({}, f"{WELL}&client_id={i}%27--&client_secret={s}"),
    "a NUL encoded": lambda i, s, o: ({}, f"{WELL}&client_id={i}%00&client_secret={s}"),
    "a secret of ten thousand": lambda i, s, o: ({}, f"{WELL}&client_id={i}&client_secret={'x' * 10_000}"),
    "basic with a wrong secret": lambda i, s, o: (basic(i, s[::-1]), WELL),
    "basic without a colon": lambda i, s, o: (
        {"Authorization": "Basic " + base64.b64encode(i.encode()).decode()},
        WELL,
    ),
    "basic that is no base64": lambda i, s, o: ({"Authorization": "Basic !!!"}, WELL),
    "basic of other letters": lambda i, s, o: ({"Authorization": "Basic w7w6w7w="}, WELL),
    "basic the other way round": lambda i, s, o: (basic(s, i), WELL),
    "basic and empty": lambda i, s, o: ({"Authorization": "Basic"}, WELL),
    "a bearer": lambda i, s, o: ({"Authorization": f"Bearer {s}"}, WELL),
    "secret as a password of another scheme": lambda i, s, o: ({"Authorization": f"Digest {i}:{s}"}, WELL),
}
"""Requests with invalid credentials, made from an id, its secret and another client's secret."""


async def test_invalid_credentials_are_answered_identically(parts: Parts) -> None:
    client, other = await registered(parts.api), await registered(parts.api)
    answers = {}
    for which, make in NOT_KNOWN.items():
        head, body = make(client["client_id"], client["secret"], other["secret"])
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await parts.api.post(TOKEN, content=body, headers={**form, **head})
        assert (401, "invalid_client", "client-not-known") == (
            answer.status_code,
            answer.json().get("error"),
            answer.json().get("slug"),
        ), (which, answer.text)
        reported = {
            name: value for name, value in answer.headers.items() if name not in {CORRELATION_HEADER.lower(), "date"}
        }
        answers[which] = json.dumps([reported, answer.json() | {"correlation_id": ""}], sort_keys=True)

    assert len(NOT_KNOWN) >= 24
    assert 1 == len(set(answers.values()))
    assert {"application/json", 'Basic realm="entraide"'} == {
        answer.headers[n] for n in ("content-type", "www-authenticate")
    }
    assert (await token_response(parts.api, client)).status_code == 200


NOT_MEANT = [
    ("", "invalid_request"),
    ("scope=read", "invalid_request"),
    ("grant_type=", "invalid_request"),
    ("grant_type", "invalid_request"),
    (f"{WELL}&{WELL}", "invalid_request"),
    (f"{WELL}&scope=read&scope=write", "invalid_request"),
    (f"{WELL}&scope=%ff", "invalid_request"),
    ("&".join([WELL, *(f"f{number}=1" for number in range(30))]), "invalid_request"),
    (f"{WELL}&client_secret=x", "invalid_request"),
    (f"{WELL}&client_id=another", "invalid_request"),
    ("grant_type=password&username=a&password=b", "unsupported_grant_type"),
    ("grant_type=authorization_code&code=a", "unsupported_grant_type"),
    ("grant_type=refresh_token&refresh_token=a", "unsupported_grant_type"),
    (f"{WELL}&scope=admin", "invalid_scope"),
    (f"{WELL}&scope=read+write", "invalid_scope"),
    (f"{WELL}&scope=read++", "invalid_scope"),
]


async def test_malformed_token_request_is_rejected_as_specified(parts: Parts) -> None:
    client = await registered(parts.api, scopes=["read"])
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    head = {**form, **basic(client["client_id"], client["secret"])}
    for fields, error in NOT_MEANT:
        answer = await parts.api.post(TOKEN, content=fields, headers=head)
        assert (400, error) == (answer.status_code, answer.json().get("error")), (fields, answer.text)
        assert {"type", "title", "status", "slug", "correlation_id"} <= set(answer.json())
        assert {name.decode() for name, _ in SECURITY_HEADERS} <= set(answer.headers)


async def test_token_request_must_be_a_form(parts: Parts) -> None:
    client = await registered(parts.api)
    fields = {**GRANT, "client_id": client["client_id"], "client_secret": client["secret"]}
    check_problem(await parts.api.post(TOKEN, json=fields), 415, "media-type-unsupported")
    check_problem(await parts.api.post(TOKEN, files={"a": b"b"}), 415, "media-type-unsupported")
    check_problem(
        await parts.api.post("/v1/clients", data=fields, headers=headers(KENYA)), 415, "media-type-unsupported"
    )
    assert (await parts.api.get(TOKEN)).status_code == 405
    in_address = (await parts.api.post(f"{TOKEN}?grant_type=client_credentials")).json()
    assert ("invalid_request", "unknown-parameter") == (in_address["error"], in_address["slug"])

    posted = await parts.api.post(TOKEN, data={**fields, "role": "focal_point", "organization": "NOR"})
    assert (200, "read write") == (posted.status_code, posted.json()["scope"])


# -- rights of a token ------------------------------------------------------------------------------------------------


def signer(settings: Settings, issuer: str = CLIENT_ISSUER) -> Issuer:
    """An issuer that signs any claims with the directory's key."""
    return Issuer(read_or_create_key(settings.state / OWN_KEY), issuer)


async def test_scopes_are_those_of_both_directory_and_token(
    parts: Parts,
    without_a_broker: Settings,
) -> None:
    client, reader = await registered(parts.api), await registered(parts.api, scopes=["read"])
    more = {"client_id": reader["client_id"], "scope": "read write admin"}
    claimed = {"Authorization": f"Bearer {signer(without_a_broker).token(reader['client_id'], more=more)}"}
    narrow = await token_headers(parts.api, client, scope="read")
    wide = await token_headers(parts.api, client)
    await until_answered(parts.other, claimed, 200)
    await until_answered(parts.other, narrow, 200)

    draft = a_request(submit=False)
    for head in (claimed | {"Idempotency-Key": str(uuid4())}, narrow):
        answer = await parts.other.post(REQUESTS, json=draft, headers=head)
        check_problem(answer, 403, "scope-not-given")
        assert {"needed": "write"} == answer.json()["details"]
        assert 'error="insufficient_scope", scope="write"' in answer.headers["WWW-Authenticate"]
    assert (await parts.other.post(REQUESTS, json=draft, headers=wide)).status_code == 201


async def test_tokens_of_the_two_issuers_are_not_interchangeable(
    parts: Parts,
    without_a_broker: Settings,
) -> None:
    assert builders.issuer is not None
    client, kenya = await registered(parts.api), str(persona_id(KENYA))
    await until_answered(parts.other, await token_headers(parts.api, client), 200)
    ours, people = signer(without_a_broker), builders.issuer
    me = {"client_id": client["client_id"], "scope": "read write"}
    forged = {
        "a person's subject": ours.token(kenya, more={"client_id": kenya, "scope": "read write"}),
        "a service's subject": ours.token("service:matching", more={"client_id": "service:matching", "scope": "read"}),
        "another client_id": ours.token(client["client_id"], more={**me, "client_id": str(uuid4())}),
        "no client_id": ours.token(client["client_id"], more={"scope": "read write"}),
        "no such client": ours.token(str(uuid4()), more=me),
        "signed by the other": Issuer(people._key, CLIENT_ISSUER).token(client["client_id"], more=me),
        "signed by us for the other": signer(without_a_broker, ISSUER).token(kenya),
    }
    for which, token in forged.items():
        answer = await parts.other.get(REQUESTS, headers={"Authorization": f"Bearer {token}"})
        assert (401, "token-invalid") == (answer.status_code, answer.json()["slug"]), which
    mine = {"Authorization": f"Bearer {people.token(client['client_id'], more=me)}"}
    check_problem(await parts.other.get(REQUESTS, headers=mine), 403, "person-not-known")

    # A person entered under the client's id, or with its name as subject, is not the client either.
    body = {"organization": "KEN", "name": "Somebody", "email": "s@ken.example", "language": "en"}
    subjects = [{"issuer": name, "subject": client["client_id"]} for name in (ISSUER, CLIENT_ISSUER)]
    taken = {**body, "person_id": client["client_id"]}
    assert (409, "person-exists") == await refused(parts.api, "/v1/people", ADMINISTRATOR, **taken)
    person = await done(parts.api, "/v1/people", ADMINISTRATOR, **body, subjects=subjects)
    await done(parts.api, f"/v1/people/{person['person_id']}/approve-subjects", KENYA, revision=1)
    async with asyncio.timeout(STARTED_SECONDS):
        answer = await until_answered(parts.other, mine, 403)
        while answer.json()["slug"] == "person-not-known":
            await asyncio.sleep(0.05)
            answer = await parts.other.get(REQUESTS, headers=mine)
    check_problem(answer, 403, "not-appointed")


async def test_client_acts_only_in_its_role(parts: Parts) -> None:
    client = await registered(parts.api, role="donor_officer")
    head = await token_headers(parts.api, client)
    await until_answered(parts.other, {**head, "Acting-As": "KEN:donor_officer"}, 200)

    answer = await parts.other.get(REQUESTS, headers={**head, "Acting-As": KENYA})
    check_problem(answer, 403, "appointment-not-held")


async def test_client_is_answered_503_while_the_directory_is_unavailable(
    db: Database,
    without_a_broker: Settings,
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with directory(without_a_broker) as api:
            other = await stack.enter_async_context(beside(without_a_broker, "requests"))
            head = await token_headers(api, await registered(api))
            await until_answered(other, head, 200)
            await until_answered(other, headers(KENYA), 200)
        began = time.monotonic()
        while (answer := await other.get(REQUESTS, headers=head)).status_code == 200:
            assert time.monotonic() - began < STALE_SECONDS + 10
            await asyncio.sleep(0.05)
        check_problem(answer, 503, "identity-unavailable")
        assert (await other.get(REQUESTS, headers=headers(KENYA))).status_code == 200


@pytest.mark.all_schemas
async def test_every_route_requires_the_scope_of_its_action(
    db: Database,
    without_a_broker: Settings,
) -> None:
    others = [name for name in NAMES if name != "directory"]
    async with directory(without_a_broker) as api, beside(without_a_broker, *others) as rest:
        reading, writing = [await token_headers(api, await registered(api, scopes=[scope])) for scope in BOTH]
        for client, path in ((api, "/v1/people"), (rest, REQUESTS)):
            await until_answered(client, reading, 200, path)
            await until_answered(client, writing, 403, path)
        walked = 0
        for operation in operations():
            if operation.action is None:
                continue
            lacking = reading if operation.method != "GET" else writing
            client = api if named(operation.action)[0] == "directory" else rest
            body: dict[str, Any] = {"json": {}} if operation.method in {"POST", "PUT"} else {}
            if table := TABLES.get(str(operation)):
                body = {"content": table, "headers": lacking | {"Content-Type": "text/csv"}}
            answer = await _while_known(client, operation.method, operation.at(), **{"headers": lacking} | body)
            assert (403, "scope-not-given") == (answer.status_code, answer.json()["slug"]), operation
            walked += 1
    assert walked > 70


async def _while_known(client: httpx.AsyncClient, method: str, path: str, **given: Any) -> httpx.Response:
    """Return the answer once the appointments are not stale: on a busy machine services may wait for the directory."""
    began = time.monotonic()
    while True:
        answer = await client.request(method, path, **given)
        if answer.status_code != 503 or time.monotonic() - began > STARTED_SECONDS:
            return answer
        await asyncio.sleep(0.05)


# -- keys, uses, limits -----------------------------------------------------------------------------------------------


async def test_public_keys_are_readable_without_a_token(parts: Parts, without_a_broker: Settings) -> None:
    answer = await parts.api.get(JWKS)
    [key] = answer.json()["keys"]
    token = (await token_response(parts.api, await registered(parts.api))).json()["access_token"]
    head, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])

    assert {"kty", "crv", "x", "kid", "use", "alg"} == set(key)
    assert {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": key["kid"]} == head
    assert {"iss", "aud", "sub", "jti", "iat", "exp", "client_id", "scope"} == set(claims)
    assert (CLIENT_ISSUER, "entraide", claims["sub"]) == (claims["iss"], claims["aud"], claims["client_id"])
    assert claims["exp"] - claims["iat"] == LIFETIME_SECONDS <= 900
    assert jwt.decode(token, read_or_create_key(without_a_broker.state / OWN_KEY), algorithms=[ALGORITHM])


async def test_last_use_is_stored_by_the_hour(parts: Parts, db: Database) -> None:
    client = await registered(parts.api)

    async def row() -> Any:
        async with db.transaction() as tx:
            return await tx.fetchrow("SELECT xmin::text AS xmin, used_at FROM client_use")

    assert await row() is None
    await token_headers(parts.api, client)
    first = await row()
    await token_headers(parts.api, client)
    assert first == await row()
    async with db.transaction() as tx:
        await tx.execute("UPDATE client_use SET used_at = used_at - interval '1 hour'")
    await token_headers(parts.api, client)
    assert (await row())["used_at"] > first["used_at"]
    shown = (await parts.api.get(f"/v1/clients/{client['client_id']}", headers=headers(KENYA))).json()
    assert (await row())["used_at"] == datetime.fromisoformat(shown["used_at"])
    assert 1 == shown["revision"]


async def test_token_limit_of_a_client_is_not_consumed_by_wrong_secrets(parts: Parts) -> None:
    client, other = await registered(parts.api), await registered(parts.api)
    for _ in range(TOKENS.burst):
        assert (await token_response(parts.api, client, "wrong")).status_code == 401
    answers = [await token_response(parts.api, client) for _ in range(TOKENS.burst + 1)]

    assert [200] * TOKENS.burst == [answer.status_code for answer in answers[:-1]]
    check_problem(answers[-1], 429, "too-many-requests")
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert (await token_response(parts.api, other)).status_code == 200


async def test_secret_attempts_of_an_address_are_limited(db: Database, without_a_broker: Settings) -> None:
    hurried = replace(without_a_broker, writes=RateLimit(per_minute=1, burst=3))
    async with directory(hurried) as api:
        answers = [await api.post(TOKEN, data=GRANT, auth=(str(uuid4()), "x")) for _ in range(4)]

    assert [401, 401, 401, 429] == [answer.status_code for answer in answers]
    check_problem(answers[-1], 429, "too-many-requests")


async def test_clients_are_unavailable_without_signing_keys(
    client_of: Callable[..., Any], db: Database, settings: Settings, databases: Mapping[str, Database]
) -> None:
    from tests.conftest import running_of

    of_another = replace(settings, keys=str(settings.state / "issuer.jwks.json"))
    builders.issuer.publish_keys(settings.state / "issuer.jwks.json")
    running = running_of(of_another, databases, "directory")
    app = application(running, verifier(of_another, running[0].callers), settings=of_another)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as api:
        check_problem(
            await api.post("/v1/clients", json=a_client(), headers=headers(KENYA)), 503, "clients-unavailable"
        )
        check_problem(await api.post(TOKEN, data=GRANT), 503, "clients-unavailable")
        assert {"keys": []} == (await api.get(JWKS)).json()
    assert litestar_of(app)
