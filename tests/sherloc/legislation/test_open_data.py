"""The register as open data: the records that are on SHERLOC and up to date."""

from datetime import UTC, datetime

from chassis.db.database import Database
from contracts.legislation import LegislationStatus
from services.sherloc import policy
from services.sherloc.legislation import store
from tests.open_data import records
from tests.sherloc.steps import COORDINATOR, KENYA, LAW, PAGE, Client, move, published, recorded, shown


async def test_everybody_reads_a_law_while_it_is_on_the_portal_and_up_to_date(api: Client) -> None:
    legislation_id = await recorded(api)
    assert [] == await records(api, "legislation")
    for name, by in (("submit", KENYA), ("review", COORDINATOR)):
        await move(api, legislation_id, name, by, comment="Fictitious: not for everybody")
        assert [] == await records(api, "legislation")

    await move(
        api, legislation_id, "publish", COORDINATOR, portal_address=PAGE, comment="Fictitious: not for everybody"
    )

    (found,) = await records(api, "legislation")
    said = {name: LAW[name] for name in LAW if name != "status"}
    assert (said | {"status": "published", "portal_address": PAGE}).items() <= found.items()
    assert "Fictitious: not" not in str(found)
    assert not [name for name in found if name in ("last_verified_by", "reason", "comment")]

    await move(api, legislation_id, "mark-outdated", COORDINATOR)

    assert [] == await records(api, "legislation")


async def test_words_of_a_law_are_those_that_are_valid(api: Client) -> None:
    legislation_id = await published(api, title="Fictitious: the first title")
    await published(api, article="UNTOC:16")
    await move(api, legislation_id, "mark-outdated", COORDINATOR)

    assert ["UNTOC:16"] == [one["article"] for one in await records(api, "legislation")]
    assert "outdated" == (await shown(api, legislation_id))["status"]


async def test_the_policy_of_open_data_and_the_database_say_the_same(api: Client, db: Database) -> None:
    await published(api)
    now = datetime.now(UTC)
    for status in LegislationStatus:
        async with db.transaction() as tx:
            await tx.execute(
                "UPDATE legislation SET status = $1, language = NULL, in_force_on = NULL, published_at = $2",
                status,
                now,
            )
            (record,) = [store.legislation_of(row) for row in await tx.fetch("SELECT * FROM legislation")]
            assert [record] * policy.is_public(record) == await store.public(tx, limit=10)
