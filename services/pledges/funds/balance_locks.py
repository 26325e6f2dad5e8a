"""Keyed locks of balances: a command that moves a balance waits in its process for the fund's lock, then begins.

So no connection waits for a busy fund. The fund of a pledge, an allocation or a proposal never changes; it is read in a
transaction of its own before. Between processes the row of the balance is locked (`move_balance` of the schema).
"""

from collections.abc import Sequence
from uuid import UUID

from litestar.params import JSONBody

from chassis.context import Context
from chassis.db.database import Database
from services.pledges.commands import CarryOver, ProposeReversal
from services.pledges.policy import is_finance_officer

_OF_PLEDGE = "SELECT fund FROM pledge WHERE pledge_id = $1"
_OF_ALLOCATION = "SELECT fund FROM allocation WHERE allocation_id = $1"
# A carry-over has an entry in each of two funds, both with its pledge.
_OF_ENTRY = """
    SELECT fund FROM entry WHERE entry_id = $1
    UNION
    SELECT fund FROM entry WHERE pledge_id = (SELECT pledge_id FROM entry WHERE entry_id = $1)
"""
_OF_PROPOSAL = """
    WITH proposed AS (SELECT fund, entry_id FROM proposal WHERE proposal_id = $1)
    SELECT fund FROM proposed WHERE fund IS NOT NULL
    UNION
    SELECT fund FROM entry WHERE entry_id = (SELECT entry_id FROM proposed)
    UNION
    SELECT fund FROM entry
    WHERE pledge_id = (SELECT pledge_id FROM entry WHERE entry_id = (SELECT entry_id FROM proposed))
"""


def of_fund(fund: str) -> Sequence[str]:
    return [f"balance of {fund}"]


async def of_pledge(db: Database, ctx: Context, pledge_id: UUID) -> Sequence[str]:
    return await _of(db, ctx, _OF_PLEDGE, pledge_id)


async def of_carry_over(db: Database, ctx: Context, pledge_id: UUID, data: JSONBody[CarryOver]) -> Sequence[str]:
    leaving = await of_pledge(db, ctx, pledge_id)
    return [*leaving, *of_fund(data.to_fund)] if leaving else []


async def of_allocation(db: Database, ctx: Context, allocation_id: UUID) -> Sequence[str]:
    return await _of(db, ctx, _OF_ALLOCATION, allocation_id)


async def of_entry(db: Database, ctx: Context, _id: UUID, data: JSONBody[ProposeReversal]) -> Sequence[str]:
    return await _of(db, ctx, _OF_ENTRY, data.entry_id)


async def of_proposal(db: Database, ctx: Context, proposal_id: UUID) -> Sequence[str]:
    return await _of(db, ctx, _OF_PROPOSAL, proposal_id)


async def _of(db: Database, ctx: Context, query: str, id_: UUID) -> Sequence[str]:
    """Return the locks of the funds that the query finds.

    Empty for a caller who moves no money or does not see the record: the command is then refused.
    """
    if not is_finance_officer(ctx.caller):
        return []
    async with db.transaction(by=ctx.caller) as tx:
        return [lock for row in await tx.fetch(query, id_) for lock in of_fund(row["fund"])]
