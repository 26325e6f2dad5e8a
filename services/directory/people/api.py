"""The routes of organizations and people. Each opens one transaction; a command that comes again is answered anew."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from msgspec import Struct

from chassis.db.database import Database, Tx
from chassis.http.application import Calling, Commanded, Db, Expected, Now, Paging, Streaming, asks, created, shown
from chassis.http.event_streams import EVENT_STREAM, EventStream, LastEventId
from chassis.http.idempotency import Command, claim
from chassis.http.problems import language_of
from chassis.http.queries import formed_as
from chassis.ids import new_id
from chassis.journal.event_feed import FeedItem
from contracts.facts import Fact
from contracts.reference import country_name
from contracts.refusals import Missing
from contracts.values import Language
from contracts.values import Organization as OrganizationCode
from services.directory import policy
from services.directory.commands import (
    Confirm,
    EnterPerson,
    Reason,
    RegisterOrganization,
    check_reason,
)
from services.directory.people import actions, store
from services.directory.people.model import Kind, Organization, Person
from services.directory.people.views import PersonView, read_view, views_of
from services.directory.policy import Action, Entering

AcceptLanguage = Annotated[str | None, HeaderParameter(name="Accept-Language")]


class OrganizationView(Struct, frozen=True, kw_only=True):
    """An organization; a State has its name in the language of `Accept-Language`, others the one they were given."""

    organization_id: UUID
    code: str
    kind: Kind
    name: str
    revision: int
    registered_at: datetime


class OrganizationPage(Struct, frozen=True, kw_only=True):
    """Organizations by code; `cursor` leads to the next page."""

    organizations: list[OrganizationView]
    cursor: str | None


class PersonPage(Struct, frozen=True, kw_only=True):
    """The people this caller may see; `cursor` leads to the next page."""

    people: list[PersonView]
    cursor: str | None


# -- organizations ----------------------------------------------------------------------------------------------------


@post("/v1/organizations", opt=asks(Action.REGISTER), summary="Register an organization")
async def register_organization(
    data: JSONBody[RegisterOrganization],
    db: Db,
    caller: Calling,
    command: Commanded,
    now: Now,
    accept_language: AcceptLanguage = None,
) -> Response[OrganizationView]:
    """A State, UNODC, a unit of it (`UNODC-…`), or another organization that provides or donates."""
    policy.decide(caller, Action.REGISTER).required()
    name = data.checked_name()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=actions.organization_id_of(data.code))
        if claimed.first:
            await actions.register(tx, data.code, name, now=now)
        found = await store.organizations(tx, only=data.code)
    view = _organization_view(*found[0], language_of(accept_language))
    return created(view, location=f"/v1/organizations/{view.code}", revision=view.revision)


@get("/v1/organizations", opt=asks(Action.LIST_ORGANIZATIONS), summary="Organizations, by code")
async def list_organizations(
    db: Db,
    caller: Calling,
    paging: Paging,
    cursor: Annotated[str | None, formed_as(OrganizationCode)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
    accept_language: AcceptLanguage = None,
) -> Response[OrganizationPage]:
    async with db.transaction(by=caller) as tx:
        found = await store.organizations(tx, after=cursor, limit=limit + 1)
    views = [_organization_view(one, name, language_of(accept_language)) for one, name in found[:limit]]
    more = views[-1].code if len(found) > limit else None
    return Response(OrganizationPage(organizations=views, cursor=more), headers=paging.next_link(more))


@get("/v1/organizations/{organization:str}", opt=asks(Action.SHOW_ORGANIZATION), summary="One organization")
async def show_organization(
    organization: FromPath[OrganizationCode], db: Db, caller: Calling, accept_language: AcceptLanguage = None
) -> Response[OrganizationView]:
    async with db.transaction(by=caller) as tx:
        found = await store.organizations(tx, only=organization)
    if not found:
        raise Missing("not-found")
    view = _organization_view(*found[0], language_of(accept_language))
    return shown(view, revision=view.revision)


def _organization_view(organization: Organization, name: str, language: Language) -> OrganizationView:
    return OrganizationView(
        organization_id=organization.organization_id,
        code=organization.code,
        kind=organization.kind,
        name=country_name(organization.code, language) if organization.kind is Kind.STATE else name,
        revision=organization.revision,
        registered_at=organization.registered_at,
    )


# -- people -----------------------------------------------------------------------------------------------------------


@post("/v1/people", opt=asks(Action.ENTER), summary="Enter a person")
async def enter_person(
    data: JSONBody[EnterPerson], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[PersonView]:
    """A focal point enters people of the own State, an administrator anybody. It gives them nothing to do yet.

    The subjects that an administrator gives have no effect before a second person approves them, or an appointment.
    """
    policy.decide(caller, Action.ENTER, Entering(data.organization, data.person_id is not None)).required()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=data.person_id or new_id())
        if claimed.first:
            alone = policy.may_set_subjects_alone(caller, data.organization)
            await actions.enter(
                tx,
                claimed.outcome,
                data.organization,
                data.texts(),
                subjects_proposed_by=None if alone else caller.person_id,
                now=now,
            )
        view = await read_view(tx, claimed.outcome, caller)
    return created(view, location=f"/v1/people/{view.person_id}", revision=view.revision)


@get("/v1/people", opt=asks(Action.LIST_PEOPLE), summary="The people this caller may see")
async def list_people(
    db: Db,
    caller: Calling,
    paging: Paging,
    organization: Annotated[str | None, formed_as(OrganizationCode)] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[PersonPage]:
    """By id. A focal point sees those of the own State, administrators and auditors all, others themselves."""
    async with db.transaction(by=caller) as tx:
        found = await store.people(tx, caller, organization=organization, before=cursor, limit=limit + 1)
        views = await views_of(tx, found[:limit], caller)
    more = str(views[-1].person_id) if len(found) > limit else None
    return Response(PersonPage(people=views, cursor=more), headers=paging.next_link(more))


@get("/v1/people/{person_id:uuid}", opt=asks(Action.SHOW_PERSON), summary="One person")
async def show_person(person_id: FromPath[UUID], db: Db, caller: Calling) -> Response[PersonView]:
    async with db.transaction(by=caller) as tx:
        view = await read_view(tx, person_id, caller)
    return shown(view, revision=view.revision)


@post(
    "/v1/people/{person_id:uuid}/disable",
    opt=asks(Action.DISABLE),
    status_code=200,
    summary="Shut somebody out, everywhere and at once",
)
async def disable_person(
    person_id: FromPath[UUID],
    data: JSONBody[Reason],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PersonView]:
    """Their appointments stay and have no effect until they are enabled again."""
    reason = check_reason("disable_person", data.reason)
    return await _carry_out(
        db, command, person_id, Action.DISABLE, lambda person: person.disable(reason, now=now), expected
    )


@post("/v1/people/{person_id:uuid}/enable", opt=asks(Action.ENABLE), status_code=200, summary="Let somebody in again")
async def enable_person(
    person_id: FromPath[UUID],
    data: JSONBody[Confirm],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PersonView]:
    return await _carry_out(db, command, person_id, Action.ENABLE, lambda person: person.enable(now=now), expected)


@post(
    "/v1/people/{person_id:uuid}/propose-erasure",
    opt=asks(Action.PROPOSE_ERASURE),
    status_code=200,
    summary="Propose to erase what names somebody",
)
async def propose_erasure(
    person_id: FromPath[UUID],
    data: JSONBody[Reason],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PersonView]:
    """By an administrator or the State's focal point; another administrator has to approve. End appointments first."""
    reason = check_reason("propose_erasure", data.reason)

    async def act(tx: Tx) -> None:
        await actions.propose_erasure(tx, person_id, reason, caller=caller, expected=expected, now=now)

    return await _move(db, command, person_id, act)


@post(
    "/v1/people/{person_id:uuid}/decline-erasure",
    opt=asks(Action.DECLINE_ERASURE),
    status_code=200,
    summary="Decline a proposed erasure, or take it back",
)
async def decline_erasure(
    person_id: FromPath[UUID],
    data: JSONBody[Reason],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PersonView]:
    reason = check_reason("decline_erasure", data.reason)
    return await _carry_out(
        db,
        command,
        person_id,
        Action.DECLINE_ERASURE,
        lambda person: person.decline_erasure(reason, now=now),
        expected,
    )


@post(
    "/v1/people/{person_id:uuid}/approve-erasure",
    opt=asks(Action.APPROVE_ERASURE),
    status_code=200,
    summary="Approve a proposed erasure: what names somebody goes, everywhere",
)
async def approve_erasure(
    person_id: FromPath[UUID],
    data: JSONBody[Confirm],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[PersonView]:
    """It cannot be undone. By another administrator than who proposed it; their id stays, and names nobody."""

    async def act(tx: Tx) -> None:
        await actions.approve_erasure(tx, person_id, caller=caller, expected=expected, now=now)

    return await _move(db, command, person_id, act)


async def _carry_out(
    db: Database,
    command: Command,
    person_id: UUID,
    action: Action,
    decide: Callable[[Person], Fact],
    expected: int,
) -> Response[PersonView]:
    async def act(tx: Tx) -> None:
        await actions.move_person(tx, person_id, action, decide, caller=command.caller, expected=expected)

    return await _move(db, command, person_id, act)


async def _move(
    db: Database, command: Command, person_id: UUID, act: Callable[[Tx], Awaitable[None]]
) -> Response[PersonView]:
    async with db.transaction(by=command.caller) as tx:
        claimed = await claim(tx, command, outcome=person_id)
        if claimed.first:
            await act(tx)
        view = await read_view(tx, person_id, command.caller)
    return shown(view, revision=view.revision)


@get(
    "/v1/events/directory",
    opt=asks(Action.FOLLOW),
    media_type=EVENT_STREAM,
    summary="What happens to organizations, people and appointments, as it does",
)
async def follow_directory(stream: Streaming, last_event_id: LastEventId = None) -> EventStream[FeedItem]:
    """Of whom the caller sees."""
    return stream(last_event_id)


ROUTES = [
    follow_directory,
    register_organization,
    list_organizations,
    show_organization,
    enter_person,
    list_people,
    show_person,
    disable_person,
    enable_person,
    propose_erasure,
    decline_erasure,
    approve_erasure,
]
