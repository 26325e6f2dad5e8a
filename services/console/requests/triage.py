"""A coordinator's work on a request: its assignment to a coordinator, and its assessment by the criteria."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.fields import Field, Option
from services.console.moves.forms import NOTHING, Sent, send
from services.console.moves.model import COMMENT
from services.console.page import CurrentPage, Page
from services.console.rendering import code_label
from services.console.translations import N_

UNASSIGNED = "none"
ASSIGNEE = Field(name="assignee", label=N_("Who is in charge"), kind="choice", options="coordinators")
NOT_MET, MET = N_("Not met"), N_("Met")
POINTS = (("0", N_("0 – not at all")), ("1", N_("1 – a little")), ("2", N_("2 – well")), ("3", N_("3 – fully")))


@get("/{language:str}/requests/{request_id:str}/assign")
async def ask_assignee(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    return await _assign(page, request_id)


@post("/{language:str}/requests/{request_id:str}/assign", status_code=303)
async def assign(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    fields = (ASSIGNEE, COMMENT)

    def body_of(typed: dict[str, Any]) -> dict[str, Any]:
        return {**typed, "assignee": None if typed["assignee"] == UNASSIGNED else typed["assignee"]}

    sent = await send(page, "POST", f"/v1/requests/{request_id}/assign", fields, body_of=body_of)
    if sent.errors:
        return await _assign(page, request_id, sent)
    return page.redirect(f"/requests/{request_id}", done="sent")


async def _assign(page: Page, request_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    session = page.signed_in
    request, found = await page.api.get_all(f"/v1/requests/{request_id}", "/v1/coordinators")
    return page.render(
        "requests/assign.html",
        request=request,
        fields=(ASSIGNEE, COMMENT),
        options={"coordinators": options_of(found["coordinators"], str(session.person_id), page)},
        typed=page.typed or {"assignee": [request.get("assignee") or UNASSIGNED]},
        is_open="assign" in request["moves"],
        **sent.shown,
    )


def options_of(coordinators: Sequence[Mapping[str, Any]], reader: str, page: Page) -> Sequence[Option]:
    """Return the coordinators in office as options, the reader first, and last the option of none."""
    gettext = page.gettext
    found = []
    for one in coordinators:
        topics = gettext(", ").join(code_label(page.language, code, "topics") for code in one["topics"])
        is_reader = one["person_id"] == reader
        name = gettext(N_("Me")) if is_reader else one["name"] or gettext(N_("Erased person"))
        found.append((not is_reader, Option(one["person_id"], name, topics)))
    # The API lists them by name.
    ordered = [option for _others, option in sorted(found, key=lambda one: one[0])]
    return [*ordered, Option(UNASSIGNED, gettext(N_("No particular coordinator: all coordinators are notified")))]


@get("/{language:str}/requests/{request_id:str}/assess")
async def ask_points(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    return await _assess(page, request_id)


@post("/{language:str}/requests/{request_id:str}/assess", status_code=303)
async def assess(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    criteria = await page.api.get("/v1/criteria")
    fields = fields_of(criteria, page.language)

    def body_of(typed: dict[str, Any]) -> dict[str, Any]:
        judged = [{"code": code, "points": points} for code, points in typed.get("points", {}).items()]
        return {"judged": judged, "comment": typed.get("comment", "")}

    sent = await send(page, "POST", f"/v1/requests/{request_id}/assess", fields, body_of=body_of)
    if sent.errors:
        return await _assess(page, request_id, sent, criteria)
    return page.redirect(f"/requests/{request_id}", done="sent")


def fields_of(criteria: Mapping[str, Any], language: str) -> Sequence[Field]:
    """Return a field for each criterion in force, with the text that UNODC published, and the comment."""
    met = (("1", MET), ("0", NOT_MET))
    return [
        *(_criterion(one, language, met) for one in criteria["eligibility"]),
        *(_criterion(one, language, POINTS) for one in criteria["priority"]),
        COMMENT,
    ]


def _criterion(one: Mapping[str, Any], language: str, options: tuple[tuple[str, str], ...]) -> Field:
    return Field(name=f"points.{one['code']}", label=one["texts"][language], kind="choice", options=options, whole=True)


async def _assess(
    page: Page, request_id: str, sent: Sent = NOTHING, criteria: Mapping[str, Any] | None = None
) -> Response[bytes]:
    request = await page.api.get(f"/v1/requests/{request_id}")
    criteria = criteria or await page.api.get("/v1/criteria")
    return page.render(
        "requests/assess.html",
        request=request,
        criteria=criteria,
        fields=fields_of(criteria, page.language),
        typed=page.typed or None,
        is_open="assess" in request["moves"],
        **sent.shown,
    )


ROUTES = (ask_assignee, assign, ask_points, assess)
