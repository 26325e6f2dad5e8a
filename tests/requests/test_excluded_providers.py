"""Excluded providers do not see the request; the exclusion is visible to the State and UNODC only."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.requests import EXCLUDED_PROVIDERS_MAX
from services.requests.wiring import SERVICE
from tests.builders import a_caller, a_line, a_request, headers
from tests.databases import connected
from tests.requests.steps import COORDINATOR, Client

EXCLUDED = ["FRA", "UNODC-CEB"]
OUTSIDE = ("NOR:provider_officer", "UNODC:provider_officer", "NOR:donor_officer")
SHUT_OUT = ("FRA:provider_officer", "FRA:donor_officer", "UNODC-CEB:provider_officer")
TOLD = ("KEN:focal_point", "KEN:official", COORDINATOR, "UNODC:auditor")


async def moved(api: Client, request: Mapping[str, Any], name: str, by: str, **body: Any) -> dict[str, Any]:
    by_revision = headers(by, revision=request["revision"])
    answer = await api.post(f"/v1/requests/{request['request_id']}/{name}", json=body, headers=by_revision)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def without_its_number(answer: httpx.Response) -> dict[str, Any]:
    return {key: value for key, value in answer.json().items() if key != "correlation_id"}


async def circulating(api: Client, **changes: Any) -> dict[str, Any]:
    """Return an open request that excludes two providers, and that every provider may read."""
    answer = await api.post("/v1/requests", json=a_request(excluded_providers=EXCLUDED, **changes), headers=headers())
    assert answer.status_code == 201, answer.text
    registered = await moved(api, answer.json(), "register", COORDINATOR)
    return await moved(api, registered, "open", COORDINATOR, priority="normal")


async def test_excluded_providers_are_readable_by_the_state_and_unodc_only(api: Client) -> None:
    request = await circulating(api)

    for by in TOLD:
        answer = await api.get(f"/v1/requests/{request['request_id']}", headers=headers(by))
        assert EXCLUDED == answer.json()["excluded_providers"], by
    for by in OUTSIDE:
        for path in ("", "/history"):
            answer = await api.get(f"/v1/requests/{request['request_id']}{path}", headers=headers(by))
            assert 200 == answer.status_code
            assert "excluded_providers" not in answer.text, (by, path)


async def test_request_is_absent_for_an_excluded_provider(api: Client) -> None:
    request = await circulating(api)

    for by in SHUT_OUT:
        for path in ("", "/history", "/attachments", "/audience"):
            hidden, absent = [
                await api.get(f"/v1/requests/{of}{path}", headers=headers(by))
                for of in (request["request_id"], uuid4())
            ]
            assert 404 == hidden.status_code == absent.status_code, (by, path)
            assert without_its_number(hidden) == without_its_number(absent), (by, path)
        assert [] == (await api.get("/v1/requests", headers=headers(by))).json()["requests"], by
    for by in OUTSIDE:
        assert 1 == len((await api.get("/v1/requests", headers=headers(by))).json()["requests"]), by


@pytest.mark.parametrize("by", ["KEN:focal_point", COORDINATOR])
async def test_consent_to_an_excluded_provider_is_rejected(api: Client, by: str) -> None:
    request = await circulating(api, circulation="none")
    verb, more = ("consents", {}) if by != COORDINATOR else (
        "record-consent", {"note_verbale": "Fictitious sample: note 7", "scan_id": str(uuid4())},
    )  # fmt: skip

    answer = await api.post(
        f"/v1/requests/{request['request_id']}/{verb}",
        json={"recipients": ["NOR", "FRA"]} | more,
        headers=headers(by, revision=request["revision"]),
    )

    assert (400, "consent-excluded-provider") == (answer.status_code, answer.json()["slug"])
    assert ["FRA"] == answer.json()["details"]["organizations"]


async def test_excluded_provider_is_not_in_the_audience(api: Client) -> None:
    """One of the addressees is also excluded; silence and submission do not check for that."""
    request = await circulating(api, visibility="named", addressee={"to": "states", "states": ["FRA", "NOR"]})

    audience = await api.get(f"/v1/requests/{request['request_id']}/audience", headers=headers())

    by_consent = [one["who"] for one in audience.json()["admissions"] if one["door"] == "consent"]
    assert ["NOR"] == by_consent


async def test_row_level_security_hides_exclusions_from_providers(
    api: Client, databases: Mapping[str, Database]
) -> None:
    request = await circulating(api)
    found = {}
    for by in (*TOLD, *OUTSIDE, *SHUT_OUT, "UGA:focal_point"):
        async with databases["requests"].transaction(by=a_caller(by)) as tx:
            seen = await tx.fetch("SELECT FROM request WHERE request_id = $1", UUID(request["request_id"]))
            rows = await tx.fetch("SELECT provider FROM excluded_provider ORDER BY provider")
            found[by] = (len(seen), [row["provider"] for row in rows])

    shut_out = {
        by: (0, [by.split(":")[0]]) for by in SHUT_OUT
    }  # Only its own row, because of which it is shown nothing.
    others = {by: (1, []) for by in OUTSIDE} | {"UGA:focal_point": (0, [])}
    assert {by: (1, EXCLUDED) for by in TOLD} | others | shut_out == found


async def test_row_level_security_hides_exclusions_of_a_draft_from_unodc(
    api: Client, databases: Mapping[str, Database]
) -> None:
    await api.post("/v1/requests", json=a_request(submit=False, excluded_providers=EXCLUDED), headers=headers())
    found = {}
    for by in TOLD:
        async with databases["requests"].transaction(by=a_caller(by)) as tx:
            found[by] = len(await tx.fetch("SELECT FROM excluded_provider"))

    assert {"KEN:focal_point": 2, "KEN:official": 2, COORDINATOR: 0, "UNODC:auditor": 0} == found


async def test_revision_replaces_excluded_providers(api: Client, databases: Mapping[str, Database]) -> None:
    draft = a_request(submit=False, excluded_providers=EXCLUDED, lines=[a_line(cannot_wait=True)])
    request = (await api.post("/v1/requests", json=draft, headers=headers())).json()
    assert [True] == [line["cannot_wait"] for line in request["lines"]]

    changed = a_request(excluded_providers=["NOR", "FRA", "NOR"])
    del changed["submit"]
    revised = await api.patch(
        f"/v1/requests/{request['request_id']}", json=changed, headers=headers(revision=request["revision"])
    )
    assert (["FRA", "NOR"], [False]) == (
        revised.json()["excluded_providers"], [line["cannot_wait"] for line in revised.json()["lines"]],
    )  # fmt: skip
    submitted = await moved(api, revised.json(), "submit", "KEN:focal_point")
    assert ["FRA", "NOR"] == submitted["excluded_providers"]

    async with databases["requests"].transaction() as tx:
        row = await tx.fetchval("SELECT event FROM journal WHERE type = 'requests.request.submitted.v1'")
    assert '"excluded_providers":["FRA","NOR"]' in row


async def test_unknown_or_too_many_excluded_providers_are_rejected(api: Client) -> None:
    unknown = await api.post("/v1/requests", json=a_request(excluded_providers=["XYZ"]), headers=headers())
    many = [f"UNODC-{number}" for number in range(EXCLUDED_PROVIDERS_MAX + 1)]
    too_many = await api.post("/v1/requests", json=a_request(excluded_providers=many), headers=headers())

    assert (400, "unknown-code") == (unknown.status_code, unknown.json()["slug"])
    assert 400 == too_many.status_code


async def test_excluded_providers_are_rebuilt_from_the_journal(api: Client, database_url: str) -> None:
    await circulating(api, lines=[a_line(cannot_wait=True)])
    async with connected(database_url, "requests", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)
        async with owner.transaction() as tx:
            await tx.execute("SET LOCAL entraide.role = 'owner'")
            await tx.execute("DELETE FROM excluded_provider WHERE provider = 'FRA'")
        assert ["excluded_provider: 0 rows are not in the journal, 1 are only there"] == await verify(owner, SERVICE)
