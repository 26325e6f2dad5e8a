"""Tests of the thread of a delivery over HTTP: messages, read marks, the private topic."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.facts import decode_event
from services.delivery import event_feed
from services.delivery.consumers import forget
from services.delivery.wiring import SERVICE
from tests.builders import a_caller, headers
from tests.clocks import Ticking
from tests.delivery.files.steps import added, read, scanned
from tests.delivery.steps import (
    AUDITOR,
    COORDINATOR,
    KENYA,
    KENYAS_OFFICIAL,
    NORWAY,
    OTHERS,
    Client,
    Matching,
    move,
    shown,
    slug,
    tried,
)
from tests.delivery.thread.steps import TEXT, page, sending, sent
from tests.personas import persona_id

READERS = (KENYA, KENYAS_OFFICIAL, NORWAY, COORDINATOR)


async def marked(api: Client, delivery_id: str, message: dict[str, Any], by: str) -> httpx.Response:
    path = f"/v1/deliveries/{delivery_id}/messages/read"
    return await api.post(path, json={"message_id": message["message_id"]}, headers=headers(by))


async def withdrawn(api: Client, message: dict[str, Any], by: str = KENYA) -> httpx.Response:
    path = f"/v1/messages/{message['message_id']}/withdraw"
    return await api.post(path, json={}, headers=headers(by, revision=message["revision"]))


async def with_private_topic(api: Client, matching: Matching) -> str:
    delivery_id = await matching.confirms()
    for by in (KENYA, NORWAY):
        await move(api, delivery_id, "open-private-topic", by)
    return delivery_id


async def test_both_sides_write_and_the_coordinator_reads_along(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    first = await sent(api, delivery_id, topic="Dates")
    assert ("state", "KEN", True, ["withdraw_message"]) == (
        first["side"],
        first["organization"],
        first["mine"],
        first["moves"],
    )
    await sent(api, delivery_id, NORWAY, text="Fictitious: en mars.", language="fr")
    await sent(api, delivery_id, COORDINATOR, text="Fictitious: UNODC agrees.")

    for by in READERS:
        found = (await page(api, delivery_id, by))["messages"]
        assert [TEXT, "Fictitious: en mars.", "Fictitious: UNODC agrees."] == [one["text"] for one in found]
        assert ["state", "provider", None] == [one["side"] for one in found]
        assert "Dates" == found[0]["topic"]
    assert [""] * 3 == [one["text"] for one in (await page(api, delivery_id, AUDITOR))["messages"]]
    for by in OTHERS:
        assert (404, "not-found") == slug(await sending(api, delivery_id, by))
        answer = await api.get(f"/v1/messages/{first['message_id']}", headers=headers(by))
        assert (404, "not-found") == slug(answer)
    for by in (KENYAS_OFFICIAL, AUDITOR):
        assert (403, "not-for-your-role") == slug(await sending(api, delivery_id, by))
    for wrong in ({"text": ""}, {"text": "a" * 5001}, {"topic": "a" * 201}, {"language": "de"}, {"files": ["a"] * 6}):
        assert 400 == (await sending(api, delivery_id, **wrong)).status_code


async def test_thread_is_read_page_by_page_and_from_its_end(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    for number in range(5):
        await sent(api, delivery_id, text=f"Fictitious {number}")
    first = await page(api, delivery_id, limit=2)
    second = await page(api, delivery_id, limit=2, cursor=first["cursor"])
    last = await page(api, delivery_id, limit=2, cursor=second["cursor"])
    latest = await page(api, delivery_id, limit=2, latest="true")

    assert [[0, 1], [2, 3], [4], [3, 4]] == [
        [int(message["text"][-1]) for message in one["messages"]] for one in (first, second, last, latest)
    ]
    assert last["cursor"] is latest["cursor"] is None


async def test_repeated_message_is_sent_once(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    given = headers(KENYA)
    body = {"text": TEXT, "language": "en"}
    answers = [await api.post(f"/v1/deliveries/{delivery_id}/messages", json=body, headers=given) for _ in range(2)]

    assert [201, 201] == [one.status_code for one in answers]
    assert 1 == len((await page(api, delivery_id))["messages"])


async def test_each_side_sees_how_far_the_other_has_read(api: Client, db: Database, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    first, second = await sent(api, delivery_id), await sent(api, delivery_id)
    assert [[], []] == [one["read_by"] for one in (await page(api, delivery_id))["messages"]]

    assert 200 == (await marked(api, delivery_id, first, NORWAY)).status_code
    assert [["provider"], []] == [one["read_by"] for one in (await page(api, delivery_id))["messages"]]
    await marked(api, delivery_id, second, NORWAY)
    await marked(api, delivery_id, first, NORWAY)
    assert [["provider"]] * 2 == [one["read_by"] for one in (await page(api, delivery_id))["messages"]]
    assert second["message_id"] == (await page(api, delivery_id, NORWAY))["read_up_to"]
    assert (await page(api, delivery_id))["read_up_to"] is None
    await marked(api, delivery_id, second, COORDINATOR)
    assert (403, "not-for-your-role") == slug(await marked(api, delivery_id, second, AUDITOR))
    other = await sent(api, await matching.confirms())
    assert (404, "not-found") == slug(await marked(api, delivery_id, other, NORWAY))

    async with db.transaction() as tx:
        assert 1 == (await forget(tx, persona_id(NORWAY)))["read_mark"]
    assert [[], []] == [one["read_by"] for one in (await page(api, delivery_id))["messages"]]
    assert (409, "person-erased") == slug(await marked(api, delivery_id, second, NORWAY))


async def test_author_withdraws_a_message_and_its_files(
    api: Client, db: Database, folder: Path, matching: Matching
) -> None:
    delivery_id = await matching.confirms()
    file = await added(api, delivery_id, purpose="message")
    await scanned(db, folder)
    message = await sent(api, delivery_id, files=[file["file_id"]], topic="Dates")
    assert [("Note.pdf", "clean")] == [(one["name"], one["status"]) for one in message["files"]]
    assert (400, "message-file-unsuitable") == slug(await sending(api, delivery_id, files=[file["file_id"]]))
    assert (400, "message-file-unsuitable") == slug(await sending(api, delivery_id, NORWAY, files=[file["file_id"]]))
    assert (403, "not-for-your-role") == slug(await withdrawn(api, message, NORWAY))
    assert 412 == (await withdrawn(api, message | {"revision": 3})).status_code

    after = (await withdrawn(api, message)).json()

    assert ("withdrawn", "", "", [], []) == (
        after["status"],
        after["text"],
        after["topic"],
        after["files"],
        after["moves"],
    )
    assert (409, "message-withdrawn") == slug(await withdrawn(api, after))
    assert (404, "not-found") == slug(await read(api, file))
    assert 1 == len((await page(api, delivery_id, NORWAY))["messages"])
    async with db.transaction() as tx:
        for table in ("message_text", "file_text"):
            assert 0 == await tx.fetchval(f"SELECT count(*) FROM {table}")


async def test_private_messages_are_between_the_two_sides(api: Client, db: Database, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    assert (409, "private-topic-not-open") == slug(await sending(api, delivery_id, private=True))
    one = await move(api, delivery_id, "open-private-topic", KENYA)
    assert (True, False) == ("open_private_topic" not in one["moves"], one["provider_private_at"] is not None)
    assert (409, "private-topic-opened") == slug(await tried(api, delivery_id, "open-private-topic", KENYA))
    assert (409, "private-topic-not-open") == slug(await sending(api, delivery_id, NORWAY, private=True))
    assert (403, "not-for-your-role") == slug(await tried(api, delivery_id, "open-private-topic", COORDINATOR))
    await move(api, delivery_id, "open-private-topic", NORWAY)
    message = await sent(api, delivery_id, private=True)
    assert (403, "not-for-your-role") == slug(await sending(api, delivery_id, COORDINATOR, private=True))

    for by in (KENYA, KENYAS_OFFICIAL, NORWAY):
        assert [TEXT] == [one["text"] for one in (await page(api, delivery_id, by))["messages"]]
    for by in (COORDINATOR, AUDITOR):
        assert [] == (await page(api, delivery_id, by))["messages"]
        answer = await api.get(f"/v1/messages/{message['message_id']}", headers=headers(by))
        assert (404, "not-found") == slug(answer)
        assert (404, "not-found") == slug(await withdrawn(api, message, by))
    assert (404, "not-found") == slug(await marked(api, delivery_id, message, COORDINATOR))


async def test_rows_and_events_are_those_that_the_policy_shows(
    api: Client, db: Database, matching: Matching, database_url: str
) -> None:
    delivery_id = await with_private_topic(api, matching)
    await sent(api, delivery_id)
    await withdrawn(api, await sent(api, delivery_id, NORWAY), NORWAY)
    private = await sent(api, delivery_id, NORWAY, private=True)
    await marked(api, delivery_id, private, KENYA)
    callers = {who: a_caller(who) for who in (*READERS, AUDITOR, *OTHERS)}
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT event FROM journal WHERE aggregate = 'message'")
        events = [decode_event(row["event"]) for row in rows]
        seen = await event_feed.visible_events(tx, list(callers.values()), events)

    for who, messages, texts, marks in (
        *((one, 3, 2, 1) for one in (KENYA, KENYAS_OFFICIAL, NORWAY)),
        (COORDINATOR, 2, 1, 1),
        (AUDITOR, 2, 0, 0),
        *((one, 0, 0, 0) for one in OTHERS),
    ):
        async with db.transaction(by=callers[who]) as tx:
            tables = ("message", "message_text", "read_mark")
            found = [await tx.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
        assert [messages, texts, marks] == found, who
        assert {3: 4, 2: 3, 0: 0}[messages] == len(seen[callers[who]]), who
    migrator = await Database.connect(database_url, "delivery", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
    finally:
        await migrator.close()


async def test_ended_delivery_is_readable_and_takes_messages_for_ninety_days(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    await sent(api, delivery_id)
    ended = await move(api, delivery_id, "terminate", NORWAY, reason="provider_unable")
    await sent(api, delivery_id)

    with clock.use_clock(Ticking(clock.now() + timedelta(days=91))):
        assert (409, "thread-closed") == slug(await sending(api, delivery_id))
        found = await page(api, delivery_id, NORWAY)
        assert 2 == len(found["messages"])
        assert found["closes_at"] > ended["terminated_at"]
    assert "terminated" == (await shown(api, delivery_id))["status"]


async def series(db: Database) -> list[str]:
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT event -> 'data' ->> 'series_id' AS id FROM journal WHERE type LIKE '%.sent.v1'")
    return [row["id"] for row in rows]


async def test_other_side_is_notified_once_until_it_reads(api: Client, db: Database, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    first, second = await sent(api, delivery_id), await sent(api, delivery_id)
    await sent(api, delivery_id, NORWAY)
    assert {first["message_id"]: 2} == {one: n for one, n in counted(await series(db)).items() if n > 1}
    await marked(api, delivery_id, first, NORWAY)
    await sent(api, delivery_id)
    assert 3 == counted(await series(db))[first["message_id"]], "the second message is still unread"

    await marked(api, delivery_id, second, NORWAY)
    last = (await page(api, delivery_id))["messages"][-1]
    await marked(api, delivery_id, last, NORWAY)
    later = await sent(api, delivery_id)

    assert 1 == counted(await series(db))[later["message_id"]]


def counted(ids: list[str]) -> dict[str, int]:
    return {one: ids.count(one) for one in ids}


@pytest.mark.parametrize("by", [KENYA, NORWAY])
async def test_coordinators_message_is_notified_again_once_both_have_read(
    api: Client, db: Database, matching: Matching, by: str
) -> None:
    delivery_id = await matching.confirms()
    first = await sent(api, delivery_id, COORDINATOR)
    await marked(api, delivery_id, first, by)
    second = await sent(api, delivery_id, COORDINATOR)
    assert {first["message_id"]: 2} == counted(await series(db))
    for one in (KENYA, NORWAY):
        await marked(api, delivery_id, second, one)
    third = await sent(api, delivery_id, COORDINATOR)

    assert 1 == counted(await series(db))[third["message_id"]]
