"""Coordinators read which lines of several States one delivery could serve."""

from typing import Any

import pytest

from contracts.requests import RequestSubmitted, RequestWithdrawn
from services.matching.cohorts import api as cohort_api
from services.matching.offerings import store as offering_store
from tests.builders import AHEAD, NOON, headers
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.offerings.steps import approved
from tests.matching.offerings.steps import move as move_offering
from tests.matching.steps import CEB, COORDINATOR, KENYA, NORWAY, Client, Owner, begin, ids, matches_of, move, opened
from tests.platform.operations import ACTORS

USD = {"minor": 700_000, "currency": "USD"}


async def of_state(owner: Owner, state: str, **changes: Any) -> RequestSubmitted:
    return await opened(owner, a_submission(a_contract_line(**changes), state=state))


async def reported(api: Client, **query: Any) -> dict[str, Any]:
    answer = await api.get("/v1/matches/cohorts", params=query, headers=headers(COORDINATOR))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def states_notified(api: Client) -> list[set[str]]:
    return [{member["state"] for member in one["members"]} for one in (await reported(api))["cohorts"]]


async def test_lines_of_two_states_form_a_cohort_with_savings(api: Client, owner: Owner) -> None:
    offering = await approved(api, CEB, resource_status="partly", funding_needed=USD)
    kenya, uganda = await of_state(owner, "KEN"), await of_state(owner, "UGA")
    await of_state(owner, "TZA", kind="mentoring")

    page = await reported(api)

    (one,) = page["cohorts"]
    assert {(str(r.lines[0].line_id), str(r.request_id), r.state, 25) for r in (kenya, uganda)} == {
        tuple(member.values()) for member in one["members"]
    }
    assert (offering["offering_id"], "UNODC-CEB", "african", 50, 1, USD, True, True) == (
        *(one[n] for n in ("offering_id", "provider", "region", "people", "deliveries_saved", "money_saved")),
        one["maximal"],
        page["whole"],
    )
    assert {"from": f"{AHEAD}-02-01", "until": f"{AHEAD}-06-30"} == one["window"]


async def test_covered_ended_or_unavailable_records_form_no_cohort(api: Client, owner: Owner) -> None:
    offering = await approved(api, NORWAY, group_size_max=None)
    course = await approved(api, CEB, modalities=("hybrid",))
    covered, over = await of_state(owner, "KEN"), await of_state(owner, "UGA")
    await of_state(owner, "TZA")
    assert [{"KEN", "UGA", "TZA"}] == await states_notified(api)
    override = {"constraints": ["modality"], "reason": "agreed_with_state"}
    whole = await begin(api, covered.lines[0].line_id, course, COORDINATOR, override=override)
    assert whole.status_code == 201, whole.text
    shown = await move(api, whole.json(), "present", COORDINATOR, departure="stated_preference")
    await move(api, await move(api, shown, "accept", KENYA), "confirm", CEB)
    assert [{"UGA", "TZA"}] == await states_notified(api)
    await owner.publish(RequestWithdrawn(**ids(over), withdrawn_at=NOON))
    assert [] == await states_notified(api)
    await of_state(owner, "UGA")
    assert [{"UGA", "TZA"}] == await states_notified(api)

    await move_offering(api, offering, "suspend", NORWAY)

    assert [] == await states_notified(api)


async def test_every_cohort_can_be_proposed(api: Client, owner: Owner) -> None:
    """Lines that were declined, are proposed, covered, not open or not shown to the provider are in none."""
    for provider in (CEB, NORWAY):
        await approved(api, provider, group_size_max=None)
    partly, declined, waiting = [await of_state(owner, state) for state in ("KEN", "UGA", "TZA")]
    await of_state(owner, "RWA")
    private = await opened(owner, a_submission(state="ETH", circulation_rule="none"))
    await owner.publish(submitted := a_submission(state="MOZ"))
    for request, by in ((declined, "UGA:focal_point"), (waiting, None)):
        first = (await matches_of(api, request))[0]
        shown = await move(api, first, "present", COORDINATOR)
        if by:
            await move(api, shown, "decline", by, reason="another_provider_preferred")
    course = await approved(api, CEB, modalities=("hybrid",))
    override = {"constraints": ["modality"], "reason": "agreed_with_state"}
    part = await begin(api, partly.lines[0].line_id, course, COORDINATOR, covers=10, override=override)
    shown = await move(api, part.json(), "present", COORDINATOR, departure="stated_preference")
    await move(api, await move(api, shown, "accept", KENYA), "confirm", CEB)

    found = (await reported(api))["cohorts"]

    assert {"UNODC-CEB", "NOR"} == {one["provider"] for one in found}
    for one in found:
        states = {member["state"]: member["group_size"] for member in one["members"]}
        assert "MOZ" not in states
        assert 15 == states.get("KEN", 15)
        assert "ETH" not in states or one["provider"] != "NOR"
        lines = [member["line_id"] for member in one["members"]]
        body = {"offering_id": one["offering_id"], "lines": lines, "departure": "other"}
        answer = await api.post("/v1/joint-deliveries", json=body, headers=headers(COORDINATOR))
        assert 201 == answer.status_code, answer.text
        assert states == {member["state"]: member["persons"] for member in answer.json()["members"]}
    assert private.lines[0].line_id != submitted.lines[0].line_id
    left = [{member["state"] for member in one["members"]} for one in (await reported(api))["cohorts"]]
    assert [] == left, "what was proposed is not offered again"


async def test_only_coordinators_and_auditors_read_cohorts(api: Client) -> None:
    for by in ACTORS:
        answer = await api.get("/v1/matches/cohorts", headers=headers(by))
        assert (200 if by in {COORDINATOR, "UNODC:auditor"} else 403) == answer.status_code, by


async def test_exceeding_the_limits_is_reported(api: Client, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    await approved(api, CEB)
    for state in ("KEN", "UGA"):
        await of_state(owner, state)
    for module, limit in ((cohort_api, "LINES_MAX"), (offering_store, "AVAILABLE_MAX")):
        assert (await reported(api))["whole"]
        with monkeypatch.context() as patched:
            patched.setattr(module, limit, 1)
            assert not (await reported(api))["whole"]
    for wrong in (0, 101, "x"):
        answer = await api.get("/v1/matches/cohorts", params={"limit": wrong}, headers=headers(COORDINATOR))
        assert 400 == answer.status_code
