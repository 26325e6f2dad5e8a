"""A provider of an agreed match reads the lines it serves and their words."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.db.database import Database
from contracts.matching import MatchConfirmed, MatchRevoked
from services.requests.request import actions
from tests.builders import NOON, a_line, an_event, headers
from tests.matching.builders import SPRING
from tests.requests.steps import CEB, COORDINATOR, NORWAY, Client, consent, opened, visible_text, withdraw

OF_THE_LINE = ("Canary-outcome", "Canary-place", "Canary-markers")
OF_OTHERS = ("Canary-title", "Canary-need", "Canary-name", "central_authority", "Other-outcome", "legislative_drafting")
OTHER_LINE = a_line(kind="legislative_drafting", outcome="Other-outcome", institution="legislature")


async def confirmed(
    databases: Mapping[str, Database], request: Mapping[str, Any], provider: str, line: int = 0
) -> dict[str, Any]:
    """Confirm a match of a line, which both sides have accepted, as matching publishes it."""
    match = {
        "match_id": uuid4(),
        "request_id": UUID(request["request_id"]),
        "line_id": UUID(request["lines"][line]["line_id"]),
        "offering_id": uuid4(),
        "state": "KEN",
        "provider": provider,
        "capacity_period": SPRING,
    }
    await handle(databases, MatchConfirmed(**match, confirmed_at=NOON), 1)
    return match


async def handle(databases: Mapping[str, Database], fact: Any, version: int) -> None:
    async with databases["requests"].transaction() as tx:
        await actions.on_match_changed(tx, an_event(fact, version), fact)


async def two_lines(api: Client) -> dict[str, Any]:
    """Return an open request without consents, whose second line is another need."""
    first = a_line(
        outcome="Canary-outcome of the training", in_place="Canary-place of today",
        markers_justification="Canary-markers", institution_name="Canary-name",
    )  # fmt: skip
    return await opened(api, lines=[first, OTHER_LINE])


@pytest.mark.parametrize("provider", [CEB, NORWAY])
async def test_provider_of_an_agreed_match_reads_the_words_of_its_lines(
    api: Client, databases: Mapping[str, Database], provider: str
) -> None:
    request = await two_lines(api)
    path = f"/v1/requests/{request['request_id']}"
    assert 404 == (await api.get(path, headers=headers(provider))).status_code

    await confirmed(databases, request, provider.partition(":")[0])

    shown = (await api.get(path, headers=headers(provider))).json()
    assert [request["lines"][0]["line_id"]] == [line["line_id"] for line in shown["lines"]]
    assert ("Canary-outcome of the training", "Canary-place of today", "Canary-markers") == tuple(
        shown["lines"][0][name] for name in ("outcome", "in_place", "markers_justification")
    )
    assert ["words", "institution"] == shown["withheld"]
    listed = (await api.get("/v1/requests", headers=headers(provider))).json()["requests"]
    assert [[request["lines"][0]["kind"]]] == [one["kinds"] for one in listed]
    everything = await visible_text(api, request, provider)
    assert not [word for word in OF_OTHERS if word in everything]


async def test_access_by_an_agreement_ends_with_it(api: Client, databases: Mapping[str, Database]) -> None:
    request = await two_lines(api)
    match = await confirmed(databases, request, "NOR")
    for other in ("FRA:provider_officer", "NOR:donor_officer", "NOR:focal_point"):
        assert not await visible_text(api, request, other) or request["request_id"] not in await visible_text(
            api, request, other
        )

    await handle(databases, MatchRevoked(**match, reason="other", revoked_at=NOON), 2)

    assert request["request_id"] not in await visible_text(api, request, NORWAY)


async def test_agreed_provider_keeps_access_while_the_request_is_held_until_a_consent_is_withdrawn(
    api: Client, databases: Mapping[str, Database]
) -> None:
    request = await consent(api, await two_lines(api), recipients=["NOR"], fields=["codes"])
    await confirmed(databases, request, "NOR", line=1)
    path = f"/v1/requests/{request['request_id']}"
    shown = (await api.get(path, headers=headers(NORWAY))).json()
    assert [None, "Other-outcome"] == [line.get("outcome") for line in shown["lines"]], (
        "the codes of both lines are shown by consent"
    )

    request = (await api.get(path, headers=headers())).json()
    held = await api.post(
        f"{path}/hold", json={"reason": "awaiting_state"}, headers=headers(COORDINATOR, revision=request["revision"])
    )
    assert held.status_code == 200, held.text

    shown = (await api.get(path, headers=headers(NORWAY))).json()
    assert ["Other-outcome"] == [line["outcome"] for line in shown["lines"]]

    await withdraw(api, held.json(), request["consents"][0]["consent_id"])

    assert (await api.get(path, headers=headers(NORWAY))).status_code == 404


async def test_audience_lists_access_by_an_agreement(api: Client, databases: Mapping[str, Database]) -> None:
    request = await two_lines(api)
    match = await confirmed(databases, request, "NOR")

    answer = await api.get(f"/v1/requests/{request['request_id']}/audience", headers=headers())

    by_match = [one for one in answer.json()["admissions"] if one["door"] == "match"]
    assert [("NOR", ["codes", "words"], [str(match["line_id"])])] == [
        (one["who"], one["fields"], one["lines"]) for one in by_match
    ]
    others = [one["lines"] for one in answer.json()["admissions"] if one["door"] != "match"]
    assert {None} == set(others)
