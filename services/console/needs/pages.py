"""Needs that are ready and lack only money, as far as their States agreed to show them."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get

from services.console.page import CurrentPage

LIST_LENGTH = 50
REQUESTS_MAX = 100


@get("/{language:str}/needs")
async def list_needs(page: CurrentPage) -> Response[bytes]:
    found, requests = await asyncio.gather(
        page.api.get("/v1/requirements/unfunded", limit=LIST_LENGTH, cursor=page.asked("cursor")),
        page.part("/v1/requests", limit=REQUESTS_MAX),
    )
    needs = found["requirements"]
    return page.render(
        "needs/list.html",
        needs=with_requests(needs, requests["requests"] if requests else []),
        cursor=found["cursor"],
        total=sum(one["gap_usd_minor"] for one in needs),
    )


def with_requests(
    needs: Sequence[Mapping[str, Any]], requests: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """Return each need with its request, or None if that is not among the newest that the reader may see."""
    by_id = {one["request_id"]: one for one in requests}
    return [{**one, "request": by_id.get(one["request_id"])} for one in needs]


ROUTES = (list_needs,)
