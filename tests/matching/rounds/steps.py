"""Steps of tests about rounds: approve offerings, open lines, create and plan a round."""

from typing import Any
from uuid import UUID

import httpx

from chassis import clock
from chassis.db.database import Database
from contracts.requests import RequestSubmitted
from services.matching.index.memory import Memory
from services.matching.rounds.planner import Planner
from tests.builders import AHEAD, headers
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.offerings.steps import approved
from tests.matching.steps import COORDINATOR, Owner, opened

Client = httpx.AsyncClient
SPRING = {"from": f"{AHEAD}-01-01", "until": f"{AHEAD}-06-30"}
UNIT = "UNODC:provider_officer"


async def offered(api: Client, by: str = UNIT, *, units: int = 1, **changes: Any) -> dict[str, Any]:
    """Approve an offering with so many deliveries in one period."""
    return await approved(api, by, capacity=[{**SPRING, "units": units}], **changes)


async def wanted(owner: Owner, state: str = "KEN", **changes: Any) -> UUID:
    """Open a request with one line, submitted now, because waiting adds points."""
    submission: RequestSubmitted = a_submission(a_contract_line(**changes), state=state, submitted_at=clock.now())
    await opened(owner, submission)
    return submission.lines[0].line_id


async def asked(api: Client, **settings: Any) -> dict[str, Any]:
    """Create a round that waits for its plan."""
    answer = await api.post("/v1/rounds", json=settings, headers=headers(COORDINATOR))
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def shown(api: Client, round_id: str, **more: str) -> dict[str, Any]:
    answer = await api.get(f"/v1/rounds/{round_id}", headers=headers(COORDINATOR) | more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def planned(api: Client, db: Database, **settings: Any) -> dict[str, Any]:
    """Create and plan a round; return it as planned or failed."""
    asked_for = await asked(api, **settings)
    assert await Planner(db, Memory()).plan_next()
    return await shown(api, asked_for["round_id"])


async def end(api: Client, one: dict[str, Any], move: str, by: str = COORDINATOR) -> httpx.Response:
    return await api.post(
        f"/v1/rounds/{one['round_id']}/{move}", json={}, headers=headers(by, revision=one["revision"])
    )


def served(one: dict[str, Any]) -> dict[str, list[str]]:
    """The offerings of each line that is served."""
    return {line["line_id"]: [d["offering_id"] for d in line["deliveries"]] for line in one["plan"]}


def why(one: dict[str, Any]) -> dict[str, list[str]]:
    """The reasons against the offerings that fit a line, by line that stays open."""
    return {line["line_id"]: [h["why"] for h in line["hindrances"]] for line in one["unmet"]}
