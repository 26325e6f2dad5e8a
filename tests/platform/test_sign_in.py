"""Sign-in at a certified provider: only its valid responses are accepted, with the rights in the directory."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from chassis.auth.openid import OpenId, StartedSignIn
from chassis.db.database import Database
from chassis.keys import issuer as kept
from chassis.keys.issuer import DISCOVERY
from chassis.settings import Settings
from contracts.refusals import Refusal, Unavailable, Unidentified
from services.composition import NAMES
from tests.chassis.steps import check_problem
from tests.personas import appoint_in_directory, persona_id
from tests.platform.steps import PATH, directory, requests
from tests.provider import CLIENT, PASSWORD, RESOURCE, SERVER, SERVER_REDIRECT, Browser, Provider, a_key
from tests.soak import cases

KENYA = "KEN:focal_point"
REDIRECT = "http://127.0.0.1:47113/callback"
ALGORITHMS = ("Ed25519", "EdDSA", "RS256")

Client = httpx.AsyncClient


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with contextlib.closing(Provider("Ed25519")) as made:
        made.start([a_key("Ed25519", "first")])
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    made = Browser()
    yield made
    await made.close()


def a_client(provider: Provider, **changes: Any) -> OpenId:
    given = {"issuer": provider.issuer, "client_id": CLIENT, "algorithm": provider.algorithm, "resource": RESOURCE}
    return OpenId(**{**given, **changes})


async def access_token(provider: Provider, browser: Browser, name: str) -> str:
    client = a_client(provider)
    started = await client.begin(REDIRECT)
    return (await client.finish(started, query_of(await browser.signs_in(started.address, name)))).access_token


def query_of(address: str, redirect: str = REDIRECT) -> str:
    assert address.startswith(redirect + "?")
    return address.partition("?")[2]


@contextlib.asynccontextmanager
async def requests_with_issuer(provider: Provider, settings: Settings, folder: Path) -> AsyncIterator[Client]:
    """Run requests with a directory that knows a focal point of Kenya, both with tokens of the provider."""
    settings = replace(
        settings,
        issuer=provider.issuer,
        keys=provider.issuer + DISCOVERY,
        algorithm=provider.algorithm,
        subjects={name: name for name in NAMES},
        clients={name: name for name in NAMES},
    )
    write_service_tokens(provider, folder)
    own = {name: replace(settings, service_token_file=folder / name) for name in ("directory", "requests")}
    async with directory(own["directory"]), requests(own["requests"], settings.port) as client:
        yield client


def write_service_tokens(provider: Provider, folder: Path) -> None:
    for name in ("directory", "requests"):
        (folder / name).write_text(provider.service_token(name))


async def ask(client: Client, token: str) -> httpx.Response:
    return await client.get(PATH, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.thinned
@pytest.mark.parametrize("algorithm", ALGORITHMS[: cases(1, soak=9)])
async def test_signed_in_person_is_the_one_in_the_directory(
    algorithm: str,
    browser: Browser,
    databases: Mapping[str, Database],
    without_a_broker: Settings,
    tmp_path: Path,
) -> None:
    with contextlib.closing(Provider(algorithm)) as provider:
        provider.start([a_key(algorithm, "first")])
        await appoint_in_directory(databases["directory"], [KENYA], issuer=provider.issuer)
        async with requests_with_issuer(provider, without_a_broker, tmp_path) as client:
            known, stranger = str(persona_id(KENYA)), "somebody"
            answer = await ask(client, await access_token(provider, browser, known))
            assert (200, []) == (answer.status_code, answer.json()["requests"])

            other = Browser()
            check_problem(await ask(client, await access_token(provider, other, stranger)), 403, "person-not-known")
            await other.close()

            signing_in = a_client(provider)
            started = await signing_in.begin(REDIRECT)
            tokens = await signing_in.finish(started, query_of(await browser.signs_in(started.address, known)))
            assert known == tokens.subject
            check_problem(await ask(client, tokens.id_token), 401, "token-invalid")


async def test_person_whom_the_provider_still_knows_enters_their_credentials_again(
    provider: Provider, browser: Browser
) -> None:
    await access_token(provider, browser, "somebody")
    await asyncio.sleep(1.1)
    again = time.time()
    client = a_client(provider)
    started = await client.begin(REDIRECT, max_age=900)

    tokens = await client.finish(started, query_of(await browser.signs_in(started.address, "somebody")))

    assert tokens.signed_in_at is not None
    assert int(again) <= tokens.signed_in_at.timestamp() <= time.time()


class Clock:
    """The clock of the key cache, plus `more` seconds."""

    more = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.more


async def test_new_key_of_the_provider_is_accepted_and_removed_key_rejected(
    browser: Browser,
    databases: Mapping[str, Database],
    without_a_broker: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr(kept, "time", clock)
    first, second = a_key("Ed25519", "first"), a_key("Ed25519", "second")
    known = str(persona_id(KENYA))
    with contextlib.closing(Provider("Ed25519")) as provider:
        provider.start([first])
        await appoint_in_directory(databases["directory"], [KENYA], issuer=provider.issuer)
        async with requests_with_issuer(provider, without_a_broker, tmp_path) as client:
            of_the_first = await access_token(provider, browser, known)
            assert 200 == (await ask(client, of_the_first)).status_code

            provider.start([second, first])
            of_the_second = await access_token(provider, browser, known)
            check_problem(await ask(client, of_the_second), 401, "token-invalid")
            clock.more += kept.UNKNOWN_SECONDS
            assert 200 == (await ask(client, of_the_second)).status_code
            assert 200 == (await ask(client, of_the_first)).status_code

            provider.start([second])
            write_service_tokens(provider, tmp_path)
            assert 200 == (await ask(client, of_the_first)).status_code, "a key is cached for a while"
            clock.more += kept.REFRESH_SECONDS
            check_problem(await ask(client, of_the_first), 401, "token-invalid")
            assert 200 == (await ask(client, of_the_second)).status_code


def changed(query: str, **changes: str | None) -> str:
    """Return the same answer with some parameters changed, or removed if None."""
    said = dict(httpx.QueryParams(query)) | changes
    return str(httpx.QueryParams({name: value for name, value in said.items() if value is not None}))


NOT_THEIRS = {
    "another state": ("sign-in-not-asked", lambda started, query: (started, changed(query, state="made up"))),
    "no state": ("sign-in-not-asked", lambda started, query: (started, changed(query, state=None))),
    "two states": ("sign-in-not-asked", lambda started, query: (started, f"{query}&state={started.state}")),
    "another issuer": ("sign-in-elsewhere", lambda started, query: (started, changed(query, iss="https://b.example"))),
    "no issuer": ("sign-in-elsewhere", lambda started, query: (started, changed(query, iss=None))),
    "no code": ("sign-in-denied", lambda started, query: (started, changed(query, code=None))),
    "another code": ("grant-refused", lambda started, query: (started, changed(query, code="made up"))),
    "another nonce": ("id-token-replayed", lambda started, query: (with_other(started, "nonce"), query)),
    "another verifier": ("grant-refused", lambda started, query: (with_other(started, "verifier"), query)),
}


def with_other(started: StartedSignIn, secret: str) -> StartedSignIn:
    return msgspec.structs.replace(started, **{secret: getattr(started, secret)[::-1]})


@pytest.mark.parametrize("way", NOT_THEIRS)
async def test_response_of_another_sign_in_is_rejected(way: str, provider: Provider, browser: Browser) -> None:
    slug, make = NOT_THEIRS[way]
    client = a_client(provider)
    started = await client.begin(REDIRECT)
    query = query_of(await browser.signs_in(started.address, "somebody"))

    with pytest.raises(Unidentified) as no:
        await client.finish(*make(started, query))

    assert slug == no.value.slug


async def test_confidential_client_requires_its_secret(provider: Provider, browser: Browser) -> None:
    for secret, slug in ((PASSWORD, None), ("guessed", "grant-refused"), (None, "grant-refused")):
        client = a_client(provider, client_id=SERVER, secret=secret)
        started = await client.begin(SERVER_REDIRECT)
        query = query_of(await browser.signs_in(started.address, "somebody"), SERVER_REDIRECT)
        if slug is None:
            assert "somebody" == (await client.finish(started, query)).subject
        else:
            with pytest.raises(Unidentified, match=slug):
                await client.finish(started, query)


async def test_authorization_code_is_single_use(provider: Provider, browser: Browser) -> None:
    client = a_client(provider)
    started = await client.begin(REDIRECT)
    query = query_of(await browser.signs_in(started.address, "somebody"))
    await client.finish(started, query)

    with pytest.raises(Unidentified, match="grant-refused"):
        await client.finish(started, query)


async def test_cancelled_sign_in_is_rejected(provider: Provider, browser: Browser) -> None:
    client = a_client(provider)
    started = await client.begin(REDIRECT)

    with pytest.raises(Unidentified) as no:
        await client.finish(started, query_of(await browser.refuses(started.address)))

    assert ("sign-in-denied", {"error": "access_denied"}) == (no.value.slug, no.value.details)


async def test_discovery_document_of_another_issuer_is_rejected(provider: Provider) -> None:
    # The same server under another name; its document says 127.0.0.1.
    client = a_client(provider, issuer=provider.issuer.replace("127.0.0.1", "localhost"))

    with pytest.raises(Unavailable) as no:
        await client.begin(REDIRECT)

    assert "issuer-mismatch" == no.value.slug


async def test_refresh_token_is_rotated(provider: Provider, browser: Browser) -> None:
    client = a_client(provider, scope="openid offline_access")
    started = await client.begin(REDIRECT)
    first = await client.finish(started, query_of(await browser.signs_in(started.address, "somebody")))

    second = await client.refresh(first)

    assert ("somebody", "somebody") == (first.subject, second.subject)
    assert first.access_token != second.access_token
    assert first.refresh_token != second.refresh_token
    for spent in (first, second):
        # A used token may be stolen: the provider also revokes the tokens issued from it.
        with pytest.raises(Refusal, match="grant-refused"):
            await client.refresh(spent)
