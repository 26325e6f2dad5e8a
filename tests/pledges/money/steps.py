"""Steps of tests of exchange rates."""

from typing import Any

import httpx

from tests.builders import headers
from tests.pledges.steps import FINANCE, Client, eur, move, pledged


async def agreed_in_euros(api: Client, **body: Any) -> dict[str, Any]:
    """Make a pledge in February and sign it in March, each at the rate of the first day of its month."""
    return await move(api, await pledged(api, money=eur(1_000_00)), "commit", committed_on="2026-03-05", **body)


async def load(client: Client, text: str | bytes, by: str = FINANCE, **sent: str) -> httpx.Response:
    return await client.post("/v1/rates/csv", content=text, headers=headers(by) | {"Content-Type": "text/csv"} | sent)
