"""Steps of tests of clocks and of the list of work."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from chassis.db.database import Database
from contracts.matching import MatchPresented
from contracts.values import Caller
from services.requests.consumers import HANDLERS
from tests.builders import NOON, a_caller, an_event
from tests.requests.steps import COORDINATOR


async def presented(databases: Mapping[str, Database], request: Mapping[str, Any], provider: str) -> UUID:
    """Present a match of the request's first line, as matching would."""
    match_id = uuid4()
    fact = MatchPresented(
        match_id=match_id, request_id=UUID(request["request_id"]), line_id=UUID(request["lines"][0]["line_id"]),
        offering_id=uuid4(), state="KEN", provider=provider, presented_at=NOON, departs=False, departure=None,
    )  # fmt: skip
    async with databases["requests"].transaction() as tx:
        await HANDLERS[MatchPresented](tx, an_event(fact, 1), fact)
    return match_id


async def appointed_coordinator(databases: Mapping[str, Database], who: str = COORDINATOR) -> UUID:
    person: Caller = a_caller(who)
    async with databases["requests"].transaction() as tx:
        await tx.execute(
            """
            INSERT INTO caller (appointment_id, person_id, organization, role, starts, ended, version)
            VALUES ($1, $2, 'UNODC', 'coordinator', '2026-01-01', false, 1)
            """,
            uuid4(),
            person.person_id,
        )
    return person.person_id
