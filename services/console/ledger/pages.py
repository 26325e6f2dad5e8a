"""The ledger: entries as accounts with two sides, balances as of a day, and the proposal to reverse an entry."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from services.console.downloads import csv_file
from services.console.fields import Typed
from services.console.ledger.balances import balances_of, table_of
from services.console.ledger.words import books_of
from services.console.moves.forms import NOTHING, Sent, send
from services.console.moves.model import reason
from services.console.page import CurrentPage, Page
from services.console.pledges.moves import day
from services.console.translations import N_

LIST_LENGTH = 15
FILTERS = ("fund", "donor", "pledge", "allocation", "effective_from", "effective_until")
REVERSAL = (reason("reverse_entry"), day("reversed_on", N_("Day")))


@get("/{language:str}/ledger")
async def list_entries(page: CurrentPage) -> Response[bytes]:
    query = {name: page.asked(name) for name in FILTERS if page.asked(name)}
    found = await page.api.get("/v1/ledger/entries", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "ledger/list.html",
        entries=[{**entry, "books": books_of(entry["postings"])} for entry in found["entries"]],
        cursor=found["cursor"],
        query=query,
    )


@get("/{language:str}/ledger/balances")
async def show_balances(page: CurrentPage) -> Response[bytes]:
    """Show all accounts in US dollars, of all funds or of one, until a value date."""
    fund, found = page.asked("fund"), await _balances(page)
    return page.render(
        "ledger/balances.html",
        found=found,
        books=balances_of(found["balances"], fund),
        funds=sorted({one["fund"] for one in found["balances"]}),
        fund=fund,
        until=page.asked("until"),
    )


@get("/{language:str}/ledger/balances.csv")
async def balances_as_csv(page: CurrentPage) -> Response[bytes]:
    found = await _balances(page)
    return csv_file("balances.csv", table_of(found["balances"], page.asked("fund"), page.language))


async def _balances(page: Page) -> Mapping[str, Any]:
    return dict(await page.api.get("/v1/ledger/balances", until=page.asked("until")))


@get("/{language:str}/ledger/{entry_id:str}")
async def show_entry(page: CurrentPage, entry_id: FromPath[str]) -> Response[bytes]:
    return await _entry(page, entry_id, {})


@post("/{language:str}/ledger/{entry_id:str}", status_code=303)
async def propose_reversal(page: CurrentPage, entry_id: FromPath[str]) -> Response[bytes]:
    named = {"entry_id": entry_id}
    path = "/v1/ledger/reversals"
    sent = await send(page, "POST", path, REVERSAL, body_of=lambda typed: typed | named, hidden=False)
    if sent.errors:
        return await _entry(page, entry_id, page.typed, sent)
    return page.redirect(f"/approvals/{sent.record['proposal_id']}", done="proposed")


async def _entry(page: Page, entry_id: str, typed: Typed, sent: Sent = NOTHING) -> Response[bytes]:
    """Show one entry. Entries are listed by time, with which ids begin, so the next id as cursor leads to this one."""
    found = await page.api.get("/v1/ledger/entries", cursor=_next_id(entry_id), limit=1)
    entry = next((one for one in found["entries"] if one["entry_id"] == entry_id), None)
    if entry is None:
        raise NotFoundException
    return page.render(
        "ledger/show.html",
        entry={**entry, "books": books_of(entry["postings"])},
        fields=REVERSAL,
        typed=typed,
        **sent.shown,
    )


def _next_id(entry_id: str) -> UUID:
    """Return the id after this one. Raises NotFoundException if it is not an id."""
    try:
        return UUID(int=UUID(entry_id).int + 1)
    except ValueError as error:
        raise NotFoundException from error


ROUTES = (list_entries, show_balances, balances_as_csv, show_entry, propose_reversal)
