"""Tests of strategies: every cell of the table of statuses and moves, and their limits."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from msgspec.structs import replace

from contracts.action_points import ActionOwner, ActionSource
from contracts.facts import Fact
from contracts.refusals import Conflict, Invalid
from contracts.values import Language, Role
from services.delivery import policy
from services.delivery.action_points.evolve import evolve as evolve_point
from services.delivery.action_points.model import OF_STRATEGY, Terms, add, of_strategy
from services.delivery.policy import STRATEGY_MOVERS, Action
from services.delivery.strategies.evolve import evolve
from services.delivery.strategies.model import MOVES, STRATEGIES_MAX, Strategy, StrategyStatus, draw_up
from tests.builders import NOON, a_caller
from tests.delivery.strategies.steps import OUTLINE, a_strategy

S = StrategyStatus
DECIDE: dict[str, Callable[[Strategy], Fact]] = {
    "revise_strategy": lambda one: one.revise(OUTLINE, "hash", now=NOON),
    "conclude_strategy": lambda one: one.conclude(unsettled=0, now=NOON),
    "reopen_strategy": lambda one: one.reopen(now=NOON),
}
TABLE: dict[str, dict[StrategyStatus, StrategyStatus]] = {
    "revise_strategy": {S.ACTIVE: S.ACTIVE},
    "conclude_strategy": {S.ACTIVE: S.CONCLUDED},
    "reopen_strategy": {S.CONCLUDED: S.ACTIVE},
}
BESIDE = {"draw_up_strategy", "add_action_point"}


def test_every_move_has_its_row() -> None:
    assert TABLE.keys() == DECIDE.keys() == MOVES.keys() == {str(one) for one in STRATEGY_MOVERS} - BESIDE


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("move", TABLE)
def test_each_cell_of_the_table(move: str, status: StrategyStatus) -> None:
    before = replace(a_strategy(), status=status)

    if status not in TABLE[move]:
        with pytest.raises(Conflict, match="strategy-status"):
            DECIDE[move](before)
        return
    after = evolve(before, DECIDE[move](before))

    assert (TABLE[move][status], before.revision + 1) == (after.status, after.revision)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("move", sorted(STRATEGY_MOVERS))
def test_each_move_is_for_the_state_and_coordinators(move: Action, role: Role) -> None:
    caller = a_caller(f"{'NOR' if role is Role.PROVIDER_OFFICER else 'KEN'}:{role}")
    record = None if move is Action.DRAW_UP_STRATEGY else a_strategy()

    assert (role in {Role.FOCAL_POINT, Role.COORDINATOR}) == policy.decide(caller, move, record).allowed


def test_strategy_with_unsettled_action_points_is_not_concluded() -> None:
    with pytest.raises(Conflict, match="strategy-unsettled"):
        a_strategy().conclude(unsettled=1, now=NOON)


def test_request_has_a_limited_number_of_strategies() -> None:
    with pytest.raises(Conflict, match="too-many-strategies"):
        draw_up(uuid4(), uuid4(), "KEN", OUTLINE, "hash", others=STRATEGIES_MAX, now=NOON)


@pytest.mark.parametrize("owner", ActionOwner)
@pytest.mark.parametrize("source", ActionSource)
def test_action_point_of_a_strategy_is_its_milestone_or_evaluation_and_not_a_providers(
    source: ActionSource, owner: ActionOwner
) -> None:
    terms = Terms(owner=owner, due_on=NOON.date(), language=Language.EN)
    subject = of_strategy(a_strategy())
    if source not in OF_STRATEGY or owner is ActionOwner.PROVIDER:
        with pytest.raises(Invalid, match="strategy-"):
            add(uuid4(), subject, source, terms, "hash", others=0, now=NOON)
        return

    point = evolve_point(None, add(uuid4(), subject, source, terms, "hash", others=0, now=NOON))

    assert (subject.strategy_id, None, None) == (point.strategy_id, point.delivery_id, point.provider)
    with pytest.raises(Invalid, match="strategy-owner"):
        point.revise(replace(terms, owner=ActionOwner.PROVIDER), "hash", now=NOON)
