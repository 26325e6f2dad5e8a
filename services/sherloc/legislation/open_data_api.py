"""The register of legislation as open data: what is on SHERLOC, which everybody reads there."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get

from chassis.db.database import Tx
from chassis.http.application import Db
from chassis.sheets.open_files import OPEN_FILE, OpenFiles, Row
from contracts.reference.open_data import DataFormat
from services.sherloc.legislation import store
from services.sherloc.legislation.model import Legislation, LegislationTexts

RECORDS_MAX = 30_000
"""More than all States have articles."""

_COLUMNS = ("legislation_id", "state", "instrument", "article", "status", "language", "in_force_on")
_TIMES = ("published_at", "last_verified_at")
_NO_TEXTS = LegislationTexts()


async def _rows(tx: Tx) -> Sequence[Row]:
    found = await store.public(tx, limit=RECORDS_MAX)
    texts = await store.texts_of(tx, [(one.legislation_id, one.texts_revision) for one in found])
    return [_row(one, texts.get((one.legislation_id, one.texts_revision), _NO_TEXTS)) for one in found]


def _row(one: Legislation, texts: LegislationTexts) -> Row:
    """Without who verified it, comments and reasons."""
    words = {name: getattr(texts, name) for name in LegislationTexts.__struct_fields__}
    return {name: getattr(one, name) for name in (*_COLUMNS, *_TIMES)} | words


FILES = OpenFiles("legislation", _rows)


@get(
    "/v1/public/legislation.csv",
    opt=OPEN_FILE,
    media_type=DataFormat.CSV.media_type,
    summary="The register of legislation as published, as CSV",
)
async def public_legislation_as_csv(db: Db, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Open data: the records, by State and article, that are on SHERLOC and up to date."""
    return await FILES.answer(db, request, DataFormat.CSV)


@get(
    "/v1/public/legislation.jsonl",
    opt=OPEN_FILE,
    media_type=DataFormat.JSONL.media_type,
    summary="The register of legislation as published, as JSON Lines",
)
async def public_legislation_as_json_lines(db: Db, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Open data: as the CSV file, a record in each line."""
    return await FILES.answer(db, request, DataFormat.JSONL)


ROUTES = [public_legislation_as_csv, public_legislation_as_json_lines]
