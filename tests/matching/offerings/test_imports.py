"""Offerings from a spreadsheet."""

from datetime import date
from typing import Any

import pytest

from chassis.rebuild import verify
from services.matching.wiring import SERVICE
from tests.builders import AHEAD, headers
from tests.databases import connected
from tests.matching.steps import Client
from tests.tables import csv, reason, said, sent, xlsx

PATH = "/v1/offerings/import"
NORWAY = "NOR:provider_officer"
TITLES = ["offering", "language", "title", "valid.from", "valid.until", "kinds", "topics", "languages", "modalities"]
TITLES += ["eligible.regions", "resource_status", "funding_needed.minor", "funding_needed.currency"]
TITLES += ["capacity.from", "capacity.until", "capacity.units"]
FROM, UNTIL = date(AHEAD, 1, 1), date(AHEAD, 12, 31)
GOOD = ["", "en", "Canary-offer", FROM, UNTIL, "training; Mentoring", "human_rights", "en", "Remote", "African States"]
GOOD += ["partly", 50000, "USD", FROM, date(AHEAD, 6, 30), 2]


def row(**changes: Any) -> list[Any]:
    return [changes.get(name.replace(".", "_"), cell) for name, cell in zip(TITLES, GOOD, strict=True)]


async def test_rows_become_drafts_with_their_periods(api: Client, database_url: str) -> None:
    autumn = row(offering=1, capacity_from=date(AHEAD, 7, 1), capacity_until=UNTIL, capacity_units=3)

    answer = await sent(api, PATH, xlsx([TITLES, row(offering=1), autumn, row(title="another")]), NORWAY)

    assert answer.status_code == 201, answer.text
    first, second, third = (one["record_id"] for one in answer.json()["outcomes"])
    assert first == second != third
    offering = (await api.get(f"/v1/offerings/{first}", headers=headers(NORWAY))).json()
    assert (offering["status"], offering["provider"], offering["title"]) == ("draft", "NOR", "Canary-offer")
    assert [one["units"] for one in offering["capacity"]] == [2, 3]
    assert offering["kinds"] == ["training", "mentoring"]
    assert offering["eligible"]["regions"] == ["african"]
    assert offering["funding_needed"] == {"minor": 50000, "currency": "USD"}
    async with connected(database_url, "matching", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_the_rules_of_the_single_route_reject_rows(api: Client) -> None:
    rows = [
        row(funding_needed_minor="", funding_needed_currency=""),
        row(valid_until=""),
        row(capacity_until=date(AHEAD + 1, 1, 1)),
        row(resource_status="partially", kinds="training, x"),
    ]

    answer = await sent(api, PATH, xlsx([TITLES, *rows]), NORWAY, dry_run=True)

    assert answer.status_code == 200, answer.text
    assert [outcome for _, outcome, _ in said(answer)] == ["rejected"] * 4
    assert "funding-inconsistent" == reason(answer, 2)["slug"]
    assert ("valid.until", "missing-field") == (reason(answer, 3)["column"], reason(answer, 3)["slug"])
    assert said(answer)[3][2] == [("kinds", "unknown-code"), ("resource_status", "unknown-code")]


async def test_a_repeat_files_nothing_again(api: Client) -> None:
    table = csv([TITLES, row(kinds="training,mentoring")], ";")

    first = await sent(api, PATH, table, NORWAY, key="offerings-0001", submit=True)
    again = await sent(api, PATH, table, NORWAY, key="offerings-0001", submit=True)

    assert (201, first.json()) == (again.status_code, again.json()), first.text
    listed = (await api.get("/v1/offerings", headers=headers(NORWAY))).json()["offerings"]
    assert [one["status"] for one in listed] == ["submitted"]


@pytest.mark.parametrize("by", ["KEN:focal_point", "UNODC:coordinator"])
async def test_only_providers_import(api: Client, by: str) -> None:
    answer = await sent(api, PATH, xlsx([TITLES, row()]), by)
    template = await api.get(f"{PATH}/template", headers=headers(by))

    assert [(403, "not-for-your-role")] * 2 == [(one.status_code, one.json()["slug"]) for one in (answer, template)]


@pytest.mark.parametrize("language", ["ar", "zh"])
async def test_the_template_is_read_back(api: Client, language: str) -> None:
    for of in ("xlsx", "csv"):
        template = await api.get(f"{PATH}/template?language={language}&format={of}", headers=headers(NORWAY))
        answer = await sent(api, PATH, template.content, NORWAY, dry_run=True)
        assert (200, 0) == (answer.status_code, answer.json()["rows"]), answer.text
