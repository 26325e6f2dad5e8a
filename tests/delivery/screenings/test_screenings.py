"""Tests of screenings: every cell of the table of statuses and moves, and all moves over HTTP."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

import httpx
import pytest
from msgspec.structs import replace

from chassis.db.database import Database
from chassis.rebuild import verify
from contracts.facts import Fact
from contracts.reference.deliveries import human_rights_questions
from contracts.refusals import Conflict, Invalid
from contracts.screenings import Answered, ScreeningAnswer, ScreeningKind
from contracts.values import Caller, Role
from services.delivery import policy
from services.delivery.policy import SCREENING_MOVERS, Action
from services.delivery.screenings.evolve import evolve
from services.delivery.screenings.model import MOVES, Screening, ScreeningStatus, begin
from services.delivery.wiring import SERVICE
from tests.builders import NOON, a_caller, headers
from tests.delivery.steps import (
    AUDITOR,
    COORDINATOR,
    KENYA,
    KENYAS_OFFICIAL,
    NORWAY,
    OTHER_SERVICE,
    OTHERS,
    Client,
    Matching,
    a_delivery,
    agreed,
    slug,
)
from tests.delivery.steps import move as move_delivery
from tests.delivery.steps import tried as tried_delivery

S = ScreeningStatus
ALL = tuple(Answered(question=one, answer=ScreeningAnswer.YES) for one in human_rights_questions())
DECIDE: dict[str, Callable[[Screening], Fact]] = {
    "answer_screening": lambda s: s.answer(ALL, "hash", now=NOON),
    "complete_screening": lambda s: s.complete(0, now=NOON),
    "reopen_screening": lambda s: s.reopen(now=NOON),
}
TABLE: dict[str, dict[ScreeningStatus, ScreeningStatus]] = {
    "answer_screening": {S.OPEN: S.OPEN},
    "complete_screening": {S.OPEN: S.COMPLETED},
    "reopen_screening": {S.COMPLETED: S.OPEN},
}


def a_screening(status: ScreeningStatus = S.OPEN, answers: Sequence[Answered] = ALL) -> Screening:
    first = evolve(None, begin(a_delivery(), ScreeningKind.HUMAN_RIGHTS, answers, "hash", now=NOON))
    return replace(first, status=status)


def test_every_move_has_its_row() -> None:
    assert TABLE.keys() == DECIDE.keys() == MOVES.keys() == {str(one) for one in SCREENING_MOVERS}


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("move", TABLE)
def test_each_cell_of_the_table(move: str, status: ScreeningStatus) -> None:
    before = a_screening(status)

    if status not in TABLE[move]:
        with pytest.raises(Conflict, match="screening-status"):
            DECIDE[move](before)
        return
    after = evolve(before, DECIDE[move](before))

    assert (TABLE[move][status], before.revision + 1) == (after.status, after.revision)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("move", sorted(SCREENING_MOVERS))
def test_each_move_is_for_its_roles(move: Action, role: Role) -> None:
    organization = "NOR" if role is Role.PROVIDER_OFFICER else "KEN"
    caller = Caller(person_id=uuid4(), organization=organization, role=role)

    assert (role in SCREENING_MOVERS[move]) == policy.decide(caller, move, a_screening()).allowed


def test_it_is_completed_once_all_is_answered_and_nothing_twice() -> None:
    with pytest.raises(Conflict, match="screening-unanswered"):
        a_screening(answers=ALL[1:]).complete(0, now=NOON)
    with pytest.raises(Invalid, match="question-answered-twice"):
        a_screening().answer([*ALL, ALL[0]], "hash", now=NOON)
    with pytest.raises(Invalid, match="unknown-code"):
        a_screening().answer([Answered(question="weather", answer=ScreeningAnswer.NO)], "hash", now=NOON)


# -- over HTTP --------------------------------------------------------------------------------------------------------

ANSWERS = [{"question": one.question, "answer": "unknown", "comment": f"On {one.question}."} for one in ALL]


async def beginning(api: Client, delivery_id: str, by: str = NORWAY, **changes: Any) -> httpx.Response:
    body = {"screening": "human_rights", "answers": ANSWERS, **changes}
    return await api.post(f"/v1/deliveries/{delivery_id}/screenings", json=body, headers=headers(by))


async def begun(api: Client, delivery_id: str, by: str = NORWAY, **changes: Any) -> dict[str, Any]:
    answer = await beginning(api, delivery_id, by, **changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def tried(api: Client, screening: Mapping[str, Any], name: str, by: str, **body: Any) -> httpx.Response:
    path = f"/v1/screenings/{screening['screening_id']}"
    now = await api.get(path, headers=headers(COORDINATOR))
    given = headers(by, revision=now.json()["revision"])
    if name:
        return await api.post(f"{path}/{name}", json=body, headers=given)
    return await api.put(path, json=body, headers=given)


async def move(api: Client, screening: Mapping[str, Any], name: str, by: str, **body: Any) -> dict[str, Any]:
    answer = await tried(api, screening, name, by, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_laws_are_not_drafted_before_the_screening_is_completed(api: Client, matching: Matching) -> None:
    delivery_id = await agreed(api, matching, kind="legislative_drafting")
    assert (409, "screening-not-completed") == slug(await tried_delivery(api, delivery_id, "begin", NORWAY))
    screening = await begun(api, delivery_id)
    assert (409, "screening-not-completed") == slug(await tried_delivery(api, delivery_id, "begin", NORWAY))
    await move(api, screening, "complete", NORWAY)

    assert "in_delivery" == (await move_delivery(api, delivery_id, "begin", NORWAY))["status"]


async def test_recommendations_become_action_points(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    screening = await begun(api, delivery_id, COORDINATOR, answers=ANSWERS[:1])
    assert (409, "screening-unanswered") == slug(await tried(api, screening, "complete", NORWAY))
    assert (403, "not-for-your-role") == slug(await tried(api, screening, "", KENYA, answers=ANSWERS))
    answered = await move(api, screening, "", NORWAY, answers=ANSWERS)
    assert [one["comment"] for one in ANSWERS] == [one["comment"] for one in answered["questions"]]
    point = {"text": "Fictitious: add a remedy.", "language": "en", "owner": "provider", "due_on": "2099-01-01"}

    done = await move(api, screening, "complete", NORWAY, recommendations=[point])

    assert ("completed", ["reopen_screening"]) == (done["status"], done["moves"])
    found = await api.get(f"/v1/deliveries/{delivery_id}/action-points", headers=headers(KENYA))
    assert [("human_rights_screening", point["text"])] == [
        (one["source"], one["text"]) for one in found.json()["action_points"]
    ]
    assert "open" == (await move(api, screening, "reopen", COORDINATOR))["status"]


async def test_it_is_begun_once_and_not_for_a_terminated_delivery(api: Client, matching: Matching) -> None:
    delivery_id = await matching.confirms()
    await begun(api, delivery_id)
    assert (409, "screening-exists") == slug(await beginning(api, delivery_id))
    assert (403, "not-for-your-role") == slug(await beginning(api, delivery_id, KENYA, screening="inequality"))
    await move_delivery(api, delivery_id, "terminate", KENYA, reason="other")

    ended = await beginning(api, delivery_id, screening="inequality", answers=[])
    assert (409, "delivery-status") == slug(ended)


async def test_it_is_read_by_who_sees_the_delivery(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await matching.confirms(kind="legislative_drafting")
    await begun(api, delivery_id)

    async def rows(table: str, who: str) -> int:
        async with db.transaction(by=a_caller(who)) as tx:
            return int(await tx.fetchval(f"SELECT count(*) FROM {table}"))

    for who in (KENYA, KENYAS_OFFICIAL, NORWAY, COORDINATOR, AUDITOR, OTHER_SERVICE, *OTHERS):
        answer = await api.get(f"/v1/deliveries/{delivery_id}/screenings", headers=headers(who))
        seen = who not in OTHERS
        assert (200 if seen else 404) == answer.status_code
        assert int(seen) == await rows("screening", who) == await rows("screening_text", who)
        if seen:
            assert ["human_rights"] == answer.json()["needed"]


async def test_it_is_rebuilt_from_the_journal(api: Client, matching: Matching, database_url: str) -> None:
    delivery_id = await matching.confirms()
    await move(api, await begun(api, delivery_id), "complete", NORWAY)
    await begun(api, delivery_id, screening="inequality", answers=[])
    migrator = await Database.connect(database_url, "delivery", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("UPDATE screening SET answers = '[]'")
            assert not await tx.fetchval("SELECT count(*) FROM journal WHERE event::text ~ 'On fair_trial'")
        assert 1 == len(await verify(migrator, SERVICE))
    finally:
        await migrator.close()
