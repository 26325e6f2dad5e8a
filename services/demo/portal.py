"""SHERLOC's desk: the registers of three States, and a practice that one recorded from a completed delivery."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.demo.people import StepError
from services.demo.planning import COORDINATOR
from services.demo.records import RequestRecord
from services.demo.steps import Steps

FICTITIOUS = "Fictitious sample: "
IN_FORCE = {"language": "en", "in_force_on": "2020-01-01"}
REGISTERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "KEN": {
        "UNTOC:5": ("submit", "review", "publish", "verify"),
        "UNTOC:6": ("submit", "review", "publish"),
        "UNTOC:18": ("submit",),
    },
    "FJI": {"UNTOC:5": ("submit", "review", "publish", "mark-outdated"), "UNTOC:28": ("submit", "return")},
    "PER": {"UNTOC:5": ("submit", "review", "publish", "confirm-unchanged"), "TIP:5": ()},
}
"""Maps each State and article to the moves of its record."""

OF_THE_STATE = frozenset({"submit", "confirm-unchanged"})
BODIES: Mapping[str, Mapping[str, str]] = {"return": {"reason": "incomplete"}}
PRACTICE = {
    "practice_kind": "practice",
    "title": f"{FICTITIOUS}one form for the decisions of all courts",
    "text": f"{FICTITIOUS}clerks fill in one form when a decision is given, so that it is published within a week.",
    "language": "en",
    "country_review": "nothing",
    "topics": ["sherloc_case_law"],
    "articles": ["UNTOC:28"],
}


@dataclass
class Portal:
    """The final state of SHERLOC's desk: the freshness of each register, and the practice as another State sees it."""

    freshness: list[Mapping[str, Any]] = field(default_factory=list)
    practice: Mapping[str, Any] = field(default_factory=dict)


async def keep_portal(steps: Steps, records: list[RequestRecord]) -> Portal:
    """Keep the registers and record a practice. A second run leaves existing records unchanged."""
    portal = Portal()

    async def keep(state: str) -> None:
        for article, moves in REGISTERS[state].items():
            await _keep_record(steps, state, article, moves)
        found = await steps.api.get(COORDINATOR, f"/v1/legislation/freshness?state={state}")
        portal.freshness += found["states"]

    await steps.each("States record their laws in SHERLOC's register", list(REGISTERS), keep)

    async def learn(record: RequestRecord) -> None:
        portal.practice = await _practice(steps, record)

    delivered = [record for record in records if record.delivery is not None]
    await steps.each("a State records a practice from a delivery", delivered, learn)
    return portal


async def _keep_record(steps: Steps, state: str, article: str, moves: tuple[str, ...]) -> None:
    api, by = steps.api, f"{state}:focal_point"
    (record,) = (await api.get(by, f"/v1/legislation?state={state}&article={article}"))["legislation"]
    if record["status"] != "not_known":
        return
    law = {**IN_FORCE, "title": f"{FICTITIOUS}Act on {article}", "address": "https://gazette.example/1"}
    body = {"state": state, "article": article, "status": "missing", **law}
    record = await api.post(by, "/v1/legislation", body, step=article)
    for move in moves:
        at = f"/v1/legislation/{record['legislation_id']}/{move}"
        page = {"portal_address": f"https://sherloc.example/{state}/{article}"} if move == "publish" else {}
        who = by if move in OF_THE_STATE else COORDINATOR
        record = await api.post(who, at, {**BODIES.get(move, {}), **page}, revision=record["revision"])


async def _practice(steps: Steps, record: RequestRecord) -> Mapping[str, Any]:
    """Record a practice from a completed delivery, catalogue it and add its use; read it as another State."""
    assert record.delivery is not None, "records are selected by their delivery"
    api, by, delivery_id = steps.api, record.appointment, record.delivery["delivery_id"]
    state = by.partition(":")[0]
    found = next(iter(await steps.all(by, f"/v1/practices?state={state}", "practices")), None)
    body = {**PRACTICE, "delivery_id": delivery_id}

    async def recorded() -> Any:
        try:
            return await api.post(by, "/v1/practices", body, step=delivery_id)
        except StepError as error:
            # The service has not received the completion yet.
            if error.slug == "practice-delivery-unknown":
                return None
            raise

    practice: Any = found or await steps.until(recorded, "the completion of a delivery")
    at = f"/v1/practices/{practice['practice_id']}"
    for status, who, move in (("draft", by, "submit"), ("submitted", COORDINATOR, "catalogue")):
        if practice["status"] == status:
            practice = await api.post(who, f"{at}/{move}", {}, revision=practice["revision"])
    if not practice["uses"]:
        used = {"delivery_id": delivery_id}
        await api.post(by, f"{at}/add-use", used, revision=practice["revision"])
    other = next(one for one in REGISTERS if one != state)
    shown: Mapping[str, Any] = await api.get(f"{other}:focal_point", at)
    return shown
