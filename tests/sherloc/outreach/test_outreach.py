"""The outreach plan: activities for an audience, with the people reached and the target (paragraph I.b)."""

from datetime import timedelta

from tests.builders import headers
from tests.clocks import TODAY
from tests.sherloc.outreach.steps import PATH, WEBINAR, planned, tried
from tests.sherloc.steps import COORDINATOR, KENYA, Client, slug


async def test_plan_shows_whom_an_activity_reached_against_its_target(api: Client) -> None:
    held = await tried(api, await planned(api), "hold", reach=312)
    assert 200 == held.status_code
    await planned(api, audience="academia")

    answer = await api.get(PATH, headers=headers(KENYA))

    plan = [
        (one["audience"], one["reach_target"], one["reach"], one["moves"])
        for one in answer.json()["outreach_activities"]
    ]
    assert [("academia", 250, None, []), ("judges_and_prosecutors", 250, 312, [])] == plan
    for query, found in (({"status": "held"}, 1), ({"audience": "academia"}, 1), ({"audience": "legislators"}, 0)):
        answer = await api.get(PATH, params=query, headers=headers(KENYA))
        assert found == len(answer.json()["outreach_activities"])


async def test_what_was_held_or_cancelled_is_over(api: Client) -> None:
    one = await planned(api)
    cancelled = (await tried(api, one, "cancel", reason="dates_unsuitable")).json()

    assert ("cancelled", "dates_unsuitable", []) == tuple(cancelled[name] for name in ("status", "reason", "moves"))
    for name, body in (("hold", {"reach": 1}), ("cancel", {"reason": "other"}), ("revise", WEBINAR)):
        assert (409, "outreach-status") == slug(await tried(api, cancelled, name, **body))


async def test_reach_is_recorded_from_the_first_day_on(api: Client) -> None:
    tomorrow = str(TODAY + timedelta(days=1))
    one = await planned(api, starts=tomorrow, ends=tomorrow)
    assert [{"move": "hold_outreach_activity", "slug": "outreach-not-begun", "from": tomorrow}] == one["later"]
    assert "hold_outreach_activity" not in one["moves"]
    assert (409, "outreach-not-begun") == slug(await tried(api, one, "hold", reach=1))

    revised = (await tried(api, one, "revise", **WEBINAR | {"reach_target": 9})).json()

    assert (9, "held") == (revised["reach_target"], (await tried(api, revised, "hold", reach=1)).json()["status"])


async def test_days_are_not_reversed(api: Client) -> None:
    body = WEBINAR | {"ends": str(TODAY - timedelta(days=1))}
    assert (400, "dates-reversed") == slug(await api.post(PATH, json=body, headers=headers(COORDINATOR)))


async def test_only_a_coordinator_keeps_the_plan(api: Client) -> None:
    assert (403, "not-for-your-role") == slug(await api.post(PATH, json=WEBINAR, headers=headers(KENYA)))
    assert (403, "not-for-your-role") == slug(await tried(api, await planned(api), "hold", KENYA, reach=1))
