"""Rescoring by text meaning follows the first suggestion in the background."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from chassis.db.database import Database
from chassis.journal.peers import Peers
from chassis.rebuild import verify
from contracts.rankings import SUGGESTIONS_MAX
from services.matching.texts import meaning
from services.matching.texts import store as reading_store
from services.matching.texts.meaning import Embedder
from services.matching.wiring import SERVICE, refresh_offerings
from tests.builders import a_line, a_request, headers
from tests.matching.builders import an_offering_body
from tests.matching.offerings.steps import move as move_offering
from tests.matching.steps import CEB, COORDINATOR, KENYA, NORWAY, begin, move
from tests.matching.texts.steps import LETTERS, Letters, Stage, line_ids, nothing, saying


async def test_first_suggestion_uses_codes_and_meaning_follows(stage: Stage) -> None:
    far, near = await saying(stage, "cccc"), await saying(stage, "aaaa", CEB, topics=["joint_investigations"])
    request = await stage.files("aaaa", a_line(topics=["extradition"], articles=[]))
    by_codes = {one["offering_id"]: one for one in await stage.matches(request)}
    assert not any(one["criterion"] == "meaning" for match in by_codes.values() for one in match["shares"])

    await stage.reads()

    first, second = await stage.matches(request)
    assert [near["offering_id"], far["offering_id"]] == [first["offering_id"], second["offering_id"]]
    for match, closeness, points in ((first, 1000, 100), (second, 0, 0)):
        before = by_codes[match["offering_id"]]
        assert {"criterion": "meaning", "points": points, "of": 100} == match["shares"][-1]
        assert before["shares"] == match["shares"][:-1]
        assert (before["score"] + points, before["revision"] + 1) == (match["score"], match["revision"])
        assert ("suggested", before["match_id"]) == (match["status"], match["match_id"])
        (fact,) = (one for one in await stage.rescored() if str(one.match_id) == match["match_id"])
        assert (LETTERS.name, LETTERS.version, closeness) == (
            fact.judgement.model,
            fact.judgement.version,
            fact.judgement.closeness,
        )


async def test_coordinator_sees_the_judging_model(stage: Stage) -> None:
    await saying(stage, "aaaa")
    request = await stage.files("aaaa")
    await stage.reads()
    (match,) = await stage.matches(request)

    shown = (await stage.api.get(f"/v1/matches/{match['match_id']}", headers=headers(COORDINATOR))).json()

    (reported,) = (one for one in shown["explanation"] if one["criterion"] == "meaning")
    assert "judged them: 1,000 of 1,000." in reported["says"]
    assert f"the model {LETTERS.name} {LETTERS.version}" in reported["says"]


async def test_closeness_is_hidden_from_providers(stage: Stage) -> None:
    await saying(stage, "aaaa")
    request = await stage.files("aaaa")
    await stage.reads()
    request = await stage.moves(await stage.moves(request, "register"), "open", priority="high")
    match = await move(stage.api, (await stage.matches(request))[0], "present", COORDINATOR)

    async def seen(by: str) -> dict[str, Any]:
        answer = await stage.api.get(f"/v1/matches/{match['match_id']}", headers=headers(by))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    state, provider = await seen(KENYA), await seen(NORWAY)
    assert {"model": "letters", "version": "1", "closeness": 1000} == state["judgement"]
    assert provider["judgement"] is None
    assert (state["score"] - 100, state["shares"][:-1]) == (provider["score"], provider["shares"])
    assert "meaning" not in {one["criterion"] for one in provider["explanation"]}
    (listed,) = (await stage.api.get("/v1/matches", headers=headers(NORWAY))).json()["matches"]
    assert provider["score"] == listed["score"]


async def test_repeated_reading_changes_nothing(stage: Stage) -> None:
    offering = await saying(stage, "aaab")
    request = await stage.files("aaaa")
    await stage.reads()
    (before,), facts = await stage.matches(request), len(await stage.rescored())
    async with stage.db.transaction() as tx:
        await reading_store.queue_request(tx, request["request_id"])
        await reading_store.queue_offering(tx, offering["offering_id"])

    await stage.reads()

    assert ([before], facts) == (await stage.matches(request), len(await stage.rescored()))
    assert [] == await stage.rows("SELECT * FROM to_read")


async def test_later_offering_is_judged_for_fitting_lines(stage: Stage) -> None:
    request = await stage.files("aaaa")
    await stage.reads()
    offering = await saying(stage, "aaaa")
    assert [1] == [one["revision"] for one in await stage.matches(request)]

    await stage.reads()

    (match,) = await stage.matches(request)
    assert (offering["offering_id"], 2, "meaning") == (
        match["offering_id"],
        match["revision"],
        match["shares"][-1]["criterion"],
    )


async def test_offering_raised_by_meaning_is_suggested(stage: Stage) -> None:
    for _ in range(SUGGESTIONS_MAX):
        await saying(stage, "cccc")
    lifted = await saying(
        stage, "aaaa", CEB, resource_status="unfunded", funding_needed={"minor": 1, "currency": "USD"}
    )
    request = await stage.files("aaaa")
    assert SUGGESTIONS_MAX == len(before := await stage.matches(request))
    assert lifted["offering_id"] not in {one["offering_id"] for one in before}

    await stage.reads()

    after = await stage.matches(request)
    assert {one["match_id"] for one in before} < {one["match_id"] for one in after}
    assert (lifted["offering_id"], "suggested") == (after[0]["offering_id"], after[0]["status"])


async def test_index_and_postgresql_rerank_equally(stage: Stage) -> None:
    for number in range(SUGGESTIONS_MAX):
        await saying(stage, "abc" * (1 + number % 2) + "c" * (number % 5))
    for words in ("aaaa", "aaab"):
        await saying(stage, words, CEB, resource_status="unfunded", funding_needed={"minor": 1, "currency": "USD"})
    await stage.reads()

    async def judged() -> list[tuple[Any, ...]]:
        request = await stage.files("aaab")
        await stage.reads()
        names = ("offering_id", "score", "rank", "judgement", "shares", "status")
        return [tuple(match[name] for name in names) for match in await stage.matches(request)]

    without = await judged()
    await refresh_offerings(stage.db, stage.memory)
    held = stage.memory.index
    assert held is not None
    assert held.meanings.model == LETTERS
    within = await judged()
    # An offering that was read since is also considered.
    news = await saying(stage, "aaab")
    with_news = {match[0]: match[3]["closeness"] for match in await judged()}

    assert without == within
    assert SUGGESTIONS_MAX + 2 == len(within)
    assert 1000 == with_news[news["offering_id"]]


async def test_shown_match_keeps_its_score(stage: Stage) -> None:
    await saying(stage, "aaaa")
    request = await stage.moves(await stage.files("aaaa"), "register")
    await stage.moves(request, "open", priority="high")
    shown = await move(stage.api, (await stage.matches(request))[0], "present", COORDINATOR)

    await stage.reads()

    assert [shown] == await stage.matches(request)
    assert ([], []) == (await stage.rescored(), await stage.rows("SELECT FROM to_read")), "this is no error"


async def test_nomination_includes_the_judgement(stage: Stage) -> None:
    offering = await saying(stage, "aaaa")
    request = await stage.files("aaaa")
    await stage.reads()

    answer = await begin(stage.api, line_ids(request)[0], offering, COORDINATOR)

    assert ("nominated", "meaning") == (answer.json()["status"], answer.json()["shares"][-1]["criterion"])


async def test_tables_follow_from_the_journal(stage: Stage, database_url: str) -> None:
    await saying(stage, "aaaa")
    await stage.files("aaaa")
    await stage.reads()
    assert await stage.rescored()

    owner = await Database.connect(database_url, "matching", owner=True)
    try:
        assert [] == await verify(owner, SERVICE)
    finally:
        await owner.close()


# -- missing models, texts and services -------------------------------------------------------------------------------


async def test_without_a_model_nothing_is_rescored(stage: Stage) -> None:
    offering = await saying(stage, "Training of judges")
    request = await stage.files("The judges are trained.")
    before = await stage.matches(request)

    await stage.reads(nothing)

    assert before == await stage.matches(request)
    assert [True, True] == await stage.is_read(offering["offering_id"], *line_ids(request))
    assert [(None, True)] * 2 == await stage.rows("SELECT vector, 'judg' = ANY (tokens) FROM reading")


async def test_readings_without_a_model_are_judged_later(stage: Stage) -> None:
    await saying(stage, "aaaa")
    request = await stage.files("aaaa")
    await stage.reads(nothing)
    async with stage.db.transaction() as tx:
        assert 2 == await reading_store.queue_all(tx)

    await stage.reads()

    assert "meaning" == (await stage.matches(request))[0]["shares"][-1]["criterion"]


async def test_empty_line_does_not_block_reading(stage: Stage) -> None:
    await saying(stage, "aaaa")
    silent = await stage.files("🙂\u202e…", a_line(topics=[]))
    spoken = await stage.files("aaaa")

    await stage.reads()

    assert [] == await stage.rows("SELECT * FROM to_read")
    assert ["load", "meaning"] == [
        (await stage.matches(request))[0]["shares"][-1]["criterion"] for request in (silent, spoken)
    ]


async def test_unavailable_owner_is_retried_then_parked(stage: Stage) -> None:
    offering, request = await saying(stage, "aaaa"), await stage.files("aaaa")
    there, stage.peers = stage.peers, Peers({}, lambda: "")
    for _ in range(reading_store.ATTEMPTS_MAX):
        assert [None] == [row[0] for row in await stage.rows("SELECT parked FROM to_read WHERE about = 'request'")]
        await stage.due_now()
        await stage.reads()

    assert [("request", "words-not-fetched")] == await stage.rows("SELECT about, parked FROM to_read")
    assert [True, False] == await stage.is_read(offering["offering_id"], *line_ids(request)), "others are read"

    stage.peers = there
    async with stage.db.transaction() as tx:
        await reading_store.queue_all(tx)
    await stage.reads()
    assert [True] == await stage.is_read(*line_ids(request))


async def test_failing_model_does_not_block_the_reader(stage: Stage) -> None:
    def broken() -> Embedder:
        raise RuntimeError("of secret words")

    await stage.files("aaaa")
    await stage.reads(broken)

    assert [(1, None)] == await stage.rows("SELECT attempts, parked FROM to_read")
    async with stage.db.transaction() as tx:
        await tx.execute("UPDATE to_read SET due_at = now(), attempts = $1", reading_store.ATTEMPTS_MAX - 1)
    await stage.reads(broken)
    assert [("failed: RuntimeError",)] == await stage.rows("SELECT parked FROM to_read")


async def test_two_readers_claim_different_texts(stage: Stage) -> None:
    await stage.files("aaaa")

    async with stage.db.transaction() as one, stage.db.transaction() as other:
        assert (await reading_store.claim(one) is None, await reading_store.claim(other) is None) == (False, True)


# -- deletion of readings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["withdraw", "decline"])
async def test_reading_is_deleted_when_the_request_ends(stage: Stage, end: str) -> None:
    request = await stage.files("aaaa")
    await stage.reads()
    assert [True] == await stage.is_read(*line_ids(request))
    async with stage.db.transaction() as tx:
        await reading_store.queue_request(tx, request["request_id"])

    await stage.moves(
        request, end, *((KENYA,) if end == "withdraw" else ()), **({"reason": "other"} if end == "decline" else {})
    )

    assert ([], []) == (await stage.rows("SELECT FROM reading"), await stage.rows("SELECT FROM to_read"))


class Slow(Letters):
    """Embedder that waits until it may continue."""

    def __init__(self) -> None:
        super().__init__()
        self.reading, self.go_on = threading.Event(), threading.Event()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.reading.set()
        assert self.go_on.wait(10)
        return super().embed(texts)


async def test_text_withdrawn_during_reading_is_not_saved(stage: Stage) -> None:
    await saying(stage, "aaaa")
    await stage.reads()
    request, slow = await stage.files("aaaa"), Slow()
    reading = asyncio.create_task(stage.reader(lambda: slow).read_next())
    assert await asyncio.to_thread(slow.reading.wait, 10), "the event loop continues meanwhile"

    await stage.moves(request, "withdraw", KENYA)
    slow.go_on.set()

    assert await reading
    assert [False] == await stage.is_read(*line_ids(request))
    assert ([], []) == (await stage.rows("SELECT FROM to_read"), await stage.rescored())


async def test_revised_request_is_read_again_once_submitted(stage: Stage) -> None:
    request = await stage.files("aaaa")
    await stage.reads()
    request = await stage.moves(request, "return", reason="incomplete")
    body = {
        key: value for key, value in a_request(title="cccc", lines=[a_line(outcome="cccc")]).items() if key != "submit"
    }
    revised = await stage.api.patch(
        f"/v1/requests/{request['request_id']}", json=body, headers=headers(revision=request["revision"])
    )
    assert revised.status_code == 200, revised.text
    await stage.hears()
    await stage.reads()
    assert [] == await stage.rows("SELECT FROM reading"), "drafts are not read"

    await stage.moves(revised.json(), "submit", KENYA)
    await stage.reads()

    assert [True] == await stage.is_read(*line_ids(revised.json()))


async def test_reading_is_deleted_when_the_offering_is_revised_or_ends(stage: Stage) -> None:
    kept, revised, withdrawn = [await saying(stage, "aaaa") for _ in range(3)]
    await stage.reads()
    offerings = [one["offering_id"] for one in (kept, revised, withdrawn)]
    assert [True] * 3 == await stage.is_read(*offerings)

    await move_offering(stage.api, withdrawn, "withdraw", NORWAY)
    body = {key: value for key, value in an_offering_body(title="cccc").items() if key != "submit"}
    path = f"/v1/offerings/{revised['offering_id']}"
    answer = await stage.api.patch(path, json=body, headers=headers(NORWAY, revision=revised["revision"]))
    assert answer.status_code == 200, answer.text

    assert [True, False, False] == await stage.is_read(*offerings)


# -- the model itself -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(meaning.model_problem() is not None, reason="the model is not installed: ./dev meaning")
async def test_russian_line_finds_a_french_offering(stage: Stage) -> None:
    whale = await saying(stage, "Inventaire des forêts et observation des baleines", language="fr")
    courts = await saying(stage, "Formation des juges et des procureurs à l’entraide judiciaire", CEB, language="fr")
    request = await stage.files("Подготовка судей и прокуроров по вопросам взаимной правовой помощи", language="ru")

    await stage.reads(meaning.load)

    points = {one["offering_id"]: one["shares"][-1]["points"] for one in await stage.matches(request)}
    assert points[courts["offering_id"]] >= 50 > points[whale["offering_id"]]
