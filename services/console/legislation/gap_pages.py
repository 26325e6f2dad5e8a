"""Gaps of the register: instruments of which much is missing, and a draft request that a State begins from them."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from services.console.moves.forms import NOTHING, Sent, command, unplaced
from services.console.page import CurrentPage, Page

OF_STATE = frozenset({"focal_point", "official"})


@get("/{language:str}/legislation/gaps")
async def show_gaps(page: CurrentPage) -> Response[bytes]:
    """Show the gaps of one's own State; UNODC sees all, or those of the State asked for."""
    return _gaps(page, await _found(page), NOTHING)


@post("/{language:str}/legislation/gaps", status_code=303)
async def begin_request(page: CurrentPage) -> Response[bytes]:
    """Create the draft request that the API now proposes for an instrument. It is not submitted."""
    found = await _found(page)
    wanted = page.value("instrument")
    gap = next((one for one in found["gaps"] if one["instrument"] == wanted), None)
    if gap is None or page.signed_in.role not in OF_STATE:
        raise NotFoundException
    sent = await command(page, "POST", gap["request"]["address"], gap["request"]["body"])
    if sent.record is None:
        return _gaps(page, found, sent)
    return page.redirect(f"/requests/{sent.record['request_id']}/edit", done="drafted")


async def _found(page: Page) -> Mapping[str, Any]:
    found: Mapping[str, Any] = await page.api.get("/v1/legislation/gaps", state=page.asked("state"))
    return found


def _gaps(page: Page, found: Mapping[str, Any], sent: Sent) -> Response[bytes]:
    of_state = page.signed_in.role in OF_STATE
    return page.render(
        "legislation/gaps.html",
        status=sent.status,
        found=found,
        errors=unplaced(sent.errors),
        state=page.asked("state"),
        begins=of_state,
        chooses_state=not of_state,
    )


ROUTES = (show_gaps, begin_request)
