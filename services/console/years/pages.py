"""Years of the books: their checklist, their closing, and the proposal to reopen the last closed one."""

from datetime import date

from litestar import Response, get, post
from litestar.params import FromPath

from chassis import clock
from services.console.fields import Typed
from services.console.moves.forms import NOTHING, Sent, command, send
from services.console.moves.model import reason
from services.console.page import CurrentPage, Page
from services.console.sign_in.recent_sign_in import require_recent_sign_in
from services.console.translations import N_

CHECK = {
    "year_is_over": N_("The year is over"),
    "year_is_open": N_("The year is open"),
    "nothing_open_before": N_("No earlier year has entries and is still open"),
    "nothing_proposed": N_("No proposal waits for a second person in it"),
    "books_balance": N_("In each book both sides are equal"),
    "balances_agree": N_("The balances agree with the sum of the entries"),
}
REOPENING = (reason("reopen_period"),)


@get("/{language:str}/years")
async def list_years(page: CurrentPage) -> Response[bytes]:
    """List the current year, the year before it, and all years that have a period in the ledger."""
    last = clock.now().year - 1
    found = await page.api.get("/v1/ledger/periods")
    periods = {one["year"]: one for one in found["periods"]}
    return page.render(
        "years/list.html",
        years=sorted({last, last + 1, *periods}, reverse=True),
        periods=periods,
        open_from=date.fromisoformat(found["open_from"]).year,
    )


@get("/{language:str}/years/{year:int}")
async def show_year(page: CurrentPage, year: FromPath[int]) -> Response[bytes]:
    return await _year(page, year, {})


@post("/{language:str}/years/{year:int}/close", status_code=303)
async def close_year(page: CurrentPage, year: FromPath[int]) -> Response[bytes]:
    await require_recent_sign_in(page)
    sent = await command(page, "POST", f"/v1/ledger/periods/{year}/close", {})
    if sent.errors:
        return await _year(page, year, {}, sent)
    return page.redirect(f"/years/{year}", done="year_closed")


@post("/{language:str}/years/{year:int}/reopen", status_code=303)
async def propose_reopening(page: CurrentPage, year: FromPath[int]) -> Response[bytes]:
    sent = await send(page, "POST", f"/v1/ledger/periods/{year}/reopen", REOPENING)
    if sent.errors:
        return await _year(page, year, page.typed, sent)
    return page.redirect(f"/approvals/{sent.record['proposal_id']}", done="proposed")


async def _year(page: Page, year: int, typed: Typed, sent: Sent = NOTHING) -> Response[bytes]:
    found = await page.api.get(f"/v1/ledger/periods/{year}")
    return page.render(
        "years/show.html",
        found=found,
        checks=CHECK,
        is_ready=all(one["met"] for one in found["checklist"]),
        is_closed=found["period"] is not None and found["period"]["status"] == "closed",
        fields=REOPENING,
        typed=typed,
        **sent.shown,
    )


ROUTES = (list_years, show_year, close_year, propose_reopening)
