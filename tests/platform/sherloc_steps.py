"""The register of legislation in the world of records."""

from datetime import timedelta
from typing import Any

from services.sherloc.wiring import ask_states

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
    await ask_states(world.databases["sherloc"], ahead=timedelta(days=366))
