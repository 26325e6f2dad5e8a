"""Contributions from a spreadsheet: rejected rows with column and slug, chosen rows in one transaction."""

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from services.sherloc.wiring import SERVICE
from tests.builders import headers
from tests.sherloc.contributions.steps import PATH, listed, shown
from tests.sherloc.steps import COORDINATOR, KENYA, Client, slug
from tests.tables import csv, said, sent, xlsx

IMPORT = f"{PATH}/import"
TITLES = ["kind", "language", "title", "articles", "rights", "court", "decided_on", "parties", "offence", "outcome"]
TITLES += ["address"]
GOOD = ["Court decision", "en", "Fictitious", "UNTOC:5;UNTOC:6", "Public domain", "Fictitious court", "2026-11-02"]
GOOD += ["Republic; A.", "money_laundering", "Conviction", "https://judgments.example/1"]


def row(**changes: str) -> list[str]:
    return [changes.get(name, cell) for name, cell in zip(TITLES, GOOD, strict=True)]


@pytest.mark.parametrize("of", ["xlsx", "csv"])
async def test_rows_become_drafts_of_the_state(api: Client, db: Database, of: str) -> None:
    table = [TITLES, row(), row(title="Fictitious: second", parties="A.")]

    answer = await sent(api, IMPORT, xlsx(table) if of == "xlsx" else csv(table), KENYA, submit=True)

    assert answer.status_code == 201, answer.text
    assert ["submitted", "submitted"] == [one["status"] for one in await listed(api)]
    first = await shown(api, answer.json()["outcomes"][0]["record_id"])
    assert ("KEN", "court_decision", ["UNTOC:5", "UNTOC:6"], ["Republic", "A."]) == (
        *(first["state"], first["kind"], first["articles"], first["parties"]),
    )
    assert not await verify(db, SERVICE)


async def test_each_rejected_row_is_listed_with_column_and_slug(api: Client) -> None:
    table = [
        TITLES,
        row(),
        row(kind="verdict"),
        row(parties="Republic; John Sample"),
        row(articles="UNTOC:999"),
        row(kind="strategy"),
        row(court=""),
    ]

    answer = await sent(api, IMPORT, csv(table), KENYA, dry_run=True, submit=True)

    assert [
        (2, "accepted", []),
        (3, "rejected", [("kind", "unknown-code")]),
        (4, "rejected", [("parties", "party-not-anonymised")]),
        (5, "rejected", [("articles", "unknown-code")]),
        (6, "rejected", [("decided_on", "contribution-field-not-of-kind")]),
        (7, "rejected", [("court", "missing-field")]),
    ] == said(answer)
    assert [] == await listed(api)
    assert 422 == (await sent(api, IMPORT, csv(table), KENYA)).status_code


async def test_template_has_the_titles_of_a_language(api: Client) -> None:
    answer = await api.get(f"{IMPORT}/template?language=fr&format=csv", headers=headers(KENYA))

    titles = answer.content.decode("utf-8-sig").strip().split(",")
    assert "Type de contribution" in titles
    assert "Issue de la décision" in titles
    assert (403, "not-for-your-role") == slug(await sent(api, IMPORT, csv([TITLES, row()]), COORDINATOR))
