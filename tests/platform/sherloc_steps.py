"""The register of legislation in the world of records."""

from datetime import timedelta
from typing import Any

from chassis.db.database import Tx
from services.sherloc.checks import store as checks
from services.sherloc.legislation import store as laws
from services.sherloc.proposals import store as proposals
from services.sherloc.wiring import ask_states
from tests.sherloc.proposals.steps import facts, hear

KENYA, KENYAS_OFFICIAL, COORDINATOR = "KEN:focal_point", "KEN:official", "UNODC:coordinator"
A_LAW = {
    "state": "KEN",
    "status": "missing",
    "title": "A sample.",
    "language": "en",
    "in_force_on": "2026-11-01",
    "address": "https://law.example/1",
}


async def keep_register(world: Any) -> None:
    """One record that is published, one that waits for its review, and one that its State has only begun."""
    path = "/v1/legislation"
    await world.say(KENYAS_OFFICIAL, path, **A_LAW, article="UNTOC:16")
    for article in ("UNTOC:17", "UNTOC:18"):
        record = await world.say(KENYA, path, **A_LAW, article=article)
        at = f"{path}/{record['legislation_id']}"
        record = await world.say(KENYA, f"{at}/submit", about=record)
    record = await world.say(COORDINATOR, f"{at}/review", about=record)
    page = "https://sherloc.example/1"
    await world.say(COORDINATOR, f"{at}/publish", about=record, portal_address=page)
    (db,) = [one.db for one in world.running if one.name == "sherloc"]
    await hear(db, *facts(articles=("UNTOC:18",)))
    await ask_states(db, ahead=timedelta(days=366))


async def records_of_sherloc(tx: Tx) -> dict[str, dict[Any, Any]]:
    """Every record of the service as it is now, by what names its id."""
    known = {"legislation": laws.known, "legislation_check": checks.known, "legislation_proposal": proposals.known}
    return {
        f"{table}_id": {
            row["id"]: await read(tx, row["id"]) for row in await tx.fetch(f"SELECT {table}_id AS id FROM {table}")
        }
        for table, read in known.items()
    }
