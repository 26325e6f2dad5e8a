"""Steps of tests about exchange rates."""

from typing import Any

import httpx

from tests.builders import headers
from tests.pledges.steps import FINANCE, Client, eur, move, pledged


async def agreed_in_euros(api: Client, **body: Any) -> dict[str, Any]:
    """Pledged in February, at the rate of its first day; agreed in March, at that of March."""
    return await move(api, await pledged(api, money=eur(1_000_00)), "commit", committed_on="2026-03-05", **body)


async def load(client: Client, text: str | bytes, by: str = FINANCE, **sent: str) -> httpx.Response:
    return await client.post("/v1/rates/csv", content=text, headers=headers(by) | {"Content-Type": "text/csv"} | sent)
