"""The State reads who sees which parts of its request, why, and who has read it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import clock
from chassis.audit.log import READ_AGAIN_SECONDS
from chassis.db.database import Database
from contracts.matching import MatchConfirmed, MatchRevoked
from services.requests.request import actions
from tests.builders import NOON, an_event, headers
from tests.matching.builders import SPRING
from tests.personas import persona_id
from tests.requests.steps import (
    CEB,
    COORDINATOR,
    KENYA,
    NORWAY,
    Client,
    audience,
    consent,
    filed,
    opened,
    readers,
    withdraw,
)

AUDITOR = "UNODC:auditor"
moment = datetime.fromisoformat
OFFICES = ["coordinator", "auditor", "service"]


async def access(api: Client, request: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    return [(one["who"], one["door"], one["fields"]) for one in (await audience(api, request))["admissions"]]


async def read(api: Client, request: Mapping[str, Any], by: str, what: str = "") -> None:
    answer = await api.get(f"/v1/requests/{request['request_id']}{what}", headers=headers(by))
    assert answer.status_code == 200, answer.text


async def test_audience_lists_current_access_by_consents_and_offices(api: Client) -> None:
    request = await opened(api)
    office = [(role, "office", ["codes", "words", "institution"]) for role in OFFICES]
    office.append(("unodc_units", "office", ["codes"]))
    assert office == await access(api, request)

    request = await consent(api, request, recipients=["NOR", "unodc_units"], fields=["words"])
    given = request["consents"][0]["consent_id"]
    by_consent = [(who, "consent", ["codes", "words"]) for who in ("NOR", "unodc_units")]
    assert [*office, *by_consent] == await access(api, request)
    reported = next(one for one in (await audience(api, request))["admissions"] if one["who"] == "NOR")
    history = (await api.get(f"/v1/requests/{request['request_id']}/history", headers=headers())).json()["entries"]
    assert (given, history[-1]["at"], None) == (reported["consent_id"], reported["since"], reported["until"])

    request = (await withdraw(api, request, given)).json()
    assert office == await access(api, request)


async def foreseen(api: Client, request: Mapping[str, Any], **query: Any) -> list[dict[str, Any]]:
    path = f"/v1/requests/{request['request_id']}"
    answer = await api.get(f"{path}/audience", params=query, headers=headers(KENYA))
    assert answer.status_code == 200, answer.text
    assert (await api.get(path, headers=headers(KENYA))).json()["revision"] == request["revision"]
    return list(answer.json()["admissions"])


def consented(admissions: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {one["who"]: one["fields"] for one in admissions if one["door"] == "consent"}


async def test_a_draft_withdrawn_before_its_submission_has_no_audience(api: Client) -> None:
    draft = await filed(api, submit=False)
    path, own = f"/v1/requests/{draft['request_id']}", headers(KENYA, revision=draft["revision"])
    withdrawn = (await api.post(f"{path}/withdraw", json={}, headers=own)).json()

    assert ("withdrawn", None) == (withdrawn["status"], withdrawn.get("submitted_at"))
    assert [] == await access(api, withdrawn)
    assert 404 == (await api.get(path, headers=headers(COORDINATOR))).status_code


async def test_audience_of_a_draft_is_shown_before_its_submission(api: Client) -> None:
    draft = await filed(api, submit=False, circulation="silence", visibility="providers")
    assert [] == await foreseen(api, draft)

    after = await foreseen(api, draft, if_submitted=True)

    assert {*OFFICES, "unodc_units"} == {one["who"] for one in after if one["door"] == "office"}
    assert {"providers": ["codes", "words", "institution"]} == consented(after)
    since = next(one["since"] for one in after if one["door"] == "consent")
    submitted = await api.post(
        f"/v1/requests/{draft['request_id']}/submit", json={}, headers=headers(KENYA, revision=draft["revision"])
    )
    # Both are the same number of working days after a time within this test.
    assert timedelta() <= moment(submitted.json()["window_ends_at"]) - moment(since) < timedelta(minutes=5)


async def test_audience_is_shown_before_a_consent(api: Client) -> None:
    request = await opened(api)

    after = await foreseen(api, request, if_consented="NOR,unodc_units")

    everything = ["codes", "words", "institution"]
    assert {"NOR": everything, "unodc_units": everything} == consented(after)
    assert {} == consented(await foreseen(api, request))


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ({"if_consented": "norway"}, 400, "invalid-request"),
        ({"if_submitted": "maybe"}, 400, "invalid-request"),
        ({"if_submitted": "true"}, 400, "request-incomplete"),
    ],
)
async def test_invalid_question_about_the_audience_is_refused(
    api: Client, query: dict[str, str], status: int, slug: str
) -> None:
    draft = await filed(api, submit=False, lines=[])
    answer = await api.get(f"/v1/requests/{draft['request_id']}/audience", params=query, headers=headers(KENYA))

    assert (status, slug) == (answer.status_code, answer.json()["slug"])


async def test_consent_gives_no_access_while_the_request_is_not_circulating(api: Client) -> None:
    request = await consent(api, await opened(api), recipients=["NOR"])
    for move, by, body in (("hold", COORDINATOR, {"reason": "awaiting_state"}), ("resume", COORDINATOR, {})):
        path = f"/v1/requests/{request['request_id']}/{move}"
        answer = await api.post(path, json=body, headers=headers(by, revision=request["revision"]))
        assert answer.status_code == 200, answer.text
        request = answer.json()
        assert (move == "resume") == ("NOR" in {who for who, _, _ in await access(api, request)})
    history = (await api.get(f"/v1/requests/{request['request_id']}/history", headers=headers())).json()["entries"]
    norway = next(one for one in (await audience(api, request))["admissions"] if one["who"] == "NOR")

    assert history[-1]["at"] == norway["since"], "it was not visible while it was held"


async def test_audience_lists_access_by_an_accepted_match(api: Client, databases: Mapping[str, Database]) -> None:
    request = await consent(api, await opened(api), recipients=["NOR"])
    match: dict[str, Any] = {
        "match_id": uuid4(),
        "request_id": UUID(request["request_id"]),
        "line_id": UUID(request["lines"][0]["line_id"]),
        "offering_id": uuid4(),
        "state": "KEN",
        "provider": "NOR",
        "capacity_period": SPRING,
    }
    confirmed = MatchConfirmed(**match, confirmed_at=NOON)
    async with databases["requests"].transaction() as tx:
        await actions.on_match_changed(tx, an_event(confirmed, 1), confirmed)

    by_match = [one for one in (await audience(api, request))["admissions"] if one["door"] == "match"]
    assert [("NOR", ["codes", "words"], True)] == [
        (one["who"], one["fields"], one["institution_name"]) for one in by_match
    ]
    request = (await api.get(f"/v1/requests/{request['request_id']}", headers=headers())).json()
    await withdraw(api, request, request["consents"][0]["consent_id"])
    left = {one["door"]: one for one in (await audience(api, request))["admissions"]}
    assert ({"office", "match"}, False) == (set(left), left["match"]["institution_name"])

    revoked = MatchRevoked(**match, reason="other", revoked_at=NOON)
    async with databases["requests"].transaction() as tx:
        await actions.on_match_changed(tx, an_event(revoked, 2), revoked)
    assert {"office"} == {door for _, door, _ in await access(api, request)}


async def test_readers_are_reported_to_the_state(api: Client) -> None:
    request = await consent(api, await opened(api), recipients=["NOR"])
    changed = ("UNODC", "coordinator", 2)
    assert [changed] == await readers(api, request), "the coordinator who registered it is a reader; the State is not"

    await read(api, request, NORWAY)
    await read(api, request, AUDITOR, "/history")
    assert [("NOR", "provider_officer", 1), ("UNODC", "auditor", 1), changed] == await readers(api, request)
    norway = next(one for one in (await audience(api, request))["readers"] if one["organization"] == "NOR")
    assert (str(persona_id(NORWAY)), norway["first_at"]) == (norway["person_id"], norway["last_at"])


async def test_repeated_reads_are_one_entry_until_the_request_changes(api: Client) -> None:
    request = await consent(api, await opened(api), recipients=["NOR"])
    for what in ("", "/history", ""):
        await read(api, request, NORWAY, what)
    assert ("NOR", "provider_officer", 1) in await readers(api, request)

    request = await consent(api, request, recipients=["FRA"])
    await read(api, request, NORWAY)
    assert ("NOR", "provider_officer", 2) in await readers(api, request)


@pytest.mark.parametrize(("seconds_ago", "times"), [(READ_AGAIN_SECONDS - 60, 1), (READ_AGAIN_SECONDS + 60, 2)])
async def test_later_read_is_another_entry(
    api: Client, databases: Mapping[str, Database], seconds_ago: int, times: int
) -> None:
    request = await consent(api, await opened(api), recipients=["NOR"])
    before = clock.now() - timedelta(seconds=seconds_ago)
    async with databases["requests"].transaction() as tx:
        await tx.execute(
            """
            INSERT INTO audit (recorded_at, action, aggregate, aggregate_id, version, correlation, person_id,
                organization, role)
            VALUES ($1, 'requests.request.read', 'request', $2, $3, 'test', $4, 'NOR', 'provider_officer')
            """,
            before,
            UUID(request["request_id"]),
            request["revision"],
            persona_id(NORWAY),
        )

    await read(api, request, NORWAY)

    assert ("NOR", "provider_officer", times) in await readers(api, request)


async def test_refused_caller_is_not_a_reader(api: Client) -> None:
    request = await opened(api)
    for by in (NORWAY, "UGA:focal_point"):
        for what in ("", "/history", "/audience"):
            answer = await api.get(f"/v1/requests/{request['request_id']}{what}", headers=headers(by))
            assert (404, "not-found") == (answer.status_code, answer.json()["slug"])

    assert {"UNODC"} == {organization for organization, _, _ in await readers(api, request)}


@pytest.mark.parametrize("by", [NORWAY, "NOR:donor_officer", CEB, "service:matching"])
async def test_recipients_cannot_read_the_audience(api: Client, by: str) -> None:
    request = await consent(api, await opened(api), recipients=["providers"])

    answer = await api.get(f"/v1/requests/{request['request_id']}/audience", headers=headers(by))

    assert (403, "not-for-your-role") == (answer.status_code, answer.json()["slug"])


@pytest.mark.parametrize("by", [KENYA, "KEN:official", COORDINATOR, AUDITOR])
async def test_state_and_overseers_read_the_audience(api: Client, by: str) -> None:
    request = await consent(api, await opened(api), recipients=["FRA"])

    assert "FRA" in {one["who"] for one in (await audience(api, request, by))["admissions"]}
