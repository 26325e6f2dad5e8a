"""Requests from a spreadsheet: a dry run, the chosen rows in one transaction, each rejected row with its reasons."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from services.requests.wiring import SERVICE
from tests.builders import AHEAD, headers
from tests.clocks import TODAY
from tests.databases import connected
from tests.requests.steps import COORDINATOR, KENYA, Client
from tests.tables import csv, reason, said, sent, xlsx

PATH = "/v1/requests/import"
OFFICIAL = "KEN:official"
TITLES = ["request", "language", "title", "kind", "institution", "group_size", "languages", "modality"]
TITLES += ["window.from", "window.until", "topics", "outcome"]
FROM, UNTIL = date(AHEAD, 2, 1), date(AHEAD, 6, 30)
GOOD = ["", "en", "Canary-title", "training", "judiciary", 20, "en;fr", "remote", FROM, UNTIL, "human_rights", "Canary"]


def row(**changes: Any) -> list[Any]:
    return [changes.get(name.replace(".", "_"), cell) for name, cell in zip(TITLES, GOOD, strict=True)]


async def drafts(api: Client, by: str = KENYA) -> list[dict[str, Any]]:
    return list((await api.get("/v1/requests?status=draft", headers=headers(by))).json()["requests"])


async def read(api: Client, request_id: str, by: str = KENYA) -> dict[str, Any]:
    answer = await api.get(f"/v1/requests/{request_id}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_rows_with_one_key_become_one_draft(api: Client, database_url: str) -> None:
    later = row(request="A", language="", title="", kind="mentoring", group_size=5)
    table = xlsx([TITLES, row(request="A"), later, row()])

    answer = await sent(api, PATH, table, OFFICIAL)

    assert answer.status_code == 201, answer.text
    first, second, third = answer.json()["outcomes"]
    assert first["record_id"] == second["record_id"] != third["record_id"]
    assert (3, 0, 2) == tuple(answer.json()[name] for name in ("rows", "rejected", "records"))
    request = await read(api, first["record_id"])
    assert (request["status"], request["state"], request["title"]) == ("draft", "KEN", "Canary-title")
    lines = request["lines"]
    assert [(one["kind"], one["group_size"]) for one in lines] == [("training", 20), ("mentoring", 5)]
    assert lines[0]["window"] == {"from": FROM.isoformat(), "until": UNTIL.isoformat()}
    assert lines[0]["languages"] == ["en", "fr"]
    assert 2 == len(await drafts(api))
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_a_dry_run_stores_nothing(api: Client, databases: Mapping[str, Database]) -> None:
    answer = await sent(api, PATH, xlsx([TITLES, row(), row(kind="trainign")]), KENYA, dry_run=True)

    assert (200, None, True) == (answer.status_code, answer.json()["import_id"], answer.json()["dry_run"])
    assert said(answer) == [(2, "accepted", []), (3, "rejected", [("kind", "unknown-code")])]
    async with databases["requests"].transaction() as tx:
        for table in ("request", "request_text", "journal", "command"):
            assert 0 == await tx.fetchval(f"SELECT count(*) FROM {table}")


async def test_every_error_of_a_row_is_said_in_the_callers_language(api: Client) -> None:
    bad = row(kind="Formation spécialisé", group_size="many", window_from="31/12/2027", window_until="", topics="x; y")
    table = xlsx([TITLES, bad, row(language="de"), row(window_from=UNTIL, window_until=FROM), row(topics="=A1")])

    answer = await sent(api, PATH, table, KENYA, dry_run=True, language="fr")

    assert said(answer) == [
        (
            2,
            "rejected",
            [
                ("kind", "unknown-code"),
                ("window.from", "invalid-field"),
                ("topics", "unknown-code"),
                ("group_size", "invalid-field"),
            ],
        ),
        (3, "rejected", [("language", "unknown-code")]),
        (4, "rejected", [("window.from", "dates-reversed")]),
        (5, "rejected", [("topics", "cell-not-a-value")]),
    ]
    found = reason(answer, 3)
    assert found["explanation"] != found["slug"]
    assert found["allowed"] == ["ar", "en", "es", "fr", "ru", "zh"]
    assert reason(answer, 4)["explanation"].startswith("Les dates")


async def test_cells_without_a_title_are_not_ignored(api: Client) -> None:
    """Such a cell results from a text with an unquoted separator."""
    answer = await sent(api, PATH, csv([["language", "title"], ["en", "a", " b"]]), KENYA, dry_run=True)

    assert said(answer) == [(2, "rejected", [(None, "cell-without-title")])]


async def test_the_nearest_code_is_named(api: Client) -> None:
    rows = [row(kind="trainign"), row(institution="Autorité central"), row(topics="Mutual legal assistence")]

    answer = await sent(api, PATH, xlsx([TITLES, *rows]), KENYA, dry_run=True)

    nearest = [reason(answer, number)["nearest"] for number in (2, 3, 4)]
    assert nearest == ["training", "central_authority", "mutual_legal_assistance"]
    assert reason(answer, 2)["code_list"] == "/v1/reference/kinds"


async def test_all_is_refused_with_a_bad_row_and_the_good_ones_can_be_chosen(api: Client) -> None:
    table = xlsx([TITLES, row(title="one"), row(kind="x"), row(title="two"), row(title="three")])

    refused = await sent(api, PATH, table, KENYA)

    assert (422, "rows-rejected") == (refused.status_code, refused.json()["slug"])
    outcomes = refused.json()["details"]["report"]["outcomes"]
    assert [one["outcome"] for one in outcomes] == ["accepted", "rejected", "accepted", "accepted"]
    assert [] == await drafts(api)
    chosen = await sent(api, PATH, table, KENYA, rows="2,4-4")
    assert chosen.status_code == 201, chosen.text
    assert [outcome for _, outcome, _ in said(chosen)] == ["imported", "rejected", "imported", "left_out"]
    assert {"one", "two"} == {one["title"] for one in await drafts(api)}


@pytest.mark.parametrize(
    ("rows", "status", "slug"),
    [
        ("2-3", 422, "rows-rejected"),
        ("9", 400, "row-not-in-file"),
        ("1", 400, "row-not-in-file"),
        ("4", 400, "rows-not-whole"),
        ("two", 400, "invalid-request"),
    ],
)
async def test_a_choice_that_cannot_be_made_is_refused(api: Client, rows: str, status: int, slug: str) -> None:
    table = xlsx([TITLES, row(), row(kind="x"), row(request="A"), row(request="A")])

    answer = await sent(api, PATH, table, KENYA, rows=rows)

    assert (status, slug) == (answer.status_code, answer.json()["slug"])
    assert [] == await drafts(api)


async def test_an_error_rejects_all_rows_of_its_request(api: Client) -> None:
    rows = [row(request="A"), row(request="A", kind="x"), row(request="B"), row(request="B", title="another")]

    answer = await sent(api, PATH, xlsx([TITLES, *rows]), KENYA, dry_run=True)

    assert said(answer) == [
        (2, "rejected", [(None, "row-of-rejected-record")]),
        (3, "rejected", [("kind", "unknown-code")]),
        (4, "rejected", [(None, "row-of-rejected-record")]),
        (5, "rejected", [("title", "rows-contradict")]),
    ]


async def test_a_repeat_gives_the_recorded_answer(api: Client) -> None:
    table = xlsx([TITLES, row(), row(kind="x")])

    first = await sent(api, PATH, table, KENYA, key="import-0001", rows="2")
    again = await sent(api, PATH, table, KENYA, key="import-0001", rows="2")
    other = await sent(api, PATH, table, KENYA, key="import-0001", rows="2", submit=True)

    assert first.status_code == again.status_code == 201, first.text
    assert first.json() == again.json()
    assert (422, "idempotency-key-reused") == (other.status_code, other.json()["slug"])
    assert 1 == len(await drafts(api))


async def test_two_concurrent_imports_with_one_key_file_once(api: Client) -> None:
    table = csv([TITLES, row(languages="en"), row(languages="en")])

    answers = await asyncio.gather(*(sent(api, PATH, table, KENYA, key="import-0002") for _ in range(4)))

    statuses = sorted(answer.status_code for answer in answers)
    # A caller has at most two uploads in progress.
    assert statuses[0] == 201
    assert set(statuses) <= {201, 409, 503}
    assert 2 == len(await drafts(api))


async def test_submitted_where_asked_and_allowed(api: Client) -> None:
    complete, incomplete = xlsx([TITLES, row()]), xlsx([TITLES, row(title="", modality="", window_until="")])

    submitted = await sent(api, PATH, complete, KENYA, submit=True)
    official = await sent(api, PATH, complete, OFFICIAL, submit=True)
    rejected = await sent(api, PATH, incomplete, KENYA, submit=True, dry_run=True)
    lacking = await sent(api, PATH, xlsx([TITLES, row(title="", modality="")]), KENYA, submit=True, dry_run=True)

    request = await read(api, submitted.json()["outcomes"][0]["record_id"])
    assert request["status"] == "submitted"
    assert (403, "not-for-your-role") == (official.status_code, official.json()["slug"])
    assert said(rejected) == [(2, "rejected", [("window.until", "missing-field")])]
    assert said(lacking) == [(2, "rejected", [("title", "missing-field"), ("modality", "missing-field")])]


async def test_a_coordinator_files_on_behalf_of_the_state_of_each_row(api: Client) -> None:
    titles = [*TITLES, "state", "channel", "received_on", "received_reference"]
    received = ["note_verbale", TODAY, "Canary KEN/NV/2026/7"]
    rows = [[*row(), "Kenya", *received], [*row(), "الأردن", *received], [*row(), "UGA", "note_verbale", TODAY, ""]]

    answer = await sent(api, PATH, xlsx([titles, *rows]), COORDINATOR, rows="2-3")

    assert answer.status_code == 201, answer.text
    assert [("imported"), ("imported"), ("rejected")] == [outcome for _, outcome, _ in said(answer)]
    assert reason(answer, 4)["column"] == "received_reference"
    kenya, jordan, _ = (one["record_id"] for one in answer.json()["outcomes"])
    request = await read(api, kenya)
    assert (request["state"], request["received"]["reference"]) == ("KEN", "Canary KEN/NV/2026/7")
    assert "JOR" == (await read(api, jordan, COORDINATOR))["state"]
    own = await sent(api, PATH, xlsx([titles, *rows]), KENYA, dry_run=True)
    assert (400, "column-unknown") == (own.status_code, own.json()["slug"])


@pytest.mark.parametrize("by", ["NOR:provider_officer", "UNODC:auditor", "NOR:donor_officer"])
async def test_others_import_nothing(api: Client, by: str) -> None:
    answer = await sent(api, PATH, xlsx([TITLES, row()]), by)
    template = await api.get(f"{PATH}/template", headers=headers(by))

    assert (403, 403) == (answer.status_code, template.status_code)


ARABIC = ["لغة النص", "العنوان", "نوع المساعدة", "عدد المشاركين", "مطلوبة من", "مطلوبة حتى", "لا يحتمل التأجيل"]
CHINESE = ["文本语言", "标题", "援助种类", "人数", "希望开始日期", "希望结束日期", "不能等待"]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (csv([ARABIC, ["ar", "عنوان", "training", "٢٥", "2027-02-01", "2027/6/30", "نعم"]]), "text/csv"),
        (
            csv([CHINESE, ["中文", "标题", "training", 25, "2027年2月1日", "30.6.2027", "是"]], ";", "utf-8-sig"),
            "text/csv",
        ),
        (csv([CHINESE, ["zh", "标题", "training", 25, "2027.2.1", "2027-06-30", "1"]], "\t"), "text/csv"),
        (xlsx([CHINESE, ["zh", "标题", "training", "25", date(2027, 2, 1), date(2027, 6, 30), True]]), "text/csv"),
    ],
    ids=["arabic", "chinese", "tabs", "xlsx"],
)
async def test_titles_labels_dates_and_separators_of_other_languages(
    api: Client, content: bytes, media_type: str
) -> None:
    answer = await sent(api, PATH, content, KENYA, media_type=media_type)

    assert answer.status_code == 201, answer.text
    (line,) = (await read(api, answer.json()["outcomes"][0]["record_id"]))["lines"]
    assert (line["kind"], line["group_size"], line["cannot_wait"]) == ("training", 25, True)
    assert line["window"] == {"from": "2027-02-01", "until": "2027-06-30"}


@pytest.mark.parametrize("language", ["ar", "en", "es", "fr", "ru", "zh"])
@pytest.mark.parametrize("of", ["xlsx", "csv"])
async def test_the_template_is_read_back(api: Client, language: str, of: str) -> None:
    answer = await api.get(f"{PATH}/template?language={language}&format={of}", headers=headers(COORDINATOR))

    assert answer.status_code == 200, answer.text
    read_back = await sent(api, PATH, answer.content, COORDINATOR, dry_run=True)
    assert (200, 0) == (read_back.status_code, read_back.json()["rows"]), read_back.text
