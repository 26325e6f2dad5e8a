"""How far the deliveries of a request meet its lines, and which outcomes it can be closed with."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from uuid import UUID

from contracts.refusals import Conflict


class Fulfilment(StrEnum):
    NONE = "none"
    PARTIAL = "partial"
    COMPLETE = "complete"


class Outcome(StrEnum):
    MET = "met"
    PARTIALLY_MET = "partially_met"
    UNMET = "unmet"


_BEST_FIRST = (Outcome.MET, Outcome.PARTIALLY_MET, Outcome.UNMET)
_SIDES = frozenset({"state", "provider"})

Results = Mapping[str, Outcome]
"""Side (`state`, `provider`) → its latest evaluation of a delivery."""


def both_have_spoken(completed: Iterable[UUID], results: Mapping[UUID, Results]) -> bool:
    """Whether there is a completed delivery, and both sides have evaluated each of them."""
    deliveries = list(completed)
    return bool(deliveries) and all(results.get(one, {}).keys() >= _SIDES for one in deliveries)


def check_outcome(outcome: Outcome, line_of: Mapping[UUID, UUID], results: Mapping[UUID, Results]) -> None:
    """Raises Conflict if the State's evaluations contradict the outcome; `line_of` maps completed deliveries to lines.

    The best delivery of a line counts. Deliveries that the State has not evaluated contradict nothing.
    """
    said: dict[UUID, Outcome] = {}
    for match_id, line_id in line_of.items():
        result = results.get(match_id, {}).get("state")
        if result is not None:
            said[line_id] = min(said.get(line_id, result), result, key=_BEST_FIRST.index)
    evaluated = set(said.values())
    denied = {
        Outcome.MET: evaluated - {Outcome.MET},
        Outcome.PARTIALLY_MET: evaluated == {Outcome.UNMET} and said.keys() == set(line_of.values()),
        Outcome.UNMET: evaluated - {Outcome.UNMET},
    }
    if denied[outcome]:
        raise Conflict("outcome-not-as-evaluated", outcome=outcome, evaluated=sorted(evaluated))


def fulfilment_of(statuses: Sequence[str]) -> Fulfilment:
    """How far a line is met, given the statuses of all matches ever confirmed for it."""
    living = [status for status in statuses if status != "revoked"]
    if not living:
        return Fulfilment.NONE
    return Fulfilment.COMPLETE if all(status == "completed" for status in living) else Fulfilment.PARTIAL
