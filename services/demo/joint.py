"""A joint delivery in the sample world: one training for three States, of which two accept."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from chassis import clock
from services.demo.people import StepError
from services.demo.planning import COORDINATOR, open_request
from services.demo.samples import shift_to_today
from services.demo.steps import Steps

PROVIDER = "UNODC-SHERLOC:provider_officer"
OFFERING = "[Fictitious sample] SHERLOC for judges and magistrates: training of trainers"
DECLINES = "TUN:focal_point"
NOT_OPEN_YET = "lines-not-servable-together"


async def propose_jointly(steps: Steps) -> Mapping[str, Any]:
    """Propose one delivery to three States, let two accept and one decline, and the provider confirm.

    Existing records are left unchanged. Raises StepError.
    """
    api = steps.api
    samples = list(enumerate(msgspec.json.decode(shift_to_today("joint_requests.json", today=clock.now().date())), 1))
    requests: list[Mapping[str, Any]] = []
    found: list[Mapping[str, Any]] = []

    async def file(numbered: tuple[int, Mapping[str, Any]]) -> None:
        number, sample = numbered
        requests.append(await open_request(steps, sample, f"joint request {number}"))

    async def decide(sample: Mapping[str, Any]) -> None:
        who = sample["as"]
        own = next(one for one in found[0]["members"] if one["state"] == who.partition(":")[0])
        path = f"/v1/matches/{own['match_id']}"
        match = await api.get(who, path)
        if match["status"] in {"presented", "provider_confirmed"}:
            move, body = ("decline", {"reason": "other"}) if who == DECLINES else ("accept", {})
            await api.post(who, f"{path}/{move}", body, revision=match["revision"])

    async def agree(_: str) -> None:
        joint = await steps.until(lambda: _proposed(steps, requests), "matching to know that the requests are open")
        found.append(joint)
        for one in samples:
            await decide(one[1])
        path = f"/v1/joint-deliveries/{joint['joint_delivery_id']}"
        joint = await api.get(PROVIDER, path)
        if "confirm" in joint["moves"]:
            await api.post(PROVIDER, f"{path}/confirm", {}, revision=joint["revision"])
        found.append(await api.get(COORDINATOR, path))

    await steps.each("three States ask for the same", samples, file)
    await steps.each("one delivery is proposed to them, two accept, its provider confirms", ["one"], agree)
    return found[-1]


async def _proposed(steps: Steps, requests: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The joint delivery of these requests; None if matching has not heard yet that they are open."""
    known = {one["title"]: one for one in await steps.all(COORDINATOR, "/v1/offerings?status=available", "offerings")}
    offering_id = known[OFFERING]["offering_id"]
    lines = {line["line_id"] for one in requests for line in one["lines"]}
    before = await steps.all(COORDINATOR, f"/v1/joint-deliveries?offering={offering_id}", "joint_deliveries")
    if made := next((one for one in before if lines == {each["line_id"] for each in one["members"]}), None):
        return made
    # As a coordinator posts a cohort of /v1/matches/cohorts.
    body = {"offering_id": offering_id, "lines": sorted(lines), "departure": "stated_preference"}
    try:
        proposed: Mapping[str, Any] = await steps.api.post(COORDINATOR, "/v1/joint-deliveries", body)
    except StepError as error:
        if error.slug != NOT_OPEN_YET:
            raise
        return None
    return proposed
