"""The course of deliveries: the thread and sessions of one, and another that ends early."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from chassis import clock
from services.demo.people import StepError
from services.demo.planning import COORDINATOR, open_request
from services.demo.records import Ended, RequestRecord
from services.demo.samples import shift_to_today
from services.demo.steps import Steps

AUDITOR = "UNODC:auditor"
THREAD = (
    ("state", "Fictitious sample: may the forty decisions be sent in two parts?"),
    ("provider", "Fictitious sample: yes. Please remove the names of parties first."),
)
EXPERT = {
    "name": "Fictitious: Noor Rahman",
    "function": "Editor of a law report",
    "sex": "women",
    "topics": ["sherloc_case_law"],
    "languages": ["en"],
}
SESSION = {
    "modality": "in_person",
    "languages": ["en"],
    "place": "Fictitious sample: Singapore",
    "people": 25,
    "women": 12,
}
SESSIONS = (
    (14, (("women", "35_44", "judge", 7), ("men", "35_44", "judge", 6), ("men", "45_54", "other", 7))),
    (7, (("women", "35_44", "judge", 2), ("men", "35_44", "judge", 14), ("men", "45_54", "other", 8))),
)
"""Days since each session, and its participants. The second has so few women that they could be recognized."""

UNRECORDED = "Fictitious sample: delivered by correspondence, without sessions; results are reported later."
ALONE = {"comment": UNRECORDED}
COMMENT = "Fictitious sample: the last decision was published yesterday."
SUSPENDED = {"reason": "other", "comment": "Fictitious sample: the academy is closed for repairs."}
TERMINATED = {"reason": "state_unable", "comment": "Fictitious sample: the repairs take another year."}


async def write(steps: Steps, delivery: Mapping[str, Any], sides: Mapping[str, str]) -> None:
    """Write a question of the State and the provider's answer."""
    path = f"/v1/deliveries/{delivery['delivery_id']}/messages"
    written = (await steps.api.get(COORDINATOR, path))["messages"]
    for side, text in THREAD[len(written) :]:
        await steps.api.post(sides[side], path, {"text": text, "language": "en"})


async def teach(steps: Steps, delivery: Mapping[str, Any], provider: str) -> None:
    """Hold two sessions with participants, by an expert who consented to be shown to the State."""
    api, path = steps.api, f"/v1/deliveries/{delivery['delivery_id']}/sessions"
    expert = next(iter((await api.get(provider, "/v1/experts"))["experts"]), None)
    expert = expert or await api.post(provider, "/v1/experts", EXPERT)
    at = f"/v1/experts/{expert['expert_id']}"
    if expert["consented_on"] is None:
        await api.post(provider, f"{at}/consent", {"consented_on": _days_ago(20)}, revision=expert["revision"])
    known = {one["period"]["from"]: one for one in (await api.get(provider, path))["sessions"]}
    for ago, counted in SESSIONS:
        day = _days_ago(ago)
        planned = {
            **SESSION,
            "period": {"from": day, "until": day},
            "trainers": [expert["expert_id"]],
            "comment": "Fictitious sample: two days of work on decisions.",
        }
        session = known.get(day) or await api.post(provider, path, planned, step=day)
        if session["status"] == "planned":
            fields = ("sex", "age_band", "function", "people")
            counts = [dict(zip(fields, one, strict=True)) for one in counted]
            held = {"participants": [{"delivery_id": delivery["delivery_id"], "counts": counts}]}
            await api.post(provider, f"/v1/sessions/{session['session_id']}/hold", held, revision=session["revision"])


def completion(delivery: Mapping[str, Any], recorded: bool) -> Mapping[str, Any]:
    """The body of a proposed completion, with the comment that it requires.

    It is yesterday or at the first day of the period, if sessions and results are recorded; else today.
    """
    if not recorded:
        return ALONE
    return {"completed_on": max(_days_ago(1), delivery["period"]["from"]), "comment": COMMENT}


async def look(steps: Steps, record: RequestRecord, delivery_id: str) -> None:
    """Read the delivery as its State sees it, and its participants as an auditor sees them.

    Raises StepError unless small counts of participants are hidden from the auditor and shown to the State.
    """
    api, path = steps.api, f"/v1/deliveries/{delivery_id}"
    record.delivery = await api.get(record.appointment, path)
    record.agreement = await api.get(record.appointment, f"{path}/agreement")
    record.messages = (await api.get(record.appointment, f"{path}/messages"))["messages"]
    for by, sessions in ((record.appointment, record.sessions), (AUDITOR, record.audited)):
        sessions[:] = (await api.get(by, f"{path}/sessions"))["sessions"]
    if not _hides(record.audited) or _hides(record.sessions):
        raise StepError("a small count of participants is not hidden from auditors, or from the State")


def _hides(sessions: Sequence[Mapping[str, Any]]) -> bool:
    return any(
        group["suppressed"]
        for session in sessions
        for one in session["participants"]
        for group in one["participants"]["by_sex"]
    )


async def end_early(steps: Steps) -> Ended:
    """Suspend and terminate a delivery; its request is open again."""
    found: list[Mapping[str, Any]] = []
    sample, _ = _samples()

    async def end(_: str) -> None:
        found.append(await _ended(steps, sample))

    await steps.each("a delivery is suspended and terminated", ["one"], end)
    remarks = {one["move"]: one["comment"] for one in found[0]["remarks"]}
    return Ended(found[0], remarks)


async def propose_completion(steps: Steps) -> Mapping[str, Any]:
    """Deliver to a State until its provider proposes the completion, and return the delivery.

    Confirming it is left to the user: `POST /v1/deliveries/{id}/confirm-completion` as the State.
    """
    found: list[Mapping[str, Any]] = []
    _, sample = _samples()

    async def propose(_: str) -> None:
        found.append(await _carried(steps, sample, (("in_delivery", "provider", "propose-completion", ALONE),)))

    await steps.each("a provider proposes that a delivery is complete", ["one"], propose)
    return found[0]


async def _ended(steps: Steps, sample: Mapping[str, Any]) -> Mapping[str, Any]:
    ends = (("in_delivery", "state", "suspend", SUSPENDED), ("suspended", "state", "terminate", TERMINATED))
    return await _carried(steps, sample, ends)


def _samples() -> Sequence[Mapping[str, Any]]:
    """Two requests: the delivery for the first ends early, that for the second waits for its State's confirmation."""
    found: Sequence[Mapping[str, Any]] = msgspec.json.decode(
        shift_to_today("ended_requests.json", today=clock.now().date())
    )
    return found


async def _carried(
    steps: Steps, sample: Mapping[str, Any], moves: Sequence[tuple[str, str, str, Mapping[str, Any]]]
) -> Mapping[str, Any]:
    """Begin the delivery for a sample's request, and make the moves: the status, the side, the move and its body."""
    api, state = steps.api, sample["as"]
    request = await open_request(steps, sample, sample["body"]["title"])
    deliveries = await steps.all(state, f"/v1/deliveries?request={request['request_id']}", "deliveries")
    delivery = deliveries[0] if deliveries else await _agreed(steps, state, request)
    path, sides = f"/v1/deliveries/{delivery['delivery_id']}", {"state": state}
    sides["provider"] = f"{delivery['provider']}:provider_officer"
    for side, by in sides.items():
        if delivery[f"{side}_waived_at"] is None:
            delivery = await api.post(by, f"{path}/waive-agreement", {}, revision=delivery["revision"])
    for status, side, move, body in (("open", "provider", "begin", {}), *moves):
        if delivery["status"] == status:
            delivery = await api.post(sides[side], f"{path}/{move}", body, revision=delivery["revision"])
    shown: Mapping[str, Any] = await api.get(state, path)
    return shown


async def _agreed(steps: Steps, state: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Agree on the best match that needs no money; return its delivery."""
    api = steps.api

    async def suggested() -> Mapping[str, Any] | None:
        matches = await steps.all(COORDINATOR, f"/v1/matches?request={request['request_id']}", "matches")
        free = [one for one in matches if one["funding_needed"] is None and one["status"] not in {"expired", "revoked"}]
        return max(free, key=lambda one: one["score"], default=None)

    match = await steps.until(suggested, "a match that needs no money")
    path, provider = f"/v1/matches/{match['match_id']}", f"{match['provider']}:provider_officer"
    for status, by, move in (
        ("suggested", COORDINATOR, "present"),
        ("presented", state, "accept"),
        ("accepted", provider, "confirm"),
    ):
        if match["status"] == status:
            body = {"departure": "other"} if move == "present" else {}
            match = await api.post(by, f"{path}/{move}", body, revision=match["revision"])

    async def opened() -> Mapping[str, Any] | None:
        found = await steps.all(COORDINATOR, f"/v1/deliveries?match={match['match_id']}", "deliveries")
        return next(iter(found), None)

    return await steps.until(opened, "the delivery of a confirmed match")


def _days_ago(days: int) -> str:
    return (clock.now().date() - timedelta(days=days)).isoformat()
