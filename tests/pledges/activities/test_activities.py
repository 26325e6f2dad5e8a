"""Activities over HTTP."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from chassis.db.database import Database
from tests.builders import headers
from tests.pledges.activities.steps import (
    COORDINATOR,
    PATH,
    TITLE,
    allocated,
    an_activity,
    completed,
    path_of,
    planned,
    revised,
)
from tests.pledges.steps import (
    FINANCE,
    GERMANY,
    NORWAY,
    SECOND,
    Client,
    content,
    entry_of,
    funded,
    get,
    post,
    refused,
    unchanged,
    usd,
)

# -- lifecycle --------------------------------------------------------------------------------------------------------


async def test_activity_money_is_allocated_and_spent_and_its_totals_are_public(api: Client) -> None:
    await funded(api, 10_000)
    one = await planned(api)
    assert ("planned", TITLE, "fr", 0, 0, 1) == tuple(
        one[name] for name in ("status", "title", "language", "allocated_usd_minor", "spent_usd_minor", "revision")
    )

    made = await allocated(api, one, 6_000)
    assert (one["activity_id"], None, None) == (made["activity_id"], made["work_package"], made["requirement_id"])
    path = f"/v1/allocations/{made['allocation_id']}"
    made = await post(api, f"{path}/spend", FINANCE, revision=1, money=usd(1_500))
    assert content(made) == content(await get(api, path, NORWAY)), "an activity names no State, and donors see it"
    for by in (FINANCE, NORWAY, "KEN:focal_point"):
        (listed,) = (await get(api, f"{PATH}?fund=SHERLOC-MNT&status=planned", by))["activities"]
        assert (6_000, 1_500) == (listed["allocated_usd_minor"], listed["spent_usd_minor"])
        assert listed == await get(api, path_of(one), by)
    fund = await get(api, "/v1/funds/SHERLOC-MNT")
    assert (4_000, 6_000, 1_500) == tuple(fund[f"{name}_usd_minor"] for name in ("available", "allocated", "spent"))
    assert [made] == (await get(api, f"/v1/allocations?activity={one['activity_id']}"))["allocations"]

    flows = (await get(api, "/v1/flows?boundary=internal"))["flows"]
    assert [(one["activity_id"], 6_000)] == [(flow["destination"], flow["usd_minor"]) for flow in flows]


async def test_revised_activity_replaces_its_title(api: Client, databases: Mapping[str, Database]) -> None:
    one = await completed(api, await planned(api), completed_on="2026-03-10")
    changes = {"title": "عينة خيالية", "language": "ar", "activity_kind": "tool", "topics": [], "ends_on": "2026-04-01"}

    after = await revised(api, one, **changes)
    assert changes | {"status": "completed", "revision": 3} == {
        name: after[name] for name in (*changes, "status", "revision")
    }
    assert content(after) == content(await get(api, path_of(one), NORWAY))
    async with databases["pledges"].transaction() as tx:
        assert ["عينة خيالية"] == [row["title"] for row in await tx.fetch("SELECT title FROM activity_text")]
    for wrong, answer in (
        ({"fund": "SHERLOC-DEV"}, (422, "activity-of-another-fund")),
        ({"ends_on": "2026-03-08"}, (400, "dates-reversed")),
        ({"starts_on": "2026-03-11"}, (400, "dates-reversed")),
        ({"title": " "}, (400, "invalid-field")),
    ):
        body = an_activity(**wrong)
        assert answer == await refused(api, f"{path_of(one)}/revise", COORDINATOR, revision=3, **body)


async def test_ended_activity_can_spend_but_gets_no_allocation(api: Client) -> None:
    await funded(api, 10_000)
    one = await planned(api)
    made = await allocated(api, one, 600)

    ended = await completed(api, one, participants=85, completed_on="2026-03-10")
    assert ("completed", 85, "2026-03-10", 2) == tuple(
        ended[name] for name in ("status", "participants", "completed_on", "revision")
    )
    more = {"fund": "SHERLOC-MNT", "money": usd(1), "activity_id": one["activity_id"]}
    assert (409, "activity-status") == await refused(api, "/v1/allocations", FINANCE, **more)
    path = f"/v1/allocations/{made['allocation_id']}"
    made = await post(api, f"{path}/spend", FINANCE, revision=1, money=usd(600))
    assert 600 == (await get(api, path_of(one)))["spent_usd_minor"]


async def test_activity_with_unspent_money_cannot_be_cancelled(api: Client) -> None:
    await funded(api, 10_000)
    one = await planned(api)
    made = await allocated(api, one, 600)
    cancel = {"reason": "no_funding", "revision": 1}

    assert (409, "activity-funded") == await refused(api, f"{path_of(one)}/cancel", COORDINATOR, **cancel)
    await post(api, f"/v1/allocations/{made['allocation_id']}/return", FINANCE, revision=1)
    ended = await post(api, f"{path_of(one)}/cancel", COORDINATOR, **cancel)
    assert ("cancelled", "no_funding", 0) == (ended["status"], ended["reason"], ended["allocated_usd_minor"])
    assert (409, "activity-status") == await refused(api, f"{path_of(one)}/complete", COORDINATOR, revision=2)


async def _spent_and_to_be_reversed(api: Client) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    one = await planned(api)
    made = await allocated(api, one, 600)
    await post(api, f"/v1/allocations/{made['allocation_id']}/spend", FINANCE, revision=1, money=usd(600))
    wrong = (await entry_of(api, "spent"))["entry_id"]
    proposal = await post(api, "/v1/ledger/reversals", FINANCE, entry_id=wrong, reason="recorded_wrongly")
    return one, made, proposal


async def test_reversed_spending_of_cancelled_activity_returns_to_fund(api: Client) -> None:
    await funded(api, 10_000)
    one, made, proposal = await _spent_and_to_be_reversed(api)
    await post(api, f"{path_of(one)}/cancel", COORDINATOR, revision=1, reason="other")

    await post(api, f"/v1/proposals/{proposal['proposal_id']}/approve", SECOND, revision=1)
    shown = await get(api, f"/v1/allocations/{made['allocation_id']}")
    assert ("returned", 0) == (shown["status"], shown["spent_usd_minor"])
    ended = await get(api, path_of(one))
    assert (0, 0) == (ended["allocated_usd_minor"], ended["spent_usd_minor"])
    assert 10_000 == (await get(api, "/v1/funds/SHERLOC-MNT"))["available_usd_minor"]


async def test_concurrent_reversal_and_cancellation_leave_nothing_unspent(api: Client) -> None:
    await funded(api, 10_000)
    for _ in range(6):
        one, _, proposal = await _spent_and_to_be_reversed(api)
        path = f"/v1/proposals/{proposal['proposal_id']}/approve"
        answers = await asyncio.gather(
            api.post(path, json={}, headers=headers(SECOND, revision=1)),
            api.post(f"{path_of(one)}/cancel", json={"reason": "other"}, headers=headers(COORDINATOR, revision=1)),
        )
        assert {answer.status_code for answer in answers} <= {200, 409}
        shown = await get(api, path_of(one))
        assert shown["status"] == "planned" or shown["allocated_usd_minor"] == shown["spent_usd_minor"]


async def test_concurrent_allocation_and_cancellation_leave_nothing_unspent(api: Client) -> None:
    """Whichever comes first, no cancelled activity has unspent money."""
    await funded(api, 10_000)
    for _ in range(8):
        one = await planned(api)
        body = {"fund": "SHERLOC-MNT", "money": usd(5), "activity_id": one["activity_id"]}
        answers = await asyncio.gather(
            api.post("/v1/allocations", json=body, headers=headers(FINANCE)),
            api.post(f"{path_of(one)}/cancel", json={"reason": "other"}, headers=headers(COORDINATOR, revision=1)),
        )
        assert sorted(answer.status_code for answer in answers) in ([200, 409], [201, 409])
        shown = await get(api, path_of(one))
        assert (shown["status"] == "cancelled") == (shown["allocated_usd_minor"] == 0)


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"activity_kind": "party"}, "unknown-code"),
        ({"topics": ["gardening"]}, "unknown-code"),
        ({"pillars": ["punish"]}, "unknown-code"),
        ({"fund": "NO-FUND"}, "unknown-code"),
        ({"ends_on": "2026-03-08"}, "dates-reversed"),
        ({"title": ""}, "invalid-field"),
        ({"title": " \t\n"}, "invalid-field"),
        ({"title": "\u200b"}, "invalid-field"),
        ({"title": "a\u202eb"}, "invalid-field"),
        ({"title": "a\x07b"}, "invalid-field"),
        ({"title": "x" * 201}, "invalid-field"),
        ({"gender_marker": 3}, "number-out-of-range"),
        ({"language": "de"}, "invalid-field"),
        ({"topics": ["mutual_legal_assistance"] * 21}, "invalid-field"),
    ],
)
async def test_invalid_plan_is_rejected(
    api: Client, databases: Mapping[str, Database], changes: dict[str, Any], slug: str
) -> None:
    before = await unchanged(databases["pledges"])

    assert (400, slug) == await refused(api, PATH, COORDINATOR, **an_activity(**changes))

    assert before == await unchanged(databases["pledges"])


async def test_activity_is_funded_by_its_own_fund_only(api: Client) -> None:
    await funded(api, 10_000)
    await funded(api, 10_000, fund="SHERLOC-DEV")
    one = await planned(api)
    body = {"fund": "SHERLOC-DEV", "money": usd(5), "activity_id": one["activity_id"]}

    assert (422, "activity-of-another-fund") == await refused(api, "/v1/allocations", FINANCE, **body)
    both = body | {"fund": "SHERLOC-MNT", "work_package": "training"}
    assert (400, "one-purpose") == await refused(api, "/v1/allocations", FINANCE, **both)
    nobodys = body | {"activity_id": str(uuid4())}
    assert (404, "not-found") == await refused(api, "/v1/allocations", FINANCE, **nobodys)


async def test_completion_date_before_start_or_in_future_is_rejected(api: Client) -> None:
    one = await planned(api)
    for day, slug in (("2026-03-08", "dates-reversed"), ("2126-03-08", "date-ahead")):
        refusal = await refused(api, f"{path_of(one)}/complete", COORDINATOR, revision=1, completed_on=day)
        assert (400, slug) == refusal
    assert (412, "revision-stale") == await refused(api, f"{path_of(one)}/complete", COORDINATOR, revision=2)
    assert (400, "unknown-code") == await refused(
        api, f"{path_of(one)}/cancel", COORDINATOR, revision=1, reason="not_used"
    )


@pytest.mark.parametrize("by", [NORWAY, GERMANY, "KEN:focal_point", "UNODC:auditor", "DEU:finance_officer"])
async def test_only_unodc_programme_and_finance_roles_manage_activities(api: Client, by: str) -> None:
    one = await planned(api)

    assert (403, "not-for-your-role") == await refused(api, PATH, by, **an_activity())
    for move, body in (("complete", {}), ("cancel", {"reason": "other"}), ("revise", an_activity())):
        assert (403, "not-for-your-role") == await refused(api, f"{path_of(one)}/{move}", by, revision=1, **body)
