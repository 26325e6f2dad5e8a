"""Events that a service could not apply: the reason, the events that wait for them, and another attempt."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from services.console.moves.forms import NOTHING, Sent, command
from services.console.page import CurrentPage, Page
from services.console.translations import N_

SERVICES = {
    "requests": N_("Requests"),
    "matching": N_("Matching"),
    "pledges": N_("Money"),
    "delivery": N_("Deliveries"),
    "sherloc": N_("SHERLOC"),
    "notifications": N_("Notifications"),
    "reports": N_("Figures"),
}
PAGES = {
    "requests.request": "/requests",
    "matching.offering": "/offerings",
    "matching.match": "/matches",
    "matching.package": "/packages",
    "matching.round": "/rounds",
    "pledges.pledge": "/pledges",
    "pledges.allocation": "/allocations",
    "delivery.delivery": "/deliveries",
}
"""Paths at which the records of events are shown, by the first two parts of an event's type."""

DONE = {"release": "event_released", "discard": "message_discarded"}


@get("/{language:str}/parked")
async def list_parked(page: CurrentPage) -> Response[bytes]:
    """List the parked events of one service: each has its own list."""
    return await _list(page, page.asked("service", "requests"))


@post("/{language:str}/parked/{service:str}/{event_id:uuid}/{move:str}", status_code=303)
async def move_parked(
    page: CurrentPage, service: FromPath[str], event_id: FromPath[UUID], move: FromPath[str]
) -> Response[bytes]:
    """Try an event again, or discard a message that is not an event."""
    if service not in SERVICES or move not in DONE:
        raise NotFoundException
    sent = await command(page, "POST", f"/v1/parked/{service}/{event_id}/{move}", {}, hidden=False)
    if sent.errors:
        return await _list(page, service, sent)
    return page.redirect("/parked", service=service, done=DONE[move])


async def _list(page: Page, service: str, sent: Sent = NOTHING) -> Response[bytes]:
    if service not in SERVICES:
        raise NotFoundException
    found = await page.api.get(f"/v1/parked/{service}")
    return page.render(
        "parked/list.html",
        service=service,
        services=SERVICES,
        found=found,
        events=[{**one, "path": _path(one)} for one in found["parked"]],
        **sent.shown,
    )


def _path(event: Mapping[str, Any]) -> str | None:
    """Return the path of the page of an event's record, or None if there is none."""
    place = PAGES.get(".".join((event["type"] or "").split(".")[:2]))
    return f"{place}/{event['aggregate_id']}" if place else None


ROUTES = (list_parked, move_parked)
