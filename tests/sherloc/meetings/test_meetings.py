"""Informal meetings of States: invitations, sign-ups by number, and lessons without attribution (paragraph II.k)."""

from datetime import timedelta
from uuid import UUID, uuid1, uuid4

import pytest

from chassis.db.database import Database
from tests.builders import headers
from tests.clocks import TODAY
from tests.sherloc.meetings.steps import KEPT, LESSON, PATH, PLAN, move, planned, tried
from tests.sherloc.steps import AUDITOR, COORDINATOR, KENYA, KENYAS_OFFICIAL, UGANDA, Client, slug


async def test_states_sign_up_with_a_number_and_read_only_the_sum_of_others(api: Client) -> None:
    one = await planned(api)
    one = await move(api, one, "sign-up", KENYA, people=2)
    one = await move(api, one, "sign-up", UGANDA, people=4)
    one = await move(api, one, "sign-up", KENYAS_OFFICIAL, people=3)

    shown = (await api.get(f"{PATH}/{one['meeting_id']}", headers=headers(KENYA))).json()

    assert (2, 7, 3) == (shown["states"], shown["people"], shown["own_people"])
    assert "signed_up" not in shown
    one = await move(api, one, "withdraw-sign-up", UGANDA)
    assert (1, 3, 0) == (one["states"], one["people"], one["own_people"])
    assert (409, "meeting-not-signed-up") == slug(await tried(api, one, "withdraw-sign-up", UGANDA))


async def test_only_invited_states_sign_up(api: Client) -> None:
    one = await planned(api, states=("UGA",))

    assert (409, "meeting-not-invited") == slug(await tried(api, one, "sign-up", KENYA, people=1))
    assert (409, "meeting-invited") == slug(await tried(api, one, "invite", states=["UGA"]))
    assert (400, "unknown-code") == slug(await tried(api, one, "invite", states=["XXX"]))
    assert [] == (await api.get(f"{PATH}/{one['meeting_id']}", headers=headers(KENYA))).json()["moves"]
    assert ["KEN", "UGA"] == (await move(api, one, "invite", states=["KEN", "UGA"]))["invited"]
    assert ["sign_up"] == (await api.get(f"{PATH}/{one['meeting_id']}", headers=headers(KENYA))).json()["moves"]


async def test_lesson_is_stored_without_author_time_or_fact(api: Client, db: Database) -> None:
    one = await move(api, await planned(api), "hold")
    async with db.transaction() as tx:
        before = await tx.fetchrow(KEPT)

    after = await move(api, one, "lessons", KENYA, text=LESSON)

    assert ([LESSON], one["revision"]) == ([each["text"] for each in after["lessons"]], after["revision"])
    async with db.transaction() as tx:
        (row,) = await tx.fetch("SELECT * FROM meeting_lesson")
        assert {"lesson_id", "meeting_id", "text"} == set(row.keys())
        assert before == await tx.fetchrow(KEPT)
    assert (400, "lesson-id-not-random") == slug(
        await tried(api, one, "lessons", KENYA, lesson_id=uuid1(), text=LESSON)
    )


async def test_repeated_lesson_is_one(api: Client) -> None:
    one, lesson_id = await move(api, await planned(api), "hold"), uuid4()
    for _ in range(2):
        one = await move(api, one, "lessons", KENYA, lesson_id=lesson_id, text=LESSON)

    assert [str(lesson_id)] == [each["lesson_id"] for each in one["lessons"]]


async def test_coordinator_removes_a_lesson_that_names_somebody(api: Client) -> None:
    one = await move(api, await planned(api), "hold")
    one = await move(api, one, "lessons", UGANDA, text=LESSON)
    (lesson,) = one["lessons"]

    assert (404, "not-found") == slug(await tried(api, one, "remove-lesson", lesson_id=uuid4()))
    assert (403, "not-for-your-role") == slug(
        await tried(api, one, "remove-lesson", UGANDA, lesson_id=UUID(lesson["lesson_id"]))
    )
    assert ["remove_lesson"] == (await api.get(f"{PATH}/{one['meeting_id']}", headers=headers(COORDINATOR))).json()[
        "moves"
    ][1:]
    one = await move(api, one, "remove-lesson", lesson_id=UUID(lesson["lesson_id"]))
    assert ([], ["add_lesson"]) == (one["lessons"], one["moves"])


async def test_lessons_are_recorded_once_the_meeting_has_begun(api: Client) -> None:
    one = await planned(api)
    assert (409, "meeting-status") == slug(await tried(api, one, "lessons", KENYA, text=LESSON))
    tomorrow = str(TODAY + timedelta(days=1))
    later = await planned(api, starts_on=tomorrow)
    assert [{"move": "hold_meeting", "slug": "meeting-not-begun", "from": tomorrow}] == later["later"]
    assert "hold_meeting" not in later["moves"]
    assert (409, "meeting-not-begun") == slug(await tried(api, later, "hold"))
    assert ([], True) == (one["later"], "hold_meeting" in one["moves"])

    assert "held" == (await move(api, one, "hold"))["status"]


@pytest.mark.parametrize("name", ["revise", "invite", "sign-up", "withdraw-sign-up", "hold", "cancel", "lessons"])
async def test_nothing_follows_a_cancelled_meeting(api: Client, name: str) -> None:
    one = await move(api, await planned(api), "cancel", reason="dates_unsuitable")
    by = KENYA if name in {"sign-up", "withdraw-sign-up", "lessons"} else COORDINATOR
    body = {"revise": PLAN, "invite": {"states": ["TZA"]}, "sign-up": {"people": 1}, "cancel": {"reason": "other"}}

    answer = await tried(api, one, name, by, **body.get(name, {"text": LESSON} if name == "lessons" else {}))

    assert (409, "meeting-status") == slug(answer)


async def test_meetings_are_for_states_and_unodc(api: Client) -> None:
    one = await planned(api)
    at = f"{PATH}/{one['meeting_id']}"
    for reader in (KENYA, KENYAS_OFFICIAL, "FRA:official", COORDINATOR, AUDITOR):
        assert PLAN["agenda"] == (await api.get(at, headers=headers(reader))).json()["agenda"]
    for other in ("NOR:provider_officer", "NOR:donor_officer", "UNODC:finance_officer"):
        assert (404, "not-found") == slug(await api.get(at, headers=headers(other)))
        assert [] == (await api.get(PATH, headers=headers(other))).json()["meetings"]
    assert (403, "not-for-your-role") == slug(await api.post(PATH, json=PLAN, headers=headers(KENYA)))
    assert (403, "not-for-your-role") == slug(await tried(api, one, "hold", KENYA))


async def test_meeting_is_on_a_day_to_come(api: Client) -> None:
    body = PLAN | {"starts_on": str(TODAY - timedelta(days=1))}
    assert (400, "meeting-day-over") == slug(await api.post(PATH, json=body, headers=headers(COORDINATOR)))
    one = await planned(api)
    assert (400, "meeting-day-over") == slug(await tried(api, one, "revise", **body))
    assert "Fictitious: new." == (await move(api, one, "revise", **PLAN | {"agenda": "Fictitious: new."}))["agenda"]
