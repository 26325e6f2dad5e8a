"""Appointments: proposal, approval, end and visibility."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis import clock
from chassis.context import Context
from chassis.db.database import Database
from contracts.values import Role
from services.directory import policy
from services.directory.appointments.model import Appointment, ShownStatus
from services.directory.callers import store as caller_store
from services.directory.people import actions, store
from services.directory.people.model import Person
from tests.builders import a_caller
from tests.directory.steps import (
    FIRST,
    KENYA,
    OTHER,
    TODAY,
    Client,
    a_role,
    appointed,
    by,
    done,
    entered,
    kenya,
    post,
    refused,
)
from tests.personas import ISSUER, persona_id

# -- appointments -----------------------------------------------------------------------------------------------------


async def test_first_focal_point_requires_two_administrators_and_then_appoints_officials_alone(api: Client) -> None:
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


async def test_administrator_cannot_appoint_officials_of_a_state_with_a_focal_point(api: Client) -> None:
    officer = await entered(api)
    proposed = await done(api, "/v1/appointments", FIRST, **a_role(officer, "donor_officer"))
    assert "proposed" == proposed["status"]
    await kenya(api)

    path = f"/v1/appointments/{proposed['appointment_id']}"
    assert (403, "for-its-focal-point") == await refused(api, f"{path}/approve", "second", revision=1)
    other = a_role(officer, "official")
    assert (403, "for-its-focal-point") == await refused(api, "/v1/appointments", FIRST, **other)
    assert "refused" == (await done(api, f"{path}/refuse", KENYA, revision=1, reason="other"))["status"]


async def test_further_focal_point_requires_proposal_and_approval(api: Client) -> None:
    await kenya(api)
    further = await entered(api, by=KENYA)
    proposed = await done(api, "/v1/appointments", KENYA, **a_role(further, "focal_point"))
    path = f"/v1/appointments/{proposed['appointment_id']}"

    assert "proposed" == proposed["status"]
    assert (403, "own-proposal") == await refused(api, f"{path}/approve", KENYA, revision=1)
    assert (404, "not-found") == await refused(api, f"{path}/approve", "NOR:focal_point", revision=1)
    assert "in_force" == (await done(api, f"{path}/approve", FIRST, revision=1))["status"]


async def test_who_approves_reads_the_name_of_the_person(api: Client) -> None:
    person = await entered(api)
    proposed = await done(api, "/v1/appointments", FIRST, **a_role(person, "donor_officer"))

    read = (await api.get(f"/v1/appointments/{proposed['appointment_id']}", headers=by("second"))).json()
    named = (await api.get(f"/v1/people/{person['person_id']}", headers=by("second"))).json()["name"]
    assert "Somebody (fictitious)" == named == read["name"] == proposed["name"]


async def test_proposal_is_withdrawn_by_its_proposer_and_refused_by_another_person(api: Client) -> None:
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


async def test_appointments_are_shown_and_filtered_by_their_days(api: Client) -> None:
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


async def test_last_two_administrators_cannot_be_ended_concurrently(api: Client, db: Database) -> None:
    third = await appointed(api, await entered(api, "UNODC"), "administrator", "UNODC")
    fourth = await appointed(api, await entered(api, "UNODC"), "administrator", "UNODC")
    fifth = await appointed(api, await entered(api, "UNODC"), "administrator", "UNODC")

    answers = await asyncio.gather(
        *(
            post(api, f"/v1/appointments/{one['appointment_id']}/end", FIRST, revision=2, reason="other")
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


async def test_two_of_three_administrators_ended_concurrently_remain(api: Client, db: Database) -> None:
    third = await appointed(api, await entered(api, "UNODC"), "administrator", "UNODC")
    async with db.transaction() as tx:
        second = await tx.fetchval("SELECT appointment_id FROM appointment WHERE person_id = $1", persona_id(OTHER))
    counted = asyncio.Event()

    async def end(appointment_id: UUID, expected: int) -> None:
        async with db.transaction(by=a_caller(FIRST)) as tx:
            await tx.fetchval("SELECT 1")
            ctx = Context(caller=a_caller(FIRST), now=clock.now(), expected=expected)
            await actions.end(tx, ctx, appointment_id, "other")
            counted.set()
            # Wait long enough for the other transaction to count as well, if it is not blocked.
            await asyncio.sleep(0.3)

    async def end_then() -> None:
        await counted.wait()
        await end(UUID(third["appointment_id"]), 2)

    answers = await asyncio.gather(end(second, 1), end_then(), return_exceptions=True)

    assert [None, "administrators-too-few"] == [getattr(answer, "slug", answer) for answer in answers]


async def test_schema_requires_two_people(api: Client, database_url: str) -> None:
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


# -- visibility -------------------------------------------------------------------------------------------------------


async def test_foreign_records_are_answered_as_absent(api: Client) -> None:
    appointment = await kenya(api)
    for path in (f"/v1/people/{appointment['person_id']}", f"/v1/appointments/{appointment['appointment_id']}"):
        absent = path.rpartition("/")[0] + f"/{uuid4()}"
        theirs, none = [await api.get(one, headers=by("NOR:focal_point")) for one in (path, absent)]
        assert (404, theirs.content) == (none.status_code, none.content)
        changed, none = [
            await post(
                api, f"{one}/{'disable' if 'people' in one else 'end'}", "NOR:focal_point", revision=1, reason="other"
            )
            for one in (path, absent)
        ]
        assert (404, changed.content) == (none.status_code, none.content)
    foreign, none = [
        await post(api, "/v1/appointments", "NOR:focal_point", **a_role({"person_id": one}, "official", "NOR"))
        for one in (appointment["person_id"], str(uuid4()))
    ]
    assert (404, foreign.content) == (none.status_code, none.content)


async def test_python_and_sql_agree_on_visibility(api: Client, db: Database) -> None:
    """Compare every role × organization × person with every person and appointment, and the shown status."""
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


async def test_subjects_are_shown_to_those_who_may_set_them(api: Client) -> None:
    await kenya(api)
    person = await entered(api, by=KENYA, subjects=[{"issuer": ISSUER, "subject": "x"}])
    path = f"/v1/people/{person['person_id']}"

    for who, shown in ((KENYA, True), (FIRST, True), ("UNODC:auditor", False), ("service:matching", False)):
        answer = (await api.get(path, headers=by(who))).json()
        assert shown == (answer["subjects"] is not None), who
        assert "Somebody (fictitious)" == answer["name"]


# -- the caller -------------------------------------------------------------------------------------------------------


async def test_caller_reads_its_own_appointments(api: Client) -> None:
    person = await entered(api, person_id=str(persona_id(KENYA)))
    proposed = await done(api, "/v1/appointments", FIRST, **a_role(person, "focal_point"))
    await done(api, f"/v1/appointments/{proposed['appointment_id']}/approve", "second", revision=1)

    answer = await api.get("/v1/me", headers=by(KENYA))

    assert answer.status_code == 200, answer.text
    me = answer.json()
    assert (str(persona_id(KENYA)), "KEN", "focal_point", None) == (
        me["person_id"], me["organization"], me["role"], me["scopes"],
    )  # fmt: skip
    assert [proposed["appointment_id"]] == [one["appointment_id"] for one in me["appointments"]]
    assert me["name"]
    assert me["links"]["work_counts"] == "/v1/work/counts"


async def test_head_of_a_remit_is_a_coordinator_whom_the_services_know(api: Client, db: Database) -> None:
    person = await entered(api, organization="UNODC")
    auditor = a_role(person, "auditor", organization="UNODC", head=True)
    assert (400, "remit-not-of-role") == await refused(api, "/v1/appointments", FIRST, **auditor)
    role = a_role(person, "coordinator", organization="UNODC", regions=["african"], head=True)
    made = await done(api, "/v1/appointments", FIRST, **role)
    made = await done(api, f"/v1/appointments/{made['appointment_id']}/approve", "second", revision=1)
    assert made["head"]
    async with db.transaction() as tx:
        held = (await caller_store.changes_since(tx, after="0.0")).holdings
    assert [(one.regions, one.head) for one in held if one.role is Role.COORDINATOR] == [(("african",), True)]
