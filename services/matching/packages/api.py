"""Routes of packages. Each opens one transaction; a repeated command gets the recorded answer."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination
from contracts.budgets import PledgeBalance
from contracts.refusals import Mismatch, Unavailable
from contracts.values import Role
from services.matching import policy
from services.matching.commands import Nothing, Reason
from services.matching.dependencies import Owned
from services.matching.fields import check_reason
from services.matching.packages import actions
from services.matching.packages import store as package_store
from services.matching.packages.actions import Asked
from services.matching.packages.commands import NewPackage
from services.matching.packages.model import PackageStatus
from services.matching.packages.views import PackageView, package_view, views_of
from services.matching.policy import Action

PACKAGE = "/v1/packages/{package_id:uuid}"


class PackagePage(Struct, frozen=True, kw_only=True):
    """Packages, newest first; `cursor` leads to the next page."""

    packages: list[PackageView]
    cursor: str | None


async def _pledge(
    db: Database, ctx: Context, _package_id: UUID, data: JSONBody[NewPackage], own: Owned
) -> PledgeBalance | Unavailable | None:
    """Return the donor's commitment from the pledges service, or its refusal."""
    policy.decide(ctx.caller, Action.PRESENT_PACKAGE).required()
    try:
        return await own.budgets.pledge(data.pledge_id, data.money.currency)
    except Unavailable as refusal:
        return refusal


@create(
    "/v1/packages",
    Action.PRESENT_PACKAGE,
    "Present a match together with a unit of UNODC and a donor's pledge",
    read=package_view,
    before=_pledge,
)
async def present_package(
    tx: Tx,
    ctx: Context,
    package_id: UUID,
    data: JSONBody[NewPackage],
    own: Owned,
    before: PledgeBalance | Unavailable | None,
) -> None:
    """Presents the match as a part of the package.

    All four parties have to agree. The order is free, except that the second agreement of State and provider, which
    confirms the match, requires those of the unit and the donor.
    """
    if data.departure is not None:
        check_reason("present", data.departure, name="departure")
    # Flush the key first: a repeat is answered even if the pledge cannot be checked any more.
    await tx.flush()
    if not own.callers.is_held(data.unit, Role.PROVIDER_OFFICER, ctx.now):
        raise Mismatch("unit-unknown", field="unit")
    if isinstance(before, Unavailable):
        raise before
    asked = Asked(data.match_id, data.revision, data.unit, data.unit_role, data.money, data.departure, data.comment)
    await actions.present(tx, ctx, package_id, asked, before)


@get("/v1/packages", opt=requires(Action.LIST_PACKAGES), summary="The packages this caller may see, newest first")
async def list_packages(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    of_request: Annotated[UUID | None, QueryParameter(name="request")] = None,
    of_match: Annotated[UUID | None, QueryParameter(name="match")] = None,
    status: FromQuery[PackageStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=package_store.LIST_MAX)] = 50,
) -> Response[PackagePage]:
    """The State, the provider, the unit and the donor see their own packages.

    Until a package is confirmed, the provider and the donor see it only if a consent discloses the request to them.
    """
    async with db.transaction(by=caller) as tx:
        found = await package_store.page(
            tx, caller, request_id=of_request, match_id=of_match, status=status, before=cursor, limit=limit + 1
        )
        views = await views_of(tx, found, caller)
    return paging.page(PackagePage, views, limit)


@show(PACKAGE, Action.SHOW_PACKAGE, "One package")
async def show_package(tx: Tx, ctx: Context, package_id: FromPath[UUID]) -> PackageView:
    """Shows which parties have agreed and which have not."""
    return await package_view(tx, ctx, package_id)


@change(f"{PACKAGE}/agree", Action.AGREE, "Agree to a package, as its unit or its donor", read=package_view)
async def agree_to_package(tx: Tx, ctx: Context, package_id: FromPath[UUID], data: JSONBody[Nothing]) -> None:
    """Requires an officer of the unit or of the donor.

    The State and the provider accept and confirm the match instead.
    """
    await actions.agree(tx, ctx, package_id)


@change(f"{PACKAGE}/decline", Action.DECLINE, "Decline a package, as its unit or its donor", read=package_view)
async def decline_package(tx: Tx, ctx: Context, package_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Ends the package. The match stays presented without it."""
    reason = check_reason("decline_package", data.reason)
    await actions.decline(tx, ctx, package_id, reason, comment=data.comment)


@change(f"{PACKAGE}/withdraw", Action.WITHDRAW, "Withdraw a package, as a coordinator", read=package_view)
async def withdraw_package(tx: Tx, ctx: Context, package_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Requires a package that is not confirmed; a confirmed one ends when its match is revoked.

    The match stays presented without the package.
    """
    reason = check_reason("withdraw_package", data.reason)
    await actions.withdraw(tx, ctx, package_id, reason, comment=data.comment)


ROUTES = [present_package, list_packages, show_package, agree_to_package, decline_package, withdraw_package]
