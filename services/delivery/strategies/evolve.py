"""Fold facts into a strategy. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import asdict, replace

from contracts.facts import Fact
from contracts.strategies import StrategyConcluded, StrategyDrawnUp, StrategyReopened, StrategyRevised
from services.delivery.strategies.model import Strategy, StrategyStatus


def evolve(strategy: Strategy | None, fact: Fact) -> Strategy:
    """Return the strategy after a fact."""
    if isinstance(fact, StrategyDrawnUp):
        values = asdict(fact)
        del values["texts_hash"]
        return Strategy(**values, status=StrategyStatus.ACTIVE, revision=1)
    assert strategy is not None, "a strategy begins when it is drawn up"
    return replace(strategy, revision=strategy.revision + 1, **_changes(fact))


def _changes(fact: Fact) -> dict[str, Any]:
    match fact:
        case StrategyRevised():
            return {"stakeholders": fact.stakeholders, "language": fact.language}
        case StrategyConcluded():
            return {"status": StrategyStatus.CONCLUDED, "concluded_at": fact.concluded_at}
        case StrategyReopened():
            return {"status": StrategyStatus.ACTIVE, "concluded_at": None}
    raise AssertionError(f"{fact.type} is not a strategy's fact")
