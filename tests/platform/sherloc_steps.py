"""Create the records of SHERLOC's desk in the world of records."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.db.database import Tx
from services.sherloc.checks import store as check_store
from services.sherloc.contributions import store as contribution_store
from services.sherloc.contributions.exports import store as export_store
from services.sherloc.legislation import store as legislation_store
from services.sherloc.proposals import store as proposal_store
from services.sherloc.wiring import ask_states
from tests.sherloc.proposals.steps import facts, hear

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
    """Record three laws: one published, one waiting for its review, and one that its State has only begun."""
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


A_CASE = {
    "kind": "court_decision",
    "title": "Republic v. A.",
    "text": "A sample.",
    "court": "A sample",
    "decided_on": "2026-11-01",
    "parties": ["Republic", "A."],
    "language": "en",
    "articles": ["UNTOC:5"],
    "offence": "money_laundering",
    "outcome": "conviction",
    "rights": "public_domain",
}


async def contribute(world: Any) -> None:
    """Contribute a draft, a case waiting with a marked passage, one returned, and one published and exported."""
    path, checked = "/v1/contributions", dict.fromkeys(("complete", "rights_checked", "no_personal_data"), True)
    await world.say(KENYAS_OFFICIAL, path, **A_CASE)
    waiting = await world.say(KENYA, path, **(A_CASE | {"text": "Mr. Sample was heard."}))
    await world.say(KENYA, f"{path}/{waiting['contribution_id']}/submit", about=waiting)
    for returned in (True, False):
        case = await world.say(KENYA, path, **A_CASE)
        at = f"{path}/{case['contribution_id']}"
        case = await world.say(KENYA, f"{at}/submit", about=case)
        if returned:
            await world.say(COORDINATOR, f"{at}/return", about=case, reason="personal_data")
        else:
            case = await world.say(COORDINATOR, f"{at}/accept", about=case, **checked)
            page = "https://sherloc.example/2"
            await world.say(COORDINATOR, f"{at}/publish", about=case, portal_address=page)
    await world.say(COORDINATOR, "/v1/contribution-exports")


async def records_of_sherloc(
    tx: Tx, ids: Callable[[Tx, str], Awaitable[list[UUID]]]
) -> dict[str, Mapping[UUID, object]]:
    """Return the records of each noun by their ids."""
    known = {"legislation": legislation_store.get_as_service, "legislation_check": check_store.get_as_service,
             "legislation_proposal": proposal_store.get_as_service, "contribution": contribution_store.get_as_service,
             "contribution_export": export_store.get_as_service}  # fmt: skip
    return {f"{noun}_id": {one: await read(tx, one) for one in await ids(tx, noun)} for noun, read in known.items()}


async def collect_practices(world: Any) -> None:
    """Record practices of a State and of a provider.

    There is one in each status but `returned`, and one that was withdrawn before its submission.
    """
    path = "/v1/practices"
    for who in (KENYA, NORWAY):
        await world.say(who, path, **A_PRACTICE)
        record = await world.say(who, path, **A_PRACTICE)
        await world.say(who, f"{path}/{record['practice_id']}/withdraw", about=record)
        for moves in ((), ((COORDINATOR, "catalogue"),), ((COORDINATOR, "catalogue"), (who, "withdraw"))):
            record = await world.say(who, path, **A_PRACTICE)
            for by, move in ((who, "submit"), *moves):
                record = await world.say(by, f"{path}/{record['practice_id']}/{move}", about=record)
