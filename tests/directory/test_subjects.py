"""Subjects by which people sign in are set by the focal point, or by two people."""

import asyncio
from typing import Any

import pytest

from chassis.db.database import Database
from contracts.callers import Subject
from services.directory.subjects import store
from tests import builders
from tests.builders import a_request, headers
from tests.chassis.steps import check_problem
from tests.directory.steps import FIRST, KENYA, Client, a_role, appointed, by, done, entered, kenya, post, refused
from tests.personas import ISSUER, appoint_in_directory, persona_id
from tests.platform.steps import KNOWN_SECONDS, STARTED_SECONDS, directory, requests, until_answered

ATTACKER = "account-of-the-attacker"
PLANTED = [{"issuer": ISSUER, "subject": ATTACKER}]
NEW = [{"issuer": ISSUER, "subject": "new-account"}]


async def put(api: Client, person_id: object, who: str, revision: int, subjects: object = PLANTED) -> tuple[int, str]:
    path = f"/v1/people/{person_id}/subjects"
    answer = await api.put(path, json={"subjects": subjects}, headers=by(who, revision=revision))
    return answer.status_code, answer.json().get("slug")


async def signed_in(db: Database, subject: str) -> list[str]:
    async with db.transaction() as tx:
        return [str(one) for one in await store.holders(tx, Subject(issuer=ISSUER, subject=subject))]


async def test_administrator_alone_cannot_sign_in_as_an_official(
    db: Database,
    without_a_broker: Any,
) -> None:
    official, administrator = "KEN:official", "UNODC:administrator"
    await appoint_in_directory(db, [KENYA, official, administrator])
    assert builders.issuer is not None
    attack = {"Authorization": f"Bearer {builders.issuer.token(ATTACKER)}"}
    own = [{"issuer": ISSUER, "subject": str(persona_id(official))}, *PLANTED]
    async with directory(without_a_broker) as api, requests(without_a_broker, without_a_broker.port) as client:
        await until_answered(client, administrator, 200, STARTED_SECONDS)
        draft = await client.post("/v1/requests", json=a_request(submit=False), headers=headers(official))
        path = f"/v1/requests/{draft.json()['request_id']}"
        check_problem(await client.get(path, headers=headers(administrator)), 404, "not-found")

        people = f"/v1/people/{persona_id(official)}"
        answer = await api.put(f"{people}/subjects", json={"subjects": own}, headers=headers(administrator, revision=1))
        check_problem(answer, 403, "subjects-take-two")
        answer = await api.post(
            f"{people}/propose-subjects", json={"subjects": own}, headers=headers(administrator, revision=1)
        )
        assert 200 == answer.status_code
        answer = await api.post(f"{people}/approve-subjects", json={}, headers=headers(administrator, revision=2))
        check_problem(answer, 403, "own-proposal")
        check_problem(await client.get(path, headers=attack), 403, "person-not-known")


# -- subjects set by one person or by two -----------------------------------------------------------------------------


async def test_only_a_focal_point_sets_subjects_alone_for_the_own_state(api: Client, db: Database) -> None:
    focal_point = await kenya(api)
    official = await entered(api, by=KENYA, subjects=NEW)
    await done(api, "/v1/appointments", KENYA, **a_role(official, "official"))
    person_id = official["person_id"]

    assert [person_id] == await signed_in(db, "new-account")
    assert (403, "subjects-take-two") == await put(api, person_id, FIRST, 1)
    assert (404, "not-found") == await put(api, person_id, "NOR:focal_point", 1)
    assert (200, None) == await put(api, person_id, KENYA, 1, [{"issuer": ISSUER, "subject": "newer-account"}])
    assert (412, "revision-stale") == await put(api, person_id, KENYA, 1)
    assert [] == await signed_in(db, "new-account")
    assert (403, "own-record") == await put(api, focal_point["person_id"], KENYA, 1)
    other = await entered(api)
    await appointed(api, other, "focal_point")
    assert (409, "subjects-of-appointee") == await put(api, other["person_id"], KENYA, 1)


@pytest.mark.parametrize("organization", ["KEN", "UNODC", "UNODC-SHERLOC", "RED-CROSS"])
async def test_subjects_of_a_person_without_appointment_require_two_people(
    api: Client, db: Database, organization: str
) -> None:
    if len(organization) > 5:
        await done(api, "/v1/organizations", FIRST, code=organization, name="Fictitious")
    person = await entered(api, organization, subjects=PLANTED)
    path = f"/v1/people/{person['person_id']}"

    assert ([], PLANTED) == (person["subjects"], person["proposed_subjects"])
    assert (403, "subjects-take-two") == await put(api, person["person_id"], FIRST, 1)
    assert (409, "subjects-proposed") == await refused(
        api, f"{path}/propose-subjects", "second", revision=1, subjects=NEW
    )
    assert (403, "own-proposal") == await refused(api, f"{path}/approve-subjects", FIRST, revision=1)
    assert [] == await signed_in(db, ATTACKER)
    approved = await done(api, f"{path}/approve-subjects", "second", revision=1)
    assert (PLANTED, None) == (approved["subjects"], approved["proposed_subjects"])
    assert [person["person_id"]] == await signed_in(db, ATTACKER)
    assert (409, "subjects-not-proposed") == await refused(api, f"{path}/approve-subjects", "second", revision=2)


async def test_declined_subjects_change_nothing(api: Client, db: Database) -> None:
    await kenya(api)
    person = await entered(api, by=KENYA, subjects=NEW)
    path = f"/v1/people/{person['person_id']}"
    await done(api, f"{path}/propose-subjects", FIRST, revision=1, subjects=PLANTED)

    declined = await done(api, f"{path}/decline-subjects", KENYA, revision=2)
    assert (NEW, None, None) == tuple(
        declined[name] for name in ("subjects", "proposed_subjects", "subjects_proposed_at")
    )
    await done(api, f"{path}/propose-subjects", FIRST, revision=3, subjects=PLANTED)
    await done(api, f"{path}/decline-subjects", FIRST, revision=4)
    assert ([], [person["person_id"]]) == (await signed_in(db, ATTACKER), await signed_in(db, "new-account"))


async def test_focal_point_approves_subjects_proposed_by_an_administrator(api: Client, db: Database) -> None:
    await kenya(api)
    person = await entered(api, subjects=NEW)
    official = await done(api, "/v1/appointments", KENYA, **a_role(person, "official"))

    assert "in_force" == official["status"]
    assert [] == await signed_in(db, "new-account"), "an appointment by one person does not make subjects effective"
    await done(api, f"/v1/people/{person['person_id']}/approve-subjects", KENYA, revision=1)
    assert [person["person_id"]] == await signed_in(db, "new-account")


# -- appointments -----------------------------------------------------------------------------------------------------


async def test_approver_sees_the_subjects_and_approval_makes_them_effective(api: Client, db: Database) -> None:
    person = await entered(api, subjects=NEW)
    proposed = await done(api, "/v1/appointments", FIRST, **a_role(person, "focal_point"))
    path = f"/v1/appointments/{proposed['appointment_id']}"

    assert NEW == (await api.get(path, headers=by("second"))).json()["subjects"]
    assert (await api.get(path, headers=by("UNODC:auditor"))).json()["subjects"] is None
    assert [] == await signed_in(db, "new-account")
    made = await done(api, f"{path}/approve", "second", revision=1)
    assert ("in_force", None) == (made["status"], made["subjects"])
    assert [person["person_id"]] == await signed_in(db, "new-account")


async def test_proposer_of_a_subject_cannot_approve_the_appointment_of_its_person(api: Client, db: Database) -> None:
    person = await entered(api, subjects=PLANTED)
    proposed = await done(api, "/v1/appointments", "second", **a_role(person, "focal_point"))

    path = f"/v1/appointments/{proposed['appointment_id']}/approve"
    assert (403, "own-proposal") == await refused(api, path, FIRST, revision=1)
    assert [] == await signed_in(db, ATTACKER)


async def test_two_appointments_of_one_person_are_approved_for_the_same_subjects(api: Client) -> None:
    person = await entered(api, subjects=NEW)
    roles = [a_role(person, role) for role in ("focal_point", "donor_officer")]
    proposed = [await done(api, "/v1/appointments", FIRST, **role) for role in roles]

    for one in reversed(proposed):
        made = await done(api, f"/v1/appointments/{one['appointment_id']}/approve", "second", revision=1)
        assert "in_force" == made["status"]


async def test_changed_subjects_require_a_new_proposal_of_the_appointment(api: Client, db: Database) -> None:
    await kenya(api)
    person = await entered(api, by=KENYA, subjects=NEW)
    proposed = await done(api, "/v1/appointments", KENYA, **a_role(person, "focal_point"))
    path = f"/v1/appointments/{proposed['appointment_id']}"
    assert (200, None) == await put(api, person["person_id"], KENYA, 1)

    assert (await api.get(path, headers=by(FIRST))).json()["subjects"] is None
    assert (409, "subjects-changed") == await refused(api, f"{path}/approve", FIRST, revision=1)
    await done(api, f"{path}/withdraw", KENYA, revision=1)
    renewed = await done(api, "/v1/appointments", KENYA, **a_role(person, "focal_point"))
    assert PLANTED == renewed["subjects"]
    await done(api, f"/v1/appointments/{renewed['appointment_id']}/approve", FIRST, revision=1)


async def test_subjects_proposed_later_do_not_affect_an_approval(api: Client, db: Database) -> None:
    await kenya(api)
    person = await entered(api, by=KENYA, subjects=NEW)
    proposed = await done(api, "/v1/appointments", KENYA, **a_role(person, "focal_point"))
    path = f"/v1/people/{person['person_id']}/propose-subjects"
    await done(api, path, FIRST, revision=1, subjects=PLANTED)

    await done(api, f"/v1/appointments/{proposed['appointment_id']}/approve", FIRST, revision=1)
    assert ([], [person["person_id"]]) == (await signed_in(db, ATTACKER), await signed_in(db, "new-account"))


# -- subjects of other people -----------------------------------------------------------------------------------------


async def test_subject_in_use_is_rejected_without_revealing_its_person(api: Client, db: Database) -> None:
    await kenya(api)
    norway = await entered(api, "NOR", person_id=str(persona_id("NOR:focal_point")))
    await appointed(api, norway, "focal_point", "NOR")
    used = [{"issuer": ISSUER, "subject": "somebody-at-ken"}]
    official = await entered(api, by=KENYA, subjects=used)

    answers = []
    for subjects in (used, [{"issuer": ISSUER, "subject": "of-nobody-at-all"}]):
        body = {"organization": "NOR", "name": "A", "email": "a@b.example", "language": "en", "subjects": subjects}
        answer = await post(api, "/v1/people", "NOR:focal_point", **body)
        person = answer.json()
        change = await put(api, person["person_id"], "NOR:focal_point", 1, subjects)
        answers.append((answer.status_code, sorted(person), person["subjects"] == subjects, change))
    assert [(201, answers[1][1], True, (200, None))] * 2 == answers
    assert official["person_id"] in await signed_in(db, "somebody-at-ken")
    # Within one State the conflict is reported, because its focal point sees the person anyway.
    body = {"organization": "KEN", "name": "A", "email": "a@b.example", "language": "en", "subjects": used}
    assert (409, "subject-taken") == await refused(api, "/v1/people", KENYA, **body)


async def test_subject_in_two_units_of_unodc_is_one_person(api: Client) -> None:
    await done(api, "/v1/organizations", FIRST, code="UNODC-SHERLOC", name="Fictitious")
    own = [{"issuer": ISSUER, "subject": str(persona_id(FIRST))}]
    person = await entered(api, "UNODC-SHERLOC", subjects=own)

    path = f"/v1/people/{person['person_id']}/approve-subjects"
    assert (409, "subject-taken") == await refused(api, path, "second", revision=1)


async def test_person_of_two_organizations_must_name_the_acting_one(
    db: Database,
    without_a_broker: Any,
) -> None:
    """Entering another State's official before their first call must not reveal that official's drafts."""
    await appoint_in_directory(db, [KENYA, "NOR:focal_point", "NOR:official"])
    kenyan = [{"issuer": ISSUER, "subject": str(persona_id(KENYA))}]
    async with directory(without_a_broker) as api, requests(without_a_broker, without_a_broker.port) as client:
        await until_answered(client, "NOR:focal_point", 200, STARTED_SECONDS)
        path = f"/v1/people/{persona_id('NOR:official')}/subjects"
        by_norway = headers("NOR:focal_point", revision=1)
        assert 200 == (await api.put(path, json={"subjects": kenyan}, headers=by_norway)).status_code

        answer = await client.post("/v1/requests", json=a_request(submit=False), headers=headers(KENYA))
        check_problem(answer, 403, "appointment-not-named")
        acting = headers(KENYA) | {"Acting-As": KENYA}
        draft = await client.post("/v1/requests", json=a_request(submit=False), headers=acting)
        assert (201, "KEN") == (draft.status_code, draft.json()["state"])


async def test_subject_entered_elsewhere_does_not_affect_the_calls_of_its_person(
    db: Database,
    without_a_broker: Any,
) -> None:
    """Entering another State's official must not stop that official's programs, which name no appointment."""
    administrator = "UNODC:administrator"
    await appoint_in_directory(db, [KENYA, "NOR:focal_point", "NOR:official", administrator])
    kenyan = [{"issuer": ISSUER, "subject": str(persona_id(KENYA))}]
    assert builders.issuer is not None
    async with directory(without_a_broker) as api, requests(without_a_broker, without_a_broker.port) as client:
        await until_answered(client, KENYA, 200, STARTED_SECONDS)
        path = f"/v1/people/{persona_id('NOR:official')}/subjects"
        for revision, subjects in enumerate((kenyan, kenyan + PLANTED), 1):
            by_norway = headers("NOR:focal_point", revision=revision)
            assert 200 == (await api.put(path, json={"subjects": subjects}, headers=by_norway)).status_code

        # A new process, which has nothing cached, answers as the one that knew the subject before.
        named = headers(KENYA) | {"Acting-As": "NOR:official"}
        async with requests(without_a_broker, without_a_broker.port) as later:
            for one in (client, later):
                async with asyncio.timeout(STARTED_SECONDS):
                    while 200 != (await one.get("/v1/requests", headers=named)).status_code:
                        await asyncio.sleep(0.05)
                draft = await one.post("/v1/requests", json=a_request(submit=False), headers=headers(KENYA))
                assert (201, "KEN") == (draft.status_code, draft.json().get("state")), draft.text
        draft = await client.post("/v1/requests", json=a_request(submit=False), headers=named)
        assert (201, "NOR") == (draft.status_code, draft.json()["state"])
        me = (await api.get("/v1/me", headers=headers(KENYA))).json()
        assert ("KEN", ["NOR:official"]) == (me["organization"], me["elsewhere"])
        # The planted account acts for Norway, and is not told who else signs in by the first.
        planted = headers(KENYA) | {"Authorization": f"Bearer {builders.issuer.token(ATTACKER)}"}
        me = (await api.get("/v1/me", headers=planted)).json()
        assert ("NOR", []) == (me["organization"], me["elsewhere"])
        # After the official has left Kenya, the appointment in Norway still has to be named.
        of_kenya = {"person": str(persona_id(KENYA))}
        held = (await api.get("/v1/appointments", params=of_kenya, headers=headers(administrator))).json()[
            "appointments"
        ]
        path = f"/v1/appointments/{held[0]['appointment_id']}/end"
        ended = await api.post(path, json={"reason": "other"}, headers=headers(administrator, revision=1))
        assert 200 == ended.status_code, ended.text
        await until_answered(client, KENYA, 403, KNOWN_SECONDS)
        answer = await client.get("/v1/requests", headers=headers(KENYA))
        check_problem(answer, 403, "appointment-not-named")
        assert ["NOR:official"] == answer.json()["details"]["held"]


async def test_subject_like_that_of_a_service_is_rejected(api: Client) -> None:
    await kenya(api)
    subjects = [{"issuer": ISSUER, "subject": "service:matching"}]
    person = await entered(api, by=KENYA)
    path = f"/v1/people/{person['person_id']}"
    body = {"organization": "KEN", "name": "A", "email": "a@b.example", "language": "en", "subjects": subjects}

    assert (400, "subject-of-service") == await refused(api, "/v1/people", FIRST, **body)
    assert (400, "subject-of-service") == await put(api, person["person_id"], KENYA, 1, subjects)
    assert (400, "subject-of-service") == await refused(
        api, f"{path}/propose-subjects", FIRST, revision=1, subjects=subjects
    )
