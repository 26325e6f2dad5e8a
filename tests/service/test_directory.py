"""The directory from its routes to its tables."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from chassis.auth import persona_id
from chassis.db import Database
from chassis.rebuild import verify
from chassis.telemetry import CORRELATION_HEADER
from contracts.callers import Subject
from contracts.refusals import Conflict, Invalid
from contracts.values import Language, Role
from services.directory import actions, policy, store
from services.directory.actions import Founder
from services.directory.appointment import Appointment, ShownStatus
from services.directory.domain import Person
from services.directory.store import PersonTexts
from services.directory.wiring import SERVICE, found
from tests import builders
from tests.builders import a_caller, headers
from tests.seats import ISSUER, seat

Client = httpx.AsyncClient
FIRST, OTHER = "UNODC:administrator", "UNODC:other_administrator"
"""The personas who are the two founders; the other one acts as `second`."""

KENYA = "KEN:focal_point"
TODAY = datetime.now(UTC).date()
ROOT = Path(__file__).parents[2]


def a_founder(appointment: str, name: str = "Canary-name") -> Founder:
    person_id = persona_id(appointment)
    subject = Subject(issuer=ISSUER, subject=str(person_id))
    texts = PersonTexts(name=name, email="canary@unodc.example", language=Language.EN, subjects=(subject,))
    return Founder(person_id=person_id, texts=texts)


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["directory"]


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]], db: Database) -> Client:
    """With two administrators, and with UNODC and two States registered."""
    await found(db, [a_founder(FIRST), a_founder(OTHER)])
    client = await client_of("directory")
    for code in ("KEN", "NOR"):
        await done(client, "/v1/organizations", FIRST, code=code)
    return client


def by(appointment: str, *, revision: int | None = None) -> dict[str, str]:
    """Headers, all with the same correlation; `second` acts as an administrator under another person's id."""
    if appointment != "second":
        return headers(appointment, revision=revision) | {CORRELATION_HEADER: "of-the-test"}
    assert builders.issuer is not None
    seat(FIRST, person_id=persona_id(OTHER))
    token = builders.issuer.token(persona_id(OTHER))
    return headers(FIRST, revision=revision) | {"Authorization": f"Bearer {token}"}


async def said(api: Client, path: str, who: str, *, revision: int | None = None, **body: Any) -> httpx.Response:
    return await api.post(path, json=body, headers=by(who, revision=revision))


async def done(api: Client, path: str, who: str, *, revision: int | None = None, **body: Any) -> dict[str, Any]:
    answer = await said(api, path, who, revision=revision, **body)
    assert answer.status_code in {200, 201}, answer.text
    return dict(answer.json())


async def refused(api: Client, path: str, who: str, *, revision: int | None = None, **body: Any) -> tuple[int, str]:
    answer = await said(api, path, who, revision=revision, **body)
    return answer.status_code, answer.json()["slug"]


async def entered(api: Client, organization: str = "KEN", by: str = FIRST, **changes: Any) -> dict[str, Any]:
    body = {"organization": organization, "name": "Somebody (fictitious)", "email": "s@ken.example", "language": "en"}
    return await done(api, "/v1/people", by, **body | changes)


def a_role(person: Mapping[str, Any], role: str, organization: str = "KEN", **changes: Any) -> dict[str, Any]:
    return {
        "person_id": person["person_id"],
        "organization": organization,
        "role": role,
        "from": str(TODAY),
        "letter": "Note verbale 1 (fictitious)",
    } | changes


async def appointed(api: Client, person: Mapping[str, Any], role: str, organization: str = "KEN") -> dict[str, Any]:
    """By two administrators."""
    proposed = await done(api, "/v1/appointments", FIRST, **a_role(person, role, organization))
    return await done(api, f"/v1/appointments/{proposed['appointment_id']}/approve", "second", revision=1)


async def kenya(api: Client) -> dict[str, Any]:
    """The persona KEN:focal_point, appointed."""
    person = await entered(api, person_id=str(persona_id(KENYA)))
    return await appointed(api, person, "focal_point")


# -- the first two ----------------------------------------------------------------------------------------------------


async def test_the_first_administrators_are_two_and_only_the_first(db: Database) -> None:
    with pytest.raises(Invalid, match="founders-too-few"):
        await found(db, [a_founder(FIRST), a_founder(FIRST)])
    await found(db, [a_founder(FIRST), a_founder(OTHER)])
    with pytest.raises(Conflict, match="founded-already"):
        await found(db, [a_founder("UNODC:third"), a_founder("UNODC:fourth")])

    async with db.transaction() as tx:
        assert 2 == await store.in_force(tx, "UNODC", Role.ADMINISTRATOR, today=TODAY)
        events = [row["event"] for row in await tx.fetch("SELECT event FROM journal")]
    assert len(events) == 5
    assert not any("actorid" in event or "anary" in event or ISSUER in event for event in events)


async def test_an_operator_founds_on_the_server(db: Database, database_url: str) -> None:
    async def command() -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services", "directory", "found", "--issuer", ISSUER,
            "--subject", str(persona_id(FIRST)), "--name", "Canary One", "--email", "one@unodc.example",
            "--subject", "auth0|2", "--name", "Canary Two", "--email", "two@unodc.example",
            cwd=ROOT, env=dict(os.environ) | {"DATABASE_URL": database_url}, stdout=PIPE, stderr=PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        return process.returncode, (out + err).decode()

    assert (0, str(persona_id(FIRST))) == ((done := await command())[0], done[1].split()[1].rstrip(","))
    code, line = await command()
    assert (2, True) == (code, "founded-already" in line)
    async with db.transaction() as tx:
        assert await store.person_of(tx, Subject(issuer=ISSUER, subject="auth0|2"))


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


async def test_what_names_a_person_is_not_in_the_journal(api: Client, db: Database) -> None:
    subjects = [{"issuer": ISSUER, "subject": "Canary-subject"}]
    person = await entered(api, name="Canary-name", email="canary@ken.example", subjects=subjects)
    await appointed(api, person, "focal_point")

    assert (subjects, "Canary-name") == (person["subjects"], person["name"])
    async with db.transaction() as tx:
        events = " ".join(row["event"] for row in await tx.fetch("SELECT event FROM journal"))
    assert person["person_id"] in events
    assert "anary" not in events
    assert "verbale" not in events


async def test_a_person_keeps_the_id_they_acted_under_if_an_administrator_says_so(api: Client) -> None:
    kept = str(uuid4())
    await kenya(api)
    person = await entered(api, person_id=kept)

    assert kept == person["person_id"]
    body = {"organization": "KEN", "name": "A", "email": "a@b.example", "language": "en"}
    assert (409, "person-exists") == await refused(api, "/v1/people", FIRST, **body, person_id=kept)
    assert (403, "not-for-your-role") == await refused(api, "/v1/people", KENYA, **body, person_id=str(uuid4()))


async def test_the_same_key_has_one_effect(api: Client, db: Database) -> None:
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


async def test_one_subject_is_one_person(api: Client) -> None:
    subjects = [{"issuer": ISSUER, "subject": "the-one"}]
    await entered(api, subjects=subjects)
    other = await entered(api)

    body = {"organization": "NOR", "name": "A", "email": "a@b.example", "language": "en", "subjects": subjects}
    assert (409, "subject-taken") == await refused(api, "/v1/people", FIRST, **body)
    path = f"/v1/people/{other['person_id']}/subjects"
    answer = await api.put(path, json={"subjects": subjects}, headers=by(FIRST, revision=1))
    assert (409, "subject-taken") == (answer.status_code, answer.json()["slug"])


async def test_how_somebody_signs_in_is_set_by_others_and_not_while_two_people_trust_them(api: Client) -> None:
    focal_point = await kenya(api)
    official = await entered(api, by=KENYA)

    async def put(person_id: str, who: str, revision: int) -> tuple[int, str | None]:
        body = {"subjects": [{"issuer": ISSUER, "subject": f"new-{person_id}"}]}
        answer = await api.put(f"/v1/people/{person_id}/subjects", json=body, headers=by(who, revision=revision))
        return answer.status_code, answer.json().get("slug")

    await done(api, "/v1/appointments", KENYA, **a_role(official, "official"))
    assert (200, None) == await put(official["person_id"], KENYA, 1)
    assert (412, "revision-stale") == await put(official["person_id"], KENYA, 1)
    assert (409, "subjects-of-appointee") == await put(focal_point["person_id"], FIRST, 1)
    assert (403, "own-record") == await put(focal_point["person_id"], KENYA, 1)
    assert (404, "not-found") == await put(official["person_id"], "NOR:focal_point", 2)
    # Also while it waits for the second person, who would else approve somebody other than they looked at.
    proposed = await entered(api)
    await done(api, "/v1/appointments", FIRST, **a_role(proposed, "focal_point"))
    assert (409, "subjects-of-appointee") == await put(proposed["person_id"], FIRST, 1)


async def test_a_person_is_disabled_by_one_administrator_at_once_and_not_by_themselves(api: Client) -> None:
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


# -- appointments -----------------------------------------------------------------------------------------------------


async def test_a_focal_point_takes_two_administrators_and_then_appoints_officials_alone(api: Client) -> None:
    person = await entered(api, person_id=str(persona_id(KENYA)))
    proposed = await done(api, "/v1/appointments", FIRST, **a_role(person, "focal_point"))
    path = f"/v1/appointments/{proposed['appointment_id']}"
    assert ("proposed", None) == (proposed["status"], proposed["approved_by"])

    assert (403, "own-proposal") == await refused(api, f"{path}/approve", FIRST, revision=1)
    assert (403, "own-record") == await refused(api, f"{path}/approve", KENYA, revision=1)
    assert (412, "revision-stale") == await refused(api, f"{path}/approve", "second", revision=7)
    made = await done(api, f"{path}/approve", "second", revision=1)
    assert ("in_force", 2) == (made["status"], made["revision"])
    assert str(persona_id(OTHER)) == made["approved_by"]

    official = await entered(api, by=KENYA)
    appointment = await done(api, "/v1/appointments", KENYA, **a_role(official, "official"))
    assert ("in_force", str(persona_id(KENYA)), None) == (
        appointment["status"],
        appointment["proposed_by"],
        appointment["approved_by"],
    )
    ended = await done(
        api, f"/v1/appointments/{appointment['appointment_id']}/end", KENYA, revision=1, reason="new_duties"
    )
    assert ("ended", "new_duties") == (ended["status"], ended["reason"])


async def test_a_states_own_affairs_are_its_focal_points_once_there_is_one(api: Client) -> None:
    officer = await entered(api)
    proposed = await done(api, "/v1/appointments", FIRST, **a_role(officer, "donor_officer"))
    assert "proposed" == proposed["status"]
    await kenya(api)

    path = f"/v1/appointments/{proposed['appointment_id']}"
    assert (403, "for-its-focal-point") == await refused(api, f"{path}/approve", "second", revision=1)
    other = a_role(officer, "official")
    assert (403, "for-its-focal-point") == await refused(api, "/v1/appointments", FIRST, **other)
    assert "refused" == (await done(api, f"{path}/refuse", KENYA, revision=1, reason="other"))["status"]


async def test_a_further_focal_point_is_proposed_by_one_and_approved_by_another(api: Client) -> None:
    await kenya(api)
    further = await entered(api, by=KENYA)
    proposed = await done(api, "/v1/appointments", KENYA, **a_role(further, "focal_point"))
    path = f"/v1/appointments/{proposed['appointment_id']}"

    assert "proposed" == proposed["status"]
    assert (403, "own-proposal") == await refused(api, f"{path}/approve", KENYA, revision=1)
    assert (404, "not-found") == await refused(api, f"{path}/approve", "NOR:focal_point", revision=1)
    assert "in_force" == (await done(api, f"{path}/approve", FIRST, revision=1))["status"]


async def test_a_proposal_is_withdrawn_by_who_made_it_and_refused_by_another(api: Client) -> None:
    person = await entered(api)
    first = await done(api, "/v1/appointments", FIRST, **a_role(person, "focal_point"))
    path = f"/v1/appointments/{first['appointment_id']}"
    assert (409, "appointment-exists") == await refused(
        api, "/v1/appointments", "second", **a_role(person, "focal_point", until=str(TODAY + timedelta(9)))
    )
    assert (403, "not-your-proposal") == await refused(api, f"{path}/withdraw", "second", revision=1)
    assert "withdrawn" == (await done(api, f"{path}/withdraw", FIRST, revision=1))["status"]

    again = await done(api, "/v1/appointments", FIRST, **a_role(person, "focal_point"))
    path = f"/v1/appointments/{again['appointment_id']}"
    refusal = await done(api, f"{path}/refuse", "second", revision=1, reason="letter_not_authenticated")
    assert ("refused", "letter_not_authenticated") == (refusal["status"], refusal["reason"])
    assert (409, "appointment-status") == await refused(api, f"{path}/approve", "second", revision=2)


async def test_days_before_and_after_are_shown_and_filtered(api: Client) -> None:
    await kenya(api)
    person = await entered(api, by=KENYA)
    later = a_role(person, "official", **{"from": str(TODAY + timedelta(9))})
    upcoming = await done(api, "/v1/appointments", KENYA, **later)
    now = await done(api, "/v1/appointments", KENYA, **a_role(person, "official", until=str(TODAY + timedelta(8))))

    assert ("upcoming", "in_force") == (upcoming["status"], now["status"])
    for status, expected in (("upcoming", [upcoming]), ("expired", []), ("in_force", [now])):
        query = f"/v1/appointments?status={status}&person={person['person_id']}"
        page = (await api.get(query, headers=by(KENYA))).json()
        assert expected == page["appointments"], status


async def test_the_last_two_administrators_stay_even_when_two_are_ended_at_once(api: Client, db: Database) -> None:
    third = await appointed(api, await entered(api, "UNODC"), "administrator", "UNODC")
    fourth = await appointed(api, await entered(api, "UNODC"), "administrator", "UNODC")
    fifth = await appointed(api, await entered(api, "UNODC"), "administrator", "UNODC")

    answers = await asyncio.gather(
        *(
            said(api, f"/v1/appointments/{one['appointment_id']}/end", FIRST, revision=2, reason="other")
            for one in (third, fourth, fifth)
        )
    )
    assert [200, 200, 200] == [answer.status_code for answer in answers]
    page = (await api.get("/v1/appointments?organization=UNODC&status=in_force", headers=by(FIRST))).json()
    other = next(a for a in page["appointments"] if a["person_id"] != str(persona_id(FIRST)))
    assert (409, "administrators-too-few") == await refused(
        api, f"/v1/appointments/{other['appointment_id']}/end", FIRST, revision=1, reason="other"
    )
    async with db.transaction() as tx:
        assert 2 == await store.in_force(tx, "UNODC", Role.ADMINISTRATOR, today=TODAY)


async def test_of_three_administrators_who_are_ended_at_once_two_stay(api: Client, db: Database) -> None:
    third = await appointed(api, await entered(api, "UNODC"), "administrator", "UNODC")
    async with db.transaction() as tx:
        second = await tx.fetchval("SELECT appointment_id FROM appointment WHERE person_id = $1", persona_id(OTHER))
    counted = asyncio.Event()

    async def end(appointment_id: UUID, expected: int) -> None:
        async with db.transaction(by=a_caller(FIRST)) as tx:
            await tx.fetchval("SELECT 1")
            await actions.end(
                tx, appointment_id, "other", caller=a_caller(FIRST), expected=expected, now=datetime.now(UTC)
            )
            counted.set()
            # As long as it takes the other one to count as well, if it may.
            await asyncio.sleep(0.3)

    async def end_then() -> None:
        await counted.wait()
        await end(UUID(third["appointment_id"]), 2)

    answers = await asyncio.gather(end(second, 1), end_then(), return_exceptions=True)

    assert [None, "administrators-too-few"] == [getattr(answer, "slug", answer) for answer in answers]


async def test_the_schema_itself_wants_two_people(api: Client, database_url: str) -> None:
    made = await kenya(api)
    connection = await asyncpg.connect(database_url)
    try:
        for wrong in ("approved_by = proposed_by", "approved_by = person_id", "approved_by = NULL"):
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(
                    f"UPDATE directory.appointment SET {wrong} WHERE appointment_id = $1", UUID(made["appointment_id"])
                )
    finally:
        await connection.close()


# -- who sees what ----------------------------------------------------------------------------------------------------


async def test_what_is_not_ones_own_looks_as_if_it_were_not_there(api: Client) -> None:
    appointment = await kenya(api)
    for path in (f"/v1/people/{appointment['person_id']}", f"/v1/appointments/{appointment['appointment_id']}"):
        absent = path.rpartition("/")[0] + f"/{uuid4()}"
        theirs, none = [await api.get(one, headers=by("NOR:focal_point")) for one in (path, absent)]
        assert (404, theirs.content) == (none.status_code, none.content)
        changed, none = [
            await said(
                api, f"{one}/{'disable' if 'people' in one else 'end'}", "NOR:focal_point", revision=1, reason="other"
            )
            for one in (path, absent)
        ]
        assert (404, changed.content) == (none.status_code, none.content)
    foreign, none = [
        await said(api, "/v1/appointments", "NOR:focal_point", **a_role({"person_id": one}, "official", "NOR"))
        for one in (appointment["person_id"], str(uuid4()))
    ]
    assert (404, foreign.content) == (none.status_code, none.content)


async def test_python_and_sql_agree_on_who_may_see(api: Client, db: Database) -> None:
    """Every role × organization × person, against every person and appointment; and the status as it is shown."""
    await kenya(api)
    official = await entered(api, by=KENYA)
    for role, days in (("official", (9, None)), ("donor_officer", (0, 0)), ("provider_officer", (0, 5))):
        starts, ends = (TODAY + timedelta(days[0]), days[1] is not None and TODAY + timedelta(days[1]))
        body = a_role(official, role, **{"from": str(starts)}, **({"until": str(ends)} if ends else {}))
        await done(api, "/v1/appointments", KENYA, **body)
    await appointed(api, await entered(api, "NOR"), "donor_officer", "NOR")
    callers = [
        a_caller(f"{organization}:{role}") for organization in ("KEN", "NOR", "UNODC", "UNODC-SHERLOC") for role in Role
    ]
    everything = a_caller("UNODC:service")
    filters: dict[str, Any] = {"organization": None, "before": None, "limit": 100}
    seen = 0
    async with db.transaction() as tx:
        people: list[Person] = await store.people(tx, everything, **filters)
        appointments: list[Appointment] = await store.appointments(
            tx, everything, person_id=None, status=None, today=TODAY, **filters
        )
        for caller in callers:
            mine = {p.person_id for p in people if policy.may_see(caller, p)}
            assert mine == {p.person_id for p in await store.people(tx, caller, **filters)}, caller
            held = {a.appointment_id for a in appointments if policy.may_see(caller, a)}
            found_ = await store.appointments(tx, caller, person_id=None, status=None, today=TODAY, **filters)
            assert held == {a.appointment_id for a in found_}, caller
            seen += len(mine) + len(held)
        for day in (TODAY - timedelta(1), TODAY, TODAY + timedelta(1), TODAY + timedelta(20)):
            for status in ShownStatus:
                rows = await store.appointments(tx, everything, person_id=None, status=status, today=day, **filters)
                expected = {a.appointment_id for a in appointments if a.shown_status(day) is status}
                assert expected == {a.appointment_id for a in rows}, (day, status)
    assert (5, 7) == (len(people), len(appointments))
    assert 0 < seen < len(callers) * (len(people) + len(appointments))


async def test_subjects_are_shown_to_whoever_may_set_them(api: Client) -> None:
    await kenya(api)
    person = await entered(api, by=KENYA, subjects=[{"issuer": ISSUER, "subject": "x"}])
    path = f"/v1/people/{person['person_id']}"

    for who, shown in ((KENYA, True), (FIRST, True), ("UNODC:auditor", False), ("service:matching", False)):
        answer = (await api.get(path, headers=by(who))).json()
        assert shown == (answer["subjects"] is not None), who
        assert "Somebody (fictitious)" == answer["name"]


# -- the journal ------------------------------------------------------------------------------------------------------


async def test_the_journal_tells_all_of_it(api: Client, database_url: str) -> None:
    focal_point = await kenya(api)
    official = await entered(api, by=KENYA, subjects=[{"issuer": ISSUER, "subject": "x"}])
    await api.put(f"/v1/people/{official['person_id']}/subjects", json={"subjects": []}, headers=by(KENYA, revision=1))
    appointment = await done(api, "/v1/appointments", KENYA, **a_role(official, "official"))
    await done(api, f"/v1/appointments/{appointment['appointment_id']}/end", KENYA, revision=1, reason="term_over")
    await done(api, f"/v1/people/{focal_point['person_id']}/disable", FIRST, revision=1, reason="other")
    coordinator = a_role(await entered(api, "UNODC"), "coordinator", "UNODC", regions=["african"])
    proposed = await done(api, "/v1/appointments", FIRST, **coordinator)
    await done(api, f"/v1/appointments/{proposed['appointment_id']}/withdraw", FIRST, revision=1)

    owner = await Database.connect(database_url, "directory")
    try:
        assert [] == await verify(owner, SERVICE)
        async with owner.transaction() as tx:
            await tx.execute("UPDATE appointment SET reason = 'other' WHERE reason = 'term_over'")
        assert ["appointment: 1 rows are not in the journal, 1 are only there"] == await verify(owner, SERVICE)
    finally:
        await owner.close()
