"""Spreadsheets as people would make them, and their upload."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import xlsxwriter

from tests.builders import headers

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    """Return a workbook with dates as date cells; a text that begins with `=` is a formula."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for position, cell in enumerate(row):
                sheet.write(number, position, cell)
    return file.getvalue()


def csv(rows: Sequence[Sequence[Any]], separator: str = ",", encoding: str = "utf-8") -> bytes:
    return "\r\n".join(separator.join(str(cell) for cell in row) for row in rows).encode(encoding)


async def sent(
    api: httpx.AsyncClient,
    path: str,
    content: bytes,
    by: str,
    *,
    key: str | None = None,
    language: str = "en",
    name: str = "Table.xlsx",
    media_type: str = XLSX,
    **query: Any,
) -> httpx.Response:
    given = headers(by, key=key) | {"Content-Type": media_type, "File-Name": name, "Accept-Language": language}
    return await api.post(path, content=content, headers=given, params=query)


def said(answer: httpx.Response) -> list[tuple[int, str, list[tuple[str | None, str]]]]:
    """Return each row's number and outcome, and the column and slug of each of its reasons."""
    return [
        (one["row"], one["outcome"], [(reason.get("column"), reason["slug"]) for reason in one["reasons"]])
        for one in answer.json()["outcomes"]
    ]


def reason(answer: httpx.Response, row: int) -> Mapping[str, Any]:
    """Return the only reason of a row."""
    (found,) = next(one["reasons"] for one in answer.json()["outcomes"] if one["row"] == row)
    return dict(found)
