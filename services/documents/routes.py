"""Where the documents are read: by programs as JSON, by people as pages that need no script."""

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.di import NamedDependency

from chassis.http import PUBLIC
from chassis.service import Running
from services.documents.asyncapi import asyncapi
from services.documents.kept import kept_examples
from services.documents.openapi import openapi
from services.documents.pages import api_page, events_page

CACHED = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Encoding"}
HTML = "text/html"
CSS = "text/css"
STYLE = Path(__file__).parent / "style.css"


@get("/openapi.json", opt=PUBLIC, tags=["documents"], summary="This interface as OpenAPI 3.1")
async def show_openapi(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    return _answer(request, "application/json", _openapi_json)


@get("/asyncapi.json", opt=PUBLIC, tags=["documents"], summary="The facts as AsyncAPI 3.0")
async def show_asyncapi(
    request: Request[Any, Any, Any], running: NamedDependency[Sequence[Running]]
) -> Response[dict[str, Any]]:
    return _answer(request, "application/json", lambda app: msgspec.json.encode(_asyncapi(app, running)))


@get("/docs", opt=PUBLIC, include_in_schema=False)
async def show_api_page(request: Request[Any, Any, Any]) -> Response[Any]:
    return _answer(request, HTML, lambda app: api_page(openapi(app)).encode())


@get("/docs/events", opt=PUBLIC, include_in_schema=False)
async def show_events_page(
    request: Request[Any, Any, Any], running: NamedDependency[Sequence[Running]]
) -> Response[Any]:
    return _answer(request, HTML, lambda app: events_page(_asyncapi(app, running)).encode())


@get("/docs/style.css", opt=PUBLIC, include_in_schema=False)
async def show_style(request: Request[Any, Any, Any]) -> Response[Any]:
    return _answer(request, CSS, lambda _app: STYLE.read_bytes())


def _openapi_json(app: Litestar) -> bytes:
    return msgspec.json.encode(openapi(app))


def _asyncapi(app: Litestar, running: NamedDependency[Sequence[Running]]) -> dict[str, Any]:
    return asyncapi([one.service for one in running], version=app.state.version, examples=kept_examples())


def _answer(request: Request[Any, Any, Any], media_type: str, make: Callable[[Litestar], bytes]) -> Response[Any]:
    """A document, made when first asked for and kept with the application; compressed for those who can read that."""
    name = f"document {request.url.path}"
    kept = cast("tuple[bytes, bytes] | None", request.app.state.get(name))
    if kept is None:
        body = make(request.app)
        kept = request.app.state[name] = (body, gzip.compress(body, mtime=0))
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return Response(kept[1], media_type=media_type, headers=CACHED | {"Content-Encoding": "gzip"})
    return Response(kept[0], media_type=media_type, headers=CACHED)


ROUTES = [show_openapi, show_asyncapi, show_api_page, show_events_page, show_style]
