"""Hard constraints: excluded providers, urgent lines, and treaty status."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts import reference
from contracts.requests import RequestReturned
from services.matching.treaties.model import statuses_of
from services.matching.wiring import SERVICE
from tests.builders import NOON, a_caller, headers
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.matches.steps import ask, why_not
from tests.matching.offerings.steps import approved
from tests.matching.steps import CEB, COORDINATOR, KENYA, NORWAY, Client, Owner, begin, ids, matches_of, opened

UNFUNDED = {"resource_status": "unfunded", "funding_needed": {"minor": 5, "currency": "USD"}}
FRANCE = "FRA:provider_officer"
PAPUA = {"state": "PNG"}
"""A State that the list does not name as a party to any instrument."""


async def record(api: Client, by: str = COORDINATOR, **changes: Any) -> httpx.Response:
    body = {"state": "PNG", "instrument": "UNTOC", "party": True, "as_of": "2026-11-01"} | changes
    return await api.post("/v1/treaty-statuses", json=body, headers=headers(by))


async def providers_of(api: Client, request: Any) -> set[str]:
    return {match["provider"] for match in await matches_of(api, request) if match["status"] != "expired"}


# -- the State's exclusions -------------------------------------------------------------------------------------------


async def test_excluded_provider_is_not_suggested(api: Client, owner: Owner) -> None:
    await approved(api, NORWAY)
    request = await opened(owner, a_submission(excluded_providers=("NOR",)))
    await approved(api, NORWAY)
    await approved(api, CEB)

    assert {"UNODC-CEB"} == await providers_of(api, request)


async def test_later_exclusion_ends_the_match(api: Client, owner: Owner) -> None:
    await approved(api, NORWAY)
    request = a_submission()
    await owner.publish(request)
    assert {"NOR"} == await providers_of(api, request)

    await owner.publish(
        RequestReturned(**ids(request), reason="too_general", returned_at=NOON),
        a_submission(*request.lines, request_id=request.request_id, excluded_providers=("NOR",)),
    )

    assert set() == await providers_of(api, request)


async def test_exclusion_is_hidden_from_the_provider(api: Client, owner: Owner) -> None:
    """Everything else fits and all providers may know of the request; for an excluded one it does not exist."""
    offering = await approved(api, NORWAY)
    request = await opened(owner, a_submission(excluded_providers=("NOR", "UNODC-CEB")))

    for by, own in ((NORWAY, offering), (CEB, await approved(api, CEB))):
        for of in (request, a_submission()):
            for answer in (await ask(api, of, own, by), await begin(api, of.lines[0].line_id, own, by)):
                assert (404, "not-found") == (answer.status_code, answer.json()["slug"]), (by, answer.text)
    france = await approved(api, FRANCE)
    assert (await ask(api, request, france, FRANCE)).json()["fits"]
    assert 201 == (await begin(api, request.lines[0].line_id, france, FRANCE)).status_code

    nomination = await begin(api, request.lines[0].line_id, offering, COORDINATOR)
    (obstacle,) = (await why_not(api, request, offering))["obstacles"]

    assert ["excluded_provider"] == nomination.json()["details"]["violated"]
    assert ("The State does not wish to be served by Norway.", "It would fit if the State no longer excluded Norway.") == (
        obstacle["reason"], obstacle["advice"],
    )  # fmt: skip


# -- urgent lines -----------------------------------------------------------------------------------------------------


async def test_urgent_line_needs_a_funded_offering(api: Client, owner: Owner) -> None:
    unfunded = await approved(api, NORWAY, **UNFUNDED)
    urgent = await opened(owner, a_submission(a_contract_line(cannot_wait=True)))
    patient = await opened(owner)
    await approved(api, NORWAY, **UNFUNDED)
    await approved(api, CEB)

    assert {"UNODC-CEB"} == await providers_of(api, urgent)
    assert {"NOR", "UNODC-CEB"} == await providers_of(api, patient)
    (obstacle,) = (await why_not(api, urgent, unfunded))["obstacles"]
    assert ("resource_status", "funded") == (obstacle["name"], obstacle["nearest"]["change"])


# -- treaties ---------------------------------------------------------------------------------------------------------


async def test_offering_with_treaties_is_suggested_to_parties(api: Client, owner: Owner) -> None:
    offering = await approved(api, CEB, treaties=["UNTOC"])

    assert ["UNTOC"] == offering["treaties"]
    assert {"UNODC-CEB"} == await providers_of(api, await opened(owner))
    assert set() == await providers_of(api, await opened(owner, a_submission(**PAPUA)))


async def test_recorded_treaty_status_allows_suggestions(api: Client, owner: Owner) -> None:
    offering = await approved(api, CEB, treaties=["UNTOC"])
    request = await opened(owner, a_submission(**PAPUA))
    (obstacle,) = (await why_not(api, request, offering))["obstacles"]
    assert ("2014-01-01", "status_recorded", ["UNTOC"]) == (
        obstacle["as_of"], obstacle["nearest"]["change"], obstacle["nearest"]["codes"],
    )  # fmt: skip

    answer = await record(api)

    assert 201 == answer.status_code, answer.text
    assert {"UNODC-CEB"} == await providers_of(api, request)
    reported = (await api.get("/v1/treaty-statuses?state=PNG", headers=headers("NOR:provider_officer"))).json()[
        "statuses"
    ]
    assert [("UNTOC", True, "2026-11-01", True), ("TIP", None, "2014-01-01", False)] == [
        (one["instrument"], one["party"], one["as_of"], one["recorded"]) for one in reported
    ][:2]


def test_list_knows_parties_and_never_says_that_a_state_is_none() -> None:
    for state in reference.countries():
        assert {one.party for one in statuses_of(state)} <= {True, None}, state
    (joined,) = (one for one in statuses_of("IRN") if one.instrument == "UNTOC")
    assert (True, date(2025, 8, 11), False) == (joined.party, joined.as_of, joined.recorded)


async def test_unknown_state_has_no_treaty_status(api: Client) -> None:
    forms = {"ken": "invalid-request", "KEN\n": "invalid-request", "KENYA": "invalid-request", "ZZZ": "unknown-code"}

    for state, slug in forms.items():
        answer = await api.get("/v1/treaty-statuses", params={"state": state}, headers=headers("NOR:donor_officer"))
        assert (400, slug) == (answer.status_code, answer.json()["slug"]), state


async def test_state_that_left_a_treaty_is_no_longer_matched(api: Client, owner: Owner) -> None:
    offering = await approved(api, CEB, treaties=["UNTOC"])
    request = await opened(owner)

    await record(api, state="KEN", party=False)

    assert set() == await providers_of(api, request)
    (obstacle,) = (await why_not(api, request, offering))["obstacles"]
    assert ("2026-11-01", "joined") == (obstacle["as_of"], obstacle["nearest"]["change"])


async def test_invalid_treaty_status_is_refused(api: Client) -> None:
    refused = [
        await record(api, as_of="2013-12-31"),
        await record(api, as_of="2199-01-01"),
        await record(api, instrument="UNCAC"),
        await record(api, state="XYZ"),
        await record(api, KENYA),
    ]
    assert [
        (409, "treaty-status-later-known"),
        (400, "treaty-status-in-future"),
        (400, "unknown-code"),
        (400, "unknown-code"),
        (403, "not-for-your-role"),
    ] == [(answer.status_code, answer.json()["slug"]) for answer in refused]

    assert [201, 201, 409] == [
        (await record(api, as_of=day, party=party)).status_code
        for day, party in (("2026-11-01", True), ("2026-11-01", False), ("2026-10-31", True))
    ]


async def test_all_read_treaty_status_and_only_coordinators_write(
    api: Client, databases: Mapping[str, Database]
) -> None:
    await record(api)
    for by in ("KEN:official", "NOR:donor_officer", COORDINATOR):
        async with databases["matching"].transaction(by=a_caller(by)) as tx:
            assert 1 == await tx.fetchval("SELECT count(*) FROM treaty_status")
        if by != COORDINATOR:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with databases["matching"].transaction(by=a_caller(by)) as tx:
                    await tx.execute("UPDATE treaty_status SET party = false")


async def test_treaty_status_is_in_the_journal(api: Client, database_url: str) -> None:
    await record(api)
    await record(api, as_of="2026-11-02", party=False)

    migrator = await Database.connect(database_url, "matching", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("SET LOCAL entraide.role = 'owner'")
            assert 2 == await tx.fetchval("SELECT revision FROM treaty_status")
            await tx.execute("UPDATE treaty_status SET party = true")
        assert 1 == len(await verify(migrator, SERVICE))
    finally:
        await migrator.close()
