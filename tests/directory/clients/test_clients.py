"""API clients: registration by the focal point, secrets, rotation, expiry and end."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis import clock
from chassis.db.database import Database
from services.composition import NAMES
from services.directory.clients import actions as client_actions
from services.directory.clients import store as client_store
from services.directory.clients.model import CLIENTS_MAX, DAYS_MAX, EXPIRING_DAYS
from services.directory.clients.tokens import LIFETIME_SECONDS
from services.directory.people.actions import record
from tests.builders import a_request, headers
from tests.chassis.steps import check_problem
from tests.directory.clients.steps import (
    ADMINISTRATOR,
    AUDITOR,
    KENYA,
    NORWAY,
    REQUESTS,
    TODAY,
    Parts,
    a_client,
    registered,
    token_headers,
    token_response,
    until_answered,
)
from tests.directory.steps import done, refused

# -- from registration to end -----------------------------------------------------------------------------------------


async def test_client_is_registered_rotated_and_ended(parts: Parts) -> None:
    client = await registered(parts.api)
    assert client["secret"].startswith("entraide_secret_")
    assert len(base64.urlsafe_b64decode(client["secret"].removeprefix("entraide_secret_") + "=")) * 8 == 256

    answer = await token_response(parts.api, client)
    assert {"access_token", "token_type", "expires_in", "scope"} == set(answer.json())
    assert ("Bearer", LIFETIME_SECONDS, "read write") == tuple(
        answer.json()[n] for n in ("token_type", "expires_in", "scope")
    )
    assert "no-store" == answer.headers["Cache-Control"]
    head = await token_headers(parts.api, client)
    await until_answered(parts.other, head, 200)

    # In its role the client creates a draft for its State, but cannot submit it: only a focal point can.
    drafted = await parts.other.post(REQUESTS, json=a_request(submit=False), headers=head)
    assert (201, "KEN") == (drafted.status_code, drafted.json()["state"])
    submitting = {**head, "Idempotency-Key": str(uuid4())}
    check_problem(await parts.other.post(REQUESTS, json=a_request(), headers=submitting), 403, "not-for-your-role")

    path = f"/v1/clients/{client['client_id']}"
    ended = await done(parts.api, f"{path}/end", KENYA, revision=1, reason="access_compromised")
    assert ("ended", "access_compromised", None) == (ended["status"], ended["reason"], ended["secret"])
    check_problem(await until_answered(parts.other, head, 401), 401, "token-invalid")
    check_problem(await until_answered(parts.api, head, 401, "/v1/people"), 401, "token-invalid")
    assert (await token_response(parts.api, client)).status_code == 401
    assert (409, "client-over") == await refused(parts.api, f"{path}/rotate", KENYA, revision=2)


async def test_client_secret_is_shown_once(parts: Parts) -> None:
    given = headers(KENYA)
    first = await parts.api.post("/v1/clients", json=a_client(), headers=given)
    again = await parts.api.post("/v1/clients", json=a_client(), headers=given)
    shown = await parts.api.get(first.headers["Location"], headers=headers(KENYA))
    listed = await parts.api.get("/v1/clients", headers=headers(KENYA))

    assert first.json()["secret"]
    assert {**first.json(), "secret": None} == again.json() == shown.json() == listed.json()["clients"][0]


async def test_previous_secret_is_valid_during_the_overlap(parts: Parts, db: Database) -> None:
    client = await registered(parts.api)
    path = f"/v1/clients/{client['client_id']}"
    second = await done(parts.api, f"{path}/rotate", KENYA, revision=1)
    overlap = datetime.fromisoformat(second["previous_until"]) - datetime.fromisoformat(second["rotated_at"])
    assert timedelta(hours=24) == overlap
    for secret in (client["secret"], second["secret"]):
        assert (await token_response(parts.api, client, secret)).status_code == 200
    async with db.transaction() as tx:
        await tx.execute("UPDATE client SET previous_until = $1", clock.now())
    assert [401, 200] == [
        (await token_response(parts.api, client, one)).status_code for one in (client["secret"], second["secret"])
    ]

    third = await done(parts.api, f"{path}/rotate", KENYA, revision=2, overlap_hours=168)
    fourth = await done(parts.api, f"{path}/rotate", KENYA, revision=3, overlap_hours=168)
    secrets = [one["secret"] for one in (client, second, third, fourth)]
    assert [401, 401, 200, 200] == [(await token_response(parts.api, client, one)).status_code for one in secrets]
    fifth = await done(parts.api, f"{path}/rotate", KENYA, revision=4, overlap_hours=0)
    assert [401, 200] == [
        (await token_response(parts.api, client, one["secret"])).status_code for one in (fourth, fifth)
    ]
    assert (400, "number-out-of-range") == await refused(
        parts.api, f"{path}/rotate", KENYA, revision=5, overlap_hours=169
    )


async def test_client_is_rejected_after_its_last_day(parts: Parts, db: Database) -> None:
    last_day = await registered(parts.api, until=str(TODAY))
    head = await token_headers(parts.api, last_day)
    await until_answered(parts.other, head, 200)
    async with db.transaction() as tx:
        await tx.execute("UPDATE client SET ends = ends - 1")
        found = await client_store.get_as_service(tx, UUID(last_day["client_id"]))
        assert found is not None
        # The fact makes other services apply the change before the day ends.
        await record(tx, found, found.expire_soon(now=clock.now()))

    assert (await token_response(parts.api, last_day)).status_code == 401
    check_problem(await until_answered(parts.other, head, 401), 401, "token-invalid")
    shown = await parts.api.get(f"/v1/clients/{last_day['client_id']}", headers=headers(KENYA))
    assert "expired" == shown.json()["status"]
    for until_day in (TODAY - timedelta(days=1), TODAY + timedelta(days=DAYS_MAX + 1)):
        assert (400, "client-days") == await refused(parts.api, "/v1/clients", KENYA, **a_client(until=str(until_day)))
    assert (400, "missing-field") == await refused(
        parts.api, "/v1/clients", KENYA, **{name: value for name, value in a_client().items() if name != "until"}
    )


async def test_expiring_client_is_announced_once(db: Database, parts: Parts) -> None:
    near = await registered(parts.api, until=str(TODAY + timedelta(days=EXPIRING_DAYS)))
    await registered(parts.api, until=str(TODAY + timedelta(days=EXPIRING_DAYS + 1)))
    counts = []
    for _ in range(2):
        async with db.transaction() as tx:
            counts.append(await client_actions.announce_expiring(tx, now=clock.now()))

    assert [1, 0] == counts
    async with db.transaction() as tx:
        reported = await tx.fetch("SELECT event FROM journal WHERE event::text LIKE '%client.expiring%'")
    assert [near["client_id"]] == [json.loads(row["event"])["data"]["client_id"] for row in reported]


# -- permissions and limits -------------------------------------------------------------------------------------------


async def test_focal_point_registers_clients_of_the_state_and_administrator_can_only_end_them(parts: Parts) -> None:
    api, client = parts.api, await registered(parts.api)
    path = f"/v1/clients/{client['client_id']}"

    assert (403, "for-its-focal-point") == await refused(api, "/v1/clients", ADMINISTRATOR, **a_client())
    assert (403, "not-your-state") == await refused(api, "/v1/clients", NORWAY, **a_client())
    assert (403, "not-for-your-role") == await refused(
        api, "/v1/clients", KENYA, **a_client("UNODC", role="provider_officer")
    )
    assert (404, "not-found") == await refused(api, f"{path}/end", NORWAY, revision=1, reason="other")
    assert (403, "for-its-focal-point") == await refused(api, f"{path}/rotate", ADMINISTRATOR, revision=1)
    assert (403, "not-for-your-role") == await refused(api, f"{path}/end", AUDITOR, revision=1, reason="other")
    assert (200, 404) == tuple([(await api.get(path, headers=headers(who))).status_code for who in (AUDITOR, NORWAY)])
    await done(api, f"{path}/end", ADMINISTRATOR, revision=1, reason="access_compromised")

    house = await registered(api, ADMINISTRATOR, organization="UNODC", role="provider_officer")
    assert (400, "role-not-of-organization") == await refused(api, "/v1/clients", ADMINISTRATOR, **a_client("UNODC"))
    assert [house["client_id"]] == [
        one["client_id"]
        for one in (await api.get("/v1/clients?organization=UNODC", headers=headers(AUDITOR))).json()["clients"]
    ]
    for role in ("focal_point", "coordinator", "administrator", "auditor", "finance_officer", "service"):
        assert (400, "invalid-field") == await refused(api, "/v1/clients", KENYA, **a_client(role=role))
    assert (400, "invalid-field") == await refused(api, "/v1/clients", KENYA, **a_client(scopes=[]))


async def test_client_sees_only_itself_and_manages_no_clients(parts: Parts) -> None:
    client, other = await registered(parts.api), await registered(parts.api)
    head = await token_headers(parts.api, client)
    await until_answered(parts.api, head, 200, "/v1/clients")
    listed = (await parts.api.get("/v1/clients", headers=head)).json()["clients"]

    assert [client["client_id"]] == [one["client_id"] for one in listed]
    assert (await parts.api.get(f"/v1/clients/{other['client_id']}", headers=head)).status_code == 404
    moves: list[tuple[str, dict[str, Any]]] = [("rotate", {}), ("end", {"reason": "other"})]
    for move, body in moves:
        answer = await parts.api.post(
            f"/v1/clients/{client['client_id']}/{move}",
            json=body,
            headers=head | {"If-Match": '"1"', "Idempotency-Key": str(uuid4())},
        )
        check_problem(answer, 403, "not-for-your-role")
    answer = await parts.api.post("/v1/clients", json=a_client(), headers=head | {"Idempotency-Key": str(uuid4())})
    check_problem(answer, 403, "not-for-your-role")


async def test_number_of_clients_is_limited(parts: Parts) -> None:
    first = await registered(parts.api)
    for _ in range(CLIENTS_MAX - 1):
        await registered(parts.api)
    assert (409, "clients-too-many") == await refused(parts.api, "/v1/clients", KENYA, **a_client())
    await done(parts.api, f"/v1/clients/{first['client_id']}/end", KENYA, revision=1, reason="no_longer_in_use")
    await registered(parts.api)


# -- storage ----------------------------------------------------------------------------------------------------------


async def test_secret_is_in_no_table_fact_or_log(
    parts: Parts, database_url: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    client = await registered(parts.api, name="Canary system")
    rotated = await done(parts.api, f"/v1/clients/{client['client_id']}/rotate", KENYA, revision=1)
    tokens = [await token_headers(parts.api, client), await token_headers(parts.api, rotated)]
    await token_response(parts.api, client, "entraide_secret_mistyped")
    await until_answered(parts.other, tokens[0], 200)
    secrets = [
        client["secret"],
        rotated["secret"],
        "entraide_secret_mistyped",
        *(one["Authorization"][7:] for one in tokens),
    ]
    logged = "".join(capfd.readouterr()) + caplog.text

    connection = await asyncpg.connect(database_url)
    try:
        tables = await connection.fetch(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY ($1)", list(NAMES)
        )
        rows = {
            f"{schema}.{table}": await connection.fetchval(
                f"SELECT string_agg(t::text, ' ') FROM {schema}.{table} AS t"
            )
            or ""
            for schema, table in tables
        }
    finally:
        await connection.close()
    for secret in secrets:
        for form in (secret, secret.removeprefix("entraide_secret_"), secret.encode().hex()):
            assert form not in logged
            assert [] == [table for table, text in rows.items() if form in text]
    assert ["directory.client_text"] == [table for table, text in rows.items() if "Canary system" in text]
    assert "Canary system" not in logged
