"""Matches: the list of those that the caller may see, and the page of each."""

import asyncio
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from services.console.matches.moves import MATCH
from services.console.matches.reading import AGREED, is_mine, timeline, turn
from services.console.moves.pages import routes_of
from services.console.packages.proposing import may_propose
from services.console.page import CurrentPage, Page

LIST_LENGTH = 25
BOTH_SIDES = ("request", "offering")
FILTERS = ("presented", "accepted", "provider_confirmed", "confirmed", "in_delivery", "completed")
COORDINATOR_FILTERS = ("suggested", "nominated", "interested", "shortlisted", *FILTERS)
ENDED_FILTERS = ("declined_by_state", "declined_by_provider", "not_pursued", "revoked", "expired")


@get("/{language:str}/matches")
async def list_matches(page: CurrentPage) -> Response[bytes]:
    session = page.signed_in
    query = {name: page.asked(name) for name in ("status", "request", "line", "offering") if page.asked(name)}
    found = await page.api.get(
        "/v1/matches", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH, expand=BOTH_SIDES
    )
    overseer = session.role in ("coordinator", "auditor")
    return page.render(
        "matches/list.html",
        found=[{**one, "turn": turn(one), "mine": is_mine(one)} for one in found["matches"]],
        cursor=found["cursor"],
        query=query,
        statuses=(*(COORDINATOR_FILTERS if overseer else FILTERS), *ENDED_FILTERS),
    )


@get("/{language:str}/matches/{match_id:str}")
async def show_match(page: CurrentPage, match_id: FromPath[str]) -> Response[bytes]:
    """Show a match: both sides, whose turn it is, how well it fits and why, what happened."""
    session = page.signed_in
    match = await page.api.get(f"/v1/matches/{match_id}")
    # Once both sides have agreed, the page shows the contacts instead of the time for an answer.
    agreed = match["status"] in AGREED
    beside = f"/v1/matches/{match_id}/contact" if agreed else f"/v1/requests/{match['request_id']}/clocks"
    says = {one["criterion"]: one["says"] for one in match["explanation"]}
    listed, found = await asyncio.gather(_listed(page, match), page.part(beside))
    return page.render(
        "matches/show.html",
        match=match,
        titles=listed,
        explained=[{**one, "says": says.get(one["criterion"])} for one in match["shares"]],
        moves=MATCH.open_to(match, session.role),
        package=may_propose(match, session.role),
        turn=turn(match),
        mine=is_mine(match),
        timeline=timeline(match),
        contact=found if agreed else None,
        clocks=[] if agreed or not found else running_of(found["clocks"], match_id),
    )


def running_of(clocks: list[dict[str, Any]], match_id: str) -> list[dict[str, Any]]:
    """Return the running clocks of a match."""
    return [one for one in clocks if one["match_id"] == match_id and one["stopped_at"] is None]


async def _listed(page: Page, match: dict[str, Any]) -> dict[str, Any]:
    """Return the match as in lists, with the titles of both sides; empty if it is not listed."""
    found = await page.api.get("/v1/matches", line=match["line_id"], offering=match["offering_id"], expand=BOTH_SIDES)
    return next((one for one in found["matches"] if one["match_id"] == match["match_id"]), {})


ROUTES = (list_matches, show_match, *routes_of(MATCH))
