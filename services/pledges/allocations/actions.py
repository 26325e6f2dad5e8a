"""Actions on allocations: allocate, spend, return; and on requirements of confirmed and revoked matches.

Locks are taken in the order purpose, allocation, balance of the fund.
"""

from datetime import date
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from contracts.facts import Event, Fact
from contracts.matching import MatchConfirmed, MatchRevoked
from contracts.packages import PackageConfirmed
from contracts.pledges import RequirementOpened
from contracts.refusals import Conflict, Invalid
from contracts.values import Caller
from services.pledges import policy
from services.pledges.activities import store as activity_store
from services.pledges.activities.model import Activity, ActivityStatus
from services.pledges.allocations import model as allocations
from services.pledges.allocations import package_store
from services.pledges.allocations import store as allocation_store
from services.pledges.allocations.model import Allocation, Purpose, Requirement, RequirementStatus, Spending
from services.pledges.funds.actions import require_fund
from services.pledges.ledger import balances, fiscal_years
from services.pledges.ledger import store as ledger
from services.pledges.ledger.record import record, record_all
from services.pledges.money.model import Validity
from services.pledges.money.rate_actions import valuation_of
from services.pledges.policy import Action


async def allocate(
    tx: Tx, ctx: Context, allocation_id: UUID, fund: str, usd_minor: int, purpose: Purpose, *, on: date
) -> None:
    """Allocate money of a fund to a purpose, which is locked until the transaction ends.

    Raises the errors of `allocations.allocate`, and Conflict for money that is earmarked for another purpose.
    """
    await require_fund(tx, fund)
    for_what = await _purpose(tx, purpose, ctx.caller)
    available = await ledger.lock_balance(tx, fund)
    fact = allocations.allocate(
        allocation_id,
        fund,
        usd_minor,
        for_what,
        available_usd_minor=available,
        fund_donors=await allocation_store.fund_donors(tx, fund),
        on=on,
        now=ctx.now,
    )
    await require_not_earmarked(tx, fund, usd_minor, line_id=fact.line_id)
    await record(tx, fact, version=1)


async def require_not_earmarked(tx: Tx, fund: str, usd_minor: int, *, line_id: UUID | None) -> None:
    """Raise Conflict if the amount exceeds the fund's available money less what is kept for other lines of requests.

    Requires the lock of the fund's balance.
    """
    async with tx.as_service():
        [held] = await balances.available_for(tx, [fund])
    free = held.available_usd_minor - sum(part.usd_minor for part in held.earmarked if part.line_id != line_id)
    if usd_minor > free:
        raise Conflict("earmark-mismatch", available_usd_minor=free)


async def _purpose(tx: Tx, purpose: Purpose, caller: Caller) -> Requirement | Activity | str:
    """Lock and return the purpose.

    Raises Missing for a requirement that this caller may not see, or an unknown activity.
    """
    if purpose.requirement_id is not None:
        return await allocation_store.get_requirement(tx, purpose.requirement_id, caller, lock=True)
    if purpose.activity_id is not None:
        return await activity_store.get(tx, purpose.activity_id, lock=True)
    assert purpose.work_package is not None, "a purpose has exactly one of the three fields"
    return purpose.work_package


async def spend(tx: Tx, ctx: Context, allocation_id: UUID, usd_minor: int, how: Spending, *, on: date) -> None:
    """Spend from an allocation."""
    allocation, is_over = await _held(tx, ctx, allocation_id, Action.SPEND)
    if allocation.requirement_id is not None and is_over:
        raise Conflict("requirement-cancelled")
    await record(tx, allocation.spend(usd_minor, how, on=on, now=ctx.now), version=allocation.revision + 1)


async def give_back(tx: Tx, ctx: Context, allocation_id: UUID, *, on: date) -> None:
    """Return the unspent part of an allocation to its fund."""
    allocation, _ = await _held(tx, ctx, allocation_id, Action.GIVE_BACK)
    if on < allocation.allocated_on:
        raise Invalid("dates-reversed", field="returned_on")
    donors = await allocation_store.fund_donors(tx, allocation.fund)
    await record(tx, allocation.give_back(donors, on=on, now=ctx.now), version=allocation.revision + 1)


async def _held(tx: Tx, ctx: Context, allocation_id: UUID, action: Action) -> tuple[Allocation, bool]:
    """Lock the purpose and then the allocation; return the allocation and whether the purpose was cancelled."""
    seen = await allocation_store.get_allocation(tx, allocation_id, ctx.caller)
    policy.decide(ctx.caller, action, seen).required()
    async with tx.as_service():
        is_over = await lock_purpose(tx, allocation_id)
    allocation = await allocation_store.get_allocation(tx, allocation_id, ctx.caller, lock=True)
    check_revision(allocation.revision, ctx.expected)
    return allocation, is_over


async def lock_purpose(tx: Tx, allocation_id: UUID) -> bool:
    """Lock the purpose, before its allocation as all actions do; return whether it was cancelled."""
    purpose = await allocation_store.purpose_of(tx, allocation_id)
    if purpose.requirement_id is not None:
        requirement = await allocation_store.locked_requirement(tx, purpose.requirement_id)
        return requirement is not None and requirement.status is RequirementStatus.CANCELLED
    if purpose.activity_id is not None:
        return (await activity_store.get(tx, purpose.activity_id, lock=True)).status is ActivityStatus.CANCELLED
    return False


# -- requirements of matches ------------------------------------------------------------------------------------------


async def on_match_confirmed(tx: Tx, event: Event, fact: MatchConfirmed, *, validity: Validity) -> None:
    """Open a requirement for a confirmed match that needs money, at the rate of the day it was confirmed."""
    money = fact.funding_needed
    if money is None or money.minor == 0:
        return
    on = max(fact.confirmed_at.date(), await fiscal_years.open_from(tx))
    opened = RequirementOpened(
        requirement_id=allocations.requirement_id_of(fact.match_id),
        match_id=fact.match_id,
        request_id=fact.request_id,
        line_id=fact.line_id,
        state=fact.state,
        provider=fact.provider,
        money=money,
        valuation=await valuation_of(tx, money, on, validity),
        effective_on=on,
        opened_at=event.time,
        about=fact.about,
    )
    await record(tx, opened, version=1, because=event)


async def on_match_revoked(tx: Tx, event: Event, fact: MatchRevoked) -> None:
    """Return the allocations of the match to their funds, and cancel its requirement."""
    requirement = await allocation_store.locked_requirement(tx, allocations.requirement_id_of(fact.match_id))
    if requirement is None or requirement.status is RequirementStatus.CANCELLED:
        return
    on = max(fact.revoked_at.date(), await fiscal_years.open_from(tx))
    facts: list[tuple[Fact, int]] = []
    for allocation in await allocation_store.allocations_in_force(tx, requirement.requirement_id):
        if not allocation.unspent_usd_minor:
            continue
        donors = await allocation_store.fund_donors(tx, allocation.fund)
        last = await ledger.last_value_date(tx, allocation.allocation_id)
        back = allocation.give_back(donors, on=max(on, last), now=event.time)
        facts.append((back, allocation.revision + 1))
    facts.append((requirement.cancel(now=event.time), requirement.revision + 1))
    await record_all(tx, facts, because=event)


async def on_package_confirmed(tx: Tx, _event: Event, fact: PackageConfirmed) -> None:
    """Record from which pledge the four parties agreed to pay, so that finance officers see it when they allocate."""
    await package_store.save(tx, fact)
