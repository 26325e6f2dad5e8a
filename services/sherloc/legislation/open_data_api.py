"""The register of legislation as open data: the records on SHERLOC, which are public there."""

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
"""Maximum number of records in a file; greater than the number of articles of all States."""

_COLUMNS = ("legislation_id", "state", "instrument", "article", "status", "language", "in_force_on")
_TIMES = ("published_at", "last_verified_at")
_NO_TEXTS = LegislationTexts()


async def _rows(tx: Tx) -> Sequence[Row]:
    found = await store.public(tx, limit=RECORDS_MAX)
    texts = await store.texts_of(tx, [(one.legislation_id, one.texts_revision) for one in found])
    return [_row(one, texts.get((one.legislation_id, one.texts_revision), _NO_TEXTS)) for one in found]


def _row(one: Legislation, texts: LegislationTexts) -> Row:
    """Convert a record into a row without comments, reasons and who verified it."""
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
    """Open data: the records on SHERLOC, by State and article; `outdated` while another version is prepared."""
    return await FILES.answer(db, request, DataFormat.CSV)


@get(
    "/v1/public/legislation.jsonl",
    opt=OPEN_FILE,
    media_type=DataFormat.JSONL.media_type,
    summary="The register of legislation as published, as JSON Lines",
)
async def public_legislation_as_json_lines(db: Db, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Open data: the records of the CSV file, one in each line."""
    return await FILES.answer(db, request, DataFormat.JSONL)


ROUTES = [public_legislation_as_csv, public_legislation_as_json_lines]
