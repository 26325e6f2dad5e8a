"""A request of a browser: its person and language, the client of the API for it, and the page that is made."""

import gzip
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from markupsafe import Markup

from chassis import clock
from chassis.auth.openid import OpenId
from chassis.auth.tokens import Issuer
from chassis.escaping import markup
from chassis.http.problems import RETRY_AFTER_SECONDS
from chassis.ids import new_id
from chassis.rate_limiter import Network, address_of
from chassis.settings import Settings
from contracts.formats import direction
from services.console.client import SERVER_ERROR, ApiClient, ApiUnavailable, Http, Problem
from services.console.fields import KNOWN, Typed, whole_number
from services.console.forms import CSRF_FIELD
from services.console.live.following import Following
from services.console.navigation import navigation
from services.console.public.copies import Copies, is_silence
from services.console.rendering import GZIP_BYTES_MIN, render
from services.console.sessions.model import Session
from services.console.sessions.store import Sessions
from services.console.translations import translated

HTML = "text/html"
GZIP_LEVEL = 5
LOCAL = "127.0.0.1"
ABSENT, NOT_SEEN = (404,), (403, 404)
KEY, REVISION = "idempotency_key", "revision"
TOO_MANY = 429
MARKED = "."
"""Separator between the parts of the token of a form."""

FOR_EVERYBODY = {"for_everybody": True}
"""`opt=FOR_EVERYBODY` marks a page without sign-in; a test has the list of these pages."""


@dataclass(frozen=True)
class Console:
    """State that all pages of one console share. `issuer` is the embedded issuer, `openid` the client of another."""

    settings: Settings
    sessions: Sessions
    http: Http
    issuer: Issuer | None
    openid: OpenId | None
    copies: Copies
    following: Following = field(default_factory=Following)

    @property
    def secure(self) -> bool:
        return (self.settings.public_url or "").startswith("https:")

    @property
    def session_cookie(self) -> str:
        """Name of the session cookie. `__Host-` binds a cookie to this host and to HTTPS (RFC 6265bis)."""
        return "__Host-session" if self.secure else "session"

    @property
    def sign_in_cookie(self) -> str:
        return "__Host-sign-in" if self.secure else "sign-in"

    @property
    def kept_cookie(self) -> str:
        return "__Host-kept-form" if self.secure else "kept-form"

    def cookie(self, name: str, value: str, *, seconds: int | None = None) -> Cookie:
        return Cookie(
            key=name, value=value, path="/", httponly=True, samesite="lax", secure=self.secure, max_age=seconds
        )


@dataclass
class Page:
    """A request as handlers receive it. `cookies` are those that the answer sets."""

    console: Console
    request: Request[Any, Any, Any]
    language: str
    session: Session | None
    api: ApiClient
    typed: Typed = field(default_factory=dict)
    """Values that were typed into a form that was posted."""
    files: Mapping[str, Any] = field(default_factory=dict)
    cookies: list[Cookie] = field(default_factory=list)
    given_back: bool = False
    """True if `typed` holds what was typed before the session ended, which is not saved."""
    missing: set[str] = field(default_factory=set)
    """Last part of each path of `part` that was not answered; the page states it in that place."""

    @property
    def signed_in(self) -> Session:
        """The session. Raises SignInNeeded without one, or before an appointment is chosen."""
        if self.session is None or self.session.acting is None:
            raise SignInNeeded
        return self.session

    @property
    def path(self) -> str:
        return self.request.url.path

    def address(self, path: str, **query: object) -> str:
        """Return an address of the console in the reader's language."""
        pairs = [(name, value) for name, value in query.items() if value not in (None, "")]
        return f"/{self.language}{path}" + (f"?{urlencode(pairs)}" if pairs else "")

    def in_language(self, language: str) -> str:
        """Return the address of this page in another language."""
        query = self.request.url.query
        rest = self.path.split("/", 2)[2:]
        return f"/{language}/{rest[0] if rest else ''}".rstrip("/") + (f"?{query}" if query else "")

    def gettext(self, message: str) -> str:
        return translated(self.language, message)

    def said_of(self, problem: Problem) -> str:
        """Return what is known of a refused command, or of one whose outcome is not known."""
        return self.gettext(KNOWN[problem.slug]) if problem.slug in KNOWN else problem.title

    def asked(self, name: str, default: str = "") -> str:
        """Return a parameter of the address."""
        return str(self.request.query_params.get(name, default))

    def asked_all(self, name: str) -> list[str]:
        return [str(one) for one in self.request.query_params.getall(name, [])]

    def value(self, name: str) -> str:
        """Return the first value of a field that was posted, or an empty string."""
        return next(iter(self.typed.get(name, ())), "")

    @property
    def key(self) -> str:
        """The idempotency key of the form: that of its first sending until the form is opened anew.

        A refused command leaves its key unused. Of one whose outcome is not known nothing is done a second time, nor
        of one that was carried out, even if the form is sent again with other content.
        """
        return self.value(KEY) or self.asked(KEY) or str(new_id())

    @property
    def revision(self) -> int | None:
        """The revision that the form was filled in for."""
        return whole_number(self.value(REVISION))

    def form_head(self, revision: int | None = None) -> Markup:
        """Return the hidden fields that every form begins with."""
        hidden = {CSRF_FIELD: self._form_token(self.session) if self.session else "", KEY: self.key, REVISION: revision}
        return Markup("").join(
            markup('<input type="hidden" name="{}" value="{}">', name, value)
            for name, value in hidden.items()
            if value is not None
        )

    def anonymous(self) -> ApiClient:
        """Return a client without the reader's token, since the link of a mail identifies who answers."""
        address = browser_address(self.request, self.console.settings.trusted_proxies)
        return ApiClient(self.console.http, language=self.language, address=address)

    async def optional(self, path: str, *, unseen: Collection[int] = NOT_SEEN, **query: object) -> Any:
        """Return the answer of the API, or None if there is none or the reader may not see it."""
        try:
            return await self.api.get(path, **query)
        except Problem as problem:
            if problem.status not in unseen:
                raise
            return None

    async def part(self, path: str, *, unseen: Collection[int] = NOT_SEEN, **query: object) -> Any:
        """Return a part that the page can do without; None if the reader may not see it or there is no answer."""
        try:
            return await self.optional(path, unseen=unseen, **query)
        except (ApiUnavailable, Problem) as error:
            if not is_silence(error) and not (isinstance(error, Problem) and error.status == TOO_MANY):
                raise
            self.missing.add(path.partition("?")[0].rpartition("/")[2])
            return None

    def render(self, template: str, *, status: int = 200, **context: Any) -> Response[bytes]:
        """Render a page. Raises ApiUnavailable if nothing that it asked for was answered."""
        if self.missing and not self.api.answers and status < SERVER_ERROR:
            raise ApiUnavailable
        session = self.session
        places = navigation(session.role if session and session.acting else "")
        common: dict[str, Any] = {
            "page": self,
            "session": session,
            "now": clock.now(),
            "path": self.path,
            "dir": direction(self.language),
            "navigation": places,
            "place_here": next((one for one in places if one.has(self.path.removeprefix(f"/{self.language}"))), None),
            "csrf_token": self._form_token(session) if session else "",
            "form_head": self.form_head,
            "sample": self.console.issuer is not None,
            "given": {},
            "errors": (),
            "done": self.asked("done"),
            "missing": self.missing,
        }
        return self.answer(render(self.language, template, {**common, **context}), status=status)

    def _form_token(self, session: Session) -> str:
        """Return the token of a form: the proof of this session, and the marks of its person and appointment."""
        sealer = self.console.sessions.sealer
        acting = sealer.mark(session.cookie, session.acting_name)
        return MARKED.join((sealer.csrf_token(session.cookie), sealer.person_mark(session.person_id), acting))

    def answer(self, body: bytes, *, status: int = 200, media_type: str = HTML) -> Response[bytes]:
        """Return the response for a page that is rendered already."""
        headers = {"Vary": "Accept-Encoding, Cookie", "Content-Language": self.language}
        if len(body) >= GZIP_BYTES_MIN and "gzip" in self.request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, GZIP_LEVEL, mtime=0)
            headers["Content-Encoding"] = "gzip"
        if status in {429, 503}:
            headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        if self.console.issuer is not None:
            # Only with sample data, because it reveals something of how records are stored.
            headers["Server-Timing"] = f'api;desc="{self.api.calls}"'
        return Response(body, status_code=status, media_type=media_type, headers=headers, cookies=self.cookies)

    def redirect(self, path: str, **query: object) -> Response[bytes]:
        """Redirect to a page in the reader's language, by GET (RFC 9110 section 15.4.4)."""
        return see_other(self.address(path, **query), cookies=self.cookies)


def parts_of(token: str) -> tuple[str, str, str]:
    """Return the parts of a form's token: its proof, and the marks of its person and of their appointment."""
    proof, person, acting = (*token.split(MARKED, 2), "", "")[:3]
    return proof, person, acting


CurrentPage = NamedDependency[SkipValidation[Page]]
"""Type of the parameter `page` of handlers."""


class SignInNeeded(Exception):
    """The page is for people who have signed in."""


def see_other(address: str, *, cookies: Sequence[Cookie] = ()) -> Response[bytes]:
    return Response(b"", status_code=303, headers={"Location": address}, cookies=list(cookies), media_type=HTML)


def local_path(address: str) -> str:
    """Return `address` if it is a path of this console, else `/`, so that no link redirects a person elsewhere."""
    if not address.startswith("/") or address.startswith(("//", "/\\")) or any(ord(one) < 33 for one in address):
        return "/"
    return quote(address, safe="/?&=%:,+-_.~#")


def browser_address(request: Request[Any, Any, Any], trusted: Sequence[Network]) -> str:
    """Return the browser's address for calls of the API; for IPv6 the first of its /64, by which it is counted."""
    headers = {name.lower(): value for name, value in request.scope["headers"]}
    counted = address_of(request.scope.get("client"), headers, trusted)
    return LOCAL if counted == "local" else counted.partition("/")[0]
