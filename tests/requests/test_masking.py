"""The institution's name is hidden until both sides have accepted; remarks are never shown to providers."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from chassis.db.database import Database
from contracts.matching import MatchConfirmed, MatchRevoked
from contracts.reference import reasons
from services.requests.request import actions
from tests.builders import NOON, a_request, an_event, headers
from tests.matching.builders import SPRING
from tests.requests.steps import COORDINATOR, Client

NAME = a_request()["lines"][0]["institution_name"]


async def opened(api: Client) -> dict[str, Any]:
    """Return a circulated request that was returned and held once, each with a comment."""
    answer = await api.post("/v1/requests", json=a_request(), headers=headers())
    reason, hold = (next(iter(reasons(move))) for move in ("return", "hold"))
    for name, by, body in (
        ("return", COORDINATOR, {"reason": reason, "comment": "Ask the registrar by telephone."}),
        ("submit", "KEN:focal_point", {}),
        ("register", COORDINATOR, {}),
        ("open", COORDINATOR, {"priority": "high"}),
        ("hold", COORDINATOR, {"reason": hold, "comment": "The registrar is away."}),
        ("resume", COORDINATOR, {}),
    ):
        request = answer.json()
        answer = await api.post(
            f"/v1/requests/{request['request_id']}/{name}", json=body, headers=headers(by, revision=request["revision"])
        )
        assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def name_shown_to(api: Client, request: Mapping[str, Any], by: str) -> str:
    answer = await api.get(f"/v1/requests/{request['request_id']}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["lines"][0]["institution_name"])


async def test_institution_name_is_shown_to_the_provider_after_both_sides_accepted(
    api: Client, databases: Mapping[str, Database]
) -> None:
    request = await opened(api)
    match = {
        "match_id": uuid4(),
        "request_id": UUID(request["request_id"]),
        "line_id": UUID(request["lines"][0]["line_id"]),
        "offering_id": uuid4(),
        "state": "KEN",
        "provider": "NOR",
        "capacity_period": SPRING,
    }

    async def handle(fact: Any, version: int) -> None:
        async with databases["requests"].transaction() as tx:
            await actions.on_match_changed(tx, an_event(fact, version), fact)

    async def shown() -> list[str]:
        asking = ("NOR:provider_officer", "FRA:provider_officer", "NOR:donor_officer", "KEN:official", COORDINATOR)
        return [await name_shown_to(api, request, by) for by in asking]

    assert ["", "", "", NAME, NAME] == await shown()
    await handle(MatchConfirmed(**match, confirmed_at=NOON), 1)
    assert [NAME, "", "", NAME, NAME] == await shown()
    await handle(MatchRevoked(**match, reason="other", revoked_at=NOON), 2)
    assert ["", "", "", NAME, NAME] == await shown()


async def test_history_for_recipients_has_no_remarks_or_changes(api: Client) -> None:
    request = await opened(api)

    async def history(by: str) -> list[dict[str, Any]]:
        answer = await api.get(f"/v1/requests/{request['request_id']}/history", headers=headers(by))
        assert answer.status_code == 200, answer.text
        return list(answer.json()["entries"])

    whole = await history("KEN:focal_point")
    for by in ("NOR:provider_officer", "NOR:donor_officer"):
        reported = await history(by)
        assert [entry["type"] for entry in whole] == [entry["type"] for entry in reported]
        assert [(None, {})] * len(reported) == [(entry["comment"], entry["data"]) for entry in reported]
    assert await history(COORDINATOR) == whole
    assert {None, "Ask the registrar by telephone.", "The registrar is away."} == {e["comment"] for e in whole}
