"""Proposals that wait for a second person."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from services.console.approvals.moves import PROPOSAL, REASONS
from services.console.ledger.words import amount_of, books_of
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page

WAITING_MAX, DECIDED = 100, 15


@get("/{language:str}/approvals")
async def list_proposals(page: CurrentPage) -> Response[bytes]:
    waiting, newest = await asyncio.gather(
        page.api.get("/v1/proposals", status="open", limit=WAITING_MAX),
        page.api.get("/v1/proposals", cursor=page.asked("cursor"), limit=DECIDED),
    )
    shown = await _completed(page, [*waiting["proposals"], *newest["proposals"]])
    return page.render(
        "approvals/list.html",
        waiting=shown[: len(waiting["proposals"])],
        decided=[one for one in shown[len(waiting["proposals"]) :] if one["status"] != "open"],
        cursor=newest["cursor"],
        reasons=REASONS,
    )


@get("/{language:str}/approvals/{proposal_id:str}")
async def show_proposal(page: CurrentPage, proposal_id: FromPath[str]) -> Response[bytes]:
    session = page.signed_in
    proposal = await completed(page, await page.api.get(f"/v1/proposals/{proposal_id}"))
    return page.render(
        "approvals/show.html",
        proposal=proposal,
        moves=PROPOSAL.open_to(proposal, session.role),
        is_own=proposal["proposed_by"] == str(session.person_id),
        reasons=REASONS,
    )


async def completed(page: Page, proposal: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a proposal as it is shown: with the names of who proposed and decided, and the amount of its entry."""
    return (await _completed(page, [proposal]))[0]


async def _completed(page: Page, proposals: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    officers = await page.api.get("/v1/finance-officers") if proposals else {"finance_officers": ()}
    names = {one["person_id"]: one["name"] for one in officers["finance_officers"]}
    return [
        {
            **one,
            "proposer": names.get(one["proposed_by"]),
            "decider": names.get(one["decided_by"]),
            "money": amount_of(one["entry"]) if one["entry"] else one["money"],
            "entry": {**one["entry"], "books": books_of(one["entry"]["postings"])} if one["entry"] else None,
        }
        for one in proposals
    ]


ROUTES = (list_proposals, show_proposal, *routes_of(PROPOSAL, completed=completed))
