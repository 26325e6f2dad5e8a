"""The page of the link in a mail, on which a State answers with one click whether its law has changed."""

from typing import Any

from litestar import Response, get, post

from services.console.client import SERVER_ERROR, Problem
from services.console.page import FOR_EVERYBODY, CurrentPage, Page

LINK = "/v1/legislation/checks/link"
PAGE = "/{language:str}/legislation-check"
REGISTER = "/legislation"
NOT_FOUND = 404


@get(PAGE, opt=FOR_EVERYBODY)
async def ask(page: CurrentPage) -> Response[bytes]:
    """Show a button for each answer. Opening the page answers nothing: programs follow links before people do."""
    try:
        found = await page.anonymous().get(LINK, token=page.asked("token"))
    except Problem as problem:
        if problem.status >= SERVER_ERROR:
            raise
        return _asked(page, None, status=NOT_FOUND)
    return _asked(page, found)


@post(PAGE, opt=FOR_EVERYBODY, status_code=303)
async def answer(page: CurrentPage) -> Response[bytes]:
    """Record the answer alone; what has changed is entered in the register."""
    token = page.asked("token")
    try:
        await page.anonymous().send("POST", f"{LINK}?token={token}", {"result": page.value("result")})
    except Problem as problem:
        if problem.status >= SERVER_ERROR:
            raise
        return _asked(page, None, status=NOT_FOUND)
    return page.redirect("/legislation-check", token=token, done="saved")


def _asked(page: Page, found: Any, *, status: int = 200) -> Response[bytes]:
    return page.render("legislation_check/ask.html", status=status, found=found, register=REGISTER)


ROUTES = (ask, answer)
