"""How far the deliveries of a request meet its lines, and which outcome it may therefore be closed with."""

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
"""Side (`state`, `provider`) → what it has said of a delivery last."""


def both_have_spoken(completed: Iterable[UUID], results: Mapping[UUID, Results]) -> bool:
    """True where each completed delivery, of one at least, has been evaluated by both sides."""
    deliveries = list(completed)
    return bool(deliveries) and all(results.get(one, {}).keys() >= _SIDES for one in deliveries)


def check_outcome(outcome: Outcome, line_of: Mapping[UUID, UUID], results: Mapping[UUID, Results]) -> None:
    """Raises Conflict for an outcome that the State's evaluations deny; `line_of` are the completed deliveries.

    A line is met as far as the best of its deliveries met it. What the State has not evaluated denies nothing.
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
    """How far a line is met by the matches that were ever confirmed for it."""
    living = [status for status in statuses if status != "revoked"]
    if not living:
        return Fulfilment.NONE
    return Fulfilment.COMPLETE if all(status == "completed" for status in living) else Fulfilment.PARTIAL
