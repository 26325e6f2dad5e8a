"""Routes of contributions in kind, which are not included in any total of the ledger."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination
from contracts.conversion import from_attributes
from contracts.values import Caller, Money
from services.pledges import policy
from services.pledges.commands import (
    AcknowledgeInKind,
    DeclareInKind,
    RewordInKind,
    StrikeInKind,
    WithdrawInKind,
    check_reason,
)
from services.pledges.dependencies import Owned
from services.pledges.funds.actions import require_fund
from services.pledges.in_kind import actions as in_kind_actions
from services.pledges.in_kind import store as in_kind_store
from services.pledges.in_kind.model import InKindContribution, InKindStatus
from services.pledges.pledge import store
from services.pledges.policy import Action


class InKindView(Struct, frozen=True, kw_only=True):
    """A contribution in kind at its donor's value; `usd_minor` is the value in US cents, at the rate of `provided_on`.

    It is not included in any figure of the ledger. `form` is a code of `/v1/reference/in_kind_forms`; `reason` is the
    reason for which it was struck. `ended_at` is when it was withdrawn or struck.

    This is the current state: `as_of` is null and `final` is false.
    """

    in_kind_contribution_id: UUID
    donor: str
    fund: str
    form: str
    status: InKindStatus
    revision: int
    money: Money
    usd_minor: int
    rate: str
    rate_source: str
    rate_date: date
    provided_on: date
    description: str
    declared_at: datetime
    acknowledged_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    moves: tuple[str, ...]
    as_of: datetime | None
    final: bool


class InKindPage(Struct, frozen=True, kw_only=True):
    """Contributions in kind, newest first; `cursor` leads to the next page."""

    in_kind_contributions: list[InKindView]
    cursor: str | None


async def _read(tx: Tx, ctx: Context, in_kind_contribution_id: UUID) -> InKindView:
    """Return the contribution. Raises Missing if this caller may not see it."""
    contribution, description = await in_kind_store.with_description(tx, in_kind_contribution_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_IN_KIND, contribution).required()
    return _view_of(ctx.caller, contribution, description)


@create("/v1/in-kind-contributions", Action.DECLARE_IN_KIND, "Declare a contribution in kind", read=_read)
async def declare_in_kind(
    tx: Tx, ctx: Context, in_kind_contribution_id: UUID, data: JSONBody[DeclareInKind], own: Owned
) -> None:
    """Requires the role `donor_officer`; the contribution is of the caller's organization.

    It counts in the fund's total once UNODC acknowledges it.
    """
    policy.decide(ctx.caller, Action.DECLARE_IN_KIND).required()
    await in_kind_actions.declare(
        tx,
        ctx,
        in_kind_contribution_id,
        data.fund,
        data.checked_form(),
        data.money,
        data.description,
        on=data.provided_on,
        validity=own.validity,
    )


@get(
    "/v1/in-kind-contributions",
    opt=requires(Action.LIST_IN_KIND),
    summary="The contributions in kind this caller may see, newest first",
)
async def list_in_kind(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    status: FromQuery[InKindStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[InKindPage]:
    """A donor sees only its own contributions."""
    async with db.transaction(by=caller) as tx:
        await require_fund(tx, fund)
        found = await in_kind_store.contributions(tx, caller, fund=fund, status=status, before=cursor, limit=limit + 1)
    return paging.page(InKindPage, [_view_of(caller, one, text) for one, text in found], limit)


@show("/v1/in-kind-contributions/{in_kind_contribution_id:uuid}", Action.SHOW_IN_KIND, "One contribution in kind")
async def show_in_kind(tx: Tx, ctx: Context, in_kind_contribution_id: FromPath[UUID]) -> InKindView:
    """A donor sees only its own contributions."""
    return await _read(tx, ctx, in_kind_contribution_id)


@change(
    "/v1/in-kind-contributions/{in_kind_contribution_id:uuid}/reword",
    Action.REWORD_IN_KIND,
    "Edit the description of a contribution in kind",
    read=_read,
)
async def reword_in_kind(
    tx: Tx, ctx: Context, in_kind_contribution_id: FromPath[UUID], data: JSONBody[RewordInKind]
) -> None:
    """Requires the role `donor_officer` of the donor, or `finance_officer` at UNODC.

    While the contribution is acknowledged, only a finance officer may edit the description. The old description is
    deleted, also from reports as of earlier moments.
    """
    await in_kind_actions.reword(tx, ctx, in_kind_contribution_id, data.description)


@change(
    "/v1/in-kind-contributions/{in_kind_contribution_id:uuid}/acknowledge",
    Action.ACKNOWLEDGE_IN_KIND,
    "Acknowledge a contribution in kind",
    read=_read,
)
async def acknowledge_in_kind(
    tx: Tx, ctx: Context, in_kind_contribution_id: FromPath[UUID], data: JSONBody[AcknowledgeInKind]
) -> None:
    """Requires the role `finance_officer` at UNODC.

    To be called once the contribution has been provided. It then counts in the fund's `in_kind_usd_minor`.
    """
    action = Action.ACKNOWLEDGE_IN_KIND
    await in_kind_actions.move(tx, ctx, in_kind_contribution_id, action, lambda one: one.acknowledge(now=ctx.now))


@change(
    "/v1/in-kind-contributions/{in_kind_contribution_id:uuid}/withdraw",
    Action.WITHDRAW_IN_KIND,
    "Withdraw a contribution in kind before it is acknowledged",
    read=_read,
)
async def withdraw_in_kind(
    tx: Tx, ctx: Context, in_kind_contribution_id: FromPath[UUID], data: JSONBody[WithdrawInKind]
) -> None:
    """Requires the role `donor_officer` of the donor that declared it."""
    action = Action.WITHDRAW_IN_KIND
    await in_kind_actions.move(tx, ctx, in_kind_contribution_id, action, lambda one: one.withdraw(now=ctx.now))


@change(
    "/v1/in-kind-contributions/{in_kind_contribution_id:uuid}/strike",
    Action.STRIKE_IN_KIND,
    "Strike a contribution in kind that had been acknowledged",
    read=_read,
)
async def strike_in_kind(
    tx: Tx, ctx: Context, in_kind_contribution_id: FromPath[UUID], data: JSONBody[StrikeInKind]
) -> None:
    """Requires the role `finance_officer` at UNODC.

    The contribution stays in the list, and no longer counts in the fund's `in_kind_usd_minor`.
    """
    reason, action = check_reason("strike_in_kind", data.reason), Action.STRIKE_IN_KIND
    await in_kind_actions.move(tx, ctx, in_kind_contribution_id, action, lambda one: one.strike(reason, now=ctx.now))


def _view_of(caller: Caller, contribution: InKindContribution, description: str) -> InKindView:
    return from_attributes(
        InKindView,
        contribution,
        **asdict(contribution.valuation),
        description=description,
        moves=policy.moves_open_to(caller, contribution),
        as_of=None,
        final=False,
    )


ROUTES = [
    declare_in_kind,
    list_in_kind,
    show_in_kind,
    reword_in_kind,
    acknowledge_in_kind,
    withdraw_in_kind,
    strike_in_kind,
]
