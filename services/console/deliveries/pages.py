"""Deliveries: the list, a delivery, and the contacts of one's own side."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.deliveries import agreement, thread
from services.console.deliveries.agreement import optional_agreement
from services.console.deliveries.figures import drawn
from services.console.deliveries.moves import DELIVERY
from services.console.deliveries.reading import STATUSES, is_mine, primary, timeline, turn
from services.console.deliveries.thread import thread_of
from services.console.fields import Field
from services.console.moves.forms import NOTHING, Form, Sent, send, show
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.translations import N_

LIST_LENGTH = 25
ACTS_FOR_STATE = "focal_point"


def _fields(place: str, *, required: bool) -> tuple[Field, ...]:
    return (
        Field(name=f"{place}.name", label=N_("Name"), required=required, empty=""),
        Field(name=f"{place}.function", label=N_("Function"), required=False, empty=""),
        Field(
            name=f"{place}.email", label=N_("Email address"), kind="email", max_length=254, required=required, empty=""
        ),
        Field(name=f"{place}.telephone", label=N_("Telephone"), max_length=40, required=False, empty=""),
    )


FIRST, SECOND = _fields("first", required=True), _fields("second", required=False)
CONTACTS = (*FIRST, *SECOND)


@get("/{language:str}/deliveries")
async def list_deliveries(page: CurrentPage) -> Response[bytes]:
    query = {name: page.asked(name) for name in ("status", "request") if page.asked(name)}
    found = await page.api.get("/v1/deliveries", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render("deliveries/list.html", found=found, query=query, statuses=STATUSES, turn=turn)


@get("/{language:str}/deliveries/{delivery_id:str}")
async def show_delivery(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    """Show a delivery: whose turn it is, the contacts of both sides, and what happened."""
    session = page.signed_in
    delivery, sessions, results, action_points, screenings, proposed = await asyncio.gather(
        page.api.get(f"/v1/deliveries/{delivery_id}"),
        page.api.get(f"/v1/deliveries/{delivery_id}/sessions"),
        page.api.get(f"/v1/deliveries/{delivery_id}/results"),
        page.api.get(f"/v1/deliveries/{delivery_id}/action-points"),
        page.api.get(f"/v1/deliveries/{delivery_id}/screenings"),
        optional_agreement(page, delivery_id),
    )
    return page.render(
        "deliveries/show.html",
        sessions=sessions["sessions"],
        participants=sessions["participants"],
        results=results["results"],
        action_points=action_points["action_points"],
        screenings=screenings,
        drawn=drawn(sessions, page.language),
        delivery=delivery,
        agreement=proposed,
        **await thread_of(page, delivery),
        moves=DELIVERY.open_to(delivery, session.role),
        primary=primary(delivery),
        turn=turn(delivery),
        mine=is_mine(delivery, session.role),
        timeline=timeline(delivery),
    )


@get("/{language:str}/deliveries/{delivery_id:str}/contacts")
async def show_contacts(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    """Show the form of the contacts of one's own side."""
    return await _contacts(page, delivery_id, NOTHING)


@post("/{language:str}/deliveries/{delivery_id:str}/contacts", status_code=303)
async def name_contacts(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    """Name the contacts of one's own side, in place of those before."""
    sent = await send(page, "PUT", f"/v1/deliveries/{delivery_id}/contacts", CONTACTS, body_of=_body)
    if sent.record is None:
        return await _contacts(page, delivery_id, sent)
    return page.redirect(f"/deliveries/{delivery_id}", done="saved")


def _body(typed: dict[str, Any]) -> dict[str, Any]:
    return {"contacts": [one for one in (typed.get("first"), typed.get("second")) if one and any(one.values())]}


async def _contacts(page: Page, delivery_id: str, sent: Sent) -> Response[bytes]:
    delivery = await page.api.get(f"/v1/deliveries/{delivery_id}")
    side = "state" if page.signed_in.role == ACTS_FOR_STATE else "provider"
    form = Form(
        heading=N_("Name your contacts"),
        back=f"/deliveries/{delivery_id}",
        groups=((N_("First contact"), FIRST), (N_("Second contact, if there is one"), SECOND)),
        record=delivery,
        head="deliveries/head.html",
        explains=N_(
            "The other side and UNODC read them, and may call or write to these persons. Name only persons who know"
            " of it."
        ),
        revision=delivery["revision"],
        typed=_named(delivery["contacts"][side]),
        is_open="name_contacts" in delivery["moves"],
    )
    return show(page, form, sent)


def _named(contacts: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the contacts named before as values of the form."""
    return {
        f"{place}.{name}": [contact[name]]
        for place, contact in zip(("first", "second"), contacts, strict=False)
        for name in ("name", "function", "email", "telephone")
    }


ROUTES = (
    list_deliveries,
    show_delivery,
    show_contacts,
    name_contacts,
    *agreement.ROUTES,
    *thread.ROUTES,
    *routes_of(DELIVERY),
)
