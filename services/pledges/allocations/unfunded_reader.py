"""Which requirements a donor is shown: those of requests that their States have consented to show it, and no others."""

from uuid import UUID

from chassis.db.database import Database
from contracts.consents import SHOWN_MAX
from contracts.values import Caller
from services.pledges.allocations import store as allocation_store
from services.pledges.allocations.consents import Consents
from services.pledges.allocations.model import Requirement

READ_MAX = 10_000
"""Requirements that one question looks at."""


async def shown(
    db: Database, consents: Consents, caller: Caller, *, after: UUID | None, count: int
) -> list[Requirement]:
    """The first `count` of those that the caller is shown; how many it is not is told by nothing.

    After one that it is not shown comes nothing, as after one that is not there.
    """
    if after is not None and await shown_requirement(db, consents, caller, after) is None:
        return []
    found: list[Requirement] = []
    for _ in range(READ_MAX // SHOWN_MAX):
        async with db.transaction(by=caller) as tx, tx.as_service():
            lacking = await allocation_store.unfunded(tx, before=after, limit=SHOWN_MAX)
        known = await consents.shown(caller, {one.request_id for one in lacking})
        found += [one for one in lacking if one.request_id in known]
        if len(found) >= count or len(lacking) < SHOWN_MAX:
            break
        after = lacking[-1].requirement_id
    return found[:count]


async def shown_requirement(
    db: Database, consents: Consents, caller: Caller, requirement_id: UUID
) -> Requirement | None:
    """The requirement, where the request that it is for is shown to the caller's organization."""
    async with db.transaction(by=caller) as tx, tx.as_service():
        requirement = await allocation_store.known_requirement(tx, requirement_id)
    # Asked where there is none as well: whoever names one that is not theirs to know waits as long.
    known = await consents.shown(caller, {requirement.request_id if requirement else requirement_id})
    return requirement if requirement and requirement.request_id in known else None
