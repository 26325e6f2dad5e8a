"""Clocks that run for a request and its matches, and when they remind and become overdue."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from contracts.clocks import ClockOverdue, ClockReminded
from contracts.facts import Fact
from contracts.matching import MatchAccepted, MatchConfirmed, MatchDeclinedByState, MatchPresented
from contracts.values import Period
from services.requests.clock import matches
from services.requests.clock.model import Clock, evolve, follow
from services.requests.request.evolve import evolve as evolve_request
from services.requests.request.model import Request
from services.requests.request.values import Status
from tests.builders import NOON
from tests.requests.builders import a_request

NO_HOLIDAYS: frozenset[date] = frozenset()


def applied(running: Sequence[Clock], facts: Sequence[tuple[Clock | None, Fact]]) -> list[Clock]:
    """Return the clocks after these facts that have not stopped."""
    changed = [evolve(before, fact) for before, fact in facts]
    ids = {one.clock_id for one in changed}
    return [one for one in (*(one for one in running if one.clock_id not in ids), *changed) if not one.stopped_at]


def followed(request: Request, running: Sequence[Clock] = (), *, now: datetime = NOON) -> list[Clock]:
    return applied(running, follow(request, running, NO_HOLIDAYS, uuid4, now=now))


def steps(clocks: Sequence[Clock], *, paused: bool = False) -> set[str]:
    return {one.step for one in clocks if (one.paused_at is not None) == paused}


@pytest.mark.parametrize(
    ("status", "running"),
    [
        (Status.DRAFT, set()),
        (Status.SUBMITTED, {"acknowledge", "triage"}),
        (Status.REGISTERED, {"triage", "follow_up"}),
        (Status.OPEN, {"propose", "follow_up"}),
        (Status.IN_DELIVERY, {"follow_up"}),
        (Status.DELIVERED, {"close", "follow_up"}),
        (Status.RETURNED, {"state_answer"}),
        (Status.CLOSED, set()),
        (Status.NOT_ACCEPTED, set()),
        (Status.LAPSED, set()),
        (Status.WITHDRAWN, set()),
    ],
)
def test_clocks_that_run_follow_from_the_status(status: Status, running: set[str]) -> None:
    assert steps(followed(a_request(status))) == running


def test_triage_is_paused_while_the_state_owes_an_answer() -> None:
    request = a_request(Status.SUBMITTED)
    clocks = followed(request)
    returned = evolve_request(request, request.give_back("incomplete", now=NOON))
    clocks = followed(returned, clocks)
    assert (steps(clocks), steps(clocks, paused=True)) == ({"state_answer"}, {"triage"})

    week = NOON + timedelta(days=7)
    again = evolve_request(returned, returned.submit("TA-2026-00002", now=week))
    resumed = followed(again, clocks, now=week)

    triage = next(one for one in resumed if one.step == "triage")
    before = next(one for one in clocks if one.step == "triage")
    assert steps(resumed) == {"acknowledge", "triage"}
    assert triage.due_at - before.due_at == timedelta(days=7), "five working days and a weekend later"


def test_due_at_counts_working_days() -> None:
    clocks = {one.step: one for one in followed(a_request(Status.SUBMITTED))}
    assert NOON.strftime("%A") == "Wednesday"
    assert clocks["acknowledge"].due_at == datetime(2026, 11, 28, tzinfo=UTC)
    assert clocks["triage"].due_at == datetime(2026, 12, 10, tzinfo=UTC)
    assert clocks["triage"].remind_at == datetime(2026, 12, 3, tzinfo=UTC)


def test_clock_reminds_once_and_runs_over_once() -> None:
    clock = next(one for one in followed(a_request(Status.SUBMITTED)) if one.step == "triage")
    someone = uuid4()
    assert clock.expire(someone, now=NOON) is None
    assert clock.remind_at

    reminder = clock.expire(someone, now=clock.remind_at)
    assert isinstance(reminder, ClockReminded)
    assert reminder.assignee == someone
    clock = evolve(clock, reminder)
    assert clock.expire(someone, now=clock.due_at - timedelta(seconds=1)) is None
    over = clock.expire(someone, now=clock.due_at)
    assert isinstance(over, ClockOverdue)
    assert over.assignee == someone
    assert evolve(clock, over).next_at is None


def test_a_clock_that_is_seen_late_runs_over_without_a_reminder() -> None:
    clock = next(one for one in followed(a_request(Status.SUBMITTED)) if one.step == "triage")
    assert isinstance(clock.expire(None, now=clock.due_at), ClockOverdue)


def an_open_request() -> tuple[Request, list[Clock], dict[str, object]]:
    request = a_request(Status.OPEN)
    match = {
        "match_id": uuid4(), "request_id": request.request_id, "line_id": request.lines[0].line_id,
        "offering_id": uuid4(), "state": "KEN", "provider": "NOR",
    }  # fmt: skip
    return request, followed(request), match


def moved(request: Request, running: list[Clock], fact: matches.MatchFact) -> list[Clock]:
    of_match = [one for one in running if one.match_id == fact.match_id]
    running = applied(running, matches.follow(request, of_match, fact, NO_HOLIDAYS, uuid4, now=NOON))
    return followed(request, running)


def test_presented_match_waits_for_both_sides_and_ends_the_search() -> None:
    request, clocks, match = an_open_request()
    clocks = moved(request, clocks, MatchPresented(**match, presented_at=NOON, departs=False, departure=None))
    assert steps(clocks) == {"state_decision", "provider_answer", "follow_up"}
    assert {one.organization for one in clocks} == {"KEN", "NOR", "UNODC"}

    clocks = moved(request, clocks, MatchAccepted(**match, accepted_at=NOON))
    assert steps(clocks) == {"provider_answer", "follow_up"}

    declined = moved(request, clocks, MatchDeclinedByState(**match, reason="other", declined_at=NOON))
    assert steps(declined) == {"propose", "follow_up"}

    spring = Period(starts=NOON.date(), ends=NOON.date() + timedelta(days=10))
    confirmed = moved(request, clocks, MatchConfirmed(**match, capacity_period=spring, confirmed_at=NOON))
    delivery = next(one for one in confirmed if one.step == "delivery")
    assert delivery.due_at.date() == spring.ends + timedelta(days=1)


def test_match_clocks_are_paused_on_hold_but_not_the_delivery() -> None:
    request, clocks, match = an_open_request()
    clocks = moved(request, clocks, MatchPresented(**match, presented_at=NOON, departs=False, departure=None))
    held = evolve_request(request, request.hold("other", now=NOON))
    clocks = followed(held, clocks)
    assert steps(clocks, paused=True) == {"state_decision", "provider_answer"}
    assert steps(clocks) == {"state_answer", "follow_up"}
    withdrawn = evolve_request(held, held.withdraw(now=NOON))
    assert followed(withdrawn, clocks) == []
