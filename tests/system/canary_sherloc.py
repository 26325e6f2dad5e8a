"""SHERLOC's desk in the main workflow, with a distinct text in every free field."""

from typing import Any

from tests.system.canaries import NOBODY, Readers
from tests.system.canary_stage import COORDINATOR, EVERYBODY, KENYA, OFFICIAL, STATE, Stage

LAWS, LAW = "/v1/legislation", "/v1/legislation/{legislation_id}"
PRACTICES, PRACTICE = "/v1/practices", "/v1/practices/{practice_id}"
STATED = {"status": "missing", "language": "en", "in_force_on": "2026-11-01", "address": "https://gazette.example/112"}
PAGE = {"portal_address": "https://sherloc.example/112"}
RETURNED = {"reason": "other"}
ABOUT = {"practice_kind": "tool", "language": "en", "country_review": "nothing", "topics": ["mutual_legal_assistance"]}


async def keep_register(stage: Stage) -> None:
    """A law that is revised, returned and then published; and one that is found to be outdated, so hidden again."""
    law = await _recorded(stage, "UNTOC:18")
    law = await stage.say(OFFICIAL, "POST", f"{LAW}/revise", STATED, about=law, to=EVERYBODY, comment=STATE)
    for who, move, body in (
        (KENYA, "submit", {}),
        (COORDINATOR, "review", {}),
        (COORDINATOR, "return", RETURNED),
        (KENYA, "submit", {}),
        (COORDINATOR, "review", {}),
        (COORDINATOR, "publish", PAGE),
        (COORDINATOR, "verify", {}),
        (OFFICIAL, "confirm-unchanged", {}),
    ):
        law = await stage.say(who, "POST", f"{LAW}/{move}", body, about=law, to=STATE)
    old = await _recorded(stage, "UNTOC:19")
    for who, move, body in (
        (KENYA, "submit", {}),
        (COORDINATOR, "review", {}),
        (COORDINATOR, "publish", PAGE),
        (COORDINATOR, "mark-outdated", {}),
    ):
        old = await stage.say(who, "POST", f"{LAW}/{move}", body, about=old, to=STATE)


async def _recorded(stage: Stage, article: str) -> Any:
    law = await stage.say(KENYA, "POST", LAWS, {**STATED, "state": "KEN", "article": article}, to=STATE)
    stage.laws.add(law["legislation_id"])
    return law


async def collect_practices(stage: Stage) -> None:
    """One that is revised and catalogued, of which the last words are kept; and one that is withdrawn: none are."""
    practice = await stage.say(KENYA, "POST", PRACTICES, ABOUT)
    said: tuple[tuple[str, str, Any, Readers], ...] = (
        (KENYA, "submit", {}, NOBODY),
        (COORDINATOR, "return", RETURNED, NOBODY),
        (KENYA, "revise", ABOUT, EVERYBODY),
        (KENYA, "submit", {}, NOBODY),
        (COORDINATOR, "catalogue", {}, STATE),
    )
    for who, move, body, to in said:
        practice = await stage.say(who, "POST", f"{PRACTICE}/{move}", body, about=practice, to=to)
    gone = await stage.say(KENYA, "POST", PRACTICES, ABOUT)
    await stage.say(KENYA, "POST", f"{PRACTICE}/withdraw", {}, about=gone)
