"""Action points of a delivery or a strategy: the page of each, and its form."""

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.deliveries.moves import ACTION_POINT, REVISE
from services.console.deliveries.words import ACTION_OWNER, ACTION_SOURCE
from services.console.fields import WORDS_MAX, Field
from services.console.moves.forms import NOTHING, Form, Sent, filled, send, show, text_languages
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.translations import N_

SOURCE = Field(name="source", label=N_("Follows from"), kind="choice", options=tuple(ACTION_SOURCE.items()))
TEXT = Field(name="text", label=N_("What is to be done"), kind="words", max_length=WORDS_MAX)
LANGUAGE = Field(name="language", label=N_("Language of your texts"), kind="choice", options="text_languages")
OWNER = Field(name="owner", label=N_("Who does it"), kind="choice", options=tuple(ACTION_OWNER.items()))
DUE_ON = Field(name="due_on", label=N_("Due day"), kind="date")
TERMS = (TEXT, LANGUAGE, OWNER, DUE_ON)
FIELDS = (SOURCE, *TERMS)
STRATEGY_OWNER = Field(
    name=OWNER.name,
    label=OWNER.label,
    kind="choice",
    options=tuple((side, ACTION_OWNER[side]) for side in ("state", "unodc")),
)
STRATEGY_TERMS = (TEXT, LANGUAGE, STRATEGY_OWNER, DUE_ON)
"""Fields of a strategy's action point, which no provider owns."""

NOTIFIED = N_("Who does it is notified, and reminded on the due day.")
NEW = "/{language:str}/deliveries/{delivery_id:str}/action-points/new"
ONE = "/{language:str}/action-points/{action_point_id:str}"


@get(NEW)
async def new_action_point(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    """Show the form. `source` in the address is the source of the action point."""
    return await _new(page, delivery_id, NOTHING)


@post(NEW, status_code=303)
async def add_action_point(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"/v1/deliveries/{delivery_id}/action-points", FIELDS)
    if sent.record is None:
        return await _new(page, delivery_id, sent)
    return page.redirect(f"/action-points/{sent.record['action_point_id']}", done="saved")


@get(ONE)
async def show_action_point(page: CurrentPage, action_point_id: FromPath[str]) -> Response[bytes]:
    """Show an action point: what is to be done, by whom, and its status."""
    role = page.signed_in.role
    point = await page.api.get(f"/v1/action-points/{action_point_id}")
    return page.render("deliveries/action_point.html", record=point, moves=ACTION_POINT.open_to(point, role))


@get(f"{ONE}{REVISE}")
async def show_revision(page: CurrentPage, action_point_id: FromPath[str]) -> Response[bytes]:
    """Show the form, filled with what was stated last."""
    return await _again(page, action_point_id, NOTHING)


@post(f"{ONE}{REVISE}", status_code=303)
async def revise_action_point(page: CurrentPage, action_point_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "PUT", f"/v1/action-points/{action_point_id}", TERMS)
    if sent.record is None:
        return await _again(page, action_point_id, sent)
    return page.redirect(f"/action-points/{action_point_id}", done="saved")


async def _new(page: Page, delivery_id: str, sent: Sent) -> Response[bytes]:
    delivery = await page.api.get(f"/v1/deliveries/{delivery_id}")
    first = {"source": page.asked("source"), "language": page.language}
    form = Form(
        heading=N_("Add an action point"),
        back=f"/deliveries/{delivery_id}",
        groups=(("", filled(FIELDS, first)),),
        record=delivery,
        head="deliveries/head.html",
        explains=NOTIFIED,
        given=text_languages(),
        is_open="add_action_point" in delivery["moves"],
    )
    return show(page, form, sent)


async def _again(page: Page, action_point_id: str, sent: Sent) -> Response[bytes]:
    point = await page.api.get(f"/v1/action-points/{action_point_id}")
    terms = STRATEGY_TERMS if point["delivery_id"] is None else TERMS
    form = Form(
        heading=N_("Revise the action point"),
        back=f"/action-points/{action_point_id}",
        groups=(("", filled(terms, point)),),
        record=point,
        head="deliveries/action_point_head.html",
        explains=NOTIFIED,
        revision=point["revision"],
        given=text_languages(),
        is_open="revise_action_point" in point["moves"],
    )
    return show(page, form, sent)


ROUTES = (
    new_action_point,
    add_action_point,
    show_action_point,
    show_revision,
    revise_action_point,
    *routes_of(ACTION_POINT),
)
