"""Pledges: a list, and the page of each with its entries and the use of its money."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from services.console.ledger.words import amount_of
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.pledges import forms, new
from services.console.pledges.moves import PLEDGE
from services.console.statuses import PLEDGE_STATUS

LIST_LENGTH = 25
ENTRIES_MAX = 100
PRIMARY = ("commit", "receive", "meet_condition")
"""Moves that are the next step. At most one is shown as the main one."""


@get("/{language:str}/pledges")
async def list_pledges(page: CurrentPage) -> Response[bytes]:
    query = {name: page.asked(name) for name in ("status", "fund", "donor", "due_before")}
    found = await page.api.get("/v1/pledges", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "pledges/list.html",
        pledges=found["pledges"],
        cursor=found["cursor"],
        query={name: value for name, value in query.items() if value},
        statuses=PLEDGE_STATUS,
    )


@get("/{language:str}/pledges/{pledge_id:str}")
async def show_pledge(page: CurrentPage, pledge_id: FromPath[str]) -> Response[bytes]:
    """Show a pledge: its agreement, its payments, its moves, and what its money is used for."""
    session = page.signed_in
    pledge = await page.api.get(f"/v1/pledges/{pledge_id}")
    entries, used = await asyncio.gather(
        page.api.get("/v1/ledger/entries", pledge=pledge_id, limit=ENTRIES_MAX), _allocations(page, pledge)
    )
    open_moves = PLEDGE.open_to(pledge, session.role)
    return page.render(
        "pledges/show.html",
        pledge=pledge,
        moves=open_moves,
        primary=next((one.name for one in open_moves if one.name in PRIMARY), None),
        entries=[{**entry, "money": amount_of(entry, pledge["money"]["currency"])} for entry in entries["entries"]],
        allocations=used,
        amounts=amounts_of(pledge),
    )


async def _allocations(page: Page, pledge: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the allocations for the need of the pledge, or out of its fund, as far as the reader may see them."""
    need = pledge["requirement_id"]
    query = {"requirement": need} if need else {"fund": pledge["fund"]}
    return list((await page.api.get("/v1/allocations", **query, limit=50))["allocations"])


def amounts_of(pledge: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """Return the amounts of a pledge that are not zero, by name."""
    names = ("received", "outstanding", "conditional", "written_off", "refunded")
    return [(name, pledge[name]) for name in names if pledge[name]["minor"]]


ROUTES = (list_pledges, *new.ROUTES, show_pledge, *forms.ROUTES, *routes_of(PLEDGE))
