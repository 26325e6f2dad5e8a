"""What became of a delivery: what both sides say months later, after signing in or by the link of a mail."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.client import SERVER_ERROR, ApiClient, Problem
from services.console.deliveries.moves import ANSWER_TEXT, FOLLOW_UP
from services.console.fields import read
from services.console.labels import USE
from services.console.moves.pages import routes_of
from services.console.page import FOR_EVERYBODY, CurrentPage, Page, browser_address

LINK = "/v1/follow-ups/link"
NOT_FOUND = 404


@get("/{language:str}/deliveries/{delivery_id:str}/after")
async def show_after(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    """The answers of both sides, by month."""
    delivery, found = await page.api.get_all(
        f"/v1/deliveries/{delivery_id}", f"/v1/deliveries/{delivery_id}/follow-ups"
    )
    months: dict[int, dict[str, Any]] = {}
    for one in found["follow_ups"]:
        months.setdefault(one["month"], {})[one["side"]] = one
    return page.render("deliveries/after.html", delivery=delivery, months=months)


@get("/{language:str}/follow-ups/{follow_up_id:str}")
async def show_follow_up(page: CurrentPage, follow_up_id: FromPath[str]) -> Response[bytes]:
    role = page.signed_in.role
    record = await page.api.get(f"/v1/follow-ups/{follow_up_id}")
    return page.render("deliveries/follow_up.html", record=record, moves=FOLLOW_UP.open_to(record, role))


# -- by the link of a mail --------------------------------------------------------------------------------------------


@get("/{language:str}/answer", opt=FOR_EVERYBODY)
async def ask(page: CurrentPage) -> Response[bytes]:
    """A button for each answer. Opening the page answers nothing: programs follow links before people do."""
    try:
        found = await _anonymous(page).get(LINK, token=page.asked("token"))
    except Problem as problem:
        if problem.status >= SERVER_ERROR:
            raise
        return _asked(page, None, status=NOT_FOUND)
    return _asked(page, found)


@post("/{language:str}/answer", opt=FOR_EVERYBODY, status_code=303)
async def answer(page: CurrentPage) -> Response[bytes]:
    """The answer at once, then what is added in words."""
    token, result = page.asked("token"), page.value("result")
    text = read((ANSWER_TEXT,), page.typed).body.get("text", "")
    body = {"result": result, "text": text, "language": page.language} if text else {"result": result}
    api = _anonymous(page)
    try:
        await api.send("POST", f"{LINK}?token={token}", body)
    except Problem as problem:
        if problem.status == NOT_FOUND:
            return _asked(page, None, status=problem.status)
        return _asked(page, await api.get(LINK, token=token), problem=problem.title, status=problem.status)
    return page.redirect("/answer", token=token, done="saved")


def _asked(page: Page, found: Any, *, problem: str = "", status: int = 200) -> Response[bytes]:
    return page.render(
        "deliveries/answer.html", status=status, found=found, problem=problem, answers=USE, field=ANSWER_TEXT
    )


def _anonymous(page: Page) -> ApiClient:
    """A client without the reader's token: the link says who answers."""
    address = browser_address(page.request, page.console.settings.trusted_proxies)
    return ApiClient(page.console.http, language=page.language, address=address)


ROUTES = (show_after, show_follow_up, ask, answer, *routes_of(FOLLOW_UP))
