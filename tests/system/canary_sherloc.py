"""SHERLOC's desk in the main workflow, with a distinct text in every free field."""

from typing import Any

import asyncpg

from tests.system.canaries import NO_READERS, Readers
from tests.system.canary_stage import COORDINATOR, EVERYBODY, KENYA, OFFICIAL, STATE, Stage, until

PATH = "/v1/legislation"
RECORD = f"{PATH}/{{legislation_id}}"
PRACTICES, PRACTICE = "/v1/practices", "/v1/practices/{practice_id}"
ABOUT = {"practice_kind": "tool", "language": "en", "country_review": "nothing", "topics": ["mutual_legal_assistance"]}
RETURNED = {"reason": "other"}
LAW = {"status": "missing", "language": "en", "in_force_on": "2026-11-01"}


async def record_laws(stage: Stage) -> None:
    """Record two laws.

    One is a draft; one is returned, published in other words, outdated, published again and verified.
    """
    draft = await stage.say(OFFICIAL, "POST", PATH, {"state": "KEN", "article": "UNTOC:5", **LAW}, to=STATE)
    found = await stage.say(KENYA, "POST", PATH, {"state": "KEN", "article": "UNTOC:6", **LAW}, to=STATE)
    stage.laws |= {draft["legislation_id"], found["legislation_id"]}
    for who, move, body in (
        (KENYA, "submit", {}),
        (COORDINATOR, "return", {"reason": "other"}),
    ):
        found = await stage.say(who, "POST", f"{RECORD}/{move}", body, about=found, to=STATE)
    found = await stage.say(KENYA, "POST", f"{RECORD}/revise", LAW, about=found, to=EVERYBODY, comment=STATE)
    publish = ((KENYA, "submit"), (COORDINATOR, "review"), (COORDINATOR, "publish"))
    for who, move in (
        *(*publish, (COORDINATOR, "mark-outdated"), *publish),
        *((KENYA, "confirm-unchanged"), (COORDINATOR, "verify")),
    ):
        body = {"portal_address": "https://sherloc.example/1"} if move == "publish" else {}
        found = await stage.say(who, "POST", f"{RECORD}/{move}", body, about=found, to=STATE)


async def expect_a_law(stage: Stage) -> None:
    """Make the coming deliveries count as the drafting of a law."""
    connection = await asyncpg.connect(stage.database_url)

    async def known() -> Any:
        done = await connection.execute("UPDATE sherloc.requested_line SET kind = 'legislative_drafting'")
        return done != "UPDATE 0"

    try:
        await until(known)
    finally:
        await connection.close()


async def record_what_was_drafted(stage: Stage) -> None:
    """Accept the proposal that a completed delivery led to, in the State's words."""

    async def proposed() -> Any:
        page = await stage.see(KENYA, f"{PATH}/proposals?status=proposed")
        return next(iter(page["proposals"]), None)

    proposal = await until(proposed)
    await stage.say(
        KENYA, "POST", f"{PATH}/proposals/{{legislation_proposal_id}}/accept", LAW, about=proposal, to=STATE
    )


async def collect_practices(stage: Stage) -> None:
    """Record two practices.

    One is revised and catalogued, and its last texts are kept; one is withdrawn, and none of its texts is kept.
    """
    practice = await stage.say(KENYA, "POST", PRACTICES, ABOUT)
    said: tuple[tuple[str, str, Any, Readers], ...] = (
        (KENYA, "submit", {}, NO_READERS),
        (COORDINATOR, "return", RETURNED, NO_READERS),
        (KENYA, "revise", ABOUT, EVERYBODY),
        (KENYA, "submit", {}, NO_READERS),
        (COORDINATOR, "catalogue", {}, STATE),
    )
    for who, move, body, to in said:
        practice = await stage.say(who, "POST", f"{PRACTICE}/{move}", body, about=practice, to=to)
    gone = await stage.say(KENYA, "POST", PRACTICES, ABOUT)
    await stage.say(KENYA, "POST", f"{PRACTICE}/withdraw", {}, about=gone)
