"""The directory from its routes to its tables: founders, organizations, people, and its journal."""

from uuid import uuid4

import pytest

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.callers import Subject
from contracts.refusals import Conflict, Invalid
from contracts.values import Role
from services.directory.people import store
from services.directory.subjects import store as subject_store
from services.directory.wiring import SERVICE, appoint_founders
from tests.builders import headers
from tests.commands import entraide
from tests.databases import connected
from tests.directory.steps import (
    FIRST,
    KENYA,
    OTHER,
    TODAY,
    Client,
    a_founder,
    a_role,
    appointed,
    by,
    done,
    entered,
    kenya,
    refused,
)
from tests.personas import ISSUER, persona_id

# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200f", "\u061c", "\n"])
async def test_name_that_turns_the_text_around_it_is_refused(api: Client, sign: str) -> None:
    person = {"organization": "KEN", "email": "a@justice.ke.example", "language": "en"}
    for path, body in (
        ("/v1/people", person | {"name": f"Amina{sign}Otieno"}),
        ("/v1/organizations", {"code": "UNODC-TURN", "name": f"Unit{sign}"}),
    ):
        answer = await api.post(path, json=body, headers=by(FIRST))
        assert 400 == answer.status_code, answer.text
        assert [("name", "direction-signs-in-name")] == [
            (one["field"], one["problem"]) for one in answer.json()["details"]["errors"]
        ], answer.text


# -- founders ---------------------------------------------------------------------------------------------------------


async def test_two_first_administrators_are_founded_only_once(db: Database) -> None:
    with pytest.raises(Invalid, match="founders-too-few"):
        await appoint_founders(db, [a_founder(FIRST), a_founder(FIRST)])
    await appoint_founders(db, [a_founder(FIRST), a_founder(OTHER)])
    with pytest.raises(Conflict, match="founded-already"):
        await appoint_founders(db, [a_founder("UNODC:third"), a_founder("UNODC:fourth")])

    async with db.transaction() as tx:
        assert 2 == await store.in_force(tx, "UNODC", Role.ADMINISTRATOR, today=TODAY)
        events = [row["event"] for row in await tx.fetch("SELECT event FROM journal")]
    assert len(events) == 5
    assert not any("actorid" in event or "anary" in event or ISSUER in event for event in events)


async def test_operator_founds_administrators_by_command(db: Database, database_url: str) -> None:
    async def command() -> tuple[int, str]:
        done = await entraide(
            "directory", "found", "--issuer", ISSUER,
            "--subject", persona_id(FIRST), "--name", "Canary One", "--email", "one@unodc.example",
            "--subject", "auth0|2", "--name", "Canary Two", "--email", "two@unodc.example",
            env={"DATABASE_URL": database_url},
        )  # fmt: skip
        return done.exit_code, done.output

    assert (0, str(persona_id(FIRST))) == ((done := await command())[0], done[1].split()[1].rstrip(","))
    code, line = await command()
    assert (2, True) == (code, "founded-already" in line)
    async with db.transaction() as tx:
        assert await subject_store.holders(tx, Subject(issuer=ISSUER, subject="auth0|2"))


# -- organizations, people --------------------------------------------------------------------------------------------


async def test_organizations_are_registered_once_and_listed_by_code(api: Client) -> None:
    body = {"code": "UNODC-SHERLOC", "name": "SHERLOC team"}
    unit = await done(api, "/v1/organizations", FIRST, **body)
    assert (unit["kind"], unit["name"], unit["revision"]) == ("unit", "SHERLOC team", 1)

    assert (409, "organization-exists") == await refused(api, "/v1/organizations", FIRST, **body)
    assert (400, "missing-field") == await refused(api, "/v1/organizations", FIRST, code="HELPERS-CLUB")
    assert (400, "unknown-code") == await refused(api, "/v1/organizations", FIRST, code="QQQ")
    assert (403, "not-for-your-role") == await refused(api, "/v1/organizations", KENYA, code="UGA")

    page = (await api.get("/v1/organizations?limit=2", headers=by("KEN:official") | {"Accept-Language": "fr"})).json()
    assert [("KEN", "Kenya"), ("NOR", "Norvège")] == [(one["code"], one["name"]) for one in page["organizations"]]
    rest = (await api.get(f"/v1/organizations?cursor={page['cursor']}", headers=by(KENYA))).json()
    assert ["UNODC", "UNODC-SHERLOC"] == [one["code"] for one in rest["organizations"]]
    assert "unit" == (await api.get("/v1/organizations/UNODC-SHERLOC", headers=by(KENYA))).json()["kind"]
    assert 404 == (await api.get("/v1/organizations/FRA", headers=by(KENYA))).status_code


async def test_personal_data_is_not_in_the_journal(api: Client, db: Database) -> None:
    subjects = [{"issuer": ISSUER, "subject": "Canary-subject"}]
    person = await entered(api, name="Canary-name", email="canary@ken.example", subjects=subjects)
    await appointed(api, person, "focal_point")

    assert (subjects, "Canary-name") == (person["proposed_subjects"], person["name"])
    async with db.transaction() as tx:
        events = " ".join(row["event"] for row in await tx.fetch("SELECT event FROM journal"))
    assert person["person_id"] in events
    assert "anary" not in events
    assert "verbale" not in events


async def test_administrator_can_enter_a_person_with_an_existing_id(api: Client) -> None:
    kept = str(uuid4())
    await kenya(api)
    person = await entered(api, person_id=kept)

    assert kept == person["person_id"]
    body = {"organization": "KEN", "name": "A", "email": "a@b.example", "language": "en"}
    assert (409, "person-exists") == await refused(api, "/v1/people", FIRST, **body, person_id=kept)
    assert (403, "not-for-your-role") == await refused(api, "/v1/people", KENYA, **body, person_id=str(uuid4()))


async def test_same_key_has_one_effect(api: Client, db: Database) -> None:
    body = {"organization": "KEN", "name": "A", "email": "a@b.example", "language": "en"}
    head = headers(FIRST, key="the-same-key")
    first, again = [await api.post("/v1/people", json=body, headers=head) for _ in range(2)]

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    person = first.json()
    head = headers(FIRST, key="another-key")
    appoint = a_role(person, "focal_point")
    first, again = [await api.post("/v1/appointments", json=appoint, headers=head) for _ in range(2)]
    assert (201, first.json()) == (again.status_code, again.json())
    async with db.transaction() as tx:
        assert 1 == await tx.fetchval("SELECT count(*) FROM appointment WHERE organization = 'KEN'")


async def test_person_is_disabled_by_another_administrator_at_once(api: Client) -> None:
    person = await kenya(api)
    path = f"/v1/people/{person['person_id']}"

    assert (403, "not-for-your-role") == await refused(api, f"{path}/disable", KENYA, revision=1, reason="other")
    assert (400, "unknown-code") == await refused(api, f"{path}/disable", FIRST, revision=1, reason="no_such")
    own = f"/v1/people/{persona_id(FIRST)}/disable"
    assert (403, "own-record") == await refused(api, own, FIRST, revision=1, reason="other")
    disabled = await done(api, f"{path}/disable", FIRST, revision=1, reason="access_compromised")
    assert disabled["disabled_at"]
    assert (409, "person-status") == await refused(
        api, "/v1/appointments", FIRST, **a_role(person, "official", organization="KEN")
    )
    assert (await done(api, f"{path}/enable", "second", revision=2))["disabled_at"] is None


# -- the journal ------------------------------------------------------------------------------------------------------


async def test_directory_is_rebuilt_from_the_journal(api: Client, database_url: str) -> None:
    focal_point = await kenya(api)
    official = await entered(api, by=KENYA, subjects=[{"issuer": ISSUER, "subject": "x"}])
    await api.put(f"/v1/people/{official['person_id']}/subjects", json={"subjects": []}, headers=by(KENYA, revision=1))
    appointment = await done(api, "/v1/appointments", KENYA, **a_role(official, "official"))
    await done(api, f"/v1/appointments/{appointment['appointment_id']}/end", KENYA, revision=1, reason="term_over")
    await done(api, f"/v1/people/{focal_point['person_id']}/disable", FIRST, revision=1, reason="other")
    coordinator = a_role(await entered(api, "UNODC"), "coordinator", "UNODC", regions=["african"])
    proposed = await done(api, "/v1/appointments", FIRST, **coordinator)
    await done(api, f"/v1/appointments/{proposed['appointment_id']}/withdraw", FIRST, revision=1)

    async with connected(database_url, "directory") as owner:
        assert [] == await verify(owner, SERVICE)
        async with owner.transaction() as tx:
            await tx.execute("UPDATE appointment SET reason = 'other' WHERE reason = 'term_over'")
        assert ["appointment: 1 rows are not in the journal, 1 are only there"] == await verify(owner, SERVICE)
