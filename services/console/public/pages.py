"""Published records, for everybody: offerings, summaries of requests, funding, figures; cached, without a session."""

import csv
import io
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from chassis import clock
from services.console.client import ApiClient, Problem
from services.console.downloads import as_download
from services.console.fields import FormError
from services.console.figures import counted_figures
from services.console.figures import pages as figure_pages
from services.console.funds.figures import terms_of
from services.console.page import FOR_EVERYBODY, CurrentPage, Page, browser_address
from services.console.public import funding
from services.console.public.copies import BROWSER_SECONDS, Copy

LIST_LENGTH = 20
NEWEST = 3
PICTURES = (("offerings", "topic"), ("offerings", "kind"), ("requests", "region"))
"""The figures that are drawn above the list of all, with the code by which they are counted."""

CACHED = f"public, max-age={BROWSER_SECONDS}, must-revalidate"
CSV = "text/csv"
FORMATS = {"csv": "CSV", "jsonl": "JSON Lines"}
REGIONS: Sequence[str] = ("african", "asia_pacific", "eastern_european", "grulac", "weog")


@get("/{language:str}/public", opt=FOR_EVERYBODY)
async def show_overview(page: CurrentPage) -> Response[bytes]:
    offerings = await _copy(page, "/v1/public/offerings", limit=LIST_LENGTH)
    requests = await _copy(page, "/v1/public/requests", limit=LIST_LENGTH)
    funds = await _copy(page, "/v1/public/funds")
    return _render(
        page,
        "public/overview.html",
        (offerings, requests, funds),
        offerings=offerings.body["offerings"][:NEWEST],
        requests=requests.body["requests"][:NEWEST],
        total=funding.total(funds.body["funds"]),
    )


@get("/{language:str}/public/offerings", opt=FOR_EVERYBODY)
async def list_offerings(page: CurrentPage) -> Response[bytes]:
    names = ("kind", "topic", "region", "delivery_language")
    query = {name: page.asked(name) for name in names if page.asked(name)}
    found = await _copy(page, "/v1/public/offerings", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return _render(page, "public/offerings.html", (found,), found=found.body, query=query, regions=REGIONS)


@get("/{language:str}/public/offerings/{offering_id:uuid}", opt=FOR_EVERYBODY)
async def show_offering(page: CurrentPage, offering_id: FromPath[UUID]) -> Response[bytes]:
    found = await _copy(page, f"/v1/public/offerings/{offering_id}")
    return _render(page, "public/offering.html", (found,), offering=found.body)


@get("/{language:str}/public/requests", opt=FOR_EVERYBODY)
async def list_requests(page: CurrentPage) -> Response[bytes]:
    query = {"state": page.asked("state")} if page.asked("state") else {}
    found = await _copy(page, "/v1/public/requests", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return _render(page, "public/requests.html", (found,), found=found.body, query=query)


@get("/{language:str}/public/requests/{request_id:uuid}", opt=FOR_EVERYBODY)
async def show_request(page: CurrentPage, request_id: FromPath[UUID]) -> Response[bytes]:
    """Show the summary in the reader's language if the State published it, and beside it the source."""
    found = await _copy(page, f"/v1/public/requests/{request_id}")
    return _render(page, "public/request.html", (found,), request=found.body)


@get("/{language:str}/public/funding", opt=FOR_EVERYBODY)
async def show_funding(page: CurrentPage) -> Response[bytes]:
    found = await _copy(page, "/v1/public/funds")
    funds = found.body["funds"]
    pictures = [funding.picture(fund, page.language) for fund in funds]
    return _render(
        page,
        "public/funding.html",
        (found,),
        funds=funds,
        pictures=list(zip(funds, map(terms_of, funds), pictures, strict=True)),
        total=funding.total(funds),
        years=funding.years(funds),
        as_of=next((one["as_of"] for one in funds if one["as_of"]), None),
        opened=[one["labels"][page.language] for one in funds if not one["as_of"]],
    )


@get("/{language:str}/public/funding.csv", opt=FOR_EVERYBODY)
async def download_funding(page: CurrentPage) -> Response[bytes]:
    found = await _copy(page, "/v1/public/funds")
    return _download(page, funding.table(found.body["funds"], page.language))


@get("/{language:str}/public/figures", opt=FOR_EVERYBODY)
async def show_figures(page: CurrentPage) -> Response[bytes]:
    copies = [await _copy(page, f"/v1/public/figures/{name}", by=by) for name, by in PICTURES]
    return _render(
        page,
        "public/figures.html",
        copies,
        as_of=copies[0].body["as_of"],
        public_rule=counted_figures.PUBLIC,
        pictures=[
            (of, counted_figures.picture_of(one.body, page.language))
            for of, one in zip(PICTURES, copies, strict=True)
            if one.body["cells"]
        ],
        groups=counted_figures.listed(page.language, money=False, desk=False),
    )


@get("/{language:str}/public/figures/{name:str}", opt=FOR_EVERYBODY)
async def show_figure(page: CurrentPage, name: FromPath[str]) -> Response[bytes]:
    """Show a figure by a code, as of the end of a month."""
    path, query = f"/v1/public/figures/{name}", _of_figure(page)
    errors: tuple[FormError, ...] = ()
    try:
        copy = await _copy(page, path, **query)
    except Problem as problem:
        if problem.status != figure_pages.INVALID or not query:
            raise
        copy, query, errors = await _copy(page, path), {}, figure_pages.refused(problem)
    return _render(
        page,
        "public/figure.html",
        (copy,),
        status=figure_pages.INVALID if errors else 200,
        found=copy.body,
        query=query,
        errors=errors,
        **figure_pages.template_values(copy.body, page.language),
    )


@get("/{language:str}/public/figures/{name:str}/{file:str}", opt=FOR_EVERYBODY)
async def download_figure(page: CurrentPage, name: FromPath[str], file: FromPath[str]) -> Response[bytes]:
    """Return the table or the picture of a figure; the last copy if the API does not answer."""
    of, query = figure_pages.file_of(file)
    api, path = _anonymous(page), f"/v1/public/figures/{name}/{of}"
    wanted = {**query, **_of_figure(page), "language": page.language}
    key = (path, tuple(sorted(wanted.items())))
    copy = await page.console.copies.get(path, key, lambda: api.download(path, **wanted), now=clock.now())
    return _cached(page, as_download(copy.body))


def _of_figure(page: Page) -> dict[str, str]:
    return {"by": page.asked("by")} if page.asked("by") else {}


@get("/{language:str}/public/open-data", opt=FOR_EVERYBODY)
async def show_open_data(page: CurrentPage) -> Response[bytes]:
    """List the datasets with their files, which the API serves without a token."""
    found = await _copy(page, "/v1/public/datasets")
    return _render(page, "public/open_data.html", (found,), **found.body, names=FORMATS)


async def _copy(page: Page, path: str, **query: object) -> Copy:
    """Return the copy of what the API answers everybody, in the reader's language."""
    api = _anonymous(page)
    key = (path, page.language, tuple(sorted((name, str(value)) for name, value in query.items())))
    return await page.console.copies.get(path, key, lambda: api.get(path, **query), now=clock.now())


def _anonymous(page: Page) -> ApiClient:
    """Return a client without the reader's token, since a copy is for everybody."""
    address = browser_address(page.request, page.console.settings.trusted_proxies)
    return ApiClient(page.console.http, language=page.language, address=address)


def _render(page: Page, template: str, copies: Sequence[Copy], *, status: int = 200, **context: Any) -> Response[bytes]:
    old = [copy.at for copy in copies if copy.is_old]
    return _cached(page, page.render(template, status=status, old=min(old).isoformat() if old else None, **context))


def _download(page: Page, rows: Sequence[Sequence[object]]) -> Response[bytes]:
    """Return a table as CSV. It consists of labels and numbers of the console, without any text that a person wrote."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    # Without the byte order mark, spreadsheet programs take the file for another encoding.
    return _cached(page, page.answer(b"\xef\xbb\xbf" + text.getvalue().encode(), media_type=CSV))


def _cached(page: Page, answer: Response[bytes]) -> Response[bytes]:
    """Let all caches store an answer, unless a person is signed in: then the page's head names them."""
    if page.console.session_cookie not in page.request.cookies:
        answer.headers["Cache-Control"] = CACHED
        answer.cookies.clear()
    return answer


ROUTES = (
    show_overview,
    list_offerings,
    show_offering,
    list_requests,
    show_request,
    show_funding,
    download_funding,
    show_figures,
    show_open_data,
    show_figure,
    download_figure,
)
