"""The routes of organizations and people. Each opens one transaction."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, StreamFactory, requires
from chassis.http.commands import change, create, show
from chassis.http.event_streams import EVENT_STREAM, EventStream, LastEventId
from chassis.http.pages import Pagination
from chassis.http.problems import language_of
from chassis.http.queries import query_parameter
from chassis.ids import new_id
from chassis.journal.event_feed import FeedItem
from contracts.conversion import from_attributes
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
from services.directory.people.model import Kind, Organization
from services.directory.people.views import PersonView, read_view, views_of
from services.directory.policy import Action, NewPerson

AcceptLanguage = Annotated[str | None, HeaderParameter(name="Accept-Language")]


class OrganizationView(Struct, frozen=True, kw_only=True):
    """An organization; a State's name is in the language of `Accept-Language`, others have one name."""

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


async def _organization(tx: Tx, _ctx: Context, code: str, accept_language: AcceptLanguage = None) -> OrganizationView:
    found = await store.organizations(tx, only=code)
    if not found:
        raise Missing("not-found")
    return _organization_view(*found[0], language_of(accept_language))


@create(
    "/v1/organizations",
    Action.REGISTER,
    "Register an organization",
    read=_organization,
    key=lambda data: data.code,
    outcome=actions.organization_id_of,
    location=lambda view: f"/v1/organizations/{view.code}",
)
async def register_organization(tx: Tx, ctx: Context, code: str, data: JSONBody[RegisterOrganization]) -> None:
    """Registers a State, UNODC, a unit of it (`UNODC-…`), or another organization that provides or donates."""
    policy.decide(ctx.caller, Action.REGISTER).required()
    await actions.register(tx, code, data.checked_name(), now=ctx.now)


@get("/v1/organizations", opt=requires(Action.LIST_ORGANIZATIONS), summary="Organizations, by code")
async def list_organizations(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    cursor: Annotated[str | None, query_parameter(OrganizationCode)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
    accept_language: AcceptLanguage = None,
) -> Response[OrganizationPage]:
    async with db.transaction(by=caller) as tx:
        found = await store.organizations(tx, after=cursor, limit=limit + 1)
    views = [_organization_view(one, name, language_of(accept_language)) for one, name in found]
    return paging.page(OrganizationPage, views, limit, at=lambda last: last.code)


@show("/v1/organizations/{organization:str}", Action.SHOW_ORGANIZATION, "One organization")
async def show_organization(
    tx: Tx, ctx: Context, organization: FromPath[OrganizationCode], accept_language: AcceptLanguage = None
) -> OrganizationView:
    return await _organization(tx, ctx, organization, accept_language)


def _organization_view(organization: Organization, name: str, language: Language) -> OrganizationView:
    return from_attributes(
        OrganizationView,
        organization,
        name=country_name(organization.code, language) if organization.kind is Kind.STATE else name,
    )


# -- people -----------------------------------------------------------------------------------------------------------


@create("/v1/people", Action.ENTER, "Enter a person", read=read_view, key=lambda data: data.person_id or new_id())
async def enter_person(tx: Tx, ctx: Context, person_id: UUID, data: JSONBody[EnterPerson]) -> None:
    """A focal point enters people of its State, an administrator any person. The person has no role yet.

    Subjects given by an administrator take effect when a second person approves them, or an appointment.
    """
    caller, organization = ctx.caller, data.organization
    policy.decide(caller, Action.ENTER, NewPerson(organization, data.person_id is not None)).required()
    proposed_by = None if policy.may_set_subjects_alone(caller, organization) else caller.person_id
    await actions.enter(tx, person_id, organization, data.texts(), subjects_proposed_by=proposed_by, now=ctx.now)


@get("/v1/people", opt=requires(Action.LIST_PEOPLE), summary="The people this caller may see")
async def list_people(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    organization: Annotated[str | None, query_parameter(OrganizationCode)] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[PersonPage]:
    """Lists people by descending id: of a focal point's State, all for administrators and auditors, or the caller."""
    async with db.transaction(by=caller) as tx:
        found = await store.people(tx, caller, organization=organization, before=cursor, limit=limit + 1)
        return paging.page(PersonPage, await views_of(tx, found, caller), limit)


@show("/v1/people/{person_id:uuid}", Action.SHOW_PERSON, "One person")
async def show_person(tx: Tx, ctx: Context, person_id: FromPath[UUID]) -> PersonView:
    return await read_view(tx, ctx, person_id)


@change(
    "/v1/people/{person_id:uuid}/disable", Action.DISABLE, "Disable a person, in all services at once", read=read_view
)
async def disable_person(tx: Tx, ctx: Context, person_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Their appointments remain, but have no effect until the person is enabled again."""
    reason = check_reason("disable_person", data.reason)
    await actions.move_person(tx, ctx, person_id, Action.DISABLE, lambda person: person.disable(reason, now=ctx.now))


@change("/v1/people/{person_id:uuid}/enable", Action.ENABLE, "Enable a disabled person", read=read_view)
async def enable_person(tx: Tx, ctx: Context, person_id: FromPath[UUID], data: JSONBody[Confirm]) -> None:
    await actions.move_person(tx, ctx, person_id, Action.ENABLE, lambda person: person.enable(now=ctx.now))


@change(
    "/v1/people/{person_id:uuid}/propose-erasure",
    Action.PROPOSE_ERASURE,
    "Propose to erase what names a person",
    read=read_view,
)
async def propose_erasure(tx: Tx, ctx: Context, person_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Requires the role `administrator`, or `focal_point` of the State; another `administrator` has to approve.

    The person's appointments have to be ended first.
    """
    await actions.propose_erasure(tx, ctx, person_id, check_reason("propose_erasure", data.reason))


@change(
    "/v1/people/{person_id:uuid}/decline-erasure",
    Action.DECLINE_ERASURE,
    "Decline a proposed erasure, or take it back",
    read=read_view,
)
async def decline_erasure(tx: Tx, ctx: Context, person_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    reason, action = check_reason("decline_erasure", data.reason), Action.DECLINE_ERASURE
    await actions.move_person(tx, ctx, person_id, action, lambda person: person.decline_erasure(reason, now=ctx.now))


@change(
    "/v1/people/{person_id:uuid}/approve-erasure",
    Action.APPROVE_ERASURE,
    "Approve a proposed erasure: what names the person is dropped in all services",
    read=read_view,
)
async def approve_erasure(tx: Tx, ctx: Context, person_id: FromPath[UUID], data: JSONBody[Confirm]) -> None:
    """Requires an administrator other than the one who proposed it. The erasure cannot be undone; the id remains."""
    await actions.approve_erasure(tx, ctx, person_id)


@get(
    "/v1/events/directory",
    opt=requires(Action.FOLLOW),
    media_type=EVENT_STREAM,
    summary="Stream events of organizations, people and appointments",
)
async def follow_directory(stream: StreamFactory, last_event_id: LastEventId = None) -> EventStream[FeedItem]:
    """Streams events of the people visible to the caller, and of all organizations."""
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
