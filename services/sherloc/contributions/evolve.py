"""Fold facts into a contribution. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import replace

from contracts.contributions import (
    ContributionAccepted,
    ContributionDrafted,
    ContributionMarksCleared,
    ContributionPublished,
    ContributionReturned,
    ContributionRevised,
    ContributionSubmitted,
    ContributionSuperseded,
    ContributionWithdrawn,
)
from contracts.facts import Fact
from services.sherloc.contributions.model import Content, Contribution, ContributionStatus

_S = ContributionStatus


def evolve(known: Contribution | None, fact: Fact) -> Contribution:
    """Return the contribution after a fact."""
    if isinstance(fact, ContributionDrafted):
        return Contribution(
            contribution_id=fact.contribution_id,
            state=fact.state,
            kind=fact.kind,
            status=_S.DRAFT,
            revision=1,
            **_content(fact),
            marks=fact.marks,
            marks_cleared=False,
            drafted_at=fact.drafted_at,
            changed_at=fact.drafted_at,
        )
    assert known is not None, "the first fact of a contribution is ContributionDrafted"
    return replace(known, revision=known.revision + 1, **_changes(fact))


def _changes(fact: Fact) -> dict[str, Any]:
    match fact:
        case ContributionRevised():
            return _content(fact) | {"marks": fact.marks, "marks_cleared": False, "changed_at": fact.revised_at}
        case ContributionSubmitted():
            return {"status": _S.SUBMITTED, "changed_at": fact.submitted_at, "reason": None}
        case ContributionMarksCleared():
            return {"marks_cleared": True, "changed_at": fact.cleared_at}
        case ContributionReturned():
            return {"status": _S.RETURNED, "changed_at": fact.returned_at, "reason": fact.reason}
        case ContributionAccepted():
            return {"status": _S.ACCEPTED, "changed_at": fact.accepted_at}
        case ContributionPublished():
            return {"status": _S.PUBLISHED, "changed_at": fact.published_at, "published_at": fact.published_at}
        case ContributionSuperseded():
            return {
                "status": _S.SUPERSEDED,
                "changed_at": fact.superseded_at,
                "superseded_by": fact.superseded_by,
            }
        case ContributionWithdrawn():
            return {"status": _S.WITHDRAWN, "changed_at": fact.withdrawn_at, "reason": None}
    raise AssertionError(f"{fact.type} is not a fact of a contribution")


def _content(fact: ContributionDrafted | ContributionRevised) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in Content.__struct_fields__}
