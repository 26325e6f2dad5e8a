"""Clocks over HTTP and in the database: they follow the request, remind once, and keep their history."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import httpx

from chassis import clock
from chassis.db.database import Database
from services.requests.clock import actions, store
from services.requests.clock.calendar import end_of, working_days_later
from tests.builders import a_caller, headers
from tests.requests.clock_steps import appointed_coordinator, presented
from tests.requests.steps import CEB, COORDINATOR, KENYA, NORWAY, Client, filed, opened

moment = datetime.fromisoformat


async def clocks_of(api: Client, request: Mapping[str, Any], by: str = COORDINATOR) -> dict[str, dict[str, Any]]:
    answer = await api.get(f"/v1/requests/{request['request_id']}/clocks", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return {one["step"]: one for one in answer.json()["clocks"]}


async def test_clocks_follow_a_request_and_keep_their_history(api: Client) -> None:
    request = await filed(api)
    assert set(await clocks_of(api, request)) == {"acknowledge", "triage"}
    path = f"/v1/requests/{request['request_id']}"
    await api.post(f"{path}/register", json={}, headers=headers(COORDINATOR, revision=1))
    await api.post(f"{path}/return", json={"reason": "incomplete"}, headers=headers(COORDINATOR, revision=2))

    found = await clocks_of(api, request, KENYA)
    assert {step for step, one in found.items() if one["stopped_at"] is None} == {"triage", "state_answer"}
    events = {step: [event["event"] for event in one["history"]] for step, one in found.items()}
    assert events == {
        "acknowledge": ["started", "stopped"],
        "triage": ["started", "paused"],
        "follow_up": ["started", "stopped"],
        "state_answer": ["started"],
    }
    assert found["triage"]["history"][1]["by_role"] == "coordinator"


async def test_request_shows_the_clocks_that_run_to_those_who_may_see_them(api: Client) -> None:
    request = await filed(api)
    path = f"/v1/requests/{request['request_id']}"
    await api.post(f"{path}/register", json={}, headers=headers(COORDINATOR, revision=1))
    every = await clocks_of(api, request)
    shown = (await api.get(f"{path}?expand=clocks", headers=headers(KENYA))).json()
    assert {one["step"] for one in shown["clocks"]} == {"triage", "follow_up"}
    for one in shown["clocks"]:
        assert one == {name: every[one["step"]][name] for name in one}
    assert "clocks" not in (await api.get(path, headers=headers(KENYA))).json()


async def test_provider_finds_only_the_clocks_of_its_own_matches(
    api: Client, databases: Mapping[str, Database]
) -> None:
    request = await opened(api, circulation="granted")
    await presented(databases, request, "NOR")
    assert set(await clocks_of(api, request, NORWAY)) == {"provider_answer"}
    assert set(await clocks_of(api, request, "FRA:provider_officer")) == set()
    assert {"propose", "state_decision", "provider_answer"} <= set(await clocks_of(api, request, KENYA))


async def test_clock_reminds_and_runs_over_once_with_two_processes(
    api: Client, databases: Mapping[str, Database]
) -> None:
    request = await filed(api)
    acknowledge = (await clocks_of(api, request))["acknowledge"]
    now = clock.now()

    async def expire(days: int) -> int:
        async with databases["requests"].transaction() as tx:
            return await actions.expire(tx, now + timedelta(days=days))

    assert await expire(0) == 0
    assert sum(await asyncio.gather(*(expire(30) for _ in range(4)))) == 2
    assert sum(await asyncio.gather(*(expire(60) for _ in range(4)))) == 0

    found = await clocks_of(api, request)
    events = [event["event"] for event in found["acknowledge"]["history"]]
    assert (found["acknowledge"]["clock_id"], events) == (acknowledge["clock_id"], ["started", "overdue"])


async def test_overdue_after_a_rollback_is_recorded_by_the_next_process(
    databases: Mapping[str, Database], api: Client
) -> None:
    request = await filed(api)
    later = clock.now() + timedelta(days=30)
    try:
        async with databases["requests"].transaction() as tx:
            assert await actions.expire(tx, later) == 2
            raise RuntimeError("killed before the COMMIT")
    except RuntimeError:
        pass
    async with databases["requests"].transaction() as tx:
        assert await actions.expire(tx, later) == 2
        assert await store.due_in_seconds(tx, later) is None
    assert (await clocks_of(api, request))["triage"]["overdue_at"]


async def test_reminder_names_the_assignee(api: Client, databases: Mapping[str, Database]) -> None:
    request = await filed(api)
    assignee = await appointed_coordinator(databases)
    path = f"/v1/requests/{request['request_id']}/assign"
    answer = await api.post(path, json={"assignee": str(assignee)}, headers=headers(COORDINATOR, revision=1))
    assert (answer.status_code, answer.json()["assignee"]) == (200, str(assignee))
    day = working_days_later(clock.now().date(), 6, frozenset())

    async with databases["requests"].transaction() as tx:
        await actions.expire(tx, clock.now() + (day - clock.now().date()))
        reminded = await tx.fetch("SELECT event FROM journal WHERE type = 'requests.clock.reminded.v1'")
    assert len(reminded) == 1
    assert str(assignee) in reminded[0]["event"]


async def test_holidays_move_the_end_of_clocks_that_start_later(api: Client) -> None:
    first = await filed(api)
    due_at = (await clocks_of(api, first))["acknowledge"]["due_at"]
    days = await a_week_of_holidays(api)
    year = days[0].year
    stale = await api.put(f"/v1/calendar/{year}", json={"holidays": []}, headers=headers(COORDINATOR, revision=0))
    assert stale.status_code == 412
    refused = await api.put(f"/v1/calendar/{year}", json={"holidays": []}, headers=headers(KENYA, revision=1))
    assert (refused.status_code, refused.json()["slug"]) == (403, "not-for-your-role")

    second = await filed(api)
    assert (await clocks_of(api, second))["acknowledge"]["due_at"] > due_at
    assert (await clocks_of(api, first))["acknowledge"]["due_at"] == due_at


async def test_objection_window_leaves_out_holidays_as_clocks_do(api: Client) -> None:
    draft = await filed(api, submit=False, circulation="silence")
    holidays = await a_week_of_holidays(api)
    end = end_of(working_days_later(clock.now().date(), 5, holidays))

    path = f"/v1/requests/{draft['request_id']}"
    foreseen = (await api.get(f"{path}/audience?if_submitted=true", headers=headers(KENYA))).json()
    assert [end] == [moment(one["since"]) for one in foreseen["admissions"] if one["door"] == "consent"]
    submitted = await api.post(f"{path}/submit", json={}, headers=headers(KENYA, revision=draft["revision"]))
    at_once = await filed(api, circulation="silence")

    assert [end, end] == [moment(one["window_ends_at"]) for one in (submitted.json(), at_once)]


async def a_week_of_holidays(api: Client) -> list[date]:
    """Enter the next seven days as holidays; return them."""
    today = clock.now().date()
    days = [today + timedelta(days=number) for number in range(1, 8)]
    for year in sorted({day.year for day in days}):
        holidays = [day.isoformat() for day in days if day.year == year]
        path = f"/v1/calendar/{year}"
        assert (await api.get(path, headers=headers(KENYA))).json()["revision"] == 0
        put = await api.put(path, json={"holidays": holidays}, headers=headers(COORDINATOR, revision=0))
        assert (put.status_code, put.json()["revision"]) == (200, 1), put.text
    return days


async def test_holiday_of_another_year_is_refused(api: Client) -> None:
    answer = await api.put(
        "/v1/calendar/2030", json={"holidays": ["2031-01-01"]}, headers=headers(COORDINATOR, revision=0)
    )
    assert (answer.status_code, answer.json()["slug"]) == (400, "holiday-of-another-year")
    assert (await api.get("/v1/calendar/1999", headers=headers(COORDINATOR))).status_code == 404


async def test_only_a_coordinator_can_be_assigned(api: httpx.AsyncClient) -> None:
    request = await filed(api)
    path = f"/v1/requests/{request['request_id']}/assign"
    answer = await api.post(
        path, json={"assignee": str(a_caller(CEB).person_id)}, headers=headers(COORDINATOR, revision=1)
    )
    assert (answer.status_code, answer.json()["slug"]) == (400, "not-a-coordinator")
