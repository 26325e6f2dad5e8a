"""Files for download: those of the API, fetched with the person's own token, and tables as CSV."""

import csv
from collections.abc import Sequence
from io import StringIO

import httpx
from litestar import Response

KEPT = ("content-disposition", "content-language")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_download(answer: httpx.Response, name: str = "") -> Response[bytes]:
    """Return a file of the API unchanged, to be saved under `name` unless the API names it."""
    headers = {kept: answer.headers[kept] for kept in KEPT if kept in answer.headers}
    # The parameter `charset` is removed, because the framework adds it to texts.
    media_type = answer.headers.get("content-type", "application/octet-stream").partition(";")[0]
    if name:
        headers.setdefault("content-disposition", f'attachment; filename="{name}"')
    return Response(answer.content, headers={**headers, "Cache-Control": "no-store"}, media_type=media_type)


def csv_file(name: str, rows: Sequence[Sequence[object]]) -> Response[bytes]:
    """Return a table as CSV (RFC 4180), with the byte order mark by which spreadsheets recognize UTF-8."""
    text = StringIO()
    csv.writer(text).writerows([_cell(cell) for cell in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(b"\xef\xbb\xbf" + text.getvalue().encode(), headers=headers, media_type="text/csv")


def _cell(cell: object) -> object:
    """Return the cell with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
