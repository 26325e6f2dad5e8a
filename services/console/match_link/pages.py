"""The page of the link in a mail, on which a State accepts or declines a presented match without signing in."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post

from services.console.client import SERVER_ERROR, Problem
from services.console.fields import FormError, form_errors, read
from services.console.matches.moves import MATCH
from services.console.matches.reading import TURN
from services.console.moves.model import reason
from services.console.page import FOR_EVERYBODY, CurrentPage, Page

LINK = "/v1/matches/link"
PAGE = "/{language:str}/match"
MATCHES = "/matches"
NOT_FOUND = 404
ANSWERABLE = frozenset({"presented", "provider_confirmed"})
REASON = reason("decline_by_state")


@get(PAGE, opt=FOR_EVERYBODY)
async def ask(page: CurrentPage) -> Response[bytes]:
    """Show a button for each answer. Opening the page answers nothing: programs follow links before people do."""
    return await _asked(page)


@post(PAGE, opt=FOR_EVERYBODY, status_code=303)
async def answer(page: CurrentPage) -> Response[bytes]:
    """Record the answer; a refused one, or one without a reason, is shown with its error."""
    token, body = page.asked("token"), {"answer": page.value("answer")}
    if body["answer"] == "decline":
        typed = read((REASON,), page.typed)
        if typed.errors:
            return await _asked(page, errors=typed.errors, status=400)
        body |= typed.body
    try:
        await page.anonymous().send("POST", f"{LINK}?token={token}", body)
    except Problem as problem:
        if problem.status >= SERVER_ERROR:
            raise
        if problem.status == NOT_FOUND:
            return _shown(page, None, status=NOT_FOUND)
        return await _asked(page, errors=form_errors(problem, (REASON,)), status=problem.status)
    return page.redirect("/match", token=token, done=MATCH.named(body["answer"]).done)


async def _asked(page: Page, *, errors: Sequence[FormError] = (), status: int = 200) -> Response[bytes]:
    try:
        found = await page.anonymous().get(LINK, token=page.asked("token"))
    except Problem as problem:
        if problem.status >= SERVER_ERROR:
            raise
        return _shown(page, None, status=NOT_FOUND)
    return _shown(page, found, errors=errors, status=status)


def _shown(page: Page, found: Any, *, errors: Sequence[FormError] = (), status: int = 200) -> Response[bytes]:
    return page.render(
        "match_link/ask.html",
        status=status,
        found=found,
        is_open=found is not None and found["status"] in ANSWERABLE,
        turn=TURN[found["status"]] if found else "",
        field=REASON,
        typed=page.typed or None,
        errors=errors,
        matches=MATCHES,
    )


ROUTES = (ask, answer)
