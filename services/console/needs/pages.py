"""Needs that are ready and lack only money, as far as their States agreed to show them."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get

from services.console.page import CurrentPage

LIST_LENGTH = 50
REQUESTS_MAX = 100


@get("/{language:str}/needs")
async def list_needs(page: CurrentPage) -> Response[bytes]:
    cursor = page.asked("cursor")
    found, requests = await page.api.get_all(
        f"/v1/requirements/unfunded?limit={LIST_LENGTH}" + (f"&cursor={cursor}" if cursor else ""),
        f"/v1/requests?limit={REQUESTS_MAX}",
    )
    needs = found["requirements"]
    return page.render(
        "needs/list.html",
        needs=with_requests(needs, requests["requests"]),
        cursor=found["cursor"],
        total=sum(one["gap_usd_minor"] for one in needs),
    )


def with_requests(
    needs: Sequence[Mapping[str, Any]], requests: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """Each need with its request, where it is among the newest ones that the reader may see."""
    by_id = {one["request_id"]: one for one in requests}
    return [{**one, "request": by_id.get(one["request_id"])} for one in needs]


ROUTES = (list_needs,)
