"""The first page: what this is, or, after sign-in, what waits for me and what happened since."""

from typing import Any

from litestar import Response, get

from services.console.page import CurrentPage, see_other

WAITING_SHOWN = 10
NEWS_SHOWN = 8


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
    news = await page.api.get("/v1/notifications", limit=NEWS_SHOWN, unread=True)
    waiting: dict[str, Any] = {"work": [], "cursor": None}
    counts = None
    if page.session.role in {"focal_point", "official", "coordinator", "provider_officer", "auditor"}:
        waiting = await page.api.get("/v1/work", limit=WAITING_SHOWN, sort="due")
        counts = await page.api.get("/v1/work/counts")
    return page.render("home/home.html", news=news, waiting=waiting, counts=counts)


ROUTES = (choose_language, show_home)
