"""What is planned for SHERLOC: an extension with votes, an outreach activity, and the progress of two States."""

from collections.abc import Mapping
from typing import Any

from services.demo.planning import COORDINATOR
from services.demo.steps import Steps

FICTITIOUS = "Fictitious sample: "
DOLLARS = {"minor": 12_000_000, "currency": "USD"}
EXTENSION = {
    "language": "en",
    "title": f"{FICTITIOUS}search of court decisions by article and offence",
    "scope": f"{FICTITIOUS}a reader finds decisions of all States in six languages, by article and by offence.",
    "cost": DOLLARS,
    "work_package": "development",
}
NOTE = {"language": "en", "text": f"{FICTITIOUS}the index of articles is complete."}
VOTERS = ("KEN", "PER")
ACTIVITY = {
    "audience": "judges_and_prosecutors",
    "outreach_kind": "webinar",
    "language": "en",
    "title": f"{FICTITIOUS}how a judge finds decisions of other States",
    "text": f"{FICTITIOUS}an hour with examples, and questions afterwards.",
    "languages": ["en", "fr"],
    "starts": "2026-01-26",
    "ends": "2026-01-27",
    "budget": {"minor": 450_000, "currency": "USD"},
    "reach_target": 200,
}
PROGRESS: Mapping[str, Mapping[str, str]] = {
    "KEN": {
        "cluster": "international_cooperation",
        "progress": "partly_addressed",
        "text": f"{FICTITIOUS}the central authority has a register of requests; its guide is being written.",
    },
    "PER": {
        "cluster": "criminalization_and_jurisdiction",
        "progress": "addressed",
        "text": f"{FICTITIOUS}the Act on organized criminal groups is in force.",
    },
}


async def keep_plans(steps: Steps) -> None:
    """Each step is made once: in a second run the records are there."""
    await steps.each("UNODC plans what SHERLOC is to do, and States vote", [EXTENSION], lambda _: _extend(steps))
    await steps.each("UNODC makes SHERLOC known", [ACTIVITY], lambda _: _reach_out(steps))
    await steps.each("States record their progress after the review", list(PROGRESS), lambda one: _agree(steps, one))


async def _extend(steps: Steps) -> None:
    api = steps.api
    one = await api.post(COORDINATOR, "/v1/extensions", EXTENSION)
    at = f"/v1/extensions/{one['extension_id']}"
    for state in VOTERS:
        if state not in one["voted_by"]:
            one = await api.post(f"{state}:focal_point", f"{at}/vote", {})
    if one["status"] == "proposed":
        one = await api.post(COORDINATOR, f"{at}/plan", {}, revision=one["revision"])
    if not one["progress_notes"]:
        await api.post(COORDINATOR, f"{at}/note", NOTE, revision=one["revision"])


async def _reach_out(steps: Steps) -> None:
    one = await steps.api.post(COORDINATOR, "/v1/outreach-activities", ACTIVITY)
    if one["status"] == "planned":
        at = f"/v1/outreach-activities/{one['outreach_activity_id']}/hold"
        await steps.api.post(COORDINATOR, at, {"reach": 164}, revision=one["revision"])


async def _agree(steps: Steps, state: str) -> None:
    by = f"{state}:focal_point"
    body: dict[str, Any] = {"state": state, "language": "en", **PROGRESS[state]}
    one = await steps.api.post(by, "/v1/review-progress", body)
    if one["status"] == "own":
        at = f"/v1/review-progress/{one['review_progress_id']}/consent"
        await steps.api.post(by, at, {}, revision=one["revision"])
