"""The operator's command for erasure, including its use after a restore."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.erasure import Erasure, ErasureLedger
from chassis.rebuild import verify
from chassis.settings import Settings
from contracts.values import Role
from services.composition import NAMES
from services.directory.callers import store as feed
from services.directory.people import actions, store
from services.directory.wiring import SERVICE, append_erasures
from tests.builders import headers
from tests.commands import entraide
from tests.conftest import Servers
from tests.directory.steps import FIRST, KENYA, OTHER, TODAY, by, done, entered
from tests.personas import persona_id
from tests.platform.erasure_steps import (
    ROOT,
    SERVICES_TO_ERASE,
    Client,
    NotificationsService,
    _kenya,
    canary,
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


# -- the operator -----------------------------------------------------------------------------------------------------


@dataclass
class Operator:
    """An operator who runs commands on the server; `said` is the standard error of the last command."""

    environment: dict[str, str]
    said: str = ""

    async def erase(self, *words: object) -> tuple[int, Any]:
        done = await entraide("erase", "--json", *words, env=self.environment)
        self.said = done.stderr
        return done.exit_code, json.loads(done.stdout) if done.stdout else None


@pytest.fixture
def operator(database_url: str, tmp_path: Path) -> Operator:
    return Operator({"DATABASE_URL": database_url, "ENTRAIDE_STATE": str(tmp_path)})


async def test_operator_erases_only_after_approval(api: Client, operator: Operator) -> None:
    person = await canary(api)
    person_id, path = person["person_id"], f"/v1/people/{person['person_id']}"

    assert (2, None) == await operator.erase(uuid4())
    assert (2, None) == await operator.erase()
    assert (2, None) == await operator.erase(person_id, "--after-restore")
    assert (3, None) == await operator.erase(person_id)
    assert "its erasure is not proposed: an administrator or the focal point of KEN has to" in operator.said
    await done(api, f"{path}/propose-erasure", FIRST, revision=1, reason="other")
    assert (3, None) == await operator.erase(person_id)
    assert f"{persona_id(FIRST)} proposed it" in operator.said
    assert (await api.get(path, headers=by(FIRST))).json()["name"] == "Canary-name"

    await done(api, f"{path}/approve-erasure", "second", revision=2)
    code, report = await operator.erase(person_id)
    assert (0, person_id, str(persona_id(OTHER))) == (code, report["person_id"], report["approved_by"])
    assert {name: {} for name in (*SERVICES_TO_ERASE, "directory", "reports", "console")} == {
        name: one["left"] for name, one in report["services"].items()
    }
    assert len(NAMES) == operator.said.count("nothing is left")

    operator.environment["ENTRAIDE_AUDIT_DIR"] = str(ROOT / "README.md")
    assert 0 == (await operator.erase(person_id))[0]
    assert "not in the file of erasures yet" in operator.said


async def test_operator_deletes_data_of_services_that_missed_the_erasure(
    api: Client, operator: Operator, notifications: NotificationsService
) -> None:
    subscription = {"email": "canary@ken.example", "language": "fr", "channels": ["inbox", "mail"]}
    assert (
        await notifications.api.put("/v1/subscriptions", json=subscription, headers=headers(KENYA))
    ).status_code == 200
    await canary(api, person_id=str(persona_id(KENYA)))
    await erased(api, {"person_id": persona_id(KENYA), "revision": 1})

    code, report = await operator.erase(persona_id(KENYA))

    assert (0, {"subscription": 1, "audit_origin": 1}) == (code, report["services"]["notifications"]["dropped"])
    assert [0, 0] == await rows(notifications.db, "subscription", "address")
    assert {} == (await operator.erase(persona_id(KENYA)))[1]["services"]["notifications"]["dropped"]


async def test_reappearing_data_is_reported(
    api: Client, operator: Operator, notifications: NotificationsService, database_url: str
) -> None:
    """A trigger puts the data back here; other causes are reported in the same way."""
    subscription = {"email": "canary@ken.example", "language": "fr", "channels": ["inbox", "mail"]}
    assert (
        await notifications.api.put("/v1/subscriptions", json=subscription, headers=headers(KENYA))
    ).status_code == 200
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


@pytest.mark.new_database
async def test_erasures_are_repeated_after_a_restore(
    api: Client, operator: Operator, servers: Servers, databases: Mapping[str, Database], database_url: str
) -> None:
    """Approved erasures are in the signed file beside the checkpoints; lines without a valid signature are ignored."""
    person, other = await canary(api), await entered(api)
    backup = f"b_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(servers.postgres.dsn())
    for pool in databases.values():
        # A database can be copied only while it has no connections.
        pool.expire()
    original = database_url.rpartition("/")[2]
    while await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", original):
        await asyncio.sleep(0.05)
    await connection.execute(f"CREATE DATABASE {backup} TEMPLATE {original}")
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
        assert (
            reports[0]["services"]["directory"]["dropped"].items() >= {"person_text": 1, "proposed_subjects": 1}.items()
        )
        assert "recorded again: 1 of 1" in operator.said
        assert "1 lines of the file of erasures have no valid signature" in operator.said
        restored = await asyncpg.connect(servers.postgres.dsn(backup))
        names = [row["name"] for row in await restored.fetch("SELECT name FROM directory.person_text")]
        assert ["First", "Second", "Somebody (fictitious)"] == sorted(names)
        await restored.close()
        code, reports = await operator.erase("--after-restore")
        assert (0, "recorded again: 0 of 1" in operator.said) == (code, True)
        owner = await Database.connect(servers.postgres.dsn(backup), "directory")
        assert [] == await verify(owner, SERVICE)
        await owner.close()
    finally:
        await connection.execute(f"DROP DATABASE {backup} WITH (FORCE)")
        await connection.close()


async def test_repeated_erasure_ends_restored_appointments(api: Client, db: Database) -> None:
    await _kenya(api)
    erased = Erasure(
        person_id=persona_id(KENYA),
        reason="other",
        proposed_by=persona_id(FIRST),
        approved_by=persona_id(OTHER),
        erased_at=clock.now(),
    )
    async with db.transaction() as tx:
        assert [True, False] == [await actions.erase_again(tx, one) for one in (erased, erased)]
        held = {one.person_id: one.ended for one in (await feed.changes_since(tx, after="0.0")).holdings}

        assert {persona_id(KENYA): True, persona_id(FIRST): False, persona_id(OTHER): False} == held
        assert 0 == await store.in_force(tx, "KEN", Role.FOCAL_POINT, today=TODAY)


async def test_directory_records_erasures_in_the_ledger(
    api: Client, db: Database, settings: Settings, tmp_path: Path
) -> None:
    own = replace(settings, state=tmp_path)
    person = await erased(api, await canary(api))

    for _ in range(2):
        await append_erasures(db, own)

    erasures, strange = ErasureLedger(own).read()
    assert ([person["person_id"]], 0) == ([str(one.person_id) for one in erasures], strange)
