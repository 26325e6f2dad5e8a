"""Deliveries are opened and ended once and in order, although processes that consume the events are killed."""

from uuid import uuid4

import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.deliveries import delivery_id_of
from contracts.matching import MatchRevoked
from services.delivery.wiring import SERVICE
from tests.builders import an_event
from tests.delivery.sessions.steps import planned
from tests.delivery.steps import SPRING, Client, Matching, a_confirmation
from tests.due_child import POINTS, run_killed

MATCHES = 20


@pytest.mark.soak
async def test_deliveries_are_opened_and_ended_once_with_processes_killed(
    api: Client, db: Database, matching: Matching, database_url: str
) -> None:
    known = a_confirmation()
    delivery_id = await matching.opens(known)
    session = await planned(api, delivery_id)
    confirmed = [known, *(a_confirmation(match_id=uuid4()) for _ in range(MATCHES))]
    events = [an_event(fact, 1) for fact in confirmed[1:]]
    for fact in confirmed:
        of = {name: getattr(fact, name) for name in ("match_id", "request_id", "line_id", "offering_id")}
        ended = MatchRevoked(
            **of, state="KEN", provider="NOR", reason="other", capacity_period=SPRING, revoked_at=clock.now()
        )
        events.append(an_event(ended, 2))

    await run_killed("delivery", database_url, clock.now(), [(3, POINTS[0]), (9, POINTS[1])], events)

    async with db.transaction() as tx:
        rows = await tx.fetch(
            "SELECT aggregate_id, array_agg(type ORDER BY version) AS types FROM journal GROUP BY aggregate_id"
        )
    facts = {str(row["aggregate_id"]): [one.split(".")[2] for one in row["types"]] for row in rows}
    assert facts.pop(session["session_id"]) == ["planned", "cancelled"]
    assert facts == {str(delivery_id_of(fact.match_id)): ["opened", "terminated"] for fact in confirmed}
    migrator = await Database.connect(database_url, "delivery", owner=True)
    try:
        assert await verify(migrator, SERVICE) == []
    finally:
        await migrator.close()
