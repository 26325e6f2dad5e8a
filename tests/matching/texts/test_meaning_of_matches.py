"""What the words of a line and an offering mean follows the first suggestion, in its own time, and holds nobody up."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from chassis.db.database import Database
from chassis.journal.peers import Peers
from chassis.rebuild import verify
from chassis.settings import Settings
from contracts.rankings import SUGGESTIONS_MAX
from services.matching.index.memory import memory_of
from services.matching.texts import meaning
from services.matching.texts import store as reading_store
from services.matching.texts.meaning import Embedder
from services.matching.wiring import SERVICE, refresh_offerings
from tests.builders import a_line, a_request, headers
from tests.matching.builders import an_offering_body
from tests.matching.offerings.steps import move as move_offering
from tests.matching.steps import CEB, COORDINATOR, KENYA, NORWAY, Client, begin, move
from tests.matching.texts.steps import LETTERS, Letters, Stage, line_ids, nothing, saying, staged


@pytest.fixture
async def stage(
    client_of: Callable[..., Awaitable[Client]], settings: Settings, databases: Mapping[str, Database]
) -> AsyncIterator[Stage]:
    async with staged(await client_of("requests", "matching"), settings, databases) as made:
        yield made


async def test_the_first_suggestion_is_by_codes_alone_and_the_meaning_follows(stage: Stage) -> None:
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


async def test_a_coordinator_reads_which_model_judged(stage: Stage) -> None:
    await saying(stage, "aaaa")
    request = await stage.files("aaaa")
    await stage.reads()
    (match,) = await stage.matches(request)

    shown = (await stage.api.get(f"/v1/matches/{match['match_id']}", headers=headers(COORDINATOR))).json()

    (told,) = (one for one in shown["explanation"] if one["criterion"] == "meaning")
    assert "judged them: 1,000 of 1,000." in told["says"]
    assert f"the model {LETTERS.name} {LETTERS.version}" in told["says"]


async def test_a_provider_is_not_told_how_close_its_text_is_to_one_it_may_not_read(stage: Stage) -> None:
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


async def test_what_was_read_once_changes_nothing_when_it_is_read_again(stage: Stage) -> None:
    offering = await saying(stage, "aaab")
    request = await stage.files("aaaa")
    await stage.reads()
    (before,), facts = await stage.matches(request), len(await stage.rescored())
    async with stage.db.transaction() as tx:
        await reading_store.want_request(tx, request["request_id"])
        await reading_store.want_offering(tx, offering["offering_id"])

    await stage.reads()

    assert ([before], facts) == (await stage.matches(request), len(await stage.rescored()))
    assert [] == await stage.rows("SELECT * FROM to_read")


async def test_an_offering_approved_later_is_judged_for_the_lines_it_fits(stage: Stage) -> None:
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


async def test_what_the_meaning_lifts_among_the_best_is_suggested(stage: Stage) -> None:
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


async def test_in_memory_and_without_it_the_same_is_lifted_and_judged(stage: Stage) -> None:
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
    await refresh_offerings(stage.db)
    held = memory_of(stage.db).index
    assert held is not None
    assert held.meanings.model == LETTERS
    within = await judged()
    # What was read since is looked at besides.
    news = await saying(stage, "aaab")
    with_news = {match[0]: match[3]["closeness"] for match in await judged()}

    assert without == within
    assert SUGGESTIONS_MAX + 2 == len(within)
    assert 1000 == with_news[news["offering_id"]]


async def test_what_was_shown_keeps_the_score_that_it_was_shown_with(stage: Stage) -> None:
    await saying(stage, "aaaa")
    request = await stage.moves(await stage.files("aaaa"), "register")
    await stage.moves(request, "open", priority="high")
    shown = await move(stage.api, (await stage.matches(request))[0], "present", COORDINATOR)

    await stage.reads()

    assert [shown] == await stage.matches(request)
    assert ([], []) == (await stage.rescored(), await stage.rows("SELECT FROM to_read")), "and it is no mistake"


async def test_a_nomination_has_what_the_model_has_said(stage: Stage) -> None:
    offering = await saying(stage, "aaaa")
    request = await stage.files("aaaa")
    await stage.reads()

    answer = await begin(stage.api, line_ids(request)[0], offering, COORDINATOR)

    assert ("nominated", "meaning") == (answer.json()["status"], answer.json()["shares"][-1]["criterion"])


async def test_the_tables_follow_from_the_journal(stage: Stage, database_url: str) -> None:
    await saying(stage, "aaaa")
    await stage.files("aaaa")
    await stage.reads()
    assert await stage.rescored()

    owner = await Database.connect(database_url, "matching", owner=True)
    try:
        assert [] == await verify(owner, SERVICE)
    finally:
        await owner.close()


# -- without a model, without words, without the others ---------------------------------------------------------------


async def test_without_the_model_words_are_read_and_nothing_is_rescored(stage: Stage) -> None:
    offering = await saying(stage, "Training of judges")
    request = await stage.files("The judges are trained.")
    before = await stage.matches(request)

    await stage.reads(nothing)

    assert before == await stage.matches(request)
    assert [True, True] == await stage.is_read(offering["offering_id"], *line_ids(request))
    assert [(None, True)] * 2 == await stage.rows("SELECT vector, 'judg' = ANY (tokens) FROM reading")


async def test_once_the_model_is_there_what_was_read_without_it_is_judged(stage: Stage) -> None:
    await saying(stage, "aaaa")
    request = await stage.files("aaaa")
    await stage.reads(nothing)
    async with stage.db.transaction() as tx:
        assert 2 == await reading_store.want_all(tx)

    await stage.reads()

    assert "meaning" == (await stage.matches(request))[0]["shares"][-1]["criterion"]


async def test_a_line_that_says_nothing_is_no_stuck_line(stage: Stage) -> None:
    await saying(stage, "aaaa")
    silent = await stage.files("🙂\u202e…", a_line(topics=[]))
    spoken = await stage.files("aaaa")

    await stage.reads()

    assert [] == await stage.rows("SELECT * FROM to_read")
    assert ["load", "meaning"] == [
        (await stage.matches(request))[0]["shares"][-1]["criterion"] for request in (silent, spoken)
    ]


async def test_while_the_owner_is_away_it_is_tried_again_and_parked_in_the_end(stage: Stage) -> None:
    offering, request = await saying(stage, "aaaa"), await stage.files("aaaa")
    there, stage.peers = stage.peers, Peers({}, lambda: "")
    for _ in range(reading_store.ATTEMPTS_MAX):
        assert [None] == [row[0] for row in await stage.rows("SELECT parked FROM to_read WHERE about = 'request'")]
        await stage.due_now()
        await stage.reads()

    assert [("request", "words-not-fetched")] == await stage.rows("SELECT about, parked FROM to_read")
    assert [True, False] == await stage.is_read(offering["offering_id"], *line_ids(request)), "it holds up no other"

    stage.peers = there
    async with stage.db.transaction() as tx:
        await reading_store.want_all(tx)
    await stage.reads()
    assert [True] == await stage.is_read(*line_ids(request))


async def test_a_model_that_fails_is_no_stuck_reader(stage: Stage) -> None:
    def broken() -> Embedder:
        raise RuntimeError("of secret words")

    await stage.files("aaaa")
    await stage.reads(broken)

    assert [(1, None)] == await stage.rows("SELECT attempts, parked FROM to_read")
    async with stage.db.transaction() as tx:
        await tx.execute("UPDATE to_read SET due_at = now(), attempts = $1", reading_store.ATTEMPTS_MAX - 1)
    await stage.reads(broken)
    assert [("failed: RuntimeError",)] == await stage.rows("SELECT parked FROM to_read")


async def test_two_readers_do_not_read_the_same(stage: Stage) -> None:
    await stage.files("aaaa")

    async with stage.db.transaction() as one, stage.db.transaction() as other:
        assert (await reading_store.claim(one) is None, await reading_store.claim(other) is None) == (False, True)


# -- what was read goes with the words --------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["withdraw", "decline"])
async def test_what_was_read_of_a_request_goes_when_it_ends(stage: Stage, end: str) -> None:
    request = await stage.files("aaaa")
    await stage.reads()
    assert [True] == await stage.is_read(*line_ids(request))
    async with stage.db.transaction() as tx:
        await reading_store.want_request(tx, request["request_id"])

    await stage.moves(
        request, end, *((KENYA,) if end == "withdraw" else ()), **({"reason": "other"} if end == "decline" else {})
    )

    assert ([], []) == (await stage.rows("SELECT FROM reading"), await stage.rows("SELECT FROM to_read"))


class Slow(Letters):
    """Reads until it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.reading, self.go_on = threading.Event(), threading.Event()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.reading.set()
        assert self.go_on.wait(10)
        return super().embed(texts)


async def test_what_was_withdrawn_while_it_was_read_is_not_kept(stage: Stage) -> None:
    await saying(stage, "aaaa")
    await stage.reads()
    request, slow = await stage.files("aaaa"), Slow()
    reading = asyncio.create_task(stage.reader(lambda: slow).read_next())
    assert await asyncio.to_thread(slow.reading.wait, 10), "the loop goes on meanwhile"

    await stage.moves(request, "withdraw", KENYA)
    slow.go_on.set()

    assert await reading
    assert [False] == await stage.is_read(*line_ids(request))
    assert ([], []) == (await stage.rows("SELECT FROM to_read"), await stage.rescored())


async def test_a_revised_request_is_read_anew_and_only_once_it_is_submitted(stage: Stage) -> None:
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
    assert [] == await stage.rows("SELECT FROM reading"), "a draft is nobody's to read"

    await stage.moves(revised.json(), "submit", KENYA)
    await stage.reads()

    assert [True] == await stage.is_read(*line_ids(revised.json()))


async def test_what_was_read_of_an_offering_goes_when_it_is_revised_or_ends(stage: Stage) -> None:
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


@pytest.mark.skipif(meaning.lack() is not None, reason="the model is not installed: ./dev meaning")
async def test_a_line_in_russian_finds_what_is_offered_in_french(stage: Stage) -> None:
    whale = await saying(stage, "Inventaire des forêts et observation des baleines", language="fr")
    courts = await saying(stage, "Formation des juges et des procureurs à l’entraide judiciaire", CEB, language="fr")
    request = await stage.files("Подготовка судей и прокуроров по вопросам взаимной правовой помощи", language="ru")

    await stage.reads(meaning.load)

    points = {one["offering_id"]: one["shares"][-1]["points"] for one in await stage.matches(request)}
    assert points[courts["offering_id"]] >= 50 > points[whale["offering_id"]]
