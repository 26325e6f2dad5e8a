"""Demand: matches that a provider has to answer, requests it may serve, and its interest in a line of one."""

import asyncio
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from services.console.demand.board import board, candidates, chosen, kinds_of
from services.console.fields import WORDS_MAX, Field, Option, read
from services.console.moves.forms import NOTHING, Sent, command, outcome, wrong
from services.console.offerings.steps import options
from services.console.page import CurrentPage, Page
from services.console.translations import N_

LIST_LENGTH = 100
OWN_MAX = 100
FIT, NO_FIT = "fits", "does_not_fit"
INTEREST = (
    Field(name="offering_id", label=N_("Offering"), kind="choice", options="own_offerings"),
    Field(
        name="covers",
        label=N_("How many people of the group you can serve"),
        kind="number",
        required=False,
        hint=N_("Leave it empty if you can serve all."),
    ),
    Field(
        name="comment",
        label=N_("Why your offering fits"),
        kind="words",
        required=False,
        max_length=WORDS_MAX,
        hint=N_("UNODC reads it."),
    ),
)


@get("/{language:str}/demand")
async def list_demand(page: CurrentPage) -> Response[bytes]:
    session = page.signed_in
    if session.role != "provider_officer":
        raise NotFoundException
    kind, state, fitting = page.asked("kind"), page.asked("state"), page.asked("all") == ""
    found, matches, own = await asyncio.gather(
        page.api.get("/v1/requests", status="open", state=state, cursor=page.asked("cursor"), limit=LIST_LENGTH),
        page.api.get("/v1/matches", expand=["request", "offering"], limit=LIST_LENGTH),
        page.api.get("/v1/offerings", provider=session.organization, limit=OWN_MAX),
    )
    offered = kinds_of(own["offerings"])
    query = {"kind": kind, "state": state, "all": page.asked("all")}
    return page.render(
        "demand/list.html",
        board=board(matches["matches"]),
        requests=chosen(found["requests"], kind=kind, fitting=fitting, offered=offered),
        cursor=found["cursor"],
        offered=offered,
        offers_any=bool(own["offerings"]),
        fitting=fitting,
        query={name: value for name, value in query.items() if value},
        lists=options(page.language),
    )


@get("/{language:str}/demand/{request_id:str}")
async def show_demand(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Show the lines of a request, each with the provider's offerings of its kind, and the provider's matches."""
    session = page.signed_in
    if session.role != "provider_officer":
        raise NotFoundException
    request, matches, own = await asyncio.gather(
        page.api.get(f"/v1/requests/{request_id}"),
        page.api.get("/v1/matches", request=request_id, expand="offering", limit=LIST_LENGTH),
        page.api.get("/v1/offerings", provider=session.organization, status="available", limit=OWN_MAX),
    )
    return page.render(
        "demand/show.html",
        request=request,
        matches=matches["matches"],
        own=own["offerings"],
        candidates=candidates,
        lists=options(page.language),
    )


@get("/{language:str}/demand/{request_id:str}/{line_id:str}")
async def show_interest(page: CurrentPage, request_id: FromPath[str], line_id: FromPath[str]) -> Response[bytes]:
    return await _interest(page, request_id, line_id)


@post("/{language:str}/demand/{request_id:str}/{line_id:str}", status_code=303)
async def express_interest(page: CurrentPage, request_id: FromPath[str], line_id: FromPath[str]) -> Response[bytes]:
    """Express interest, or only check whether an offering fits."""
    checks, given = page.value("act") == "check", read(INTEREST, page.typed)
    if given.errors:
        sent = wrong(*given.errors)
    elif checks:
        asked = page.api.read("/v1/matches/why-not", line=line_id, offering=given.body["offering_id"])
        sent = await outcome(asked, INTEREST)
    else:
        sent = await command(page, "POST", "/v1/matches", {"line_id": line_id, **given.body}, INTEREST)
    if sent.errors or checks:
        return await _interest(page, request_id, line_id, sent)
    return page.redirect(f"/demand/{request_id}", done="interested")


async def _interest(page: Page, request_id: str, line_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    session = page.signed_in
    if session.role != "provider_officer":
        raise NotFoundException
    request, own = await asyncio.gather(
        page.api.get(f"/v1/requests/{request_id}"),
        page.api.get("/v1/offerings", provider=session.organization, status="available", limit=OWN_MAX),
    )
    line: Any = next((one for one in request["lines"] if one["line_id"] == line_id), None)
    if line is None:
        raise NotFoundException
    offerings = candidates(own["offerings"], line["kind"])
    first = {"offering_id": [page.asked("offering") or next((one["offering_id"] for one in offerings), "")]}
    return page.render(
        "demand/interest.html",
        request=request,
        line=line,
        number=request["lines"].index(line) + 1,
        fields=INTEREST,
        typed=page.typed or first,
        fits="" if sent.record is None else FIT if sent.record["fits"] else NO_FIT,
        given={"own_offerings": [Option(one["offering_id"], one["title"]) for one in offerings]},
        any_offering=bool(offerings),
        lists=options(page.language),
        **sent.shown,
    )


ROUTES = (list_demand, show_demand, show_interest, express_interest)
