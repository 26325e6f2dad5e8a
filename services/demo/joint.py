"""A joint delivery in the sample world: one training for three States. The deliveries of the two that accept begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
FINANCE, FUND = "UNODC:finance_officer", "TA-REQUESTS"
SESSION = {
    "modality": "hybrid",
    "languages": ["fr"],
    "place": "Fictitious sample: Abidjan, and by video",
    "women": None,
}
PREPARATORY = {
    "modality": "remote",
    "languages": ["fr"],
    "place": "Fictitious sample: by video",
    "women": None,
    "comment": "Fictitious sample: those who attend agree on the programme before the training.",
}


@dataclass
class JointDelivery:
    """The deliveries of a joint delivery, its sessions, and the requirement of each that was covered, by delivery."""

    proposed: Mapping[str, Any] = field(default_factory=dict)
    deliveries: list[Mapping[str, Any]] = field(default_factory=list)
    sessions: list[Mapping[str, Any]] = field(default_factory=list)
    covered: dict[str, Mapping[str, Any]] = field(default_factory=dict)


async def propose_jointly(steps: Steps) -> Mapping[str, Any]:
    """Propose one delivery to three States, let two accept and one decline, and let the provider confirm.

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
    """Return the joint delivery of these requests; None while matching has not received that they are open."""
    known = {one["title"]: one for one in await steps.all(COORDINATOR, "/v1/offerings?status=available", "offerings")}
    offering_id = known[OFFERING]["offering_id"]
    lines = {line["line_id"] for one in requests for line in one["lines"]}
    before = await steps.all(COORDINATOR, f"/v1/joint-deliveries?offering={offering_id}", "joint_deliveries")
    if made := next((one for one in before if lines == {each["line_id"] for each in one["members"]}), None):
        return made
    # Posted like a coordinator posts a cohort of /v1/matches/cohorts.
    body = {"offering_id": offering_id, "lines": sorted(lines), "departure": "stated_preference"}
    try:
        proposed: Mapping[str, Any] = await steps.api.post(COORDINATOR, "/v1/joint-deliveries", body)
    except StepError as error:
        if error.slug != NOT_OPEN_YET:
            raise
        return None
    return proposed


async def deliver_jointly(steps: Steps, joint: Mapping[str, Any]) -> JointDelivery:
    """Begin the delivery of each State that accepted, hold a preparatory session for them, and plan the training.

    The rules allow no further step today: no delivery is completed before its period and its last session. Raises
    StepError.
    """
    done = JointDelivery(joint)

    async def carry_out(_: str) -> None:
        opened = await _opened(steps, joint)
        for one in opened:
            done.covered[one["delivery_id"]] = await _cover(steps, one)
            await _begin(steps, one)
        done.sessions = await _sessions(steps, joint, opened)
        done.deliveries = [await steps.api.get(PROVIDER, f"/v1/deliveries/{one['delivery_id']}") for one in opened]

    await steps.each("the joint delivery is paid for and begins for two States", ["one"], carry_out)
    return done


async def _opened(steps: Steps, joint: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Wait for the deliveries of the confirmed matches; return them sorted by State."""
    agreed = [one for one in joint["members"] if one["status"] in {"confirmed", "in_delivery"}]

    async def all_opened() -> list[Mapping[str, Any]] | None:
        found = await steps.all(PROVIDER, "/v1/deliveries", "deliveries")
        of_joint = [one for one in found if one["joint_delivery_id"] == joint["joint_delivery_id"]]
        return of_joint if len(of_joint) == len(agreed) else None

    return sorted(
        await steps.until(all_opened, "the deliveries of a joint delivery"), key=lambda one: str(one["state"])
    )


async def _cover(steps: Steps, delivery: Mapping[str, Any]) -> Mapping[str, Any]:
    """Allocate the money that a delivery lacks; return its requirement."""

    async def requirement() -> Mapping[str, Any] | None:
        page = await steps.api.get(FINANCE, f"/v1/requirements?request={delivery['request_id']}")
        return next((one for one in page["requirements"] if one["match_id"] == delivery["match_id"]), None)

    found = await steps.until(requirement, f"the requirement of {delivery['state']}'s part of a joint delivery")
    if found["gap_usd_minor"]:
        money = {"minor": found["gap_usd_minor"], "currency": "USD"}
        body = {"fund": FUND, "requirement_id": found["requirement_id"], "money": money}
        await steps.api.post(FINANCE, "/v1/allocations", body, step=found["requirement_id"])
        found = await steps.until(requirement, "the requirement")
    return found


async def _begin(steps: Steps, delivery: Mapping[str, Any]) -> None:
    """Waive a written agreement as both sides, and begin as the provider."""
    path = f"/v1/deliveries/{delivery['delivery_id']}"
    for side, by in (("state", f"{delivery['state']}:focal_point"), ("provider", PROVIDER)):
        if delivery[f"{side}_waived_at"] is None:
            delivery = await steps.api.post(by, f"{path}/waive-agreement", {}, revision=delivery["revision"])
    if delivery["status"] == "open":
        await steps.api.post(PROVIDER, f"{path}/begin", {}, revision=delivery["revision"])


async def _sessions(
    steps: Steps, joint: Mapping[str, Any], deliveries: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Hold a session for all deliveries today, and plan one in their period; return both."""
    api, (first, *others) = steps.api, deliveries
    persons = {one["state"]: one["persons"] for one in joint["members"]}
    path = f"/v1/deliveries/{first['delivery_id']}/sessions"
    known = {one["place"]: one for one in (await api.get(PROVIDER, path))["sessions"]}
    latest = max(str(one["period"]["from"]) for one in deliveries)
    for body, day in ((PREPARATORY, str(clock.now().date())), (SESSION, latest)):
        planned = {
            **body,
            "period": {"from": day, "until": day},
            "deliveries": [one["delivery_id"] for one in others],
            "people": sum(persons[one["state"]] for one in deliveries),
        }
        session = known.get(body["place"]) or await api.post(PROVIDER, path, planned, step=str(body["place"]))
        if body is PREPARATORY and session["status"] == "planned":
            held = {"participants": [_took_part(one, persons[one["state"]]) for one in deliveries]}
            at = f"/v1/sessions/{session['session_id']}/hold"
            await api.post(PROVIDER, at, held, revision=session["revision"])
    found: list[Mapping[str, Any]] = (await api.get(PROVIDER, path))["sessions"]
    return found


def _took_part(delivery: Mapping[str, Any], persons: int) -> Mapping[str, Any]:
    """Participants of a delivery: half women and half men, all judges."""
    women = persons // 2
    counts = [
        {"sex": sex, "age_band": "35_44", "function": "judge", "people": people}
        for sex, people in (("women", women), ("men", persons - women))
    ]
    return {"delivery_id": delivery["delivery_id"], "counts": counts}
