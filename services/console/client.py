"""Client of the public API: calls with the person's token, in this process or over HTTP."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping, MutableMapping, Sequence
from typing import Any, TypeAlias, cast
from urllib.parse import quote, urlencode

import httpx
import msgspec

from chassis.http.asgi import Application
from contracts.owners import owner_of

PATH = re.compile(r"/v1(/(?!\.{1,2}(?:[/?]|\Z))[A-Za-z0-9_.~:-]+)+(\?[^/?#\s]*)?\Z")
"""Pattern of paths that are called. No part, such as an id taken from an address, can lead to another path."""

SECONDS = 15.0
SERVER_ERROR = 500
CONNECTIONS_KEPT = 100
HERE = "http://api.entraide.example"
"""Placeholder for the address of the API; `OverHttp` replaces it by the address of a service."""

HOST = b"api.entraide.example"
FORWARDED = "X-Forwarded-For"
AS_IT_IS = "/?&=%+,;:@!$'()*~[]"
"""Characters left as they are in an address, because it is already encoded."""

Query = Mapping[str, object]


class Problem(Exception):
    """A refusal by the API (RFC 9457). `errors` lists the fields of a body that are not valid."""

    def __init__(self, status: int, said: Mapping[str, Any]) -> None:
        super().__init__(said.get("slug"))
        self.status = status
        self.slug = str(said.get("slug") or "internal-error")
        self.title = str(said.get("title") or "")
        self.details: Mapping[str, Any] = said.get("details") or {}
        self.correlation_id = str(said.get("correlation_id") or "")

    @property
    def errors(self) -> Sequence[Mapping[str, Any]]:
        return self.details.get("errors") or ()


class ApiUnavailable(Exception):
    """The API did not answer in time, or answered with an error that is not a problem document."""


class Answer(msgspec.Struct, frozen=True):
    """An answer of the API: its decoded body, the revision in its ETag, and the path in its Location."""

    body: Any
    revision: int | None
    location: str | None


class ApiClient:
    """Client of the API for one person, in their appointment and language."""

    def __init__(
        self,
        http: "Http",
        *,
        token: str | None = None,
        acting: str | None = None,
        language: str = "en",
        address: str = "127.0.0.1",
    ) -> None:
        """Create the client. Calls without a token are counted by `address`, which is the browser's."""
        self._http = http
        self._address = address
        self._headers = {"Accept-Language": language, FORWARDED: address}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        if acting is not None:
            self._headers["Acting-As"] = acting
        self.calls = 0
        """Number of calls made. A page makes at most three."""
        self.answers = 0
        """Number of calls answered with a status below 500, including refusals."""

    async def get(self, path: str, **query: object) -> Any:
        """Return the decoded body. Raises Problem or ApiUnavailable."""
        return (await self._call("GET", path + _query(query))).body

    async def read(self, path: str, **query: object) -> Answer:
        """Return the answer with its revision. Raises Problem or ApiUnavailable."""
        return await self._call("GET", path + _query(query))

    async def get_all(self, *paths: str) -> list[Any]:
        """Return the bodies of several paths, requested concurrently. Raises Problem or ApiUnavailable."""
        return list(await asyncio.gather(*(self.get(path) for path in paths)))

    async def download(self, path: str, **query: object) -> httpx.Response:
        """Return an answer that is a file. Raises Problem or ApiUnavailable."""
        return await self._send("GET", path + _query(query), None, {})

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        revision: int | None = None,
    ) -> Answer:
        """Send a command with its idempotency key and the revision it is based on. Raises Problem or ApiUnavailable."""
        headers = {"Content-Type": "application/merge-patch+json" if method == "PATCH" else "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = quote(key)
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        content = None if body is None else msgspec.json.encode(body)
        if content is None:
            del headers["Content-Type"]
        return await self._call(method, path, content, headers)

    async def upload(
        self, path: str, content: bytes, *, name: str, media_type: str, key: str, revision: int | None = None
    ) -> Answer:
        """Send a file. Raises Problem or ApiUnavailable."""
        headers = {"Content-Type": "application/octet-stream", "Idempotency-Key": quote(key)}
        headers["File-Name"] = urlencode({"": name}).removeprefix("=").replace("+", "%20")
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        return await self._call("POST", path, content, headers)

    @contextlib.asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[AsyncIterator[str]]:
        """Yield the lines of an event stream. Raises Problem or ApiUnavailable."""
        headers = {**self._headers, "Accept": "text/event-stream"}
        try:
            async with self._http.stream("GET", path, headers=headers, extensions=self._extensions) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise _problem(answer)
                yield answer.aiter_lines()
        except httpx.HTTPError as error:
            raise ApiUnavailable(type(error).__name__) from error

    @property
    def _extensions(self) -> dict[str, Any]:
        return {
            "client": (self._address, 0),
            "timeout": {"read": None, "connect": SECONDS, "write": SECONDS, "pool": SECONDS},
        }

    async def _call(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> Answer:
        answer = await self._send(method, path, content, headers)
        body = answer.content
        return Answer(
            body=msgspec.json.decode(body) if body else None,
            revision=_revision(answer.headers.get("ETag")),
            location=answer.headers.get("Location"),
        )

    async def _send(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> httpx.Response:
        if not PATH.match(path):
            raise Problem(404, {"slug": "no-such-path"})
        self.calls += 1
        try:
            answer = await self._http.request(
                method,
                path,
                content=content,
                headers={**self._headers, **headers},
                extensions={"client": (self._address, 0)},
            )
        except httpx.HTTPError as error:
            raise ApiUnavailable(type(error).__name__) from error
        problem = _problem(answer) if answer.is_error else None
        if answer.status_code < SERVER_ERROR:
            self.answers += 1
        if problem is not None:
            raise problem
        return answer


def _query(query: Query) -> str:
    """Return `?name=value`, with a pair for each item of a list, and without values that are None or empty."""
    pairs: list[tuple[str, object]] = []
    for name, value in query.items():
        several = value if isinstance(value, (list, tuple)) else [value]
        pairs += [
            (name, str(one).lower() if isinstance(one, bool) else one) for one in several if one not in (None, "")
        ]
    return f"?{urlencode(pairs)}" if pairs else ""


def _revision(etag: str | None) -> int | None:
    value = (etag or "").strip('"').partition("-")[0]
    return int(value) if value.isdigit() else None


def _problem(answer: httpx.Response) -> Exception:
    try:
        said = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        said = None
    if not isinstance(said, dict) or "slug" not in said:
        return ApiUnavailable(f"status {answer.status_code}")
    return Problem(answer.status_code, said)


def http_client(addresses: Mapping[str, str] | None, here: Application) -> "Http":
    """Return a client of the services at `addresses`, or of `here`, the API in this process, if that is None."""
    if addresses is None:
        return InProcess(here)
    return httpx.AsyncClient(transport=OverHttp(addresses), base_url=HERE, timeout=SECONDS, trust_env=False)


class OverHttp(httpx.AsyncBaseTransport):
    """Transport that calls each service at its own address."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        # No limit here: the event streams of open pages stay open, and are counted where they are opened.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=CONNECTIONS_KEPT)
        self._transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
        self._addresses = {service: httpx.URL(address) for service, address in addresses.items()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        at = self._addresses[owner_of(request.url.path)]
        request.url = request.url.copy_with(scheme=at.scheme, host=at.host, port=at.port)
        request.headers["Host"] = request.url.netloc.decode("ascii")
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._transport.aclose()


class InProcess:
    """Client that calls an ASGI application in this process, in a tenth of the time httpx takes for a call."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str],
        extensions: Mapping[str, Any],
    ) -> httpx.Response:
        """Return the whole answer."""
        return await self._exchange(method, path, content or b"", headers, extensions).run()

    @contextlib.asynccontextmanager
    async def stream(
        self, method: str, path: str, *, headers: Mapping[str, str], extensions: Mapping[str, Any]
    ) -> AsyncIterator[httpx.Response]:
        """Yield the answer as soon as its head is there."""
        answer = await self._exchange(method, path, b"", headers, extensions).stream()
        try:
            yield answer
        finally:
            await answer.aclose()

    def _exchange(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], extensions: Mapping[str, Any]
    ) -> "Exchange":
        return Exchange(self._app, _scope(method, path, headers, extensions["client"], body), body)


Http: TypeAlias = httpx.AsyncClient | InProcess
"""A client that makes the calls."""


class Exchange(httpx.AsyncByteStream):
    """One call of an ASGI application, whose answer is collected or streamed."""

    def __init__(self, app: Application, scope: MutableMapping[str, Any], body: bytes) -> None:
        self._app = app
        self._body = body
        self._scope = scope
        self._messages: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue(maxsize=100)
        self._task: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()
        self._sent = False

    async def run(self) -> httpx.Response:
        """Wait for the whole answer. Raises ReadTimeout after SECONDS."""
        collected: list[MutableMapping[str, Any]] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            collected.append(message)

        try:
            async with asyncio.timeout(SECONDS):
                await self._app(self._scope, self._receive, send)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in time") from error
        start, *rest = collected
        content = b"".join(cast(bytes, message.get("body", b"")) for message in rest)
        return httpx.Response(start["status"], headers=start["headers"], content=content)

    async def stream(self) -> httpx.Response:
        """Wait for the head of the answer; its body follows."""

        async def call() -> None:
            try:
                await self._app(self._scope, self._receive, self._messages.put)
            finally:
                await self._messages.put({"type": "http.response.end"})

        self._task = asyncio.create_task(call())
        start = await self._messages.get()
        if start["type"] != "http.response.start":
            raise httpx.RemoteProtocolError("no answer")
        return httpx.Response(start["status"], headers=start["headers"], stream=self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (message := await self._messages.get())["type"] == "http.response.body":
            if chunk := message.get("body"):
                yield chunk
            if not message.get("more_body"):
                return

    async def aclose(self) -> None:
        self._closed.set()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _receive(self) -> MutableMapping[str, Any]:
        if not self._sent:
            self._sent = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        if self._task is None:
            return {"type": "http.disconnect"}
        await self._closed.wait()
        return {"type": "http.disconnect"}


def _scope(
    method: str, path: str, headers: Mapping[str, str], client: tuple[str, int], body: bytes
) -> MutableMapping[str, Any]:
    path, _, query = quote(path, safe=AS_IT_IS).partition("?")
    sent = [(name.lower().encode(), value.encode()) for name, value in headers.items() if name != FORWARDED]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [*sent, (b"host", HOST), (b"content-length", str(len(body)).encode())],
        "client": client,
        "server": ("127.0.0.1", 80),
    }
