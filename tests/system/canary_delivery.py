"""The deliveries of the main workflow, with a distinct text in every free field."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from contracts.reference.deliveries import human_rights_questions
from tests.system.canaries import NO_READERS, Readers
from tests.system.canary_sherloc import expect_a_law, record_what_was_drafted
from tests.system.canary_stage import AUDITOR, COORDINATOR, KENYA, NORWAY, SERVICE, Stage, until

PATH, SESSION = "/v1/deliveries/{delivery_id}", "/v1/sessions/{session_id}"
EXPERT = "/v1/experts/{expert_id}"
RESULT, POINT = "/v1/results/{result_id}", "/v1/action-points/{action_point_id}"
SCREENING = "/v1/screenings/{screening_id}"
LATER = (datetime.now(UTC) + timedelta(days=90)).date().isoformat()
"""A due day so late that the owner is not reminded during the test, which would add a revision."""


async def opened(stage: Stage, match: Mapping[str, Any]) -> Any:
    """Wait for the delivery of a confirmed match, and return it."""

    async def found() -> Any:
        page = await stage.see(COORDINATOR, f"/v1/deliveries?match={match['match_id']}")
        return next(iter(page["deliveries"]), None)

    return await until(found)


async def deliver(stage: Stage, match: Mapping[str, Any], sides: Readers) -> Any:
    """Carry a delivery from its contacts to its completion; return the match, which is then completed."""
    delivery = await opened(stage, match)
    for who in (KENYA, NORWAY):
        contacts = {"contacts": [{}]}
        delivery = await stage.say(who, "PUT", f"{PATH}/contacts", contacts, about=delivery, to=sides - {AUDITOR})
        delivery = await stage.say(who, "POST", f"{PATH}/waive-agreement", {}, about=delivery, to=sides)
    agreement, version = await _agree(stage, delivery, sides)
    await _write(stage, delivery, sides)
    delivery = await opened(stage, match)
    for who, name, body in (
        (NORWAY, "begin", {}),
        (NORWAY, "suspend", {"reason": "other"}),
        (KENYA, "resume", {}),
    ):
        delivery = await stage.say(who, "POST", f"{PATH}/{name}", body, about=delivery, to=sides)
    await _amend(stage, agreement, version, sides)
    await _sessions(stage, delivery, sides, await _experts(stage, sides))
    await _results(stage, delivery, sides)
    await _action_points(stage, delivery, sides)
    await _screen(stage, delivery, sides)
    await expect_a_law(stage)
    for who, name, body in (
        (NORWAY, "propose-completion", {}),
        (KENYA, "object-to-completion", {"reason": "other"}),
        (NORWAY, "propose-completion", {}),
        (NORWAY, "withdraw-completion", {}),
        (NORWAY, "propose-completion", {}),
        (KENYA, "confirm-completion", {}),
    ):
        delivery = await stage.say(who, "POST", f"{PATH}/{name}", body, about=delivery, to=sides)

    async def completed() -> Any:
        found = await stage.see(KENYA, f"/v1/matches/{match['match_id']}")
        return found if found["status"] == "completed" else None

    match = await until(completed)
    await record_what_was_drafted(stage)
    await _answer(stage, delivery, sides)
    await _change(stage, delivery, sides)
    await _plan(stage, delivery, sides)
    return match


async def _answer(stage: Stage, delivery: Mapping[str, Any], sides: Readers) -> None:
    """Answer the follow-up for both sides, as if six months had passed."""
    connection = await asyncpg.connect(stage.database_url)
    try:
        await connection.execute(
            "UPDATE delivery.follow_up SET status = 'asked', asked_at = now(), next_at = now() + interval '30 days'"
        )
    finally:
        await connection.close()
    found = (await stage.see(COORDINATOR, f"{PATH}/follow-ups".format(**delivery)))["follow_ups"]
    for who, asked in zip((KENYA, NORWAY), found, strict=False):
        body = {"result": "in_use", "language": "en"}
        await stage.say(who, "POST", "/v1/follow-ups/{follow_up_id}/answer", body, about=asked, to=sides)


async def _change(stage: Stage, delivery: Mapping[str, Any], sides: Readers) -> None:
    """Record three effects: one is verified, one declined, and one withdrawn, of which nothing is kept."""
    law = {"change": "law_changed", "happened_on": "2026-11-01", "language": "en", "articles": ["UNTOC:18"]}
    law |= {"address": "https://gazette.example/112"}
    effect = "/v1/effects/{effect_id}"
    about = {**delivery, "revision": None}
    for move, body, found_by in (
        ("verify", {}, sides),
        ("decline", {"reason": "other"}, sides),
        ("withdraw", {}, NO_READERS),
    ):
        found = await stage.say(KENYA, "POST", f"{PATH}/effects", law, about=about, to=found_by)
        who = KENYA if move == "withdraw" else NORWAY
        await stage.say(who, "POST", f"{effect}/{move}", body, about=found, to=found_by)


async def _plan(stage: Stage, delivery: Mapping[str, Any], sides: Readers) -> None:
    """Draw up a strategy that is revised and concluded; only its last texts are kept. Its milestone is dropped."""
    strategy = "/v1/strategies/{strategy_id}"
    stated = {"stakeholders": ["ministry"], "language": "en"}
    body = {**stated, "request_id": delivery["request_id"]}
    found = await stage.say(KENYA, "POST", "/v1/strategies", body, to=NO_READERS)
    found = await stage.say(COORDINATOR, "PUT", strategy, stated, about=found, to=sides)
    terms = {"owner": "unodc", "due_on": LATER, "language": "en"}
    added = {**terms, "source": "strategy_milestone"}
    about = {**found, "revision": None}
    point = await stage.say(KENYA, "POST", f"{strategy}/action-points", added, about=about, to=sides)
    await stage.say(COORDINATOR, "POST", f"{POINT}/drop", {"reason": "other"}, about=point, to=sides)
    for move, found_by in (("conclude", NO_READERS), ("reopen", sides)):
        found = await stage.say(KENYA, "POST", f"{strategy}/{move}", {}, about=found, to=found_by)


async def _write(stage: Stage, delivery: Mapping[str, Any], sides: Readers) -> None:
    """Send a message with a file from each side, then the same in the private topic, and one that is withdrawn."""
    path = f"{PATH}/messages"
    readers = sides - {AUDITOR, SERVICE}
    for private, to in ((False, readers), (True, readers - {COORDINATOR})):
        for who in (KENYA, NORWAY):
            files = [await stage.add_file(who, delivery, to, private=private)]
            body = {"language": "en", "private": private, "files": files}
            await stage.say(who, "POST", path, body, about={**delivery, "revision": None}, to=to)
        for who in (KENYA, NORWAY) if not private else ():
            delivery = (await stage.see(COORDINATOR, f"/v1/deliveries?match={delivery['match_id']}"))["deliveries"][0]
            await stage.say(who, "POST", f"{PATH}/open-private-topic", {}, about=delivery, to=sides)
    message = await stage.say(KENYA, "POST", path, {"language": "en"}, about={**delivery, "revision": None})
    await stage.say(KENYA, "POST", "/v1/messages/{message_id}/withdraw", {}, about=message)


async def _agree(stage: Stage, delivery: Mapping[str, Any], sides: Readers) -> tuple[Any, Mapping[str, Any]]:
    """Conclude an agreement with two versions, of which both sides sign the second; return it with its terms."""
    path, period = f"{PATH}/agreement", delivery["period"]
    terms = {"period": period, "modality": "in_person", "languages": ["en"], "language": "en"}
    version = {**terms, "clauses": [{"clause": "other"}]}
    found = await stage.say(NORWAY, "POST", path, version, about={**delivery, "revision": None}, to=sides)
    found = await stage.say(KENYA, "POST", f"{path}/propose", version, about=found, to=sides)
    for who in (NORWAY, KENYA):
        found = await stage.say(who, "POST", f"{path}/sign", {"version": 2}, about=found)
    return found, version


async def _amend(stage: Stage, agreement: Any, version: Mapping[str, Any], sides: Readers) -> None:
    """Propose an amendment of an agreement in force, and drop it."""
    path = f"{PATH}/agreement"
    found = await stage.say(KENYA, "POST", f"{path}/propose", version, about=agreement, to=sides)
    await stage.say(KENYA, "POST", f"{path}/drop-amendment", {}, about=found)


async def _results(stage: Stage, delivery: Mapping[str, Any], sides: Readers) -> None:
    """Report a result twice, and confirm it after a dispute; only the last comment is kept."""
    found = await stage.see(KENYA, f"/v1/deliveries/{delivery['delivery_id']}/results")
    figures = {"actual": 20, "measured_on": datetime.now(UTC).date().isoformat()}
    body = {"indicator": found["indicators"][0], **figures}
    result = await stage.say(NORWAY, "POST", f"{PATH}/results", body, about=delivery)
    result = await stage.say(KENYA, "POST", f"{RESULT}/dispute", {"reason": "other"}, about=result)
    result = await stage.say(NORWAY, "POST", f"{RESULT}/report", figures, about=result, to=sides)
    await stage.say(KENYA, "POST", f"{RESULT}/confirm", {}, about=result, to=sides)


async def _screen(stage: Stage, delivery: Mapping[str, Any], sides: Readers) -> None:
    """Answer a screening twice; only the last comment is kept, and a recommendation becomes an action point."""
    about, questions = f"{PATH}/screenings", sorted(human_rights_questions())
    body = {"screening": "human_rights", "answers": [{"question": questions[0], "answer": "yes"}]}
    screening = await stage.say(NORWAY, "POST", about, body, about=delivery)
    answers = {"answers": [{"question": one, "answer": "unknown"} for one in questions]}
    screening = await stage.say(COORDINATOR, "PUT", SCREENING, answers, about=screening, to=sides)
    terms = {"owner": "state", "due_on": LATER, "language": "en"}
    path = f"{SCREENING}/complete"
    await stage.say(NORWAY, "POST", path, {"recommendations": [terms]}, about=screening, to=sides)


async def _action_points(stage: Stage, delivery: Mapping[str, Any], sides: Readers) -> None:
    """Add two action points.

    One is revised, verified, reopened and dropped, and only its last text and comment are kept; the other is dropped.
    """
    terms = {"owner": "state", "due_on": LATER, "language": "en"}
    added = {**terms, "source": "session"}
    for moves in (
        (
            (KENYA, "PUT", POINT, terms, sides),
            (KENYA, "POST", f"{POINT}/report-done", {}, NO_READERS),
            (NORWAY, "POST", f"{POINT}/verify", {}, NO_READERS),
            (NORWAY, "POST", f"{POINT}/reopen", {}, NO_READERS),
            (NORWAY, "POST", f"{POINT}/drop", {"reason": "other"}, sides),
        ),
        ((KENYA, "POST", f"{POINT}/drop", {"reason": "other"}, sides),),
    ):
        kept = sides if len(moves) == 1 else NO_READERS
        point = await stage.say(NORWAY, "POST", f"{PATH}/action-points", added, about=delivery, to=kept)
        for who, method, path, body, found_by in moves:
            point = await stage.say(who, method, path, body, about=point, to=found_by)


async def _experts(stage: Stage, sides: Readers) -> str:
    """Enter three experts, and return the id of the one who will teach the State.

    One has no consent, one is withdrawn, so that nothing of that one is kept, and one consents.
    """
    codes = {"topics": ["mutual_legal_assistance"], "languages": ["en"]}
    for move, body, found_by in (
        (None, {}, frozenset({NORWAY})),
        ("withdraw", {}, NO_READERS),
        ("consent", {"consented_on": "2026-01-15"}, sides - {AUDITOR, SERVICE}),
    ):
        expert = await stage.say(NORWAY, "POST", "/v1/experts", codes)
        expert = await stage.say(NORWAY, "PUT", EXPERT, codes, about=expert, to=found_by)
        if move:
            expert = await stage.say(NORWAY, "POST", f"{EXPERT}/{move}", body, about=expert)
    return str(expert["expert_id"])


async def _sessions(stage: Stage, delivery: Mapping[str, Any], sides: Readers, trainer: str) -> None:
    """Plan two sessions: one is held, and only its last place and comment are kept; the other is cancelled."""
    today = datetime.now(UTC).date().isoformat()
    days = {"period": {"from": today, "until": today}}
    stated = {"modality": "in_person", "languages": ["en"], "trainers": [trainer]}
    counted = {"delivery_id": delivery["delivery_id"], "counts": []}
    for moves in (
        (
            (NORWAY, "PUT", SESSION, stated, {"place": sides}),
            (KENYA, "POST", f"{SESSION}/reschedule", days, {}),
            (NORWAY, "POST", f"{SESSION}/hold", {"participants": [counted]}, {"comment": sides}),
        ),
        ((KENYA, "POST", f"{SESSION}/cancel", {"reason": "other"}, {"comment": sides}),),
    ):
        kept = {"place": sides} if len(moves) == 1 else {}
        session = await stage.say(NORWAY, "POST", f"{PATH}/sessions", {**days, **stated}, about=delivery, **kept)
        for who, method, path, body, found_by in moves:
            session = await stage.say(who, method, path, body, about=session, **found_by)
