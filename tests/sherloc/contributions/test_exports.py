"""The hand-over to the portal: each change is in one batch, confirmed, as JSON and CSV with documented columns."""

import csv
import io
from pathlib import Path

from chassis.db.database import Database
from chassis.rebuild import verify
from services.sherloc.contributions.exports.views import COLUMNS
from services.sherloc.wiring import SERVICE
from tests.builders import headers
from tests.sherloc.contributions.steps import (
    CASE,
    EXPORTS,
    confirmed,
    drafted,
    exported,
    exporting,
    move,
    published,
    rows_of,
)
from tests.sherloc.steps import AUDITOR, COORDINATOR, KENYA, Client, slug

PORTAL = "UNODC:provider_officer"
TEXT = (Path(__file__).parents[3] / "docs" / "sherloc.md").read_text(encoding="utf-8")


async def test_each_published_contribution_is_handed_over_once(api: Client, db: Database) -> None:
    assert (409, "export-empty") == slug(await exporting(api))
    first = await published(api)
    await drafted(api)
    batch = await exported(api, PORTAL)
    export_id = batch["contribution_export_id"]
    later = await published(api, 2)

    assert batch == await exported(api, COORDINATOR), "a batch stays the same until it is confirmed"
    assert [first] == [one["contribution_id"] for one in await rows_of(api, export_id, PORTAL)]
    answer = await confirmed(api, export_id, PORTAL)
    assert (200, 2) == (answer.status_code, answer.json()["revision"])
    refused = await api.post(f"{EXPORTS}/{export_id}/confirm", json={}, headers=headers(PORTAL, revision=2))
    assert (409, "export-confirmed") == slug(refused)

    following = await exported(api)
    assert [later] == [one["contribution_id"] for one in await rows_of(api, following["contribution_export_id"])]
    await confirmed(api, following["contribution_export_id"])
    assert (409, "export-empty") == slug(await exporting(api))
    assert not await verify(db, SERVICE)


async def test_repeated_call_gives_the_same_batch(api: Client) -> None:
    await published(api)
    given = headers(COORDINATOR)
    first, second = [await api.post(EXPORTS, json={}, headers=given) for _ in range(2)]

    assert (201, first.json()) == (second.status_code, second.json())
    again = headers(COORDINATOR)
    third, fourth = [await api.post(EXPORTS, json={}, headers=again) for _ in range(2)]
    assert first.json() == third.json() == fourth.json()


async def test_portal_is_asked_to_remove_only_what_it_has(api: Client, db: Database) -> None:
    kept, withdrawn, never = await published(api), await published(api, 2), await drafted(api)
    await confirmed(api, (await exported(api))["contribution_export_id"])
    await move(api, withdrawn, "withdraw", KENYA)
    await move(api, never, "withdraw", KENYA)
    newer = await published(api, 3)
    await move(api, kept, "supersede", COORDINATOR, superseded_by=newer)

    rows = await rows_of(api, (await exported(api))["contribution_export_id"])

    assert [("remove", withdrawn, "withdrawn"), ("publish", newer, "published"), ("remove", kept, "superseded")] == [
        (one["change"], one["contribution_id"], one["status"]) for one in rows
    ]
    assert ["", CASE["title"], ""] == [one["title"] for one in rows]
    assert newer == rows[2]["superseded_by"]
    assert not await verify(db, SERVICE)


async def test_csv_has_the_documented_columns_and_the_same_rows(api: Client) -> None:
    await published(api, title='=HYPERLINK("x")')
    export_id = (await exported(api))["contribution_export_id"]

    answer = await api.get(f"{EXPORTS}/{export_id}/contributions.csv", headers=headers(PORTAL))

    assert answer.headers["content-type"].startswith("text/csv")
    titles, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert list(COLUMNS) == titles
    assert (one := (await rows_of(api, export_id))[0])
    cells = dict(zip(titles, row, strict=True))
    assert ('\'=HYPERLINK("x")', "UNTOC:5; UNTOC:6", "Republic; A.", "2026-11-02") == (
        *(cells["title"], cells["articles"], cells["parties"], cells["decided_on"]),
    )
    assert list(COLUMNS) == list(one)
    section = TEXT.partition("\n### Columns\n")[2].partition("\n## ")[0]
    assert list(COLUMNS) == [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]


async def test_batches_are_of_the_portal_and_unodc(api: Client) -> None:
    await published(api)
    export_id = (await exported(api))["contribution_export_id"]

    for by in (COORDINATOR, AUDITOR, PORTAL):
        answer = await api.get(EXPORTS, headers=headers(by))
        assert [export_id] == [one["contribution_export_id"] for one in answer.json()["exports"]]
    for by in (KENYA, "NOR:provider_officer", "UNODC:finance_officer"):
        for path in (export_id, f"{export_id}/contributions", f"{export_id}/contributions.csv"):
            assert (404, "not-found") == slug(await api.get(f"{EXPORTS}/{path}", headers=headers(by)))
        assert (403, "not-for-your-role") == slug(await api.get(EXPORTS, headers=headers(by)))
        assert (403, "not-for-your-role") == slug(await exporting(api, by))
        assert (404, "not-found") == slug(await confirmed(api, export_id, by))
    assert (403, "not-for-your-role") == slug(await confirmed(api, export_id, AUDITOR))
