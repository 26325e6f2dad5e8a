"""Tests of follow-ups over HTTP: asked by the clock, answered by each side, and by link without signing in."""

import asyncio
from datetime import timedelta

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.values import Side
from services.delivery.follow_ups import store
from services.delivery.wiring import SERVICE
from tests.builders import a_caller, headers
from tests.delivery.follow_ups.steps import DUE, LINK, answering, at_noon, completed, expire, id_of, link, shown
from tests.delivery.steps import (
    AUDITOR,
    COORDINATOR,
    KENYA,
    KENYAS_OFFICIAL,
    NORWAY,
    OTHERS,
    Client,
    Matching,
    slug,
)

DAY = timedelta(days=1)
TEXT = "Fictitious: two of three units."


async def listed(api: Client, delivery_id: str, by: str = COORDINATOR) -> list[tuple[int, str, str]]:
    answer = await api.get(f"/v1/deliveries/{delivery_id}/follow-ups", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return [(one["month"], one["side"], one["status"]) for one in answer.json()["follow_ups"]]


async def test_both_sides_are_asked_after_6_and_12_months(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await completed(api, matching)
    sides = [(month, side) for month in (6, 12) for side in ("state", "provider")]

    for by in (KENYA, KENYAS_OFFICIAL, NORWAY, COORDINATOR, AUDITOR):
        assert [(*one, "scheduled") for one in sides] == await listed(api, delivery_id, by)
    assert 0 == await expire(db, DUE[6] - DAY)
    assert 2 == await expire(db, DUE[6])
    for by in OTHERS:
        answer = await api.get(f"/v1/follow-ups/{id_of(delivery_id)}", headers=headers(by))
        assert (404, "not-found") == slug(answer)
    assert ["asked", "asked", "scheduled", "scheduled"] == [one[2] for one in await listed(api, delivery_id)]


async def test_one_of_several_processes_asks_reminds_and_lets_lapse(
    api: Client, matching: Matching, db: Database
) -> None:
    delivery_id = await completed(api, matching)
    for days, events in ((0, 2), (30, 2), (90, 2), (91, 0)):
        assert events == sum(await asyncio.gather(*(expire(db, DUE[6] + days * DAY) for _ in range(4))))
    async with db.transaction() as tx:
        assert await store.due_in_seconds(tx, DUE[12] - DAY) == DAY.total_seconds()
    found = await shown(api, id_of(delivery_id), KENYA)
    assert ("lapsed", []) == (found["status"], found["moves"])


async def test_each_side_answers_once_and_may_revise(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await completed(api, matching)
    own, theirs = id_of(delivery_id), id_of(delivery_id, side=Side.PROVIDER)
    body = {"result": "partly", "text": TEXT, "language": "en"}
    assert (409, "follow-up-status") == slug(await answering(api, own, **body))
    await expire(db, DUE[6])

    with at_noon(DUE[6]):
        assert ["answer"] == (await shown(api, own, KENYA))["moves"]
        assert [] == (await shown(api, own, NORWAY))["moves"]
        for by in (NORWAY, KENYAS_OFFICIAL, COORDINATOR):
            assert (403, "not-for-your-role") == slug(await answering(api, own, by, **body))
        assert (400, "missing-field") == slug(await answering(api, own, result="partly", text=TEXT))
        assert 200 == (await answering(api, own, **body)).status_code
        assert 200 == (await answering(api, theirs, NORWAY, result="in_use")).status_code
    for by in (KENYA, NORWAY, COORDINATOR, AUDITOR):
        found = await shown(api, own, by)
        assert ("answered", "partly", TEXT, "en") == tuple(found[name] for name in ("status", *body))
    with at_noon(DUE[12], -1):
        assert 200 == (await answering(api, own, result="in_use")).status_code
    found = await shown(api, own)
    assert ("in_use", "", None) == tuple(found[name] for name in body)
    with at_noon(DUE[12]):
        assert (409, "follow-up-closed") == slug(await answering(api, own, **body))
    given = headers(KENYA, revision=1)
    assert 412 == (await api.post(f"/v1/follow-ups/{own}/answer", json=body, headers=given)).status_code


async def test_link_of_a_mail_answers_with_one_click(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await completed(api, matching)
    own = id_of(delivery_id)
    await expire(db, DUE[6])

    with at_noon(DUE[6]):
        page = (await api.get(link(own))).json()
        assert {"month": 6, "status": "asked", "result": None, "has_text": False} == {
            name: page[name] for name in ("month", "status", "result", "has_text")
        }
        for _ in range(2):
            assert 200 == (await api.post(link(own), json={"result": "in_use"})).status_code
        assert 3 == (await shown(api, own))["revision"], "a repeat changes nothing"
        await api.post(link(own), json={"result": "in_use", "text": TEXT, "language": "en"})
        found = await shown(api, own, NORWAY)
        assert ("answered", "in_use", TEXT) == (found["status"], found["result"], found["text"])
        changed = (await api.post(link(own), json={"result": "partly"})).json()
        assert ("partly", True) == (changed["result"], changed["has_text"])
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT event::json->>'actorid' AS actor FROM journal WHERE type LIKE '%answered.v1'")
    assert 3 * [str(a_caller(KENYA).person_id)] == [row["actor"] for row in rows]


async def test_link_leads_to_the_next_question_about_the_request(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await completed(api, matching)
    await expire(db, DUE[12])
    first, second = (id_of(delivery_id, month) for month in (6, 12))
    with at_noon(DUE[12]):
        page = (await api.get(link(first))).json()
        own = await shown(api, first, KENYA)
        of_the_next = (await api.get(f"{LINK}?token={page['next_token']}")).json()
        await api.post(f"{LINK}?token={page['next_token']}", json={"result": "in_use"})
        last = (await api.get(link(first))).json()

    assert (6, 12) == (page["month"], of_the_next["month"])
    assert str(second) == own["next_follow_up_id"]
    assert last["next_token"] is None


async def test_link_is_of_no_use_to_others(api: Client, matching: Matching, db: Database) -> None:
    own = id_of(await completed(api, matching))
    await expire(db, DUE[6])
    for forged in (
        link(own, NORWAY),
        link(own, key=b"another"),
        link(own, KENYAS_OFFICIAL),
        f"{link(own)[:-8]}AAAAAAAA",
    ):
        assert (404, "not-found") == slug(await api.get(forged))
        assert (404, "not-found") == slug(await api.post(forged, json={"result": "in_use"}))
    assert "asked" == (await shown(api, own))["status"]


async def test_terminated_deliveries_are_not_followed_up_and_a_rebuild_is_the_same(
    api: Client, matching: Matching, db: Database
) -> None:
    delivery_id = await completed(api, matching)
    await expire(db, DUE[6])
    with at_noon(DUE[6]):
        await answering(api, id_of(delivery_id), result="partly", text=TEXT, language="en")
    await expire(db, DUE[12] + 31 * DAY)
    await expire(db, DUE[12] + 31 * DAY)

    assert not await verify(db, SERVICE)
