"""The public routes of funds: requirements and totals, by work package and by year, without a token."""

from datetime import timedelta

from chassis import clock
from tests.clocks import Ticking
from tests.open_data import records
from tests.pledges.ledger.steps import AFTER, FUND, YEAR
from tests.pledges.steps import FINANCE, Client, a_fund, move, part, pledged, post, usd


async def test_everybody_reads_needs_and_totals_of_funds_but_no_donor(api: Client, at_once: None) -> None:
    """The money of years is as of the last midnight, so a later signature does not disclose when its parts are due."""
    needs = [{"year": AFTER, "work_package": "hosting", "money": usd(6800_00)}]
    await post(api, "/v1/funds", FINANCE, **a_fund(FUND, 0) | {"requirements": needs})
    made = await pledged(api, fund=FUND, money=usd(1130_00), pledged_on=f"{YEAR}-01-02")
    await move(api, made, "commit", committed_on=f"{YEAR}-02-01", instalments=[part(1130_00, f"{YEAR}-03-01")])

    answer = await api.get("/v1/public/funds")

    assert 200 == answer.status_code
    assert "public, max-age=5, must-revalidate" == answer.headers["Cache-Control"]
    (fund,) = [one for one in answer.json()["funds"] if one["code"] == FUND]
    assert (FUND, 6800_00, 1130_00) == (fund["code"], fund["requirement_usd_minor"], fund["committed_usd_minor"])
    assert [("hosting", 6800_00)] == [(p["work_package"], p["requirement_usd_minor"]) for p in fund["work_packages"]]
    assert {"donor", "donors"}.isdisjoint(fund)
    assert ([], None) == (fund["years"], fund["as_of"]), "opened today"
    assert fund["gap_usd_minor"] == sum(one["usd_minor"] for one in fund["gap_terms"])
    assert {"requirement": 6800_00, "owed": -1000_00} == {one["term"]: one["usd_minor"] for one in fund["gap_terms"]}
    tomorrow = clock.now() + timedelta(days=1)
    with clock.use_clock(Ticking(tomorrow)):
        later = await pledged(api, fund=FUND, money=usd(11_30), pledged_on=f"{YEAR}-01-02")
        await move(api, later, "commit", committed_on=f"{YEAR}-02-01", instalments=[part(11_30, f"{YEAR}-03-01")])
        (fund,) = [one for one in (await api.get("/v1/public/funds")).json()["funds"] if one["code"] == FUND]
    assert (1130_00, 5800_00) == (fund["committed_usd_minor"], fund["gap_usd_minor"]), "as of midnight"
    assert fund["gap_usd_minor"] == fund["years"][-1]["gap_usd_minor"]
    assert 1130_00 == sum(year["committed_usd_minor"] for year in fund["years"])


async def test_totals_of_funds_are_open_data_without_a_donor(api: Client, at_once: None) -> None:
    await post(api, "/v1/funds", FINANCE, **a_fund(FUND, 6800_00))
    await pledged(api, fund=FUND, money=usd(1130_00), pledged_on=f"{YEAR}-01-02")
    shown = {one["code"]: one for one in (await api.get("/v1/public/funds")).json()["funds"]}

    found = {one["code"]: one for one in await records(api, "funds")}

    assert shown.keys() == found.keys()
    for code, one in found.items():
        assert {f"name_{language}": text for language, text in shown[code]["labels"].items()}.items() <= one.items()
        amounts = {name: value for name, value in one.items() if name.endswith("_usd_minor")}
        assert amounts == {name: shown[code][name] for name in amounts}
    assert 1130_00 == found[FUND]["pledged_usd_minor"]
    assert not [name for name in found[FUND] if "donor" in name]
