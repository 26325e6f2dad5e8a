"""Clocks: one side has to act, since when and until when. The request and its matches determine which clocks run.

`wanted` yields the clocks that have to run for a request; `follow` returns the facts that start, pause, resume and stop
the running ones accordingly.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.clocks import ClockOverdue, ClockPaused, ClockReminded, ClockResumed, ClockStarted, ClockStopped
from contracts.facts import Fact
from contracts.values import Role
from services.requests.clock.calendar import end_after, end_of, working_days_between
from services.requests.request.model import FOLLOW_UP_DAYS, Request
from services.requests.request.values import Status

UNODC = "UNODC"


class Step(StrEnum):
    """Steps that a clock waits for."""

    CONFIRM_FILING = "confirm_filing"
    ACKNOWLEDGE = "acknowledge"
    TRIAGE = "triage"
    PROPOSE = "propose"
    STATE_ANSWER = "state_answer"
    STATE_DECISION = "state_decision"
    PROVIDER_ANSWER = "provider_answer"
    DELIVERY = "delivery"
    CONFIRM_COMPLETION = "confirm_completion"
    CLOSE = "close"
    FOLLOW_UP = "follow_up"


WORKING_DAYS: Mapping[Step, int] = {
    Step.CONFIRM_FILING: 20,
    Step.ACKNOWLEDGE: 2,
    Step.TRIAGE: 10,
    Step.PROPOSE: 20,
    Step.STATE_ANSWER: 20,
    Step.STATE_DECISION: 20,
    Step.PROVIDER_ANSWER: 20,
    Step.CLOSE: 20,
}
"""Time limits in working days; a delivery, its completion and the follow-up are due on a date instead."""

REMIND_BEFORE_DAYS = 14
"""Days by which a clock that is due on a date reminds before it; other clocks remind after half of their days."""

OF_MATCH = frozenset({Step.STATE_DECISION, Step.PROVIDER_ANSWER, Step.DELIVERY, Step.CONFIRM_COMPLETION})
NOT_PAUSED = frozenset({Step.DELIVERY, Step.CONFIRM_COMPLETION})
"""Steps that go on while the request is on hold."""
_SILENCE_DAYS = 1
"""Days after which a completion without an answer is overdue. Where silence counts, it has been completed by then."""
_BY_COORDINATOR = (UNODC, Role.COORDINATOR)
_BEFORE_TRIAGE = frozenset({Status.SUBMITTED, Status.REGISTERED})
_ACTIVE = frozenset({Status.REGISTERED, Status.OPEN, Status.IN_DELIVERY, Status.DELIVERED, Status.ON_HOLD})
_UNDER_WAY = frozenset({"confirmed", "in_delivery", "completed"})


class Clock(Struct, frozen=True, kw_only=True):
    """A clock that runs, is paused or has stopped."""

    clock_id: UUID
    step: Step
    request_id: UUID
    match_id: UUID | None
    line_id: UUID | None
    state: str
    organization: str
    role: Role
    since: datetime
    due_at: datetime
    remind_at: datetime | None
    revision: int
    paused_at: datetime | None = None
    reminded_at: datetime | None = None
    overdue_at: datetime | None = None
    stopped_at: datetime | None = None

    @property
    def key(self) -> tuple[Step, UUID | None]:
        """Step and match; at most one clock of a request runs for each pair."""
        return self.step, self.match_id

    @property
    def next_at(self) -> datetime | None:
        """Time of the next reminder or of the end; None if the clock is paused, stopped or overdue."""
        if self.paused_at or self.stopped_at or self.overdue_at:
            return None
        if self.remind_at is not None and not self.reminded_at:
            return self.remind_at
        late = self.step is Step.CONFIRM_COMPLETION
        return self.due_at + timedelta(days=_SILENCE_DAYS) if late else self.due_at

    def pause(self, *, now: datetime) -> ClockPaused:
        return ClockPaused(clock_id=self.clock_id, request_id=self.request_id, state=self.state, paused_at=now)

    def resume(self, holidays: Collection[date], *, now: datetime) -> ClockResumed:
        """Continue the clock, moving its times by the working days of the pause."""
        assert self.paused_at is not None, "only a paused clock resumes"
        days = working_days_between(self.paused_at.date(), now.date(), holidays)
        return ClockResumed(
            clock_id=self.clock_id,
            request_id=self.request_id,
            state=self.state,
            due_at=_later(self.due_at, days, holidays),
            remind_at=None if self.remind_at is None else _later(self.remind_at, days, holidays),
            resumed_at=now,
        )

    def stop(self, *, now: datetime) -> ClockStopped:
        return ClockStopped(clock_id=self.clock_id, request_id=self.request_id, state=self.state, stopped_at=now)

    def expire(self, assignee: UUID | None, *, now: datetime) -> ClockReminded | ClockOverdue | None:
        """Return the fact that is due, a reminder or the end of the time; None if neither is due."""
        if self.next_at is None or self.next_at > now:
            return None
        values: dict[str, Any] = {
            "clock_id": self.clock_id,
            "step": self.step,
            "request_id": self.request_id,
            "state": self.state,
            "organization": self.organization,
            "role": self.role,
            "due_at": self.due_at,
            "match_id": self.match_id,
            "assignee": assignee if self.organization == UNODC else None,
        }
        if self.due_at <= now:
            return ClockOverdue(**values, overdue_at=now)
        return ClockReminded(**values, reminded_at=now)


def evolve(clock: Clock | None, fact: Fact) -> Clock:
    """Apply a fact; the revision increases by one."""
    if isinstance(fact, ClockStarted):
        return Clock(
            clock_id=fact.clock_id,
            step=Step(fact.step),
            request_id=fact.request_id,
            match_id=fact.match_id,
            line_id=fact.line_id,
            state=fact.state,
            organization=fact.organization,
            role=fact.role,
            since=fact.since,
            due_at=fact.due_at,
            remind_at=fact.remind_at,
            revision=1,
        )
    assert clock is not None, "a clock begins when it starts"
    clock = replace(clock, revision=clock.revision + 1)
    match fact:
        case ClockPaused():
            return replace(clock, paused_at=fact.paused_at)
        case ClockResumed():
            return replace(clock, paused_at=None, due_at=fact.due_at, remind_at=fact.remind_at)
        case ClockReminded():
            return replace(clock, reminded_at=fact.reminded_at)
        case ClockOverdue():
            return replace(clock, overdue_at=fact.overdue_at)
        case ClockStopped():
            return replace(clock, stopped_at=fact.stopped_at)
    raise AssertionError(f"{fact.type} is not a clock's fact")


class Wanted(Struct, frozen=True, kw_only=True):
    """A clock that has to run now, or be paused."""

    step: Step
    organization: str
    role: Role
    since: datetime
    paused: bool = False
    due_on: date | None = None
    """The due date, if the time is not counted in working days."""
    match_id: UUID | None = None
    line_id: UUID | None = None

    @property
    def key(self) -> tuple[Step, UUID | None]:
        return self.step, self.match_id


def wanted(request: Request, running: Sequence[Clock], *, now: datetime) -> Iterator[Wanted]:
    """Yield the clocks that have to run for a request and its matches.

    The clocks of matches in `running` continue while the request is open or in delivery.
    """
    status = request.held_from or request.status
    paused = request.status is Status.ON_HOLD
    if request.status is Status.DRAFT and request.channel is not None:
        yield Wanted(step=Step.CONFIRM_FILING, since=request.drafted_at, **_by_state(request))
    if request.status in {Status.RETURNED, Status.ON_HOLD} and request.waiting_since:
        yield Wanted(step=Step.STATE_ANSWER, since=request.waiting_since, **_by_state(request))
    if request.submitted_at and status is Status.SUBMITTED:
        yield _by_unodc(Step.ACKNOWLEDGE, request.submitted_at, paused=paused)
    if request.submitted_at and status in _BEFORE_TRIAGE | {Status.RETURNED}:
        yield _by_unodc(Step.TRIAGE, request.submitted_at, paused=paused or status is Status.RETURNED)
    of_matches = [clock for clock in running if clock.match_id is not None]
    if status is Status.OPEN and lines_without_proposal(request, of_matches):
        yield _by_unodc(Step.PROPOSE, now, paused=paused)
    if status is Status.DELIVERED:
        yield _by_unodc(Step.CLOSE, now, paused=paused)
    if request.registered_at and request.status in _ACTIVE:
        due_on = request.registered_at.date() + timedelta(days=FOLLOW_UP_DAYS)
        yield replace(_by_unodc(Step.FOLLOW_UP, request.registered_at), due_on=due_on)
    if status in {Status.OPEN, Status.IN_DELIVERY}:
        for clock in of_matches:
            yield Wanted(
                step=clock.step,
                organization=clock.organization,
                role=clock.role,
                since=clock.since,
                paused=paused and clock.step not in NOT_PAUSED,
                match_id=clock.match_id,
                line_id=clock.line_id,
            )


def lines_without_proposal(request: Request, of_matches: Sequence[Clock]) -> set[UUID]:
    """Return the lines for which no match is presented, agreed or delivered."""
    served = {line_id for line_id, status in request.matches.values() if status in _UNDER_WAY}
    return {line.line_id for line in request.lines} - served - {clock.line_id for clock in of_matches if clock.line_id}


def _by_state(request: Request) -> dict[str, Any]:
    return {"organization": request.state, "role": Role.FOCAL_POINT}


def _by_unodc(step: Step, since: datetime, *, paused: bool = False) -> Wanted:
    return Wanted(step=step, organization=UNODC, role=Role.COORDINATOR, since=since, paused=paused)


def start(
    clock_id: UUID, request_id: UUID, state: str, one: Wanted, holidays: Collection[date], *, now: datetime
) -> ClockStarted:
    """Start a clock, with its reminder and its end."""
    if one.due_on is not None:
        due_at = end_of(one.due_on)
        remind_at: datetime | None = due_at - timedelta(days=REMIND_BEFORE_DAYS)
    else:
        days = WORKING_DAYS[one.step]
        due_at = end_after(one.since, days, holidays)
        remind_at = end_after(one.since, days // 2, holidays)
    # A State that owes an answer is reminded of the request itself, before it lapses.
    if one.step is Step.STATE_ANSWER or remind_at is None or remind_at <= now:
        remind_at = None
    return ClockStarted(
        clock_id=clock_id,
        step=one.step,
        request_id=request_id,
        state=state,
        organization=one.organization,
        role=one.role,
        since=one.since,
        due_at=due_at,
        remind_at=remind_at,
        match_id=one.match_id,
        line_id=one.line_id,
    )


def _later(at: datetime, days: int, holidays: Collection[date]) -> datetime:
    """Return the end of the day `days` working days later; `at` is the end of a day."""
    return end_after(at - timedelta(days=1), days, holidays)


def follow(
    request: Request, running: Sequence[Clock], holidays: Collection[date], ids: Callable[[], UUID], *, now: datetime
) -> list[tuple[Clock | None, Fact]]:
    """Return the facts that start, pause, resume and stop clocks until those run that the request wants.

    Each fact comes with the clock before it. A clock that would be paused is not started.
    """
    before = {clock.key: clock for clock in running}
    found: list[tuple[Clock | None, Fact]] = []
    for one in wanted(request, running, now=now):
        clock = before.pop(one.key, None)
        if clock is None:
            if not one.paused:
                found.append((None, start(ids(), request.request_id, request.state, one, holidays, now=now)))
        elif one.paused and clock.paused_at is None:
            found.append((clock, clock.pause(now=now)))
        elif not one.paused and clock.paused_at is not None:
            found.append((clock, clock.resume(holidays, now=now)))
    return [*found, *((clock, clock.stop(now=now)) for clock in before.values())]
