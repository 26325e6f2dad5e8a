"""Fold facts into an expert. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import asdict, replace

from contracts.experts import ExpertConsented, ExpertListed, ExpertRevised, ExpertWithdrawn
from contracts.facts import Fact
from services.delivery.experts.model import Expert, ExpertStatus


def evolve(expert: Expert | None, fact: Fact) -> Expert:
    """Return the expert after a fact."""
    if isinstance(fact, ExpertListed):
        values = asdict(fact)
        del values["texts_hash"]
        return Expert(**values, status=ExpertStatus.LISTED, revision=1)
    assert expert is not None, "an expert begins when it is listed"
    return replace(expert, revision=expert.revision + 1, **_changes(fact))


def _changes(fact: Fact) -> dict[str, Any]:
    match fact:
        case ExpertRevised():
            return {name: getattr(fact, name) for name in ("topics", "kinds", "languages", "periods")}
        case ExpertConsented():
            return {"consented_on": fact.consented_on, "recorded_by": fact.recorded_by}
        case ExpertWithdrawn():
            return {"status": ExpertStatus.WITHDRAWN, "withdrawn_at": fact.withdrawn_at}
    raise AssertionError(f"{fact.type} is not an expert's fact")
