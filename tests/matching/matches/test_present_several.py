"""Several matches are presented in one call: all or none."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import httpx

from chassis.db.database import Database
from contracts.requests import CirculationDecided
from tests.builders import NOON, a_line, headers
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.offerings.steps import approved
from tests.matching.offerings.steps import move as move_offering
from tests.matching.steps import CEB, COORDINATOR, KENYA, NORWAY, Client, Owner, ids, matches_of, move, opened
from tests.matching.texts.steps import Stage

FRANCE = "FRA:provider_officer"
ON_TWO_TOPICS = ["mutual_legal_assistance", "electronic_evidence"]


async def present(
    api: Client, *matches: Mapping[str, Any], by: str = COORDINATOR, key: str | None = None, **more: Any
) -> httpx.Response:
    chosen = [{"match_id": one["match_id"], "revision": one["revision"]} | more for one in matches]
    return await send(api, chosen, by=by, key=key)


async def send(api: Client, chosen: Sequence[Any], *, by: str = COORDINATOR, key: str | None = None) -> httpx.Response:
    sent = headers(by) | ({"Idempotency-Key": key} if key else {})
    return await api.post("/v1/matches/present", json={"matches": chosen}, headers=sent)


def problems(answer: httpx.Response) -> list[tuple[str, str, str | None]]:
    errors = answer.json()["details"]["errors"]
    return [(one["field"], one["problem"], one.get("expected")) for one in errors]


async def statuses(api: Client, request: Any) -> set[str]:
    return {one["status"] for one in await matches_of(api, request)}


async def test_lines_are_presented_in_one_call_in_the_order_named(api: Client, owner: Owner) -> None:
    await approved(api, CEB, topics=ON_TWO_TOPICS)
    await approved(api, NORWAY)
    request = await opened(owner, a_submission(*(a_contract_line() for _ in range(3))))
    suggested = await matches_of(api, request)

    answer = await present(api, *reversed(suggested), comment="Please choose.")

    assert 200 == answer.status_code, answer.text
    views = answer.json()["matches"]
    assert [one["match_id"] for one in reversed(suggested)] == [one["match_id"] for one in views]
    assert {("presented", False, None, "Please choose.")} == {
        (one["status"], one["departs"], one["departure"], one["comment"]) for one in views
    }, "in either order, neither passes over the other"
    assert 6 == len(await matches_of(api, request, KENYA))


async def test_better_match_left_out_needs_a_departure(api: Client, owner: Owner) -> None:
    await approved(api, CEB, topics=ON_TWO_TOPICS)
    await approved(api, NORWAY)
    await approved(api, FRANCE, topics=["wildlife_forest_fisheries"])
    _, second, third = await matches_of(api, await opened(owner))

    silent = await present(api, second, third)
    said = await present(api, second, third, departure="spread_of_providers")

    assert (409, "matches-not-presented") == (silent.status_code, silent.json()["slug"])
    assert [
        ("matches[0].departure", "departure-reason-missing", None),
        ("matches[1].departure", "departure-reason-missing", None),
    ] == problems(silent)
    assert [True, True] == [one["departs"] for one in said.json()["matches"]]


async def test_refusal_lists_the_errors_of_all_and_presents_none(api: Client, owner: Owner) -> None:
    offering = await approved(api, NORWAY)
    await approved(api, CEB)
    await approved(api, FRANCE)
    request = await opened(owner)
    by_provider = {one["provider"]: one for one in await matches_of(api, request)}
    stale = await move(api, by_provider["FRA"], "shortlist", COORDINATOR) | {"revision": 0}
    await move_offering(api, offering, "suspend", NORWAY)
    unit = by_provider["UNODC-CEB"]

    answer = await present(api, by_provider["NOR"], stale, unit, {"match_id": str(uuid4()), "revision": 1}, unit)

    assert (409, "matches-not-presented") == (answer.status_code, answer.json()["slug"])
    assert [
        ("matches[0].match_id", "offering-not-available", None),
        ("matches[1].revision", "revision-stale", "1"),
        ("matches[3].match_id", "not-found", None),
        ("matches[4].match_id", "decided-twice", None),
    ] == problems(answer)
    assert {"suggested", "shortlisted"} == await statuses(api, request)


async def test_unknown_departures_are_all_named(api: Client, owner: Owner) -> None:
    await approved(api, CEB)
    match = (await matches_of(api, await opened(owner)))[0]

    answer = await present(api, match, match, departure="alchemy")

    assert (400, "unknown-code") == (answer.status_code, answer.json()["slug"])
    assert ["matches[0].departure", "matches[1].departure"] == [field for field, _, _ in problems(answer)]
    assert "stated_preference" in answer.json()["details"]["errors"][0]["allowed"]


async def test_presentation_needs_a_consent_for_each_provider(api: Client, owner: Owner) -> None:
    await approved(api, NORWAY)
    await approved(api, CEB)
    request = await opened(owner, a_submission(circulation_rule="none"))
    suggested = await matches_of(api, request)
    place = [one["provider"] for one in suggested].index("NOR")

    refused = await present(api, *suggested)
    await owner.publish(CirculationDecided(**ids(request), circulation="granted", decided_at=NOON))
    allowed = await present(api, *suggested)

    assert [(f"matches[{place}].match_id", "circulation-not-granted", None)] == problems(refused)
    assert 200 == allowed.status_code


async def test_only_a_coordinator_presents_several(api: Client, owner: Owner) -> None:
    await approved(api, CEB)
    match = (await matches_of(api, await opened(owner)))[0]

    for who in (KENYA, CEB, "UNODC:auditor"):
        refused = await present(api, match, by=who)
        assert (403, "not-for-your-role") == (refused.status_code, refused.json()["slug"])


async def test_number_of_matches_is_limited(api: Client) -> None:
    one = {"match_id": str(uuid4()), "revision": 1}

    assert [400, 400] == [(await send(api, [one] * count)).status_code for count in (0, 61)]


async def test_repeated_call_presents_once(api: Client, owner: Owner, db: Database) -> None:
    await approved(api, CEB)
    await approved(api, NORWAY)
    suggested = await matches_of(api, await opened(owner))

    first = await present(api, *suggested, key="present-once-1")
    again = await present(api, *suggested, key="present-once-1")

    assert (200, first.json()) == (again.status_code, again.json())
    async with db.transaction() as tx:
        assert 2 == await tx.fetchval("SELECT count(*) FROM match_move WHERE status = 'presented'")


async def test_concurrent_calls_present_each_match_once(api: Client, owner: Owner, db: Database) -> None:
    await approved(api, CEB)
    await approved(api, NORWAY)
    suggested = await matches_of(api, await opened(owner, a_submission(a_contract_line(), a_contract_line())))

    answers = await asyncio.gather(*(present(api, *order) for order in (suggested, suggested[::-1]) * 2))

    assert [200, 409, 409, 409] == sorted(one.status_code for one in answers)
    async with db.transaction() as tx:
        assert 4 == await tx.fetchval("SELECT count(*) FROM match_move WHERE status = 'presented'")


class Counting:
    """Client of a coordinator that counts its calls."""

    def __init__(self, api: Client) -> None:
        self.api, self.calls = api, 0

    async def __call__(self, method: str, path: str, *, revision: int | None = None, **body: Any) -> Any:
        self.calls += 1
        sent = headers(COORDINATOR, revision=revision) if revision else headers(COORDINATOR)
        answer = await self.api.request(method, path, json=body or None, headers=sent)
        assert answer.status_code == 200, answer.text
        return answer.json()


async def test_three_lines_take_six_calls_from_the_queue_to_presented(stage: Stage) -> None:
    for by in (CEB, NORWAY):
        await approved(stage.api, by)
    await stage.files("aaaa", a_line(), a_line(), a_line())
    call = Counting(stage.api)

    queued = (await call("GET", "/v1/requests?status=submitted"))["requests"][0]
    path = f"/v1/requests/{queued['request_id']}"
    request = await call("GET", path)
    request = await call("POST", f"{path}/register", revision=request["revision"])
    await call("POST", f"{path}/open", revision=request["revision"], priority="high")
    await stage.hears()
    suggested = (await call("GET", f"/v1/matches?request={queued['request_id']}&limit=60"))["matches"]
    chosen = [{"match_id": one["match_id"], "revision": one["revision"]} for one in suggested]
    views = (await call("POST", "/v1/matches/present", matches=chosen))["matches"]

    assert (6, 6, {"presented"}) == (call.calls, len(views), {one["status"] for one in views})
