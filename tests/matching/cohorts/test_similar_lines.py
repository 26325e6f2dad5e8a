"""Visibility of similar lines: all for UNODC, its own for a State."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts import reference
from services.matching.cohorts import similar_api
from services.matching.cohorts.similar import Similar, similar
from services.matching.cohorts.similar_api import AT_ONCE_MAX
from services.matching.lines import store as line_store
from services.matching.policy import may_compare
from services.matching.texts import store as reading_store
from services.matching.texts.store import WORDS_MAX
from tests.builders import AHEAD, a_caller, a_line, headers
from tests.matching.steps import COORDINATOR, KENYA, NORWAY
from tests.matching.texts.steps import Stage, line_ids, nothing

UGANDA = "UGA:focal_point"
OFFICE = (COORDINATOR, "UNODC:auditor")


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


async def test_coordinator_sees_similar_lines_of_all_states(stage: Stage) -> None:
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
        "overlap": {"from": f"{AHEAD}-02-01", "until": f"{AHEAD}-06-30"},
        "duplicate": False,
    } == {name: value for name, value in one.items() if name != "judgement"}
    assert ("letters", "1") == (one["judgement"]["model"], one["judgement"]["version"])
    assert 900 < one["judgement"]["closeness"] < 1000


async def test_state_sees_only_its_own_similar_lines(stage: Stage) -> None:
    past = await stage.moves(await stage.files("aaaa"), "withdraw", KENYA)
    kenyas = await stage.files("aaaa")
    await stage.files("aaaa", by=UGANDA)
    await opened(stage, await stage.files("aaaa", by=UGANDA))
    await stage.reads()

    for by in (KENYA, "KEN:official"):
        assert [past["request_id"]] == requests_of(await found(stage, kenyas, by))
    assert 3 == len(await found(stage, kenyas, COORDINATOR))


@pytest.mark.parametrize("by", ["SOM:focal_point", "SOM:official"])
@pytest.mark.parametrize(
    "circulating",
    [
        {"visibility": "providers", "excluded_providers": ["SOM"]},
        {"visibility": "named", "addressee": {"to": "states", "states": ["SOM"]}},
    ],
    ids=["to every provider", "to the State that probes"],
)
async def test_similar_submission_does_not_reveal_another_states_request(
    stage: Stage, circulating: Mapping[str, Any], by: str
) -> None:
    ugandas = await opened(stage, await stage.files("aaaa", by=UGANDA, **circulating))
    probe = await stage.files(
        "aaaa",
        a_line(topics=list(reference.topics())[:20], articles=ugandas["lines"][0]["articles"]),
        by="SOM:focal_point",
        circulation="none",
        visibility="private",
    )

    assert [] == await found(stage, probe, by)
    assert [ugandas["request_id"]] == requests_of(await found(stage, probe, COORDINATOR))


async def test_duplicate_is_listed_first(stage: Stage) -> None:
    kenyas = await stage.files("The judges are trained.")
    await stage.files("The prosecutors are equipped.")
    again = await stage.files("The judges are trained.")
    assert [True, True] == [one["duplicate"] for one in await found(stage, kenyas, KENYA)], "by codes, not read yet"

    await stage.reads(nothing)

    similar = await found(stage, kenyas, KENYA)
    assert [True, False] == [one["duplicate"] for one in similar]
    assert again["request_id"] == similar[0]["request_id"]


async def test_foreign_line_is_refused_like_an_unknown_line(stage: Stage) -> None:
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


async def test_line_without_topics_or_text_is_accepted(stage: Stage) -> None:
    silent = await stage.files("…", a_line(topics=[], articles=[]))
    other = await stage.files("aaaa")
    await stage.reads()

    assert [other["request_id"]] == requests_of(await found(stage, silent, KENYA))


async def test_sql_finds_the_lines_that_the_policy_allows(stage: Stage) -> None:
    """`similar_to` applies the policy before its limit."""
    kenyas = await opened(stage, await stage.files("aaaa"))
    for by in (KENYA, UGANDA):
        for circulation in ("granted", "none", "silence"):
            await stage.files("aaaa", by=by, circulation=circulation)
            await opened(stage, await stage.files("aaaa", by=by, circulation=circulation))
    async with stage.db.transaction() as tx:
        line = await line_store.line(tx, line_ids(kenyas)[0])
        assert line is not None
        every = [one.line for one in await line_store.similar_to(tx, line, a_caller(COORDINATOR))]
        shown = {
            appointment: {one.line.line_id for one in await line_store.similar_to(tx, line, a_caller(appointment))}
            for appointment in (*OFFICE, KENYA, "KEN:official", UGANDA, "KEN:provider_officer", NORWAY)
        }

    assert 12 == len(every)
    for appointment, those in shown.items():
        assert {one.line_id for one in every if may_compare(a_caller(appointment), one)} == those, appointment
    assert [12, 12, 6, 6, 6, 0, 0] == [len(those) for those in shown.values()]


async def test_event_loop_is_not_blocked_by_two_parallel_comparisons(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    kenyas, other = await stage.files("aaaa"), await stage.files("aaaa")
    running: list[int] = []
    most, go_on = 0, threading.Event()

    def slow(*args: Any) -> list[Similar]:
        nonlocal most
        running.append(1)
        most = max(most, len(running))
        assert go_on.wait(30), "the comparisons block the event loop, which would end them"
        running.pop()
        return similar(*args)

    monkeypatch.setattr(similar_api, "similar", slow)
    asked = [asyncio.create_task(found(stage, kenyas, KENYA)) for _ in range(3 * AT_ONCE_MAX)]
    while most < AT_ONCE_MAX:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    go_on.set()
    answers = await asyncio.gather(*asked)

    assert [[other["request_id"]]] * len(answers) == [requests_of(answer) for answer in answers]
    assert AT_ONCE_MAX == most


async def test_tokens_of_newest_lines_are_read_if_a_vector_is_missing(stage: Stage) -> None:
    kenyas, others = await stage.files("aaaa"), [await stage.files("aabb") for _ in range(3)]
    ids = [line_id for one in others for line_id in line_ids(one)]
    await stage.reads(nothing)
    async with stage.db.transaction() as tx:
        unread = (await reading_store.readings_of(tx, line_ids(kenyas)))[line_ids(kenyas)[0]]
        by_words = await reading_store.comparable_with(tx, unread, ids[:1] * WORDS_MAX + ids[1:])
        assert await reading_store.queue_all(tx)
    await stage.reads()
    async with stage.db.transaction() as tx:
        meant = (await reading_store.readings_of(tx, line_ids(kenyas)))[line_ids(kenyas)[0]]
        by_meaning = await reading_store.comparable_with(tx, meant, ids)

    assert [True, False, False] == [bool(by_words[line_id].tokens) for line_id in ids]
    assert [(), (), ()] == [by_meaning[line_id].tokens for line_id in ids]
    assert all(by_meaning[line_id].vector for line_id in ids)
