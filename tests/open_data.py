"""Files of open data as everybody reads them, without a token."""

import csv
import hashlib
import io
import json
from typing import Any

import httpx

from contracts.reference.open_data import datasets


async def records(api: httpx.AsyncClient, name: str) -> list[dict[str, Any]]:
    """Return a dataset's records from its JSON Lines. Check that the CSV has the same, in the described columns."""
    lines = await api.get(f"/v1/public/{name}.jsonl")
    assert lines.status_code == 200, lines.text
    found = [json.loads(line) for line in lines.content.splitlines()]
    file = await api.get(f"/v1/public/{name}.csv")
    table = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))
    assert [column.name for column in datasets()[name].columns] == table[0]
    assert [[_reported(value) for value in row.values()] for row in found] == table[1:]
    for answer in (lines, file):
        assert f'"{hashlib.sha256(answer.content).hexdigest()}"' == answer.headers["ETag"]
        assert "public, max-age=5, must-revalidate" == answer.headers["Cache-Control"]
    return found


def _reported(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return "; ".join(value)
        case str() if value.endswith("Z") and "T" in value:
            return value[:19] + "Z"
    return str(value)
