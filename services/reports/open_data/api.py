"""Routes of open data: its datasets, their catalogue as DCAT, and the monthly issue of the public figures."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get

from chassis.db.database import Tx
from chassis.http.application import PUBLIC, PUBLISHED, Db
from chassis.http.edge import header
from chassis.http.negotiation import JSON_LD, TURTLE, prefers_json
from chassis.http.pages import Part
from chassis.sheets.open_files import OPEN_FILE, OpenFiles, Row
from contracts.reference.open_data import DataFormat, open_data
from services.reports.dependencies import Owned
from services.reports.open_data import catalogue, store
from services.reports.open_data.views import DatasetList, dataset_list


@get("/v1/public/datasets", opt=PUBLIC, summary="The datasets of open data")
async def list_datasets(db: Db, part: Part) -> Response[DatasetList]:
    """Each dataset has a description, its columns, and the addresses of its files as CSV and JSON Lines."""
    # There is no caller; the list contains no records.
    async with db.transaction(by=None, snapshot=True) as tx:
        return Response(part.of(await dataset_list(tx)), headers=PUBLISHED)


@get(
    "/v1/public/catalogue",
    opt=PUBLIC | {"also": {JSON_LD: {"type": "object"}}},
    media_type=TURTLE,
    summary="The catalogue of open data as DCAT",
)
async def show_catalogue(db: Db, own: Owned, request: Request[Any, Any, Any]) -> Response[str]:
    """Describes the datasets in DCAT 3 with the terms of DCAT-AP: their columns, sizes and SHA-256.

    The format is Turtle, or JSON-LD if `Accept` prefers `application/ld+json` (or `application/json`).
    """
    async with db.transaction(by=None, snapshot=True) as tx:
        files = await store.files(tx)
    wants_json = prefers_json(header(request.scope, "Accept") or "")
    written = (catalogue.json_ld if wants_json else catalogue.turtle)(open_data(), files, own.site)
    return Response(written, media_type=JSON_LD if wants_json else TURTLE, headers=PUBLISHED | {"Vary": "Accept"})


async def _rows(tx: Tx) -> Sequence[Row]:
    newest = await store.newest(tx)
    return [msgspec.structs.asdict(one) for one in newest.rows] if newest else []


FILES = OpenFiles("figures", _rows)


@get(
    "/v1/public/figures.csv",
    opt=OPEN_FILE,
    media_type=DataFormat.CSV.media_type,
    summary="The monthly issue of the public figures, as CSV",
)
async def public_figures_as_csv(db: Db, request: Request[Any, Any, Any]) -> Response[bytes]:
    """The newest issue of open data, as of the end of a month, with the numbers that the public may see."""
    return await FILES.answer(db, request, DataFormat.CSV)


@get(
    "/v1/public/figures.jsonl",
    opt=OPEN_FILE,
    media_type=DataFormat.JSONL.media_type,
    summary="The monthly issue of the public figures, as JSON Lines",
)
async def public_figures_as_json_lines(db: Db, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Like the CSV file, with one record in each line."""
    return await FILES.answer(db, request, DataFormat.JSONL)


ROUTES = [list_datasets, show_catalogue, public_figures_as_csv, public_figures_as_json_lines]
