"""Tests of strategies over HTTP: drawn up for a request, with milestones and evaluations, concluded, reopened."""

from typing import Any
from uuid import UUID

import pytest

from chassis.db.database import Database
from chassis.journal.outbox import read_aggregates
from chassis.rebuild import verify
from contracts.facts import Fact
from contracts.requests import RequestDeclined, RequestWithdrawn
from services.delivery import wiring
from tests.builders import a_caller, headers
from tests.delivery.action_points.steps import move
from tests.delivery.action_points.steps import tried as tried_point
from tests.delivery.steps import (
    AUDITOR,
    COORDINATOR,
    KENYA,
    KENYAS_OFFICIAL,
    NORWAY,
    OTHER_SERVICE,
    OTHERS,
    Client,
    Matching,
    on,
    slug,
)
from tests.delivery.steps import move as move_delivery
from tests.delivery.strategies.steps import (
    DUE,
    STRATEGY,
    a_registered_request,
    a_request,
    added,
    adding,
    drawing_up,
    drawn_up,
    request_ends,
    shown,
    tried,
)

READERS = (KENYA, KENYAS_OFFICIAL, COORDINATOR, AUDITOR, OTHER_SERVICE)


async def listed(api: Client, by: str, **query: str) -> list[str]:
    page = await api.get("/v1/strategies", params=query, headers=headers(by))
    assert page.status_code == 200, page.text
    return [one["strategy_id"] for one in page.json()["strategies"]]


async def test_strategy_is_read_by_its_state_and_unodc_and_by_providers_while_they_deliver(
    api: Client, matching: Matching, db: Database
) -> None:
    request_id = await a_registered_request(db)
    strategy_id = await drawn_up(api, request_id)
    point = await added(api, strategy_id)
    paths = [f"/v1/strategies/{strategy_id}", f"/v1/strategies/{strategy_id}/action-points"]
    paths.append(f"/v1/action-points/{point['action_point_id']}")

    async def rows(table: str, who: str) -> int:
        async with db.transaction(by=a_caller(who)) as tx:
            return int(await tx.fetchval(f"SELECT count(*) FROM {table}"))

    tables = ("strategy", "strategy_text", "action_point", "action_point_text")

    async def reading(readers: tuple[str, ...], strangers: tuple[str, ...]) -> None:
        for who in readers:
            assert STRATEGY.items() <= (await shown(api, strategy_id, who)).items()
            assert [200, 200, 200] == [(await api.get(path, headers=headers(who))).status_code for path in paths]
            assert [strategy_id] == await listed(api, who)
            assert [1, 1, 1, 1] == [await rows(table, who) for table in tables]
        for who in strangers:
            for path in paths:
                assert (404, "not-found") == slug(await api.get(path, headers=headers(who)))
            assert [] == await listed(api, who)
            assert [0, 0, 0, 0] == [await rows(table, who) for table in tables]

    await reading(READERS, (NORWAY, *OTHERS))
    delivery_id = await matching.confirms(request_id=UUID(request_id))
    await reading((*READERS, NORWAY), OTHERS)
    for refused in (await adding(api, strategy_id, NORWAY), await tried_point(api, point, "report-done", NORWAY)):
        assert (403, "not-for-your-role") == slug(refused)
    await move_delivery(api, delivery_id, "terminate", KENYA, reason="other")
    await reading(READERS, (NORWAY, *OTHERS))


@pytest.mark.parametrize("ends", [RequestWithdrawn, RequestDeclined])
async def test_none_is_drawn_up_for_a_request_that_has_ended(api: Client, db: Database, ends: type[Fact]) -> None:
    request_id = await a_registered_request(db)
    strategy_id = await drawn_up(api, request_id)

    await request_ends(db, request_id, ends)

    assert (409, "request-ended") == slug(await drawing_up(api, request_id))
    assert [strategy_id] == await listed(api, KENYA)


async def test_who_draws_one_up(api: Client, matching: Matching) -> None:
    request_id = await a_request(matching)

    for by in (KENYAS_OFFICIAL, NORWAY, AUDITOR):
        assert (403, "not-for-your-role") == slug(await drawing_up(api, request_id, by))
    assert (404, "not-found") == slug(await drawing_up(api, request_id, OTHERS[0]))
    assert (404, "not-found") == slug(await drawing_up(api, "00000000-0000-0000-0000-000000000001"))
    for wrong in (
        {"stakeholders": []},
        {"stakeholders": ["person"]},
        {"title": ""},
        {"roles": ""},
        {"title": "a" * 301},
    ):
        assert 400 == (await drawing_up(api, request_id, **wrong)).status_code
    first = await drawn_up(api, request_id, COORDINATOR, stakeholders=["ministry", "ministry"])
    assert ["ministry"] == (await shown(api, first))["stakeholders"]


async def test_strategies_are_listed_by_request_and_status(api: Client, matching: Matching) -> None:
    request_id = await a_request(matching)
    first, second = await drawn_up(api, request_id), await drawn_up(api, request_id)
    other = await drawn_up(api, await a_request(matching))
    await tried(api, first, "conclude")

    assert [other, second, first] == await listed(api, KENYA)
    assert [second, first] == await listed(api, COORDINATOR, request=request_id)
    assert [first] == await listed(api, KENYA, request=request_id, status="concluded")


async def test_milestone_is_verified_by_another_person_before_the_strategy_is_concluded(
    api: Client, matching: Matching, db: Database
) -> None:
    strategy_id = await drawn_up(api, await a_request(matching))
    milestone = await added(api, strategy_id)
    evaluation = await added(api, strategy_id, COORDINATOR, source="evaluation", owner="unodc")
    assert (409, "strategy-unsettled") == slug(await tried(api, strategy_id, "conclude"))

    await move(api, milestone, "report-done", KENYA)
    assert (403, "verified-by-another") == slug(await tried_point(api, milestone, "verify", KENYA))
    await move(api, milestone, "verify", COORDINATOR)
    await move(api, evaluation, "report-done", COORDINATOR)
    assert (409, "strategy-unsettled") == slug(await tried(api, strategy_id, "conclude"))
    await move(api, evaluation, "verify", KENYA)
    concluded = (await tried(api, strategy_id, "conclude", comment="Fictitious: all done.")).json()

    assert ("concluded", "Fictitious: all done.", ["reopen_strategy"]) == tuple(
        concluded[name] for name in ("status", "comment", "moves")
    )
    assert not await verify(db, wiring.SERVICE)


async def test_nothing_is_added_to_a_concluded_strategy_before_it_is_reopened(api: Client, matching: Matching) -> None:
    strategy_id = await drawn_up(api, await a_request(matching))
    point = await added(api, strategy_id)
    await move(api, point, "drop", COORDINATOR, reason="no_longer_needed")
    assert 200 == (await tried(api, strategy_id, "conclude")).status_code

    for refused in (
        await adding(api, strategy_id),
        await tried_point(api, point, "reopen", KENYA),
        await tried(api, strategy_id, "", **STRATEGY),
    ):
        assert (409, "strategy-status") == slug(refused)
    assert 200 == (await tried(api, strategy_id, "reopen", COORDINATOR)).status_code
    await move(api, point, "reopen", KENYA)
    await added(api, strategy_id)


async def test_action_point_of_a_strategy_is_refused_for_what_does_not_fit(api: Client, matching: Matching) -> None:
    strategy_id = await drawn_up(api, await a_request(matching))

    for expected, changes in (
        ("strategy-source", {"source": "session"}),
        ("strategy-owner", {"owner": "provider"}),
        ("due-day-past", {"due_on": "2020-01-01"}),
    ):
        assert (400, expected) == slug(await adding(api, strategy_id, **changes)), expected
    assert (403, "not-for-your-role") == slug(await adding(api, strategy_id, KENYAS_OFFICIAL))


async def test_strategy_is_revised_in_its_last_revision(api: Client, matching: Matching) -> None:
    strategy_id = await drawn_up(api, await a_request(matching))
    changed = {"title": "Fictitious: another title", "stakeholders": ["judiciary"], "roles": "Fictitious: the courts."}

    revised = (await tried(api, strategy_id, "", COORDINATOR, **(STRATEGY | changed))).json()

    assert changed == {name: revised[name] for name in changed}
    stale = headers(KENYA, revision=1)
    assert 412 == (await api.put(f"/v1/strategies/{strategy_id}", json=STRATEGY, headers=stale)).status_code


async def test_owner_is_reminded_once_of_a_milestone(api: Client, matching: Matching, db: Database) -> None:
    point = await added(api, await drawn_up(api, await a_request(matching)))

    with on(DUE):
        await wiring.remind(db)
        await wiring.remind(db)

    async with db.transaction() as tx:
        (events,) = (await read_aggregates(tx, [UUID(point["action_point_id"])])).values()
    assert ["added", "reminded"] == [one.type.split(".")[2] for one in events]


async def test_rebuilt_from_the_journal_which_has_no_words(
    api: Client, matching: Matching, database_url: str, db: Database
) -> None:
    strategy_id = await drawn_up(api, await a_request(matching))
    revision: dict[str, Any] = {**STRATEGY, "stakeholders": ["academia"]}
    await tried(api, strategy_id, "", **revision)
    await added(api, strategy_id)
    await tried(api, await drawn_up(api, await a_request(matching)), "conclude")
    migrator = await Database.connect(database_url, "delivery", owner=True)
    try:
        assert [] == await verify(migrator, wiring.SERVICE)
        async with migrator.transaction() as tx:
            assert not await tx.fetchval(
                "SELECT count(*) FROM journal WHERE event::text ~ 'trafficking|shelters|cabinet'"
            )
            await tx.execute("UPDATE strategy SET stakeholders = '{academia,judiciary}'")
        assert 1 == len(await verify(migrator, wiring.SERVICE))
    finally:
        await migrator.close()
