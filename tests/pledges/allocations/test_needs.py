"""Revisions of a fund's requirements."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from chassis.db.database import Database
from services.pledges.open_data.iati.reading import read
from tests.builders import headers
from tests.pledges.allocations.steps import FUND, PATH, a_need, revise
from tests.pledges.steps import (
    FINANCE,
    GERMANY,
    LAST_YEAR,
    NORWAY,
    Client,
    a_fund,
    eur,
    funded,
    get,
    pledged,
    post,
    refused,
    unchanged,
    usd,
)


def of_year(fund: Mapping[str, Any], year: int) -> list[tuple[str | None, int]]:
    return [(one["work_package"], one["usd_minor"]) for one in fund["requirements"] if one["year"] == year]


# -- lifecycle --------------------------------------------------------------------------------------------------------


async def test_revised_requirement_changes_the_gap(api: Client) -> None:
    await funded(api, 1_000_000)
    assert 61_000_000 == (await get(api, FUND))["gap_usd_minor"]

    raised = await revise(api, 1)
    assert (2, [(None, 70_000_000)], 69_000_000) == (
        raised["revision"], of_year(raised, 2027), raised["gap_usd_minor"]
    )  # fmt: skip
    await revise(api, 2, work_package="translation", money=usd(5_000_000))
    added = await revise(api, 3, year=2028, work_package="translation", money=usd(4_000_000))
    assert [(None, 70_000_000), ("translation", 5_000_000)] == of_year(added, 2027)
    assert [("translation", 4_000_000)] == of_year(added, 2028)
    (translation,) = added["work_packages"]
    assert (9_000_000, 9_000_000) == (translation["requirement_usd_minor"], translation["gap_usd_minor"])

    lowered = await revise(api, 4, money=usd(2_000_000), reason="savings")
    gone = await revise(api, 5, year=2028, work_package="translation", money=usd(0), reason="no_longer_needed")
    assert [(None, 2_000_000), ("translation", 5_000_000)] == of_year(lowered, 2027)
    assert ([], 6_000_000) == (of_year(gone, 2028), gone["gap_usd_minor"])
    shown = await api.get(FUND, headers=headers("KEN:focal_point"))
    assert (gone, '"6') == (shown.json(), shown.headers["ETag"].partition("-")[0]), (
        "the requirement of a fund is shown to all callers"
    )


async def test_requirement_revisions_are_listed_newest_first(api: Client) -> None:
    await revise(api, 1)
    await revise(api, 2, money=usd(0), reason="no_longer_needed")

    reported = await get(api, PATH, NORWAY)
    assert [(3, "no_longer_needed", 0), (2, "needs_changed", 70_000_000), (1, None, 62_000_000)] == [
        (one["revision"], one["reason"], one["requirements"][0]["usd_minor"]) for one in reported["revisions"]
    ]
    moments = [datetime.fromisoformat(one["recorded_at"]) for one in reported["revisions"]]
    assert moments == sorted(moments, reverse=True)
    first = await api.get(f"{PATH}?limit=2", headers=headers(NORWAY))
    rest = await get(api, f"{PATH}?limit=2&cursor={first.json()['cursor']}", NORWAY)
    assert reported["revisions"] == first.json()["revisions"] + rest["revisions"]
    assert (None, "next") == (rest["cursor"], first.links["next"]["rel"])
    assert 404 == (await api.get("/v1/funds/NO-SUCH-FUND/requirements", headers=headers(NORWAY))).status_code


async def test_repeated_or_concurrent_command_runs_once(api: Client) -> None:
    given = headers(FINANCE, key="more-is-needed-in-2027", revision=1)
    assert [2, 2] == [(await api.post(PATH, json=a_need(), headers=given)).json()["revision"] for _ in range(2)]

    for revision in range(2, 6):
        answers = await asyncio.gather(
            *(
                api.post(PATH, json=a_need(money=usd(revision * amount)), headers=headers(FINANCE, revision=revision))
                for amount in (1, 3)
            )
        )
        assert [200, 412] == sorted(answer.status_code for answer in answers)


async def test_pledging_does_not_wait_for_requirement_revision(api: Client, databases: Mapping[str, Database]) -> None:
    async with databases["pledges"].transaction() as tx:
        await tx.execute("SELECT FROM fund WHERE fund = 'SHERLOC-MNT' FOR NO KEY UPDATE")
        await asyncio.wait_for(pledged(api), 10)


async def test_requirement_revisions_are_append_only(api: Client, databases: Mapping[str, Database]) -> None:
    for statement in ("UPDATE fund_requirement SET usd_minor = 1", "DELETE FROM fund_requirement"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with databases["pledges"].transaction() as tx:
                await tx.execute(statement)


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"money": eur(5)}, 422, "fund-currency"),
        ({"money": usd(62_000_000)}, 409, "requirement-unchanged"),
        ({"year": 2028, "money": usd(0)}, 409, "requirement-unchanged"),
        ({"work_package": "outreach"}, 400, "unknown-code"),
        ({"reason": "given_back"}, 400, "unknown-code"),
        ({"year": 1999}, 400, "number-out-of-range"),
        ({"revision_note": "x"}, 400, "unknown-field"),
    ],
)
async def test_invalid_input_is_rejected_without_changes(
    api: Client, databases: Mapping[str, Database], changes: dict[str, Any], status: int, slug: str
) -> None:
    before = await unchanged(databases["pledges"])

    assert (status, slug) == await refused(api, PATH, revision=1, **a_need(**changes))
    assert before == await unchanged(databases["pledges"])


async def test_unknown_fund_stale_revision_and_other_roles_are_rejected(api: Client) -> None:
    work_package = a_need(work_package="training")

    requests = "/v1/funds/TA-REQUESTS/requirements"
    assert (422, "work-package-of-sherloc") == await refused(api, requests, revision=1, **work_package)
    assert (404, "not-found") == await refused(api, "/v1/funds/NO-SUCH-FUND/requirements", revision=1, **a_need())
    assert (428, "if-match-missing") == await refused(api, PATH, **a_need())
    await revise(api, 1)
    assert (412, "revision-stale") == await refused(api, PATH, revision=1, **a_need())
    for by in (GERMANY, "UNODC:coordinator", "DEU:finance_officer", "KEN:focal_point"):
        assert (403, "not-for-your-role") == await refused(api, PATH, by, revision=2, **a_need())


async def test_requirement_of_closed_year_cannot_be_revised(api: Client) -> None:
    await revise(api, 1, year=LAST_YEAR, money=usd(5))
    await post(api, f"/v1/ledger/periods/{LAST_YEAR}/close", FINANCE)

    assert (409, "period-closed") == await refused(api, PATH, revision=2, **a_need(year=LAST_YEAR))
    needing = a_fund("LATE") | {"requirements": [{"year": LAST_YEAR, "money": usd(5)}]}
    assert (409, "period-closed") == await refused(api, "/v1/funds", **needing)
    assert 3 == (await revise(api, 2, year=LAST_YEAR + 1))["revision"]


# -- as of a moment ----------------------------------------------------------------------------------------------------


async def budgets(client: Client, **query: str) -> tuple[bytes, list[tuple[int, str, str]]]:
    answer = await client.get(f"{FUND}/iati.xml", params=query, headers=headers(FINANCE))
    assert 200 == answer.status_code, answer.text
    found = read(answer.content)
    assert () == found.defects
    return answer.content, [(one.starts.year, one.kind, one.amount.value) for one in found.activities[0].budgets]


async def test_iati_budgets_are_as_of_the_moment(api: Client) -> None:
    await revise(api, 1, year=2028)
    moment = (await get(api, PATH))["revisions"][0]["recorded_at"]
    before, original = await budgets(api, as_of=moment)
    assert [(2027, "1", "620000.00"), (2028, "1", "700000.00")] == original

    await revise(api, 2, work_package="translation", money=usd(5_000_000))
    await revise(api, 3, year=2028, money=usd(0))
    latest = (await get(api, PATH))["revisions"][0]["recorded_at"]
    assert [(2027, "2", "670000.00")] == (await budgets(api, as_of=latest))[1] == (await budgets(api))[1]
    assert before == (await budgets(api, as_of=moment))[0]
