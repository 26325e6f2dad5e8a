"""The first page: what this is, or, after sign-in, what waits for me and what happened since."""

import asyncio

from litestar import Response, get

from services.console.page import CurrentPage, see_other

WAITING_SHOWN = 10
NEWS_SHOWN = 8
REQUESTS_SHOWN = 5
OF_A_STATE = frozenset({"focal_point", "official"})
WORKERS = OF_A_STATE | {"coordinator", "provider_officer", "auditor"}


@get("/")
async def choose_language(page: CurrentPage) -> Response[bytes]:
    """To the first page in the reader's language."""
    return see_other(page.address("/"), cookies=page.cookies)


@get("/{language:str}")
async def show_home(page: CurrentPage) -> Response[bytes]:
    if page.session is None:
        return page.render("home/welcome.html")
    if page.session.acting is None:
        return page.redirect("/appointment")
    role = page.session.role
    of_a_state, works = role in OF_A_STATE, role in WORKERS
    news, waiting, requests, counts = await asyncio.gather(
        page.part("/v1/notifications", limit=NEWS_SHOWN, unread=True),
        page.part("/v1/work", limit=WAITING_SHOWN, sort="due") if works else _nothing(),
        page.part("/v1/requests", limit=REQUESTS_SHOWN) if of_a_state else _nothing(),
        page.part("/v1/work/counts") if works and not of_a_state else _nothing(),
    )
    return page.render("home/home.html", news=news, waiting=waiting, counts=counts, requests=requests)


async def _nothing() -> None:
    return None


ROUTES = (choose_language, show_home)
