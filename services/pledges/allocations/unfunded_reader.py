"""Requirements shown to a donor: only those of requests whose States consent to it."""

from uuid import UUID

from chassis.db.database import Database
from contracts.consents import SHOWN_MAX
from contracts.values import Caller
from services.pledges.allocations import store as allocation_store
from services.pledges.allocations.consents import Consents
from services.pledges.allocations.model import Requirement

READ_MAX = 10_000
"""Maximum number of requirements read for one query."""


async def visible_requirements(
    db: Database, consents: Consents, caller: Caller, *, after: UUID | None, count: int
) -> list[Requirement]:
    """Return the first `count` requirements shown to the caller; the number of hidden ones is not disclosed.

    If `after` is not shown to the caller, the page is empty, as it is for an id that does not exist.
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
    """Return the requirement if its request is shown to the caller's organization, else None."""
    async with db.transaction(by=caller) as tx, tx.as_service():
        requirement = await allocation_store.requirement_by_id(tx, requirement_id)
    # The service is asked for unknown ids as well, so that response times do not disclose which ids exist.
    known = await consents.shown(caller, {requirement.request_id if requirement else requirement_id})
    return requirement if requirement and requirement.request_id in known else None
