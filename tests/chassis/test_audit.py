"""Every change, and every read of another's data, has an audit row: actor, time, action, address, cause."""

import contextlib
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec

from chassis.audit.log import log_read
from chassis.db.database import Database
from chassis.journal.outbox import announce, announce_all, announce_each
from chassis.telemetry import with_correlation, with_origin
from contracts.requests import RequestWithdrawn
from tests import builders
from tests.builders import NOON, a_caller
from tests.chassis.builders import a_fact
from tests.personas import persona_id

ADDRESS = "203.0.113.7"


def withdrawn(request_id: UUID) -> RequestWithdrawn:
    return RequestWithdrawn(request_id=request_id, state="KEN", withdrawn_at=NOON)


async def rows(db: Database) -> list[dict[str, Any]]:
    async with db.transaction() as tx:
        found = await tx.fetch(
            """
            SELECT audit.*, origin.salt AS address_salt, origin.address, journal.event FROM audit
            LEFT JOIN audit_origin AS origin USING (position)
            LEFT JOIN journal ON journal.aggregate_id = audit.aggregate_id AND journal.version = audit.version
            ORDER BY position
            """
        )
    return [dict(row) for row in found]


async def test_audit_row_names_actor_time_action_address_and_cause(databases: Mapping[str, Database]) -> None:
    db, request_id, caller = databases["requests"], uuid4(), a_caller("UNODC:coordinator")
    with with_correlation("one-cause"), with_origin(ADDRESS):
        async with db.transaction(by=caller) as tx:
            event = await announce(tx, a_fact(request_id), version=1)

    [row] = await rows(db)

    said = {name: row[name] for name in ("action", "aggregate", "aggregate_id", "version", "correlation", "address")}
    assert {
        "action": "requests.request.registered.v1",
        "aggregate": "request",
        "aggregate_id": request_id,
        "version": 1,
        "correlation": "one-cause",
        "address": ADDRESS,
    } == said
    assert (caller.person_id, "UNODC", "coordinator") == (row["person_id"], row["organization"], row["role"])
    assert sha256(row["address_salt"] + ADDRESS.encode()).digest() == row["origin"]
    assert sha256(row["salt"] + msgspec.json.encode(event)).digest() == row["new"]
    assert row["old"] is None
    assert row["recorded_at"] >= event.time


async def test_each_of_several_changes_names_its_own_cause(databases: Mapping[str, Database]) -> None:
    db, causes = databases["requests"], []
    for correlation in ("one-cause", "another-cause"):
        with with_correlation(correlation):
            async with db.transaction() as tx:
                causes.append(await announce(tx, a_fact(uuid4()), version=1))
    async with db.transaction() as tx:
        events = await announce_each(tx, [(a_fact(uuid4()), 1, cause) for cause in causes])

    assert 2 * ["one-cause", "another-cause"] == [row["correlation"] for row in await rows(db)]
    assert [(one.correlationid, one.id) for one in causes] == [(one.correlationid, one.causationid) for one in events]


async def test_change_by_the_system_has_no_actor(databases: Mapping[str, Database]) -> None:
    async with databases["requests"].transaction() as tx:
        await announce(tx, a_fact(uuid4()), version=1)

    [row] = await rows(databases["requests"])

    assert [None] * 5 == [row[name] for name in ("person_id", "organization", "role", "origin", "address")]


async def test_old_value_is_the_previous_new_value(databases: Mapping[str, Database]) -> None:
    db, one, other = databases["requests"], uuid4(), uuid4()
    async with db.transaction() as tx:
        await announce_all(tx, [(a_fact(one), 1), (a_fact(other), 1), (withdrawn(one), 2)])
    async with db.transaction() as tx:
        await log_read(tx, "requests.request.read", "request", one, 2)
    async with db.transaction() as tx:
        await announce(tx, a_fact(one), version=3)
        await announce(tx, withdrawn(one), version=4)

    found = await rows(db)

    changes = [row for row in found if row["aggregate_id"] == one and row["new"]]
    assert [1, 2, 3, 4] == [row["version"] for row in changes]
    assert [None, *(row["new"] for row in changes[:-1])] == [row["old"] for row in changes]
    assert len({row["salt"] for row in changes}) == 4
    assert [(None, None)] == [(row["old"], row["new"]) for row in found if row["action"] == "requests.request.read"]


async def test_rolled_back_change_leaves_no_audit_row(databases: Mapping[str, Database]) -> None:
    with contextlib.suppress(RuntimeError):
        async with databases["requests"].transaction() as tx:
            await announce(tx, a_fact(uuid4()), version=1)
            assert await tx.fetchval("SELECT count(*) FROM audit") == 1
            raise RuntimeError("planted")

    assert not await rows(databases["requests"])


async def test_client_address_is_stored_in_audit_origin_only(
    client_of: Any, databases: Mapping[str, Database], database_url: str
) -> None:
    client = await client_of("requests")

    answer = await client.post("/v1/requests", json=builders.a_request(), headers=builders.headers())

    found = await rows(databases["requests"])
    assert answer.headers["X-Correlation-Id"] == found[0]["correlation"]
    assert {persona_id("KEN:focal_point")} == {row["person_id"] for row in found}
    assert {"127.0.0.1"} == {row["address"] for row in found}
    assert ["audit_origin"] == await tables_with(database_url, "requests", "127.0.0.1")


async def tables_with(database_url: str, schema: str, text: str) -> list[str]:
    connection = await asyncpg.connect(database_url, server_settings={"search_path": schema})
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", schema)
        return [
            name
            for (name,) in tables
            if await connection.fetchval(f"SELECT bool_or(strpos(t::text, $1) > 0) FROM {name} AS t", text)
        ]
    finally:
        await connection.close()
