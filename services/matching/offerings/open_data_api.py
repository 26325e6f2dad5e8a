"""The public catalogue of offerings as open data."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get

from chassis.db.database import Tx
from chassis.http.application import Db
from chassis.sheets.open_files import OPEN_FILE, RECORDS_MAX, OpenFiles, Row
from contracts.reference.open_data import DataFormat
from services.matching.offerings import publication_store
from services.matching.offerings.publication_store import Published


async def _rows(tx: Tx) -> Sequence[Row]:
    anything = {"kind": None, "topic": None, "delivery_language": None, "region": None, "before": None}
    return [_row(one) for one in await publication_store.page(tx, **anything, limit=RECORDS_MAX)]


def _row(published: Published) -> Row:
    offering = published.offering
    assert offering.publication is not None, "a published offering has a publication"
    return {
        "offering_id": offering.offering_id,
        "provider": offering.provider,
        "language": offering.publication.language,
        "title": published.texts.title,
        "summary": published.texts.summary,
        "kinds": offering.terms.kinds,
        "topics": offering.terms.topics,
        "languages": offering.terms.languages,
        "interpretation": offering.terms.interpretation,
        "modalities": offering.terms.modalities,
        "regions": offering.terms.eligible.regions,
        "valid_from": offering.terms.valid.starts,
        "valid_until": offering.terms.valid.ends,
    }


FILES = OpenFiles("offerings", _rows)


@get(
    "/v1/public/offerings.csv",
    opt=OPEN_FILE,
    media_type=DataFormat.CSV.media_type,
    summary="The public catalogue of offerings, as CSV",
)
async def public_offerings_as_csv(db: Db, request: Request[Any, Any, Any]) -> Response[bytes]:
    """The file has the newest 5,000 offerings in the catalogue, with the text that their providers published."""
    return await FILES.answer(db, request, DataFormat.CSV)


@get(
    "/v1/public/offerings.jsonl",
    opt=OPEN_FILE,
    media_type=DataFormat.JSONL.media_type,
    summary="The public catalogue of offerings, as JSON Lines",
)
async def public_offerings_as_json_lines(db: Db, request: Request[Any, Any, Any]) -> Response[bytes]:
    """The file has the same records as the CSV file, one in each line."""
    return await FILES.answer(db, request, DataFormat.JSONL)


ROUTES = [public_offerings_as_csv, public_offerings_as_json_lines]
