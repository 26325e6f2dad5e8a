"""`entraide sign-in`, which receives the authorization code at a loopback address (RFC 8252)."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial

import click

from chassis.auth.openid import OpenId, StartedSignIn, Tokens
from chassis.event_loop import run
from chassis.http.answer import CLOSED
from chassis.http.problems import language_of
from chassis.settings import Settings
from contracts.reference.refusal_words import words_of
from contracts.refusals import Refusal, Unavailable, Unidentified
from contracts.values import Language
from services.cli.options import JSON, fail
from services.cli.settings import read_settings
from services.documents.markup import tag

HOST = "127.0.0.1"
PATH = "/callback"
WAIT_SECONDS = 5 * 60.0
HEAD_SECONDS = 10.0
HEAD_BYTES_MAX = 16 * 1024

REFUSED, UNUSABLE, TIMED_OUT = 1, 2, 3
"""Exit codes."""

SIGNED_IN: Mapping[Language, str] = {
    Language.AR: "تم تسجيل الدخول. يمكنكم إغلاق هذه النافذة والعودة إلى سطر الأوامر.",
    Language.EN: "You are signed in. You may close this window and go back to the command line.",
    Language.ES: "Ha iniciado sesión. Puede cerrar esta ventana y volver a la línea de órdenes.",
    Language.FR: "Vous êtes connecté. Vous pouvez fermer cette fenêtre et revenir à la ligne de commande.",
    Language.RU: "Вход выполнен. Можно закрыть это окно и вернуться к командной строке.",
    Language.ZH: "您已登录。可以关闭此窗口，返回命令行。",
}

Say = Callable[[str], None]


@click.command("sign-in")
@click.option("--no-browser", is_flag=True, help="Only print the address to open.")
@JSON
def sign_in(no_browser: bool, as_json: bool) -> None:
    """Sign in with a browser at ENTRAIDE_ISSUER, and print the access token.

    Exit 0: signed in; 1: refused; 2: a setting or the issuer cannot be used; 3: no sign-in within five minutes.
    """
    sys.exit(sign_in_here(read_settings(), browser=not no_browser, as_json=as_json))


def sign_in_here(settings: Settings, *, browser: bool, as_json: bool) -> int:
    """Print only an access token on standard output; return the exit code."""
    client = client_of(settings)
    say = partial(click.echo, err=True)
    try:
        tokens = run(browser_sign_in(client, say, browser=browser))
    except Refusal as no:
        say(f"entraide: {told(no)}")
        return UNUSABLE if isinstance(no, Unavailable) else REFUSED
    except TimeoutError:
        say(f"entraide: no sign-in within {WAIT_SECONDS / 60:.0f} minutes; try again")
        return TIMED_OUT
    if as_json:
        ends = tokens.expires_at
        printed = {
            "access_token": tokens.access_token,
            "expires_at": None if ends is None else ends.isoformat(timespec="seconds"),
            "issuer": settings.issuer,
            "subject": tokens.subject,
        }
        click.echo(json.dumps(printed))
    else:
        click.echo(tokens.access_token)
    return 0


def client_of(settings: Settings) -> OpenId:
    """Return the command line's client of the issuer."""
    if settings.keys is None or settings.client_id is None:
        fail("set ENTRAIDE_ISSUER and ENTRAIDE_CLIENT_ID; of the embedded issuer `entraide token` has tokens")
    return OpenId(
        settings.issuer,
        settings.client_id,
        algorithm=settings.algorithm,
        scope=settings.sign_in_scope,
        strengths=settings.strengths,
        resource=settings.sign_in_resource,
        audience=settings.sign_in_audience,
    )


def told(no: Refusal) -> str:
    """Return one line for an operator."""
    why = " ".join(map(str, no.details.values()))
    return f"{words_of(no.slug, Language.EN)} ({no.slug}{why and f': {why}'})"


async def browser_sign_in(client: OpenId, say: Say, *, browser: bool, wait_seconds: float = WAIT_SECONDS) -> Tokens:
    """Open the issuer's page and wait for the redirect. Raises Refusal, or TimeoutError after the wait."""
    landing = RedirectReceiver(client)
    server = await asyncio.start_server(landing.answer, HOST, 0, limit=HEAD_BYTES_MAX)
    try:
        port = server.sockets[0].getsockname()[1]
        landing.started = await client.begin(f"http://{HOST}:{port}{PATH}")
        say(f"Sign in at:\n{landing.started.address}")
        if browser:
            open_browser(landing.started.address)
        async with asyncio.timeout(wait_seconds):
            return await landing.outcome
    finally:
        server.close()


def open_browser(address: str) -> None:
    """Open the browser, if there is one, in its own session, so that its output does not mix with the token."""
    subprocess.Popen(
        [sys.executable, "-m", "webbrowser", address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


class RedirectReceiver:
    """Receiver of the issuer's redirect, once."""

    def __init__(self, client: OpenId) -> None:
        self._client = client
        self._turn = asyncio.Lock()
        self.started: StartedSignIn | None = None
        self.outcome: asyncio.Future[Tokens] = asyncio.get_running_loop().create_future()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request of one connection; malformed requests get no answer."""
        with contextlib.suppress(OSError, TimeoutError, EOFError, asyncio.LimitOverrunError, ValueError):
            async with asyncio.timeout(HEAD_SECONDS):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *fields = head.split("\r\n")
            method, target, _version = first.split(" ")
            path, _, query = target.partition("?")
            if (method, path) == ("GET", PATH):
                await self._receive(query, language_of(_field(fields, "accept-language")), writer)
            else:
                await _send(writer, "404 Not Found", b"")
        writer.close()

    async def _receive(self, query: str, language: Language, writer: asyncio.StreamWriter) -> None:
        # Requests are serialized: a browser may request twice, and the code is valid once.
        async with self._turn:
            try:
                if self.started is None or self.outcome.done():
                    raise Unidentified("sign-in-not-asked")
                tokens = await self._client.finish(self.started, query)
            except Refusal as no:
                try:
                    await _send(writer, "400 Bad Request", page(words_of(no.slug, language), language))
                finally:
                    # Any page in the browser can request this address with a guessed state, so go on waiting for the
                    # issuer's redirect.
                    if no.slug != "sign-in-not-asked":
                        self.outcome.set_exception(no)
                return
            try:
                await _send(writer, "200 OK", page(SIGNED_IN[language], language))
            finally:
                self.outcome.set_result(tokens)


def page(text: str, language: Language) -> bytes:
    """Return a page of one sentence, without style or script."""
    head = tag("head", tag("title", "Entraide"))
    direction = "rtl" if language is Language.AR else "ltr"
    body = tag("body", tag("main", tag("h1", "Entraide"), tag("p", text)))
    return ("<!doctype html>" + tag("html", head, body, lang=language, dir=direction)).encode()


def _field(fields: list[str], name: str) -> str | None:
    found = (field.partition(":") for field in fields)
    return next((value.strip() for key, _, value in found if key.lower() == name), None)


async def _send(writer: asyncio.StreamWriter, status: str, body: bytes) -> None:
    head = (
        f"HTTP/1.1 {status}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        f"Content-Security-Policy: {CLOSED.decode()}",
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    )
    writer.write("\r\n".join((*head, "", "")).encode() + body)
    writer.close()
    # Wait until the browser has received the page, because the program may end after this.
    await writer.wait_closed()
