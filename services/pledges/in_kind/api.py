"""The routes of contributions in kind: what donors give that is no money, beside the ledger and in no total of it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct
from msgspec.structs import asdict

from chassis.db.database import Tx
from chassis.http.application import Calling, Commanded, Db, Expected, Now, Paging, asks, created, shown
from chassis.http.idempotency import claim
from chassis.ids import new_id
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
from services.pledges.in_kind import actions as in_kind_actions
from services.pledges.in_kind import store as in_kind_store
from services.pledges.in_kind.model import InKindContribution, InKindStatus
from services.pledges.pledge import store
from services.pledges.policy import Action


class InKindView(Struct, frozen=True, kw_only=True):
    """A contribution in kind, worth what its donor says: `usd_minor` is that in cents, by the rate of `provided_on`.

    No figure of the ledger holds any of it. `form` is a code of `/v1/reference/in_kind_forms`; `reason` says why it
    was struck. `ended_at` is when it was withdrawn or struck.

    It is how things stand: `as_at` is null, and it is not `final`.
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
    as_at: datetime | None
    final: bool


class InKindPage(Struct, frozen=True, kw_only=True):
    """Contributions in kind, newest first; `cursor` leads to the next page."""

    in_kind_contributions: list[InKindView]
    cursor: str | None


@post("/v1/in-kind-contributions", opt=asks(Action.DECLARE_IN_KIND), summary="Declare a contribution in kind")
async def declare_in_kind(
    data: JSONBody[DeclareInKind], db: Db, own: Owned, caller: Calling, command: Commanded, now: Now
) -> Response[InKindView]:
    """For a donor, who declares for the own organization. It is told of the fund once UNODC acknowledges it."""
    policy.decide(caller, Action.DECLARE_IN_KIND).required()
    form = data.checked_form()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            await in_kind_actions.declare(
                tx,
                claimed.outcome,
                data.fund,
                form,
                data.money,
                data.description,
                on=data.provided_on,
                validity=own.validity,
                caller=caller,
                now=now,
            )
        view = await _view(tx, claimed.outcome, caller)
    location = f"/v1/in-kind-contributions/{view.in_kind_contribution_id}"
    return created(view, location=location, revision=view.revision)


@get(
    "/v1/in-kind-contributions",
    opt=asks(Action.LIST_IN_KIND),
    summary="The contributions in kind this caller may see, newest first",
)
async def list_in_kind(
    db: Db,
    caller: Calling,
    paging: Paging,
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    status: FromQuery[InKindStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[InKindPage]:
    """A donor sees its own and no other donor's."""
    async with db.transaction(by=caller) as tx:
        found = await in_kind_store.contributions(tx, caller, fund=fund, status=status, before=cursor, limit=limit + 1)
    more = str(found[limit - 1][0].in_kind_contribution_id) if len(found) > limit else None
    views = [_view_of(one, text) for one, text in found[:limit]]
    return Response(InKindPage(in_kind_contributions=views, cursor=more), headers=paging.next_link(more))


@get(
    "/v1/in-kind-contributions/{in_kind_contribution_id:uuid}",
    opt=asks(Action.SHOW_IN_KIND),
    summary="One contribution in kind",
)
async def show_in_kind(in_kind_contribution_id: FromPath[UUID], db: Db, caller: Calling) -> Response[InKindView]:
    """A donor sees its own and no other donor's."""
    async with db.transaction(by=caller) as tx:
        view = await _view(tx, in_kind_contribution_id, caller)
    return shown(view, revision=view.revision)


@post(
    "/v1/in-kind-contributions/{in_kind_contribution_id:uuid}/reword",
    opt=asks(Action.REWORD_IN_KIND),
    status_code=200,
    summary="Give a contribution in kind another description",
)
async def reword_in_kind(
    in_kind_contribution_id: FromPath[UUID],
    data: JSONBody[RewordInKind],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[InKindView]:
    """For the donor, and for a finance officer of UNODC; once it is acknowledged for the latter alone.

    What it said before is forgotten, also in whatever is told as at an earlier moment.
    """
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=in_kind_contribution_id)
        if claimed.first:
            await in_kind_actions.reword(
                tx, in_kind_contribution_id, data.description, caller=caller, expected=expected, now=now
            )
        view = await _view(tx, in_kind_contribution_id, caller)
    return shown(view, revision=view.revision)


@post(
    "/v1/in-kind-contributions/{in_kind_contribution_id:uuid}/acknowledge",
    opt=asks(Action.ACKNOWLEDGE_IN_KIND),
    status_code=200,
    summary="Acknowledge a contribution in kind",
)
async def acknowledge_in_kind(
    in_kind_contribution_id: FromPath[UUID],
    data: JSONBody[AcknowledgeInKind],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[InKindView]:
    """For a finance officer of UNODC: it has been provided. From now on it is in the fund's `in_kind_usd_minor`."""
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=in_kind_contribution_id)
        if claimed.first:
            await in_kind_actions.move(
                tx,
                in_kind_contribution_id,
                Action.ACKNOWLEDGE_IN_KIND,
                lambda one: one.acknowledge(now=now),
                caller=caller,
                expected=expected,
            )
        view = await _view(tx, in_kind_contribution_id, caller)
    return shown(view, revision=view.revision)


@post(
    "/v1/in-kind-contributions/{in_kind_contribution_id:uuid}/withdraw",
    opt=asks(Action.WITHDRAW_IN_KIND),
    status_code=200,
    summary="Withdraw a contribution in kind before it is acknowledged",
)
async def withdraw_in_kind(
    in_kind_contribution_id: FromPath[UUID],
    data: JSONBody[WithdrawInKind],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[InKindView]:
    """For the donor who declared it."""
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=in_kind_contribution_id)
        if claimed.first:
            await in_kind_actions.move(
                tx,
                in_kind_contribution_id,
                Action.WITHDRAW_IN_KIND,
                lambda one: one.withdraw(now=now),
                caller=caller,
                expected=expected,
            )
        view = await _view(tx, in_kind_contribution_id, caller)
    return shown(view, revision=view.revision)


@post(
    "/v1/in-kind-contributions/{in_kind_contribution_id:uuid}/strike",
    opt=asks(Action.STRIKE_IN_KIND),
    status_code=200,
    summary="Strike a contribution in kind that had been acknowledged",
)
async def strike_in_kind(
    in_kind_contribution_id: FromPath[UUID],
    data: JSONBody[StrikeInKind],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[InKindView]:
    """For a finance officer of UNODC. It stays in the list, and leaves the fund's `in_kind_usd_minor`."""
    reason = check_reason("strike_in_kind", data.reason)
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=in_kind_contribution_id)
        if claimed.first:
            await in_kind_actions.move(
                tx,
                in_kind_contribution_id,
                Action.STRIKE_IN_KIND,
                lambda one: one.strike(reason, now=now),
                caller=caller,
                expected=expected,
            )
        view = await _view(tx, in_kind_contribution_id, caller)
    return shown(view, revision=view.revision)


async def _view(tx: Tx, in_kind_contribution_id: UUID, caller: Caller) -> InKindView:
    """Raises Missing where this caller does not see it."""
    contribution, description = await in_kind_store.with_description(tx, in_kind_contribution_id, caller)
    policy.decide(caller, Action.SHOW_IN_KIND, contribution).required()
    return _view_of(contribution, description)


def _view_of(contribution: InKindContribution, description: str) -> InKindView:
    return InKindView(
        in_kind_contribution_id=contribution.in_kind_contribution_id,
        donor=contribution.donor,
        fund=contribution.fund,
        form=contribution.form,
        status=contribution.status,
        revision=contribution.revision,
        money=contribution.money,
        **asdict(contribution.valuation),
        provided_on=contribution.provided_on,
        description=description,
        declared_at=contribution.declared_at,
        acknowledged_at=contribution.acknowledged_at,
        ended_at=contribution.ended_at,
        reason=contribution.reason,
        as_at=None,
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
