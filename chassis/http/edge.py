"""The outermost layer of HTTP: body checks before decoding, limits, correlation id, metrics.

It is plain ASGI around the application, so that it also covers unknown paths and crashes.
"""

import asyncio
import math
import re
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from functools import partial
from typing import Any, cast

import msgspec
import structlog

from chassis.http.answer import ADDED, ONLY_HTTPS, SECURITY_HEADERS, Answer
from chassis.http.asgi import Application, Receive, Scope, Send
from chassis.http.merge_patch import MERGE_PATCH_TYPE
from chassis.http.problems import MEDIA_TYPE, RETRY_AFTER_SECONDS, language_of, log_refusal, problem
from chassis.http.uploads import (
    OF_ONE_ORGANIZATION_MAX,
    UPLOAD,
    UPLOAD_SECONDS_MAX,
    CallerGone,
    FileRule,
    MalformedForm,
    TooLarge,
    Uploads,
    body_of,
    read_upload,
)
from chassis.rate_limiter import IDENTITY, RateLimiter
from chassis.telemetry import CORRELATION_HEADER, correlation_from, with_correlation, with_origin
from contracts.values import Caller, Language
from contracts.values import Scope as ClientScope

BODY_BYTES_MAX = 256 * 1024
BODY_SECONDS_MAX = 30.0
UNDER_WAY_MAX = 400
"""Limit of concurrent requests; more would only wait for a connection to PostgreSQL."""

SINGLE_FIELDS = frozenset(
    {
        b"acting-as",
        b"authorization",
        b"content-disposition",
        b"content-length",
        b"content-type",
        b"date",
        b"file-name",
        b"from",
        b"host",
    }
    | {b"idempotency-key", b"if-modified-since", b"if-range", b"if-unmodified-since", b"last-event-id", b"location"}
    | {b"max-forwards", b"origin", b"proxy-authorization", b"range", b"referer", b"user-agent", b"x-correlation-id"}
)
"""Header fields with a single value (RFC 9110 sections 5.5 and 5.6.1, and our own). A repeated one is refused."""

NESTING_MAX = 32
QUERY_BYTES_MAX = 4096
LIVE = "/health/live"
BODY = "entraide.body"
HEADERS = "entraide.headers"
"""Scope key of the parsed headers, so that they are parsed once."""

STAYS_OPEN = "entraide.stays_open"
"""Scope key of a function to call when a long-lived answer begins. `chassis.http.event_streams` limits such answers."""
JSON_TYPE = b"application/json"
FORM_TYPE = b"application/x-www-form-urlencoded"
TABLE_TYPE = b"text/csv"

# Matches `\u0000` with an unescaped backslash.
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_ESCAPED_SURROGATE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]")
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?')
_BRACKETS = re.compile(rb"[\[\]{}]")

log = structlog.get_logger()


class Edge:
    """ASGI middleware: checks requests, measures answers."""

    def __init__(
        self,
        app: Application,
        rate_limiter: RateLimiter,
        uploads: Uploads,
        *,
        served: Mapping[str, object] = {},
        forms: Collection[str] = (),
        tables: Collection[str] = (),
        only_https: bool = False,
    ) -> None:
        """Create the middleware. `served` is added to each scope.

        Bodies of the paths `forms` and `tables` are forms and CSV, not JSON.
        """
        self._app = app
        self._rate_limiter = rate_limiter
        self._uploads = uploads
        self._served = served
        self._media_types = dict.fromkeys(forms, FORM_TYPE) | dict.fromkeys(tables, TABLE_TYPE)
        self._headers = [*SECURITY_HEADERS, *([ONLY_HTTPS] if only_https else [])]
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, repeated = fields_of(scope["headers"])
        if only_head := scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        scope[HEADERS] = headers
        scope[ADDED] = {}
        scope.update(self._served)
        if len(headers) != len(scope["headers"]):
            scope["headers"] = list(headers.items())
        given = correlation_from(headers.get(CORRELATION_HEADER.lower().encode(), b"").decode("latin-1"))
        with with_correlation(given) as correlation, with_origin(self._rate_limiter.address(scope, headers)):
            answer = Answer(scope, send, correlation, self._headers, only_head=only_head)
            try:
                await self._pass_on(scope, headers, receive, answer, repeated)
            except CallerGone:
                log.info("client disconnected before the end of the body")
            except Exception as error:
                log.exception("request crashed", error=type(error).__name__)
                if answer.status is not None:
                    raise
                await self._refuse("internal-error", 500, answer)
            finally:
                if not answer.stays_open:
                    answer.measure()

    async def _pass_on(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, answer: "Answer", repeated: bytes | None
    ) -> None:
        # This is first, so that a malformed request counts as well.
        scope[IDENTITY], allowance = await self._rate_limiter.take(scope, headers)
        if allowance:
            scope[ADDED].update(allowance.headers())
            if allowance.wait_seconds:
                await self._refuse("too-many-requests", 429, answer, retry_seconds=math.ceil(allowance.wait_seconds))
                return
        if repeated is not None:
            await self._refuse("header-repeated", 400, answer, header=repeated.decode())
            return
        if len(scope.get("query_string", b"")) > QUERY_BYTES_MAX:
            await self._refuse("query-too-long", 414, answer)
            return
        if b"%00" in scope.get("raw_path", b"") or b"%00" in scope.get("query_string", b""):
            await self._refuse("nul-character", 400, answer)
            return
        try:
            scope["query_string"].decode("ascii")
        except UnicodeDecodeError:
            await self._refuse("invalid-unicode", 400, answer)
            return
        if scope["method"] in {"GET", "OPTIONS", "DELETE"} and not _has_body(headers):
            # An answer without its body ends at once, also a stream: its client is as if gone.
            await self._admit(scope, headers, _once(b"") if answer.only_head else receive, answer)
            return
        if rule := self._uploads.rule_of(scope["method"], scope["path"]):
            await self._pass_on_file(scope, headers, receive, answer, rule)
            return
        # A slow body is read before a slot is taken, within a time limit.
        try:
            async with asyncio.timeout(BODY_SECONDS_MAX):
                body = await _read(headers, receive)
        except TimeoutError:
            await self._refuse("body-too-slow", 408, answer, limit_seconds=BODY_SECONDS_MAX)
            return
        if body is None:
            await self._refuse("body-too-large", 413, answer, limit_bytes=BODY_BYTES_MAX)
            return
        if body:
            accepted = self._accepted(scope)
            if _media_type(headers) not in accepted:
                await self._refuse("media-type-unsupported", 415, answer, accepted=[one.decode() for one in accepted])
                return
            if slug := malformed_slug(body):
                await self._refuse(slug, 400, answer)
                return
        scope[BODY] = body
        await self._admit(scope, headers, _once(body), answer)

    def _accepted(self, scope: Scope) -> tuple[bytes, ...]:
        """The accepted media types of a body."""
        if scope["method"] == "PATCH":
            return (MERGE_PATCH_TYPE, JSON_TYPE)
        return (self._media_types.get(scope["path"], JSON_TYPE),)

    async def _pass_on_file(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, answer: "Answer", rule: FileRule
    ) -> None:
        who = scope[IDENTITY]
        if not isinstance(who, Caller) or who.lacks(ClientScope.WRITE):
            # The application answers with the reason. No file is read for an unidentified caller.
            await self._admit(scope, headers, _once(b""), answer)
            return
        if _media_type(headers).decode("latin-1") not in rule.media_types:
            await self._refuse("media-type-unsupported", 415, answer, accepted=rule.media_types)
            return
        if not self._uploads.has_capacity_for(who.organization):
            await self._refuse("organization-limit-reached", 429, answer, limit=OF_ONE_ORGANIZATION_MAX)
            return
        if not self._uploads.has_capacity(who):
            await self._refuse("overloaded", 503, answer)
            return
        with self._uploads.place(who) as file:
            try:
                body = body_of(headers.get(b"content-type", b"").decode("latin-1"))
                announced = headers.get(b"content-length", b"0")
                scope[UPLOAD] = await read_upload(file, announced, receive, rule.bytes_max, body)
            except MalformedForm:
                await self._refuse("multipart-malformed", 400, answer)
                return
            except TimeoutError:
                await self._refuse("body-too-slow", 408, answer, limit_seconds=UPLOAD_SECONDS_MAX)
                return
            except TooLarge:
                await self._refuse("body-too-large", 413, answer, limit_bytes=rule.bytes_max)
                return
            await self._admit(scope, headers, _once(b""), answer)

    async def _admit(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, answer: "Answer") -> None:
        if self._under_way >= UNDER_WAY_MAX and scope["path"] != LIVE:
            await self._refuse("overloaded", 503, answer)
            return
        self._under_way += 1
        scope[STAYS_OPEN] = partial(self._release_slot, answer)
        try:
            await self._app(scope, receive, answer)
        finally:
            # The function refers back to the scope; such a cycle would need the garbage collector.
            del scope[STAYS_OPEN]
            if not answer.stays_open:
                self._under_way -= 1

    def _release_slot(self, answer: "Answer") -> None:
        """Remove a long-lived answer from the concurrent requests; its measured time ends here."""
        assert not answer.stays_open, "called once per answer"
        answer.measure()
        answer.stays_open = True
        self._under_way -= 1

    async def _refuse(
        self,
        slug: str,
        status: int,
        answer: "Answer",
        retry_seconds: int = RETRY_AFTER_SECONDS,
        **details: object,
    ) -> None:
        language = reader_language(answer.scope)
        said = problem(slug, status, language, details)
        log_refusal(answer.scope, said)
        body = msgspec.json.encode(said)
        head = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        if status in {408, 413, 414}:
            head.append((b"connection", b"close"))
        if status in {429, 503}:
            head.append((b"retry-after", str(retry_seconds).encode()))
        await answer({"type": "http.response.start", "status": status, "headers": head})
        await answer({"type": "http.response.body", "body": body})


def fields_of(sent: Sequence[tuple[bytes, bytes]]) -> tuple[dict[bytes, bytes], bytes | None]:
    """Header fields by name, and the name of a single-valued field that is repeated.

    Lines of one name form a list (RFC 9110 section 5.3). If a single-valued field has two values, a proxy before us may
    have used the other one.
    """
    fields = dict(sent)
    if len(fields) == len(sent):
        return fields, None
    fields, repeated = {}, None
    for name, value in sent:
        if name not in fields:
            fields[name] = value
            continue
        fields[name] += b", " + value
        if name in SINGLE_FIELDS:
            repeated = name
    return fields, repeated


def header(scope: Mapping[str, object], name: str) -> str | None:
    """A header of the request, as sent; None if absent."""
    value = cast(dict[bytes, bytes], scope[HEADERS]).get(name.lower().encode())
    return None if value is None else str(value, "latin-1")


def reader_language(scope: Mapping[str, object]) -> Language:
    """The caller's preferred language among the six, in which the answer's words are (`Content-Language`)."""
    chosen = language_of(header(scope, "Accept-Language"))
    cast(MutableMapping[bytes, bytes], scope[ADDED])[b"content-language"] = chosen.encode()
    return chosen


def malformed_slug(body: bytes) -> str | None:
    """The slug of the error that makes a body undecodable, or None."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "invalid-unicode"
    if b"\0" in body:
        return "nul-character"
    if b"\\u" in body:  # such escapes are rare, and the patterns scan every byte
        if _ESCAPED_NUL.search(body):
            return "nul-character"
        if _ESCAPED_SURROGATE.search(body) and _ESCAPED_SURROGATE.search(_PAIR.sub(b"", body)):
            return "invalid-unicode"
    if body.count(b"[") + body.count(b"{") > NESTING_MAX and _depth(body) > NESTING_MAX:
        return "nesting-too-deep"
    return None


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for bracket in _BRACKETS.finditer(_STRING.sub(b"", body)):
        if bracket[0] in b"[{":
            depth += 1
            if depth > deepest:
                deepest = depth
                if deepest > NESTING_MAX:
                    break
        else:
            depth -= 1
    return deepest


def _media_type(headers: dict[bytes, bytes]) -> bytes:
    return headers.get(b"content-type", b"").split(b";")[0].strip().lower()


def _has_body(headers: dict[bytes, bytes]) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


async def _read(headers: dict[bytes, bytes], receive: Receive) -> bytes | None:
    """Read the body; return None if it is announced or found to be larger than allowed. Raises CallerGone."""
    announced = headers.get(b"content-length", b"0")
    if not announced.isdigit() or int(announced) > BODY_BYTES_MAX:
        return None
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            return None
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _once(body: bytes) -> Receive:
    sent = False

    async def receive() -> MutableMapping[str, Any]:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
