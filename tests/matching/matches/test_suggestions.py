"""Suggestions, from the facts of a request to the tables, and their end."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from chassis.db.database import Database, Tx
from chassis.journal.inbox import Outcome
from contracts.facts import Fact
from contracts.requests import (
    CirculationDecided,
    RequestClosed,
    RequestDeclined,
    RequestDelivered,
    RequestHeld,
    RequestLapsed,
    RequestReopened,
    RequestResumed,
    RequestReturned,
    RequestStarted,
    RequestWithdrawn,
)
from services.matching.matches import store as match_store
from services.matching.matches import suggestions
from services.matching.offerings import actions as offering_actions
from services.matching.wiring import RaceRepair
from tests.builders import AHEAD, NOON, an_event, headers
from tests.demo import steps as sample_world
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.offerings.steps import approved, offered
from tests.matching.offerings.steps import move as move_offering
from tests.matching.steps import (
    CEB,
    COORDINATOR,
    NORWAY,
    Client,
    Owner,
    attempt,
    data_of,
    ids,
    matches_of,
    move,
    opened,
)


async def test_submitted_line_gets_suggestions_best_first(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    near = await approved(api, CEB, topics=["mutual_legal_assistance", "electronic_evidence"])
    far = await approved(api, NORWAY, topics=["wildlife_forest_fisheries"])
    await approved(api, NORWAY, kinds=["mentoring"])
    await offered(api, NORWAY)
    submission = a_submission()

    event = an_event(submission, 1, correlation="the-correlation")
    assert await owner.inbox.receive(event) is Outcome.APPLIED

    found = await matches_of(api, submission)
    assert [near["offering_id"], far["offering_id"]] == [match["offering_id"] for match in found]
    assert [(1, "suggested"), (2, "suggested")] == [(match["rank"], match["status"]) for match in found]
    assert [match["score"] for match in found] == [sum(s["points"] for s in match["shares"]) for match in found]
    assert {"codes-4:weights-0"} == {match["algorithm"] for match in found}
    async with databases["matching"].transaction() as tx:
        (row,) = await tx.fetch("SELECT event FROM journal WHERE type LIKE 'matching.%' AND aggregate <> 'offering'")
    reported = data_of(row)
    assert ("matching.line.ranked.v1", found[0]["line_id"]) == (reported["type"], reported["line_id"])
    assert [match["match_id"] for match in found] == [one["match_id"] for one in reported["suggestions"]]
    assert found[0]["shares"] == [
        {"criterion": criterion, "points": points, "of": of}
        for criterion, points, of in zip(
            reported["criteria"], reported["suggestions"][0]["points"], reported["of"], strict=True
        )
    ]
    assert str(event.id) in row["event"]
    assert "the-correlation" in row["event"]


async def test_later_suggestion_has_its_own_fact(api: Client, owner: Owner, databases: Mapping[str, Database]) -> None:
    await approved(api)
    submission = await opened(owner)
    await approved(api)
    await owner.publish(RequestReturned(**ids(submission), reason="incomplete", returned_at=NOON))
    await approved(api, CEB)
    await owner.publish(submission)

    assert [0, 1, 1] == sorted(match["revision"] for match in await matches_of(api, submission))
    async with databases["matching"].transaction() as tx:
        rows = await tx.fetch("SELECT type FROM journal WHERE aggregate IN ('line', 'match') ORDER BY position")
    assert ["matching.line.ranked.v1"] + ["matching.match.suggested.v1"] * 2 == [row["type"] for row in rows]


async def test_match_gets_a_row_with_its_first_move(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    for _ in range(3):
        await approved(api)
    request = await opened(owner)
    before = await matches_of(api, request)

    async def rows() -> list[int]:
        async with databases["matching"].transaction() as tx:
            counts = "SELECT cardinality(untouched) FROM line_ranking", "SELECT count(*) FROM match_move"
            return [await tx.fetchval(query) for query in ("SELECT count(*) FROM match", *counts)]

    assert [0, 3, 0] == await rows()
    moved = await move(api, before[1], "shortlist", COORDINATOR)
    assert [1, 2, 1] == await rows()
    changed = {"status": "shortlisted", "revision": 1, "moves": ["present", "not_pursue"]}
    assert before[1] | changed == moved
    assert [before[0], moved, before[2]] == await matches_of(api, request)


async def test_suggestion_without_a_row_is_locked(api: Client, owner: Owner, databases: Mapping[str, Database]) -> None:
    await approved(api)
    match_id = UUID((await matches_of(api, await opened(owner)))[0]["match_id"])

    async def revision_of_second() -> int | None:
        async with databases["matching"].transaction() as tx:
            found = await match_store.get_as_service(tx, match_id)
            return found.revision if found else None

    async with databases["matching"].transaction() as tx:
        first = await match_store.get_as_service(tx, match_id)
        assert first is not None
        second = asyncio.create_task(revision_of_second())
        await asyncio.sleep(0.2)
        assert not second.done()
        await suggestions.record(tx, [(first, first.shortlist(now=NOON))])

    assert 1 == await second


async def test_ranked_match_moves_from_revision_0(api: Client, owner: Owner) -> None:
    await approved(api)
    match = (await matches_of(api, await opened(owner)))[0]
    shown = await api.get(f"/v1/matches/{match['match_id']}", headers=headers(COORDINATOR))

    assert (0, '"0') == (match["revision"], shown.headers["ETag"].partition("-")[0])
    moved = await move(api, match, "present", COORDINATOR)
    stale = await attempt(api, match, "shortlist", COORDINATOR)
    assert ("presented", 1) == (moved["status"], moved["revision"])
    assert (412, "revision-stale") == (stale.status_code, stale.json()["slug"])


async def test_suggestion_is_explained_in_codes(api: Client, owner: Owner) -> None:
    await approved(api)
    match = (await matches_of(api, await opened(owner)))[0]

    detail = (await api.get(f"/v1/matches/{match['match_id']}", headers=headers(COORDINATOR))).json()

    assert match == {name: value for name, value in detail.items() if name in match}
    assert {"explanation", "opens", "jointly_with", "override_says"} == detail.keys() - match.keys()
    topics = next(one for one in detail["explanation"] if one["criterion"] == "topics")
    assert ["mutual_legal_assistance", "electronic_evidence"] == topics["asked"]
    assert ["mutual_legal_assistance"] == topics["offered"]
    assert 220 == topics["of"] > topics["points"] > 0
    window = next(one for one in detail["explanation"] if one["criterion"] == "window")
    assert [f"{AHEAD}-02-01/{AHEAD}-06-30"] == window["asked"]


async def test_explanation_is_in_the_readers_language(api: Client, owner: Owner) -> None:
    await approved(api)
    match = (await matches_of(api, await opened(owner)))[0]
    said = {}
    for language in ("en", "ru"):
        reader = headers(COORDINATOR) | {"Accept-Language": language}
        detail = (await api.get(f"/v1/matches/{match['match_id']}", headers=reader)).json()
        said[language] = {one["criterion"]: one["says"] for one in detail["explanation"]}

    days = (date(AHEAD, 6, 30) - date(AHEAD, 1, 31)).days
    assert f"Days free of those asked for: {days} of {days}." == said["en"]["window"]
    assert f"Свободные дни в запрошенном периоде: {days} из {days}." == said["ru"]["window"]
    assert "Предлагается то, что запрошено: Английский." == said["ru"]["language"]


async def test_line_gets_at_most_twenty_suggestions(api: Client, owner: Owner) -> None:
    for _ in range(22):
        await approved(api)

    assert 20 == len(await matches_of(api, await opened(owner)))


async def test_repeated_event_suggests_nothing(api: Client, owner: Owner, databases: Mapping[str, Database]) -> None:
    await approved(api)
    event = an_event(a_submission(), 1)

    assert [Outcome.APPLIED, Outcome.REPEATED] == [await owner.inbox.receive(event) for _ in range(2)]

    async with databases["matching"].transaction() as tx:
        assert 1 == await tx.fetchval("SELECT sum(cardinality(untouched)) FROM line_ranking")


async def test_approved_offering_is_suggested_to_fitting_open_lines(api: Client, owner: Owner) -> None:
    first = await approved(api, topics=["wildlife_forest_fisheries"])
    open_request = await opened(owner)
    elsewhere = await opened(owner, a_submission(a_contract_line(kind="mentoring")))
    ended = await opened(owner)
    await owner.publish(RequestWithdrawn(**ids(ended), withdrawn_at=NOON))

    better = await approved(api, CEB)

    assert [better["offering_id"], first["offering_id"]] == [
        m["offering_id"] for m in await matches_of(api, open_request)
    ]
    assert [] == await matches_of(api, elsewhere)
    assert [first["offering_id"]] == [m["offering_id"] for m in await matches_of(api, ended)]


async def test_race_repair_finds_missed_suggestions(
    api: Client, owner: Owner, databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    await approved(api)
    request = await opened(owner)
    gone = await approved(api, CEB)
    async with databases["matching"].transaction() as tx:
        # Simulate a request that was submitted while the offerings were being approved and withdrawn.
        await tx.execute("DELETE FROM line_ranking")
        await tx.execute(
            "UPDATE offering SET status = 'withdrawn', available_since = NULL WHERE offering_id = $1",
            UUID(gone["offering_id"]),
        )
    race_repair = RaceRepair(databases["matching"])

    await race_repair.repair()
    assert ["UNODC-CEB"] == [match["provider"] for match in await matches_of(api, request)], "it may still be running"
    monkeypatch.setattr("services.matching.wiring.SETTLED_AFTER", timedelta(0))
    await race_repair.repair()

    assert {"NOR": "suggested", "UNODC-CEB": "expired"} == {
        match["provider"]: match["status"] for match in await matches_of(api, request)
    }


async def test_race_repair_continues_after_a_failure(
    api: Client, owner: Owner, databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = await approved(api)
    await approved(api, CEB)
    request = await opened(owner)
    async with databases["matching"].transaction() as tx:
        await tx.execute("DELETE FROM line_ranking")
    reconsider = offering_actions.reconsider

    async def fails(tx: Tx, offering_id: UUID, *, now: Any) -> None:
        assert str(offering_id) != broken["offering_id"]
        await reconsider(tx, offering_id, now=now)

    monkeypatch.setattr(offering_actions, "reconsider", fails)
    monkeypatch.setattr("services.matching.wiring.SETTLED_AFTER", timedelta(0))
    await RaceRepair(databases["matching"]).repair()

    assert ["UNODC-CEB"] == [match["provider"] for match in await matches_of(api, request)]


async def test_race_repair_ends_matches_of_ended_requests(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    await approved(api)
    request = await opened(owner)
    async with databases["matching"].transaction() as tx:
        # Simulate a withdrawal that looked for matches before this one was committed.
        await tx.execute("UPDATE wanted_request SET status = 'withdrawn'")

    await RaceRepair(databases["matching"]).repair()

    assert ["expired"] == [match["status"] for match in await matches_of(api, request)]


async def test_race_repair_ends_matches_of_ended_offerings(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    await approved(api, CEB)
    await approved(api)
    request = await opened(owner)
    async with databases["matching"].transaction() as tx:
        # Simulate a withdrawal that looked for matches before the ranking was committed.
        await tx.execute("UPDATE offering SET status = 'withdrawn', available_since = NULL WHERE provider = 'NOR'")

    await RaceRepair(databases["matching"]).repair()

    assert {"NOR": "expired", "UNODC-CEB": "suggested"} == {
        match["provider"]: match["status"] for match in await matches_of(api, request)
    }


async def test_resubmission_ends_unfit_matches_and_suggests_fitting_ones(api: Client, owner: Owner) -> None:
    await approved(api, group_size_max=30)
    await approved(api, CEB, kinds=["mentoring"])
    kept, dropped = a_contract_line(), a_contract_line()
    submission = a_submission(kept, dropped)
    await owner.publish(submission, RequestReturned(**ids(submission), reason="incomplete", returned_at=NOON))
    new = a_contract_line(kind="mentoring")
    larger = a_contract_line(kept.line_id, group_size=31)

    await owner.publish(a_submission(larger, new, request_id=submission.request_id))

    assert {
        (str(kept.line_id), "NOR", "expired"),
        (str(dropped.line_id), "NOR", "expired"),
        (str(new.line_id), "UNODC-CEB", "suggested"),
    } == {(m["line_id"], m["provider"], m["status"]) for m in await matches_of(api, submission)}


async def test_fitting_match_survives_a_resubmission(api: Client, owner: Owner) -> None:
    await approved(api)
    submission = a_submission()
    await owner.publish(submission, RequestReturned(**ids(submission), reason="incomplete", returned_at=NOON))
    before = await matches_of(api, submission)

    await owner.publish(submission)

    assert before == await matches_of(api, submission)


@pytest.mark.parametrize("end", [RequestWithdrawn, RequestClosed, RequestDeclined, RequestLapsed])
async def test_unconfirmed_matches_end_with_the_request(api: Client, owner: Owner, end: type[Fact]) -> None:
    await approved(api)
    request = await opened(owner)
    facts: dict[type[Fact], Callable[[], Fact]] = {
        RequestWithdrawn: lambda: RequestWithdrawn(**ids(request), withdrawn_at=NOON),
        RequestClosed: lambda: RequestClosed(**ids(request), outcome="met", closed_at=NOON),
        RequestDeclined: lambda: RequestDeclined(**ids(request), reason="other", declined_at=NOON),
        RequestLapsed: lambda: RequestLapsed(**ids(request), lapsed_at=NOON),
    }

    await owner.publish(facts[end]())

    assert ["expired"] == [match["status"] for match in await matches_of(api, request)]


async def test_reopened_request_gets_expired_matches_again(api: Client, owner: Owner) -> None:
    await approved(api)
    request = await opened(owner)
    before = (await matches_of(api, request))[0]
    await owner.publish(
        RequestStarted(**ids(request), started_at=NOON),
        RequestDelivered(**ids(request), delivered_at=NOON),
        RequestClosed(**ids(request), outcome="unmet", closed_at=NOON),
        RequestReopened(**ids(request), reason="new_need", reopened_at=NOON),
    )

    after = (await matches_of(api, request))[0]

    assert (before["match_id"], "suggested", 2) == (after["match_id"], after["status"], after["revision"])


async def test_resumed_request_gets_its_previous_status(api: Client, owner: Owner) -> None:
    await approved(api)
    request = await opened(owner)
    match = (await matches_of(api, request))[0]
    await owner.publish(RequestHeld(**ids(request), reason="other", held_at=NOON))
    assert "request-not-open" == (await attempt(api, match, "present", COORDINATOR)).json()["slug"]

    await owner.publish(RequestResumed(**ids(request), resumed_at=NOON))

    assert "presented" == (await move(api, match, "present", COORDINATOR))["status"]


async def test_withdrawn_offering_ends_its_matches(api: Client, owner: Owner) -> None:
    offering = await approved(api)
    request = await opened(owner)

    await move_offering(api, offering, "withdraw", NORWAY)

    assert ["expired"] == [match["status"] for match in await matches_of(api, request)]


async def test_facts_of_unsubmitted_requests_are_ignored(owner: Owner, databases: Mapping[str, Database]) -> None:
    unknown = a_submission()
    await owner.publish(
        RequestWithdrawn(**ids(unknown), withdrawn_at=NOON),
        CirculationDecided(**ids(unknown), circulation="granted", decided_at=NOON),
        RequestResumed(**ids(unknown), resumed_at=NOON),
    )

    async with databases["matching"].transaction() as tx:
        assert 0 == await tx.fetchval("SELECT count(*) FROM wanted_request")


async def test_every_feasible_offering_of_the_sample_world_is_suggested(api: Client, owner: Owner) -> None:
    filed: dict[str, Any] = {}
    for entry in sample_world.world("offerings"):
        offering = await approved(api, entry["as"], **entry["body"])
        filed[offering["offering_id"]] = entry
    for request in sample_world.world("requests"):
        body = request["body"]
        submission = a_submission(
            *(a_contract_line(**line) for line in body["lines"]),
            state=sample_world.organization(request),
            addressee=body["addressee"]["to"],
            addressed_states=tuple(body["addressee"]["states"]),
            visibility=body["visibility"],
            circulation_rule=body["circulation"],
        )
        await opened(owner, submission)
        found = await matches_of(api, submission)

        for wanted, line in zip(submission.lines, body["lines"], strict=True):
            titles = {filed[m["offering_id"]]["body"]["title"] for m in found if m["line_id"] == str(wanted.line_id)}
            feasible = [o for o in filed.values() if sample_world.feasible(request, line, o)]
            assert {o["body"]["title"] for o in feasible} <= titles
            assert 2 <= len(titles)


async def test_a_line_changed_after_a_return_is_scored_again(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    """A line keeps its id when its State revises a returned request; suggestions for its earlier content end."""
    await approved(api, CEB, topics=["mutual_legal_assistance", "electronic_evidence"])
    first, second = a_contract_line(topics=("wildlife_forest_fisheries",)), a_contract_line()
    submission = a_submission(first, second)
    await owner.publish(submission, RequestReturned(**ids(submission), reason="incomplete", returned_at=NOON))
    before = {match["line_id"]: match for match in await matches_of(api, submission)}
    revised = replace(first, topics=("mutual_legal_assistance",))

    await owner.publish(replace(submission, lines=(revised, second)))

    after = {match["line_id"]: match for match in await matches_of(api, submission)}
    assert after[str(first.line_id)]["score"] > before[str(first.line_id)]["score"]
    assert after[str(first.line_id)]["status"] == "suggested"
    assert after[str(second.line_id)] == before[str(second.line_id)]
