"""Yearly checks over HTTP: each State is asked once a year, and confirms with one click that nothing has changed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.answer_links import Purpose
from contracts.legislation_checks import CheckResult
from contracts.refusals import Conflict
from services.sherloc.checks import model, store
from services.sherloc.checks.evolve import evolve
from services.sherloc.checks.model import CLOSE_DAYS
from services.sherloc.legislation import actions as legislation_actions
from services.sherloc.wiring import SERVICE, ask_states
from tests.builders import NOON, a_caller, headers
from tests.clocks import MORNING
from tests.sherloc.checks.steps import DAY, YEAR, ask, checks, later, link
from tests.sherloc.steps import (
    AUDITOR,
    COORDINATOR,
    KENYA,
    KENYAS_OFFICIAL,
    OTHERS,
    UGANDA,
    Client,
    move,
    published,
    recorded,
    shown,
    slug,
)


async def test_state_with_a_record_is_asked_once_a_year(api: Client, db: Database) -> None:
    await recorded(api)
    async with db.transaction() as tx:
        assert 364 * DAY < timedelta(seconds=await store.due_in_seconds(tx, MORNING) or 0) < YEAR
    assert 0 == await ask(db, YEAR - 2 * DAY)

    assert 1 == await ask(db)

    (asked,) = await checks(api, KENYA)
    assert ("KEN", "asked", ["answer_check"]) == (asked["state"], asked["status"], asked["moves"])
    assert [asked["legislation_check_id"]] == [one["legislation_check_id"] for one in await checks(api, COORDINATOR)]
    assert 0 == await ask(db, YEAR + 364 * DAY)
    assert 1 == await ask(db, 2 * YEAR)
    assert 2 == len(await checks(api, AUDITOR))


async def test_one_of_several_processes_asks(api: Client, db: Database) -> None:
    await recorded(api)
    await recorded(api, UGANDA, state="UGA")

    assert 2 == sum(await asyncio.gather(*(ask(db) for _ in range(6))))

    assert ["KEN", "UGA"] == sorted(one["state"] for one in await checks(api))
    async with db.transaction() as tx:
        assert 2 == await tx.fetchval("SELECT count(*) FROM journal WHERE type LIKE '%legislation_check.asked.v1'")


async def test_clock_of_the_service_asks_and_says_when_the_next_is_due(api: Client, db: Database) -> None:
    assert await ask_states(db) is None
    await recorded(api)

    seconds = await ask_states(db)

    assert seconds is not None
    assert 364 * DAY < timedelta(seconds=seconds) < YEAR
    assert [] == await checks(api)


async def test_due_day_of_the_last_of_february_is_the_last_of_the_next(api: Client, db: Database) -> None:
    with later(datetime(2028, 2, 29, 9, tzinfo=UTC) - MORNING):
        await recorded(api)
    async with db.transaction() as tx:
        due_at = await tx.fetchval("SELECT due_at FROM due_check")

    assert (2029, 2, 28) == (due_at.year, due_at.month, due_at.day)


async def test_one_click_confirms_every_published_record_and_nothing_else(api: Client, db: Database) -> None:
    first, second = await published(api), await published(api, article="UNTOC:19")
    await move(api, second, "verify", COORDINATOR)
    draft, ugandas = await recorded(api, article="UNTOC:5"), await published(api, UGANDA, state="UGA")
    await ask(db)
    (own,) = [one["legislation_check_id"] for one in await checks(api, KENYA)]

    with later(YEAR + DAY):
        page = (await api.get(link(own))).json()
        assert {"status": "asked", "result": None, "published": 2, "confirmed": 0} == {
            name: page[name] for name in page if name != "closes_at"
        }
        answers = [await api.post(link(own), json={"result": "unchanged"}) for _ in range(2)]
        assert [200, 200] == [one.status_code for one in answers]
        assert answers[0].json() == answers[1].json() == (await api.get(link(own))).json(), (
            "a link shows the same after its second use"
        )
        assert ("answered", "unchanged", 2) == tuple(
            answers[0].json()[name] for name in ("status", "result", "confirmed")
        )
        today = (MORNING + YEAR + DAY).date().isoformat()
        for one in (first, second):
            found = await shown(api, one)
            assert ("verified", "focal_point", today) == (
                found["status"], found["last_verified_by"], found["last_verified_at"][:10]
            )  # fmt: skip
        for one in (draft, ugandas):
            assert (await shown(api, one))["last_verified_at"] is None
    async with db.transaction() as tx:
        rows = await tx.fetch(
            "SELECT event::json->>'actorid' AS actor FROM journal WHERE type ~ 'confirmed-unchanged|check.answered'"
        )
    assert 3 * [str(a_caller(KENYA).person_id)] == [row["actor"] for row in rows]
    assert not await verify(db, SERVICE)


async def test_state_says_that_something_has_changed_and_confirms_later(api: Client, db: Database) -> None:
    legislation_id = await published(api)
    await ask(db)
    (own,) = [one["legislation_check_id"] for one in await checks(api, KENYA)]

    with later(YEAR + DAY):
        assert "changed" == (await api.post(link(own), json={"result": "changed"})).json()["result"]
        assert "published" == (await shown(api, legislation_id))["status"]
        answer = await api.post(link(own), json={"result": "unchanged"})
    assert ("unchanged", 1) == (answer.json()["result"], answer.json()["confirmed"])
    assert "verified" == (await shown(api, legislation_id))["status"]
    assert not await verify(db, SERVICE)


async def test_focal_point_who_has_signed_in_answers_in_its_revision(api: Client, db: Database) -> None:
    await published(api)
    await ask(db)
    (asked,) = await checks(api, KENYA)
    path, body = f"/v1/legislation/checks/{asked['legislation_check_id']}", {"result": "unchanged"}

    for by in OTHERS:
        assert [] == await checks(api, by)
        for answer in (
            await api.get(path, headers=headers(by)),
            await api.post(f"{path}/answer", json=body, headers=headers(by, revision=1)),
        ):
            assert (404, "not-found") == slug(answer)
    for by in (KENYAS_OFFICIAL, COORDINATOR, AUDITOR):
        answer = await api.post(f"{path}/answer", json=body, headers=headers(by, revision=1))
        assert (403, "not-for-your-role") == slug(answer)
    given = headers(KENYA, revision=1)
    answers = [await api.post(f"{path}/answer", json=body, headers=given) for _ in range(2)]
    assert [(200, "answered", 2, 1)] * 2 == [
        (one.status_code, *(one.json()[name] for name in ("status", "revision", "confirmed"))) for one in answers
    ]
    assert (412, "revision-stale") == slug(
        await api.post(f"{path}/answer", json=body, headers=headers(KENYA, revision=1))
    )


async def test_wrong_link_and_one_that_has_expired_get_the_same_answer(api: Client, db: Database) -> None:
    legislation_id = await published(api)
    await ask(db)
    (own,) = [one["legislation_check_id"] for one in await checks(api, KENYA)]
    expired = YEAR + CLOSE_DAYS * DAY
    reported = []
    for wrong, passed in (
        (link(own), expired),
        (link(own, UGANDA), DAY),
        (link(own, KENYAS_OFFICIAL), DAY),
        (link(own, key=b"another"), DAY),
        (link(own, purpose=Purpose.FOLLOW_UP), DAY),
        (f"{link(own)[:-8]}AAAAAAAA", DAY),
        (link(legislation_id), DAY),
    ):
        with later(passed):
            for answer in (await api.get(wrong), await api.post(wrong, json={"result": "unchanged"})):
                reported.append({name: value for name, value in answer.json().items() if name != "instance"})
    assert [404] * 14 == [one["status"] for one in reported]
    assert 14 * [reported[0] | {"correlation_id": None}] == [one | {"correlation_id": None} for one in reported]
    assert "published" == (await shown(api, legislation_id))["status"]
    with later(expired):
        answer = await api.post(
            f"/v1/legislation/checks/{own}/answer", json={"result": "changed"}, headers=headers(KENYA, revision=1)
        )
    assert (409, "legislation-check-closed") == slug(answer)


async def test_two_clicks_at_once_confirm_once(api: Client, db: Database) -> None:
    legislation_id = await published(api)
    await ask(db)
    (own,) = [one["legislation_check_id"] for one in await checks(api, KENYA)]

    answers = await asyncio.gather(*(api.post(link(own), json={"result": "unchanged"}) for _ in range(4)))

    assert [200] * 4 == [one.status_code for one in answers]
    assert 5 == (await shown(api, legislation_id))["revision"]


async def test_answer_that_fails_confirms_nothing(api: Client, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    legislation_id = await published(api)
    await ask(db)
    (own,) = [one["legislation_check_id"] for one in await checks(api, KENYA)]
    confirm = legislation_actions.confirm_published

    async def failing(*args: object, **more: object) -> int:
        await confirm(*args, **more)
        raise Conflict("legislation-check-closed")

    monkeypatch.setattr(legislation_actions, "confirm_published", failing)
    await api.post(link(own), json={"result": "unchanged"})

    assert "published" == (await shown(api, legislation_id))["status"]


def test_check_is_answered_until_it_closes() -> None:
    one = evolve(None, model.ask(a_caller().person_id, "KEN", NOON, now=NOON))
    last = one.closes_at - timedelta(seconds=1)

    one = evolve(one, one.answer(CheckResult.UNCHANGED, 3, now=last))

    assert (CheckResult.UNCHANGED, 3, last, 2) == (one.result, one.confirmed, one.answered_at, one.revision)
    with pytest.raises(Conflict, match="legislation-check-closed"):
        one.answer(CheckResult.CHANGED, 0, now=one.closes_at)
