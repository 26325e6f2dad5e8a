"""Requests that UNODC files on a State's behalf: a draft for both until the State confirms it."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from services.requests.wiring import SERVICE
from tests.builders import a_line, a_request, headers
from tests.clocks import TODAY
from tests.databases import connected
from tests.requests.attachment_steps import attached, scanned
from tests.requests.steps import Client, filed

COORDINATOR, KENYA, OFFICIAL = "UNODC:coordinator", "KEN:focal_point", "KEN:official"
OTHERS = ("UGA:focal_point", "NOR:provider_officer", "NOR:donor_officer")


def received(**changes: Any) -> dict[str, Any]:
    body = {name: value for name, value in a_request().items() if name != "submit"}
    return {
        **body,
        "state": "KEN",
        "channel": "note_verbale",
        "received_on": TODAY.isoformat(),
        "received_reference": "Canary KEN/NV/2026/118",
    } | changes


async def file_on_behalf(api: Client, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/v1/requests/on-behalf", json=received(**changes), headers=headers(COORDINATOR))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def scan_of(api: Client, db: Database, folder: Path, request: Mapping[str, Any]) -> str:
    """Upload the scan of the State's confirmation; return its id."""
    scan = await attached(api, request, by=COORDINATOR, name="Fictitious note.pdf", among="notes-verbales")
    await scanned(db, folder)
    return str(scan["attachment_id"])


def path_of(request: Mapping[str, Any], below: str = "") -> str:
    return f"/v1/requests/{request['request_id']}{below}"


async def test_a_coordinator_files_and_the_state_reads_every_word(api: Client, database_url: str) -> None:
    request = await file_on_behalf(api)

    assert (request["status"], request["state"]) == ("draft", "KEN")
    assert request["received"] == {
        "channel": "note_verbale",
        "received_on": TODAY.isoformat(),
        "reference": "Canary KEN/NV/2026/118",
        "confirmation_scan_id": None,
    }
    assert (await api.get(path_of(request), headers=headers(COORDINATOR))).json() == request
    shown = (await api.get(path_of(request), headers=headers(KENYA))).json()
    assert shown | {"moves": request["moves"]} == request
    for by in OTHERS:
        assert (await api.get(path_of(request), headers=headers(by))).status_code == 404
    listed = (await api.get("/v1/requests?status=draft", headers=headers(COORDINATOR))).json()["requests"]
    assert [one["request_id"] for one in listed] == [request["request_id"]]
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_the_reference_is_not_in_the_fact(api: Client, databases: Mapping[str, Database]) -> None:
    await file_on_behalf(api)

    async with databases["requests"].transaction() as tx:
        (event,) = [row["event"] for row in await tx.fetch("SELECT event FROM journal WHERE aggregate = 'request'")]
    assert "requests.request.filed-on-behalf.v1" in event
    assert "Canary" not in event


async def test_both_sides_revise_and_the_focal_point_submits(api: Client, database_url: str) -> None:
    request = await file_on_behalf(api, lines=[{"kind": "training"}], title="")

    for by, body in ((COORDINATOR, {"title": "Fictitious sample"}), (OFFICIAL, {"lines": [a_line()]})):
        given = headers(by, revision=request["revision"])
        answer = await api.patch(path_of(request), json=body, headers=given)
        assert answer.status_code == 200, answer.text
        request = answer.json()
    refused = await api.post(path_of(request, "/submit"), json={}, headers=headers(COORDINATOR, revision=3))
    assert (403, "not-for-your-role") == (refused.status_code, refused.json()["slug"])
    submitted = await api.post(path_of(request, "/submit"), json={}, headers=headers(KENYA, revision=3))

    assert submitted.status_code == 200, submitted.text
    assert (submitted.json()["status"], submitted.json()["received"]["channel"]) == ("submitted", "note_verbale")
    late = await api.patch(path_of(request), json={"title": "x"}, headers=headers(COORDINATOR, revision=4))
    assert late.status_code == 403
    history = (await api.get(path_of(request, "/history"), headers=headers(KENYA))).json()["entries"]
    assert [(one["type"].split(".")[2], one["by_organization"]) for one in history] == [
        ("filed-on-behalf", "UNODC"), ("revised", "UNODC"), ("revised", "KEN"), ("submitted", "KEN"),
    ]  # fmt: skip
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_a_written_confirmation_submits_it(api: Client, db: Database, folder: Path, database_url: str) -> None:
    request = await file_on_behalf(api)
    scan_id = await scan_of(api, db, folder, request)

    answer = await api.post(
        path_of(request, "/record-confirmation"),
        json={"scan_id": scan_id, "comment": "Fictitious sample"},
        headers=headers(COORDINATOR, revision=1),
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "submitted"
    assert answer.json()["received"]["confirmation_scan_id"] == scan_id
    kept = await api.delete(f"/v1/attachments/{scan_id}", headers=headers(COORDINATOR, revision=2))
    assert (409, "scan-of-a-confirmation") == (kept.status_code, kept.json()["slug"])
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_only_what_unodc_filed_is_confirmed_in_writing(api: Client, db: Database, folder: Path) -> None:
    own, submitted = await filed(api, submit=False), await filed(api)
    request = await file_on_behalf(api)
    scan_id = await scan_of(api, db, folder, submitted)

    async def confirm(one: Mapping[str, Any], by: str = COORDINATOR) -> tuple[int, str]:
        given = headers(by, revision=one["revision"])
        answer = await api.post(path_of(one, "/record-confirmation"), json={"scan_id": scan_id}, headers=given)
        return answer.status_code, answer.json()["slug"]

    assert (404, "not-found") == await confirm(own)
    assert (403, "not-for-your-role") == await confirm(own, KENYA)
    assert (403, "not-for-your-role") == await confirm(submitted)
    assert (400, "scan-not-known") == await confirm(request)
    assert (await api.get(path_of(request), headers=headers(KENYA))).json()["status"] == "draft"


@pytest.mark.parametrize(
    ("by", "changes", "status", "slug", "field"),
    [
        (KENYA, {}, 403, "not-for-your-role", None),
        ("NOR:provider_officer", {}, 403, "not-for-your-role", None),
        (COORDINATOR, {"state": "XKX"}, 400, "unknown-code", "state"),
        (COORDINATOR, {"channel": "telephone"}, 400, "invalid-field", "channel"),
        (
            COORDINATOR,
            {"received_on": (TODAY + timedelta(days=2)).isoformat()},
            400,
            "received-in-future",
            "received_on",
        ),
        (COORDINATOR, {"received_reference": ""}, 400, "invalid-field", "received_reference"),
    ],
)
async def test_a_wrong_filing_is_refused(
    api: Client, by: str, changes: dict[str, Any], status: int, slug: str, field: str | None
) -> None:
    answer = await api.post("/v1/requests/on-behalf", json=received(**changes), headers=headers(by))

    assert (status, slug) == (answer.status_code, answer.json()["slug"]), answer.text
    assert answer.json().get("details", {}).get("field") == field


async def test_it_does_not_circulate_before_it_is_confirmed(api: Client) -> None:
    request = await file_on_behalf(api, circulation="granted")

    assert (request["circulation"], request["consents"]) == ("none", [])
    confirmed = await api.post(path_of(request, "/submit"), json={}, headers=headers(KENYA, revision=1))
    assert confirmed.json()["circulation"] == "granted"
