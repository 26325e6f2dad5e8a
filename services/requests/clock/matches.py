"""The clocks of a match: the State's decision, the provider's answer, the delivery, and the answer to it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from contracts.deliveries import (
    DeliveryCompletionObjected,
    DeliveryCompletionProposed,
    DeliveryCompletionWithdrawn,
)
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
from contracts.values import Role, Side
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
    | DeliveryCompletionProposed
    | DeliveryCompletionObjected
    | DeliveryCompletionWithdrawn
)
FACTS: tuple[type[MatchFact], ...] = MatchFact.__args__
_ANSWERED: Mapping[type[Fact], Step] = {
    MatchAccepted: Step.STATE_DECISION,
    MatchProviderConfirmed: Step.PROVIDER_ANSWER,
}

_ENDED = frozenset({"completed", "revoked"})


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
        # Facts of two services arrive in any order: the match may be known to have ended.
        case _ if request.matches.get(fact.match_id, (None, ""))[1] in _ENDED:
            return
        case DeliveryCompletionProposed(side=Side.STATE):
            yield _of(fact, Step.CONFIRM_COMPLETION, fact.provider, Role.PROVIDER_OFFICER, now, due_on=fact.confirm_by)
        case DeliveryCompletionProposed():
            yield _of(fact, Step.CONFIRM_COMPLETION, request.state, Role.FOCAL_POINT, now, due_on=fact.confirm_by)
        case DeliveryCompletionObjected() | DeliveryCompletionWithdrawn():
            yield _of(fact, Step.DELIVERY, fact.provider, Role.PROVIDER_OFFICER, now, due_on=fact.ends_on)


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
