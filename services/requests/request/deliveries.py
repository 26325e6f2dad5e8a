"""The outcomes with which a request can be closed, given the evaluations of its deliveries."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from uuid import UUID

from contracts.refusals import Conflict


class Outcome(StrEnum):
    MET = "met"
    PARTIALLY_MET = "partially_met"
    UNMET = "unmet"


_BEST_FIRST = (Outcome.MET, Outcome.PARTIALLY_MET, Outcome.UNMET)
_SIDES = frozenset({"state", "provider"})

Results = Mapping[str, Outcome]
"""Maps each side (`state`, `provider`) to its latest evaluation of a delivery."""


def both_sides_evaluated(completed: Collection[UUID], results: Mapping[UUID, Results], *, otherwise: bool) -> bool:
    """Check whether both sides have evaluated each completed delivery.

    `otherwise` states that the coordinator heard both sides in another way, because no delivery was completed. Raises
    Conflict if that is stated although an evaluation is missing.
    """
    silent = sorted({side for one in completed for side in _SIDES - results.get(one, {}).keys()})
    if otherwise and silent:
        raise Conflict("side-not-heard", sides=silent)
    return otherwise or (bool(completed) and not silent)


def check_outcome(outcome: Outcome, line_of: Mapping[UUID, UUID], results: Mapping[UUID, Results]) -> None:
    """Raise Conflict if the State's evaluations contradict the outcome; `line_of` maps completed deliveries to lines.

    The best delivery of a line counts. Deliveries that the State has not evaluated contradict nothing.
    """
    best: dict[UUID, Outcome] = {}
    for match_id, line_id in line_of.items():
        result = results.get(match_id, {}).get("state")
        if result is not None:
            best[line_id] = min(best.get(line_id, result), result, key=_BEST_FIRST.index)
    evaluated = set(best.values())
    denied = {
        Outcome.MET: evaluated - {Outcome.MET},
        Outcome.PARTIALLY_MET: evaluated == {Outcome.UNMET} and best.keys() == set(line_of.values()),
        Outcome.UNMET: evaluated - {Outcome.UNMET},
    }
    if denied[outcome]:
        raise Conflict("outcome-not-as-evaluated", outcome=outcome, evaluated=sorted(evaluated))
