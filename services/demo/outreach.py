"""An outreach activity that makes SHERLOC known, and was held."""

from services.demo.planning import COORDINATOR
from services.demo.steps import Steps

FICTITIOUS = "Fictitious sample: "
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
REACHED = 164


async def plan_outreach(steps: Steps) -> None:
    """Plan and hold the activity. A second run leaves it unchanged."""

    async def hold(_: str) -> None:
        one = await steps.api.post(COORDINATOR, "/v1/outreach-activities", ACTIVITY)
        if one["status"] == "planned":
            at = f"/v1/outreach-activities/{one['outreach_activity_id']}/hold"
            await steps.api.post(COORDINATOR, at, {"reach": REACHED}, revision=one["revision"])

    await steps.each("UNODC makes SHERLOC known", ["one"], hold)
