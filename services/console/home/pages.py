"""The first page: what the platform is or, after sign-in, what waits for the person and what happened since."""

import asyncio
from typing import Any

from litestar import Response, get

from contracts.console_pages import page_of
from services.console.page import FOR_EVERYBODY, CurrentPage, see_other
from services.console.sessions.model import Session

WAITING_SHOWN = 10
NEWS_SHOWN = 8
REQUESTS_SHOWN = 5
CHECKS = "/v1/legislation/checks/"
OF_A_STATE = frozenset({"focal_point", "official"})
STATE_CODE_LENGTH = 3
WORKERS = OF_A_STATE | {"coordinator", "provider_officer", "auditor"}


@get("/", opt=FOR_EVERYBODY)
async def choose_language(page: CurrentPage) -> Response[bytes]:
    """Redirect to the first page in the reader's language."""
    return see_other(page.address("/"), cookies=page.cookies)


@get("/{language:str}", opt=FOR_EVERYBODY)
async def show_home(page: CurrentPage) -> Response[bytes]:
    if page.session is None:
        return page.render("home/welcome.html")
    if page.session.acting is None:
        return page.redirect("/appointment")
    role = page.session.role
    of_a_state, works, agrees = role in OF_A_STATE, role in WORKERS, agrees_to_packages(page.session)
    news, waiting, requests, counts, found = await asyncio.gather(
        page.part("/v1/notifications", limit=NEWS_SHOWN, unread=True),
        page.part("/v1/work", limit=WAITING_SHOWN, sort="due") if works else _nothing(),
        page.part("/v1/requests", limit=REQUESTS_SHOWN) if of_a_state else _nothing(),
        page.part("/v1/work/counts") if works and not of_a_state and not agrees else _nothing(),
        page.part("/v1/packages", status="presented", limit=WAITING_SHOWN) if agrees else _nothing(),
    )
    packages = [one for one in found["packages"] if "agree" in one["moves"]] if found else []
    return page.render(
        "home/home.html",
        news=news,
        waiting=waiting,
        counts=counts,
        requests=requests,
        packages=packages,
        checks=_checks(news),
    )


def _checks(news: Any) -> list[str]:
    """Return the paths of yearly checks of which the person has not read the notification."""
    links = [one["link"] for one in news["notifications"]] if news else []
    return [path for one in links if one.startswith(CHECKS) and (path := page_of(one))]


def agrees_to_packages(session: Session) -> bool:
    """Check whether packages can wait for the person as the donor or the unit, who have no part in the match."""
    is_unit = session.role == "provider_officer" and len(session.organization) != STATE_CODE_LENGTH
    return session.role == "donor_officer" or is_unit


async def _nothing() -> None:
    return None


ROUTES = (choose_language, show_home)
