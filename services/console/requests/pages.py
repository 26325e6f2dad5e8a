"""Requests: a list, and the page of each."""

import asyncio
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from services.console.drafting.draft import with_all_fields
from services.console.labels import LABELS
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.requests import audience, notes, record, translations, triage
from services.console.requests.moves import REQUEST
from services.console.requests.timeline import timeline
from services.console.requests.turns import is_mine, running, turn

LIST_LENGTH = 25


@get("/{language:str}/requests")
async def list_requests(page: CurrentPage) -> Response[bytes]:
    query = {name: page.asked(name) for name in ("status", "state") if page.asked(name)}
    found = await page.api.get("/v1/requests", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "requests/list.html",
        found=found,
        query=query,
        statuses=tuple(LABELS["request_status"]),
    )


@get("/{language:str}/requests/{request_id:str}")
async def show_request(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Show a request: what is asked for, whose turn it is, its matches, its timeline, who sees it."""
    session = page.signed_in
    path = f"/v1/requests/{request_id}"
    request = with_all_fields(await page.api.get(path, expand="clocks"))
    history, matches = await asyncio.gather(page.part(f"{path}/history"), _matches(page, request))
    return page.render(
        "requests/show.html",
        request=request,
        moves=REQUEST.open_to(request, session.role),
        matches=matches,
        turn=turn(request),
        mine=is_mine(request, session.organization, session.role),
        clocks=[one for one in running(request) if one["step"] != "follow_up"],
        choosing=session.role == "focal_point" and any(one["step"] == "state_decision" for one in running(request)),
        timeline=timeline(history["entries"] if history else [], page.language),
    )


async def _matches(page: Page, request: dict[str, Any]) -> list[dict[str, Any]]:
    if request["status"] == "draft":
        return []
    found = await page.part("/v1/matches", request=request["request_id"], limit=50)
    return list(found["matches"]) if found else []


ROUTES = (
    list_requests,
    show_request,
    *routes_of(REQUEST),
    *audience.ROUTES,
    *notes.ROUTES,
    *record.ROUTES,
    *translations.ROUTES,
    *triage.ROUTES,
)
