"""Fold facts into a proposal. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import asdict, replace

from contracts.facts import Fact
from contracts.legislation_proposals import (
    LegislationProposalAccepted,
    LegislationProposalDropped,
    LegislationProposalMade,
)
from services.sherloc.proposals.model import LegislationProposal, LegislationProposalStatus


def evolve(known: LegislationProposal | None, fact: Fact) -> LegislationProposal:
    """Return the proposal after a fact."""
    if isinstance(fact, LegislationProposalMade):
        return LegislationProposal(**asdict(fact), status=LegislationProposalStatus.PROPOSED, revision=1)
    assert known is not None, "the first fact of a proposal is LegislationProposalMade"
    return replace(known, revision=known.revision + 1, **_changes(fact))


def _changes(fact: Fact) -> dict[str, Any]:
    match fact:
        case LegislationProposalAccepted():
            at = {"legislation_id": fact.legislation_id, "accepted_at": fact.accepted_at}
            return {"status": LegislationProposalStatus.ACCEPTED, **at}
        case LegislationProposalDropped():
            return {"status": LegislationProposalStatus.DROPPED, "reason": fact.reason, "dropped_at": fact.dropped_at}
    raise AssertionError(f"{fact.type} is not a fact of a proposal")
