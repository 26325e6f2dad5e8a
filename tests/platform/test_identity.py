"""The issuer identifies a person; the directory decides what they may do, also while it is unavailable."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt

from chassis.auth.callers import STALE_SECONDS
from chassis.auth.tokens import TOKEN_TYPE
from chassis.db.database import Database
from chassis.embedded import free_port
from chassis.keys.issuer import ALGORITHM
from chassis.settings import Settings
from tests import builders
from tests.builders import a_request, headers
from tests.chassis.steps import check_problem
from tests.personas import ISSUER, appoint_in_directory
from tests.platform.steps import KNOWN_SECONDS, PATH, STARTED_SECONDS, directory, requests, until_answered

KENYA, COORDINATOR, ADMINISTRATOR = "KEN:focal_point", "UNODC:coordinator", "UNODC:administrator"


@pytest.fixture
async def db(databases: Mapping[str, Database]) -> Database:
    await appoint_in_directory(databases["directory"], [KENYA, COORDINATOR, ADMINISTRATOR])
    return databases["directory"]


async def test_appointments_claimed_by_a_token_are_ignored(db: Database, without_a_broker: Settings) -> None:
    assert builders.issuer is not None
    key: Any = builders.issuer._key
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "entraide", "jti": "1", "iat": now, "exp": now + 600}
    header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": key.kid}
    async with directory(without_a_broker), requests(without_a_broker, without_a_broker.port) as client:
        await until_answered(client, COORDINATOR, 200, STARTED_SECONDS)
        for claimed in ({}, {"appointments": [COORDINATOR]}, {"roles": ["coordinator"], "organization": "UNODC"}):
            token = jwt.encode(header, {**claims, "sub": "somebody", **claimed}, key, algorithms=[ALGORITHM])
            answer = await client.get(PATH, headers={"Authorization": f"Bearer {token}"})
            check_problem(answer, 403, "person-not-known")


async def test_ended_appointment_is_rejected_everywhere_within_five_seconds_without_a_broker(
    db: Database,
    without_a_broker: Settings,
) -> None:
    async with directory(without_a_broker) as api, requests(without_a_broker, without_a_broker.port) as client:
        await until_answered(client, COORDINATOR, 200, STARTED_SECONDS)
        listed = (await api.get("/v1/appointments", headers=headers(ADMINISTRATOR))).json()["appointments"]
        [held] = [one for one in listed if one["role"] == "coordinator"]
        ended = await api.post(
            f"/v1/appointments/{held['appointment_id']}/end",
            json={"reason": "left_service"},
            headers=headers(ADMINISTRATOR, revision=held["revision"]),
        )
        assert ended.status_code == 200, ended.text

        for one in (client, api):
            answer = await until_answered(one, COORDINATOR, 403, KNOWN_SECONDS) if one is client else None
            check_problem(answer or await one.get("/v1/people", headers=headers(COORDINATOR)), 403, "not-appointed")
        await until_answered(client, KENYA, 200, 0.5)


async def test_service_with_stale_callers_answers_states_only_about_their_own(
    db: Database,
    without_a_broker: Settings,
) -> None:
    async with requests(replace(without_a_broker, port=free_port()), without_a_broker.port) as client:
        check_problem(await client.get(PATH, headers=headers(COORDINATOR)), 503, "identity-unavailable")
        async with directory(without_a_broker):
            await until_answered(client, COORDINATOR, 200, STARTED_SECONDS)
            await until_answered(client, KENYA, 200, STARTED_SECONDS)

        answer = await until_answered(client, COORDINATOR, 503, STALE_SECONDS + 10)
        check_problem(answer, 503, "identity-unavailable")
        assert (await client.post(PATH, json=a_request(), headers=headers(KENYA))).status_code == 201
        assert 1 == len((await client.get(PATH, headers=headers(KENYA))).json()["requests"])

        async with directory(without_a_broker):
            await until_answered(client, COORDINATOR, 200, STARTED_SECONDS)
