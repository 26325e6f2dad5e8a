"""Moves of a match: presentation, agreement, decline, revocation; and beginnings by hand."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from chassis.db.database import Database
from contracts.requests import CirculationDecided, ConsentWithdrawn, RequestWithdrawn
from tests.builders import AHEAD, NOON, headers
from tests.matching.builders import a_submission
from tests.matching.offerings.steps import approved, offered
from tests.matching.offerings.steps import move as move_offering
from tests.matching.steps import (
    CEB,
    COORDINATOR,
    KENYA,
    NORWAY,
    Client,
    Owner,
    attempt,
    begin,
    delivered,
    ids,
    matches_of,
    move,
    opened,
    presented,
    shown,
)


async def test_match_moves_from_shortlist_to_completion(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    offering = await approved(api)
    match = (await matches_of(api, await opened(owner)))[0]

    match = await move(api, match, "shortlist", COORDINATOR)
    match = await move(api, match, "present", COORDINATOR, comment="Please look at the dates.")
    assert "Please look at the dates." == match["comment"]
    match = await move(api, match, "accept", KENYA)
    assert ("accepted", None) == (match["status"], match["capacity_period"])
    match = await move(api, match, "confirm", NORWAY)
    assert ("confirmed", {"from": f"{AHEAD}-01-01", "until": f"{AHEAD}-06-30"}) == (
        match["status"],
        match["capacity_period"],
    )
    offering = (await api.get(f"/v1/offerings/{offering['offering_id']}", headers=headers(NORWAY))).json()
    assert [1, 0] == [period["taken"] for period in offering["capacity"]]
    await delivered(owner.db, match, "begun", "completed")
    match = await shown(api, match)
    assert ("completed", 6) == (match["status"], match["revision"])


async def test_revoked_match_gives_back_its_unit(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)
    match = await move(api, match, "confirm", NORWAY)
    match = await move(api, match, "accept", KENYA)

    await delivered(owner.db, match, "begun", "terminated", reason="security_situation")

    match = await shown(api, match)
    assert ("revoked", "security_situation") == (match["status"], match["reason"])
    offering = (await api.get(f"/v1/offerings/{match['offering_id']}", headers=headers(NORWAY))).json()
    assert [0, 0] == [period["taken"] for period in offering["capacity"]]


async def test_last_unit_is_taken_once_and_offering_is_fully_reserved(api: Client, owner: Owner) -> None:
    offering = await approved(api, capacity=[{"from": f"{AHEAD}-01-01", "until": f"{AHEAD}-12-31", "units": 1}])
    both = []
    for _ in range(2):
        match = (await matches_of(api, await opened(owner)))[0]
        match = await move(api, match, "present", COORDINATOR)
        both.append(await move(api, match, "accept", KENYA))

    await move(api, both[0], "confirm", NORWAY)
    late = await attempt(api, both[1], "confirm", NORWAY)

    assert (409, "capacity-exhausted") == (late.status_code, late.json()["slug"])
    offering = (await api.get(f"/v1/offerings/{offering['offering_id']}", headers=headers(KENYA))).json()
    assert "fully_reserved" == offering["status"]
    listed = (await api.get("/v1/offerings?status=fully_reserved", headers=headers(KENYA))).json()["offerings"]
    assert [offering["offering_id"]] == [one["offering_id"] for one in listed]
    assert [] == (await api.get("/v1/offerings?status=available", headers=headers(KENYA))).json()["offerings"]


async def test_presentation_needs_circulation_except_for_unodc(api: Client, owner: Owner) -> None:
    await approved(api, NORWAY, topics=["mutual_legal_assistance", "electronic_evidence"])
    await approved(api, CEB)
    request = await opened(owner, a_submission(circulation_rule="none"))
    state_first, unit = await matches_of(api, request)

    refused = await attempt(api, state_first, "present", COORDINATOR)
    shown = await move(api, unit, "present", COORDINATOR, departure="other")
    await owner.publish(CirculationDecided(**ids(request), circulation="granted", decided_at=NOON))
    allowed = await move(api, state_first, "present", COORDINATOR)

    assert (409, "circulation-not-granted") == (refused.status_code, refused.json()["slug"])
    assert "presented" == shown["status"] == allowed["status"]


async def test_objection_ends_shown_matches_except_of_unodc(api: Client, owner: Owner) -> None:
    await approved(api, NORWAY)
    await approved(api, CEB, topics=["mutual_legal_assistance", "electronic_evidence"])
    await approved(api, "FRA:provider_officer", topics=["wildlife_forest_fisheries"])
    request = await opened(owner)
    for match in (await matches_of(api, request))[:2]:
        await move(api, match, "present", COORDINATOR)

    objected = ConsentWithdrawn(
        **ids(request), consent_id=request.request_id, circulation="objected", withdrawn_at=NOON
    )
    await owner.publish(objected)

    assert {"NOR": "expired", "UNODC-CEB": "presented", "FRA": "suggested"} == {
        match["provider"]: match["status"] for match in await matches_of(api, request)
    }


async def test_departure_needs_a_reason(api: Client, owner: Owner) -> None:
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


async def test_ended_better_match_is_not_passed_over(api: Client, owner: Owner) -> None:
    await approved(api, CEB, topics=["mutual_legal_assistance", "electronic_evidence"])
    await approved(api, NORWAY)
    best, second = await matches_of(api, await opened(owner))
    await move(api, best, "not-pursue", COORDINATOR, reason="conflict_of_interest")

    assert not (await move(api, second, "present", COORDINATOR))["departs"]


async def test_unfit_offering_is_not_presented(api: Client, owner: Owner) -> None:
    offering = await approved(api)
    match = (await matches_of(api, await opened(owner)))[0]
    await move_offering(api, offering, "suspend", NORWAY)
    suspended = await attempt(api, match, "present", COORDINATOR)
    await move_offering(api, offering | {"revision": 3}, "resume", NORWAY)
    from tests.matching.builders import an_offering_body

    body = {key: value for key, value in an_offering_body(group_size_max=5).items() if key != "submit"}
    path = f"/v1/offerings/{offering['offering_id']}"
    await api.patch(path, json=body, headers=headers(NORWAY, revision=4))
    await move_offering(api, offering | {"revision": 5}, "approve", COORDINATOR)

    smaller = await attempt(api, match, "present", COORDINATOR)

    assert "offering-not-available" == suspended.json()["slug"]
    assert ("offering-does-not-fit", ["group_size"]) == (smaller.json()["slug"], smaller.json()["details"]["violated"])


async def test_withdrawal_before_agreement_has_its_own_refusal(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)
    offering = {"offering_id": match["offering_id"], "revision": 2}
    accepted = await move(api, match, "accept", KENYA)

    await move_offering(api, offering, "withdraw", NORWAY)

    late = await attempt(api, accepted, "confirm", NORWAY)
    assert 412 == late.status_code, "the revision that was read is stale"
    now = (await api.get(f"/v1/matches/{match['match_id']}", headers=headers(COORDINATOR))).json()
    again = await attempt(api, now, "confirm", NORWAY)
    assert (409, "match-status", "expired") == (
        again.status_code, again.json()["slug"], again.json()["details"]["status"],
    )  # fmt: skip


@pytest.mark.parametrize(("moves", "last"), [((), ("accept", KENYA)), ((("accept", KENYA),), ("confirm", NORWAY))])
async def test_ended_offering_cannot_be_agreed_to(
    api: Client, owner: Owner, databases: Mapping[str, Database], moves: Any, last: tuple[str, str]
) -> None:
    match = await presented(api, owner)
    for name, by in moves:
        match = await move(api, match, name, by)
    async with databases["matching"].transaction() as tx:
        # Simulate a withdrawal by a transaction that did not see the match, before the race repair.
        await tx.execute("UPDATE offering SET status = 'withdrawn', available_since = NULL")

    answer = await attempt(api, match, *last)

    assert (409, "offering-not-available") == (answer.status_code, answer.json()["slug"])
    async with databases["matching"].transaction() as tx:
        assert 0 == await tx.fetchval("SELECT sum(taken) FROM capacity")


async def test_each_side_has_its_own_decline_reasons(api: Client, owner: Owner) -> None:
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


async def test_coordinator_nominates_suggested_and_other_offerings(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    offering = await approved(api)
    request = await opened(owner)
    suggested = (await matches_of(api, request))[0]

    nominated = await begin(api, request.lines[0].line_id, offering, COORDINATOR, comment="Known to the region.")
    again = await begin(api, request.lines[0].line_id, offering, COORDINATOR)

    assert 201 == nominated.status_code
    assert f"/v1/matches/{suggested['match_id']}" == nominated.headers["Location"]
    assert ("nominated", 1, "Known to the region.") == tuple(
        nominated.json()[key] for key in ("status", "revision", "comment")
    )
    assert (409, "match-exists") == (again.status_code, again.json()["slug"])


async def test_provider_expresses_interest_with_its_own_offering(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    request = await opened(owner)
    offering = await approved(api)
    async with databases["matching"].transaction() as tx:
        await tx.execute("DELETE FROM line_ranking")

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
async def test_roles_that_may_begin_a_match(
    api: Client, owner: Owner, by: str, changes: dict[str, Any], status: int, slug: str | None
) -> None:
    offering = await approved(api)
    request = await opened(owner, a_submission(**changes))

    answer = await begin(api, request.lines[0].line_id, offering, by)

    assert (status, slug) == (answer.status_code, answer.json().get("slug"))


async def test_match_needs_existing_available_and_open_records(api: Client, owner: Owner) -> None:
    available, submitted = await approved(api), await offered(api)
    request = await opened(owner)
    line_id = request.lines[0].line_id

    assert "not-found" == (await begin(api, uuid4(), available, COORDINATOR)).json()["slug"]
    nothing = {"offering_id": str(uuid4())}
    assert "not-found" == (await begin(api, line_id, nothing, COORDINATOR)).json()["slug"]
    assert "offering-not-available" == (await begin(api, line_id, submitted, COORDINATOR)).json()["slug"]
    await owner.publish(RequestWithdrawn(**ids(request), withdrawn_at=NOON))
    assert "request-not-open" == (await begin(api, line_id, available, COORDINATOR)).json()["slug"]


async def test_state_sees_what_acceptance_discloses(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)
    path = f"/v1/matches/{match['match_id']}"

    before = (await api.get(path, headers=headers(KENYA))).json()["opens"]

    assert {"provider": "NOR", "line_id": match["line_id"], "fields": ["codes", "words"]} == {
        name: before[name] for name in ("provider", "line_id", "fields")
    }
    assert before["says"].startswith("If both sides agree, Norway can read the words of this line of the request")
    await move(api, await move(api, match, "accept", KENYA), "confirm", NORWAY)
    assert (await api.get(path, headers=headers(KENYA))).json()["opens"] is None
