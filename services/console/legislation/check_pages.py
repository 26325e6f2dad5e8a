"""The yearly checks of the register, for people who have signed in: their list, and the page of each."""

from litestar import Response, get
from litestar.params import FromPath

from chassis import clock
from contracts.formats import as_datetime
from services.console.legislation.moves import CHECK
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage

LIST_LENGTH = 25
OVERSEEING = frozenset({"coordinator", "auditor"})


@get("/{language:str}/legislation/checks")
async def list_checks(page: CurrentPage) -> Response[bytes]:
    """List the checks of one's own State; UNODC sees all, or those of the State asked for."""
    query = {"state": page.asked("state")} if page.asked("state") else {}
    found = await page.api.get("/v1/legislation/checks", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "legislation/checks.html", found=found, query=query, chooses_state=page.signed_in.role in OVERSEEING
    )


@get("/{language:str}/legislation/checks/{legislation_check_id:str}")
async def show_check(page: CurrentPage, legislation_check_id: FromPath[str]) -> Response[bytes]:
    """Show a check with its answer. It can be answered again until it closes."""
    check = await page.api.get(f"/v1/legislation/checks/{legislation_check_id}")
    is_open = clock.now() < as_datetime(check["closes_at"])
    moves = CHECK.open_to(check, page.signed_in.role) if is_open else ()
    return page.render("legislation/check.html", record=check, moves=moves, is_open=is_open)


ROUTES = (list_checks, show_check, *routes_of(CHECK))
