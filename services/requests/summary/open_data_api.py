"""The public summaries as open data: a row for each request and language."""

from collections.abc import Iterator, Sequence
from typing import Any

from litestar import Request, Response, get

from chassis.db.database import Tx
from chassis.http.application import Db
from chassis.sheets.open_files import OPEN_FILE, RECORDS_MAX, OpenFiles, Row
from contracts.reference.open_data import DataFormat
from services.requests.summary import store as summary_store
from services.requests.summary.store import Published
from services.requests.summary.views import public_view, translations_of


async def _rows(tx: Tx) -> Sequence[Row]:
    found = await summary_store.page(tx, state=None, before=None, limit=RECORDS_MAX)
    return [row for one in found for row in _of_request(one)]


def _of_request(published: Published) -> Iterator[Row]:
    """Yield the rows of a summary, the original first."""
    source = public_view(published, None)
    ids: Row = {"request_id": source.request_id, "state": source.state}
    original: Row = {"translated_from": None, "translated_by": None, "stale": False}
    yield {**ids, "language": source.language, **original, "title": source.title, "body": source.body}
    for one in translations_of(published):
        origin: Row = {"translated_from": one.source_language, "translated_by": one.made_by, "stale": one.stale}
        yield {**ids, "language": one.language, **origin, "title": one.title, "body": one.body}


FILES = OpenFiles("requests", _rows)


@get(
    "/v1/public/requests.csv",
    opt=OPEN_FILE,
    media_type=DataFormat.CSV.media_type,
    summary="Public summaries of requests, as CSV",
)
async def public_requests_as_csv(db: Db, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Open data: lists the newest 5,000 requests with a public summary, one row for each of its languages."""
    return await FILES.answer(db, request, DataFormat.CSV)


@get(
    "/v1/public/requests.jsonl",
    opt=OPEN_FILE,
    media_type=DataFormat.JSONL.media_type,
    summary="Public summaries of requests, as JSON Lines",
)
async def public_requests_as_json_lines(db: Db, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Open data: the same content as the CSV file, one record in each line."""
    return await FILES.answer(db, request, DataFormat.JSONL)


ROUTES = [public_requests_as_csv, public_requests_as_json_lines]
