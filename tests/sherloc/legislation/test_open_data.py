"""The register as open data: the records that are on SHERLOC."""

from datetime import UTC, datetime

from chassis.db.database import Database
from contracts.legislation import LegislationStatus
from services.sherloc import policy
from services.sherloc.legislation import store
from services.sherloc.legislation.model import UP_TO_DATE
from tests.open_data import records
from tests.sherloc.steps import COORDINATOR, KENYA, LAW, PAGE, Client, move, published, recorded


async def test_everybody_reads_a_law_while_it_is_on_the_portal(api: Client) -> None:
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
    changed = {name: LAW[name] for name in LAW if name not in ("state", "article")} | {"status": "outdated"}
    await move(api, legislation_id, "revise", KENYA, **changed | {"title": "Fictitious: not for everybody"})

    (found,) = await records(api, "legislation")
    assert ("outdated", LAW["title"]) == (found["status"], found["title"])
    await move(api, legislation_id, "revise", KENYA, **changed | {"status": "missing"})
    assert [] == await records(api, "legislation")


async def test_the_policy_of_open_data_and_the_database_say_the_same(api: Client, db: Database) -> None:
    await published(api)
    now = datetime.now(UTC)
    for portal_status in (None, *LegislationStatus):
        if portal_status not in {None, *UP_TO_DATE, LegislationStatus.OUTDATED}:
            continue
        async with db.transaction() as tx:
            await tx.execute(
                """
                UPDATE legislation SET status = 'outdated', published_at = $2, portal_status = $1,
                    portal_revision = CASE WHEN $1::text IS NOT NULL THEN revision END
                """,
                portal_status,
                now,
            )
            (record,) = [store.legislation_of(row) for row in await tx.fetch("SELECT * FROM legislation")]
            public = [one.legislation_id for one in await store.public(tx, limit=10)]
            assert [record.legislation_id] * policy.is_public(record) == public
