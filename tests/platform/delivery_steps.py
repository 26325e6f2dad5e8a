"""Create a delivery in the world of records."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chassis import clock
from services.delivery.wiring import expire_follow_ups
from tests.builders import headers
from tests.clocks import Ticking
from tests.delivery.steps import IN_SPRING, a_version
from tests.platform.thread_steps import write_thread

KENYA, NORWAY, COORDINATOR = "KEN:focal_point", "NOR:provider_officer", "UNODC:coordinator"


AN_EFFECT = {
    "change": "institution_set_up",
    "happened_on": "2026-11-01",
    "language": "en",
    "title": "A sample.",
    "address": "https://institution.example",
}


async def deliver(world: Any) -> None:
    """Let Norway deliver a confirmed and funded match, and both sides evaluate it."""
    found = await world.client.get("/v1/matches?status=confirmed", headers=headers(COORDINATOR))
    (match,) = found.json()["matches"]
    path = f"/v1/matches/{match['match_id']}"
    delivery_path = f"/v1/deliveries/{match['delivery_id']}"
    delivery = (await world.client.get(delivery_path, headers=headers(KENYA))).json()
    for who in (KENYA, NORWAY):
        contacts = [{"name": f"Contact named by {who}", "email": "contact@example.org"}]
        delivery = await world.say(who, f"{delivery_path}/contacts", method="PUT", about=delivery, contacts=contacts)
        delivery = await world.say(who, f"{delivery_path}/waive-agreement", about=delivery)
    await world.say(NORWAY, f"{delivery_path}/agreement", **a_version())
    delivery = await world.say(NORWAY, f"{delivery_path}/begin", about=delivery)
    await write_thread(world, delivery, KENYA, NORWAY)
    delivery = (await world.client.get(delivery_path, headers=headers(KENYA))).json()
    await _hold_session(world, delivery)
    await _report_results(world, delivery)
    await _draw_up_strategies(world, delivery["request_id"])
    with clock.use_clock(Ticking(IN_SPRING)):
        delivery = await world.say(NORWAY, f"{delivery_path}/propose-completion", about=delivery)
        await world.say(KENYA, f"{delivery_path}/confirm-completion", about=delivery)
    await _follow_up(world, delivery)
    for who in (KENYA, NORWAY, COORDINATOR):
        await world.say(who, f"{delivery_path}/effects", **AN_EFFECT)
    match = (await world.client.get(path, headers=headers(KENYA))).json()
    for who in (KENYA, NORWAY):
        went = {"result": "met", "relevance": 5, "quality": 4, "timeliness": 3, "comment": f"Said by {who}."}
        match = await world.say(who, f"{path}/evaluate", about=match, **went)


async def _report_results(world: Any, delivery: Mapping[str, Any]) -> None:
    """Report two results, of which the State confirms one; add an action point per owner, of which one is done."""
    path, day = f"/v1/deliveries/{delivery['delivery_id']}", str(IN_SPRING.date())
    with clock.use_clock(Ticking(IN_SPRING)):
        found = (await world.client.get(f"{path}/results", headers=headers(KENYA))).json()
        for indicator in found["indicators"][:2]:
            figures = {"indicator": indicator, "actual": 20, "measured_on": day, "comment": "A sample."}
            result = await world.say(NORWAY, f"{path}/results", **figures)
        await world.say(KENYA, f"/v1/results/{result['result_id']}/confirm", about=result)
        for screening in ("human_rights", "inequality"):
            await world.say(NORWAY, f"{path}/screenings", screening=screening, answers=[])
        for owner in ("unodc", "provider", "state"):
            about = {"source": "session", "text": "A sample.", "language": "en", "owner": owner, "due_on": day}
            point = await world.say(NORWAY, f"{path}/action-points", **about)
        await world.say(KENYA, f"/v1/action-points/{point['action_point_id']}/report-done", about=point)


async def _draw_up_strategies(world: Any, request_id: str) -> None:
    """Draw up two strategies: the State's with a milestone and an evaluation, one done; a coordinator's, concluded."""
    stated = {"title": "A sample.", "stakeholders": ["ministry"], "roles": "A sample.", "language": "en"}
    for who in (KENYA, COORDINATOR):
        strategy = await world.say(who, "/v1/strategies", request_id=request_id, **stated)
        path = f"/v1/strategies/{strategy['strategy_id']}"
        if who == COORDINATOR:
            await world.say(who, f"{path}/conclude", about=strategy)
            continue
        for source, owner in (("evaluation", "unodc"), ("strategy_milestone", "state")):
            about = {"source": source, "owner": owner, "text": "A sample.", "language": "en"}
            point = await world.say(who, f"{path}/action-points", due_on=str(IN_SPRING.date()), **about)
        await world.say(who, f"/v1/action-points/{point['action_point_id']}/report-done", about=point)


async def _follow_up(world: Any, delivery: Mapping[str, Any]) -> None:
    """Ask both sides after six months, and let the State answer."""
    db = next(one.db for one in world.running if one.name == "delivery")
    path = f"/v1/deliveries/{delivery['delivery_id']}/follow-ups"
    with clock.use_clock(Ticking(IN_SPRING + timedelta(days=200))):
        await expire_follow_ups(db)
        (asked, *_) = (await world.client.get(path, headers=headers(KENYA))).json()["follow_ups"]
        said = {"result": "partly", "text": "Fictitious sample", "language": "en"}
        await world.say(KENYA, f"/v1/follow-ups/{asked['follow_up_id']}/answer", about=asked, **said)


async def _hold_session(world: Any, delivery: Mapping[str, Any]) -> None:
    """Hold a session on a day of the delivery, with participants.

    It is taught by an expert who consented; another expert has not.
    """
    profile = {"name": "A sample.", "topics": ["mutual_legal_assistance"], "languages": ["en"]}
    expert = await world.say(NORWAY, "/v1/experts", **profile)
    consent = f"/v1/experts/{expert['expert_id']}/consent"
    await world.say(NORWAY, consent, about=expert, consented_on="2026-01-15")
    await world.say(NORWAY, "/v1/experts", **profile)
    day = str(IN_SPRING.date())
    stated = {"period": {"from": day, "until": day}, "modality": "in_person", "languages": ["en"], "place": "A sample."}
    stated["trainers"] = [expert["expert_id"]]
    session = await world.say(NORWAY, f"/v1/deliveries/{delivery['delivery_id']}/sessions", **stated)
    few = [{"sex": "women", "age_band": "not_stated", "function": "judge", "people": 3}]
    counted = [{"delivery_id": delivery["delivery_id"], "counts": few}]
    with clock.use_clock(Ticking(IN_SPRING)):
        await world.say(NORWAY, f"/v1/sessions/{session['session_id']}/hold", about=session, participants=counted)
