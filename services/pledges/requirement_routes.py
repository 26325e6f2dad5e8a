"""The routes of what confirmed matches lack in money: ready but unfunded."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from chassis.http import Calling, Db, Now, Paging, asks
from contracts.values import Money
from services.pledges import allocation_store, policy, store, unfunded_reader
from services.pledges.allocations import Requirement, RequirementStatus
from services.pledges.moment_reader import AsAt, final_moment
from services.pledges.moment_store import first_of
from services.pledges.own import Owned
from services.pledges.policy import Action


class RequirementView(Struct, frozen=True, kw_only=True):
    """What a confirmed match lacks in money; how much of it is covered and how much is not, in US-dollar cents.

    Where it is `final`, it is all of what had been recorded by `as_at`, the same for ever; else it is how things stand,
    and `as_at` is null.
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
    opened_at: datetime
    as_at: datetime | None
    final: bool


class UnfundedView(Struct, frozen=True, kw_only=True):
    """What is ready for a request and lacks only money: `gap_usd_minor` of it, in US-dollar cents.

    The gap is of money that can be allocated: a pledge that is to cover it is more by its programme support cost.

    What else the request says, `GET /v1/requests/{request_id}` shows, as far as the State has consented.

    Where it is `final`, it is all of what had been recorded by `as_at`, the same for ever; else it is how things stand,
    and `as_at` is null.
    """

    requirement_id: UUID
    request_id: UUID
    line_id: UUID
    state: str
    money: Money
    usd_minor: int
    gap_usd_minor: int
    opened_at: datetime
    as_at: datetime | None
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
    "/v1/requirements", opt=asks(Action.LIST_REQUIREMENTS), summary="What confirmed matches lack in money, newest first"
)
async def list_requirements(
    db: Db,
    caller: Calling,
    paging: Paging,
    now: Now,
    request_id: Annotated[UUID | None, QueryParameter(name="request")] = None,
    as_at: AsAt = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[RequirementPage]:
    """A State sees those of its own requests, a provider those of its own matches.

    With `as_at`, what had been recorded by that moment: the same for ever.
    """
    moment = await final_moment(db, caller, as_at, now=now)
    async with db.transaction(by=caller) as tx:
        if moment is None:
            found = await allocation_store.requirements(
                tx, caller, request_id=request_id, before=cursor, limit=limit + 1
            )
            page = first_of(found, limit, lambda one: one.requirement_id)
        else:
            page = await allocation_store.requirements_as_at(
                tx, caller, moment, request_id=request_id, before=cursor, limit=limit
            )
    more = str(page.cursor) if page.cursor else None
    views = [_requirement_view(one, as_at=moment) for one in page.found]
    return Response(RequirementPage(requirements=views, cursor=more), headers=paging.next_link(more))


def _requirement_view(requirement: Requirement, *, as_at: datetime | None) -> RequirementView:
    return RequirementView(
        requirement_id=requirement.requirement_id,
        match_id=requirement.match_id,
        request_id=requirement.request_id,
        line_id=requirement.line_id,
        state=requirement.state,
        provider=requirement.provider,
        status=requirement.status,
        revision=requirement.revision,
        money=Money(minor=requirement.minor, currency=requirement.currency),
        **asdict(requirement.valuation),
        covered_usd_minor=requirement.covered_usd_minor,
        gap_usd_minor=requirement.gap_usd_minor,
        opened_at=requirement.opened_at,
        as_at=as_at,
        final=as_at is not None,
    )


@get(
    "/v1/requirements/unfunded",
    opt=asks(Action.LIST_UNFUNDED),
    summary="What is ready and lacks only money, as far as States have agreed to show it, newest first",
)
async def list_unfunded(
    db: Db,
    own: Owned,
    caller: Calling,
    paging: Paging,
    now: Now,
    as_at: AsAt = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[UnfundedPage]:
    """For donors, each of whom sees what consents in force as it asks show to its organization.

    With `as_at`, what was lacking by what had been recorded by that moment: of each the same for ever. Which of them
    are shown, consents of today say: of a request whose State has taken its consent back nothing is told any more.
    """
    policy.decide(caller, Action.LIST_UNFUNDED).required()
    moment = await final_moment(db, caller, as_at, now=now)
    found = await unfunded_reader.shown(db, own.consents, caller, after=cursor, count=limit + 1, as_at=moment)
    page = first_of(found, limit, lambda one: one.requirement_id)
    more = str(page.cursor) if page.cursor else None
    views = [_unfunded_view(one, as_at=moment) for one in page.found]
    return Response(UnfundedPage(requirements=views, cursor=more), headers=paging.next_link(more))


def _unfunded_view(requirement: Requirement, *, as_at: datetime | None) -> UnfundedView:
    return UnfundedView(
        requirement_id=requirement.requirement_id,
        request_id=requirement.request_id,
        line_id=requirement.line_id,
        state=requirement.state,
        money=Money(minor=requirement.minor, currency=requirement.currency),
        usd_minor=requirement.valuation.usd_minor,
        gap_usd_minor=requirement.gap_usd_minor,
        opened_at=requirement.opened_at,
        as_at=as_at,
        final=as_at is not None,
    )


ROUTES = [list_requirements, list_unfunded]
