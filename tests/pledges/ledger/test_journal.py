"""The tables of the pledges service, rebuilt from the journal."""

from collections.abc import Mapping

import httpx

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts import activities as activity_facts
from contracts import earmarks, funds, ledger, pledge_reversals, pledges, reminders, rewording
from contracts import in_kind as in_kind_facts
from contracts.facts import fact_type
from services.pledges.wiring import SERVICE
from tests.builders import headers
from tests.databases import connected
from tests.files import FLOWS
from tests.pledges.activities import steps as activities
from tests.pledges.allocations.steps import open_and_give_back, revise
from tests.pledges.in_kind import steps as in_kind
from tests.pledges.pledge.steps import all_reversible_facts, run_clock
from tests.pledges.steps import (
    FINANCE,
    LAST_YEAR,
    NORWAY,
    SECOND,
    agreed,
    approve,
    close_and_reopen,
    committed,
    entry_of,
    eur,
    move,
    part,
    pledged,
    post,
    receive,
    refused,
    usd,
)


async def test_tables_are_rebuilt_from_journal(
    api: httpx.AsyncClient, databases: Mapping[str, Database], database_url: str
) -> None:
    await open_and_give_back(api, databases)
    pledge = await pledged(api)
    await post(api, f"/v1/pledges/{pledge['pledge_id']}/withdraw", NORWAY, revision=1)
    await post(api, f"/v1/pledges/{pledge['pledge_id']}/reword", NORWAY, revision=2, note="Fictitious sample: none.")
    await move(api, await pledged(api), "reduce", money=eur(1), reason="donor_asked")
    await move(api, await pledged(api), "lapse")
    yen = {"minor": 77, "currency": "JPY"}
    await receive(api, await committed(api, basis_points=1300, money=yen), yen | {"minor": 33})
    waiting = await agreed(api, 100, part(60, "2026-04-01"), part(40, "2026-06-01", "report_accepted"))
    await move(api, waiting, "meet-condition", instalment=2, met_on="2026-05-02")
    await move(api, await receive(api, await agreed(api, 100), usd(100)), "close")
    paid = await receive(api, await agreed(api, 5000), usd(5000))
    await move(api, paid, "carry-over", to_fund="SHERLOC-DEV", money=usd(400))
    tight = await pledged(api, earmarking="tightly_earmarked")
    await approve(api, await move(api, tight, "release-earmark", reason="donor_agreed"))
    proposal = await move(api, await agreed(api, 1000), "write-off", reason="not_expected")
    await post(api, f"/v1/proposals/{proposal['proposal_id']}/refuse", FINANCE, revision=1)
    owed = await move(api, await agreed(api, 1000), "write-off", reason="not_expected")
    await approve(api, owed)
    again = await receive(api, await agreed(api, 900), usd(900))
    wrong = await entry_of(api, "received")
    body = {"entry_id": wrong["entry_id"], "reason": "recorded_wrongly"}
    reversing = await post(api, "/v1/ledger/reversals", FINANCE, **body)
    back = await move(api, again, "refund", money=usd(10), reason="not_used", refunded_on="2026-05-02")
    await approve(api, back)
    status = await refused(api, f"/v1/proposals/{reversing['proposal_id']}/approve", SECOND, revision=1)
    assert status == (409, "receipt-used"), "a receipt cannot be reversed once its money was refunded"
    await post(api, f"/v1/proposals/{reversing['proposal_id']}/refuse", SECOND, revision=1)
    await receive(api, await agreed(api, 50), usd(50))
    wrong = await entry_of(api, "received")
    await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, **body | {"entry_id": wrong["entry_id"]}))
    await all_reversible_facts(api)
    await _allocations(api)
    await agreed(api, 10, part(10, "2127-12-01"))
    for day in ("2127-11-20", "2127-12-20"):
        await run_clock(databases["pledges"], day)
    as_file = {"Content-Type": "application/octet-stream", "File-Name": "flows.csv"}
    imported = await api.post("/v1/imports", content=FLOWS, headers=headers(FINANCE) | as_file)
    assert imported.status_code == 201
    given, *_ = await in_kind.all_that_can_be_done(api)
    await post(api, f"{in_kind.path_of(given)}/reword", NORWAY, revision=1, description="Fictitious sample: chairs.")
    await activities.all_that_can_be_done(api)
    await revise(api, 1)
    await revise(api, 2, year=2028, work_package="translation")
    await revise(api, 3, money=usd(0))
    marker = {"work_package": "training", "gender_marker": 2}
    await post(api, "/v1/funds/SHERLOC-MNT/gender-marker", FINANCE, revision=4, **marker)
    # Years are closed in order, and this ledger begins in 2026.
    await close_and_reopen(api, min(LAST_YEAR, 2026))

    async with connected(database_url, "pledges", owner=True) as owner:
        async with owner.transaction() as tx:
            kinds = {row["type"] for row in await tx.fetch("SELECT DISTINCT type FROM journal")}
            owned = (
                funds,
                pledges,
                pledge_reversals,
                ledger,
                reminders,
                in_kind_facts,
                activity_facts,
                rewording,
                earmarks,
            )
            every = {fact_type(kind) for one in owned for kind in one.FACTS}
            assert kinds == every, "the test covers every kind of fact"
            for table in SERVICE.tables:
                assert await tx.fetchval(f"SELECT count(*) FROM {table}") > 0, table
        assert await verify(owner, SERVICE) == []
        async with owner.transaction() as tx:
            await tx.execute(
                "UPDATE balance SET available_usd_minor = available_usd_minor + 1 WHERE fund = 'SHERLOC-MNT'"
            )
        assert await verify(owner, SERVICE) == ["balance: 1 rows are not in the journal, 1 are only there"]


async def _allocations(api: httpx.AsyncClient) -> None:
    """Make two allocations: one is spent, of the other the spending and then the whole amount are reversed."""
    body = {"fund": "SHERLOC-MNT", "money": usd(60), "work_package": "translation"}
    for reversing in (False, True):
        made = await post(api, "/v1/allocations", FINANCE, **body)
        await post(api, f"/v1/allocations/{made['allocation_id']}/spend", FINANCE, revision=1, money=usd(25))
        for kind in ("spent", "allocated") if reversing else ():
            wrong = (await entry_of(api, kind))["entry_id"]
            proposal = await post(api, "/v1/ledger/reversals", FINANCE, entry_id=wrong, reason="recorded_wrongly")
            await approve(api, proposal)
