"""Retention of drafts, mails and origins: deleted after their period, unless on hold."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from chassis import retention
from chassis.db.database import Database
from chassis.rebuild import verify
from chassis.retention import prune
from chassis.settings import RETENTION_DAYS, Settings, SettingsError
from services.requests.wiring import SERVICE
from tests.builders import headers
from tests.databases import connected
from tests.requests.mail_steps import Intake, a_mail, register
from tests.requests.steps import Client, filed

KENYA, COORDINATOR = "KEN:focal_point", "UNODC:coordinator"
TITLE = "Fictitious: an untouched draft"
LATER = timedelta(days=366)


async def pruned(db: Database, ahead: timedelta = LATER) -> dict[str, Mapping[str, int]]:
    async with db.transaction() as tx:
        done = await prune(tx, "requests", SERVICE.retention, RETENTION_DAYS, ahead=ahead)
    return {one.kind: one.deleted for one in done}


async def hold(db: Database, record_id: str) -> None:
    async with db.transaction() as tx:
        await retention.hold(tx, UUID(record_id), "dispute")


async def drafted(api: Client) -> str:
    draft = await api.post("/v1/requests", json={"language": "en", "title": TITLE}, headers=headers(KENYA))
    assert draft.status_code == 201, draft.text
    return str(draft.json()["request_id"])


async def shown(api: Client, request_id: str) -> tuple[str, str]:
    request = (await api.get(f"/v1/requests/{request_id}", headers=headers(KENYA))).json()
    return request["status"], request["title"]


async def test_an_untouched_draft_is_withdrawn_and_its_texts_deleted(
    api: Client, db: Database, database_url: str
) -> None:
    draft, held, submitted = await drafted(api), await drafted(api), (await filed(api))["request_id"]
    await hold(db, held)

    assert {} == (await pruned(db, timedelta(days=364)))["drafts"]
    assert {"request": 1, "request_text": 1} == (await pruned(db))["drafts"]
    assert {} == (await pruned(db))["drafts"]

    assert ("withdrawn", "") == await shown(api, draft)
    assert ("draft", TITLE) == await shown(api, held)
    assert "submitted" == (await shown(api, submitted))[0]
    assert (await shown(api, submitted))[1]
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_a_settled_mail_loses_its_texts_and_a_waiting_one_stays(intake: Intake, db: Database) -> None:
    await register(intake)
    for _ in range(3):
        await intake.send(a_mail())
    waiting, settled, held = (mail["mail_id"] for mail in await intake.mails())
    for mail_id in (settled, held):
        answer = await intake.api.post(
            f"/v1/intake/mails/{mail_id}/discard",
            json={"reason": "unsolicited_mail"},
            headers=headers(COORDINATOR, revision=1),
        )
        assert answer.status_code == 200, answer.text
    await hold(db, held)

    assert {"mail_text": 1} == (await pruned(db))["mails"]

    assert "" == (await intake.mail(settled))["sender"]
    for kept in (waiting, held):
        assert "Canary-person" in (await intake.mail(kept))["sender"] or (await intake.mail(kept))["subject"]


@pytest.mark.parametrize("said", ["mail=30", "mails", "mails=29", "mails=-1", "drafts=never"])
def test_a_wrong_period_is_refused(said: str) -> None:
    with pytest.raises(SettingsError, match="ENTRAIDE_RETENTION_DAYS"):
        Settings.from_env({"ENTRAIDE_RETENTION_DAYS": said}, (), state=Path())


def test_kinds_left_out_keep_their_period() -> None:
    read = Settings.from_env({"ENTRAIDE_RETENTION_DAYS": "mails=90,drafts=off"}, (), state=Path()).retention_days

    assert {**RETENTION_DAYS, "mails": 90, "drafts": None} == read
