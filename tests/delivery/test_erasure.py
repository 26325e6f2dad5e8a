"""Tests of the texts that name persons: a side can remove its texts, and an erasure leaves only the author's id."""

from collections.abc import Mapping

from chassis.db.database import Database
from chassis.rebuild import verify
from services.delivery.consumers import forget
from services.delivery.wiring import SERVICE
from tests.builders import a_caller
from tests.delivery.effects import steps as effects
from tests.delivery.follow_ups import steps as follow_ups
from tests.delivery.steps import KENYA, NORWAY, Client, Matching
from tests.delivery.strategies import steps as strategies

CANARY, KEPT = "Fictitious: Zebulon", "Fictitious: keepsake"
"""A text that names a person, and a text that names none."""


async def tables_with(migrator: Database, words: str) -> Mapping[str, int]:
    """Return the number of rows that contain the words in any column, for each table of the service that has any."""
    async with migrator.transaction() as tx:
        names = await tx.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'delivery' ORDER BY tablename")
        found = {
            name: await tx.fetchval(f"SELECT count(*) FROM {name} AS one WHERE one::text ILIKE $1", f"%{words}%")
            for (name,) in names
        }
    return {name: rows for name, rows in found.items() if rows}


async def test_words_that_name_a_person_are_in_no_table_once_their_side_takes_them_back(
    api: Client, matching: Matching, db: Database, database_url: str
) -> None:
    delivery_id = await follow_ups.completed(api, matching)
    await follow_ups.expire(db, follow_ups.DUE[6])
    answered = follow_ups.id_of(delivery_id)
    effect_id = await effects.recorded(api, delivery_id, KENYA, title=CANARY, text=CANARY, gazette=CANARY)
    kept = await effects.recorded(api, delivery_id, NORWAY, title=KEPT)
    strategy_id = await strategies.drawn_up(api, await strategies.a_request(matching), title=CANARY, roles=CANARY)
    with follow_ups.at_noon(follow_ups.DUE[6]):
        await follow_ups.answering(api, answered, result="partly", text=CANARY, language="en")
    migrator = await Database.connect(database_url, "delivery", owner=True)
    try:
        assert {"effect_text": 1, "follow_up_text": 1, "strategy_text": 1} == await tables_with(migrator, CANARY)

        await effects.tried(api, effect_id, "withdraw", KENYA)
        with follow_ups.at_noon(follow_ups.DUE[6]):
            await follow_ups.answering(api, answered, result="partly", text=KEPT, language="en")
        await strategies.tried(api, strategy_id, "", **strategies.STRATEGY | {"title": KEPT})

        assert {} == await tables_with(migrator, CANARY)
        assert {"effect_text": 1, "follow_up_text": 1, "strategy_text": 1} == await tables_with(migrator, KEPT)
        assert "" == (await effects.shown(api, effect_id))["title"]
        assert KEPT == (await effects.shown(api, kept))["title"]
        assert [] == await verify(migrator, SERVICE)
    finally:
        await migrator.close()


async def test_erasure_leaves_what_a_side_said_with_the_id_of_who_said_it(
    api: Client, matching: Matching, db: Database
) -> None:
    """The texts are the State's. Their author is an id, which no longer names a person."""
    person_id = a_caller(KENYA).person_id
    delivery_id = await follow_ups.completed(api, matching)
    effect_id = await effects.recorded(api, delivery_id, KENYA, title=KEPT)
    await follow_ups.expire(db, follow_ups.DUE[6])
    with follow_ups.at_noon(follow_ups.DUE[6]):
        await follow_ups.answering(api, follow_ups.id_of(delivery_id), result="in_use", text=KEPT, language="en")

    async with db.transaction() as tx:
        dropped = await forget(tx, person_id)

    assert {0} == {dropped.get(table, 0) for table in ("effect_text", "follow_up_text")}
    assert KEPT == (await effects.shown(api, effect_id, NORWAY))["title"]
    assert KEPT == (await follow_ups.shown(api, follow_ups.id_of(delivery_id), NORWAY))["text"]
    async with db.transaction() as tx:
        assert person_id == await tx.fetchval("SELECT recorded_by FROM effect")
