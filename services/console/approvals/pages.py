"""Proposals that wait for a second person."""

import asyncio

from litestar import Response, get
from litestar.params import FromPath

from services.console.approvals.moves import PROPOSAL, REASONS
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage

WAITING_MAX, DECIDED = 100, 15


@get("/{language:str}/approvals")
async def list_proposals(page: CurrentPage) -> Response[bytes]:
    waiting, newest = await asyncio.gather(
        page.api.get("/v1/proposals", status="open", limit=WAITING_MAX),
        page.api.get("/v1/proposals", cursor=page.asked("cursor"), limit=DECIDED),
    )
    return page.render(
        "approvals/list.html",
        waiting=waiting["proposals"],
        decided=[one for one in newest["proposals"] if one["status"] != "open"],
        cursor=newest["cursor"],
        reasons=REASONS,
    )


@get("/{language:str}/approvals/{proposal_id:str}")
async def show_proposal(page: CurrentPage, proposal_id: FromPath[str]) -> Response[bytes]:
    session = page.signed_in
    proposal = await page.api.get(f"/v1/proposals/{proposal_id}")
    return page.render(
        "approvals/show.html",
        proposal=proposal,
        moves=PROPOSAL.open_to(proposal, session.role),
        is_own=proposal["proposed_by"] == str(session.person_id),
        reasons=REASONS,
    )


ROUTES = (list_proposals, show_proposal, *routes_of(PROPOSAL))
