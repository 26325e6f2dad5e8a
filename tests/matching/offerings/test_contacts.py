"""The contact point of an offering: its provider names it, the sides of a confirmed match and coordinators read it."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from services.matching.wiring import SERVICE
from tests.builders import a_caller, headers
from tests.databases import connected
from tests.matching.offerings.steps import approved
from tests.matching.steps import COORDINATOR, KENYA, NORWAY, Client, Owner, delivered, move, presented

CONTACT = {"name": "Fictitious Person", "function": "Head of unit", "email": "person@example.org"}
OTHERS = ("UNODC:auditor", "FRA:provider_officer", "UGA:focal_point", "NOR:donor_officer")


def path_of(offering_id: str) -> str:
    return f"/v1/offerings/{offering_id}/contact"


async def named(api: Client, offering: Mapping[str, Any], by: str = NORWAY, **changes: Any) -> httpx.Response:
    given = headers(by, revision=offering["revision"])
    return await api.put(path_of(offering["offering_id"]), json=CONTACT | changes, headers=given)


async def with_contact(api: Client) -> dict[str, Any]:
    answer = await named(api, await approved(api))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def read(api: Client, path: str, by: str) -> Any:
    """Return the contact, or the status code of the refusal."""
    answer = await api.get(path, headers=headers(by))
    return answer.json()["contact"] if answer.status_code == 200 else answer.status_code


async def test_provider_and_coordinators_read_the_contact_point(api: Client, database_url: str) -> None:
    offering = await with_contact(api)
    path = path_of(offering["offering_id"])

    assert CONTACT == offering["contact"] == await read(api, path, NORWAY) == await read(api, path, COORDINATOR)
    assert {403} == {await read(api, path, by) for by in (*OTHERS, KENYA)}
    shown = (await api.get(f"/v1/offerings/{offering['offering_id']}", headers=headers(KENYA))).text
    assert "Fictitious Person" not in shown
    async with connected(database_url, "matching", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


async def test_sides_of_a_confirmed_match_read_the_contact_point(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)
    offering = (await api.get(f"/v1/offerings/{match['offering_id']}", headers=headers(NORWAY))).json()
    assert (await named(api, offering)).status_code == 200
    path = f"/v1/matches/{match['match_id']}/contact"
    assert {404} == {await read(api, path, by) for by in (KENYA, NORWAY, COORDINATOR)}

    match = await move(api, match, "accept", KENYA)
    assert 404 == await read(api, path, KENYA)
    match = await move(api, match, "confirm", NORWAY)

    assert [CONTACT] * 4 == [await read(api, path, by) for by in (KENYA, "KEN:official", NORWAY, COORDINATOR)]
    assert [403, 404, 404, 404] == [await read(api, path, by) for by in OTHERS]
    await delivered(owner.db, match, "terminated", reason="provider_unable")
    assert {404} == {await read(api, path, by) for by in (KENYA, NORWAY, COORDINATOR)}


async def test_rows_of_contact_points_are_those_that_the_policy_shows(
    api: Client, owner: Owner, databases: Mapping[str, Database]
) -> None:
    match = await presented(api, owner)
    offering = (await api.get(f"/v1/offerings/{match['offering_id']}", headers=headers(NORWAY))).json()
    await named(api, offering)

    async def readers() -> set[str]:
        found = set()
        for by in (KENYA, "KEN:official", NORWAY, COORDINATOR, *OTHERS):
            async with databases["matching"].transaction(by=a_caller(by)) as tx:
                if await tx.fetchval("SELECT count(*) FROM offering_contact_text"):
                    found.add(by)
        return found

    assert {NORWAY, COORDINATOR} == await readers()
    await move(api, await move(api, match, "accept", KENYA), "confirm", NORWAY)
    assert {NORWAY, COORDINATOR, KENYA, "KEN:official"} == await readers()


async def test_contact_point_is_replaced_and_removed_with_its_texts(
    api: Client, databases: Mapping[str, Database]
) -> None:
    offering = await with_contact(api)
    replaced = (await named(api, offering, name="Another Person", function="")).json()
    assert ("Another Person", "") == (replaced["contact"]["name"], replaced["contact"]["function"])

    path, revision = path_of(offering["offering_id"]), replaced["revision"]
    removed = await api.delete(path, headers=headers(COORDINATOR, revision=revision))

    assert (200, None) == (removed.status_code, removed.json()["contact"])
    async with databases["matching"].transaction() as tx:
        assert 0 == await tx.fetchval("SELECT count(*) FROM offering_contact_text")
        facts = await tx.fetch(
            "SELECT event::text AS event FROM journal WHERE aggregate_id = $1", offering["offering_id"]
        )
    assert not [fact for fact in facts if "Person" in fact["event"] or "example.org" in fact["event"]]
    again = await api.delete(path, headers=headers(NORWAY, revision=revision + 1))
    assert (409, "contact-not-named") == (again.status_code, again.json()["slug"])


@pytest.mark.parametrize(
    ("by", "changes", "status", "slug"),
    [
        (COORDINATOR, {}, 403, "not-for-your-role"),
        ("FRA:provider_officer", {}, 403, "not-your-organization"),
        (NORWAY, {"email": "nobody"}, 400, "invalid-field"),
        (NORWAY, {"name": ""}, 400, "invalid-field"),
        (NORWAY, {"phone": "1"}, 400, "unknown-field"),
    ],
)
async def test_others_and_invalid_contacts_are_refused(
    api: Client, by: str, changes: dict[str, Any], status: int, slug: str
) -> None:
    answer = await named(api, await approved(api), by, **changes)

    assert (status, slug) == (answer.status_code, answer.json()["slug"])


async def test_stale_revision_is_refused(api: Client) -> None:
    offering = await approved(api)
    assert (await named(api, offering)).status_code == 200

    assert (await named(api, offering)).status_code == 412
