"""Steps of tests of pledges, funds and money."""

from collections.abc import Mapping
from typing import Any

import asyncpg
import httpx

from chassis.db.database import Database
from tests.builders import headers
from tests.clocks import TODAY

Client = httpx.AsyncClient
FINANCE, NORWAY, GERMANY = "UNODC:finance_officer", "NOR:donor_officer", "DEU:donor_officer"
LABELS = {code: f"Fictitious sample {code}" for code in ("ar", "en", "es", "fr", "ru", "zh")}
RATES = [
    {"source": "fictitious", "currency": currency, "valid_from": f"{TODAY.year}-{month:02}-01", "usd_per_unit": rate}
    for currency, rate in (("EUR", "1.15"), ("NOK", "0.0988"), ("JPY", "0.006663"), ("KWD", "3.2633"), ("USD", "1"))
    for month in range(1, 13)
]
SECOND = "UNODC-SHERLOC:finance_officer"
LAST_YEAR = TODAY.year - 1


async def prepared(client: Client) -> Client:
    for code, needs in (("SHERLOC-DEV", 48_000_000), ("SHERLOC-MNT", 62_000_000), ("TA-REQUESTS", 0)):
        await post(client, "/v1/funds", FINANCE, **a_fund(code, needs))
    await post(client, "/v1/rates", FINANCE, rates=RATES)
    return client


def a_fund(code: str = "SHERLOC-MNT", needs: int = 62_000_000) -> dict[str, Any]:
    requirements = [{"year": 2027, "money": usd(needs)}] if needs else []
    return {"code": code, "labels": LABELS, "requirements": requirements}


def usd(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "USD"}


def eur(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "EUR"}


def a_pledge(**changes: Any) -> dict[str, Any]:
    return {
        "fund": "SHERLOC-MNT",
        "money": eur(10_000_00),
        "pledged_on": "2026-02-12",
        "note": "Fictitious sample: for the upkeep of the portal.",
    } | changes


async def post(
    client: Client, path: str, by: str, *, revision: int | None = None, status: int | None = None, **body: Any
) -> dict[str, Any]:
    answer = await client.post(path, json=body, headers=headers(by, revision=revision))
    assert answer.status_code in ({status} if status else {200, 201}), answer.text
    return dict(answer.json())


async def date_back_one_day(database_url: str) -> None:
    """Date all entries back one day, so that they are in the totals of a fund as of midnight."""
    owner = await asyncpg.connect(database_url, server_settings={"search_path": "pledges"})
    for table in ("journal", "entry"):
        await owner.execute(f"UPDATE {table} SET recorded_at = recorded_at - interval '1 day'")
    await owner.close()


async def get(client: Client, path: str, by: str = FINANCE) -> dict[str, Any]:
    answer = await client.get(path, headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def pledged(client: Client, by: str = NORWAY, **changes: Any) -> dict[str, Any]:
    return await post(client, "/v1/pledges", by, **a_pledge(**changes))


async def committed(client: Client, by: str = NORWAY, *, basis_points: int = 0, **changes: Any) -> dict[str, Any]:
    pledge = await pledged(client, by, **changes)
    path = f"/v1/pledges/{pledge['pledge_id']}/commit"
    body: dict[str, Any] = {"committed_on": "2026-03-05", "support_cost_basis_points": basis_points}
    return await post(client, path, FINANCE, revision=pledge["revision"], **body)


async def receive(client: Client, pledge: Mapping[str, Any], money: Mapping[str, Any]) -> dict[str, Any]:
    path = f"/v1/pledges/{pledge['pledge_id']}/receive"
    return await post(client, path, FINANCE, revision=pledge["revision"], money=money, received_on="2026-04-20")


async def funded(client: Client, minor: int, fund: str = "SHERLOC-MNT") -> dict[str, Any]:
    """Make a fund's pledge, receive that many cents for it, and return the pledge."""
    return await receive(client, await committed(client, fund=fund, money=usd(minor)), usd(minor))


async def unchanged(db: Database) -> dict[str, int]:
    async with db.transaction() as tx:
        return {
            table: await tx.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("journal", "pending", "command", "entry", "pledge", "allocation", "rate", "fund")
        }


async def move(client: Client, pledge: Mapping[str, Any], name: str, by: str = FINANCE, **body: Any) -> dict[str, Any]:
    return await post(client, f"/v1/pledges/{pledge['pledge_id']}/{name}", by, revision=pledge["revision"], **body)


async def refused(
    client: Client, path: str, by: str = FINANCE, *, revision: int | None = None, **body: Any
) -> tuple[int, str]:
    answer = await client.post(path, json=body, headers=headers(by, revision=revision))
    return answer.status_code, answer.json()["slug"]


async def fund(client: Client, code: str = "SHERLOC-MNT") -> dict[str, int]:
    shown = await get(client, f"/v1/funds/{code}")
    return {name.removesuffix("_usd_minor"): value for name, value in shown.items() if name.endswith("_usd_minor")}


async def pledge_of(client: Client, pledge: Mapping[str, Any]) -> dict[str, Any]:
    return await get(client, f"/v1/pledges/{pledge['pledge_id']}")


async def agreed(client: Client, minor: int = 10_000_00, *instalments: dict[str, Any]) -> dict[str, Any]:
    made = await pledged(client, money=usd(minor))
    body = {"agreement": "NOR/2026/114", "instalments": list(instalments), "support_cost_basis_points": 0}
    return await move(client, made, "commit", committed_on="2026-03-05", **body)


def part(minor: int, due_on: str, condition: str | None = None) -> dict[str, Any]:
    return {"minor": minor, "due_on": due_on, "condition": condition}


async def approve(client: Client, proposal: Mapping[str, Any], by: str = SECOND) -> dict[str, Any]:
    return await post(client, f"/v1/proposals/{proposal['proposal_id']}/approve", by, revision=proposal["revision"])


async def entry_of(client: Client, kind: str) -> dict[str, Any]:
    entries = (await get(client, "/v1/ledger/entries"))["entries"]
    return next(dict(entry) for entry in entries if entry["type"] == kind)


async def close_and_reopen(client: Client, year: int = LAST_YEAR) -> None:
    """Close a year, and let two people reopen it."""
    path = f"/v1/ledger/periods/{year}"
    await post(client, f"{path}/close", FINANCE)
    await approve(client, await post(client, f"{path}/reopen", FINANCE, reason="audit_finding"))


def content(*records: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return records without their `moves`, which depend on the reader."""
    return [{name: value for name, value in record.items() if name != "moves"} for record in records]
