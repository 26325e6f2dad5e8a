"""The clocks of a match: the State's decision, the provider's answer, and the delivery."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from contracts.facts import Fact
from contracts.matching import (
    MatchAccepted,
    MatchCompleted,
    MatchConfirmed,
    MatchDeclinedByProvider,
    MatchDeclinedByState,
    MatchExpired,
    MatchNotPursued,
    MatchPresented,
    MatchProviderConfirmed,
    MatchRevoked,
)
from contracts.values import Role
from services.requests.clock.model import Clock, Step, Wanted, start
from services.requests.request.model import Request

MatchFact = (
    MatchPresented
    | MatchAccepted
    | MatchProviderConfirmed
    | MatchConfirmed
    | MatchCompleted
    | MatchDeclinedByState
    | MatchDeclinedByProvider
    | MatchNotPursued
    | MatchExpired
    | MatchRevoked
)
FACTS: tuple[type[MatchFact], ...] = MatchFact.__args__
_ANSWERED: Mapping[type[Fact], Step] = {
    MatchAccepted: Step.STATE_DECISION,
    MatchProviderConfirmed: Step.PROVIDER_ANSWER,
}


def follow(
    request: Request,
    running: Sequence[Clock],
    fact: MatchFact,
    holidays: Collection[date],
    ids: Callable[[], UUID],
    *,
    now: datetime,
) -> list[tuple[Clock | None, Fact]]:
    """Return the facts that start and stop clocks of a match; `running` are its clocks."""
    answered = _ANSWERED.get(type(fact))
    found: list[tuple[Clock | None, Fact]] = [
        (clock, clock.stop(now=now)) for clock in running if answered is None or clock.step is answered
    ]
    for one in _begun(request, fact, now):
        found.append((None, start(ids(), request.request_id, request.state, one, holidays, now=now)))
    return found


def _begun(request: Request, fact: MatchFact, now: datetime) -> Iterator[Wanted]:
    line = request.line(fact.line_id)
    if line is None:
        return
    match fact:
        case MatchPresented():
            yield _of(fact, Step.STATE_DECISION, request.state, Role.FOCAL_POINT, now)
            yield _of(fact, Step.PROVIDER_ANSWER, fact.provider, Role.PROVIDER_OFFICER, now)
        case MatchConfirmed():
            due_on = min(line.window.ends, fact.capacity_period.ends)
            yield _of(fact, Step.DELIVERY, fact.provider, Role.PROVIDER_OFFICER, now, due_on=due_on)


def _of(
    fact: MatchFact, step: Step, organization: str, role: Role, now: datetime, due_on: date | None = None
) -> Wanted:
    return Wanted(
        step=step,
        organization=organization,
        role=role,
        since=now,
        due_on=due_on,
        match_id=fact.match_id,
        line_id=fact.line_id,
    )
