"""Tests of every cell of the table of statuses and moves of a follow-up, of its due days, and of its closing."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from contracts.answer_links import AnswerLink, Purpose, read_token, token_of
from contracts.facts import Fact
from contracts.follow_ups import Use
from contracts.refusals import Conflict
from contracts.values import Caller, Language, Role, Side
from services.delivery import policy
from services.delivery.follow_ups.evolve import evolve
from services.delivery.follow_ups.model import LAPSE_DAYS, MOVES, REMIND_DAYS, FollowUp, FollowUpStatus, schedule
from services.delivery.policy import FOLLOW_UP_MOVERS, Action
from tests.delivery.follow_ups.steps import DUE, KEY, a_delivery_in_progress, a_follow_up, completion

F = FollowUpStatus
NOW = DUE[6]
DECIDE: dict[str, Callable[[FollowUp], Fact]] = {
    "ask": lambda f: f.ask(now=NOW),
    "remind": lambda f: f.remind(now=NOW),
    "lapse": lambda f: f.lapse(now=NOW),
    "answer": lambda f: f.answer(Use.PARTLY, Language.FR, "hash", now=NOW),
}
TABLE: dict[str, dict[FollowUpStatus, FollowUpStatus]] = {
    "ask": {F.SCHEDULED: F.ASKED},
    "remind": {F.ASKED: F.ASKED},
    "lapse": {F.ASKED: F.LAPSED},
    "answer": {F.ASKED: F.ANSWERED, F.ANSWERED: F.ANSWERED},
}


def test_every_move_has_its_row() -> None:
    assert TABLE.keys() == DECIDE.keys() == MOVES.keys() >= {str(one) for one in FOLLOW_UP_MOVERS}


@pytest.mark.parametrize("status", FollowUpStatus)
@pytest.mark.parametrize("move", TABLE)
def test_each_cell_of_the_table(move: str, status: FollowUpStatus) -> None:
    before = replace(a_follow_up(), status=status, asked_at=NOW)

    if status not in TABLE[move]:
        with pytest.raises(Conflict) as no:
            DECIDE[move](before)
        assert ("follow-up-status", status, move) == (
            no.value.slug,
            no.value.details["status"],
            no.value.details["move"],
        )
        return
    after = evolve(before, DECIDE[move](before))

    assert (TABLE[move][status], before.revision + 1) == (after.status, after.revision)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("side", Side)
def test_each_side_answers_for_itself(side: Side, role: Role) -> None:
    organization = "NOR" if role is Role.PROVIDER_OFFICER else "KEN"
    caller = Caller(person_id=uuid4(), organization=organization, role=role)
    asked = {Side.STATE: Role.FOCAL_POINT, Side.PROVIDER: Role.PROVIDER_OFFICER}[side]

    assert (role is asked) == policy.decide(caller, Action.ANSWER, a_follow_up(side)).allowed


def test_clock_asks_reminds_and_lets_it_lapse() -> None:
    one, made, now = a_follow_up(), [], a_follow_up().scheduled_at
    while one.next_at is not None:
        assert one.expire(now=one.next_at - timedelta(seconds=1)) is None
        now = one.next_at
        fact = one.expire(now=now)
        assert fact is not None
        one = evolve(one, fact)
        made.append((fact.type.split(".")[2], now - DUE[6]))

    assert [
        ("asked", timedelta()),
        ("reminded", timedelta(days=REMIND_DAYS)),
        ("lapsed", timedelta(days=LAPSE_DAYS)),
    ] == made


def test_answer_can_be_revised_until_the_next_one_is_due() -> None:
    for month, closes_at in ((6, DUE[12]), (12, DUE[12] + timedelta(days=LAPSE_DAYS))):
        one = evolve(a_follow_up(month=month), a_follow_up(month=month).ask(now=DUE[month]))
        one = evolve(one, one.answer(Use.TOO_EARLY, None, None, now=DUE[month]))
        one = evolve(one, one.answer(Use.IN_USE, None, None, now=closes_at - timedelta(seconds=1)))
        assert (Use.IN_USE, closes_at) == (one.result, one.closes_at)
        with pytest.raises(Conflict, match="follow-up-closed"):
            one.answer(Use.PARTLY, None, None, now=closes_at)


def test_it_is_due_on_the_last_day_of_a_shorter_month() -> None:
    now = datetime(2027, 8, 31, 9, tzinfo=UTC)
    delivery = a_delivery_in_progress()

    due = {one.due_at.date() for one in schedule(completion(delivery, now))}

    assert {date(2028, 2, 29), date(2028, 8, 31)} == due


def test_token_of_another_key_or_with_another_letter_is_none() -> None:
    link = AnswerLink(purpose=Purpose.FOLLOW_UP, about=uuid4(), person_id=uuid4())
    token = token_of(KEY, link)

    assert link == read_token(KEY, Purpose.FOLLOW_UP, token)
    for forged in ("", "é", token[:-4], token[:10] + ("A" if token[10] != "A" else "B") + token[11:], token + "AAAA"):
        assert read_token(KEY, Purpose.FOLLOW_UP, forged) is None
    assert read_token(b"another key", Purpose.FOLLOW_UP, token) is None
    assert read_token(KEY, Purpose.LEGISLATION_CHECK, token) is None, "the token has another purpose"
