"""Erasure of a person by two people: who may do it and when, and what is deleted in other services."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.audit.log import log_read
from chassis.audit.sealing import seal
from chassis.audit.tampering import find_tampering
from chassis.db.database import Database
from chassis.journal.inbox import Inbox, Outcome
from chassis.rebuild import verify
from chassis.settings import Settings
from chassis.telemetry import with_origin
from services.composition import SERVICES
from services.directory.wiring import SERVICE
from tests.builders import a_caller, headers
from tests.databases import connected
from tests.directory.steps import FIRST, KENYA, OTHER, TODAY, a_role, by, done, refused
from tests.personas import persona_id
from tests.platform.erasure_steps import (
    SERVICES_TO_ERASE,
    SUBJECTS,
    Client,
    NotificationsService,
    _kenya,
    canary,
    deliver_facts,
    erased,
    founded,
    notifications_service,
    rows,
)


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["directory"]


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]], db: Database) -> Client:
    return await founded(client_of, db)


@pytest.fixture
async def notifications(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database], database_url: str
) -> NotificationsService:
    return await notifications_service(client_of, databases, database_url)


# -- approval ---------------------------------------------------------------------------------------------------------


async def test_erasure_requires_two_administrators(api: Client) -> None:
    person = await canary(api)
    path = f"/v1/people/{person['person_id']}"

    assert (409, "erasure-not-proposed") == await refused(api, f"{path}/approve-erasure", FIRST, revision=1)
    assert (400, "unknown-code") == await refused(api, f"{path}/propose-erasure", FIRST, revision=1, reason="no_such")
    proposed = await done(api, f"{path}/propose-erasure", FIRST, revision=1, reason="asked_by_person")
    assert (str(persona_id(FIRST)), "asked_by_person", "Canary-name") == tuple(
        proposed[field] for field in ("erasure_proposed_by", "erasure_reason", "name")
    )
    assert (409, "erasure-proposed") == await refused(
        api, f"{path}/propose-erasure", "second", revision=2, reason="asked_by_person"
    )
    assert (403, "own-proposal") == await refused(api, f"{path}/approve-erasure", FIRST, revision=2)
    assert (412, "revision-stale") == await refused(api, f"{path}/approve-erasure", "second", revision=1)
    gone = await done(api, f"{path}/approve-erasure", "second", revision=2)

    assert [None] * 4 == [gone[field] for field in ("name", "email", "language", "subjects")]
    assert (str(persona_id(OTHER)), True) == (gone["erasure_approved_by"], gone["erased_at"] is not None)
    page = (await api.get("/v1/people?organization=KEN", headers=by(FIRST))).json()
    assert [gone] == page["people"]


async def test_focal_point_proposes_erasure_in_the_own_state_and_administrator_approves(api: Client) -> None:
    await _kenya(api)
    person = await canary(api)
    path = f"/v1/people/{person['person_id']}"
    body = {"reason": "left_service"}

    assert (404, "not-found") == await refused(api, f"{path}/propose-erasure", "NOR:focal_point", revision=1, **body)
    await done(api, f"{path}/propose-erasure", KENYA, revision=1, **body)
    # A second focal point of the State may not approve either: a State alone may not erase who acted for it.
    for approver in (KENYA, "KEN:official"):
        slug = (await refused(api, f"{path}/approve-erasure", approver, revision=2))[1]
        assert slug in {"not-for-your-role", "not-found"}
    assert (await done(api, f"{path}/approve-erasure", FIRST, revision=2))["name"] is None


async def test_own_erasure_is_rejected(api: Client) -> None:
    own = f"/v1/people/{persona_id(FIRST)}"

    assert (403, "own-record") == await refused(api, f"{own}/propose-erasure", FIRST, revision=1, reason="other")
    assert (403, "own-record") == await refused(api, f"{own}/approve-erasure", FIRST, revision=1)


async def test_proposed_erasure_is_declined_or_withdrawn(api: Client) -> None:
    await _kenya(api)
    person = await canary(api)
    path = f"/v1/people/{person['person_id']}"
    assert (409, "erasure-not-proposed") == await refused(
        api, f"{path}/decline-erasure", FIRST, revision=1, reason="other"
    )
    for revision, proposer, decliner in ((1, FIRST, "second"), (3, FIRST, FIRST), (5, KENYA, KENYA)):
        await done(api, f"{path}/propose-erasure", proposer, revision=revision, reason="other")
        kept = await done(api, f"{path}/decline-erasure", decliner, revision=revision + 1, reason="data_still_needed")
        assert (None, "Canary-name") == (kept["erasure_proposed_by"], kept["name"])
    await done(api, f"{path}/propose-erasure", FIRST, revision=7, reason="other")
    assert (403, "not-for-your-role") == await refused(
        api, f"{path}/decline-erasure", KENYA, revision=8, reason="other"
    )


@pytest.mark.parametrize("days", [(0, None), (9, None), (None, None)], ids=["in force", "upcoming", "proposed"])
async def test_appointed_person_cannot_be_erased(api: Client, days: tuple[int | None, None]) -> None:
    await _kenya(api)
    person = await canary(api)
    path = f"/v1/people/{person['person_id']}"
    proposed = await done(api, f"{path}/propose-erasure", FIRST, revision=1, reason="other")
    if days[0] is None:
        appointment = await done(api, "/v1/appointments", FIRST, **a_role(person, "focal_point"))
    else:
        role = a_role(person, "official", **{"from": str(TODAY + timedelta(days[0]))})
        appointment = await done(api, "/v1/appointments", KENYA, **role)

    assert (409, "person-appointed") == await refused(
        api, f"{path}/approve-erasure", "second", revision=proposed["revision"]
    )
    end = f"/v1/appointments/{appointment['appointment_id']}/"
    if days[0] is None:
        await done(api, end + "withdraw", FIRST, revision=1)
    else:
        await done(api, end + "end", KENYA, revision=1, reason="left_service")
    await done(api, f"{path}/approve-erasure", "second", revision=2)
    assert (409, "person-erased") == await refused(api, "/v1/appointments", FIRST, **a_role(person, "focal_point"))


async def test_erased_person_stays_erased_and_the_subject_is_free(api: Client, db: Database) -> None:
    person = await canary(api)
    approved = await done(api, f"/v1/people/{person['person_id']}/approve-subjects", "second", revision=1)
    path = f"/v1/people/{person['person_id']}/propose-subjects"
    person = await done(api, path, FIRST, revision=approved["revision"], subjects=SUBJECTS)
    assert [1, 1] == await rows(db, "person_subject WHERE subject LIKE 'Canary%'", "proposed_subjects")
    gone = await erased(api, person)
    path, revision = f"/v1/people/{person['person_id']}", gone["revision"]

    for move, body in (
        ("propose-subjects", {"subjects": SUBJECTS}),
        ("approve-subjects", {}),
        ("propose-erasure", {"reason": "other"}),
        ("approve-erasure", {}),
        ("decline-erasure", {"reason": "other"}),
        ("disable", {"reason": "other"}),
        ("enable", {}),
    ):
        assert (409, "person-erased") == await refused(api, f"{path}/{move}", "second", revision=revision, **body)
    assert [0, 0] == await rows(db, "person_subject WHERE subject LIKE 'Canary%'", "proposed_subjects")
    again = await canary(api)
    assert again["person_id"] != person["person_id"]
    again = await done(api, f"/v1/people/{again['person_id']}/approve-subjects", "second", revision=1)
    assert again["subjects"] == SUBJECTS


async def test_schema_requires_two_people(api: Client, database_url: str) -> None:
    person = await erased(api, await canary(api))
    connection = await asyncpg.connect(database_url)
    try:
        for wrong in (
            "erasure_approved_by = erasure_proposed_by",
            "erasure_approved_by = person_id",
            "erasure_approved_by = NULL",
            "erasure_proposed_by = NULL",
        ):
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(
                    f"UPDATE directory.person SET {wrong} WHERE person_id = $1", UUID(person["person_id"])
                )
    finally:
        await connection.close()


async def test_erasures_are_rebuilt_from_the_journal(api: Client, database_url: str) -> None:
    await _kenya(api)
    person = await canary(api)
    path = f"/v1/people/{person['person_id']}"
    await done(api, f"{path}/propose-erasure", KENYA, revision=1, reason="other")
    await done(api, f"{path}/decline-erasure", FIRST, revision=2, reason="other")
    await erased(api, person | {"revision": 3})

    async with connected(database_url, "directory") as owner:
        assert [] == await verify(owner, SERVICE)


# -- deletion ---------------------------------------------------------------------------------------------------------


async def test_erasure_deletes_subscriptions_and_webhooks_permanently(
    api: Client, db: Database, notifications: NotificationsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleted data does not come back, even with a token that is still valid for minutes."""
    subscription = {"email": "canary@ken.example", "language": "fr", "channels": ["inbox", "mail"]}
    webhook = {"url": "https://hooks.ken.example/canary", "scheme": "v1a"}
    kept = subscription | {"email": "other@nor.example"}
    for who, email in ((KENYA, subscription), ("KEN:official", subscription), ("NOR:focal_point", kept)):
        assert (await notifications.api.put("/v1/subscriptions", json=email, headers=headers(who))).status_code == 200
        made = await notifications.api.post("/v1/webhooks", json=webhook, headers=headers(who, key=f"canary-{who}"))
        assert made.status_code == 201
    await canary(api, person_id=str(persona_id(KENYA)))
    await erased(api, {"person_id": persona_id(KENYA), "revision": 1})
    monkeypatch.setattr("chassis.http.idempotency.FORGET_MAX", 1)
    assert [3, 3, 3, 3] == await rows(notifications.db, "subscription", "address", "endpoint", "command")

    assert [Outcome.APPLIED] * 3 == await deliver_facts(notifications.inbox, db, persona_id(KENYA))
    assert [Outcome.REPEATED] * 3 == await deliver_facts(notifications.inbox, db, persona_id(KENYA))

    assert [2, 2, 2, 2] == await rows(notifications.db, "subscription", "address", "endpoint", "command")
    assert 404 == (await notifications.api.get("/v1/subscriptions", headers=headers(KENYA))).status_code
    assert [] == (await notifications.api.get("/v1/webhooks", headers=headers(KENYA))).json()["webhooks"]
    again = await notifications.api.put("/v1/subscriptions", json=subscription, headers=headers(KENYA))
    assert (409, "person-erased") == (again.status_code, again.json()["slug"])
    again = await notifications.api.post("/v1/webhooks", json=webhook, headers=headers(KENYA))
    assert (409, "person-erased") == (again.status_code, again.json()["slug"])
    async with connected(notifications.database_url, "notifications", owner=True) as owner:
        service = SERVICES["notifications"]()
        assert [] == await verify(owner, service)


@pytest.mark.parametrize("name", SERVICES_TO_ERASE)
async def test_erasure_deletes_client_addresses_and_the_chain_stays_valid(
    name: str,
    api: Client,
    db: Database,
    databases: Mapping[str, Database],
    client_of: Callable[..., Awaitable[Client]],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rows are more than one statement deletes."""
    monkeypatch.setattr("chassis.audit.log.FORGET_MAX", 2)
    own, service = databases[name], SERVICES[name]()
    await client_of(name)
    caller = a_caller(KENYA)
    for who, address in (*[(caller, "203.0.113.77")] * 5, (a_caller(FIRST), "203.0.113.78")):
        with with_origin(address):
            async with own.transaction(by=who) as tx:
                await log_read(tx, "read", "person", uuid4(), 1)
    async with own.transaction() as tx:
        assert 6 == await seal(tx, name)
    await canary(api, person_id=str(caller.person_id))
    await erased(api, {"person_id": caller.person_id, "revision": 1})

    assert service.listens_to[-1] == "directory"
    inbox = Inbox(own, name, service.listens_to, service.handlers)
    assert [Outcome.APPLIED] * 3 == await deliver_facts(inbox, db, caller.person_id)

    with with_origin("203.0.113.77"):
        async with own.transaction(by=caller) as tx:
            await log_read(tx, "read", "person", uuid4(), 1)
    async with own.transaction() as tx:
        assert ["203.0.113.78"] == [row["address"] for row in await tx.fetch("SELECT address FROM audit_origin")]
    report = await find_tampering(own, name, settings)
    assert (6, []) == (report.sealed, report.findings)
