"""Routes of the documents: JSON for programs, and pages without scripts for people."""

import asyncio
import gzip
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

import contracts
from chassis.http.application import PUBLIC
from chassis.service import Service
from contracts.refusals import Missing
from services.documents.layout import PROBLEMS
from services.documents.pages import api_pages, event_pages
from services.documents.problems_page import problem_page, problems_page

SCHEMAS = Path(contracts.__file__).parent / "schemas"
CACHED = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Encoding", "Content-Language": "en"}
HTML = "text/html"
CSS = "text/css"
Encoded: TypeAlias = tuple[bytes, bytes]
"""A body, plain and compressed."""
Made = TypeVar("Made")
STYLE = Path(__file__).parent / "style.css"


@get("/openapi.json", opt=PUBLIC, tags=["documents"], summary="The OpenAPI 3.1 document")
async def show_openapi(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """Returns the document of all services, whichever process answers."""
    return await _answer(request, "application/json", lambda: _committed("openapi"))


@get("/asyncapi.json", opt=PUBLIC, tags=["documents"], summary="The AsyncAPI 3.0 document")
async def show_asyncapi(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    return await _answer(request, "application/json", lambda: _committed("asyncapi"))


@get(
    ["/docs", "/docs/api/{group:str}", "/docs/shapes", "/docs/shapes/{group:str}"],
    opt=PUBLIC,
    include_in_schema=False,
)
async def show_api_page(request: Request[Any, Any, Any]) -> Response[Any]:
    return await _page(request, "pages of the API", lambda: api_pages(_read("openapi")))


@get(
    ["/docs/events", "/docs/events/of/{group:str}", "/docs/events/shapes", "/docs/events/shapes/{group:str}"],
    opt=PUBLIC,
    include_in_schema=False,
)
async def show_events_page(request: Request[Any, Any, Any]) -> Response[Any]:
    return await _page(request, "pages of the facts", lambda: event_pages(_read("asyncapi")))


@get(PROBLEMS, opt=PUBLIC, include_in_schema=False)
async def show_problems_page(request: Request[Any, Any, Any]) -> Response[Any]:
    return await _answer(request, HTML, lambda: problems_page().encode())


@get(f"{PROBLEMS}/{{slug:str}}", opt=PUBLIC, include_in_schema=False)
async def show_problem_page(request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[Any]:
    """Show the page to which `type` of a problem document leads. Raises Missing for an unknown slug."""
    page = problem_page(slug)
    if page is None:
        raise Missing("not-found")
    return _response(request, HTML, _encoded(page.encode()))


@get("/docs/style.css", opt=PUBLIC, include_in_schema=False)
async def show_style(request: Request[Any, Any, Any]) -> Response[Any]:
    return await _answer(request, CSS, STYLE.read_bytes)


def _committed(name: str) -> bytes:
    """Return a committed document, of all services; `entraide schemas --check` compares it with the code."""
    return (SCHEMAS / f"{name}.json").read_bytes()


def _read(name: str) -> dict[str, Any]:
    return msgspec.json.decode(_committed(name), type=dict[str, Any])


def _encoded(body: bytes) -> Encoded:
    return body, gzip.compress(body, mtime=0)


async def _page(request: Request[Any, Any, Any], name: str, make: Callable[[], Mapping[str, str]]) -> Response[Any]:
    """Answer with one of several pages that are made together. Raises Missing for an unknown path."""
    pages = await _once(request, name, lambda: {path: _encoded(page.encode()) for path, page in make().items()})
    if request.url.path not in pages:
        raise Missing("not-found")
    return _response(request, HTML, pages[request.url.path])


async def _answer(request: Request[Any, Any, Any], media_type: str, make: Callable[[], bytes]) -> Response[Any]:
    """Answer with the document of a fixed path."""
    document = await _once(request, f"document {request.url.path}", lambda: _encoded(make()))
    return _response(request, media_type, document)


async def _once(request: Request[Any, Any, Any], name: str, make: Callable[[], Made]) -> Made:
    """Return the result of `make`, created on first use and cached with the application."""
    state = request.app.state
    if state.get(name) is None:
        # Creation takes two seconds, so it is done once for concurrent requests, and in a thread.
        making = state.setdefault("documents", asyncio.Lock())
        async with making:
            if state.get(name) is None:
                state[name] = await asyncio.to_thread(make)
    return cast("Made", state[name])


def _response(request: Request[Any, Any, Any], media_type: str, document: Encoded) -> Response[Any]:
    """Return the document, compressed if the client accepts that."""
    plain, compressed = document
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return Response(compressed, media_type=media_type, headers=CACHED | {"Content-Encoding": "gzip"})
    return Response(plain, media_type=media_type, headers=CACHED)


def routes(services: Callable[[], Sequence[Service]]) -> list[HTTPRouteHandler]:
    """Return the routes; /docs/permissions covers all services, whichever process answers."""

    def permissions() -> bytes:
        # A process that runs one service imports the other services only when this page is read.
        from services.documents.permissions_page import permissions_page

        return permissions_page(services()).encode()

    @get("/docs/permissions", opt=PUBLIC, include_in_schema=False)
    async def show_permissions_page(request: Request[Any, Any, Any]) -> Response[Any]:
        return await _answer(request, HTML, permissions)

    return [
        show_openapi,
        show_asyncapi,
        show_api_page,
        show_events_page,
        show_permissions_page,
        show_problems_page,
        show_problem_page,
        show_style,
    ]
