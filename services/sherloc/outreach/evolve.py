"""Fold facts into an outreach activity. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import replace

from contracts.facts import Fact
from contracts.outreach import (
    OutreachActivityCancelled,
    OutreachActivityHeld,
    OutreachActivityPlanned,
    OutreachActivityRevised,
)
from services.sherloc.outreach.model import OutreachActivity, OutreachStatus

_TERMS = ("audience", "outreach_kind", "language", "languages", "starts", "ends", "reach_target")


def evolve(known: OutreachActivity | None, fact: Fact) -> OutreachActivity:
    """Return the activity after a fact."""
    if isinstance(fact, OutreachActivityPlanned):
        return OutreachActivity(
            outreach_activity_id=fact.outreach_activity_id,
            status=OutreachStatus.PLANNED,
            revision=1,
            **_terms(fact),
            planned_at=fact.planned_at,
            changed_at=fact.planned_at,
        )
    assert known is not None, "the first fact of an activity is OutreachActivityPlanned"
    return replace(known, revision=known.revision + 1, **_changes(fact))


def _changes(fact: Fact) -> dict[str, Any]:
    match fact:
        case OutreachActivityRevised():
            return {**_terms(fact), "changed_at": fact.revised_at}
        case OutreachActivityHeld():
            return {"status": OutreachStatus.HELD, "reach": fact.reach, "changed_at": fact.held_at}
        case OutreachActivityCancelled():
            return {"status": OutreachStatus.CANCELLED, "reason": fact.reason, "changed_at": fact.cancelled_at}
    raise AssertionError(f"{fact.type} is not an outreach activity's fact")


def _terms(fact: OutreachActivityPlanned | OutreachActivityRevised) -> dict[str, Any]:
    amount = {"budget_minor": fact.budget.minor, "currency": fact.budget.currency}
    return {**{name: getattr(fact, name) for name in _TERMS}, **amount}
