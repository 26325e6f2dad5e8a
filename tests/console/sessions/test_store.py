"""Sessions in PostgreSQL: they end by themselves and with the person's erasure, and the table alone reveals nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from chassis.db.database import Database
from chassis.settings import Settings
from services.console.consumers import forget
from services.console.sessions.model import IDLE, LONGEST, Appointment, Held, HeldTokens
from services.console.sessions.sealing import Sealer
from services.console.sessions.store import OF_ONE_PERSON_MAX, Sessions
from tests.builders import NOON
from tests.conftest import running_of

ISSUER = "https://issuer.example"
NAME = "Zebulon Okonkwo (fictitious)"


def held(subject: str = "subject-1", token: str = "access-token") -> Held:
    return Held(
        tokens=HeldTokens(subject=subject, access_token=token, refresh_token="refresh-token"),
        name=NAME,
        acting="KEN:focal_point",
        appointments=(Appointment(organization="KEN", role="focal_point"),),
    )


@pytest.fixture
def sessions(databases: Mapping[str, Database]) -> Sessions:
    return Sessions(databases["console"], Sealer("k" * 32))


async def test_session_is_found_by_its_cookie_only(sessions: Sessions) -> None:
    made = await sessions.create(ISSUER, uuid4(), held(), now=NOON)

    found = await sessions.find(made.cookie, now=NOON)
    assert found is not None
    assert (held(), "KEN:focal_point") == (found.held, found.acting.name if found.acting else "")
    assert await sessions.find(made.cookie[:-1], now=NOON) is None


async def test_session_ends_when_it_is_idle_and_after_its_longest_time(sessions: Sessions) -> None:
    made = await sessions.create(ISSUER, uuid4(), held(), now=NOON)
    assert await sessions.find(made.cookie, now=NOON + IDLE) is None

    at = NOON
    while at + IDLE < NOON + LONGEST:
        at += IDLE - timedelta(seconds=1)
        assert await sessions.find(made.cookie, now=at) is not None
    assert await sessions.find(made.cookie, now=NOON + LONGEST) is None


async def test_longest_time_of_a_session_is_a_setting(
    settings: Settings, databases: Mapping[str, Database], tmp_path: Path
) -> None:
    hours = Settings.from_env({"ENTRAIDE_SESSION_HOURS": "2"}, (), state=tmp_path).session_hours
    settings = replace(settings, session_hours=hours)
    [running] = running_of(settings, databases, "console")
    made = await running.own.sessions.create(ISSUER, uuid4(), held(), now=NOON)

    assert made.ends_at == NOON + timedelta(hours=2)
    for minutes in range(20, 120, 20):
        assert await running.own.sessions.find(made.cookie, now=NOON + timedelta(minutes=minutes)) is not None
    assert await running.own.sessions.find(made.cookie, now=NOON + timedelta(hours=2)) is None


async def test_use_that_is_not_a_persons_does_not_prolong_a_session(sessions: Sessions) -> None:
    made = await sessions.create(ISSUER, uuid4(), held(), now=NOON)
    await sessions.find(made.cookie, now=NOON + IDLE / 2, seen=False)

    assert await sessions.find(made.cookie, now=NOON + IDLE) is None


async def test_person_has_a_limited_number_of_sessions(sessions: Sessions) -> None:
    person = uuid4()
    made = [
        await sessions.create(ISSUER, person, held(), now=NOON + timedelta(seconds=number))
        for number in range(OF_ONE_PERSON_MAX + 1)
    ]

    at = NOON + timedelta(minutes=1)
    assert await sessions.find(made[0].cookie, now=at) is None
    assert await sessions.find(made[1].cookie, now=at) is not None
    assert OF_ONE_PERSON_MAX == await sessions.end_all(made[1])


async def test_table_alone_and_another_key_give_nothing(sessions: Sessions, databases: Mapping[str, Database]) -> None:
    made = await sessions.create(ISSUER, uuid4(), held(), now=NOON)
    async with databases["console"].transaction() as tx:
        stored = str([dict(row) for row in await tx.fetch("SELECT * FROM session")])

    for secret in (NAME, "access-token", "refresh-token", made.cookie):
        assert secret not in stored
    other = Sessions(databases["console"], Sealer("o" * 32))
    assert await other.find(made.cookie, now=NOON) is None


async def test_later_change_of_two_from_one_revision_is_not_kept(sessions: Sessions) -> None:
    made = await sessions.create(ISSUER, uuid4(), held(), now=NOON)
    await sessions.change(made, held(token="first"))
    await sessions.change(made, held(token="second"))

    found = await sessions.find(made.cookie, now=NOON)
    assert found is not None
    assert "first" == found.held.tokens.access_token


async def test_erasure_ends_the_sessions_of_the_person(sessions: Sessions, databases: Mapping[str, Database]) -> None:
    person, other = UUID(int=1), UUID(int=2)
    mine = await sessions.create(ISSUER, person, held(), now=NOON)
    theirs = await sessions.create(ISSUER, other, held("subject-2"), now=NOON)
    async with databases["console"].transaction() as tx:
        dropped = await forget(tx, person)

    assert 1 == dropped["session"]
    assert await sessions.find(mine.cookie, now=NOON) is None
    assert await sessions.find(theirs.cookie, now=NOON) is not None


async def test_ended_sessions_are_deleted(sessions: Sessions) -> None:
    await sessions.create(ISSUER, uuid4(), held(), now=NOON)

    assert 0 == await sessions.forget_ended(now=NOON + IDLE - timedelta(seconds=1))
    assert 1 == await sessions.forget_ended(now=NOON + IDLE)
