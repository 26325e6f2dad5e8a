"""Steps of tests of years and reports of the ledger."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx

from tests.builders import headers
from tests.clocks import TODAY
from tests.pledges.steps import (
    FINANCE,
    NORWAY,
    Client,
    approve,
    entry_of,
    eur,
    get,
    move,
    pledge_of,
    pledged,
    post,
    usd,
)

Trial = dict[tuple[str, ...], tuple[int, int]]
BALANCES, ENTRIES = "/v1/ledger/balances", "/v1/ledger/entries?limit=7"
YEN = {"minor": 18_000_000, "currency": "JPY"}
AFTER = TODAY.year
BEFORE, YEAR = AFTER - 2, AFTER - 1
ENDS_BEFORE, ENDS = f"{BEFORE}-12-31", f"{YEAR}-12-31"
FUND = "SHERLOC-UPKEEP"
PATH = f"/v1/funds/{FUND}/years"
FIGURES = (
    "requirement",
    "pledged",
    "committed",
    "written_off",
    "paid",
    "allocated",
    "spent",
    "refunded",
    "transferred",
    "allocatable",
)


async def asked(client: Client, path: str, moment: str | None, by: str = FINANCE) -> httpx.Response:
    as_of = {} if moment is None else {"as_of": moment}
    return await client.get(path, params={**httpx.URL(path).params, **as_of}, headers=headers(by))


async def reported(client: Client, path: str, moment: str | None = None, by: str = FINANCE) -> dict[str, Any]:
    """Return all pages of a list, or one record; current without a moment."""
    answer = await asked(client, path, moment, by)
    assert answer.status_code == 200, answer.text
    found = dict(answer.json())
    found.pop("cursor", None)
    while "next" in answer.links:
        answer = await client.get(answer.links["next"]["url"], headers=headers(by))
        found = {name: value + answer.json()[name] for name, value in found.items()}
    return found


async def now_of(client: Client) -> str:
    return str((await get(client, "/v1/ledger/balances"))["as_of"])


@asynccontextmanager
async def locked(database_url: str, statement: str, *args: object) -> AsyncIterator[asyncpg.Connection]:
    """Lock rows as another process inside the block, and yield a further connection."""
    holding, looking = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    try:
        await holding.execute("BEGIN")
        await holding.execute(statement, *args)
        yield looking
    finally:
        holding.terminate()
        looking.terminate()


def trial_of(entries: list[dict[str, Any]]) -> Trial:
    """Return the sums of the entries' postings, without accounts of zero."""
    minor, usd_minor = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for entry in entries:
        for one in entry["postings"]:
            key = (entry["fund"], one["book"], one["account"], one["currency"])
            minor[key] += one["minor"]
            usd_minor[key] += one["usd_minor"]
    return {key: (minor[key], usd_minor[key]) for key in minor if minor[key] or usd_minor[key]}


def check_books(found: Trial) -> None:
    """Check that each book of each fund sums to zero, in each currency and in dollars."""
    sums = Counter[tuple[str, ...]]()
    for (fund, book, _, currency), (minor, usd_minor) in found.items():
        sums[fund, book, currency] += minor
        sums[fund, book] += usd_minor
    assert not any(sums.values()), sums


async def paid(client: Client, year: int, money: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Make, sign and pay a pledge in the year."""
    made = await pledged(client, money=money, pledged_on=f"{year}-02-12", **changes)
    signed = await move(client, made, "commit", committed_on=f"{year}-03-05")
    return await move(client, signed, "receive", money=money, received_on=f"{year}-04-20")


async def books_of_three_years(client: Client) -> None:
    """Make entries of three years in several currencies.

    Some are reversed in a later year, and some are late entries for an earlier year.
    """
    await paid(client, AFTER, eur(10_000_00))
    for year in (YEAR, BEFORE):
        await paid(client, year, YEN, fund="SHERLOC-DEV")
        await paid(client, year, eur(333_33))
    open_still = await pledged(client, money=eur(70_00), pledged_on=f"{YEAR}-06-01")
    await move(client, open_still, "withdraw", NORWAY, withdrawn_on=f"{AFTER}-01-15")
    signed = await move(
        client, await pledged(client, money=eur(5_000_00), pledged_on=f"{YEAR}-11-30"), "commit", committed_on=ENDS
    )
    charges = {"charges_minor": 25_00, "arrived_minor": 2_375_00}
    came = {"money": usd(2_400_00), "settles": eur(2_000_00), **charges, "received_on": f"{AFTER}-01-02"}
    await move(client, signed, "receive", **came)
    proposal = await post(
        client,
        "/v1/ledger/reversals",
        FINANCE,
        entry_id=(await entry_of(client, "received"))["entry_id"],
        reason="payment_returned",
        reversed_on=f"{AFTER}-02-01",
    )
    await approve(client, proposal)
    await post(client, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(200_00), work_package="training",
               allocated_on=f"{YEAR}-12-30")  # fmt: skip


def figures(reported: Mapping[str, Any], *names: str) -> tuple[int, ...]:
    return tuple(reported[f"{name}_usd_minor"] for name in names)


async def years_of(client: Client, path: str = PATH, moment: str | None = None) -> dict[int, dict[str, Any]]:
    answer = await reported(client, path, moment)
    assert (answer["as_of"] is not None) == answer["final"] == (moment is not None)
    return {one["year"]: one for one in answer["years"]}


async def check_sums(client: Client, fund: str, moment: str | None = None) -> dict[int, dict[str, Any]]:
    """Check that the years add up to the fund's figures; return them."""
    years = await years_of(client, f"/v1/funds/{fund}/years", moment)
    whole = await reported(client, f"/v1/funds/{fund}", moment)
    for name in FIGURES:
        assert sum(figures(one, name)[0] for one in years.values()) == figures(whole, name)[0], name
    packages = Counter[tuple[str, str]]()
    for one in years.values():
        for package in one["work_packages"]:
            for name in ("requirement", "allocated", "spent"):
                packages[package["work_package"], name] += package[f"{name}_usd_minor"]
    assert packages == {
        (one["work_package"], name): one[f"{name}_usd_minor"]
        for one in whole["work_packages"]
        for name in ("requirement", "allocated", "spent")
    }
    return years


async def approve_of(client: Client, pledge: Mapping[str, Any], measure: str, **body: Any) -> dict[str, Any]:
    """Propose and approve a measure; return the pledge after it."""
    await approve(client, await move(client, pledge, measure, **body))
    return await pledge_of(client, pledge)
