"""Proposals for the register after deliveries: their list, the page of each, and the form that records the law."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.fields import Field, read
from services.console.legislation.moves import ACCEPT, PROPOSAL
from services.console.legislation.pages import FIELDS
from services.console.legislation.words import LEGISLATION_PROPOSAL_STATUS
from services.console.moves.forms import NOTHING, Form, Sent, filled, send, show, text_languages
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.translations import N_

LIST_LENGTH = 25
FILTERS = ("state", "status")
OVERSEEING = frozenset({"coordinator", "auditor"})
ARTICLE = Field(name="article", label=N_("Article that the law implements"), kind="choice", options="articles")
RECORDED = Field(name="legislation_revision", label=N_("Version"), kind="hidden", whole=True)
"""The revision of the register's record of the article, or 0 if there is none."""

ONE = "/{language:str}/legislation/proposals/{legislation_proposal_id:str}"


@get("/{language:str}/legislation/proposals")
async def list_proposals(page: CurrentPage) -> Response[bytes]:
    query = {name: page.asked(name) for name in FILTERS if page.asked(name)}
    found = await page.api.get("/v1/legislation/proposals", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "legislation/proposals.html",
        found=found,
        query=query,
        statuses=list(LEGISLATION_PROPOSAL_STATUS),
        chooses_state=page.signed_in.role in OVERSEEING,
    )


@get(ONE)
async def show_proposal(page: CurrentPage, legislation_proposal_id: FromPath[str]) -> Response[bytes]:
    """Show a proposal and its outcome."""
    proposal = await _proposal(page, legislation_proposal_id)
    moves = PROPOSAL.open_to(proposal, page.signed_in.role)
    return page.render("legislation/proposal.html", record=proposal, moves=moves)


@get(f"{ONE}{ACCEPT}")
async def show_acceptance(page: CurrentPage, legislation_proposal_id: FromPath[str]) -> Response[bytes]:
    """Show the form: first the article, if the proposal has none; then the law, filled with the register's record."""
    return await _form(page, await _proposal(page, legislation_proposal_id), NOTHING)


@post(f"{ONE}{ACCEPT}", status_code=303)
async def accept_proposal(page: CurrentPage, legislation_proposal_id: FromPath[str]) -> Response[bytes]:
    proposal = await _proposal(page, legislation_proposal_id)
    article = _article(page, proposal)
    if not article:
        typed = read((ARTICLE,), page.typed)
        if typed.errors:
            return await _form(page, proposal, Sent(errors=typed.errors, status=400))
        return page.redirect(f"/legislation/proposals/{legislation_proposal_id}{ACCEPT}", article=typed.body["article"])
    named = {} if proposal["article"] else {"article": article}
    path = f"/v1/legislation/proposals/{legislation_proposal_id}/accept"
    sent = await send(page, "POST", path, (RECORDED, *FIELDS), body_of=lambda body: {**body, **named})
    if sent.record is None:
        return await _form(page, proposal, sent)
    return page.redirect(f"/legislation/{sent.record['legislation_id']}", done="saved")


async def _proposal(page: Page, legislation_proposal_id: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = await page.api.get(f"/v1/legislation/proposals/{legislation_proposal_id}")
    return found


def _article(page: Page, proposal: Mapping[str, Any]) -> str:
    return proposal["article"] or page.asked("article")


async def _form(page: Page, proposal: Mapping[str, Any], sent: Sent) -> Response[bytes]:
    article = _article(page, proposal)
    fields: tuple[Field, ...] = (ARTICLE,)
    button = N_("Continue")
    if sent.stale:
        # If the form is sent again, it is based on what the register has now, which the page shows.
        page.typed = {name: given for name, given in page.typed.items() if name != RECORDED.name}
    if article:
        found = await page.api.get("/v1/legislation", state=proposal["state"], article=article, limit=1)
        law: Mapping[str, Any] = next(iter(found["legislation"]), {})
        # The status in the register, such as published, is not among those that can be stated.
        values = {"language": page.language, **(law if law.get("revision") else {}), "comment": ""}
        fields = filled((RECORDED, *FIELDS), {**values, "legislation_revision": law.get("revision") or 0})
        button = N_("Record the law")
    form = Form(
        heading=N_("Record the law"),
        back=f"/legislation/proposals/{proposal['legislation_proposal_id']}",
        groups=(("", fields),),
        record={**proposal, "article": article or None},
        head="legislation/proposal_head.html",
        explains=N_("State what the law is now, after the delivery. It is then in the register, where you submit it."),
        button=button,
        revision=proposal["revision"],
        given=text_languages(),
        is_open="accept_proposal" in proposal["moves"],
    )
    return show(page, form, sent)


ROUTES = (list_proposals, show_proposal, show_acceptance, accept_proposal, *routes_of(PROPOSAL))
