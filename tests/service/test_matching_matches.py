"""Matches of the matching service: from a request's facts to suggestions, and from the routes to the tables."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.db import Database
from chassis.inbox import Inbox, Outcome
from contracts.facts import Fact
from contracts.refusals import Missing
from contracts.requests import (
    CirculationDecided,
    LineFulfilmentChanged,
    RequestClosed,
    RequestDeclined,
    RequestDelivered,
    RequestHeld,
    RequestLapsed,
    RequestOpened,
    RequestRegistered,
    RequestReopened,
    RequestResumed,
    RequestReturned,
    RequestStarted,
    RequestSubmitted,
    RequestWithdrawn,
)
from contracts.values import Role
from services.matching import match_store, offering_store, policy
from services.matching.consumers import HANDLERS
from services.matching.match import MatchStatus
from services.matching.wiring import look_again
from tests.builders import NOON, a_caller, an_event, headers
from tests.domain import test_sample_world as sample_world
from tests.matching_builders import a_contract_line, a_match, a_submission, an_offering
from tests.service.test_matching_offerings import approved, offered
from tests.service.test_matching_offerings import move as move_offering

Client = httpx.AsyncClient
COORDINATOR = "UNODC:coordinator"
NORWAY = "NOR:provider_officer"
CEB = "UNODC-CEB:provider_officer"
KENYA = "KEN:focal_point"


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("matching")


class Owner:
    """The requests service as matching hears it: one request, its facts in order."""

    def __init__(self, db: Database) -> None:
        self.inbox = Inbox(db, "matching", ["requests"], HANDLERS)
        self.versions: dict[UUID, int] = {}

    async def tells(self, *facts: Fact) -> Outcome:
        outcome = Outcome.REPEATED
        for fact in facts:
            version = self.versions[fact.aggregate_id] = self.versions.get(fact.aggregate_id, 0) + 1
            outcome = await self.inbox.receive(an_event(fact, version))
            assert outcome is Outcome.APPLIED
        return outcome


@pytest.fixture
def owner(databases: Mapping[str, Database]) -> Owner:
    return Owner(databases["matching"])


def ids(fact: RequestSubmitted) -> dict[str, Any]:
    return {"request_id": fact.request_id, "state": fact.state}


async def opened(owner: Owner, submission: RequestSubmitted | None = None) -> RequestSubmitted:
    """A request that is open for proposals."""
    submission = submission or a_submission()
    await owner.tells(
        submission,
        RequestRegistered(**ids(submission), reference="TA-2026-1", registered_at=NOON),
        RequestOpened(**ids(submission), priority="high", opened_at=NOON),
    )
    return submission


async def matches_of(api: Client, fact: RequestSubmitted, by: str = COORDINATOR) -> list[dict[str, Any]]:
    answer = await api.get(f"/v1/matches?request={fact.request_id}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["matches"])


async def move(api: Client, match: Mapping[str, Any], name: str, by: str, **body: Any) -> dict[str, Any]:
    answer = await attempt(api, match, name, by, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def attempt(api: Client, match: Mapping[str, Any], name: str, by: str, **body: Any) -> httpx.Response:
    return await api.post(
        f"/v1/matches/{match['match_id']}/{name}", json=body, headers=headers(by, revision=match["revision"])
    )


async def presented(api: Client, owner: Owner, by: str = NORWAY) -> dict[str, Any]:
    await approved(api, by)
    request = await opened(owner)
    return await move(api, (await matches_of(api, request))[0], "present", COORDINATOR)


# -- suggestions ------------------------------------------------------------------------------------------------------


async def test_a_submitted_line_is_suggested_what_fits_it_best_first(
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
    assert {"codes-1"} == {match["algorithm"] for match in found}
    async with databases["matching"].transaction() as tx:
        rows = await tx.fetch("SELECT event FROM journal WHERE type = 'matching.match.suggested.v1' ORDER BY position")
    assert [1, 2] == [_data(row)["rank"] for row in rows]
    assert all(str(event.id) in row["event"] and "the-correlation" in row["event"] for row in rows)


def _data(row: Any) -> dict[str, Any]:
    import json

    return dict(json.loads(row["event"])["data"])


async def test_a_suggestion_is_explained_in_codes(api: Client, owner: Owner) -> None:
    await approved(api)
    match = (await matches_of(api, await opened(owner)))[0]

    detail = (await api.get(f"/v1/matches/{match['match_id']}", headers=headers(COORDINATOR))).json()

    assert match == {key: value for key, value in detail.items() if key != "explanation"}
    topics = next(one for one in detail["explanation"] if one["criterion"] == "topics")
    assert ["mutual_legal_assistance", "electronic_evidence"] == topics["asked"]
    assert ["mutual_legal_assistance"] == topics["offered"]
    assert 300 == topics["of"] > topics["points"] > 0
    window = next(one for one in detail["explanation"] if one["criterion"] == "window")
    assert ["2027-02-01/2027-06-30"] == window["asked"]


async def test_at_most_twenty_are_suggested_to_a_line(api: Client, owner: Owner) -> None:
    for _ in range(22):
        await approved(api)

    assert 20 == len(await matches_of(api, await opened(owner)))


async def test_an_event_that_comes_again_suggests_nothing_again(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    await approved(api)
    event = an_event(a_submission(), 1)

    assert [Outcome.APPLIED, Outcome.REPEATED] == [await owner.inbox.receive(event) for _ in range(2)]

    async with databases["matching"].transaction() as tx:
        assert 1 == await tx.fetchval("SELECT count(*) FROM match")


async def test_an_approved_offering_is_suggested_to_open_lines_that_it_fits(api: Client, owner: Owner) -> None:
    first = await approved(api, topics=["wildlife_forest_fisheries"])
    open_request = await opened(owner)
    elsewhere = await opened(owner, a_submission(a_contract_line(kind="mentoring")))
    ended = await opened(owner)
    await owner.tells(RequestWithdrawn(**ids(ended), withdrawn_at=NOON))

    better = await approved(api, CEB)

    assert [better["offering_id"], first["offering_id"]] == [
        m["offering_id"] for m in await matches_of(api, open_request)
    ]
    assert [] == await matches_of(api, elsewhere)
    assert [first["offering_id"]] == [m["offering_id"] for m in await matches_of(api, ended)]


async def test_a_line_that_is_met_is_suggested_nothing_more(api: Client, owner: Owner) -> None:
    request = await opened(owner)
    await owner.tells(
        LineFulfilmentChanged(
            **ids(request),
            line_id=request.lines[0].line_id,
            fulfilment="complete",
            match_id=uuid4(),
            match_status="completed",
            changed_at=NOON,
        )
    )

    await approved(api)

    assert [] == await matches_of(api, request)


async def test_a_second_look_finds_what_two_transactions_missed(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    await approved(api)
    request = await opened(owner)
    gone = await approved(api, CEB)
    async with databases["matching"].transaction() as tx:
        # As if the request had been submitted while the offerings were being approved and withdrawn.
        await tx.execute("DELETE FROM match WHERE provider = 'NOR'")
        await tx.execute(
            "UPDATE offering SET status = 'withdrawn', available_since = NULL WHERE offering_id = $1",
            UUID(gone["offering_id"]),
        )

    await look_again(databases["matching"])

    assert {"NOR": "suggested", "UNODC-CEB": "expired"} == {
        match["provider"]: match["status"] for match in await matches_of(api, request)
    }


async def test_a_resubmission_ends_what_no_longer_fits_and_suggests_what_does(api: Client, owner: Owner) -> None:
    await approved(api, group_size_max=30)
    await approved(api, CEB, kinds=["mentoring"])
    kept, dropped = a_contract_line(), a_contract_line()
    submission = a_submission(kept, dropped)
    await owner.tells(submission, RequestReturned(**ids(submission), reason="incomplete", returned_at=NOON))
    new = a_contract_line(kind="mentoring")
    larger = a_contract_line(kept.line_id, group_size=31)

    await owner.tells(a_submission(larger, new, request_id=submission.request_id))

    assert {
        (str(kept.line_id), "NOR", "expired"),
        (str(dropped.line_id), "NOR", "expired"),
        (str(new.line_id), "UNODC-CEB", "suggested"),
    } == {(m["line_id"], m["provider"], m["status"]) for m in await matches_of(api, submission)}


async def test_a_match_goes_on_over_a_resubmission_that_it_still_fits(api: Client, owner: Owner) -> None:
    await approved(api)
    submission = a_submission()
    await owner.tells(submission, RequestReturned(**ids(submission), reason="incomplete", returned_at=NOON))
    before = await matches_of(api, submission)

    await owner.tells(submission)

    assert before == await matches_of(api, submission)


@pytest.mark.parametrize("end", [RequestWithdrawn, RequestClosed, RequestDeclined, RequestLapsed])
async def test_the_matches_that_are_not_confirmed_end_with_the_request(
    api: Client, owner: Owner, end: type[Fact]
) -> None:
    await approved(api)
    request = await opened(owner)
    facts: dict[type[Fact], Callable[[], Fact]] = {
        RequestWithdrawn: lambda: RequestWithdrawn(**ids(request), withdrawn_at=NOON),
        RequestClosed: lambda: RequestClosed(**ids(request), outcome="met", closed_at=NOON),
        RequestDeclined: lambda: RequestDeclined(**ids(request), reason="other", declined_at=NOON),
        RequestLapsed: lambda: RequestLapsed(**ids(request), lapsed_at=NOON),
    }

    await owner.tells(facts[end]())

    assert ["expired"] == [match["status"] for match in await matches_of(api, request)]


async def test_a_reopened_request_is_suggested_anew_what_had_expired(api: Client, owner: Owner) -> None:
    await approved(api)
    request = await opened(owner)
    before = (await matches_of(api, request))[0]
    await owner.tells(
        RequestStarted(**ids(request), started_at=NOON),
        RequestDelivered(**ids(request), delivered_at=NOON),
        RequestClosed(**ids(request), outcome="unmet", closed_at=NOON),
        RequestReopened(**ids(request), reason="new_need", reopened_at=NOON),
    )

    after = (await matches_of(api, request))[0]

    assert (before["match_id"], "suggested", 3) == (after["match_id"], after["status"], after["revision"])


async def test_a_held_request_is_back_where_it_was(api: Client, owner: Owner) -> None:
    await approved(api)
    request = await opened(owner)
    match = (await matches_of(api, request))[0]
    await owner.tells(RequestHeld(**ids(request), reason="other", held_at=NOON))
    assert "request-not-open" == (await attempt(api, match, "present", COORDINATOR)).json()["slug"]

    await owner.tells(RequestResumed(**ids(request), resumed_at=NOON))

    assert "presented" == (await move(api, match, "present", COORDINATOR))["status"]


async def test_a_withdrawn_offering_takes_its_matches_along(api: Client, owner: Owner) -> None:
    offering = await approved(api)
    request = await opened(owner)

    await move_offering(api, offering, "withdraw", NORWAY)

    assert ["expired"] == [match["status"] for match in await matches_of(api, request)]


async def test_what_was_never_submitted_is_ignored(owner: Owner, databases: Mapping[str, Database]) -> None:
    unknown = a_submission()
    await owner.tells(
        RequestWithdrawn(**ids(unknown), withdrawn_at=NOON),
        CirculationDecided(**ids(unknown), circulation="granted", decided_at=NOON),
        RequestResumed(**ids(unknown), resumed_at=NOON),
    )

    async with databases["matching"].transaction() as tx:
        assert 0 == await tx.fetchval("SELECT count(*) FROM wanted_request")


# -- agreement --------------------------------------------------------------------------------------------------------


async def test_a_match_goes_from_the_short_list_to_the_end(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    offering = await approved(api, resource_status="partly", funding_needed={"minor": 3800000, "currency": "USD"})
    match = (await matches_of(api, await opened(owner)))[0]

    match = await move(api, match, "shortlist", COORDINATOR)
    match = await move(api, match, "present", COORDINATOR, comment="Please look at the dates.")
    assert "Please look at the dates." == match["comment"]
    match = await move(api, match, "accept", KENYA)
    assert ("accepted", None) == (match["status"], match["capacity_period"])
    match = await move(api, match, "confirm", NORWAY)
    assert ("confirmed", {"from": "2027-01-01", "until": "2027-06-30"}) == (match["status"], match["capacity_period"])
    assert {"minor": 3800000, "currency": "USD"} == match["funding_needed"]
    shown = (await api.get(f"/v1/offerings/{offering['offering_id']}", headers=headers(NORWAY))).json()
    assert [1, 0] == [period["taken"] for period in shown["capacity"]]
    match = await move(api, match, "begin", NORWAY)
    match = await move(api, match, "complete", KENYA)
    assert ("completed", 7) == (match["status"], match["revision"])
    async with databases["matching"].transaction() as tx:
        row = await tx.fetchrow("SELECT event FROM journal WHERE type = 'matching.match.confirmed.v1'")
    assert {"minor": 3800000, "currency": "USD"} == _data(row)["funding_needed"]


async def test_a_revoked_match_gives_its_unit_back(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)
    match = await move(api, match, "confirm", NORWAY)
    match = await move(api, match, "accept", KENYA)
    match = await move(api, match, "begin", KENYA)

    match = await move(api, match, "revoke", COORDINATOR, reason="security_situation")

    assert ("revoked", "security_situation") == (match["status"], match["reason"])
    shown = (await api.get(f"/v1/offerings/{match['offering_id']}", headers=headers(NORWAY))).json()
    assert [0, 0] == [period["taken"] for period in shown["capacity"]]


async def test_the_last_unit_is_taken_once_and_the_offering_is_shown_as_fully_reserved(
    api: Client, owner: Owner
) -> None:
    offering = await approved(api, capacity=[{"from": "2027-01-01", "until": "2027-12-31", "units": 1}])
    both = []
    for _ in range(2):
        match = (await matches_of(api, await opened(owner)))[0]
        match = await move(api, match, "present", COORDINATOR)
        both.append(await move(api, match, "accept", KENYA))

    await move(api, both[0], "confirm", NORWAY)
    late = await attempt(api, both[1], "confirm", NORWAY)

    assert (409, "capacity-exhausted") == (late.status_code, late.json()["slug"])
    shown = (await api.get(f"/v1/offerings/{offering['offering_id']}", headers=headers(KENYA))).json()
    assert "fully_reserved" == shown["status"]
    listed = (await api.get("/v1/offerings?status=fully_reserved", headers=headers(KENYA))).json()["offerings"]
    assert [offering["offering_id"]] == [one["offering_id"] for one in listed]
    assert [] == (await api.get("/v1/offerings?status=available", headers=headers(KENYA))).json()["offerings"]


async def test_circulation_has_to_be_granted_unless_to_a_unit_of_unodc(api: Client, owner: Owner) -> None:
    await approved(api, NORWAY, topics=["mutual_legal_assistance", "electronic_evidence"])
    await approved(api, CEB)
    request = await opened(owner, a_submission(circulation_rule="none"))
    state_first, unit = await matches_of(api, request)

    refused = await attempt(api, state_first, "present", COORDINATOR)
    shown = await move(api, unit, "present", COORDINATOR, departure="other")
    await owner.tells(CirculationDecided(**ids(request), circulation="granted", decided_at=NOON))
    allowed = await move(api, state_first, "present", COORDINATOR)

    assert (409, "circulation-not-granted") == (refused.status_code, refused.json()["slug"])
    assert "presented" == shown["status"] == allowed["status"]


async def test_an_objection_ends_what_was_shown_to_others_than_unodc(api: Client, owner: Owner) -> None:
    await approved(api, NORWAY)
    await approved(api, CEB, topics=["mutual_legal_assistance", "electronic_evidence"])
    await approved(api, "FRA:provider_officer", topics=["wildlife_forest_fisheries"])
    request = await opened(owner)
    for match in (await matches_of(api, request))[:2]:
        await move(api, match, "present", COORDINATOR)

    await owner.tells(CirculationDecided(**ids(request), circulation="objected", decided_at=NOON))

    assert {"NOR": "expired", "UNODC-CEB": "presented", "FRA": "suggested"} == {
        match["provider"]: match["status"] for match in await matches_of(api, request)
    }


async def test_passing_over_a_better_match_needs_a_reason(api: Client, owner: Owner) -> None:
    await approved(api, CEB, topics=["mutual_legal_assistance", "electronic_evidence"])
    await approved(api, NORWAY)
    best, second = await matches_of(api, await opened(owner))

    silent = await attempt(api, second, "present", COORDINATOR)
    unknown = await attempt(api, second, "present", COORDINATOR, departure="alchemy")
    said = await move(api, second, "present", COORDINATOR, departure="spread_of_providers")
    after = await move(api, best, "present", COORDINATOR)

    assert (400, "departure-reason-missing") == (silent.status_code, silent.json()["slug"])
    assert (400, "unknown-code") == (unknown.status_code, unknown.json()["slug"])
    assert (True, "spread_of_providers") == (said["departs"], said["departure"])
    assert (False, None) == (after["departs"], after["departure"])


async def test_a_better_match_that_was_let_go_is_not_passed_over(api: Client, owner: Owner) -> None:
    await approved(api, CEB, topics=["mutual_legal_assistance", "electronic_evidence"])
    await approved(api, NORWAY)
    best, second = await matches_of(api, await opened(owner))
    await move(api, best, "not-pursue", COORDINATOR, reason="conflict_of_interest")

    assert not (await move(api, second, "present", COORDINATOR))["departs"]


async def test_an_offering_that_no_longer_fits_is_not_presented(api: Client, owner: Owner) -> None:
    offering = await approved(api)
    match = (await matches_of(api, await opened(owner)))[0]
    await move_offering(api, offering, "suspend", NORWAY)
    suspended = await attempt(api, match, "present", COORDINATOR)
    await move_offering(api, offering | {"revision": 3}, "resume", NORWAY)
    from tests.matching_builders import an_offering_body

    body = {key: value for key, value in an_offering_body(group_size_max=5).items() if key != "submit"}
    path = f"/v1/offerings/{offering['offering_id']}"
    await api.patch(path, json=body, headers=headers(NORWAY, revision=4))
    await move_offering(api, offering | {"revision": 5}, "approve", COORDINATOR)

    smaller = await attempt(api, match, "present", COORDINATOR)

    assert "offering-not-available" == suspended.json()["slug"]
    assert ("offering-does-not-fit", ["group_size"]) == (smaller.json()["slug"], smaller.json()["details"]["violated"])


async def test_each_side_declines_for_reasons_of_its_own(api: Client, owner: Owner) -> None:
    first, second = await presented(api, owner), await presented(api, owner, "FRA:provider_officer")

    wrong = await attempt(api, first, "decline", KENYA, reason="funds_lacking")
    by_state = await move(api, first, "decline", KENYA, reason="content_unsuitable", comment="Too general.")
    by_provider = await move(api, second, "decline", f"{second['provider']}:provider_officer", reason="funds_lacking")

    assert (400, "unknown-code") == (wrong.status_code, wrong.json()["slug"])
    assert ("declined_by_state", "content_unsuitable", "Too general.") == tuple(
        by_state[key] for key in ("status", "reason", "comment")
    )
    assert "declined_by_provider" == by_provider["status"]


async def test_only_the_lines_state_accepts_and_only_the_offerings_provider_confirms(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)

    for name, by, status in [
        ("accept", "PER:focal_point", 404),
        ("accept", "KEN:official", 403),
        ("accept", NORWAY, 403),
        ("accept", COORDINATOR, 403),
        ("confirm", "FRA:provider_officer", 404),
        ("confirm", KENYA, 403),
        ("present", KENYA, 403),
    ]:
        assert status == (await attempt(api, match, name, by)).status_code, (name, by)


# -- beginning by hand ------------------------------------------------------------------------------------------------


async def begin(api: Client, line_id: UUID, offering: Mapping[str, Any], by: str, **more: Any) -> httpx.Response:
    body = {"line_id": str(line_id), "offering_id": offering["offering_id"]} | more
    return await api.post("/v1/matches", json=body, headers=headers(by))


async def test_a_coordinator_nominates_what_was_suggested_or_was_not(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    offering = await approved(api)
    request = await opened(owner)
    suggested = (await matches_of(api, request))[0]

    nominated = await begin(api, request.lines[0].line_id, offering, COORDINATOR, comment="Known to the region.")
    again = await begin(api, request.lines[0].line_id, offering, COORDINATOR)

    assert 201 == nominated.status_code
    assert f"/v1/matches/{suggested['match_id']}" == nominated.headers["Location"]
    assert ("nominated", 2, "Known to the region.") == tuple(
        nominated.json()[key] for key in ("status", "revision", "comment")
    )
    assert (409, "match-exists") == (again.status_code, again.json()["slug"])


async def test_a_provider_expresses_interest_in_a_circulated_line_with_an_own_offering(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    request = await opened(owner)
    offering = await approved(api)
    async with databases["matching"].transaction() as tx:
        await tx.execute("DELETE FROM match")

    answer = await begin(api, request.lines[0].line_id, offering, NORWAY)

    assert (201, "interested", "interested") == (
        answer.status_code,
        answer.json()["status"],
        answer.json()["origin"],
    )
    assert [answer.json()["match_id"]] == [match["match_id"] for match in await matches_of(api, request, NORWAY)]
    assert [] == await matches_of(api, request, KENYA)


@pytest.mark.parametrize(
    ("by", "changes", "status", "slug"),
    [
        (KENYA, {}, 403, "not-for-your-role"),
        ("FRA:provider_officer", {}, 403, "not-your-organization"),
        (NORWAY, {"circulation_rule": "none"}, 404, "not-found"),
        (NORWAY, {"circulation_rule": "silence"}, 404, "not-found"),
        (NORWAY, {"visibility": "private"}, 404, "not-found"),
        (NORWAY, {"visibility": "named", "addressed_states": ("FRA",)}, 404, "not-found"),
        (NORWAY, {"visibility": "named", "addressed_states": ("NOR",)}, 201, None),
        (COORDINATOR, {"circulation_rule": "none"}, 201, None),
        (COORDINATOR, {"addressee": "unodc"}, 409, "offering-does-not-fit"),
    ],
)
async def test_who_may_begin_a_match_of_which_line(
    api: Client, owner: Owner, by: str, changes: dict[str, Any], status: int, slug: str | None
) -> None:
    offering = await approved(api)
    request = await opened(owner, a_submission(**changes))

    answer = await begin(api, request.lines[0].line_id, offering, by)

    assert (status, slug) == (answer.status_code, answer.json().get("slug"))


async def test_no_match_begins_with_what_is_not_there_not_available_or_over(api: Client, owner: Owner) -> None:
    available, submitted = await approved(api), await offered(api)
    request = await opened(owner)
    line_id = request.lines[0].line_id

    assert "not-found" == (await begin(api, uuid4(), available, COORDINATOR)).json()["slug"]
    nothing = {"offering_id": str(uuid4())}
    assert "not-found" == (await begin(api, line_id, nothing, COORDINATOR)).json()["slug"]
    assert "offering-not-available" == (await begin(api, line_id, submitted, COORDINATOR)).json()["slug"]
    await owner.tells(RequestWithdrawn(**ids(request), withdrawn_at=NOON))
    assert "request-not-open" == (await begin(api, line_id, available, COORDINATOR)).json()["slug"]


# -- who sees what ----------------------------------------------------------------------------------------------------


async def test_a_match_is_seen_by_its_sides_once_it_is_presented(api: Client, owner: Owner) -> None:
    await approved(api)
    match = (await matches_of(api, await opened(owner)))[0]
    path = f"/v1/matches/{match['match_id']}"
    sides, others = (KENYA, "KEN:official", NORWAY), ("PER:focal_point", "FRA:provider_officer", "NOR:donor_officer")

    before = {by: (await api.get(path, headers=headers(by))).status_code for by in sides + others}
    await move(api, match, "present", COORDINATOR)
    after = {by: (await api.get(path, headers=headers(by))).status_code for by in sides + others}

    assert {404} == set(before.values())
    assert dict.fromkeys(sides, 200) | dict.fromkeys(others, 404) == after


async def test_a_provider_is_not_told_of_its_competitors(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)

    theirs = (await api.get(f"/v1/matches/{match['match_id']}", headers=headers(NORWAY))).json()

    assert [None] * 3 == [theirs[key] for key in ("rank", "departs", "departure")]
    assert 1 == (await api.get(f"/v1/matches/{match['match_id']}", headers=headers(KENYA))).json()["rank"]


async def test_policy_in_sql_and_in_python_say_the_same(databases: Mapping[str, Database]) -> None:
    every = [
        a_match(MatchStatus.SUGGESTED, presented_at=presented_at, interested_at=interested_at, offering_id=offering_id)
        for presented_at in (None, NOON)
        for interested_at in (None, NOON)
        for offering_id in (uuid4(),)
    ]
    async with databases["matching"].transaction() as tx:
        for one in every:
            await offering_store.save(tx, an_offering(offering_id=one.offering_id))
        await match_store.save(tx, *every)
        for organization in ("UNODC", "UNODC-CEB", "KEN", "NOR"):
            for role in Role:
                caller = a_caller(f"{organization}:{role}")
                for one in every:
                    try:
                        seen = (await match_store.ranked(tx, one.match_id, caller)).match
                    except Missing:
                        seen = None
                    assert (seen is not None) == policy.may_see_match(caller, one), (caller, one)
                    assert seen in (None, one)


async def test_matches_are_paged_best_first_without_a_gap(api: Client, owner: Owner) -> None:
    for _ in range(5):
        await approved(api)
    request = await opened(owner, a_submission(a_contract_line(), a_contract_line()))
    whole = await matches_of(api, request)
    seen: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        path = f"/v1/matches?request={request.request_id}&status=suggested&limit=3{cursor}"
        page = (await api.get(path, headers=headers(COORDINATOR))).json()
        seen += page["matches"]
        cursor = f"&cursor={page['cursor']}" if page["cursor"] else None

    assert 10 == len(whole)
    assert whole == seen
    of_line = await api.get(f"/v1/matches?line={request.lines[0].line_id}", headers=headers(COORDINATOR))
    assert [1, 2, 3, 4, 5] == [match["rank"] for match in of_line.json()["matches"]]


async def test_a_move_names_the_revision_and_a_repeat_has_one_effect(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)
    path, key = f"/v1/matches/{match['match_id']}/accept", str(uuid4())

    stale = await api.post(path, json={}, headers=headers(KENYA, revision=1))
    missing = await api.post(path, json={}, headers=headers(KENYA))
    answers = [await api.post(path, json={}, headers=headers(KENYA, key=key, revision=2)) for _ in range(2)]

    assert (412, 428) == (stale.status_code, missing.status_code)
    assert [200, 200] == [answer.status_code for answer in answers]
    assert answers[0].json() == answers[1].json()
    assert ("accepted", 3) == (answers[0].json()["status"], answers[0].json()["revision"])


async def test_every_line_of_the_sample_world_is_suggested_whatever_is_feasible(api: Client, owner: Owner) -> None:
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
