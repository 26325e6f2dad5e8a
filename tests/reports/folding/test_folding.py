"""Folding counts each fact once, and gives the same figures in any order in which facts of different owners arrive."""

import random
from collections.abc import Sequence

import pytest

from chassis.db.database import Database
from contracts import requests as r
from contracts.facts import Event
from contracts.registry import FACTS
from services.reports.folding import actions, store
from services.reports.folding.actions import EVOLVE, FOLDED
from tests.reports.folding.steps import a_story, tables
from tests.reports.steps import (
    TABLES,
    Client,
    Owners,
    a_submission,
    numbers,
    of_request,
    on,
)


async def in_batches(db: Database, events: Sequence[Event], size: int) -> None:
    for start in range(0, len(events), size):
        async with db.transaction() as tx:
            await actions.fold(tx, events[start : start + size])


@pytest.mark.parametrize("size", [1, 5, 100])
async def test_figures_do_not_depend_on_the_order_of_owners_or_on_batches(
    db: Database, owners: Owners, size: int
) -> None:
    events = a_story(owners)
    await in_batches(db, events, 1)
    expected = await tables(db)
    async with db.transaction() as tx:
        for table in TABLES:
            await tx.execute(f"DELETE FROM {table}")

    by_owner = sorted(events, key=lambda one: one.owner, reverse=True)
    await in_batches(db, by_owner, size)

    assert expected == await tables(db)


async def test_a_fact_counts_once(db: Database, owners: Owners, api: Client) -> None:
    events = a_story(owners)
    await in_batches(db, events, 4)
    before = await tables(db)

    await in_batches(db, random.Random(1).sample(events, len(events)), 3)

    assert before == await tables(db)


async def test_a_fact_waits_for_the_one_before_it(db: Database, owners: Owners, api: Client) -> None:
    request = a_submission()
    first, second = (
        owners.event(fact, on(0))
        for fact in (request, of_request(r.RequestOpened, request, "opened_at", priority="high"))
    )
    async with db.transaction() as tx:
        await store.keep(tx, second)
    async with db.transaction() as tx:
        assert 0 == await actions.fold_arrived(tx)
    async with db.transaction() as tx:
        await store.keep(tx, first)
    async with db.transaction() as tx:
        assert 2 == await actions.fold_arrived(tx)

    assert {"open": 1} == await numbers(api, "requests")


def test_every_fact_that_counts_is_consumed() -> None:
    assert set(EVOLVE) <= set(actions.OF_FOLDED)
    assert FOLDED <= {kind.rpartition(".v")[0].rpartition(".")[0] for kind in FACTS}
