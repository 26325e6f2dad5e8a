"""The outcomes of a delivery: results, an action point, a changed law, a strategy, and the answer to a mail."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from chassis import clock
from contracts.reference.deliveries import inequality_questions
from services.demo.people import StepError, personas
from services.demo.planning import COORDINATOR
from services.demo.records import RequestRecord
from services.demo.steps import Steps
from services.mailbox import Mail

Ask = Callable[[], Awaitable[object]]
"""Asks both sides for due follow-ups, by a clock that is ahead."""
Mails = Callable[[], Sequence[Mail]]

MONTH = 12
LINK = re.compile(r"/answer\?token=(\S+)")
FIGURES = {
    "baseline": 0,
    "target": 40,
    "actual": 38,
    "comment": "Fictitious sample: two were withdrawn by their court.",
}
RECOMMENDED = {
    "owner": "provider",
    "text": "Fictitious sample: hold the next course on two mornings, for those who care for children.",
    "language": "en",
}
LAW = {
    "change": "law_changed",
    "title": "Fictitious sample: Publication of Judgments Rules",
    "gazette": "Fictitious sample: Government Gazette No. 12",
    "address": "https://gazette.example/12",
    "articles": ["UNTOC:28"],
    "language": "en",
}
STRATEGY = {
    "title": "Fictitious sample: National strategy on access to the decisions of courts",
    "stakeholders": ["judiciary", "ministry", "civil_society"],
    "roles": "Fictitious sample: the Judiciary leads, the Ministry of Justice pays, the law society is consulted.",
    "language": "en",
}
MILESTONES = {
    30: "Fictitious sample: every court has named an office that publishes its decisions.",
    180: "Fictitious sample: the decisions of all appeal courts are public.",
}
"""Texts of the milestones, by the number of days until they are due."""

ANSWER = {"result": "in_use", "text": "Fictitious sample: thirty decisions more are public.", "language": "en"}


async def report(steps: Steps, delivery: Mapping[str, Any], sides: Mapping[str, str]) -> None:
    """Report each result as the provider and confirm it as the State; do and verify the recommended action point."""
    api, path = steps.api, f"/v1/deliveries/{delivery['delivery_id']}"
    found = await api.get(sides["provider"], f"{path}/results")
    known = {one["indicator"]: one for one in found["results"]}
    for indicator in found["indicators"]:
        body = {**FIGURES, "indicator": indicator, "measured_on": str(clock.now().date())}
        result = known.get(indicator) or await api.post(sides["provider"], f"{path}/results", body, step=indicator)
        if result["status"] == "reported":
            at = f"/v1/results/{result['result_id']}/confirm"
            await api.post(sides["state"], at, {}, revision=result["revision"])
    await _screen(steps, path, sides["provider"])
    (point,) = (await api.get(sides["state"], f"{path}/action-points"))["action_points"]
    for status, side, move in (("open", "provider", "report-done"), ("done", "state", "verify")):
        if point["status"] == status:
            at = f"/v1/action-points/{point['action_point_id']}/{move}"
            point = await api.post(sides[side], at, {}, revision=point["revision"])


async def _screen(steps: Steps, path: str, provider: str) -> None:
    """Answer the checklist on inequalities, with a recommendation that becomes an action point."""
    screening = next(iter((await steps.api.get(provider, f"{path}/screenings"))["screenings"]), None)
    if screening is None:
        answers = [{"question": code, "answer": "yes"} for code in inequality_questions()]
        body = {"screening": "inequality", "answers": answers}
        screening = await steps.api.post(provider, f"{path}/screenings", body)
    if screening["status"] == "open":
        point = {**RECOMMENDED, "due_on": str(clock.now().date() + timedelta(days=30))}
        at = f"/v1/screenings/{screening['screening_id']}/complete"
        await steps.api.post(provider, at, {"recommendations": [point]}, revision=screening["revision"])


async def change_law(steps: Steps, delivery: Mapping[str, Any], state: str) -> None:
    """Record a changed law as the State, and verify it as a coordinator."""
    api, delivery_id = steps.api, delivery["delivery_id"]
    effects = await steps.all(state, f"/v1/effects?delivery={delivery_id}", "effects")
    body = {**LAW, "happened_on": str(clock.now().date())}
    effect = effects[0] if effects else await api.post(state, f"/v1/deliveries/{delivery_id}/effects", body)
    if effect["status"] == "recorded":
        at = f"/v1/effects/{effect['effect_id']}/verify"
        await api.post(COORDINATOR, at, {}, revision=effect["revision"])


async def plan(steps: Steps, delivery: Mapping[str, Any], state: str) -> None:
    """Draw up a strategy of the request with two milestones; a coordinator verifies that one is reached."""
    api, request_id = steps.api, delivery["request_id"]
    found = await _strategy(steps, state, request_id)
    strategy = found or await api.post(state, "/v1/strategies", {**STRATEGY, "request_id": request_id})
    path = f"/v1/strategies/{strategy['strategy_id']}/action-points"
    known = {one["text"] for one in (await api.get(state, path))["action_points"]}
    for days, text in MILESTONES.items():
        if text not in known:
            due_on = str(clock.now().date() + timedelta(days=days))
            body = {"source": "strategy_milestone", "owner": "state", "text": text, "language": "en", "due_on": due_on}
            await api.post(state, path, body, step=str(days))
    first, *_ = (await api.get(state, path))["action_points"]
    for status, by, move in (("open", state, "report-done"), ("done", COORDINATOR, "verify")):
        if first["status"] == status:
            at = f"/v1/action-points/{first['action_point_id']}/{move}"
            first = await api.post(by, at, {}, revision=first["revision"])


async def _strategy(steps: Steps, state: str, request_id: str) -> Mapping[str, Any] | None:
    """The strategy of the story, if it exists. A visitor may have drawn up others."""
    found = await steps.all(state, f"/v1/strategies?request={request_id}", "strategies")
    return next((one for one in found if one["title"] == STRATEGY["title"]), None)


async def answer_mail(steps: Steps, record: RequestRecord, ask: Ask | None, mails: Mails | None) -> None:
    """Ask both sides a year ahead, and answer for the State by the link of its mail, without signing in."""
    assert record.delivery is not None, "the delivery is agreed in writing"
    path = f"/v1/deliveries/{record.delivery['delivery_id']}/follow-ups"

    async def asked() -> Mapping[str, Any]:
        found = (await steps.api.get(record.appointment, path))["follow_ups"]
        return next(one for one in found if (one["month"], one["side"]) == (MONTH, "state"))

    async def answer(_: str) -> None:
        if ask is not None and mails is not None:
            await ask()
            if (await asked())["status"] == "asked":
                opened: set[str] = set()
                link = await steps.until(
                    lambda: _link(steps, record.appointment, mails, opened), "the mail of a follow-up"
                )
                await steps.api.post("", link, ANSWER)
        record.follow_up = await asked()
        if ask is not None and record.follow_up["status"] != "answered":
            raise StepError("a follow-up was not answered from its mail")

    await steps.each("a State is asked a year later, and answers a mail", ["one"], answer)


async def _link(steps: Steps, appointment: str, mails: Mails, opened: set[str]) -> str | None:
    """The path to the last follow-up, from a mail or from the question before it; None if no mail leads there yet.

    `opened` are links of other follow-ups, which are not opened again.
    """
    recipient = next(one.email for one in personas() if one.appointment == appointment)
    for mail in mails():
        found = LINK.search(mail.text) if recipient in mail.recipients else None
        token = unquote(found[1]) if found else None
        while token is not None and token not in opened:
            opened.add(token)
            path = f"/v1/follow-ups/link?token={token}"
            asked = await steps.api.get("", path)
            if asked["month"] == MONTH:
                return path
            token = asked["next_token"]
    return None


async def look(steps: Steps, record: RequestRecord, delivery_id: str) -> None:
    """Read the results, action points, effects and the strategy as the State sees them."""
    api, path = steps.api, f"/v1/deliveries/{delivery_id}"
    record.results = (await api.get(record.appointment, f"{path}/results"))["results"]
    record.action_points = (await api.get(record.appointment, f"{path}/action-points"))["action_points"]
    record.effects = await steps.all(record.appointment, f"/v1/effects?delivery={delivery_id}", "effects")
    strategy = await _strategy(steps, record.appointment, record.request["request_id"])
    assert strategy is not None, "the strategy was drawn up"
    record.strategy = strategy
    path = f"/v1/strategies/{record.strategy['strategy_id']}/action-points"
    record.milestones = (await api.get(record.appointment, path))["action_points"]
