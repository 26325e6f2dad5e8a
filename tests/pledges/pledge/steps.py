"""Steps of tests of reminders and reversals."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from chassis.db.database import Database
from chassis.rebuild import verify as verify_tables
from services.pledges.ledger.verify import verify
from services.pledges.wiring import SERVICE, remind_or_lapse
from tests.clocks import TODAY
from tests.databases import connected
from tests.pledges.steps import (
    FINANCE,
    Client,
    agreed,
    approve,
    entry_of,
    fund,
    get,
    move,
    part,
    pledge_of,
    post,
    receive,
    refused,
    usd,
)

FUNDS = ("SHERLOC-DEV", "SHERLOC-MNT", "TA-REQUESTS")
ONES_OWN = {"revision", "as_of"}


async def due(client: Client, before: date = TODAY, by: str = FINANCE, more: str = "") -> list[str]:
    page = await get(client, f"/v1/pledges?due_before={before.isoformat()}{more}", by)
    return [one["pledge_id"] for one in page["pledges"]]


async def reported(db: Database) -> list[str]:
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT type FROM journal WHERE aggregate = 'pledge' ORDER BY position")
    return [row["type"].removeprefix("pledges.pledge.").removesuffix(".v1") for row in rows]


async def run_clock(db: Database, day: str) -> list[str]:
    """Run the clock of that day, and return the new notices."""
    before = await reported(db)
    await remind_or_lapse(db, 365, datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    return (await reported(db))[len(before) :]


async def standing(client: Client, pledge: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the pledge without its revision, and every figure of every fund."""
    now = await pledge_of(client, pledge)
    return {name: now[name] for name in now.keys() - ONES_OWN}, {code: await fund(client, code) for code in FUNDS}


async def proposed(client: Client, entry: Mapping[str, Any]) -> dict[str, Any]:
    return await post(client, "/v1/ledger/reversals", FINANCE, entry_id=entry["entry_id"], reason="recorded_wrongly")


async def taken_back(client: Client, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Propose and approve the reversal of an entry, and return the reversing entry."""
    proposal = await proposed(client, entry)
    path = f"/v1/proposals/{proposal['proposal_id']}/approve"
    assert await refused(client, path, revision=1) == (403, "own-proposal")
    await approve(client, proposal)
    entries = (await get(client, "/v1/ledger/entries"))["entries"]
    return next(dict(one) for one in entries if one["reverses"] == entry["entry_id"])


def opposite(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        one | {"minor": -one["minor"], "usd_minor": -one["usd_minor"]}
        for one in (dict(posting) for posting in entry["postings"])
    ]


async def assert_not_reversible(client: Client, entry: Mapping[str, Any], slug: str) -> None:
    """Check that the reversal is impossible now, and so cannot be proposed."""
    body = {"entry_id": entry["entry_id"], "reason": "recorded_wrongly"}
    assert await refused(client, "/v1/ledger/reversals", **body) == (409, slug)


async def check_reversal(client: Client, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Like `taken_back`; check that the reversal is the opposite of the entry, names it, and is the only one."""
    reversal = await taken_back(client, entry)
    assert (reversal["type"], reversal["postings"]) == ("reversed", opposite(entry))
    assert (reversal["fund"], reversal["donor"], reversal["pledge_id"]) == (
        entry["fund"],
        entry["donor"],
        entry["pledge_id"],
    )
    for one in (entry, reversal):
        body = {"entry_id": one["entry_id"], "reason": "recorded_wrongly"}
        assert await refused(client, "/v1/ledger/reversals", **body) == (409, "entry-not-reversible")
    return reversal


async def prove(databases: Mapping[str, Database], database_url: str) -> None:
    """Check that the ledger verifies, and that a rebuild from the journal gives the same tables."""
    async with databases["pledges"].transaction() as tx:
        report = await verify(tx)
    assert report.findings == []
    async with connected(database_url, "pledges", owner=True) as owner:
        assert await verify_tables(owner, SERVICE) == []


async def carried_over(client: Client, pledge: Mapping[str, Any], minor: int) -> dict[str, Any]:
    now = await pledge_of(client, pledge)
    await move(client, now, "carry-over", to_fund="SHERLOC-DEV", money=usd(minor))
    return await entry_of(client, "carried_over")


async def refunded(client: Client, pledge: Mapping[str, Any], money: Mapping[str, Any]) -> dict[str, Any]:
    now = await pledge_of(client, pledge)
    body = {"money": money, "reason": "not_used"}
    await approve(client, await move(client, now, "refund", **body))
    return await entry_of(client, "refunded")


async def written_off(client: Client, pledge: Mapping[str, Any]) -> dict[str, Any]:
    await approve(client, await move(client, await pledge_of(client, pledge), "write-off", reason="not_expected"))
    return await entry_of(client, "written_off")


async def in_parts(client: Client, condition: str | None = "report_accepted") -> dict[str, Any]:
    """Make an agreement over 1000 dollars, 600 of them conditional, and receive 100."""
    parts = (part(300_00, "2026-04-01"), part(100_00, "2126-01-01"), part(600_00, "2126-06-01", condition))
    return await receive(client, await agreed(client, 1000_00, *parts), usd(100_00))


async def met(client: Client, pledge: Mapping[str, Any]) -> dict[str, Any]:
    now = await pledge_of(client, pledge)
    await move(client, now, "meet-condition", instalment=3, met_on="2026-05-02")
    return await entry_of(client, "recognized")


async def reduced(client: Client, pledge: Mapping[str, Any], money: Mapping[str, Any]) -> dict[str, Any]:
    await move(client, await pledge_of(client, pledge), "reduce", money=money, reason="donor_budget")
    return await entry_of(client, "reduced")


async def all_reversible_facts(client: Client) -> None:
    """Make and reverse one of each fact, for ledgers that need every kind of fact."""
    paid = await receive(client, await agreed(client, 100), usd(100))
    await taken_back(client, await refunded(client, paid, usd(30)))
    await taken_back(client, await written_off(client, await in_parts(client)))
    await taken_back(client, await met(client, await in_parts(client)))
    await taken_back(client, await reduced(client, await in_parts(client), usd(650_00)))
    await taken_back(client, await carried_over(client, paid, 20))
