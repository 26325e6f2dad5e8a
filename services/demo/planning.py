"""A round in the sample world: requests exceed the money left, and the plan explains how it is used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from chassis import clock
from services.demo.people import StepError
from services.demo.samples import shift_to_today
from services.demo.steps import Steps

COORDINATOR = "UNODC:coordinator"
SETTINGS = {"seconds": 10, "seed": 2027, "fairness_loss": 50}
ASKED_TIMES_MAX = 20


@dataclass(frozen=True)
class Planned:
    """A round with its plan, and the title of each line's request."""

    round: Mapping[str, Any]
    titles: Mapping[str, str]


async def plan_round(steps: Steps) -> Planned:
    """File the requests, ask for a plan, and adopt it; existing records are left unchanged. Raises StepError."""
    samples = list(enumerate(msgspec.json.decode(shift_to_today("round_requests.json", today=clock.now().date())), 1))
    requests: list[Mapping[str, Any]] = []

    async def file(numbered: tuple[int, Mapping[str, Any]]) -> None:
        number, sample = numbered
        requests.append(await open_request(steps, sample, f"round request {number}"))

    await steps.each("States ask for more than is left", samples, file)
    found: list[Mapping[str, Any]] = []

    async def ask(_: int) -> None:
        planned = await _planned(steps, {line["line_id"] for one in requests for line in one["lines"]})
        if planned["status"] == "planned":
            path = f"/v1/rounds/{planned['round_id']}"
            await steps.api.post(COORDINATOR, f"{path}/adopt", {}, revision=planned["revision"])
            planned = await steps.api.get(COORDINATOR, path)
        found.append(planned)

    await steps.each("a round plans who gets what, and is adopted", [1], ask)
    titles = {line["line_id"]: one["title"] for one in requests for line in one["lines"]}
    return Planned(found[0], titles)


async def open_request(steps: Steps, sample: Mapping[str, Any], step: str) -> Mapping[str, Any]:
    """File, register and open the request of a sample, if not done yet; return it."""
    api = steps.api
    own = await steps.all(sample["as"], "/v1/requests", "requests")
    request = next((one for one in own if one["title"] == sample["body"]["title"]), None)
    if request is None:
        request = await api.post(sample["as"], "/v1/requests", sample["body"], step=step)
    path = f"/v1/requests/{request['request_id']}"
    if request["status"] == "submitted":
        request = await api.post(COORDINATOR, f"{path}/register", {}, revision=request["revision"])
    if request["status"] == "registered":
        await api.post(COORDINATOR, f"{path}/open", {"priority": "normal"}, revision=request["revision"])
    opened: Mapping[str, Any] = await api.get(sample["as"], path)
    return opened


async def _planned(steps: Steps, lines: set[str]) -> Mapping[str, Any]:
    """Return the existing round with all of these lines, or else a new one, once they are open in matching."""
    api = steps.api
    before = await steps.all(COORDINATOR, "/v1/rounds", "rounds")
    for number in range(ASKED_TIMES_MAX):
        for one in before:
            if one["status"] in {"planned", "adopted"}:
                shown: Mapping[str, Any] = await api.get(COORDINATOR, f"/v1/rounds/{one['round_id']}")
                if lines <= _about(shown):
                    return shown
        asked = await api.post(COORDINATOR, "/v1/rounds", SETTINGS, step=f"round {len(before)} {number}")

        async def answered(asked: Mapping[str, Any] = asked) -> Mapping[str, Any] | None:
            one = await api.get(COORDINATOR, f"/v1/rounds/{asked['round_id']}")
            return one if one["status"] != "asked" else None

        before = [await steps.until(answered, "the plan of a round")]
        if before[0]["status"] == "failed":
            raise StepError(f"the round failed: {before[0]['says']}")
    raise StepError(f"no round had all the lines, though {ASKED_TIMES_MAX} were asked for")


def _about(one: Mapping[str, Any]) -> set[str]:
    parts: Sequence[Mapping[str, Any]] = [*one["plan"], *one["unmet"]]
    return {str(part["line_id"]) for part in parts}
