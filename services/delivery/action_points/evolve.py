"""Fold facts into an action point. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import asdict, replace

from contracts.action_points import (
    ActionPointAdded,
    ActionPointDone,
    ActionPointDropped,
    ActionPointReminded,
    ActionPointReopened,
    ActionPointRevised,
    ActionPointVerified,
)
from contracts.facts import Fact
from services.delivery.action_points.model import ActionPoint, ActionStatus


def evolve(point: ActionPoint | None, fact: Fact) -> ActionPoint:
    """Return the action point after a fact."""
    if isinstance(fact, ActionPointAdded):
        values = asdict(fact)
        for name in ("organization", "role", "texts_hash"):
            del values[name]
        return ActionPoint(**values, status=ActionStatus.OPEN, revision=1)
    assert point is not None, "an action point begins when it is added"
    return replace(point, revision=point.revision + 1, **_changes(fact))


def _changes(fact: Fact) -> dict[str, Any]:
    match fact:
        case ActionPointRevised():
            return {"owner": fact.owner, "due_on": fact.due_on, "language": fact.language, "reminded_at": None}
        case ActionPointDone():
            return {"status": ActionStatus.DONE, "done_by": fact.done_by, "done_at": fact.done_at}
        case ActionPointVerified():
            return {
                "status": ActionStatus.VERIFIED,
                "verified_by": fact.verified_by,
                "verified_at": fact.verified_at,
            }
        case ActionPointReopened():
            ended = ("done_by", "done_at", "verified_by", "verified_at", "dropped_at", "reason")
            return {"status": ActionStatus.OPEN, **dict.fromkeys(ended)}
        case ActionPointDropped():
            return {"status": ActionStatus.DROPPED, "dropped_at": fact.dropped_at, "reason": fact.reason}
        case ActionPointReminded():
            return {"reminded_at": fact.reminded_at}
    raise AssertionError(f"{fact.type} is not an action point's fact")
