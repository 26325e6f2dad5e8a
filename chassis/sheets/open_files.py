"""Files of open data: all public records of a dataset, as CSV or as JSON Lines."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response

from chassis.concurrency import Places
from chassis.db.database import Database, Tx
from chassis.http.answer import CLOSED
from chassis.http.application import PUBLIC, PUBLISHED
from chassis.http.downloads import disposition
from chassis.http.edge import header
from chassis.sheets.tables import Cell, Table, csv_of
from chassis.telemetry import origin
from contracts.reference.open_data import DataFormat, Dataset, datasets
from contracts.values import Language

RECORDS_MAX = 5_000
"""Maximum number of records in a file, which has the newest ones."""

AT_ONCE_MAX = 2
OF_ONE_ADDRESS_WAITING_MAX, WAITING_MAX, WAIT_SECONDS = 3, 50, 10.0
OPEN_FILE = PUBLIC | {"etag": True}
"""The `opt` of the routes: no token, and an ETag, which is the hash of the file."""

Value = str | int | bool | UUID | date | datetime | Sequence[str] | None
Row = Mapping[str, Value]


class OpenFiles:
    """The files of a dataset, made from its rows at each call, at most two at a time in a process.

    An address has one at a time, so that it cannot keep others from their files.
    """

    def __init__(self, dataset: str, rows: Callable[[Tx], Awaitable[Sequence[Row]]]) -> None:
        """Create the files. `rows` reads the public records, without a caller."""
        self._dataset = dataset
        self._rows = rows
        self._places = Places(
            at_once=AT_ONCE_MAX,
            waiting_each=OF_ONE_ADDRESS_WAITING_MAX,
            waiting_max=WAITING_MAX,
            wait_seconds=WAIT_SECONDS,
            slug="too-many-requests",
        )

    async def answer(self, db: Database, request: Request[Any, Any, Any], of: DataFormat) -> Response[bytes]:
        """Return the file; 304 for a caller who has it. Raises Excessive or Unavailable if too many calls wait."""
        dataset = datasets()[self._dataset]
        async with self._places.place(origin() or ""):
            # There is no caller, because the statement selects only public records.
            async with db.transaction(by=None, snapshot=True) as tx:
                rows = await self._rows(tx)
            # In a thread, because it would block the event loop.
            content = await asyncio.to_thread(written, dataset, rows, of)
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        headers = {"ETag": etag} | PUBLISHED
        if _has(request, etag):
            return Response(b"", status_code=304, headers=headers)
        headers |= {
            "Content-Disposition": disposition(f"{dataset.name}.{of}"),
            "Content-Security-Policy": CLOSED.decode() + "; sandbox",
        }
        return Response(content, media_type=of.media_type, headers=headers)


def written(dataset: Dataset, rows: Sequence[Row], of: DataFormat) -> bytes:
    """The rows in the columns of their dataset; the same bytes for the same rows."""
    names = [column.name for column in dataset.columns]
    for row in rows:
        assert row.keys() == set(names), f"the columns of {dataset.name} must be those of its description"
    if of is DataFormat.JSONL:
        return b"".join(msgspec.json.encode({name: row[name] for name in names}) + b"\n" for row in rows)
    cells = [[_cell(row[name]) for name in names] for row in rows]
    return csv_of(Table(name=dataset.name, language=Language.EN, headings=names, rows=cells))


def _cell(value: Value) -> Cell:
    match value:
        case bool():
            return "true" if value else "false"
        case None | str() | int() | datetime():
            return value
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            return "; ".join(value)


def _has(request: Request[Any, Any, Any], etag: str) -> bool:
    """Check whether the caller has this file (RFC 9110, 13.1.2)."""
    asked = header(request.scope, "If-None-Match") or ""
    return asked.strip() == "*" or etag in [one.strip().removeprefix("W/") for one in asked.split(",")]
