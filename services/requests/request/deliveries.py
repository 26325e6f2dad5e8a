"""The fulfilment of a request's lines by its deliveries, and the outcomes with which it can be closed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple
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
REVOKED = "revoked"
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


class Delivery(NamedTuple):
    """A match confirmed for a line: its status, and the number of persons it serves, None for the whole group."""

    status: str
    covers: int | None


def residue_of(group_size: int, deliveries: Iterable[Delivery]) -> int:
    """Return the number of persons of a line's group that none of its deliveries covers, except revoked ones."""
    return max(0, group_size - sum(one.covers or group_size for one in deliveries if one.status != REVOKED))


def fulfilment_of(group_size: int, deliveries: Sequence[Delivery]) -> Fulfilment:
    """Return how far a line is met, given all deliveries ever confirmed for it."""
    statuses = {one.status for one in deliveries} - {REVOKED}
    if not statuses:
        return Fulfilment.NONE
    whole = statuses == {"completed"} and residue_of(group_size, deliveries) == 0
    return Fulfilment.COMPLETE if whole else Fulfilment.PARTIAL
