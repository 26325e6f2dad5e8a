"""Each posting keeps its rate, with day and source."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from chassis.db.database import Database
from services.pledges.ledger.verify import verify
from tests.pledges.money.steps import agreed_in_euros
from tests.pledges.steps import FINANCE, Client, approve, eur, get, move, post

NOK = "2026-04-01"
"""First day of the rate at which the kroner are received; the pledge is of February, the agreement of March."""


def kroner(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "NOK"}


async def paid_in_kroner(api: Client) -> dict[str, Any]:
    """Receive kroner under an agreement in euros: one entry with two rates, and two days for the agreement's rate."""
    pledge = await agreed_in_euros(api, support_cost_basis_points=1300)
    return await move(api, pledge, "receive", money=kroner(5_000_00), settles=eur(430_00), received_on="2026-04-20")


async def rates_of(api: Client, kind: str) -> dict[str, tuple[str | None, ...]]:
    """Return rate, currency and day of the last entry of a type, by account and currency, all of one source."""
    entries = (await get(api, "/v1/ledger/entries?limit=100"))["entries"]
    (entry, *_) = [one for one in entries if one["type"] == kind]
    assert {"fictitious", None} >= {one["rate_source"] for one in entry["postings"]}
    return {
        f"{one['account']} {one['currency']}": (one["rate"], one["rate_currency"], one["rate_date"])
        for one in entry["postings"]
    }


async def test_receivable_leaves_at_carrying_rate_and_cash_enters_at_rate_of_day(api: Client) -> None:
    await paid_in_kroner(api)
    of_pledge, of_agreement = ("1.15", "EUR", "2026-02-01"), ("1.15", "EUR", "2026-03-01")
    of_cash, none = ("0.0988", "NOK", NOK), (None, None, None)

    assert await rates_of(api, "pledged") == {"pledged EUR": of_pledge, "pledged_contra EUR": of_pledge}
    assert await rates_of(api, "committed") == {
        "pledged EUR": of_pledge,
        "pledged_contra EUR": of_pledge,
        "receivable EUR": of_agreement,
        "committed EUR": of_agreement,
    }
    received = {
        "receivable EUR": of_agreement,
        "discharged EUR": of_cash,
        "exchange_difference EUR": of_cash,
        "cash NOK": of_cash,
        "exchange_position NOK": of_cash,
        "exchange_position USD": none,
        "available USD": none,
        "programme_support USD": none,
    }
    assert await rates_of(api, "received") == received

    (wrong,) = [one for one in (await get(api, "/v1/ledger/entries"))["entries"] if one["type"] == "received"]
    body = {"entry_id": wrong["entry_id"], "reason": "recorded_wrongly"}
    await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, **body))
    assert await rates_of(api, "reversed") == received


async def test_tampered_posting_rate_is_reported(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    await paid_in_kroner(api)
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute("UPDATE pledges.entry SET postings[2].rate = 1.2 WHERE type = 'committed'")
    finally:
        await owner.close()
    async with databases["pledges"].transaction() as tx:
        (found,) = (await verify(tx)).findings
    assert (found.table, found.position) == ("entry", 2)
