"""The routes of what two people decide: write-offs, refunds, reversals, and years opened again."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter
from msgspec import Struct

from chassis.db.database import Tx
from chassis.http.application import Calling, Commanded, Db, Expected, Now, Paging, asks, created, shown
from chassis.http.idempotency import claim
from chassis.ids import new_id
from contracts.values import Money
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
from services.pledges.money import rate_actions
from services.pledges.pledge import exit_actions, store
from services.pledges.pledge.actions import for_move
from services.pledges.policy import Action
from services.pledges.proposals import store as proposal_store
from services.pledges.proposals.model import Measure, Proposal, ProposalStatus


class ProposalView(Struct, frozen=True, kw_only=True):
    """What was proposed by whom, and what became of it.

    `conditional` is what falls away with what is written off, and waits for its conditions.
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
    year: int | None
    decided_by: UUID | None
    decided_at: datetime | None


class ProposalPage(Struct, frozen=True, kw_only=True):
    """Proposals, newest first; `cursor` leads to the next page."""

    proposals: list[ProposalView]
    cursor: str | None


# -- proposing --------------------------------------------------------------------------------------------------------


@post(
    "/v1/pledges/{pledge_id:uuid}/write-off",
    opt=asks(Action.PROPOSE_WRITE_OFF),
    summary="Propose to give up what is owed under an agreement",
)
async def propose_write_off(
    pledge_id: FromPath[UUID],
    data: JSONBody[ProposeWriteOff],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[ProposalView]:
    """For a finance officer of UNODC; another one has to approve it."""
    reason, on = check_reason("write_off", data.reason), data.written_off_on or now.date()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            pledge = await for_move(tx, pledge_id, Action.PROPOSE_WRITE_OFF, caller, expected)
            await exit_actions.propose_write_off(tx, claimed.outcome, pledge, reason, on=on, now=now)
        return await _made(tx, claimed.outcome)


@post(
    "/v1/pledges/{pledge_id:uuid}/refund",
    opt=asks(Action.PROPOSE_REFUND),
    summary="Propose to give money back to a donor",
)
async def propose_refund(
    pledge_id: FromPath[UUID],
    data: JSONBody[ProposeRefund],
    db: Db,
    own: Owned,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[ProposalView]:
    """For a finance officer of UNODC; another one has to approve it. Never more than the fund has available."""
    reason, on = check_reason("refund", data.reason), data.refunded_on or now.date()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            pledge = await for_move(tx, pledge_id, Action.PROPOSE_REFUND, caller, expected)
            worth = await rate_actions.valuation_of(tx, data.money, on, own.validity)
            await exit_actions.propose_refund(tx, claimed.outcome, pledge, data.money, worth, reason, on=on, now=now)
        return await _made(tx, claimed.outcome)


@post(
    "/v1/pledges/{pledge_id:uuid}/release-earmark",
    opt=asks(Action.PROPOSE_EARMARK_RELEASE),
    summary="Propose that a tightly earmarked pledge may be used for others",
)
async def propose_earmark_release(
    pledge_id: FromPath[UUID],
    data: JSONBody[ProposeEarmarkRelease],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[ProposalView]:
    """For a finance officer of UNODC, with the donor's consent; another one has to approve it."""
    reason = check_reason("release_earmark", data.reason)
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            pledge = await for_move(tx, pledge_id, Action.PROPOSE_EARMARK_RELEASE, caller, expected)
            await exit_actions.propose_earmark_release(tx, claimed.outcome, pledge, reason, now=now)
        return await _made(tx, claimed.outcome)


@post("/v1/ledger/reversals", opt=asks(Action.PROPOSE_REVERSAL), summary="Propose to reverse an entry of the ledger")
async def propose_reversal(
    data: JSONBody[ProposeReversal], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[ProposalView]:
    """For a finance officer of UNODC; another one has to approve it. An entry is reversed at most once.

    Of a carry-over both halves are, whichever is named: `entry_id` of the proposal is the one that left its fund.
    """
    policy.decide(caller, Action.PROPOSE_REVERSAL).required()
    reason, on = check_reason("reverse_entry", data.reason), data.reversed_on or now.date()

    async def propose(tx: Tx) -> Response[ProposalView]:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            await exit_actions.propose_reversal(tx, claimed.outcome, data.entry_id, reason, on=on, now=now)
        return await _made(tx, claimed.outcome)

    locks = await balance_locks.of_entry(db, caller, data.entry_id)
    return await db.run_in_transaction(propose, by=caller, locks=locks)


@post(
    "/v1/ledger/periods/{year:int}/reopen",
    opt=asks(Action.PROPOSE_REOPENING),
    summary="Propose to open a closed year again",
)
async def propose_reopening(
    year: Annotated[int, PathParameter(ge=2000, le=2100)],
    data: JSONBody[ProposeReopening],
    db: Db,
    caller: Calling,
    command: Commanded,
    now: Now,
) -> Response[ProposalView]:
    """For a finance officer of UNODC; another one has to approve it. Only the year that was closed last."""
    policy.decide(caller, Action.PROPOSE_REOPENING).required()
    reason = check_reason("reopen_period", data.reason)
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=new_id())
        if claimed.first:
            await exit_actions.propose_reopening(tx, claimed.outcome, year, reason, now=now)
        return await _made(tx, claimed.outcome)


async def _made(tx: Tx, proposal_id: UUID) -> Response[ProposalView]:
    proposal = _view(await proposal_store.get(tx, proposal_id))
    return created(proposal, location=f"/v1/proposals/{proposal_id}", revision=proposal.revision)


# -- deciding ---------------------------------------------------------------------------------------------------------


@get("/v1/proposals", opt=asks(Action.LIST_PROPOSALS), summary="What waits for a second person, newest first")
async def list_proposals(
    db: Db,
    caller: Calling,
    paging: Paging,
    status: FromQuery[ProposalStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[ProposalPage]:
    """For those who read the whole ledger."""
    async with db.transaction(by=caller) as tx:
        found = await proposal_store.proposals(tx, status=status, before=cursor, limit=limit + 1)
    more = str(found[limit - 1].proposal_id) if len(found) > limit else None
    return Response(
        ProposalPage(proposals=[_view(one) for one in found[:limit]], cursor=more), headers=paging.next_link(more)
    )


@get("/v1/proposals/{proposal_id:uuid}", opt=asks(Action.SHOW_PROPOSAL), summary="One proposal")
async def show_proposal(proposal_id: FromPath[UUID], db: Db, caller: Calling) -> Response[ProposalView]:
    async with db.transaction(by=caller) as tx:
        proposal = await proposal_store.get(tx, proposal_id)
    policy.decide(caller, Action.SHOW_PROPOSAL, proposal).required()
    return shown(_view(proposal), revision=proposal.revision)


@post(
    "/v1/proposals/{proposal_id:uuid}/approve",
    opt=asks(Action.APPROVE_PROPOSAL),
    status_code=200,
    summary="Approve what somebody else proposed",
)
async def approve_proposal(
    proposal_id: FromPath[UUID],
    data: JSONBody[Decide],
    db: Db,
    own: Owned,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[ProposalView]:
    """For another finance officer of UNODC than who proposed it. It is done in the same moment, or refused."""

    async def approve(tx: Tx) -> Proposal:
        claimed = await claim(tx, command, outcome=proposal_id)
        if claimed.first:
            await exit_actions.approve(
                tx, proposal_id, validity=own.validity, caller=caller, expected=expected, now=now
            )
        return await proposal_store.get(tx, proposal_id)

    locks = await balance_locks.of_proposal(db, caller, proposal_id)
    proposal = await db.run_in_transaction(approve, by=caller, locks=locks)
    return shown(_view(proposal), revision=proposal.revision)


@post(
    "/v1/proposals/{proposal_id:uuid}/refuse",
    opt=asks(Action.REFUSE_PROPOSAL),
    status_code=200,
    summary="Refuse a proposal, or take back an own one",
)
async def refuse_proposal(
    proposal_id: FromPath[UUID],
    data: JSONBody[Decide],
    db: Db,
    caller: Calling,
    command: Commanded,
    expected: Expected,
    now: Now,
) -> Response[ProposalView]:
    """For a finance officer of UNODC."""
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=proposal_id)
        if claimed.first:
            await exit_actions.refuse(tx, proposal_id, caller=caller, expected=expected, now=now)
        proposal = await proposal_store.get(tx, proposal_id)
    return shown(_view(proposal), revision=proposal.revision)


def _view(proposal: Proposal) -> ProposalView:
    return ProposalView(
        proposal_id=proposal.proposal_id,
        measure=proposal.measure,
        status=proposal.status,
        revision=proposal.revision,
        reason=proposal.reason,
        effective_on=proposal.effective_on,
        proposed_by=proposal.proposed_by,
        proposed_at=proposal.proposed_at,
        pledge_id=proposal.pledge_id,
        donor=proposal.donor,
        fund=proposal.fund,
        money=proposal.money,
        conditional=proposal.conditional,
        entry_id=proposal.entry_id,
        year=proposal.year,
        decided_by=proposal.decided_by,
        decided_at=proposal.decided_at,
    )


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
