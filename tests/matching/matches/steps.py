"""Steps of tests about matches."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx

from chassis.db.database import Database
from contracts.requests import RequestSubmitted
from services.matching.lines import store as line_store
from services.matching.lines.model import RequestStatus
from services.matching.matches import store as match_store
from services.matching.matches.model import Match, MatchStatus
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import Offering
from tests.builders import NOON, headers
from tests.matching.builders import a_match, a_submission
from tests.matching.steps import COORDINATOR, KENYA, Client, begin, move

GROUP = 25


async def given_matches(db: Database, offering: Offering, status: MatchStatus, count: int) -> list[Match]:
    """Store matches of one offering in this status, each with a line of its own."""
    submissions = [a_submission() for _ in range(count)]
    at: dict[str, Any] = {"presented_at": NOON}
    if status is MatchStatus.ACCEPTED:
        at["accepted_at"] = NOON
    matches = [
        a_match(
            status,
            offering_id=offering.offering_id,
            request_id=submission.request_id,
            line_id=submission.lines[0].line_id,
            **at,
        )
        for submission in submissions
    ]
    async with db.transaction() as tx:
        await offering_store.save(tx, offering)
        await offering_store.save_capacity(tx, offering)
        for submission in submissions:
            await line_store.save(tx, submission)
            await line_store.set_status(tx, submission.request_id, RequestStatus.OPEN)
        await match_store.save(tx, *matches)
    return matches


async def taken_of(db: Database, offering_id: UUID) -> int:
    async with db.transaction() as tx:
        return int(await tx.fetchval("SELECT sum(taken) FROM capacity WHERE offering_id = $1", offering_id))


async def ask(
    api: Client, request: RequestSubmitted, offering: Mapping[str, Any], by: str = COORDINATOR, language: str = "en"
) -> httpx.Response:
    query = {"line": str(request.lines[0].line_id), "offering": offering["offering_id"]}
    return await api.get("/v1/matches/why-not", params=query, headers=headers(by) | {"Accept-Language": language})


async def why_not(api: Client, *about: Any, **more: Any) -> dict[str, Any]:
    answer = await ask(api, *about, **more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def line_of(request: RequestSubmitted) -> UUID:
    assert GROUP == request.lines[0].group_size
    return request.lines[0].line_id


async def nominated(api: Client, line_id: UUID, offering: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    answer = await begin(api, line_id, offering, COORDINATOR, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def confirmed(api: Client, match: Mapping[str, Any], by: str) -> dict[str, Any]:
    shown = await move(api, match, "present", COORDINATOR)
    accepted = await move(api, shown, "accept", KENYA)
    return await move(api, accepted, "confirm", by)


async def residue(api: Client, match: Mapping[str, Any], by: str = COORDINATOR) -> int:
    answer = await api.get(f"/v1/matches/{match['match_id']}", headers=headers(by))
    return int(answer.json()["residue"])
