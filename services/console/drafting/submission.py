"""The page on which one checks one's answers and submits: who will see the request, and from when."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct
from msgspec.structs import replace

from contracts.formats import as_datetime
from services.console.client import Problem
from services.console.drafting.saving import read_request, request_path
from services.console.fields import Field, FormError
from services.console.moves.forms import NOTHING, Sent, send
from services.console.page import CurrentPage, Page
from services.console.translations import N_

SOON = timedelta(minutes=1)
COMMENT = Field(name="comment", label=N_("Message to UNODC"), kind="words", required=False, max_length=2000, rows=3)


class ForeseenReaders(Struct, frozen=True):
    """The readers of a request after its submission, or the fields it lacks before they can be foreseen."""

    admissions: Sequence[Mapping[str, Any]] = ()
    missing: Sequence[str] = ()
    allowed: bool = True


async def foreseen(page: Page, request_id: str) -> ForeseenReaders:
    try:
        found = await page.api.get(f"{request_path(request_id)}/audience", if_submitted=True)
    except Problem as problem:
        if problem.slug == "request-incomplete":
            return ForeseenReaders(missing=[str(one["field"]) for one in problem.errors])
        if problem.status in (401, 404):
            raise
        return ForeseenReaders(allowed=False)
    soon = as_datetime(found["at"]) + SOON
    return ForeseenReaders(
        admissions=[{**one, "at_once": as_datetime(one["since"]) <= soon} for one in found["admissions"]]
    )


@get("/{language:str}/requests/{request_id:str}/submit")
async def check_answers(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Show all answers with a link to change each, who will see them, and the button to submit."""
    return await _answers(page, request_id)


@post("/{language:str}/requests/{request_id:str}/submit", status_code=303)
async def submit(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"{request_path(request_id)}/submit", (COMMENT,))
    if sent.problem is not None and sent.problem.slug == "request-incomplete":
        # The page lists the missing fields with links to them.
        sent = replace(sent, errors=(FormError("", sent.problem.title, said=True),))
    if sent.errors:
        return await _answers(page, request_id, sent)
    return page.redirect(f"/requests/{request_id}", done="submitted")


async def _answers(page: Page, request_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    answer, audience, files = await asyncio.gather(
        read_request(page, request_id),
        foreseen(page, request_id),
        page.api.get(f"{request_path(request_id)}/attachments"),
    )
    return page.render(
        "drafting/check.html",
        request=answer.body,
        revision=answer.revision,
        audience=audience,
        files=files["attachments"],
        may_submit="submit" in answer.body["moves"],
        may_edit="revise" in answer.body["moves"],
        advice={one["position"]: one for one in answer.body.get("advice", ())},
        comment=COMMENT,
        typed=page.typed or None,
        **sent.shown,
    )


ROUTES = (check_answers, submit)
