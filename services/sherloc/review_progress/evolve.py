"""Fold facts into a State's progress in a cluster. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import replace

from contracts.facts import Fact
from contracts.review_progress import (
    ReviewProgressConsented,
    ReviewProgressConsentWithdrawn,
    ReviewProgressRecorded,
    ReviewProgressRevised,
    ReviewProgressWithdrawn,
)
from services.sherloc.review_progress.model import ReviewProgress, ReviewProgressStatus

_S = ReviewProgressStatus


def evolve(known: ReviewProgress | None, fact: Fact) -> ReviewProgress:
    """Return the record after a fact."""
    if isinstance(fact, ReviewProgressRecorded):
        return ReviewProgress(
            review_progress_id=fact.review_progress_id,
            state=fact.state,
            cluster=fact.cluster,
            status=_S.OWN,
            revision=1,
            progress=fact.progress,
            language=fact.language,
            recorded_at=fact.recorded_at,
            changed_at=fact.recorded_at,
        )
    assert known is not None, "the first fact of a record is ReviewProgressRecorded"
    return replace(known, revision=known.revision + 1, **_changes(known, fact))


def _changes(known: ReviewProgress, fact: Fact) -> dict[str, Any]:
    match fact:
        case ReviewProgressRevised():
            status = _S.OWN if known.status is _S.WITHDRAWN else known.status
            said = {"progress": fact.progress, "language": fact.language}
            return {"status": status, **said, "changed_at": fact.revised_at}
        case ReviewProgressConsented():
            return {"status": _S.SHOWN, "changed_at": fact.consented_at}
        case ReviewProgressConsentWithdrawn():
            return {"status": _S.OWN, "changed_at": fact.consent_withdrawn_at}
        case ReviewProgressWithdrawn():
            return {"status": _S.WITHDRAWN, "changed_at": fact.withdrawn_at}
    raise AssertionError(f"{fact.type} is not a fact of review progress")
