"""Steps of tests about joint deliveries: a cohort of three States, and moves."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from chassis.db.database import Database
from contracts.requests import RequestSubmitted
from tests.builders import AHEAD, headers
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.steps import COORDINATOR, Client, Owner, data_of, opened

STATES = ("KEN", "UGA", "TZA")
GAP = {"minor": 1_000_000, "currency": "USD"}
ONE_UNIT = [{"from": f"{AHEAD}-01-01", "until": f"{AHEAD}-06-30", "units": 1}]


async def requests_of(owner: Owner, *states: str, **changes: Any) -> list[RequestSubmitted]:
    return [
        await opened(owner, a_submission(a_contract_line(**{"group_size": 20} | changes), state=one))
        for one in states or STATES
    ]


async def propose(
    api: Client,
    offering: Mapping[str, Any],
    requests: Sequence[RequestSubmitted],
    *,
    by: str = COORDINATOR,
    **more: Any,
) -> httpx.Response:
    lines = [str(one.lines[0].line_id) for one in requests]
    body = {"offering_id": offering["offering_id"], "lines": lines} | more
    return await api.post("/v1/joint-deliveries", json=body, headers=headers(by))


async def proposed(api: Client, *about: Any, **more: Any) -> dict[str, Any]:
    answer = await propose(api, *about, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def read(api: Client, joint: Mapping[str, Any], by: str = COORDINATOR) -> dict[str, Any]:
    answer = await api.get(f"/v1/joint-deliveries/{joint['joint_delivery_id']}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def try_move(api: Client, joint: Mapping[str, Any], name: str, by: str, **body: Any) -> httpx.Response:
    found = await api.get(f"/v1/joint-deliveries/{joint['joint_delivery_id']}", headers=headers(by))
    revision = found.json().get("revision", 1)
    path = f"/v1/joint-deliveries/{joint['joint_delivery_id']}/{name}"
    return await api.post(path, json=body, headers=headers(by, revision=revision))


async def move_joint(api: Client, joint: Mapping[str, Any], name: str, by: str, **body: Any) -> dict[str, Any]:
    answer = await try_move(api, joint, name, by, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def focal_point(state: str) -> str:
    return f"{state}:focal_point"


async def match_of(api: Client, joint: Mapping[str, Any], state: str) -> dict[str, Any]:
    """Return the match of one State, as a coordinator reads it."""
    member = next(one for one in (await read(api, joint))["members"] if one["state"] == state)
    answer = await api.get(f"/v1/matches/{member['match_id']}", headers=headers(COORDINATOR))
    return dict(answer.json())


async def facts_of(db: Database, kind: str) -> list[dict[str, Any]]:
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT event FROM journal WHERE type = $1 ORDER BY position", kind)
    return [data_of(row) for row in rows]


def statuses(joint: Mapping[str, Any]) -> dict[str, str]:
    return {one["state"]: one["status"] for one in joint["members"]}
