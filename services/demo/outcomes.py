"""What became of a delivery: results, an action point, a changed law, and the answer to a mail a year later."""

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
"""Asks both sides what is due for follow-up, by a clock that is ahead."""
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
ANSWER = {"result": "in_use", "text": "Fictitious sample: thirty decisions more are public.", "language": "en"}


async def report(steps: Steps, delivery: Mapping[str, Any], sides: Mapping[str, str]) -> None:
    """The provider reports each result and the State confirms it; what is recommended is done, and verified."""
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
    """Answer the checklist on inequalities, of which one recommendation becomes an action point."""
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
    """The State records a law that was changed, and a coordinator verifies it."""
    api, delivery_id = steps.api, delivery["delivery_id"]
    effects = await steps.all(state, f"/v1/effects?delivery={delivery_id}", "effects")
    body = {**LAW, "happened_on": str(clock.now().date())}
    effect = effects[0] if effects else await api.post(state, f"/v1/deliveries/{delivery_id}/effects", body)
    if effect["status"] == "recorded":
        at = f"/v1/effects/{effect['effect_id']}/verify"
        await api.post(COORDINATOR, at, {}, revision=effect["revision"])


async def answer_mail(steps: Steps, record: RequestRecord, ask: Ask | None, mails: Mails | None) -> None:
    """Both sides are asked a year ahead, and the State answers by the link of its mail, without signing in."""
    assert record.delivery is not None, "one is agreed in writing"
    path = f"/v1/deliveries/{record.delivery['delivery_id']}/follow-ups"

    async def asked() -> Mapping[str, Any]:
        found = (await steps.api.get(record.appointment, path))["follow_ups"]
        return next(one for one in found if (one["month"], one["side"]) == (MONTH, "state"))

    async def answer(_: str) -> None:
        if ask is not None and mails is not None:
            await ask()
            if (await asked())["status"] == "asked":
                link = await steps.until(lambda: _link(steps, record.appointment, mails), "the mail of a follow-up")
                await steps.api.post("", link, ANSWER)
        record.follow_up = await asked()
        if ask is not None and record.follow_up["status"] != "answered":
            raise StepError("a follow-up was not answered from its mail")

    await steps.each("a State is asked a year later, and answers a mail", ["one"], answer)


async def _link(steps: Steps, appointment: str, mails: Mails) -> str | None:
    """What the mail about the last follow-up leads to; None if it has not come yet."""
    recipient = next(one.email for one in personas() if one.appointment == appointment)
    for mail in mails():
        if recipient in mail.recipients and (found := LINK.search(mail.text)):
            path = f"/v1/follow-ups/link?token={unquote(found[1])}"
            if (await steps.api.get("", path))["month"] == MONTH:
                return path
    return None


async def look(steps: Steps, record: RequestRecord, delivery_id: str) -> None:
    """Keep what the State sees of the results, action points and effects."""
    api, path = steps.api, f"/v1/deliveries/{delivery_id}"
    record.results = (await api.get(record.appointment, f"{path}/results"))["results"]
    record.action_points = (await api.get(record.appointment, f"{path}/action-points"))["action_points"]
    record.effects = await steps.all(record.appointment, f"/v1/effects?delivery={delivery_id}", "effects")
