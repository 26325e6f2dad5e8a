"""Fold facts into a follow-up. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import asdict, replace

from contracts.facts import Fact
from contracts.follow_ups import FollowUpAnswered, FollowUpAsked, FollowUpLapsed, FollowUpReminded, FollowUpScheduled
from contracts.values import Side
from services.delivery.follow_ups.model import FollowUp, FollowUpStatus


def evolve(follow_up: FollowUp | None, fact: Fact) -> FollowUp:
    """Return the follow-up after a fact."""
    if isinstance(fact, FollowUpScheduled):
        values = asdict(fact) | {"side": Side(fact.side)}
        return FollowUp(**values, status=FollowUpStatus.SCHEDULED, revision=1)
    assert follow_up is not None, "a follow-up begins when it is scheduled"
    return replace(follow_up, revision=follow_up.revision + 1, **_changes(fact))


def _changes(fact: Fact) -> dict[str, Any]:
    match fact:
        case FollowUpAsked():
            return {"status": FollowUpStatus.ASKED, "asked_at": fact.asked_at}
        case FollowUpReminded():
            return {"reminded_at": fact.reminded_at}
        case FollowUpAnswered():
            return {
                "status": FollowUpStatus.ANSWERED,
                "answered_at": fact.answered_at,
                "result": fact.result,
                "language": fact.language,
            }
        case FollowUpLapsed():
            return {"status": FollowUpStatus.LAPSED, "lapsed_at": fact.lapsed_at}
    raise AssertionError(f"{fact.type} is not a follow-up's fact")
