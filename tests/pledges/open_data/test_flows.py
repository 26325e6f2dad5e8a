"""Flows over HTTP: visibility, totals, and files."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import httpx
import pytest

from services.pledges.dependencies import EXPORTS_OF_ONE_ORGANIZATION_WAITING_MAX as WAITING_MAX
from services.pledges.open_data.flows import api as flow_routes
from services.pledges.open_data.flows import store as flow_store
from tests.builders import headers
from tests.pledges.open_data.steps import HOSTILE, cells_in, flows, table
from tests.pledges.steps import FINANCE, GERMANY, NORWAY, Client, committed, eur, get, pledged, post, receive, usd

TABLE = "/v1/flows.csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def tell(api: Client) -> None:
    """Make entries of every type of a pledge, of two donors and for two funds."""
    await receive(api, await committed(api), eur(4_000_00))
    await committed(api, GERMANY, fund="SHERLOC-DEV", money={"minor": 18_000_000, "currency": "JPY"})
    withdrawn = await pledged(api, GERMANY, money=usd(700), pledged_on="2026-05-01")
    await post(api, f"/v1/pledges/{withdrawn['pledge_id']}/withdraw", GERMANY, revision=1, withdrawn_on="2026-05-02")


async def test_flows_by_status_add_up_to_fund_total(api: Client) -> None:
    await tell(api)
    sums: Counter[tuple[str, str]] = Counter()
    for flow in await flows(api):
        sums[flow["fund"], flow["status"]] += flow["usd_minor"]

    for fund in ("SHERLOC-MNT", "SHERLOC-DEV"):
        totals = await get(api, f"/v1/funds/{fund}")
        assert [sums[fund, status] for status in ("pledge", "commitment", "paid")] == [
            totals[f"{figure}_usd_minor"] for figure in ("pledged", "committed", "paid")
        ]


async def test_flow_has_its_source(api: Client) -> None:
    await tell(api)
    (paid,) = await flows(api, "&status=paid")

    assert ("NOR", "SHERLOC-MNT", 400_000, "EUR", 460_000, "1.15", "fictitious", "2026-04-01") == tuple(
        paid[name] for name in ("donor", "fund", "minor", "currency", "usd_minor", "rate", "rate_source", "rate_date")
    )
    assert ("received", "2026-04-20", 2026, "softly_earmarked") == tuple(
        paid[name] for name in ("entry_type", "effective_on", "year", "earmarking")
    )


async def test_reversal_is_a_negative_flow(api: Client) -> None:
    await tell(api)
    back, made = [flow for flow in await flows(api, "&donor=DEU&status=pledge") if flow["fund"] == "SHERLOC-MNT"]

    assert ("withdrawn", -700, made["entry_id"]) == (back["entry_type"], back["minor"], back["reverses"])


@pytest.mark.parametrize(
    ("query", "number"),
    [("", 9), ("&fund=SHERLOC-DEV", 3), ("&donor=NOR", 4), ("&status=commitment", 2), ("&year=2026", 9),
     ("&year=2025", 0), ("&donor=DEU&status=pledge", 4)],
)  # fmt: skip
async def test_flows_are_filtered_by_fund_year_donor_and_status(api: Client, query: str, number: int) -> None:
    await tell(api)

    assert number == len(await flows(api, query))
    assert number == len(await table(api, f"?{query[1:]}"))


async def test_flow_pages_are_complete_without_repeats(api: Client) -> None:
    await tell(api)
    seen: list[str] = []
    path: str | None = "/v1/flows?limit=2"
    while path:
        page = await get(api, path)
        seen += [flow["flow_id"] for flow in page["flows"]]
        path = f"/v1/flows?limit=2&cursor={page['cursor']}" if page["cursor"] else None

    assert seen == [flow["flow_id"] for flow in await flows(api)]
    assert len(seen) == len(set(seen)) == 9


@pytest.mark.parametrize("cursor", ["x", "1.2", "0199aaaa-0000-7000-8000-000000000000", "a" * 41])
async def test_malformed_flow_cursor_is_rejected(api: Client, cursor: str) -> None:
    answer = await api.get(f"/v1/flows?cursor={cursor}", headers=headers(FINANCE))

    assert (400, "invalid-field") == (answer.status_code, answer.json()["slug"])


@pytest.mark.parametrize(
    ("by", "donors"),
    [(NORWAY, {"NOR"}), (GERMANY, {"DEU"}), (FINANCE, {"NOR", "DEU"}), ("UNODC:coordinator", {"NOR", "DEU"}),
     ("UNODC:auditor", {"NOR", "DEU"}), ("FRA:donor_officer", set()), ("KEN:focal_point", set()),
     ("NOR:provider_officer", set()), ("NOR:finance_officer", set())],
)  # fmt: skip
async def test_list_and_both_tables_show_the_same_flows(api: Client, by: str, donors: set[str]) -> None:
    await tell(api)
    sheet = cells_in((await api.get("/v1/flows.xlsx", headers=headers(by))).content)

    assert donors == {flow["donor"] for flow in await flows(api, by=by)}
    assert donors == {row["donor"] for row in await table(api, by=by)}
    assert donors == {row["donor"][1] for row in sheet}
    assert not await flows(api, "&donor=NOR", by=GERMANY)


@pytest.mark.parametrize("note", HOSTILE)
async def test_donor_text_is_never_a_formula(api: Client, note: str) -> None:
    await pledged(api, note=note)
    answer = await api.get("/v1/flows.xlsx", headers=headers(FINANCE))

    assert (XLSX, "attachment") == (
        answer.headers["Content-Type"], answer.headers["Content-Disposition"].partition(";")[0],
    )  # fmt: skip
    (row,) = cells_in(answer.content)
    assert ("inlineStr", note.replace("\r", "_x000D_"), "") == row["note"]
    assert ("n", "10000.00", "") == row["original_amount"]
    assert [HOSTILE[note]] == [row["note"] for row in await table(api)]


async def test_table_beyond_row_limit_is_rejected(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await tell(api)
    monkeypatch.setattr(flow_routes, "TABLE_ROWS_MAX", 6)

    for path in ("/v1/flows.csv", "/v1/flows.xlsx"):
        answer = await api.get(path, headers=headers(FINANCE))
        assert (422, "table-too-long") == (answer.status_code, answer.json()["slug"])
        assert "year" in answer.json()["details"]["narrow_by"]
    assert 3 == len(await table(api, "?fund=SHERLOC-DEV"))


async def test_table_read_in_pages_is_complete(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await tell(api)
    monkeypatch.setattr(flow_store, "PAGE_ROWS", 2)

    assert [flow["flow_id"] for flow in await flows(api)] == [row["flow_id"] for row in await table(api)]


async def test_exports_of_one_caller_do_not_keep_others_from_theirs(api: Client, database_url: str) -> None:
    """Connections of one organization wait for each other; another organization gets its file, too."""
    await tell(api)
    async with stalled(database_url):
        ours = [asyncio.create_task(api.get(TABLE, headers=headers(FINANCE))) for _ in range(1 + WAITING_MAX)]
        await asyncio.sleep(0.2)
        beyond = await api.get(TABLE, headers=headers(FINANCE))
        theirs = asyncio.create_task(api.get(TABLE, headers=headers(NORWAY)))
        await asyncio.sleep(0.2)

    assert (429, "organization-limit-reached") == (beyond.status_code, beyond.json()["slug"])
    assert {200} == {one.status_code for one in await asyncio.gather(*ours, theirs)}


async def test_open_files_for_one_address_do_not_keep_others_from_theirs(
    api: Client, client_of: Callable[..., Awaitable[Client]], database_url: str
) -> None:
    await tell(api)
    transport = api._transport
    assert isinstance(transport, httpx.ASGITransport)
    elsewhere = httpx.ASGITransport(transport.app, client=("203.0.113.9", 4000))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://test") as other:
        async with stalled(database_url):
            ours = [asyncio.create_task(api.get("/v1/public/funds.csv")) for _ in range(4)]
            await asyncio.sleep(0.2)
            beyond = await api.get("/v1/public/funds.csv")
            theirs = asyncio.create_task(other.get("/v1/public/funds.csv"))
            await asyncio.sleep(0.2)

        assert (429, "too-many-requests") == (beyond.status_code, beyond.json()["slug"])
        assert [200] * 5 == [one.status_code for one in await asyncio.gather(*ours, theirs)]


@contextlib.asynccontextmanager
async def stalled(database_url: str) -> AsyncIterator[None]:
    """Lock the entries inside the block, so that every export waits."""
    owner = await asyncpg.connect(database_url, server_settings={"search_path": "pledges"})
    try:
        async with owner.transaction():
            await owner.execute("LOCK TABLE entry IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await owner.close()
