"""`entraide sign-in`: only the token on standard output, a loopback port, clear errors."""

import asyncio
import base64
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from chassis.auth.openid import OpenId
from chassis.auth.tokens import TOKEN_TYPE
from contracts.values import Language
from services.cli.sign_in import SIGNED_IN, browser_sign_in, page
from tests.provider import CLIENT, RESOURCE, Browser, Provider, a_key
from tests.system.platform import ROOT

SECONDS = 60

SignIn = Callable[..., subprocess.Popen[str]]


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


@pytest.fixture
def entraide(provider: Provider) -> Iterator[SignIn]:
    started: list[subprocess.Popen[str]] = []

    def run(*words: str, command: str = "sign-in", **environment: str) -> subprocess.Popen[str]:
        settings = {
            "ENTRAIDE_ISSUER": provider.issuer,
            "ENTRAIDE_CLIENT_ID": CLIENT,
            "ENTRAIDE_SIGN_IN_RESOURCE": RESOURCE,
            "ENTRAIDE_LOG_LEVEL": "debug",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "services", command, *words],
            env={**os.environ, **settings, **environment}, cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    assert "Sign in at:\n" == process.stderr.readline()
    return process.stderr.readline().strip()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    said, reported = process.communicate(timeout=SECONDS)
    return process.returncode, said, reported


async def shown(address: str, language: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=SECONDS) as client:
        return await client.get(address, headers={"Accept-Language": language})


async def test_sign_in_prints_only_the_token_and_shows_a_translated_page(entraide: SignIn, browser: Browser) -> None:
    process = entraide("--no-browser")

    answer = await shown(await browser.signs_in(address_of(process), "somebody"), "ar, en;q=0.5")

    assert 200 == answer.status_code
    assert SIGNED_IN[Language.AR] in answer.text
    assert '<html lang="ar" dir="rtl">' in answer.text
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "no-store" == answer.headers["Cache-Control"]
    code, said, reported = ended(process)
    assert (0, "") == (code, reported)
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", said)
    assert TOKEN_TYPE == json.loads(base64.urlsafe_b64decode(said.split(".")[0] + "=="))["typ"]


async def test_sign_in_as_json_has_expiry_and_subject(entraide: SignIn, browser: Browser, provider: Provider) -> None:
    process = entraide("--no-browser", "--json", ENTRAIDE_TOKEN_ACR="gold")

    address = address_of(process)
    assert "gold" == httpx.URL(address).params["acr_values"]
    await shown(await browser.signs_in(address, "somebody"), "en")

    code, said, _ = ended(process)
    reported = json.loads(said)
    assert 0 == code
    assert {"access_token", "expires_at", "issuer", "subject"} == reported.keys()
    assert (provider.issuer, "somebody") == (reported["issuer"], reported["subject"])
    assert reported["expires_at"].endswith("+00:00")


async def test_forged_callbacks_are_rejected_and_the_sign_in_continues(entraide: SignIn, browser: Browser) -> None:
    process = entraide("--no-browser")
    address = address_of(process)
    landing = httpx.URL(httpx.URL(address).params["redirect_uri"])
    assert ("127.0.0.1", "/callback") == (landing.host, landing.path)
    # The rest of the loopback network represents every other address of this machine.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", landing.port or 0), timeout=5)
    for target in ("/", "/favicon.ico", "/callback/", "//callback"):
        assert 404 == (await shown(str(landing.copy_with(raw_path=target.encode())), "en")).status_code
    for query in (b"", b"code=c&state=guessed", b"error=access_denied"):
        answer = await shown(str(landing.copy_with(query=query)), "fr")
        assert 400 == answer.status_code
        assert "connexion commencée ici" in answer.text
    assert process.poll() is None

    back = await browser.signs_in(address, "somebody")
    assert 200 == (await shown(back, "en")).status_code
    assert 0 == ended(process)[0]


async def test_cancelled_sign_in_is_reported_without_a_token(entraide: SignIn, browser: Browser) -> None:
    process = entraide("--no-browser")

    answer = await shown(await browser.refuses(address_of(process)), "ru")

    assert 400 == answer.status_code
    assert "Служба входа не подтвердила" in answer.text
    code, said, reported = ended(process)
    assert (1, "") == (code, said)
    assert reported.count("\n") == 1
    assert "(sign-in-denied: access_denied)" in reported


@pytest.mark.parametrize("asks_for_an_audience", [True, False])
async def test_token_without_audience_is_found_by_signing_in(
    entraide: SignIn, browser: Browser, tmp_path: Path, asks_for_an_audience: bool
) -> None:
    given = {"ENTRAIDE_STATE": str(tmp_path), "ENTRAIDE_SCANNER": "none"}
    if not asks_for_an_audience:
        given["ENTRAIDE_SIGN_IN_RESOURCE"] = ""
    process = entraide("--sign-in", "--no-browser", command="doctor", **given)

    answer = await shown(await browser.signs_in(address_of(process), "somebody"), "es")

    assert ("que no es para esta plataforma" not in answer.text) is asks_for_an_audience
    code, said, _ = ended(process)
    assert (code == 0) is asks_for_an_audience
    expected = "ok    sign-in +the issuer's tokens are accepted" if asks_for_an_audience else "WRONG sign-in .*: format"
    assert re.search(f"^{expected}", said, re.MULTILINE), said


async def test_browser_is_opened_if_there_is_one(entraide: SignIn, browser: Browser, tmp_path: Path) -> None:
    seen, program = tmp_path / "seen", tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho noise\necho "$1" > {seen}.part && mv {seen}.part {seen}\n')
    program.chmod(0o755)
    process = entraide(BROWSER=str(program))
    address = address_of(process)

    await shown(await browser.signs_in(address, "somebody"), "en")

    code, said, _ = ended(process)
    assert (0, 1) == (code, said.count("\n"))
    for _ in range(SECONDS * 10):
        if seen.exists():
            break
        await asyncio.sleep(0.1)
    assert f"{address}\n" == seen.read_text()


@pytest.mark.parametrize(
    ("setting", "value", "reported"),
    [
        ("ENTRAIDE_CLIENT_ID", "", "set ENTRAIDE_ISSUER and ENTRAIDE_CLIENT_ID"),
        ("ENTRAIDE_ISSUER", "", "set ENTRAIDE_ISSUER and ENTRAIDE_CLIENT_ID"),
        ("ENTRAIDE_ISSUER", "http://issuer.example", "ENTRAIDE_ISSUER has to be https://"),
        ("ENTRAIDE_ISSUER", "http://127.0.0.1:1", "(issuer-unavailable)"),
        ("ENTRAIDE_SIGN_IN_SCOPE", "profile", "ENTRAIDE_SIGN_IN_SCOPE has to contain openid"),
    ],
)
def test_unusable_sign_in_setting_is_reported_in_one_line(
    entraide: SignIn, setting: str, value: str, reported: str
) -> None:
    code, said, line = ended(entraide("--no-browser", **{setting: value}))

    assert (2, "", 1) == (code, said, line.count("\n"))
    assert line.startswith("entraide: ")
    assert reported in line


async def test_sign_in_has_a_time_limit(provider: Provider) -> None:
    client = OpenId(provider.issuer, CLIENT)
    lines: list[str] = []

    with pytest.raises(TimeoutError):
        await browser_sign_in(client, lines.append, browser=False, wait_seconds=0.1)

    port = httpx.URL(httpx.URL(lines[0].split()[-1]).params["redirect_uri"]).port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port or 0), timeout=5)


def test_sign_in_page_escapes_its_text() -> None:
    assert b"<p>&lt;b&gt;</p>" in page("<b>", Language.EN)
