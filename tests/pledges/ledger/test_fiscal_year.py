"""Figures of a fiscal year by value date, fixed once the year is closed."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from chassis.db.database import Database
from services.pledges.ledger import balances, snapshots
from services.pledges.wiring import close_and_write_snapshots
from tests.builders import headers
from tests.pledges.ledger.steps import (
    AFTER,
    BALANCES,
    BEFORE,
    ENDS,
    ENDS_BEFORE,
    ENTRIES,
    YEAR,
    YEN,
    Trial,
    asked,
    books_of_three_years,
    check_books,
    now_of,
    paid,
    reported,
    trial_of,
)
from tests.pledges.steps import FINANCE, GERMANY, NORWAY, Client, approve, eur, get, move, pledged, post, usd

pytestmark = pytest.mark.usefixtures("at_once")


async def trial(client: Client, until: str, moment: str | None = None) -> Trial:
    """Return the trial balance until a day: minor units and their worth by fund, account and currency."""
    answer = await reported(client, f"{BALANCES}?until={until}", moment)
    assert (until, moment is not None) == (answer["until"], answer["final"])
    return as_trial(answer)


def as_trial(answer: Mapping[str, Any]) -> Trial:
    return {
        (one["fund"], one["book"], one["account"], one["currency"]): (one["minor"], one["usd_minor"])
        for one in answer["balances"]
    }


def less(one: Trial, other: Trial) -> Trial:
    """Subtract a trial balance: the result is the movements between the two days."""
    moved = Counter[tuple[tuple[str, ...], int]]()
    for sign, trial_balance in ((1, one), (-1, other)):
        for key, amounts in trial_balance.items():
            for position, amount in enumerate(amounts):
                moved[key, position] += sign * amount
    by = {key: (moved[key, 0], moved[key, 1]) for key, _ in moved}
    return {key: amounts for key, amounts in by.items() if any(amounts)}


async def test_trial_balance_until_a_day_has_effective_entries_and_balances(
    api: Client, databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SNAPSHOT_INTERVAL_ENTRIES", 5)
    await books_of_three_years(api)
    moment = await now_of(api)
    entries = (await reported(api, ENTRIES, moment))["entries"]
    closed = None
    for _ in range(3):
        closed = await close_and_write_snapshots(databases["pledges"], closed)
    await paid(api, YEAR, usd(50_00))
    later = (await reported(api, ENTRIES))["entries"]
    assert len(later) == len(entries) + 3

    effective = {date.fromisoformat(one["effective_on"]) for one in later}
    days = sorted(effective | {one - timedelta(days=1) for one in effective} | {date.min, date.max})
    seen = []
    for day in days:
        until = day.isoformat()
        found = {None: await trial(api, until), moment: await trial(api, until, moment)}
        for as_of, recorded in ((None, later), (moment, entries)):
            assert found[as_of] == trial_of([one for one in recorded if one["effective_on"] <= until]), (until, as_of)
            check_books(found[as_of])
        seen.append(found[moment])
    assert seen[0] == {}
    assert len({str(one) for one in seen}) > 10, "the compared trial balances have to differ"
    assert {"USD", "EUR", "JPY"} <= {currency for one in seen for _, _, _, currency in one}


async def test_open_year_without_entries_is_not_called_closed(api: Client) -> None:
    """A year without entries needs no closing, and is closed with the next one: the list of years says both."""
    path = "/v1/ledger/periods"
    await paid(api, YEAR, eur(1_000_00))
    checks = {one["check"]: one["met"] for one in (await get(api, f"{path}/{YEAR}"))["checklist"]}
    assert checks["nothing_open_before"]
    assert "earlier_years_closed" not in checks, f"{BEFORE} is open"
    assert date.fromisoformat((await get(api, path))["open_from"]).year < BEFORE

    await post(api, f"{path}/{YEAR}/close", FINANCE)

    found = await get(api, path)
    assert ([YEAR], f"{AFTER}-01-01") == ([one["year"] for one in found["periods"]], found["open_from"])


async def test_year_is_closed_with_trial_balance_and_movements(api: Client) -> None:
    await paid(api, BEFORE, eur(1_000_00))
    await post(api, f"/v1/ledger/periods/{BEFORE}/close", FINANCE)
    await paid(api, YEAR, eur(2_000_00))
    await paid(api, YEAR, YEN, fund="SHERLOC-DEV")
    await paid(api, AFTER, eur(4_000_00))
    early, moment = await trial(api, ENDS), await now_of(api)
    # An invoice of December is found in the next year.
    await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(150_00), work_package="training",
               allocated_on=f"{YEAR}-12-30")  # fmt: skip

    opening, closing = await trial(api, ENDS_BEFORE), await trial(api, ENDS)
    of_year = f"{ENTRIES}&effective_from={YEAR}-01-01&effective_until={ENDS}"
    movements = less(closing, opening)
    assert movements == trial_of((await reported(api, of_year))["entries"])
    assert less(closing, early) == {
        ("SHERLOC-MNT", "paid", "available", "USD"): (150_00, 150_00),
        ("SHERLOC-MNT", "paid", "allocated", "USD"): (-150_00, -150_00),
    }
    for found in (opening, closing, movements):
        assert found
        check_books(found)

    closed = await post(api, f"/v1/ledger/periods/{YEAR}/close", FINANCE)
    assert {one["fund"]: one["usd_minor"] for one in closed["period"]["carried_forward"]} == {
        fund: -closing.get((fund, "paid", "available", "USD"), (0, 0))[1]
        for fund in ("SHERLOC-DEV", "SHERLOC-MNT", "TA-REQUESTS")
    }
    final = await now_of(api)
    given = (await asked(api, f"{BALANCES}?until={ENDS}", final)).content
    made = next(one for one in (await reported(api, of_year))["entries"] if one["type"] == "received")
    wrong = {"entry_id": made["entry_id"], "reason": "recorded_wrongly", "reversed_on": made["effective_on"]}
    await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, **wrong))
    await paid(api, AFTER, usd(70_00), fund="TA-REQUESTS")

    assert f"{AFTER}-01-01" == (await reported(api, ENTRIES))["entries"][3]["effective_on"], (
        "the correction takes effect on the first open day"
    )
    for as_of in (None, final, await now_of(api)):
        assert closing == await trial(api, ENDS, as_of)
    assert given == (await asked(api, f"{BALANCES}?until={ENDS}", final)).content
    assert early == await trial(api, ENDS, moment), "a report from before the late entry never changes"
    assert movements == trial_of((await reported(api, of_year))["entries"])
    assert closing != await trial(api, f"{AFTER}-01-01")


async def test_balances_without_until_are_current(api: Client) -> None:
    made = await pledged(api)
    await post(api, f"/v1/pledges/{made['pledge_id']}/withdraw", NORWAY, revision=1)

    stands, until = await get(api, BALANCES), await get(api, f"{BALANCES}?until=9999-12-31")
    assert (None, "9999-12-31") == (stands["until"], until["until"])
    assert [("pledged", 0), ("pledged_contra", 0)] == [(one["account"], one["minor"]) for one in stands["balances"]]
    assert [] == until["balances"], "an account with a sum of zero equals one that is first used later"


async def test_entries_are_filtered_by_value_date_inclusive(api: Client) -> None:
    for day in ("2026-02-01", "2026-03-01", "2026-03-02", "2026-03-31", "2026-04-01"):
        await pledged(api, money=usd(1), pledged_on=day)

    async def listed(by: str = NORWAY, **days: str) -> list[str]:
        query = "&".join(f"effective_{name}={day}" for name, day in days.items())
        found = await reported(api, f"/v1/ledger/entries?limit=2&{query}", by=by)
        return [one["effective_on"] for one in found["entries"]]

    march = ["2026-03-31", "2026-03-02", "2026-03-01"]
    assert march == await listed(**{"from": "2026-03-01", "until": "2026-03-31"})
    assert ["2026-04-01", *march] == await listed(**{"from": "2026-03-01"})
    assert [*march, "2026-02-01"] == await listed(until="2026-03-31")
    assert ["2026-03-02"] == await listed(**{"from": "2026-03-02", "until": "2026-03-02"})
    assert [] == await listed("DEU:donor_officer", until="2026-03-31")


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("/v1/ledger/entries?effective_from=2026-03-02&effective_until=2026-03-01", "dates-reversed"),
        ("/v1/ledger/entries?effective_from=2026-02-30", "invalid-request"),
        (f"{BALANCES}?until=yesterday", "invalid-request"),
        (f"{BALANCES}?until=2026", "invalid-request"),
    ],
)
async def test_invalid_value_dates_are_rejected(api: Client, path: str, slug: str) -> None:
    answer = await api.get(path, headers=headers(FINANCE))

    assert (400, slug) == (answer.status_code, answer.json()["slug"])


@pytest.mark.parametrize(("until", "later"), [((12, 31), 0), ((4, 19), 4)])
@pytest.mark.new_database
async def test_balance_until_a_day_uses_snapshots(
    api: Client, databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch, until: tuple[int, int], later: int
) -> None:
    monkeypatch.setattr(snapshots, "SNAPSHOT_INTERVAL_ENTRIES", 10)
    for _ in range(4):
        await paid(api, YEAR, usd(100))
    await paid(api, AFTER, usd(100))
    closed = None
    for _ in range(3):
        closed = await close_and_write_snapshots(databases["pledges"], closed)
    async with databases["pledges"].transaction() as tx:
        assert await tx.fetchval("SELECT count(DISTINCT as_of) FROM closing") == 1
        await tx.execute("SET LOCAL enable_seqscan = off")
        plan = await tx.fetch(
            "EXPLAIN (ANALYZE, FORMAT TEXT) " + balances.BALANCES, balances.EVER, None, date(YEAR, *until)
        )
    lines = [row[0] for row in plan]

    (read,) = [line for line in lines if "entry_effective" in line]
    assert f"rows={later}.00" in read or f"rows={later} " in read, "\n".join(lines)
    assert any("never executed" in line for line in lines), "no entry was recorded after the closing"


async def test_donor_balances_add_up_to_fund_balances(api: Client) -> None:
    """Allocations of a fund are excluded, since they belong to no donor."""
    await books_of_three_years(api)
    theirs = await pledged(api, GERMANY, money=eur(7_000_00), pledged_on=f"{YEAR}-03-01")
    signed = await move(api, theirs, "commit", committed_on=f"{YEAR}-03-02")
    await move(api, signed, "receive", money=eur(3_000_00), received_on=f"{AFTER}-01-03")
    moment = await now_of(api)
    await paid(api, YEAR, usd(50_00))
    entries = (await reported(api, ENTRIES, moment))["entries"]

    for until, as_of in ((ENDS, moment), ("9999-12-31", None)):
        recorded = entries if as_of else (await reported(api, ENTRIES))["entries"]
        reported_of = {}
        for donor in ("NOR", "DEU", None):
            answer = await reported(api, f"{BALANCES}?until={until}" + (f"&donor={donor}" if donor else ""), as_of)
            assert donor == answer["donor"]
            reported_of[donor] = as_trial(answer)
            of_donor = [one for one in recorded if one["effective_on"] <= until and donor in {None, one["donor"]}]
            assert reported_of[donor] == trial_of(of_donor)
            check_books(reported_of[donor])
        rest = less(less(reported_of[None], reported_of["NOR"]), reported_of["DEU"])
        assert {account for _, _, account, _ in rest} == {"available", "allocated"}
    assert {"DEU"} == {one["donor"] for one in (await reported(api, f"{ENTRIES}&donor=DEU"))["entries"]}
    assert [] == (await get(api, f"{BALANCES}?donor=ITA"))["balances"]
    # A donor sees its own entries, whatever the parameters, and never the whole ledger.
    assert [] == (await reported(api, f"{ENTRIES}&donor=DEU", by=NORWAY))["entries"]
    assert {"NOR"} == {one["donor"] for one in (await reported(api, f"{ENTRIES}&donor=NOR", by=NORWAY))["entries"]}
    refused = [await api.get(f"{BALANCES}?donor={one}", headers=headers(NORWAY)) for one in ("NOR", "DEU")]
    assert [403, 403] == [answer.status_code for answer in refused]
