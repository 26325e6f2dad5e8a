"""Fold facts into a record of the register. Actions and the rebuild of the tables use the same function."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from contracts.facts import Fact
from contracts.legislation import (
    LegislationConfirmedUnchanged,
    LegislationMarkedOutdated,
    LegislationPublished,
    LegislationRecorded,
    LegislationReturned,
    LegislationReviewBegun,
    LegislationRevised,
    LegislationStatus,
    LegislationSubmitted,
    LegislationVerified,
)
from services.sherloc.legislation.model import UP_TO_DATE, Legislation

_S = LegislationStatus


def evolve(known: Legislation | None, fact: Fact) -> Legislation:
    """Return the record after a fact."""
    if isinstance(fact, LegislationRecorded):
        return Legislation(
            legislation_id=fact.legislation_id,
            state=fact.state,
            instrument=fact.instrument,
            article=fact.article,
            status=fact.status,
            revision=1,
            texts_revision=1,
            language=fact.language,
            in_force_on=fact.in_force_on,
            recorded_at=fact.recorded_at,
            changed_at=fact.recorded_at,
        )
    assert known is not None, "the first fact of a record is LegislationRecorded"
    revision = known.revision + 1
    after = replace(known, revision=revision, **{"reason": None, **_changes(known, fact, revision)})
    if after.status in UP_TO_DATE:
        return replace(after, portal_status=after.status, portal_revision=revision)
    if after.status in {_S.NONE, _S.MISSING}:
        return replace(after, portal_status=None, portal_revision=None)
    return replace(after, portal_status=after.portal_status and _S.OUTDATED)


def _changes(known: Legislation, fact: Fact, revision: int) -> dict[str, Any]:
    match fact:
        case LegislationRevised():
            said = {"status": fact.status, "language": fact.language, "in_force_on": fact.in_force_on}
            return said | {"texts_revision": revision, "changed_at": fact.revised_at}
        case LegislationSubmitted():
            return {"status": _S.SUBMITTED, "changed_at": fact.submitted_at}
        case LegislationReviewBegun():
            return {"status": _S.IN_REVIEW, "changed_at": fact.review_begun_at}
        case LegislationReturned():
            status = _S.OUTDATED if known.portal_status else _S.MISSING
            return {"status": status, "changed_at": fact.returned_at, "reason": fact.reason}
        case LegislationPublished():
            at = {"published_at": fact.published_at, "changed_at": fact.published_at}
            return {"status": _S.PUBLISHED, "texts_revision": revision, **at}
        case LegislationVerified():
            return {"status": _S.VERIFIED, **_verified(fact.verified_at, fact.by_role)}
        case LegislationConfirmedUnchanged():
            status = _S.VERIFIED if known.status in UP_TO_DATE else known.status
            return {"status": status, **_verified(fact.confirmed_at, fact.by_role)}
        case LegislationMarkedOutdated():
            return {"status": _S.OUTDATED, "changed_at": fact.marked_at}
    raise AssertionError(f"{fact.type} is not a fact of the register")


def _verified(at: datetime, role: str) -> dict[str, Any]:
    return {"last_verified_at": at, "last_verified_by": role, "changed_at": at}
