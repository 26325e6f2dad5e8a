"""Figures are rebuilt from the owners' journals while facts continue to arrive, and are equal afterwards."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from chassis.db.database import Database
from chassis.journal.outbox import announce
from contracts.facts import Event
from contracts.registry import decode_fact
from services.cli.reports import reports
from services.reports.folding import journal_reader, store
from services.reports.folding.journal_reader import RebuildUnderWay, Rebuilt, rebuild
from services.reports.wiring import fold_arrived
from tests.reports.folding.steps import a_story, tables
from tests.reports.steps import Client, Owners, a_submission, shown

OWNERS = ("requests", "matching", "delivery", "pledges", "sherloc")


async def announced(databases: Mapping[str, Database], events: Sequence[Event]) -> list[Event]:
    """Announce the facts of these events in the journals of their owners, and return the new events."""
    found = []
    for event in events:
        fact = decode_fact(event)
        assert fact is not None
        async with databases[event.owner].transaction() as tx:
            found.append(await announce(tx, fact, version=event.aggregateversion))
    return found


async def heard(owners: Owners, events: Sequence[Event]) -> None:
    for event in events:
        await owners.inbox.receive(event)


async def rebuilt(databases: Mapping[str, Database]) -> Rebuilt:
    journals = {owner: databases[owner] for owner in OWNERS}
    return await rebuild(databases["reports"], journals, say=lambda *_: None)


async def test_rebuilt_figures_are_equal(databases: Mapping[str, Database], owners: Owners) -> None:
    events = await announced(databases, a_story(owners))
    await heard(owners, events)
    await fold_arrived(owners.db)
    before = await tables(owners.db)

    done = await rebuilt(databases)

    assert (0, 3) == (done.lost, done.groups)
    assert before == await tables(owners.db)


async def test_facts_that_arrive_during_a_rebuild_are_counted_once(
    databases: Mapping[str, Database], owners: Owners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_reader, "PAGE", 3)
    await heard(owners, await announced(databases, a_story(owners)))
    await fold_arrived(owners.db)

    async def arriving() -> None:
        for _ in range(6):
            events = a_story(owners)
            # Each event is received and folded before or after the rebuild has read it.
            for event in events:
                await heard(owners, await announced(databases, [event]))
                await fold_arrived(owners.db)

    facts = asyncio.create_task(arriving())
    rebuilds = 0
    while not facts.done():
        await rebuilt(databases)
        rebuilds += 1
    await facts
    await fold_arrived(owners.db)
    after = await tables(owners.db)

    assert rebuilds > 1
    await rebuilt(databases)
    assert after == await tables(owners.db)
    assert 7 * 3 == len([row for row in after["record"] if '"type":"request"' in row])


async def test_figures_are_not_complete_until_the_rebuild_is(
    databases: Mapping[str, Database], owners: Owners, api: Client
) -> None:
    async with owners.db.transaction() as tx:
        assert await store.begin_rebuild(tx, lease_seconds=60)
    request = a_submission()
    await owners.tell(request)

    found = await shown(api, "requests")
    assert (False, 0) == (found["complete"], found["total"]), "arriving facts wait for the end of the rebuild"
    with pytest.raises(RebuildUnderWay):
        await rebuilt(databases)

    async with owners.db.transaction() as tx:
        await store.end_rebuild(tx)
    await fold_arrived(owners.db)
    found = await shown(api, "requests")
    assert (True, 1) == (found["complete"], found["total"])


async def test_a_rebuild_that_was_stopped_is_done_again(databases: Mapping[str, Database], owners: Owners) -> None:
    await heard(owners, await announced(databases, a_story(owners)))
    await fold_arrived(owners.db)
    before = await tables(owners.db)
    async with owners.db.transaction() as tx:
        assert await store.begin_rebuild(tx, lease_seconds=0)
        await store.empty_rows(tx, limit=5)

    done = await rebuilt(databases)

    assert 0 == done.lost
    assert before == await tables(owners.db)


async def test_a_journal_with_fewer_facts_than_were_counted_is_reported(
    databases: Mapping[str, Database], owners: Owners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_reader, "REACH_SECONDS", 0.0)
    await owners.tell(a_submission())

    assert 1 == (await rebuilt(databases)).lost


def test_the_command_rebuilds(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)

    reported = CliRunner().invoke(reports, ["rebuild", "--json", "--state", str(tmp_path)])

    assert (0, {"facts": 0, "groups": 0, "lost": 0}) == (reported.exit_code, json.loads(reported.output))
