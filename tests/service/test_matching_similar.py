"""Who is shown which lines that are like one of theirs: the office all, a State its own and what circulates to it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis.db import Database
from chassis.settings import Settings
from services.matching import line_store
from tests.builders import a_caller, a_line, headers
from tests.service.matching_steps import COORDINATOR, KENYA, NORWAY, Client
from tests.service.reading_steps import Stage, line_ids, nothing, staged

UGANDA = "UGA:focal_point"


@pytest.fixture
async def stage(
    client_of: Callable[..., Awaitable[Client]], settings: Settings, databases: Mapping[str, Database]
) -> AsyncIterator[Stage]:
    async with staged(await client_of("requests", "matching"), settings, databases) as made:
        yield made


async def ask(stage: Stage, request: Mapping[str, Any], by: str) -> httpx.Response:
    return await stage.api.get("/v1/matches/similar", params={"line": str(line_ids(request)[0])}, headers=headers(by))


async def found(stage: Stage, request: Mapping[str, Any], by: str) -> list[dict[str, Any]]:
    answer = await ask(stage, request, by)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["similar"])


def requests_of(similar: list[dict[str, Any]]) -> list[str]:
    return [one["request_id"] for one in similar]


async def opened(stage: Stage, request: Any) -> Any:
    return await stage.moves(await stage.moves(request, "register"), "open", priority="high")


async def test_a_coordinator_is_shown_every_states_and_in_what_they_are_alike(stage: Stage) -> None:
    kenyas = await stage.files("aaaa")
    ugandas = await stage.files("aaab", by=UGANDA, circulation="none")
    await stage.files("cccc", a_line(kind="mentoring", topics=["cybercrime"], articles=["UNTOC:5"]), by=UGANDA)
    await stage.reads()

    (one,) = await found(stage, kenyas, COORDINATOR)

    assert {
        "line_id": str(line_ids(ugandas)[0]),
        "request_id": ugandas["request_id"],
        "state": "UGA",
        "kind": "mla_training",
        "same_kind": True,
        "topics": ["electronic_evidence", "mutual_legal_assistance"],
        "articles": ["UNTOC:18"],
        "overlap": {"from": "2027-02-01", "until": "2027-06-30"},
        "duplicate": False,
    } == {name: value for name, value in one.items() if name != "judgement"}
    assert ("letters", "1") == (one["judgement"]["model"], one["judgement"]["version"])
    assert 900 < one["judgement"]["closeness"] < 1000


async def test_a_state_is_shown_its_own_past_and_what_circulates_to_it(stage: Stage) -> None:
    past = await stage.moves(await stage.files("aaaa"), "withdraw", KENYA)
    kenyas = await stage.files("aaaa")
    await stage.files("aaaa", by=UGANDA)
    await opened(stage, await stage.files("aaaa", by=UGANDA, circulation="none"))
    await opened(stage, await stage.files("aaaa", by=UGANDA, visibility="named",
                                          addressee={"to": "states", "states": ["NOR"]}))  # fmt: skip
    shown = await opened(stage, await stage.files("aaaa", by=UGANDA))
    await stage.reads()

    similar = await found(stage, kenyas, KENYA)

    assert {past["request_id"], shown["request_id"]} == set(requests_of(similar))
    (another,) = (one for one in similar if one["state"] == "UGA")
    assert another["judgement"] is None, "how close two texts are tells of both"
    assert 5 == len(await found(stage, kenyas, COORDINATOR))


async def test_while_consents_are_unheard_a_state_is_shown_its_own(stage: Stage) -> None:
    past, kenyas = await stage.files("aaaa"), await stage.files("aaaa")
    await opened(stage, await stage.files("aaaa", by=UGANDA))
    async with stage.db.transaction() as tx:
        await tx.execute("UPDATE consent_reading SET heard_at = '-infinity'")

    assert [past["request_id"]] == requests_of(await found(stage, kenyas, KENYA))


async def test_what_a_state_has_just_submitted_twice_stands_first(stage: Stage) -> None:
    kenyas = await stage.files("The judges are trained.")
    await stage.files("The prosecutors are equipped.")
    again = await stage.files("The judges are trained.")
    assert [True, True] == [one["duplicate"] for one in await found(stage, kenyas, KENYA)], "by codes, unread as yet"

    await stage.reads(nothing)

    similar = await found(stage, kenyas, KENYA)
    assert [True, False] == [one["duplicate"] for one in similar]
    assert again["request_id"] == similar[0]["request_id"]


async def test_whose_line_it_is_not_is_told_what_is_told_of_no_line(stage: Stage) -> None:
    kenyas = await opened(stage, await stage.files("aaaa"))

    anothers, nobodys = (
        await ask(stage, kenyas, UGANDA),
        await ask(stage, {"lines": [{"line_id": str(uuid4())}]}, UGANDA),
    )

    assert (404, 404) == (anothers.status_code, nobodys.status_code)
    assert anothers.json()["slug"] == nobodys.json()["slug"]
    for by in (NORWAY, "NOR:donor_officer", "UNODC:finance_officer", "UNODC:administrator"):
        assert (403, "not-for-your-role") == ((no := await ask(stage, kenyas, by)).status_code, no.json()["slug"])
    for query in ({}, {"line": "x"}):
        assert 400 == (await stage.api.get("/v1/matches/similar", params=query, headers=headers())).status_code


async def test_a_line_without_topics_or_text_is_answered(stage: Stage) -> None:
    silent = await stage.files("…", a_line(topics=[], articles=[]))
    other = await stage.files("aaaa")
    await stage.reads()

    assert [other["request_id"]] == requests_of(await found(stage, silent, KENYA))


async def test_no_line_is_found_in_sql_that_its_policy_does_not_show(stage: Stage) -> None:
    """`like` narrows before it limits: what it leaves in is a State's own, or may be told to it."""
    kenyas = await opened(stage, await stage.files("aaaa"))
    for by in (KENYA, UGANDA):
        for circulation in ("granted", "none", "silence"):
            await stage.files("aaaa", by=by, circulation=circulation)
            await opened(stage, await stage.files("aaaa", by=by, circulation=circulation))
    async with stage.db.transaction() as tx:
        line = await line_store.line(tx, line_ids(kenyas)[0])
        assert line is not None
        every = await line_store.like(tx, line, a_caller(COORDINATOR), circulating=False)
        whole = [await line_store.line(tx, one.line.line_id) for one in every]
        told = await line_store.like(tx, line, a_caller(KENYA), circulating=True)

    assert 12 == len(every)
    expected = {
        one.line_id for one in whole if one and (one.state == "KEN" or (one.proposable and one.may_be_told_to("KEN")))
    }
    assert expected == {one.line.line_id for one in told}
    assert 7 == len(expected)
