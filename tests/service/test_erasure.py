"""Somebody is erased by two: who may, when, and what goes in the service that is told."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from chassis.audit import note_read
from chassis.auth import persona_id
from chassis.db import Database
from chassis.erasure import Erasure, Ledger
from chassis.inbox import Inbox, Outcome
from chassis.journal import read_aggregate
from chassis.rebuild import verify
from chassis.sealing import seal
from chassis.settings import Settings
from chassis.tampering import find_tampering
from chassis.telemetry import coming_from
from contracts.values import Role
from services.__main__ import SERVICES
from services.directory import actions, feed, store
from services.directory.wiring import SERVICE, found, write_down
from tests.builders import a_caller, headers
from tests.conftest import Servers
from tests.seats import ISSUER
from tests.service.directory_steps import FIRST, KENYA, OTHER, TODAY, a_founder, a_role, by, done, entered, refused

Client = httpx.AsyncClient
ROOT = Path(__file__).parents[2]
EVERYBODY = ("requests", "matching", "pledges", "notifications")
SUBJECTS = [{"issuer": ISSUER, "subject": "Canary-subject"}]


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["directory"]


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]], db: Database) -> Client:
    await found(db, [a_founder(FIRST, "First"), a_founder(OTHER, "Second")])
    client = await client_of("directory")
    for code in ("KEN", "NOR"):
        await done(client, "/v1/organizations", FIRST, code=code)
    return client


async def canary(api: Client, **changes: Any) -> dict[str, Any]:
    return await entered(api, name="Canary-name", email="canary@ken.example", subjects=SUBJECTS, **changes)


async def erased(api: Client, person: Mapping[str, Any], *, by: str = FIRST) -> dict[str, Any]:
    path = f"/v1/people/{person['person_id']}"
    proposed = await done(api, f"{path}/propose-erasure", by, revision=person["revision"], reason="asked_by_person")
    return await done(api, f"{path}/approve-erasure", "second", revision=proposed["revision"])


async def heard(inbox: Inbox, directory: Database, person_id: UUID) -> list[Outcome]:
    """What became of the directory's facts of a person, the last of which is their erasure."""
    async with directory.transaction() as tx:
        events = await read_aggregate(tx, person_id)
    return [await inbox.receive(event) for event in events]


async def _kenya(api: Client) -> None:
    """The persona KEN:focal_point, appointed by two."""
    person = await entered(api, person_id=str(persona_id(KENYA)))
    proposed = await done(api, "/v1/appointments", FIRST, **a_role(person, "focal_point"))
    await done(api, f"/v1/appointments/{proposed['appointment_id']}/approve", "second", revision=1)


# -- who agrees to it -------------------------------------------------------------------------------------------------


async def test_two_administrators_erase_somebody_and_neither_alone(api: Client) -> None:
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


async def test_a_focal_point_proposes_for_the_own_state_and_an_administrator_approves(api: Client) -> None:
    await _kenya(api)
    person = await canary(api)
    path = f"/v1/people/{person['person_id']}"
    body = {"reason": "left_service"}

    assert (404, "not-found") == await refused(api, f"{path}/propose-erasure", "NOR:focal_point", revision=1, **body)
    await done(api, f"{path}/propose-erasure", KENYA, revision=1, **body)
    # Also a second focal point of the State does not do: who acted for it is not for it alone to take away.
    for approver in (KENYA, "KEN:official"):
        slug = (await refused(api, f"{path}/approve-erasure", approver, revision=2))[1]
        assert slug in {"not-for-your-role", "not-found"}
    assert (await done(api, f"{path}/approve-erasure", FIRST, revision=2))["name"] is None


async def test_nobody_has_themselves_erased(api: Client) -> None:
    own = f"/v1/people/{persona_id(FIRST)}"

    assert (403, "own-record") == await refused(api, f"{own}/propose-erasure", FIRST, revision=1, reason="other")
    assert (403, "own-record") == await refused(api, f"{own}/approve-erasure", FIRST, revision=1)


async def test_what_was_proposed_is_declined_by_another_or_taken_back(api: Client) -> None:
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
async def test_who_is_appointed_is_not_erased(api: Client, days: tuple[int | None, None]) -> None:
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


async def test_an_erased_person_stays_so_and_the_subject_is_free_again(api: Client) -> None:
    person = await canary(api)
    gone = await erased(api, person)
    path, revision = f"/v1/people/{person['person_id']}", gone["revision"]

    for move, body in (
        ("propose-erasure", {"reason": "other"}),
        ("approve-erasure", {}),
        ("decline-erasure", {"reason": "other"}),
        ("disable", {"reason": "other"}),
        ("enable", {}),
    ):
        assert (409, "person-erased") == await refused(api, f"{path}/{move}", "second", revision=revision, **body)
    answer = await api.put(f"{path}/subjects", json={"subjects": SUBJECTS}, headers=by(FIRST, revision=revision))
    assert (409, "person-erased") == (answer.status_code, answer.json()["slug"])
    again = await canary(api)
    assert again["person_id"] != person["person_id"]
    assert again["subjects"] == SUBJECTS


async def test_the_schema_itself_wants_two_people(api: Client, database_url: str) -> None:
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


async def test_the_journal_tells_who_was_erased(api: Client, database_url: str) -> None:
    await _kenya(api)
    person = await canary(api)
    path = f"/v1/people/{person['person_id']}"
    await done(api, f"{path}/propose-erasure", KENYA, revision=1, reason="other")
    await done(api, f"{path}/decline-erasure", FIRST, revision=2, reason="other")
    await erased(api, person | {"revision": 3})

    owner = await Database.connect(database_url, "directory")
    try:
        assert [] == await verify(owner, SERVICE)
    finally:
        await owner.close()


# -- what goes --------------------------------------------------------------------------------------------------------


@dataclass
class Told:
    """A notifications service that hears what it is given."""

    api: Client
    inbox: Inbox
    db: Database
    database_url: str


@pytest.fixture
async def told(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database], database_url: str
) -> Told:
    db = databases["notifications"]
    service = next(one for one in SERVICES if one.name == "notifications")
    inbox = Inbox(db, "notifications", service.listens_to, service.handlers)
    return Told(await client_of("notifications"), inbox, db, database_url)


async def rows(db: Database, *tables: str) -> list[int]:
    async with db.transaction() as tx:
        return [await tx.fetchval(f"SELECT count(*) FROM {table}") for table in tables]


async def test_where_somebody_is_told_goes_with_them_and_comes_again_to_nobody(
    api: Client, db: Database, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by somebody who still has a token, for its last minutes."""
    subscription = {"email": "canary@ken.example", "language": "fr", "channels": ["inbox", "mail"]}
    webhook = {"url": "https://hooks.ken.example/canary", "scheme": "v1a"}
    kept = subscription | {"email": "other@nor.example"}
    for who, email in ((KENYA, subscription), ("KEN:official", subscription), ("NOR:focal_point", kept)):
        assert (await told.api.put("/v1/subscriptions", json=email, headers=headers(who))).status_code == 200
        made = await told.api.post("/v1/webhooks", json=webhook, headers=headers(who, key=f"canary-{who}"))
        assert made.status_code == 201
    await canary(api, person_id=str(persona_id(KENYA)))
    await erased(api, {"person_id": persona_id(KENYA), "revision": 1})
    monkeypatch.setattr("chassis.commands.FORGET_MAX", 1)
    assert [3, 3, 3, 3] == await rows(told.db, "subscription", "address", "endpoint", "command")

    assert [Outcome.APPLIED] * 3 == await heard(told.inbox, db, persona_id(KENYA))
    assert [Outcome.REPEATED] * 3 == await heard(told.inbox, db, persona_id(KENYA))

    assert [2, 2, 2, 2] == await rows(told.db, "subscription", "address", "endpoint", "command")
    assert 404 == (await told.api.get("/v1/subscriptions", headers=headers(KENYA))).status_code
    assert [] == (await told.api.get("/v1/webhooks", headers=headers(KENYA))).json()["webhooks"]
    again = await told.api.put("/v1/subscriptions", json=subscription, headers=headers(KENYA))
    assert (409, "person-erased") == (again.status_code, again.json()["slug"])
    again = await told.api.post("/v1/webhooks", json=webhook, headers=headers(KENYA))
    assert (409, "person-erased") == (again.status_code, again.json()["slug"])
    owner = await Database.connect(told.database_url, "notifications", owner=True)
    try:
        service = next(one for one in SERVICES if one.name == "notifications")
        assert [] == await verify(owner, service)
    finally:
        await owner.close()


@pytest.mark.parametrize("name", EVERYBODY)
async def test_from_where_somebody_called_goes_and_the_chain_holds(
    name: str,
    api: Client,
    db: Database,
    databases: Mapping[str, Database],
    client_of: Callable[..., Awaitable[Client]],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where it is more than one statement looks at."""
    monkeypatch.setattr("chassis.audit.FORGET_MAX", 2)
    own, service = databases[name], next(one for one in SERVICES if one.name == name)
    await client_of(name)
    caller = a_caller(KENYA)
    for who, address in (*[(caller, "203.0.113.77")] * 5, (a_caller(FIRST), "203.0.113.78")):
        with coming_from(address):
            async with own.transaction(by=who) as tx:
                await note_read(tx, "read", "person", uuid4(), 1)
    async with own.transaction() as tx:
        assert 6 == await seal(tx, name)
    await canary(api, person_id=str(caller.person_id))
    await erased(api, {"person_id": caller.person_id, "revision": 1})

    assert service.listens_to[-1] == "directory"
    inbox = Inbox(own, name, service.listens_to, service.handlers)
    assert [Outcome.APPLIED] * 3 == await heard(inbox, db, caller.person_id)

    with coming_from("203.0.113.77"):
        async with own.transaction(by=caller) as tx:
            await note_read(tx, "read", "person", uuid4(), 1)
    async with own.transaction() as tx:
        assert ["203.0.113.78"] == [row["address"] for row in await tx.fetch("SELECT address FROM audit_origin")]
    report = await find_tampering(own, name, settings)
    assert (6, 5, []) == (report.sealed, report.erased, report.findings)


# -- the operator -----------------------------------------------------------------------------------------------------


@dataclass
class Operator:
    """Runs commands on the server; `said` is what the last one said on standard error."""

    environment: dict[str, str]
    said: str = ""

    async def erase(self, *words: object) -> tuple[int | None, Any]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services", "erase", "--json", *map(str, words),
            cwd=ROOT, env=dict(os.environ) | self.environment, stdout=PIPE, stderr=PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        self.said = err.decode()
        return process.returncode, json.loads(out) if out else None


@pytest.fixture
def operator(database_url: str, tmp_path: Path) -> Operator:
    return Operator({"DATABASE_URL": database_url, "ENTRAIDE_STATE": str(tmp_path)})


async def test_an_operator_does_what_two_have_agreed_to_and_nothing_before(api: Client, operator: Operator) -> None:
    person = await canary(api)
    person_id, path = person["person_id"], f"/v1/people/{person['person_id']}"

    assert (2, None) == await operator.erase(uuid4())
    assert (2, None) == await operator.erase()
    assert (2, None) == await operator.erase(person_id, "--after-restore")
    assert (3, None) == await operator.erase(person_id)
    assert "nobody has proposed it: an administrator or the focal point of KEN has to" in operator.said
    await done(api, f"{path}/propose-erasure", FIRST, revision=1, reason="other")
    assert (3, None) == await operator.erase(person_id)
    assert f"{persona_id(FIRST)} proposed it" in operator.said
    assert (await api.get(path, headers=by(FIRST))).json()["name"] == "Canary-name"

    await done(api, f"{path}/approve-erasure", "second", revision=2)
    code, report = await operator.erase(person_id)
    assert (0, person_id, str(persona_id(OTHER))) == (code, report["person_id"], report["approved_by"])
    assert {name: {} for name in (*EVERYBODY, "directory")} == {
        name: one["left"] for name, one in report["services"].items()
    }
    assert 5 == operator.said.count("nothing is left")

    operator.environment["ENTRAIDE_AUDIT_DIR"] = str(ROOT / "README.md")
    assert 0 == (await operator.erase(person_id))[0]
    assert "not in the file of erasures yet" in operator.said


async def test_the_operator_drops_what_a_service_has_not_heard_of(api: Client, operator: Operator, told: Told) -> None:
    subscription = {"email": "canary@ken.example", "language": "fr", "channels": ["inbox", "mail"]}
    assert (await told.api.put("/v1/subscriptions", json=subscription, headers=headers(KENYA))).status_code == 200
    await canary(api, person_id=str(persona_id(KENYA)))
    await erased(api, {"person_id": persona_id(KENYA), "revision": 1})

    code, report = await operator.erase(persona_id(KENYA))

    assert (0, {"subscription": 1, "audit_origin": 1}) == (code, report["services"]["notifications"]["dropped"])
    assert [0, 0] == await rows(told.db, "subscription", "address")
    assert {} == (await operator.erase(persona_id(KENYA)))[1]["services"]["notifications"]["dropped"]


async def test_what_is_there_again_is_not_passed_over(
    api: Client, operator: Operator, told: Told, database_url: str
) -> None:
    """Whatever puts it back: here a trigger."""
    subscription = {"email": "canary@ken.example", "language": "fr", "channels": ["inbox", "mail"]}
    assert (await told.api.put("/v1/subscriptions", json=subscription, headers=headers(KENYA))).status_code == 200
    await canary(api, person_id=str(persona_id(KENYA)))
    await erased(api, {"person_id": persona_id(KENYA), "revision": 1})
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        """
        CREATE FUNCTION notifications.put_back() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO notifications.audit_origin SELECT OLD.*; RETURN NULL; END';
        CREATE TRIGGER put_back AFTER DELETE ON notifications.audit_origin
            FOR EACH ROW EXECUTE FUNCTION notifications.put_back();
        """
    )
    await connection.close()

    code, report = await operator.erase(persona_id(KENYA))

    assert (1, {"audit_origin": 1}) == (code, report["services"]["notifications"]["left"])
    assert "LEFT: 1 of audit_origin" in operator.said


async def test_after_a_restore_to_an_earlier_moment_the_erased_are_erased_again(
    api: Client, operator: Operator, servers: Servers, databases: Mapping[str, Database], database_url: str
) -> None:
    """What two people said is in the file beside the checkpoints, signed; what anybody adds there without the key is not heard."""
    person, other = await canary(api), await entered(api)
    backup = f"b_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(servers.postgres.dsn())
    for pool in databases.values():
        # A database that is copied has to have nobody in it.
        pool.expire()
    await asyncio.sleep(0.2)
    await connection.execute(f"CREATE DATABASE {backup} TEMPLATE {database_url.rpartition('/')[2]}")
    try:
        await erased(api, person)
        assert 0 == (await operator.erase(person["person_id"]))[0]
        ledger = Path(operator.environment["ENTRAIDE_STATE"]) / "audit" / "erasures.jsonl"
        forged = ledger.read_text().replace(person["person_id"], other["person_id"])
        assert "anary" not in ledger.read_text()
        ledger.write_text(ledger.read_text() + forged)
        operator.environment["DATABASE_URL"] = servers.postgres.dsn(backup)
        assert 3 == (await operator.erase(person["person_id"]))[0]

        code, reports = await operator.erase("--after-restore")

        assert (0, [person["person_id"]]) == (code, [one["person_id"] for one in reports])
        assert reports[0]["services"]["directory"]["dropped"].items() >= {"person_text": 1, "person_subject": 1}.items()
        assert "said again of 1, of 1" in operator.said
        assert "1 lines of the file of erasures bear no signature" in operator.said
        restored = await asyncpg.connect(servers.postgres.dsn(backup))
        names = [row["name"] for row in await restored.fetch("SELECT name FROM directory.person_text")]
        assert ["First", "Second", "Somebody (fictitious)"] == sorted(names)
        await restored.close()
        code, reports = await operator.erase("--after-restore")
        assert (0, "said again of 0, of 1" in operator.said) == (code, True)
        owner = await Database.connect(servers.postgres.dsn(backup), "directory")
        assert [] == await verify(owner, SERVICE)
        await owner.close()
    finally:
        await connection.execute(f"DROP DATABASE {backup} WITH (FORCE)")
        await connection.close()


async def test_who_was_appointed_at_the_moment_restored_to_is_out_all_the_same(api: Client, db: Database) -> None:
    await _kenya(api)
    erased = Erasure(
        person_id=persona_id(KENYA),
        reason="other",
        proposed_by=persona_id(FIRST),
        approved_by=persona_id(OTHER),
        erased_at=datetime.now(UTC),
    )
    async with db.transaction() as tx:
        assert [True, False] == [await actions.erase_again(tx, one) for one in (erased, erased)]
        held = {one.person_id: one.ended for one in (await feed.news(tx, after="0.0")).holdings}

        assert {persona_id(KENYA): True, persona_id(FIRST): False, persona_id(OTHER): False} == held
        assert 0 == await store.in_force(tx, "KEN", Role.FOCAL_POINT, today=TODAY)


async def test_the_directory_writes_down_whom_it_erased(
    api: Client, db: Database, settings: Settings, tmp_path: Path
) -> None:
    own = replace(settings, state=tmp_path)
    person = await erased(api, await canary(api))

    for _ in range(2):
        await write_down(db, own)

    erasures, strange = Ledger(own).read()
    assert ([person["person_id"]], 0) == ([str(one.person_id) for one in erasures], strange)
