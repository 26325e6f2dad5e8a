"""The first page: what this is, or, after sign-in, what waits for me and what happened since."""

from typing import Any

from litestar import Response, get

from services.console.page import FOR_EVERYBODY, CurrentPage, see_other
from services.console.sessions.model import Session

WAITING_SHOWN = 10
NEWS_SHOWN = 8
REQUESTS_SHOWN = 5
OF_A_STATE = frozenset({"focal_point", "official"})
STATE_CODE_LENGTH = 3
WORKERS = OF_A_STATE | {"coordinator", "provider_officer", "auditor"}


@get("/", opt=FOR_EVERYBODY)
async def choose_language(page: CurrentPage) -> Response[bytes]:
    """To the first page in the reader's language."""
    return see_other(page.address("/"), cookies=page.cookies)


@get("/{language:str}", opt=FOR_EVERYBODY)
async def show_home(page: CurrentPage) -> Response[bytes]:
    if page.session is None:
        return page.render("home/welcome.html")
    if page.session.acting is None:
        return page.redirect("/appointment")
    role = page.session.role
    news = await page.api.get("/v1/notifications", limit=NEWS_SHOWN, unread=True)
    waiting: dict[str, Any] = {"work": [], "cursor": None}
    counts = requests = None
    packages = []
    if role in WORKERS:
        waiting = await page.api.get("/v1/work", limit=WAITING_SHOWN, sort="due")
    if role in OF_A_STATE:
        requests = (await page.api.get("/v1/requests", limit=REQUESTS_SHOWN))["requests"]
    elif agrees_to_packages(page.session):
        found = await page.api.get("/v1/packages", status="presented", limit=WAITING_SHOWN)
        packages = [one for one in found["packages"] if "agree" in one["moves"]]
    elif role in WORKERS:
        counts = await page.api.get("/v1/work/counts")
    return page.render(
        "home/home.html", news=news, waiting=waiting, counts=counts, requests=requests, packages=packages
    )


def agrees_to_packages(session: Session) -> bool:
    """Whether packages wait for this person as such: for the donor and the unit, who have no part in the match."""
    is_unit = session.role == "provider_officer" and len(session.organization) != STATE_CODE_LENGTH
    return session.role == "donor_officer" or is_unit


ROUTES = (choose_language, show_home)
