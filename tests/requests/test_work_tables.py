"""The list of work as CSV and as a spreadsheet: rows of the list, headings in six languages, and no formulas."""

import csv
import io
from typing import Any

import openpyxl
import pytest

from contracts import reference
from contracts.values import Language
from services.requests.clock.model import Step
from services.requests.request.values import Priority, Status
from services.requests.work import api as work_api
from services.requests.work.views import COLUMNS
from tests.builders import headers
from tests.requests.steps import COORDINATOR, KENYA, NORWAY, Client, filed, opened

FORMULA = '=HYPERLINK("http://evil.example";"Fictitious sample")'


async def rows(api: Client, by: str = COORDINATOR, **asked: Any) -> list[list[str]]:
    answer = await api.get("/v1/work.csv", params=asked, headers=headers(by))
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def cells(api: Client, by: str = COORDINATOR, **asked: Any) -> list[list[Any]]:
    answer = await api.get("/v1/work.xlsx", params=asked, headers=headers(by))
    assert answer.status_code == 200, answer.text
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


async def test_table_has_the_rows_of_the_list_in_its_order(api: Client) -> None:
    for _ in range(2):
        await filed(api)
    asked = {"sort": "since", "step": "triage"}
    listed = (await api.get("/v1/work", params=asked, headers=headers(COORDINATOR))).json()["work"]
    headings, *found = await rows(api, **asked)
    shown = [dict(zip(COLUMNS, row, strict=True)) for row in found]
    assert [one["request_id"] for one in shown] == [one["request_id"] for one in listed]
    assert headings[:2] == ["Reference", "Title"]
    first, item = shown[0], listed[0]
    assert (first["title"], first["state"], first["step"], first["status"], first["overdue"]) == (
        item["title"], "Kenya", "Triage", "Submitted", "No",
    )  # fmt: skip
    assert first["since"][:19] == item["since"][:19]
    assert [row[:9] for row in await cells(api, **asked)][1][:8] == [value or None for value in found[0][:8]]


@pytest.mark.parametrize("language", list(Language))
async def test_headings_and_labels_are_in_the_language_asked_for(api: Client, language: Language) -> None:
    await filed(api)
    headings, *found = await rows(api, language=language, step="acknowledge")
    words = reference.work_table()
    assert headings == [words[f"column:{name}"].label(language) for name in COLUMNS]
    assert words["step:acknowledge"].label(language) in found[0]
    assert (await cells(api, language=language))[0] == headings


def test_every_value_has_a_label_in_six_languages() -> None:
    roles = ("focal_point", "coordinator", "provider_officer")
    values = {f"{name}:{code}" for name, codes in (
        ("column", COLUMNS), ("step", Step), ("status", Status), ("priority", Priority), ("role", roles),
    ) for code in codes}  # fmt: skip
    assert values == set(reference.work_table())
    assert all(set(term.labels) == set(Language) for term in reference.work_table().values())


async def test_titles_are_never_formulas(api: Client) -> None:
    await filed(api, title=FORMULA)
    title = list(COLUMNS).index("title")
    assert (await rows(api))[1][title] == "'" + FORMULA
    assert (await cells(api))[1][title] == FORMULA
    answer = await api.get("/v1/work.xlsx", headers=headers(COORDINATOR))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert sheet.cell(2, title + 1).data_type == "s"


async def test_table_shows_no_more_than_the_list(api: Client) -> None:
    await opened(api)
    assert len(await rows(api, KENYA)) == len(await rows(api, NORWAY)) == 1
    shown = dict(zip(COLUMNS, (await rows(api, KENYA, waiting_for="others"))[1], strict=True))
    assert shown["title"] == "Canary-title"


async def test_longer_table_is_refused(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await filed(api)
    monkeypatch.setattr(work_api, "TABLE_ROWS_MAX", 1)
    for path in ("/v1/work.csv", "/v1/work.xlsx"):
        refused = await api.get(path, headers=headers(COORDINATOR))
        assert (refused.status_code, refused.json()["slug"]) == (422, "work-table-too-long")
        assert (await api.get(path, params={"step": "triage"}, headers=headers(COORDINATOR))).status_code == 200
