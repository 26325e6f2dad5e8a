"""Routes of requirements: the money that confirmed matches lack."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.pages import Pagination
from contracts.conversion import from_attributes
from contracts.values import Money
from services.pledges import policy
from services.pledges.allocations import package_store, unfunded_reader
from services.pledges.allocations import store as allocation_store
from services.pledges.allocations.model import Requirement, RequirementStatus
from services.pledges.allocations.package_store import AgreedPledge
from services.pledges.dependencies import Owned
from services.pledges.money.model import gross_of
from services.pledges.pledge import store
from services.pledges.pledge.model import SUPPORT_COST_BASIS_POINTS
from services.pledges.policy import Action


class RequirementView(Struct, frozen=True, kw_only=True):
    """The money that a confirmed match lacks, with its covered part and its gap, in US cents.

    `agreed_pledge` is the pledge that is to pay for the match, if its State, provider, donor and a unit agreed so in a
    package.

    This is the current state: `as_of` is null and `final` is false.
    """

    requirement_id: UUID
    match_id: UUID
    request_id: UUID
    line_id: UUID
    state: str
    provider: str
    status: RequirementStatus
    revision: int
    money: Money
    usd_minor: int
    rate: str
    rate_source: str
    rate_date: date
    covered_usd_minor: int
    gap_usd_minor: int
    agreed_pledge: AgreedPledge | None
    opened_at: datetime
    as_of: datetime | None
    final: bool


class UnfundedView(Struct, frozen=True, kw_only=True):
    """A confirmed match that lacks only money: `gap_usd_minor`, in US cents.

    The gap is in allocatable money. A pledge that covers it has to be higher by its programme support cost;
    `gross_usd_minor` is that amount with the default programme support cost.

    `GET /v1/requests/{request_id}` shows the rest of the request, as far as its State consents.

    This is the current state: `as_of` is null and `final` is false.
    """

    requirement_id: UUID
    request_id: UUID
    line_id: UUID
    state: str
    money: Money
    usd_minor: int
    gap_usd_minor: int
    gross_usd_minor: int
    opened_at: datetime
    as_of: datetime | None
    final: bool


class UnfundedPage(Struct, frozen=True, kw_only=True):
    """Requirements, newest first; `cursor` leads to the next page."""

    requirements: list[UnfundedView]
    cursor: str | None


class RequirementPage(Struct, frozen=True, kw_only=True):
    """Requirements, newest first; `cursor` leads to the next page."""

    requirements: list[RequirementView]
    cursor: str | None


@get(
    "/v1/requirements",
    opt=requires(Action.LIST_REQUIREMENTS),
    summary="Funding requirements of confirmed matches, newest first",
)
async def list_requirements(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    request_id: Annotated[UUID | None, QueryParameter(name="request")] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[RequirementPage]:
    """A State sees the requirements of its own requests, a provider those of its own matches."""
    async with db.transaction(by=caller) as tx:
        found = await allocation_store.requirements(tx, caller, request_id=request_id, before=cursor, limit=limit + 1)
        agreed = await package_store.of_matches(tx, [one.match_id for one in found])
    return paging.page(RequirementPage, [_requirement_view(one, agreed.get(one.match_id)) for one in found], limit)


def _requirement_view(requirement: Requirement, agreed: AgreedPledge | None) -> RequirementView:
    return from_attributes(
        RequirementView,
        requirement,
        money=Money(minor=requirement.minor, currency=requirement.currency),
        **asdict(requirement.valuation),
        agreed_pledge=agreed,
        as_of=None,
        final=False,
    )


@get(
    "/v1/requirements/unfunded",
    opt=requires(Action.LIST_UNFUNDED),
    summary="Ready but unfunded requirements that States have agreed to show, newest first",
)
async def list_unfunded(
    db: Db,
    own: Owned,
    caller: CurrentCaller,
    paging: Pagination,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[UnfundedPage]:
    """A donor sees the requirements of requests that are shown to its organization by consent."""
    policy.decide(caller, Action.LIST_UNFUNDED).required()
    found = await unfunded_reader.visible_requirements(db, own.consents, caller, after=cursor, count=limit + 1)
    return paging.page(UnfundedPage, found, limit, view=_unfunded_view)


def _unfunded_view(requirement: Requirement) -> UnfundedView:
    return from_attributes(
        UnfundedView,
        requirement,
        money=Money(minor=requirement.minor, currency=requirement.currency),
        usd_minor=requirement.valuation.usd_minor,
        gross_usd_minor=gross_of(requirement.gap_usd_minor, SUPPORT_COST_BASIS_POINTS),
        as_of=None,
        final=False,
    )


ROUTES = [list_requirements, list_unfunded]
