"""The records of SHERLOC's desk in the world of records."""

from typing import Any

KENYA, KENYAS_OFFICIAL, COORDINATOR = "KEN:focal_point", "KEN:official", "UNODC:coordinator"
NORWAY = "NOR:provider_officer"
A_PRACTICE = {
    "practice_kind": "practice",
    "title": "A sample.",
    "text": "A sample.",
    "language": "en",
    "country_review": "nothing",
    "topics": ["mutual_legal_assistance"],
}
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


async def collect_practices(world: Any) -> None:
    """Of a State and of a provider: one in each state but `returned`, and one that was withdrawn unsubmitted."""
    path = "/v1/practices"
    for who in (KENYA, NORWAY):
        await world.say(who, path, **A_PRACTICE)
        record = await world.say(who, path, **A_PRACTICE)
        await world.say(who, f"{path}/{record['practice_id']}/withdraw", about=record)
        for moves in ((), ((COORDINATOR, "catalogue"),), ((COORDINATOR, "catalogue"), (who, "withdraw"))):
            record = await world.say(who, path, **A_PRACTICE)
            for by, move in ((who, "submit"), *moves):
                record = await world.say(by, f"{path}/{record['practice_id']}/{move}", about=record)
