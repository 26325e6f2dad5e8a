"""The application that serves the pages: sessions, forms, error pages and assets."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlencode

import structlog
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException, NotFoundException
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from chassis import clock
from chassis.http.problems import language_of
from chassis.telemetry import correlation_id
from contracts.refusals import Unavailable
from services.console.client import SERVER_ERROR, ApiClient, ApiUnavailable, Problem
from services.console.edge import FILES_BYTES_MAX
from services.console.fields import KNOWN
from services.console.forms import CSRF_FIELD, ForgedForm, UnreadableForm, check_origin, parse
from services.console.live.refresh import is_unattended
from services.console.page import (
    FOR_EVERYBODY,
    HTML,
    KEY,
    TOO_MANY,
    Console,
    Page,
    SignInNeeded,
    browser_address,
    local_path,
    parts_of,
    see_other,
)
from services.console.rendering import assets
from services.console.sessions.kept_forms import form_address, keep, restore
from services.console.sessions.model import Session
from services.console.sign_in.recent_sign_in import SignInAgain
from services.console.sign_in.tokens import access_token
from services.console.translations import LANGUAGES

FOREVER = "public, max-age=31536000, immutable"
OF_EACH_APPOINTMENT = ("appointment", "sign-in", "sign-out")
"""First parts of paths, after the language, of forms that are the same in each appointment of a person."""

PART = re.compile(r"[A-Za-z0-9_~:-][A-Za-z0-9_.~:-]*\Z")
"""Pattern of a path parameter. Parameters are inserted into paths of the API and into headers of answers."""

LANGUAGE_COOKIE = "language"
CONSOLE = "console"
PAGE = "page"

log = structlog.get_logger()


def _console(request: Request[Any, Any, Any]) -> Console:
    return cast(Console, request.app.state[CONSOLE])


def language_for(request: Request[Any, Any, Any]) -> str:
    """Return the language in the address, else the remembered one, else the browser's."""
    first = request.url.path.split("/")[1]
    if first in LANGUAGES:
        return first
    remembered = request.cookies.get(LANGUAGE_COOKIE, "")
    return remembered if remembered in LANGUAGES else language_of(request.headers.get("accept-language")).value


async def page_of(request: Request[Any, Any, Any]) -> Page:
    """Return the page of a request, with its session and its form.

    Raises NotFoundException, ForgedForm, UnreadableForm; SignInNeeded unless the page is FOR_EVERYBODY.
    """
    console, language = _console(request), language_for(request)
    now = clock.now()
    cookie = request.cookies.get(console.session_cookie)
    seen = not is_unattended(request)
    session = await console.sessions.find(cookie, now=now, seen=seen) if cookie else None
    token = None
    if session is not None:
        session, token = await access_token(console, session, now=now)
    api = ApiClient(
        console.http,
        token=token,
        acting=(session.acting_name or None) if session else None,
        language=language,
        address=browser_address(request, console.settings.trusted_proxies),
    )
    page = Page(console=console, request=request, language=language, session=session, api=api)
    if request.cookies.get(LANGUAGE_COOKIE) != language and request.url.path.split("/")[1] in LANGUAGES:
        page.cookies.append(console.cookie(LANGUAGE_COOKIE, language, seconds=31_536_000))
    request.state[PAGE] = page
    if any(isinstance(part, str) and not PART.match(part) for part in request.path_params.values()):
        raise NotFoundException
    for_everybody = FOR_EVERYBODY.items() <= request.route_handler.opt.items()
    if request.method == "POST":
        check_origin(request)
        page.typed, page.files = parse(request)
        if session is None and not for_everybody:
            await keep(page, now=now)
        elif session is not None and not for_everybody and is_of_an_earlier_session(page, session):
            await keep(page, now=now)
            raise OfEarlierSession
        elif session is not None:
            check_token(page, session)
    elif session is not None and console.kept_cookie in request.cookies:
        await restore(page, session, now=now)
    if not for_everybody and (session is None or session.acting is None):
        raise SignInNeeded
    return page


class OfEarlierSession(Exception):
    """The form was shown to the same person before they signed out and in again."""


def is_of_an_earlier_session(page: Page, session: Session) -> bool:
    sealer = page.console.sessions.sealer
    proof, person, _ = parts_of(page.value(CSRF_FIELD))
    return sealer.is_person_mark(person, session.person_id) and not sealer.is_csrf_token(session.cookie, proof)


def check_token(page: Page, session: Session) -> None:
    """Raise ForgedForm unless the form was shown in this session and, if it depends on it, in this appointment."""
    sealer = page.console.sessions.sealer
    proof, _, acting = parts_of(page.value(CSRF_FIELD))
    if not sealer.is_csrf_token(session.cookie, proof):
        raise ForgedForm
    # Another tab may have changed the appointment: a form written in one is not sent in another.
    form = page.path.removeprefix(f"/{page.language}/").partition("/")[0]
    if form not in OF_EACH_APPOINTMENT and not sealer.is_mark(session.cookie, session.acting_name, acting):
        raise ForgedForm


@get("/assets/{digest:str}/{name:str}", media_type=HTML)
async def show_asset(request: Request[Any, Any, Any], digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    found = assets().get(name)
    if found is None or found.hash != digest:
        return Response(b"", status_code=404, media_type="text/plain")
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    content = found.content
    if found.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        content = found.gzipped
        headers["Content-Encoding"] = "gzip"
    return Response(content, headers=headers, media_type=found.media_type)


def _page_for_error(request: Request[Any, Any, Any]) -> Page:
    """Return the page that was being made, or one without a session if none was made yet."""
    made = request.state.get(PAGE)
    if isinstance(made, Page):
        return made
    console = _console(request)
    return Page(
        console=console,
        request=request,
        language=language_for(request),
        session=None,
        api=ApiClient(console.http),
    )


def _error_page(
    request: Request[Any, Any, Any], status: int, problem: Problem | None = None, *, forged: bool = False
) -> Response[bytes]:
    page = _page_for_error(request)
    slug = problem.slug if problem else ""
    again = status == TOO_MANY or status >= SERVER_ERROR or slug == "command-under-way"
    return page.render(
        "error.html",
        status=status,
        http_status=status,
        reference=correlation_id(),
        again=again,
        problem=problem,
        known=KNOWN.get(slug),
        back_to=local_path(_with_key(form_address(page), page.value(KEY) if again else "")),
        typed=page.typed if again else {},
        texts=[one for values in page.typed.values() for one in values if " " in one] if again else (),
        forged=forged,
    )


def _with_key(address: str, key: str) -> str:
    """Return the address of a form whose files have to be chosen again, with the key under which it was sent."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode({KEY: key})}" if key else address


# Error handlers. They are not coroutines: the framework calls them in its event loop and does not await them.


def on_problem(request: Request[Any, Any, Any], error: Problem) -> Response[bytes]:
    if error.status == 401:
        return on_sign_in_needed(request, SignInNeeded())
    return _error_page(request, error.status, error)


def on_unavailable(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.warning("page without an answer", error=type(error).__name__, reason=str(error))
    return _error_page(request, 503)


def on_sign_in_needed(request: Request[Any, Any, Any], _error: SignInNeeded) -> Response[bytes]:
    """Redirect to the sign-in, which leads back to the page. Answer a request for a part of a page with status 401."""
    page = _page_for_error(request)
    if "hx-request" in request.headers:
        return page.answer(b"", status=401)
    return page.redirect("/sign-in", after=form_address(page))


def on_sign_in_again(request: Request[Any, Any, Any], _error: SignInAgain) -> Response[bytes]:
    page = _page_for_error(request)
    return page.redirect("/sign-in/again", after=form_address(page))


def on_earlier_session(request: Request[Any, Any, Any], _error: OfEarlierSession) -> Response[bytes]:
    """Redirect to the form, which is filled with what was typed."""
    page = _page_for_error(request)
    return see_other(local_path(form_address(page)), cookies=page.cookies)


def on_forged(request: Request[Any, Any, Any], _error: Exception) -> Response[bytes]:
    return _error_page(request, 403, forged=True)


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    return _error_page(request, error.status_code)


def on_crash(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.exception("page crashed", error=type(error).__name__, exc_info=error)
    return _error_page(request, 500)


def application(console: Console, routes: Sequence[ControllerRouterHandler]) -> Litestar:
    """Return the application that serves the pages of one console."""
    handlers: Mapping[Any, Any] = {
        Problem: on_problem,
        ApiUnavailable: on_unavailable,
        Unavailable: on_unavailable,
        SignInNeeded: on_sign_in_needed,
        SignInAgain: on_sign_in_again,
        OfEarlierSession: on_earlier_session,
        ForgedForm: on_forged,
        UnreadableForm: on_forged,
        HTTPException: on_http,
        Exception: on_crash,
    }
    return Litestar(
        [*routes, show_asset],
        dependencies={"page": Provide(page_of)},
        exception_handlers=dict(handlers),
        openapi_config=None,
        logging_config=None,
        state=State({CONSOLE: console}),
        request_max_body_size=FILES_BYTES_MAX,
        debug=False,
    )
