"""The end of an appointment is known everywhere within five seconds, with and without a broker."""

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from chassis import clock
from chassis.activity import Activity
from chassis.auth import callers as calling
from chassis.auth.callers import STALE_SECONDS, Callers
from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.journal.peers import PeerError, Peers
from chassis.runtime import service_tokens, started_services
from chassis.service import Running
from chassis.settings import Settings
from contracts.callers import CallerChanges, HeldAppointment, KnownSubject, Subject
from contracts.directory import Mandate
from contracts.values import Role
from services.composition import all_services
from services.directory.callers import store as feed
from services.directory.people import actions
from services.directory.wiring import appoint_founders
from tests.builders import a_caller, headers
from tests.directory.steps import FIRST, TODAY, a_founder, appointed, done, entered
from tests.personas import ISSUER, persona_id
from tests.platform.steps import KNOWN_SECONDS, STARTED_SECONDS, directory, until

ADMINISTRATOR = a_caller(FIRST)
OTHER_ADMINISTRATOR = "UNODC:other_administrator"


@pytest.fixture
async def db(databases: Mapping[str, Database]) -> Database:
    """The database of a directory with two administrators."""
    await appoint_founders(databases["directory"], [a_founder(FIRST), a_founder(OTHER_ADMINISTRATOR)])
    return databases["directory"]


def appointments_in(running: list[Running], person_id: UUID) -> list[int]:
    return [len(one.callers.in_force(person_id, clock.now())) for one in running]


async def test_ended_appointment_is_known_everywhere_within_five_seconds_without_a_broker(
    db: Database, without_a_broker: Settings
) -> None:
    others = [service for service in all_services() if service.name != "directory"]
    ports = {"directory": without_a_broker.port}
    async with directory(without_a_broker) as api, started_services(without_a_broker, others, ports=ports) as running:
        await done(api, "/v1/organizations", FIRST, code="KEN")
        person = await entered(api)
        person_id = UUID(person["person_id"])
        appointment = await appointed(api, person, "focal_point")
        await until(lambda: appointments_in(running, person_id) == [1] * len(others), KNOWN_SECONDS)
        assert not any(one.callers.stale() or one.bus.connected for one in running)

        path = f"/v1/people/{person_id}"
        await done(api, f"{path}/disable", FIRST, revision=1, reason="access_compromised")
        await until(lambda: appointments_in(running, person_id) == [0] * len(others), KNOWN_SECONDS)
        await done(api, f"{path}/enable", FIRST, revision=2)
        await until(lambda: appointments_in(running, person_id) == [1] * len(others), KNOWN_SECONDS)

        await done(
            api, f"/v1/appointments/{appointment['appointment_id']}/end", FIRST, revision=2, reason="left_service"
        )
        await until(lambda: appointments_in(running, person_id) == [0] * len(others), KNOWN_SECONDS)
        assert [1] * len(others) == appointments_in(running, persona_id(FIRST))


async def test_callers_are_stale_after_five_seconds_and_keep_their_appointments(
    db: Database, databases: Mapping[str, Database], without_a_broker: Settings
) -> None:
    token_of = service_tokens(without_a_broker)
    peers = Peers({"directory": f"http://127.0.0.1:{without_a_broker.port}"}, token_of("matching"))
    held = Callers(databases["matching"], peers)
    assert held.stale()
    following = asyncio.create_task(held.follow())
    try:
        async with directory(without_a_broker):
            await until(lambda: not held.stale(), STARTED_SECONDS)
        await until(held.stale, STALE_SECONDS + 10)
        assert time.monotonic() - held._answered_at >= STALE_SECONDS
        assert 1 == len(held.in_force(persona_id(FIRST), clock.now()))

        # A new process knows what was known here, and that it may be outdated.
        begun = Callers(databases["matching"], peers)
        await begun.load()
        assert begun.stale()
        assert 1 == len(begun.in_force(persona_id(FIRST), clock.now()))
        with pytest.raises(PeerError):
            await begun.pull()

        async with directory(without_a_broker):
            await until(lambda: not held.stale(), STARTED_SECONDS)
    finally:
        following.cancel()
        await peers.close()


async def test_call_after_a_pause_polls_the_directory_and_waits_for_it(
    db: Database, databases: Mapping[str, Database], without_a_broker: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "PULL_SECONDS", 0.01)
    monkeypatch.setattr(calling, "PULL_IDLE_SECONDS", 60.0)
    monkeypatch.setattr(calling, "REFRESH_SECONDS", 30.0)
    peers = Peers(
        {"directory": f"http://127.0.0.1:{without_a_broker.port}"}, service_tokens(without_a_broker)("matching")
    )
    held, other = (Callers(databases["matching"], peers) for _ in range(2))
    held.calls = Activity(active_seconds=0)
    following = asyncio.create_task(held.follow([other]))
    try:
        async with directory(without_a_broker):
            await until(lambda: not held.stale(), STARTED_SECONDS)
            for one in (held, other):
                await asyncio.sleep(0.5)  # until the loop waits for a call
                held._answered_at = other._answered_at = time.monotonic() - STALE_SECONDS
                assert one.stale()
                await one.refresh()
                assert not held.stale()
                assert not other.stale()

        await until(held.stale, STALE_SECONDS + 10)
        monkeypatch.setattr(calling, "REFRESH_SECONDS", 0.1)
        await held.refresh()  # wakes the poll, which fails
        await until(lambda: not held._reachable, KNOWN_SECONDS)
        monkeypatch.setattr(calling, "REFRESH_SECONDS", 30.0)
        began = time.monotonic()
        await held.refresh()
        assert time.monotonic() - began < 15, "no call waits for a directory that does not answer"
        assert held.stale()
    finally:
        following.cancel()
        await peers.close()


async def test_subject_is_looked_up_once_until_a_change(
    db: Database, databases: Mapping[str, Database], without_a_broker: Settings
) -> None:
    token_of = service_tokens(without_a_broker)
    peers = Peers({"directory": f"http://127.0.0.1:{without_a_broker.port}"}, token_of("matching"))
    held = Callers(databases["matching"], peers)
    subject = Subject(issuer=ISSUER, subject="somebody")
    async with directory(without_a_broker) as api:
        await done(api, "/v1/organizations", FIRST, code="KEN")
        assert not await held.people_of(subject)
        person = await entered(api, subjects=[{"issuer": ISSUER, "subject": "somebody"}])
        path = f"/v1/people/{person['person_id']}"
        await done(api, f"{path}/approve-subjects", "second", revision=1)
        assert not await held.people_of(subject), "an unknown subject is asked for again only after news"
        await held.pull()
        assert KnownSubject(person_id=UUID(person["person_id"])) == await held.people_of(subject)
        await held.pull()

        await done(api, f"{path}/propose-subjects", FIRST, revision=2, subjects=[])
        await done(api, f"{path}/approve-subjects", "second", revision=3)
        await held.pull()
        assert not await held.people_of(subject)
    with pytest.raises(PeerError):
        await held.people_of(Subject(issuer=ISSUER, subject="somebody else"))
    await peers.close()


async def test_callers_feed_is_readable_by_services_only(db: Database, without_a_broker: Settings) -> None:
    async with directory(without_a_broker) as api:
        for who, status in (("service:matching", 200), (FIRST, 403), ("KEN:focal_point", 403)):
            assert status == (await api.get("/internal/callers", headers=headers(who))).status_code
            body = {"issuer": ISSUER, "subject": str(persona_id(FIRST))}
            assert status == (await api.post("/internal/subjects", json=body, headers=headers(who))).status_code


# -- the feed ---------------------------------------------------------------------------------------------------------


async def changes_since(db: Database, after: str) -> CallerChanges:
    async with db.transaction() as tx:
        return await feed.changes_since(tx, after=after)


async def a_person(tx: Tx) -> UUID:
    person_id = uuid4()
    texts = msgspec.structs.replace(a_founder(FIRST).texts, subjects=())
    await actions.enter(tx, person_id, "UNODC", texts, now=clock.now())
    return person_id


async def test_callers_feed_does_not_repeat_settled_changes(db: Database) -> None:
    first = await changes_since(db, "0.0")
    assert {persona_id(FIRST), persona_id(OTHER_ADMINISTRATOR)} == {one.person_id for one in first.holdings}
    assert all(one.in_force(TODAY) and one.role is Role.ADMINISTRATOR for one in first.holdings)

    assert ([], [], False) == ((again := await changes_since(db, first.after)).holdings, again.people, again.more)


async def test_late_commit_is_not_skipped_and_blocks_nothing(db: Database) -> None:
    after = (await changes_since(db, "0.0")).after
    async with db.transaction() as long:
        late = await a_person(long)
        await long.fetchval("SELECT 1")
        async with db.transaction() as tx:
            early = await a_person(tx)

        reported = await changes_since(db, after)
        assert [early] == reported.people, "the feed does not wait for the transaction that began earlier"
        assert [early] == (await changes_since(db, reported.after)).people
    assert {late, early} == set((last := await changes_since(db, reported.after)).people)
    assert [] == (await changes_since(db, last.after)).people


async def test_callers_feed_is_paged(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "FACTS_MAX", 2)
    reported, after, more = set[UUID](), "0.0", True
    pages = 0
    while more:
        page = await changes_since(db, after)
        reported |= {one.person_id for one in page.holdings}
        after, more, pages = page.after, page.more, pages + 1
    assert {persona_id(FIRST), persona_id(OTHER_ADMINISTRATOR)} == reported
    assert 3 == pages


async def test_proposed_appointment_is_not_in_the_callers_feed(db: Database) -> None:
    after = (await changes_since(db, "0.0")).after
    async with db.transaction(by=ADMINISTRATOR) as tx:
        person_id = await a_person(tx)
        ctx = Context(caller=ADMINISTRATOR, now=clock.now())
        await actions.appoint(tx, ctx, uuid4(), person_id, "UNODC", Mandate(role=Role.AUDITOR, starts=TODAY), "")
    assert [] == (await changes_since(db, after)).holdings


# -- held appointments ------------------------------------------------------------------------------------------------


def a_holding(**changes: Any) -> HeldAppointment:
    values: dict[str, Any] = {
        "appointment_id": UUID(int=1),
        "person_id": UUID(int=2),
        "organization": "KEN",
        "role": Role.OFFICIAL,
        "starts": TODAY,
        "version": 2,
    }
    return HeldAppointment(**values | changes)


def test_older_version_of_an_appointment_is_ignored(databases: Mapping[str, Database]) -> None:
    held = Callers(databases["matching"], Peers({}, lambda: ""))
    now = clock.now()

    held._hold([a_holding(version=3, ended=True)])
    held._hold([a_holding(version=2)])
    assert not held.in_force(UUID(int=2), now)
    held._hold([a_holding(version=4)])
    assert [a_holding(version=4)] == list(held.in_force(UUID(int=2), now))


def test_appointment_begins_and_ends_by_its_days(databases: Mapping[str, Database]) -> None:
    held = Callers(databases["matching"], Peers({}, lambda: ""))
    held._hold([a_holding(starts=TODAY + timedelta(1), ends=TODAY + timedelta(2))])

    now = clock.now()
    assert [0, 1, 1, 0] == [len(held.in_force(UUID(int=2), now + timedelta(days))) for days in range(4)]
