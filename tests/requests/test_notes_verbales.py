"""Consents by note verbale are recorded with a scan, readable by the State and UNODC only."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from chassis.db.database import Database
from chassis.files.scanner import Verdict
from chassis.rebuild import verify
from services.requests.wiring import SERVICE
from tests.builders import headers
from tests.databases import connected
from tests.files import PDF
from tests.requests.attachment_steps import attached, attempt, file_of, listed, moved, read, scanned
from tests.requests.steps import (
    COORDINATOR,
    FRANCE,
    KENYA,
    NORWAY,
    Client,
    consent,
    opened,
    shown_to,
    visible_text,
    withdraw,
)
from tests.requests.steps import attempt as attempt_consent

NOTE = "Canary KEN/NV/2026/118"
AMONG = "notes-verbales"


async def scan_attached(api: Client, request: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return await attached(api, request, **({"by": COORDINATOR, "name": "Canary note.pdf", "among": AMONG} | more))


async def recorded(api: Client, db: Database, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an open request with a consent for Norway that came by note verbale, and the note's scan."""
    request = await opened(api)
    scan = await scan_attached(api, request)
    await scanned(db, folder)
    body = {"recipients": ["NOR"], "note_verbale": NOTE, "scan_id": scan["attachment_id"]}
    return await consent(api, request, COORDINATOR, **body), scan


async def test_coordinator_records_a_note_verbale_and_the_state_can_withdraw_its_consent(
    api: Client, db: Database, folder: Path
) -> None:
    request, scan = await recorded(api, db, folder)
    path = f"/v1/requests/{request['request_id']}"
    shown = (await api.get(path, headers=headers())).json()["consents"][0]

    assert (True, NOTE, ["NOR"], scan["attachment_id"]) == tuple(
        shown[key] for key in ("recorded", "note_verbale", "recipients", "scan_id")
    )
    assert "Canary KEN" not in await visible_text(api, request, NORWAY)
    async with db.transaction() as tx:
        events = [json.loads(row["event"]) for row in await tx.fetch("SELECT event FROM journal ORDER BY position")]
    assert ("requests.request.consent-recorded.v1", scan["attachment_id"]) == (
        events[-1]["type"],
        events[-1]["data"]["scan_id"],
    )
    assert "Canary" not in json.dumps(events)
    by_unodc = await withdraw(api, request, shown["consent_id"], COORDINATOR)
    assert (403, "not-for-your-role") == (by_unodc.status_code, by_unodc.json()["slug"])
    assert [True] == await shown_to(api, request, NORWAY)
    assert 200 == (await withdraw(api, request, shown["consent_id"])).status_code
    assert [False] == await shown_to(api, request, NORWAY)


async def test_recording_a_consent_requires_a_note_and_its_scan(api: Client, db: Database, folder: Path) -> None:
    request = await opened(api)
    other = await scan_attached(api, await opened(api))
    pending = await scan_attached(api, request)
    ours = await moved(api, request, "hold", KENYA, reason="other")
    returned = await moved(api, ours, "resume", KENYA)
    note = {"recipients": ["NOR"], "note_verbale": NOTE}

    async def record(**body: Any) -> tuple[int, str]:
        answer = await attempt_consent(api, returned, COORDINATOR, **body)
        return answer.status_code, answer.json()["slug"]

    assert (400, "missing-field") == await record(recipients=["NOR"])
    assert (400, "missing-field") == await record(**note)
    assert (400, "scan-not-known") == await record(**note, scan_id=str(uuid4()))
    assert (400, "scan-not-known") == await record(**note, scan_id=other["attachment_id"])
    assert (409, "attachment-status") == await record(**note, scan_id=pending["attachment_id"])
    await scanned(db, folder, Verdict.INFECTED)
    assert (409, "attachment-status") == await record(**note, scan_id=pending["attachment_id"])
    directly = await api.post(
        f"/v1/requests/{request['request_id']}/consents",
        json={},
        headers=headers(COORDINATOR, revision=returned["revision"]),
    )
    assert (403, "not-for-your-role") == (directly.status_code, directly.json()["slug"])
    assert [False] == await shown_to(api, request, NORWAY)


async def test_scan_is_readable_by_the_state_and_not_by_recipients(api: Client, db: Database, folder: Path) -> None:
    request, scan = await recorded(api, db, folder)

    for by in (KENYA, "KEN:official", COORDINATOR, "UNODC:auditor"):
        assert [("Canary note.pdf", "clean")] == await listed(api, request, by), by
        assert PDF == (await read(api, scan, by)).content, by
    nothing = await read(api, {"attachment_id": str(uuid4())}, NORWAY)
    assert [] == await listed(api, request, NORWAY)
    for by in (NORWAY, FRANCE, "UGA:focal_point"):
        answer = await read(api, scan, by)
        assert (404, nothing.json()["slug"]) == (answer.status_code, answer.json()["slug"]), by
        removal = await api.delete(f"/v1/attachments/{scan['attachment_id']}", headers=headers(by, revision=2))
        assert 404 == removal.status_code, by


async def test_scan_is_attached_by_coordinators_only_beside_the_files_of_the_state(
    api: Client, db: Database, folder: Path
) -> None:
    request = await opened(api)

    for by, expected in ((KENYA, 403), ("UNODC:auditor", 403), (NORWAY, 404), ("UGA:focal_point", 404)):
        answer = await attempt(api, request, by, among=AMONG)
        assert expected == answer.status_code, (by, answer.text)
    by_unodc = await attempt(api, request, COORDINATOR)
    assert (403, "not-for-your-role") == (by_unodc.status_code, by_unodc.json()["slug"])
    assert "note_verbale" == (await scan_attached(api, request))["purpose"]


async def test_scan_can_be_removed_until_a_consent_is_recorded_by_it(api: Client, db: Database, folder: Path) -> None:
    request, scan = await recorded(api, db, folder)
    wrong = await scan_attached(api, request, name="Wrong.pdf")

    async def remove_scan(one: Mapping[str, Any], by: str, revision: int) -> tuple[int, str | None]:
        answer = await api.delete(f"/v1/attachments/{one['attachment_id']}", headers=headers(by, revision=revision))
        return answer.status_code, answer.json().get("slug")

    assert (403, "not-for-your-role") == await remove_scan(wrong, KENYA, 1)
    assert (200, None) == await remove_scan(wrong, COORDINATOR, 1)
    assert [] == file_of(folder, wrong)
    assert (409, "scan-of-a-consent") == await remove_scan(scan, COORDINATOR, 2)
    consent_id = request["consents"][0]["consent_id"]
    assert 200 == (await withdraw(api, request, consent_id)).status_code
    assert (409, "scan-of-a-consent") == await remove_scan(scan, COORDINATOR, 2)
    assert PDF == (await read(api, scan)).content


async def test_recorded_consents_and_scans_are_rebuilt_from_the_journal(
    api: Client, db: Database, folder: Path, database_url: str
) -> None:
    _, scan = await recorded(api, db, folder)
    async with connected(database_url, "requests") as owner:
        assert [] == await verify(owner, SERVICE)
    async with db.transaction() as tx:
        assert UUID(scan["attachment_id"]) == await tx.fetchval("SELECT scan_id FROM consent WHERE recorded")


async def test_removing_a_scan_and_recording_by_it_do_not_deadlock(api: Client, db: Database, folder: Path) -> None:
    """One of the two always succeeds, and neither is answered with 503."""
    for _ in range(5):
        request = await opened(api)
        scan = await scan_attached(api, request)
        await scanned(db, folder)
        body = {"recipients": ["NOR"], "note_verbale": NOTE, "scan_id": scan["attachment_id"]}
        recording = attempt_consent(api, request, COORDINATOR, **body)
        taking_back = api.delete(f"/v1/attachments/{scan['attachment_id']}", headers=headers(COORDINATOR, revision=2))
        first, second = await asyncio.gather(recording, taking_back)

        assert (first.status_code, second.status_code) in {(201, 409), (400, 200), (409, 200)}, (
            first.text,
            second.text,
        )
