"""Assignment of coordinators to ticked requests, or to all requests of a colleague."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from litestar import Response, get, post
from msgspec import Struct

from services.console.client import Problem
from services.console.fields import KNOWN, NOT_CHOSEN, FormError, whole_number
from services.console.moves.forms import command, wrong
from services.console.page import CurrentPage, Page, see_other
from services.console.work.query import WorkQuery

TICKED_MAX = 50
AT_A_TIME = 8


class Ticked(Struct, frozen=True):
    """A ticked request, as in the value of its box: id, revision when it was shown, and name."""

    request_id: str
    revision: int
    name: str

    @property
    def value(self) -> str:
        return f"{self.request_id} {self.revision} {self.name}"


class Refused(Struct, frozen=True):
    """A request that was not assigned, and the reason in the words of the API."""

    ticked: Ticked
    why: str
    again: bool
    """True if it is sent again as it is: it is not known whether it was assigned."""


def ticked_of(values: Sequence[str]) -> tuple[Ticked, ...]:
    """Return the ticked requests, each once: several clocks may run for one."""
    found: dict[str, Ticked] = {}
    for value in values:
        request_id, revision, name = (*value.split(" ", 2), "", "")[:3]
        if (shown := whole_number(revision)) is not None and request_id.replace("-", "").isalnum():
            found.setdefault(request_id, Ticked(request_id, shown, name))
    return tuple(found.values())[:TICKED_MAX]


async def assign_each(page: Page, ticked: Sequence[Ticked], assignee: str | None, key: str) -> list[Refused]:
    """Assign each request separately, and return those that were refused."""
    at_a_time = asyncio.Semaphore(AT_A_TIME)

    async def assign(one: Ticked) -> Refused | None:
        async with at_a_time:
            try:
                await page.api.send(
                    "POST",
                    f"/v1/requests/{one.request_id}/assign",
                    {"assignee": assignee},
                    key=str(uuid5(NAMESPACE_URL, f"{key}:{one.request_id}:{one.revision}:{assignee}")),
                    revision=one.revision,
                )
            except Problem as problem:
                if problem.status == 401:
                    raise
                return Refused(one, page.said_of(problem), problem.slug in KNOWN)
        return None

    return [one for one in await asyncio.gather(*map(assign, ticked)) if one is not None]


def _desk(page: Page) -> str:
    """Return the query of the desk that the form came from."""
    query = WorkQuery.from_address(page.value("query")).encoded
    return "&".join(part for part in (query, "view=board" if page.value("view") == "board" else "") if part)


def _back(page: Page, **more: str) -> Response[bytes]:
    parts = [_desk(page), *(f"{name}={value}" for name, value in more.items())]
    return see_other(f"{page.address('/work')}?{'&'.join(part for part in parts if part)}")


@post("/{language:str}/work/assign", status_code=303)
async def assign(page: CurrentPage) -> Response[bytes]:
    """Put the person, a colleague or no person in charge of the ticked requests, and show which were refused."""
    session = page.signed_in
    ticked = ticked_of(page.typed.get("request", ()))
    if not ticked:
        return _back(page, ticked="none")
    to = page.value("to")
    if to == "me":
        assignee = str(session.person_id)
    elif to == "choose" or not (assignee := page.value("assignee")):
        errors = () if to == "choose" else (FormError("assignee", NOT_CHOSEN),)
        return await _choose(page, ticked, errors)
    refused = await assign_each(page, ticked, None if assignee == "none" else assignee, page.key)
    if not refused:
        return _back(page, done="assigned")
    again = [one.ticked.value for one in refused if one.again]
    return page.render("work/refused.html", ticked=ticked, refused=refused, again=again, desk=_desk(page))


async def _choose(page: Page, ticked: Sequence[Ticked], errors: Sequence[FormError]) -> Response[bytes]:
    coordinators = await coordinators_of(page)
    return page.render(
        "work/choose.html",
        status=400 if errors else 200,
        ticked=ticked,
        coordinators=coordinators,
        errors=errors,
        desk=_desk(page),
        query=WorkQuery.from_address(page.value("query")),
        board=page.value("view") == "board",
    )


async def coordinators_of(page: Page) -> Sequence[Mapping[str, Any]]:
    """Return the coordinators in office."""
    found = await page.api.get("/v1/coordinators")
    return list(found["coordinators"])


@get("/{language:str}/work/coordinators")
async def show_coordinators(page: CurrentPage) -> Response[bytes]:
    """List the coordinators in office with their remits, and links to their work."""
    session = page.signed_in
    return page.render("work/coordinators.html", coordinators=await coordinators_of(page), me=str(session.person_id))


@get("/{language:str}/work/hand-over")
async def show_hand_over(page: CurrentPage) -> Response[bytes]:
    return page.render("work/hand_over.html", coordinators=await coordinators_of(page), typed={})


@post("/{language:str}/work/hand-over", status_code=303)
async def hand_over(page: CurrentPage) -> Response[bytes]:
    """Hand over all requests in progress of one coordinator to another, for an absence."""
    session = page.signed_in
    giver, assignee = page.value("giver") or str(session.person_id), page.value("assignee")
    sent = wrong(FormError("assignee", NOT_CHOSEN))
    if assignee:
        body = {"giver": giver, "assignee": assignee}
        sent = await command(page, "POST", "/v1/work/hand-over", body, hidden=False)
    if not sent.errors:
        return see_other(f"{page.address('/work')}?assignee={assignee}&waiting_for=anyone&done=handed_over")
    coordinators = await coordinators_of(page)
    return page.render("work/hand_over.html", coordinators=coordinators, typed=page.typed, **sent.shown)


ROUTES = (assign, show_coordinators, show_hand_over, hand_over)
