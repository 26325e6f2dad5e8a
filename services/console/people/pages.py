"""People, their appointments and organizations: for administrators, and for focal points in their own State."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from services.console.client import Problem
from services.console.fields import FormError, Option
from services.console.moves.forms import NOTHING, Sent, command, send
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.people.forms import (
    APPOINTMENT_FIELDS,
    COLUMNS,
    PERSON_FIELDS,
    ROWS_MAX,
    TABLE,
    Row,
    appointment_of,
    person_of,
    roles_for,
    rows_of,
)
from services.console.people.moves import APPOINTMENT, PERSON
from services.console.rendering import organization
from services.console.translations import N_

LIST_LENGTH = 50
ORGANIZATIONS_MAX = 100
TOO_MANY = N_("Paste at most 50 rows at a time")
NO_ROW = N_("Paste at least one row")


@get("/{language:str}/people")
async def list_people(page: CurrentPage) -> Response[bytes]:
    query = {"organization": page.asked("organization")} if page.asked("organization") else {}
    people, proposed = await asyncio.gather(
        page.api.get("/v1/people", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH),
        page.api.get("/v1/appointments", status="proposed", limit=LIST_LENGTH),
    )
    names = {one["person_id"]: one["name"] for one in people["people"]}
    return page.render("people/list.html", found=people, proposed=proposed["appointments"], names=names, query=query)


@get("/{language:str}/people/{person_id:uuid}")
async def show_person(page: CurrentPage, person_id: FromPath[UUID]) -> Response[bytes]:
    session = page.signed_in
    person, held = await asyncio.gather(
        page.api.get(f"/v1/people/{person_id}"),
        page.api.get("/v1/appointments", person=person_id, limit=LIST_LENGTH),
    )
    return page.render(
        "people/show.html",
        person=person,
        appointments=held["appointments"],
        proposer=await _name(page, person["erasure_proposed_by"]),
        moves=PERSON.open_to(person, session.role),
    )


@get("/{language:str}/appointments/{appointment_id:uuid}")
async def show_appointment(page: CurrentPage, appointment_id: FromPath[UUID]) -> Response[bytes]:
    session = page.signed_in
    appointment = await page.api.get(f"/v1/appointments/{appointment_id}")
    return page.render(
        "people/appointment.html",
        record=appointment,
        proposer=await _name(page, appointment["proposed_by"]),
        moves=APPOINTMENT.open_to(appointment, session.role),
    )


@get("/{language:str}/people/new")
async def new_person(page: CurrentPage) -> Response[bytes]:
    return await _person_form(page)


@post("/{language:str}/people/new", status_code=303)
async def enter_person(page: CurrentPage) -> Response[bytes]:
    """Enter a person, and redirect to the form that appoints them."""
    sent = await send(page, "POST", "/v1/people", PERSON_FIELDS, body_of=person_of, hidden=False)
    if sent.errors:
        return await _person_form(page, sent)
    return page.redirect(f"/people/{sent.record['person_id']}/appoint", done="entered")


@get("/{language:str}/people/{person_id:uuid}/appoint")
async def new_appointment(page: CurrentPage, person_id: FromPath[UUID]) -> Response[bytes]:
    return await _appointment_form(page, person_id)


@post("/{language:str}/people/{person_id:uuid}/appoint", status_code=303)
async def appoint(page: CurrentPage, person_id: FromPath[UUID]) -> Response[bytes]:
    """Appoint a person. The API decides whether it is in force immediately or proposed to a second person."""

    def body_of(typed: dict[str, Any]) -> dict[str, Any]:
        return appointment_of(typed, str(person_id))

    sent = await send(page, "POST", "/v1/appointments", APPOINTMENT_FIELDS, body_of=body_of, hidden=False)
    if sent.errors:
        return await _appointment_form(page, person_id, sent)
    return page.redirect(f"/appointments/{sent.record['appointment_id']}", done="saved")


@get("/{language:str}/people/several")
async def new_people(page: CurrentPage) -> Response[bytes]:
    return _several(page)


@post("/{language:str}/people/several", status_code=200)
async def enter_people(page: CurrentPage) -> Response[bytes]:
    """Enter and appoint each row of a pasted table; those that were not accepted can be corrected and sent again."""
    rows = rows_of(page.value("table"))
    if not rows or len(rows) > ROWS_MAX:
        return _several(page, errors=(FormError("table", TOO_MANY if rows else NO_ROW),), status=400)
    if any(row.wrong for row in rows):
        return _several(page, rows=[(row, page.gettext(row.wrong) if row.wrong else "") for row in rows], status=400)
    outcomes = [await _enter(page, row) for row in rows]
    left = "\n".join(one.row.line for one in outcomes if one.said)
    return _several(page, outcomes=outcomes, left=left)


class Outcome(Struct, frozen=True, kw_only=True):
    """The outcome of a row: the person and appointment that it entered, and the API's message if it refused either."""

    row: Row
    person_id: str = ""
    appointment: Mapping[str, Any] | None = None
    said: str = ""


async def _enter(page: Page, row: Row) -> Outcome:
    """Enter and appoint a person. Sending a row again enters no person twice."""
    form, person_id = page.key, ""
    person = person_of(row.cells)
    try:
        entered = await page.api.send("POST", "/v1/people", person, key=_key(form, person))
        person_id = entered.body["person_id"]
        body = appointment_of(row.cells, person_id)
        appointed = await page.api.send("POST", "/v1/appointments", body, key=_key(form, body))
    except Problem as problem:
        if problem.status == 401:
            raise
        return Outcome(row=row, person_id=person_id, said=page.said_of(problem))
    return Outcome(row=row, person_id=person_id, appointment=appointed.body)


def _key(form: str, body: Mapping[str, Any]) -> str:
    """Return an idempotency key that is the same for the same row of the same form."""
    return str(uuid5(NAMESPACE_URL, f"{form} {sorted(body.items())}"))


@get("/{language:str}/organizations")
async def list_organizations(page: CurrentPage) -> Response[bytes]:
    return await _organizations(page)


@post("/{language:str}/organizations", status_code=303)
async def register_organization(page: CurrentPage) -> Response[bytes]:
    body = {"code": page.value("code").strip().upper(), "name": page.value("name").strip()}
    sent = await command(page, "POST", "/v1/organizations", body, hidden=False)
    if sent.errors:
        return await _organizations(page, sent)
    return page.redirect("/organizations", done="saved")


async def _organizations(page: Page, sent: Sent = NOTHING) -> Response[bytes]:
    found = await page.api.get("/v1/organizations", cursor=page.asked("cursor"), limit=ORGANIZATIONS_MAX)
    return page.render("people/organizations.html", found=found, **sent.shown)


async def _name(page: Page, person_id: str | None) -> str | None:
    """Return the name of a person, or None if the reader may not see it."""
    person = await page.optional(f"/v1/people/{person_id}") if person_id else None
    return person["name"] if person else None


async def _person_form(page: Page, sent: Sent = NOTHING) -> Response[bytes]:
    session = page.signed_in
    return page.render(
        "people/form.html",
        title=N_("Enter a person"),
        explains=N_("The person has no role yet: the next page appoints them."),
        button=N_("Continue"),
        person=None,
        fields=PERSON_FIELDS,
        typed=page.typed or {"organization": [session.organization], "language": [page.language]},
        given={"organizations": await _organization_options(page)},
        **sent.shown,
    )


async def _appointment_form(page: Page, person_id: UUID, sent: Sent = NOTHING) -> Response[bytes]:
    session = page.signed_in
    person = await page.api.get(f"/v1/people/{person_id}")
    given = {
        "organizations": await _organization_options(page),
        "roles": roles_for(session.role, page.language),
    }
    return page.render(
        "people/form.html",
        title=N_("Appoint"),
        explains=N_("Roles of trust wait for the approval of a second person."),
        button=N_("Appoint"),
        person=person,
        fields=APPOINTMENT_FIELDS,
        typed=page.typed or {"organization": [person["organization"]]},
        given=given,
        **sent.shown,
    )


async def _organization_options(page: Page) -> list[Option]:
    """Return the own State for a focal point, all organizations for an administrator."""
    session = page.signed_in
    if session.role == "focal_point":
        return [Option(session.organization, organization(page.language, session.organization))]
    found = await page.api.get("/v1/organizations", limit=ORGANIZATIONS_MAX)
    return [Option(one["code"], one["name"] or one["code"]) for one in found["organizations"]]


def _several(
    page: Page,
    *,
    rows: Sequence[tuple[Row, str]] = (),
    outcomes: Sequence[Outcome] = (),
    left: str = "",
    errors: tuple[FormError, ...] = (),
    status: int = 200,
) -> Response[bytes]:
    return page.render(
        "people/several.html",
        status=status,
        field_of_table=TABLE,
        columns=COLUMNS,
        rows=rows,
        outcomes=outcomes,
        typed={"table": [left]} if outcomes else page.typed or None,
        errors=errors,
        most=ROWS_MAX,
    )


ROUTES = (
    list_people,
    show_person,
    show_appointment,
    new_person,
    enter_person,
    new_appointment,
    appoint,
    new_people,
    enter_people,
    list_organizations,
    register_organization,
    *routes_of(PERSON),
    *routes_of(APPOINTMENT),
)
