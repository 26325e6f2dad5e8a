"""A fund by year: requirement, commitments, movements."""

from collections.abc import Mapping

import asyncpg
import pytest

from chassis import clock
from chassis.db.database import Database
from services.pledges.ledger import snapshots
from services.pledges.pledge import store
from services.pledges.wiring import close_and_write_snapshots
from tests.builders import headers
from tests.pledges.ledger.steps import (
    AFTER,
    BEFORE,
    FUND,
    YEAR,
    approve_of,
    books_of_three_years,
    check_sums,
    figures,
    now_of,
    years_of,
)
from tests.pledges.steps import FINANCE, NORWAY, Client, a_fund, approve, eur, get, move, part, pledged, post, usd

pytestmark = pytest.mark.usefixtures("at_once")


async def a_fund_with_needs(client: Client) -> None:
    """Open a fund with requirements for this year and the next, and for three work packages."""
    needs = [
        {"year": year, "work_package": package, "money": usd(minor)}
        for year, package, minor in (
            (AFTER, "hosting", 300_00), (AFTER, "legal_research", 500_00), (AFTER + 1, "hosting", 400_00)
        )
    ]  # fmt: skip
    await post(client, "/v1/funds", FINANCE, **a_fund(FUND, 0) | {"requirements": needs})


# -- lifecycle --------------------------------------------------------------------------------------------------------


async def test_years_have_commitments_due_and_movements_by_value_date(api: Client) -> None:
    await a_fund_with_needs(api)
    made = await pledged(api, fund=FUND, money=usd(900_00), pledged_on=f"{YEAR}-11-20")
    assert (900_00, 0) == figures((await years_of(api))[YEAR], "pledged", "committed")

    parts = [
        part(200_00, f"{YEAR}-12-20"), part(400_00, f"{AFTER}-02-01"), part(300_00, f"{AFTER + 1}-02-01", "report")
    ]  # fmt: skip
    signed = await move(
        api, made, "commit", committed_on=f"{YEAR}-12-01", instalments=parts, support_cost_basis_points=0
    )
    # The instalment is paid a year late, and partly used then.
    signed = await move(api, signed, "receive", money=usd(250_00), received_on=f"{AFTER}-01-10")
    one = await post(
        api, "/v1/allocations", FINANCE, fund=FUND, money=usd(120_00), work_package="hosting",
        allocated_on=f"{AFTER}-01-11",
    )  # fmt: skip
    path = f"/v1/allocations/{one['allocation_id']}/spend"
    await post(api, path, FINANCE, revision=1, money=usd(50_00), spent_on=f"{AFTER}-01-12")

    years = await check_sums(api, FUND)
    assert [YEAR, AFTER, AFTER + 1] == list(years)
    # The report is missing, so nothing of the last instalment is owed.
    assert [(0, 200_00), (800_00, 400_00), (400_00, 0)] == [
        figures(one, "requirement", "committed") for one in years.values()
    ]
    assert [(0, 0, 0), (250_00, 120_00, 50_00), (0, 0, 0)] == [
        figures(one, "paid", "allocated", "spent") for one in years.values()
    ]
    assert [(0, 0), (200_00, 200_00), (0, 400_00)] == [figures(one, "left_before", "gap") for one in years.values()]
    assert [("hosting", 300_00, 120_00, 50_00, 180_00), ("legal_research", 500_00, 0, 0, 500_00)] == [
        (one["work_package"], *figures(one, "requirement", "allocated", "spent", "gap"))
        for one in years[AFTER]["work_packages"]
    ]

    await move(api, signed, "meet-condition", instalment=3, met_on=f"{AFTER}-02-03")
    assert (300_00, 100_00) == figures((await check_sums(api, FUND))[AFTER + 1], "committed", "gap")


async def test_write_off_reduces_last_years(api: Client) -> None:
    await a_fund_with_needs(api)
    parts = [part(100_00, f"{YEAR}-12-20"), part(300_00, f"{AFTER}-02-01"), part(400_00, f"{AFTER + 1}-02-01")]
    made = await pledged(api, fund=FUND, money=usd(800_00), pledged_on=f"{YEAR}-11-20")
    signed = await move(
        api, made, "commit", committed_on=f"{YEAR}-12-01", instalments=parts, support_cost_basis_points=0
    )
    signed = await move(api, signed, "receive", money=usd(250_00), received_on=f"{AFTER}-01-10")
    assert (400_00, 0) == figures((await years_of(api))[AFTER + 1], "committed", "gap")

    path = f"/v1/pledges/{signed['pledge_id']}/write-off"
    await approve(
        api,
        await post(
            api, path, FINANCE, revision=signed["revision"], reason="not_expected", written_off_on=f"{AFTER}-02-02"
        ),
    )
    years = await check_sums(api, FUND)
    assert [(100_00, 0, 0), (300_00, 150_00, 550_00), (400_00, 400_00, 400_00)] == [
        figures(one, "committed", "written_off", "gap") for one in years.values()
    ]


async def test_agreement_in_other_currency_is_apportioned_to_the_cent(api: Client) -> None:
    await a_fund_with_needs(api)
    parts = [
        part(1, f"{YEAR}-12-20"),
        part(2, f"{AFTER}-02-01"),
        part(2, f"{AFTER}-03-01"),
        part(2, f"{AFTER + 1}-02-01"),
    ]
    made = await pledged(api, fund=FUND, money=eur(7), pledged_on=f"{YEAR}-11-20")
    signed = await move(api, made, "commit", committed_on=f"{YEAR}-12-01", instalments=parts)
    # Eight cents are divided into seven shares: the largest remainders come first.
    assert 8 == signed["committed_usd_minor"]
    assert [1, 5, 2] == [figures(one, "committed")[0] for one in (await check_sums(api, FUND)).values()]


async def test_refund_and_carry_over_count_in_year_of_value_date(api: Client) -> None:
    await books_of_three_years(api)
    need = {"year": AFTER, "money": usd(100_000_00), "reason": "needs_changed"}
    await post(api, "/v1/funds/SHERLOC-MNT/requirements", FINANCE, revision=1, **need)
    pledges = (await get(api, "/v1/pledges?fund=SHERLOC-MNT&status=received"))["pledges"]
    paid = {one["received_on"][:4]: one for one in pledges}
    before = (await check_sums(api, "SHERLOC-MNT"))[AFTER]

    refund = {"money": eur(33_33), "reason": "not_used", "refunded_on": f"{AFTER}-02-01"}
    await approve(api, await move(api, paid[str(YEAR)], "refund", **refund))
    over = {"to_fund": "SHERLOC-DEV", "money": usd(20_00), "carried_over_on": f"{AFTER}-02-02"}
    await move(api, paid[str(BEFORE)], "carry-over", **over)

    years = await check_sums(api, "SHERLOC-MNT")
    # A refund includes its part of programme support cost.
    gone = 38_33 - 4_41 + 20_00
    assert (38_33, 20_00) == figures(years[AFTER], "refunded", "transferred")
    assert figures(before, "gap")[0] + gone == figures(years[AFTER], "gap")[0]
    assert {(0, 0)} == {figures(years[year], "refunded", "transferred") for year in (BEFORE, YEAR)}
    (dev,) = [one for year, one in (await check_sums(api, "SHERLOC-DEV")).items() if year == AFTER]
    assert -20_00 == figures(dev, "transferred")[0], "money from another fund reduces the gap"


async def test_surplus_carries_to_next_year_and_deficit_does_not(
    api: Client,
) -> None:
    """This holds for available money and for allocations; a return in a later year is a part of the earlier surplus."""
    needs = [{"year": year, "work_package": "hosting", "money": usd(100)} for year in (BEFORE, YEAR, AFTER, AFTER + 1)]
    await post(api, "/v1/funds", FINANCE, **a_fund(FUND, 0) | {"requirements": needs})
    for year, minor in ((BEFORE, 60), (YEAR, 250)):
        made = await pledged(api, fund=FUND, money=usd(minor), pledged_on=f"{year}-01-02")
        terms = {"instalments": [part(minor, f"{year}-02-01")], "support_cost_basis_points": 0}
        signed = await move(api, made, "commit", committed_on=f"{year}-01-03", **terms)
        signed = await move(api, signed, "receive", money=usd(minor), received_on=f"{year}-02-01")
        body = {"fund": FUND, "money": usd(minor * 4 // 5), "work_package": "hosting", "allocated_on": f"{year}-02-02"}
        await post(api, "/v1/allocations", FINANCE, **body)

    years = (await check_sums(api, FUND)).values()
    assert [(0, 40), (0, 0), (150, 0), (50, 50)] == [figures(one, "left_before", "gap") for one in years]
    assert [(0, 52), (0, 0), (100, 0), (0, 100)] == [
        figures(one["work_packages"][0], "left_before", "gap") for one in years
    ]
    refund = {"money": usd(30), "reason": "not_used", "refunded_on": f"{AFTER}-01-02"}
    signed = await approve_of(api, signed, "refund", **refund)
    years = (await check_sums(api, FUND)).values()
    assert [(0, 40), (0, 0), (150, 0), (20, 80)] == [figures(one, "left_before", "gap") for one in years]

    # Money spent beyond the requirement is not carried forward.
    spent = {"money": usd(190), "spent_on": f"{YEAR}-12-30"}
    (made,) = [one for one in (await get(api, "/v1/allocations"))["allocations"] if one["usd_minor"] == 200]
    await post(api, f"/v1/allocations/{made['allocation_id']}/spend", FINANCE, revision=1, **spent)
    years = (await check_sums(api, FUND)).values()
    assert [(0, 40), (0, 0), (60, 70), (0, 100)] == [figures(one, "left_before", "gap") for one in years]
    assert [(0, 52), (0, 0), (10, 90), (0, 100)] == [
        figures(one["work_packages"][0], "left_before", "gap") for one in years
    ]


async def test_closed_year_keeps_its_figures(api: Client) -> None:
    needs = [{"year": year, "money": usd(100)} for year in (BEFORE, AFTER)]
    await post(api, "/v1/funds", FINANCE, **a_fund(FUND, 0) | {"requirements": needs})
    parts = [part(400, f"{BEFORE}-06-01"), part(300, f"{BEFORE}-07-01", "report"), part(200, f"{YEAR}-06-01")]
    made = await pledged(api, fund=FUND, money=usd(1000), pledged_on=f"{BEFORE}-01-02")
    left = await move(api, made, "reduce", money=usd(100), reason="donor_budget", reduced_on=f"{BEFORE}-01-02")
    signed = await move(
        api, left, "commit", committed_on=f"{BEFORE}-01-03", instalments=parts, support_cost_basis_points=0
    )
    signed = await move(api, signed, "receive", money=usd(300), received_on=f"{BEFORE}-06-01")
    await post(api, f"/v1/ledger/periods/{BEFORE}/close", FINANCE)
    closed = (await check_sums(api, FUND))[BEFORE]
    assert (0, 400, 300, 0) == figures(closed, "pledged", "committed", "paid", "gap")

    signed = await move(api, signed, "meet-condition", instalment=2, met_on=f"{YEAR}-02-01")
    assert (300 + 200, 0) == figures((await check_sums(api, FUND))[YEAR], "committed", "written_off")
    less = {"money": usd(450), "reason": "donor_budget", "reduced_on": f"{YEAR}-03-01"}
    signed = await move(api, signed, "reduce", **less)
    assert 50 == figures((await check_sums(api, FUND))[YEAR], "committed")[0]
    signed = await approve_of(api, signed, "write-off", reason="not_expected", written_off_on=f"{YEAR}-04-01")
    await approve_of(api, signed, "refund", money=usd(280), reason="not_used", refunded_on=f"{YEAR}-05-01")
    years = await check_sums(api, FUND)
    assert closed == years[BEFORE]
    assert (0, 300, 280, 0) == figures(years[YEAR], "requirement", "left_before", "refunded", "gap")
    assert (0, 100) == figures(years[AFTER], "left_before", "gap")


# -- as of a moment ----------------------------------------------------------------------------------------------------


async def test_years_as_of_a_moment_do_not_change(
    api: Client, databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SNAPSHOT_INTERVAL_ENTRIES", 5)
    monkeypatch.setattr(store, "PLEDGES_AT_ONCE", 2)
    await books_of_three_years(api)
    first, stood = await now_of(api), await check_sums(api, "SHERLOC-MNT")
    assert {BEFORE, YEAR, AFTER} <= stood.keys()
    closed = None
    for _ in range(3):
        closed = await close_and_write_snapshots(databases["pledges"], closed)
    assert stood == await years_of(api, "/v1/funds/SHERLOC-MNT/years"), "figures from closings equal those from entries"

    open_still = await pledged(api, money=usd(70_00), pledged_on=f"{YEAR}-06-01")
    await move(api, open_still, "commit", committed_on=f"{AFTER}-01-02")
    for pledge in (await get(api, "/v1/pledges?fund=SHERLOC-MNT&status=committed"))["pledges"]:
        less = {"money": {"minor": 1_00, "currency": pledge["money"]["currency"]}, "reason": "donor_budget"}
        await move(api, pledge, "reduce", **less)
    second = await now_of(api)
    later = await check_sums(api, "SHERLOC-MNT", second)
    assert later == await check_sums(api, "SHERLOC-MNT")
    assert later != stood == await check_sums(api, "SHERLOC-MNT", first)


# -- authorization and refusals ----------------------------------------------------------------------------------------


async def test_years_for_others_are_as_of_midnight(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    """Current figures before and after a signature would disclose its instalments."""
    path = "/v1/funds/SHERLOC-MNT/years"
    others = (NORWAY, "KEN:focal_point", "UNODC:administrator")
    today = f"{clock.now().date()}T00:00:00"
    for by in others:
        for asked in (path, f"{path}?as_of={today}Z", f"/v1/funds/SHERLOC-MNT?as_of={clock.now().date()}T00:00:01Z"):
            answer = await api.get(asked, headers=headers(by))
            assert (404, "fund-opened-later") == (answer.status_code, answer.json()["slug"])
            assert today == answer.json()["details"]["as_of"][:19] < answer.json()["details"]["opened_at"]
    owner = await asyncpg.connect(database_url, server_settings={"search_path": "pledges"})
    await owner.execute("UPDATE journal SET recorded_at = recorded_at - interval '1 day'")
    await owner.close()
    before = await get(api, path, NORWAY)
    await pledged(api, money=usd(5))
    assert (await get(api, path)) == await get(api, path, "UNODC:coordinator")
    for by in others:
        assert before == await get(api, path, by)
    assert (f"{clock.now().date()}T00:00:00", True) == (before["as_of"][:19], before["final"])
    assert [2026, 2027] == [one["year"] for one in (await get(api, path))["years"]]


@pytest.mark.parametrize("path", ["/v1/funds/NO-SUCH-FUND/years", "/v1/funds/SHERLOC-MNT/years?as_of=today"])
async def test_unknown_fund_and_malformed_as_of_are_rejected(api: Client, path: str) -> None:
    answer = await api.get(path, headers=headers(FINANCE))
    assert (answer.status_code, answer.json()["slug"]) in {(404, "not-found"), (400, "invalid-field")}
