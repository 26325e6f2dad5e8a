"""Routes of proposals: write-offs, refunds, reversals, earmark releases, reopened years."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination
from contracts.conversion import from_attributes
from contracts.values import Caller, Money
from services.pledges import policy
from services.pledges.commands import (
    Decide,
    ProposeEarmarkRelease,
    ProposeRefund,
    ProposeReopening,
    ProposeReversal,
    ProposeWriteOff,
    check_reason,
)
from services.pledges.dependencies import Owned
from services.pledges.funds import balance_locks
from services.pledges.ledger import store as ledger
from services.pledges.ledger.store import EntryRow
from services.pledges.pledge import exit_actions, store
from services.pledges.policy import Action
from services.pledges.proposals import store as proposal_store
from services.pledges.proposals.model import Measure, Proposal, ProposalStatus


class ProposalView(Struct, frozen=True, kw_only=True):
    """A proposal, its proposer and its outcome.

    `conditional` is the conditional amount that lapses with a write-off; `entry` is the entry that a reversal reverses.
    """

    proposal_id: UUID
    measure: Measure
    status: ProposalStatus
    revision: int
    reason: str
    effective_on: date
    proposed_by: UUID
    proposed_at: datetime
    pledge_id: UUID | None
    donor: str | None
    fund: str | None
    money: Money | None
    conditional: Money | None
    entry_id: UUID | None
    entry: EntryRow | None
    year: int | None
    decided_by: UUID | None
    decided_at: datetime | None
    moves: tuple[str, ...]


class ProposalPage(Struct, frozen=True, kw_only=True):
    """Proposals, newest first; `cursor` leads to the next page."""

    proposals: list[ProposalView]
    cursor: str | None


# -- proposing --------------------------------------------------------------------------------------------------------


async def _read(tx: Tx, ctx: Context, proposal_id: UUID) -> ProposalView:
    return (await _views(tx, ctx.caller, [await proposal_store.get(tx, proposal_id)]))[0]


def _location(proposal: ProposalView) -> str:
    return f"/v1/proposals/{proposal.proposal_id}"


@create(
    "/v1/pledges/{pledge_id:uuid}/write-off",
    Action.PROPOSE_WRITE_OFF,
    "Propose to write off what is owed under an agreement",
    read=_read,
    location=_location,
    if_match=True,
)
async def propose_write_off(
    tx: Tx, ctx: Context, proposal_id: UUID, pledge_id: FromPath[UUID], data: JSONBody[ProposeWriteOff]
) -> None:
    """Requires the role `finance_officer` at UNODC. Another finance officer has to approve the proposal."""
    reason, on = check_reason("write_off", data.reason), data.written_off_on or ctx.today
    await exit_actions.propose_write_off(tx, ctx, proposal_id, pledge_id, reason, on=on)


@create(
    "/v1/pledges/{pledge_id:uuid}/refund",
    Action.PROPOSE_REFUND,
    "Propose a refund to a donor",
    read=_read,
    location=_location,
    if_match=True,
)
async def propose_refund(
    tx: Tx, ctx: Context, proposal_id: UUID, pledge_id: FromPath[UUID], data: JSONBody[ProposeRefund], own: Owned
) -> None:
    """Requires the role `finance_officer` at UNODC. Another finance officer has to approve the proposal.

    A refund cannot exceed what the fund has available.
    """
    reason, on = check_reason("refund", data.reason), data.refunded_on or ctx.today
    await exit_actions.propose_refund(tx, ctx, proposal_id, pledge_id, data.money, reason, on=on, validity=own.validity)


@create(
    "/v1/pledges/{pledge_id:uuid}/release-earmark",
    Action.PROPOSE_EARMARK_RELEASE,
    "Propose to release the earmark of a pledge",
    read=_read,
    location=_location,
    if_match=True,
)
async def propose_earmark_release(
    tx: Tx, ctx: Context, proposal_id: UUID, pledge_id: FromPath[UUID], data: JSONBody[ProposeEarmarkRelease]
) -> None:
    """Requires the role `finance_officer` at UNODC, and the donor's consent.

    Another finance officer has to approve the proposal.
    """
    reason = check_reason("release_earmark", data.reason)
    await exit_actions.propose_earmark_release(tx, ctx, proposal_id, pledge_id, reason)


@create(
    "/v1/ledger/reversals",
    Action.PROPOSE_REVERSAL,
    "Propose to reverse an entry of the ledger",
    read=_read,
    locks=balance_locks.of_entry,
    location=_location,
)
async def propose_reversal(tx: Tx, ctx: Context, proposal_id: UUID, data: JSONBody[ProposeReversal]) -> None:
    """Requires the role `finance_officer` at UNODC. Another finance officer has to approve the proposal.

    An entry can be reversed once. For a carry-over both halves are reversed, whichever is given; the proposal's
    `entry_id` is the outgoing one.
    """
    policy.decide(ctx.caller, Action.PROPOSE_REVERSAL).required()
    reason, on = check_reason("reverse_entry", data.reason), data.reversed_on or ctx.today
    await exit_actions.propose_reversal(tx, proposal_id, data.entry_id, reason, on=on, now=ctx.now)


@create(
    "/v1/ledger/periods/{year:int}/reopen",
    Action.PROPOSE_REOPENING,
    "Propose to reopen a closed year",
    read=_read,
    location=_location,
)
async def propose_reopening(
    tx: Tx,
    ctx: Context,
    proposal_id: UUID,
    year: Annotated[int, PathParameter(ge=2000, le=2100)],
    data: JSONBody[ProposeReopening],
) -> None:
    """Requires the role `finance_officer` at UNODC. Another finance officer has to approve the proposal.

    Only the last closed year can be reopened.
    """
    policy.decide(ctx.caller, Action.PROPOSE_REOPENING).required()
    reason = check_reason("reopen_period", data.reason)
    await exit_actions.propose_reopening(tx, proposal_id, year, reason, now=ctx.now)


# -- deciding ---------------------------------------------------------------------------------------------------------


@get(
    "/v1/proposals",
    opt=requires(Action.LIST_PROPOSALS),
    summary="Proposals that wait for a second person, newest first",
)
async def list_proposals(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    status: FromQuery[ProposalStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[ProposalPage]:
    """Restricted to callers who may read the whole ledger."""
    async with db.transaction(by=caller) as tx:
        found = await proposal_store.proposals(tx, status=status, before=cursor, limit=limit + 1)
        views = await _views(tx, caller, found)
    return paging.page(ProposalPage, views, limit)


@show("/v1/proposals/{proposal_id:uuid}", Action.SHOW_PROPOSAL, "One proposal")
async def show_proposal(tx: Tx, ctx: Context, proposal_id: FromPath[UUID]) -> ProposalView:
    proposal = await proposal_store.get(tx, proposal_id)
    policy.decide(ctx.caller, Action.SHOW_PROPOSAL, proposal).required()
    return (await _views(tx, ctx.caller, [proposal]))[0]


@change(
    "/v1/proposals/{proposal_id:uuid}/approve",
    Action.APPROVE_PROPOSAL,
    "Approve what another person proposed",
    read=_read,
    locks=balance_locks.of_proposal,
)
async def approve_proposal(
    tx: Tx, ctx: Context, proposal_id: FromPath[UUID], data: JSONBody[Decide], own: Owned
) -> None:
    """Requires the role `finance_officer` at UNODC; the proposer may not approve.

    The proposal is carried out in the same transaction, or refused.
    """
    await exit_actions.approve(tx, ctx, proposal_id, validity=own.validity)


@change(
    "/v1/proposals/{proposal_id:uuid}/refuse",
    Action.REFUSE_PROPOSAL,
    "Refuse a proposal, or take back an own one",
    read=_read,
)
async def refuse_proposal(tx: Tx, ctx: Context, proposal_id: FromPath[UUID], data: JSONBody[Decide]) -> None:
    """Requires the role `finance_officer` at UNODC. The proposer may withdraw the proposal in this way."""
    await exit_actions.refuse(tx, ctx, proposal_id)


async def _views(tx: Tx, caller: Caller, proposals: Sequence[Proposal]) -> list[ProposalView]:
    entries = await ledger.entries_by_id(tx, [one.entry_id for one in proposals if one.entry_id])
    return [
        from_attributes(
            ProposalView,
            one,
            entry=entries[one.entry_id] if one.entry_id else None,
            moves=policy.moves_open_to(caller, one),
        )
        for one in proposals
    ]


ROUTES = [
    propose_write_off,
    propose_refund,
    propose_earmark_release,
    propose_reversal,
    propose_reopening,
    list_proposals,
    show_proposal,
    approve_proposal,
    refuse_proposal,
]
