"""The gap of a fund: the requirement less allocatable money."""

from tests.pledges.ledger.steps import AFTER, FUND, YEAR, approve_of, check_sums, figures, now_of, reported
from tests.pledges.steps import FINANCE, Client, a_fund, eur, move, part, pledged, post, usd


async def fund_and_years(client: Client, moment: str | None = None) -> tuple[int, int, list[tuple[int, int]]]:
    """Return the fund's allocatable money and gap, and those of each year, which add up to the fund's."""
    whole = await reported(client, f"/v1/funds/{FUND}", moment)
    years = await check_sums(client, FUND, moment)
    return *figures(whole, "allocatable", "gap"), [figures(one, "allocatable", "gap") for one in years.values()]


async def test_programme_support_cost_does_not_reduce_the_gap(api: Client, at_once: None) -> None:
    """Neither support cost, owed or received, nor bank charges reduce the gap.

    A refund includes its part of support cost.
    """
    await post(api, "/v1/funds", FINANCE, **a_fund(FUND, 0) | {"requirements": [{"year": YEAR, "money": usd(2000_00)}]})
    made = await pledged(api, fund=FUND, money=usd(1130_00), pledged_on=f"{YEAR}-01-02")
    parts = [part(565_00, f"{YEAR}-03-01"), part(565_00, f"{YEAR}-09-01")]
    signed = await move(api, made, "commit", committed_on=f"{YEAR}-02-01", instalments=parts)
    assert (1000_00, 1000_00, [(1000_00, 1000_00)]) == await fund_and_years(api)
    owed = await now_of(api)

    came = {"money": usd(565_00), "charges_minor": 10_00, "arrived_minor": 555_00, "received_on": f"{YEAR}-03-01"}
    signed = await move(api, signed, "receive", **came)
    assert (990_00, 1010_00, [(990_00, 1010_00)]) == await fund_and_years(api)

    refund = {"money": usd(113_00), "reason": "not_used", "refunded_on": f"{YEAR}-04-01"}
    signed = await approve_of(api, signed, "refund", **refund)
    assert (890_00, 1110_00, [(890_00, 1110_00)]) == await fund_and_years(api)

    await approve_of(api, signed, "write-off", reason="not_expected", written_off_on=f"{YEAR}-10-01")
    assert (390_00, 1610_00, [(390_00, 1610_00)]) == await fund_and_years(api)
    assert (1000_00, 1000_00, [(1000_00, 1000_00)]) == await fund_and_years(api, owed)


async def test_exchange_difference_changes_gap_of_year_of_receipt(api: Client) -> None:
    """The difference changes the gap of the year of the receipt; the year in which it was due keeps its figures."""
    await post(
        api, "/v1/funds", FINANCE, **a_fund(FUND, 0) | {"requirements": [{"year": AFTER, "money": usd(2000_00)}]}
    )
    made = await pledged(api, fund=FUND, money=eur(1000_00), pledged_on=f"{YEAR}-11-20")
    parts = [part(1000_00, f"{YEAR}-12-20")]
    signed = await move(api, made, "commit", committed_on=f"{YEAR}-12-01", instalments=parts)
    owed = signed["committed_usd_minor"] - round(signed["committed_usd_minor"] * 13 / 113)
    whole, _, years = await fund_and_years(api)
    assert (owed, [owed, 0]) == (whole, [one[0] for one in years])

    paid = {"money": usd(1243_00), "settles": eur(1000_00), "received_on": f"{AFTER}-01-10"}
    await move(api, signed, "receive", **paid)
    assert (1100_00, 900_00, [(owed, 0), (1100_00 - owed, 900_00)]) == await fund_and_years(api)


async def test_earlier_spending_does_not_reduce_gap_of_later_year(api: Client) -> None:
    """This holds for the fund and its work packages; spending in the year itself reduces the gap."""
    needs = [{"year": AFTER, "work_package": "hosting", "money": usd(6800_00)}]
    await post(api, "/v1/funds", FINANCE, **a_fund(FUND, 0) | {"requirements": needs})
    made = await pledged(api, fund=FUND, money=usd(6478_55), pledged_on=f"{YEAR}-01-02")
    terms = {"instalments": [part(6478_55, f"{YEAR}-03-01")], "support_cost_basis_points": 0}
    signed = await move(api, made, "commit", committed_on=f"{YEAR}-02-01", **terms)
    await move(api, signed, "receive", money=usd(6478_55), received_on=f"{YEAR}-03-01")
    body = {"fund": FUND, "money": usd(400_00), "work_package": "hosting", "allocated_on": f"{YEAR}-04-01"}
    one = await post(api, "/v1/allocations", FINANCE, **body)
    path = f"/v1/allocations/{one['allocation_id']}/spend"
    await post(api, path, FINANCE, revision=1, money=usd(155_00), spent_on=f"{YEAR}-05-01")

    lacking = 6800_00 - 6478_55 + 155_00
    whole = await reported(api, f"/v1/funds/{FUND}")
    year = (await check_sums(api, FUND))[AFTER]
    assert (lacking, lacking) == (whole["gap_usd_minor"], year["gap_usd_minor"])
    of_hosting = 6800_00 - 400_00 + 155_00
    assert [of_hosting] * 2 == [one["work_packages"][0]["gap_usd_minor"] for one in (whole, year)]

    await post(api, path, FINANCE, revision=2, money=usd(100_00), spent_on=f"{AFTER}-01-02")
    assert lacking == (await reported(api, f"/v1/funds/{FUND}"))["gap_usd_minor"]
