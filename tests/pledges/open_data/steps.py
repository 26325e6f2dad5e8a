"""Steps of tests of flows, IATI files and imports."""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import httpx

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from services.pledges.consumers import HANDLERS
from services.pledges.open_data.flows.model import COLUMNS
from services.pledges.open_data.iati.activity import Activity
from services.pledges.open_data.iati.reading import read
from tests.builders import headers
from tests.pledges.allocations.steps import lacking
from tests.pledges.steps import (
    FINANCE,
    GERMANY,
    Client,
    agreed,
    approve,
    committed,
    eur,
    get,
    move,
    part,
    pledge_of,
    pledged,
    post,
    receive,
    unchanged,
    usd,
)
from tests.requests.steps import consent, opened

HOSTILE = {
    '=HYPERLINK("https://evil.example","click")': """'=HYPERLINK("https://evil.example","click")""",
    "+1+1": "'+1+1", "-1+1": "'-1+1", "@SUM(A1)": "'@SUM(A1)", "\t1": "'\t1", "\r1": "'\r1", "\n1": "'\n1",
    "\t=1": "'\t'=1", "\r=1": "'\r'=1", "\n=1": "'\n'=1",
    "＝1+1": "'＝1+1", "＋1": "'＋1", "－1": "'－1", "＠SUM(A1)": "'＠SUM(A1)",
}  # fmt: skip
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FUNDS = ("SHERLOC-DEV", "SHERLOC-MNT", "TA-REQUESTS")
PATH = "/v1/funds/SHERLOC-MNT/iati.xml"
AS_FILE = {"Content-Type": "application/octet-stream", "File-Name": "flows.csv"}
OWN = ("flow_import", "imported_flow", "rejected_row")


def cells_in(content: bytes) -> list[dict[str, tuple[str, str, str]]]:
    """Return type, value and formula of each cell of a spreadsheet, by row and column."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert not [name for name in parts.namelist() if "externalLink" in name or "/_rels/sheet" in name]
        sheet = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
    rows = []
    for row in sheet.iter(f"{SHEET}row"):
        cells = [
            (
                cell.get("t", "n"),
                "".join(text.text or "" for text in cell.iter() if text.tag in {f"{SHEET}t", f"{SHEET}v"}),
                cell.findtext(f"{SHEET}f", ""),
            )
            for cell in row.iter(f"{SHEET}c")
        ]
        rows.append(dict(zip(COLUMNS, cells, strict=False)))
    return rows[1:]


async def flows(api: Client, query: str = "", by: str = FINANCE) -> list[dict[str, Any]]:
    return list((await get(api, f"/v1/flows?limit=100{query}", by))["flows"])


async def table(api: Client, query: str = "", by: str = FINANCE) -> list[dict[str, str]]:
    answer = await api.get(f"/v1/flows.csv{query}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"), newline="")))


async def entry_of(api: Client, kind: str, **about: str) -> str:
    """Return the id of the newest entry of that type."""
    entries = (await get(api, "/v1/ledger/entries?limit=100"))["entries"]
    return next(
        str(one["entry_id"]) for one in entries if one["type"] == kind and all(one[k] == v for k, v in about.items())
    )


async def reverse(api: Client, entry_id: str) -> None:
    await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, entry_id=entry_id, reason="recorded_wrongly"))


async def given(api: Client) -> str:
    """Make Norway's pledge: partly conditional, reversed, paid, carried over and refunded; return its id."""
    pledge = await agreed(api, 1000_00, part(300_00, "2026-06-01", "report_accepted"), part(700_00, "2026-03-10"))
    pledge = await move(api, pledge, "meet-condition", instalment=2, met_on="2026-05-02")
    pledge = await move(api, pledge, "reduce", money=usd(100_00), reason="donor_budget")
    pledge = await receive(api, pledge, usd(200_00))
    await reverse(api, await entry_of(api, "received"))
    pledge = await receive(api, await pledge_of(api, pledge), usd(800_00))
    for to_fund, minor in (("TA-REQUESTS", 250_00), ("SHERLOC-DEV", 50_00)):
        pledge = await move(api, pledge, "carry-over", to_fund=to_fund, money=usd(minor))
    await approve(api, await move(api, pledge, "refund", money=usd(20_00), reason="not_used"))
    return str(pledge["pledge_id"])


async def given_up(api: Client) -> None:
    """Make Germany's pledges: one withdrawn after a reduction, one lapsed, one written off."""
    pledge = await move(api, await pledged(api, GERMANY), "reduce", money=eur(100), reason="donor_budget")
    await move(api, pledge, "withdraw", GERMANY)
    await move(api, await pledged(api, GERMANY), "lapse")
    await approve(api, await move(api, await committed(api, GERMANY), "write-off", reason="not_expected"))


async def used(api: Client, databases: Mapping[str, Database]) -> str:
    """Make allocations for a work package and for Norway's requirement, which are spent, disbursed and reversed."""
    match = await lacking(
        Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS),
        await consent(api, await opened(api), recipients=["NOR"], fields=["codes"]),
    )
    (requirement,) = (await get(api, "/v1/requirements"))["requirements"]
    to_it = {"requirement_id": requirement["requirement_id"]}
    await receive(api, await committed(api, fund="TA-REQUESTS", money=usd(90_00), **to_it), usd(90_00))
    body = {"fund": "TA-REQUESTS", "money": usd(300_00)}
    made = await post(api, "/v1/allocations", FINANCE, **body, **to_it)
    path = f"/v1/allocations/{made['allocation_id']}"
    for revision, (minor, how) in enumerate(
        ((100_00, "disbursement"), (40_00, "disbursement"), (30_00, "expenditure")), 1
    ):
        await post(api, f"{path}/spend", FINANCE, revision=revision, money=usd(minor), how=how)
    await reverse(api, await entry_of(api, "disbursed"))
    now = await get(api, path)
    await post(api, f"{path}/return", FINANCE, revision=now["revision"])
    await reverse(api, await entry_of(api, "spent"))
    for minor in (200_00, 10_00):
        made = await post(
            api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(minor), work_package="maintenance"
        )
    await reverse(api, await entry_of(api, "allocated"))
    made = next(one for one in (await get(api, "/v1/allocations"))["allocations"] if one["usd_minor"] == 200_00)
    path = f"/v1/allocations/{made['allocation_id']}/spend"
    for revision, minor in enumerate((70_00, 60_00), 1):
        await post(api, path, FINANCE, revision=revision, money=usd(minor))
    await reverse(api, await entry_of(api, "spent"))
    return str(match["provider"])


async def reported(api: Client, by: str = FINANCE, query: str = "&boundary=all") -> list[dict[str, Any]]:
    return await flows(api, query, by)


def check_sums(flows: Sequence[Mapping[str, Any]], funds: Sequence[Mapping[str, Any]]) -> None:
    """Check that the flows of one fund, boundary and status add up to one figure of the fund."""
    sums: Counter[tuple[str, str, str]] = Counter()
    refunded: Counter[str] = Counter()
    for flow in flows:
        sums[flow["fund"], flow["boundary"], flow["status"]] += flow["usd_minor"]
        if flow["boundary"] == "outgoing" and flow["donor"] is not None:
            refunded[flow["fund"]] += flow["usd_minor"]
    for fund in funds:
        code = fund["code"]
        assert {
            ("incoming", "pledge"): fund["pledged_usd_minor"],
            ("incoming", "commitment"): fund["committed_usd_minor"],
            ("incoming", "paid"): fund["paid_usd_minor"],
            ("internal", "commitment"): fund["allocated_usd_minor"],
            ("internal", "paid"): fund["transferred_usd_minor"],
            ("outgoing", "paid"): fund["spent_usd_minor"] + fund["refunded_usd_minor"],
        } == {(boundary, status): sums[code, boundary, status] for _, boundary, status in sums}
        assert refunded[code] == fund["refunded_usd_minor"]
    assert 0 == sum(sums[fund["code"], "internal", "paid"] for fund in funds)


async def asked(client: Client, by: str = FINANCE, **query: str) -> httpx.Response:
    return await client.get(PATH, params=query, headers=headers(by))


async def file_of(client: Client, by: str = FINANCE, **query: str) -> tuple[Activity, ...]:
    answer = await asked(client, by, **query)
    assert answer.status_code == 200, answer.text
    found = read(answer.content)
    assert () == found.defects
    return found.activities


async def send(api: Client, content: bytes, *, query: str = "", by: str = FINANCE, **more: str) -> httpx.Response:
    return await api.post(f"/v1/imports{query}", content=content, headers=headers(by) | AS_FILE | more)


async def imported(api: Client, content: bytes, **more: str) -> dict[str, Any]:
    answer = await send(api, content, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def counted(db: Database) -> dict[str, int]:
    async with db.transaction() as tx:
        return {table: await tx.fetchval(f"SELECT count(*) FROM {table}") for table in OWN} | await unchanged(db)
