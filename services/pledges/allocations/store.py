"""Rows of requirements and allocations.

Every read names its caller; `may_see` in the WHERE clause is the policy.
"""

from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from contracts.facts import Event
from contracts.pledges import (
    FUND_DONORS_MAX,
    AllocationMade,
    AllocationReturned,
    AllocationReversed,
    AllocationSpendingReversed,
    AllocationSpent,
    RequirementCancelled,
    RequirementOpened,
)
from contracts.refusals import Conflict, Missing
from contracts.requests import About
from contracts.values import Caller
from services.pledges.allocations import model
from services.pledges.allocations.model import Allocation, AllocationStatus, Purpose, Requirement
from services.pledges.pledge.store import flat, valued

AllocationFact = AllocationMade | AllocationReturned | AllocationReversed | AllocationSpent | AllocationSpendingReversed

# -- requirements -----------------------------------------------------------------------------------------------------


async def get_requirement(tx: Tx, requirement_id: UUID, caller: Caller, *, lock: bool = False) -> Requirement:
    """Return the requirement. Raises Missing if this caller may not see it.

    `lock` locks the row until the transaction ends.
    """
    query = "SELECT * FROM requirement WHERE requirement_id = $1 AND sees_requirement(state, provider, $2, $3)"
    row = await tx.fetchrow(query + (" FOR UPDATE" if lock else ""), requirement_id, caller.organization, caller.role)
    if row is None:
        raise Missing("not-found")
    return _requirement(row)


async def locked_requirement(tx: Tx, requirement_id: UUID) -> Requirement | None:
    """Lock and return the requirement, as the service; None if there is none."""
    row = await tx.fetchrow("SELECT * FROM requirement WHERE requirement_id = $1 FOR UPDATE", requirement_id)
    return _requirement(row) if row else None


async def requirement_by_id(tx: Tx, requirement_id: UUID) -> Requirement | None:
    """Return the requirement without a lock, as the service; None if there is none."""
    row = await tx.fetchrow("SELECT * FROM requirement WHERE requirement_id = $1", requirement_id)
    return _requirement(row) if row else None


async def line_of(tx: Tx, requirement_id: UUID | None) -> UUID | None:
    """Return the request's line of a requirement, as the service."""
    if requirement_id is None:
        return None
    async with tx.as_service():
        found: UUID | None = await tx.fetchval(
            "SELECT line_id FROM requirement WHERE requirement_id = $1", requirement_id
        )
        return found


async def unfunded(tx: Tx, *, before: UUID | None, limit: int) -> list[Requirement]:
    """List requirements that are not fully covered, newest first, after `before`, as the service."""
    rows = await tx.fetch(
        """
        SELECT * FROM requirement
        WHERE status = 'open' AND covered_usd_minor < usd_minor
          AND ($1::uuid IS NULL OR (opened_at, requirement_id)
                < (SELECT opened_at, requirement_id FROM requirement WHERE requirement_id = $1))
        ORDER BY opened_at DESC, requirement_id DESC LIMIT $2
        """,
        before,
        limit,
    )
    return [_requirement(row) for row in rows]


async def requirements(
    tx: Tx, caller: Caller, *, request_id: UUID | None, before: UUID | None, limit: int
) -> list[Requirement]:
    """List the requirements this caller may see, newest first, after `before`."""
    rows = await tx.fetch(
        """
        SELECT * FROM requirement
        WHERE sees_requirement(state, provider, $1, $2)
          AND ($3::uuid IS NULL OR request_id = $3)
          AND ($4::uuid IS NULL OR (opened_at, requirement_id)
                < (SELECT opened_at, requirement_id FROM requirement
                   WHERE requirement_id = $4 AND sees_requirement(state, provider, $1, $2)))
        ORDER BY opened_at DESC, requirement_id DESC LIMIT $5
        """,
        caller.organization,
        caller.role,
        request_id,
        before,
        limit,
    )
    return [_requirement(row) for row in rows]


async def page_of_requirements(tx: Tx, *, after: UUID, limit: int) -> list[Requirement]:
    """List requirements in the order of their ids, as the service."""
    query = "SELECT * FROM requirement WHERE requirement_id > $1 ORDER BY requirement_id LIMIT $2"
    return [_requirement(row) for row in await tx.fetch(query, after, limit)]


async def add_requirement(tx: Tx, requirement: Requirement) -> None:
    await tx.execute(
        """
        INSERT INTO requirement (requirement_id, match_id, request_id, line_id, state, provider, status, revision,
            minor, currency, usd_minor, rate, rate_source, rate_date, covered_usd_minor, opened_at, about)
        SELECT requirement_id, match_id, request_id, line_id, state, provider, status, revision,
            minor, currency, usd_minor, rate, rate_source, rate_date, covered_usd_minor, opened_at, about
        FROM json_populate_record(NULL::requirement, $1::text::json)
        """,
        flat(requirement),
    )


async def cancel_requirement(tx: Tx, requirement_id: UUID) -> None:
    await tx.execute(
        "UPDATE requirement SET status = 'cancelled', revision = revision + 1 WHERE requirement_id = $1", requirement_id
    )


async def add_coverage(tx: Tx, requirement_id: UUID, usd_minor: int) -> None:
    """Add an allocated amount to the covered amount, or subtract a returned one.

    Raises Conflict if the covered amount would exceed the requirement.
    """
    covered = await tx.fetchval(
        """
        UPDATE requirement SET covered_usd_minor = covered_usd_minor + $2::bigint
        WHERE requirement_id = $1 AND covered_usd_minor + $2::bigint BETWEEN 0 AND usd_minor RETURNING true
        """,
        requirement_id,
        usd_minor,
    )
    if not covered:
        raise Conflict("requirement-exceeded")


# -- allocations ------------------------------------------------------------------------------------------------------


async def get_allocation(tx: Tx, allocation_id: UUID, caller: Caller, *, lock: bool = False) -> Allocation:
    """Return the allocation. Raises Missing if this caller may not see it.

    `lock` locks the row until the transaction ends.
    """
    query = """
        SELECT * FROM allocation
        WHERE allocation_id = $1 AND sees_allocation(work_package, activity_id, state, provider, $2, $3)
        """
    row = await tx.fetchrow(query + (" FOR UPDATE" if lock else ""), allocation_id, caller.organization, caller.role)
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), Allocation)


async def locked_allocation(tx: Tx, allocation_id: UUID) -> Allocation:
    """Lock and return an existing allocation, as the service."""
    row = await tx.fetchrow("SELECT * FROM allocation WHERE allocation_id = $1 FOR UPDATE", allocation_id)
    assert row is not None, "the allocation exists, because its id comes from its fact"
    return msgspec.convert(dict(row), Allocation)


async def purpose_of(tx: Tx, allocation_id: UUID) -> Purpose:
    """Return the purpose of an existing allocation, as the service. The purpose never changes."""
    row = await tx.fetchrow(
        "SELECT requirement_id, work_package, activity_id FROM allocation WHERE allocation_id = $1", allocation_id
    )
    return msgspec.convert(dict(row or {}), Purpose)


async def allocations_in_force(tx: Tx, requirement_id: UUID) -> list[Allocation]:
    """Lock and list the allocations in force of a requirement, as the service, in the order of locks of funds."""
    rows = await tx.fetch(
        """
        SELECT * FROM allocation WHERE requirement_id = $1 AND status = 'made'
        ORDER BY fund COLLATE "C", allocation_id FOR UPDATE
        """,
        requirement_id,
    )
    return [msgspec.convert(dict(row), Allocation) for row in rows]


async def fund_donors(tx: Tx, fund: str) -> tuple[str, ...]:
    """List the donors that have signed an agreement for the fund, as the service. They are notified of its use."""
    rows = await tx.fetch(
        """
        SELECT DISTINCT donor FROM pledge WHERE fund = $1 AND committed_on IS NOT NULL ORDER BY donor LIMIT $2
        """,
        fund,
        FUND_DONORS_MAX,
    )
    return tuple(row["donor"] for row in rows)


async def allocations(
    tx: Tx,
    caller: Caller,
    *,
    fund: str | None,
    request_id: UUID | None,
    requirement_id: UUID | None,
    activity_id: UUID | None,
    before: UUID | None,
    limit: int,
) -> list[Allocation]:
    """List the allocations this caller may see, newest first, after `before`."""
    rows = await tx.fetch(
        """
        SELECT * FROM allocation
        WHERE sees_allocation(work_package, activity_id, state, provider, $1, $2)
          AND ($3::text IS NULL OR fund = $3) AND ($4::uuid IS NULL OR request_id = $4)
          AND ($5::uuid IS NULL OR requirement_id = $5) AND ($6::uuid IS NULL OR activity_id = $6)
          AND ($7::uuid IS NULL OR allocation_id < $7)
        ORDER BY allocation_id DESC LIMIT $8
        """,
        caller.organization,
        caller.role,
        fund,
        request_id,
        requirement_id,
        activity_id,
        before,
        limit,
    )
    return [msgspec.convert(dict(row), Allocation) for row in rows]


async def page_of_allocations(tx: Tx, *, after: UUID, limit: int) -> list[Allocation]:
    """List allocations in the order of their ids, as the service."""
    query = "SELECT * FROM allocation WHERE allocation_id > $1 ORDER BY allocation_id LIMIT $2"
    return [msgspec.convert(dict(row), Allocation) for row in await tx.fetch(query, after, limit)]


async def add_allocation(tx: Tx, allocation: Allocation) -> None:
    await tx.execute(
        """
        INSERT INTO allocation (allocation_id, fund, usd_minor, status, revision, allocated_on, allocated_at,
            work_package, requirement_id, request_id, line_id, state, provider, activity_id)
        SELECT allocation_id, fund, usd_minor, status, revision, allocated_on, allocated_at,
            work_package, requirement_id, request_id, line_id, state, provider, activity_id
        FROM json_populate_record(NULL::allocation, $1::text::json)
        """,
        msgspec.json.encode(allocation).decode(),
    )


async def end_allocation(tx: Tx, allocation_id: UUID, status: AllocationStatus) -> None:
    await tx.execute(
        "UPDATE allocation SET status = $2, revision = revision + 1 WHERE allocation_id = $1", allocation_id, status
    )


async def spend(tx: Tx, allocation_id: UUID, usd_minor: int) -> None:
    """Add to the spent amount of an allocation; a reversal passes a negative amount."""
    await tx.execute(
        """
        UPDATE allocation SET spent_usd_minor = spent_usd_minor + $2, revision = revision + 1 WHERE allocation_id = $1
        """,
        allocation_id,
        usd_minor,
    )


def _requirement(row: Record) -> Requirement:
    about = msgspec.json.decode(row["about"], type=About) if row["about"] else None
    return valued({**dict(row), "about": about}, Requirement)


async def fold_requirement(tx: Tx, _event: Event, fact: RequirementOpened | RequirementCancelled) -> None:
    """Apply a fact of a requirement to its row."""
    if isinstance(fact, RequirementOpened):
        await add_requirement(tx, model.opened(fact))
    else:
        await cancel_requirement(tx, fact.requirement_id)


async def fold_allocation(tx: Tx, _event: Event, fact: AllocationFact) -> None:
    """Apply a fact of an allocation to its row, and to the row of the requirement it covers."""
    covered = 0
    match fact:
        case AllocationMade():
            await add_allocation(tx, model.allocated(fact))
            covered = fact.usd_minor
        case AllocationReturned():
            await end_allocation(tx, fact.allocation_id, AllocationStatus.RETURNED)
            covered = -fact.usd_minor
        case AllocationReversed():
            await end_allocation(tx, fact.allocation_id, AllocationStatus.REVERSED)
            covered = -fact.usd_minor
        case AllocationSpent():
            await spend(tx, fact.allocation_id, fact.usd_minor)
        case AllocationSpendingReversed():
            await spend(tx, fact.allocation_id, -fact.usd_minor)
            covered = -fact.usd_minor if fact.returned else 0
    if covered and not isinstance(fact, AllocationSpent) and fact.requirement_id is not None:
        await add_coverage(tx, fact.requirement_id, covered)
