"""The in-memory index equals PostgreSQL's content and its ranking."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import msgspec
import pytest

from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.journal.inbox import Outcome
from chassis.settings import Settings
from chassis.supervise import supervised
from contracts.values import Period
from services.matching.index import store as entry_store
from services.matching.index.memory import Memory
from services.matching.lines.model import WantedLine
from services.matching.offerings import store as offering_store
from services.matching.wiring import SERVICE, refresh_offerings
from tests.builders import an_event
from tests.conftest import running_of
from tests.demo import steps as sample_world
from tests.matching.builders import a_submission, a_wanted_line
from tests.matching.offerings.steps import approved, move
from tests.matching.steps import CEB, NORWAY, Client, matches_of

LINE = a_wanted_line()


@pytest.fixture
def memory() -> Memory:
    return Memory()


async def found_for(db: Database, memory: Memory, line: WantedLine = LINE) -> list[UUID]:
    async with db.transaction() as tx:
        return [one.offering.offering_id for one in (await memory.ranked_for(tx, [line]))[0]]


def held_by(memory: Memory) -> int:
    assert memory.index is not None
    return len(memory.index)


def sample_lines() -> list[WantedLine]:
    names = ("kind", "modality", "group_size", "topics", "articles", "paragraphs", "pillars", "languages")
    return [
        a_wanted_line(
            state=sample_world.organization(request),
            window=msgspec.convert(line["window"], Period),
            **{name: tuple(line[name]) if isinstance(line[name], list) else line[name] for name in names},
        )
        for request, line in sample_world.lines()
    ]


@pytest.mark.parametrize("limit", [1, 20])
async def test_fitting_providers_are_those_of_all_candidates(
    api: Client, db: Database, memory: Memory, limit: int
) -> None:
    for sample in sample_world.world("offerings"):
        await approved(api, sample["as"], **sample["body"])
    lines = sample_lines()
    async with db.transaction() as tx:
        asked = [one.providers for one in await memory.fitting_for(tx, lines, limit)]
    await refresh_offerings(db, memory)
    async with db.transaction() as tx:
        found = [one.providers for one in await memory.fitting_for(tx, lines, limit)]
        every = [{one.provider for one in await offering_store.candidates(tx, line)} for line in lines]

    assert asked == found == every
    assert any(len(those) > 1 for those in found)


async def test_index_and_postgresql_rank_equally(api: Client, db: Database, memory: Memory) -> None:
    for sample in sample_world.world("offerings"):
        await approved(api, sample["as"], **sample["body"])
    lines = sample_lines()
    async with db.transaction() as tx:
        asked = [
            [(one.offering.offering_id, one.score) for one in those] for those in await memory.ranked_for(tx, lines)
        ]

    await refresh_offerings(db, memory)

    async with db.transaction() as tx:
        found = [
            [(one.offering.offering_id, one.score) for one in those] for those in await memory.ranked_for(tx, lines)
        ]
    assert asked == found
    assert sum(map(len, found)) > len(lines)


async def test_offerings_are_loaded_in_pages_by_id(api: Client, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for sample in sample_world.world("offerings"):
        await approved(api, sample["as"], **sample["body"])
    monkeypatch.setattr(entry_store, "PAGE_MAX", 7)

    async with db.transaction() as tx:
        found, after = [], UUID(int=0)
        while page := await entry_store.page(tx, after):
            found += page
            after = page[-1].offering_id
        offerings = [await offering_store.get_as_service(tx, one.offering_id) for one in found]

    assert offerings == found
    assert sorted(one.offering_id for one in found) == [one.offering_id for one in found]
    assert len(found) > 30


async def test_changes_are_seen_before_and_after_they_are_applied(api: Client, db: Database, memory: Memory) -> None:
    first, second = await approved(api, CEB), await approved(api, NORWAY)
    await refresh_offerings(db, memory)
    assert {UUID(first["offering_id"]), UUID(second["offering_id"])} == set(await found_for(db, memory))

    await move(api, second, "suspend", NORWAY)
    third = await approved(api, NORWAY)

    expected = {UUID(first["offering_id"]), UUID(third["offering_id"])}
    assert expected == set(await found_for(db, memory))
    await refresh_offerings(db, memory)
    assert expected == set(await found_for(db, memory))
    assert 2 == held_by(memory)
    async with db.transaction() as tx:
        assert not await memory.unapplied(tx)


async def test_taking_and_giving_back_capacity_are_changes(api: Client, db: Database, memory: Memory) -> None:
    offering = UUID((await approved(api, CEB))["offering_id"])
    await refresh_offerings(db, memory)
    periods = []
    while True:
        async with db.transaction() as tx:
            period = await offering_store.take(tx, offering, LINE.window)
        if period is None:
            break
        periods.append(period)

    assert [] == await found_for(db, memory)
    await refresh_offerings(db, memory)
    assert [] == await found_for(db, memory)
    async with db.transaction() as tx:
        await offering_store.give_back(tx, offering, periods[0])
    assert [offering] == await found_for(db, memory)
    await refresh_offerings(db, memory)
    assert [offering] == await found_for(db, memory)


async def test_change_by_another_process_invalidates_the_cache(
    api: Client, db: Database, memory: Memory, database_url: str
) -> None:
    offering = UUID((await approved(api, CEB))["offering_id"])
    other = await Database.connect(database_url, "matching", role=role_of("matching"))
    processes = ((db, memory), (other, Memory()))
    try:
        for one, held in processes:
            await refresh_offerings(one, held)
            assert [offering] == await found_for(one, held)

        async with db.transaction() as tx:
            await tx.execute("UPDATE offering SET group_size_max = 7 WHERE offering_id = $1", offering)

        small = msgspec.structs.replace(LINE, group_size=7)
        for _ in range(2):
            for one, held in processes:
                assert [] == await found_for(one, held)
                async with one.transaction() as tx:
                    ((found,),) = await held.ranked_for(tx, [small])
                assert 7 == found.offering.terms.group_size_max
                await refresh_offerings(one, held)
    finally:
        await other.close()


async def test_rolled_back_change_has_no_effect(api: Client, db: Database, memory: Memory) -> None:
    offering = UUID((await approved(api, CEB))["offering_id"])
    await refresh_offerings(db, memory)

    async def change_and_fail() -> None:
        async with db.transaction() as tx:
            await tx.execute("UPDATE offering SET kinds = '{mentoring}' WHERE offering_id = $1", offering)
            assert [[]] == await memory.ranked_for(tx, [LINE])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await change_and_fail()

    assert [offering] == await found_for(db, memory)
    await refresh_offerings(db, memory)
    assert [offering] == await found_for(db, memory)


async def test_late_commit_is_not_missed(api: Client, db: Database, memory: Memory) -> None:
    offering = UUID((await approved(api, CEB))["offering_id"])
    await refresh_offerings(db, memory)

    async with db.transaction() as tx:
        await tx.execute("UPDATE offering SET kinds = '{mentoring}' WHERE offering_id = $1", offering)
        other = UUID((await approved(api, NORWAY))["offering_id"])
        await refresh_offerings(db, memory)
        assert {offering, other} == set(await found_for(db, memory))

    assert [other] == await found_for(db, memory)
    await refresh_offerings(db, memory)
    assert [other] == await found_for(db, memory)


async def test_stale_index_is_loaded_again(api: Client, db: Database, memory: Memory) -> None:
    await approved(api, CEB)
    await refresh_offerings(db, memory)
    await approved(api, NORWAY)
    async with db.transaction() as tx:
        await tx.execute("DELETE FROM offering_change")
    memory._applied_at -= 360
    assert 2 == len(await found_for(db, memory)), "PostgreSQL ranks meanwhile"

    await refresh_offerings(db, memory)

    assert 2 == held_by(memory)


async def test_changes_are_retained_for_some_minutes(api: Client, db: Database) -> None:
    await approved(api, CEB)
    async with db.transaction() as tx:
        await entry_store.delete_old_changes(tx)
        kept = await tx.fetchval("SELECT count(*) FROM offering_change")
        await tx.execute("UPDATE offering_change SET changed_at = changed_at - interval '11 minutes'")
        await entry_store.delete_old_changes(tx)
        left = await tx.fetchval("SELECT count(*) FROM offering_change")

    assert kept > 0
    assert 0 == left


async def test_handlers_rank_by_the_index_that_the_loops_of_their_service_load(
    api: Client, settings: Settings, databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    (running,) = running_of(settings, databases, "matching")
    await approved(api)
    monkeypatch.setattr("services.matching.index.memory._fitting_by_postgresql", None)
    submission = a_submission()

    async with asyncio.timeout(30), supervised({"load": SERVICE.loops(running)["offerings in memory"]}):
        while running.own.memory.outdated:
            await asyncio.sleep(0.01)
        assert Outcome.APPLIED is await running.inbox.receive(an_event(submission, 1))

    assert 1 == len(await matches_of(api, submission))
