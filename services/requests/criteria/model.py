"""The criteria for eligibility and priority: published in versions, each the whole list."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from contracts.criteria import POINTS_MAX, CriteriaPublished, Judged, PriorityCriterion, RequestAssessed
from contracts.refusals import FieldError, Invalid
from services.requests.request.model import Request
from services.requests.request.values import Priority

CRITERIA_ID: UUID = uuid5(NAMESPACE_URL, "entraide:criteria")
"""The id of the record of which the versions of the criteria are revisions."""

THRESHOLDS: Mapping[Priority, int] = {Priority.URGENT: 750, Priority.HIGH: 500, Priority.NORMAL: 250, Priority.LOW: 0}
"""Minimum weighted points of each priority, in thousandths of the maximum, highest first."""


class Criteria(Struct, frozen=True, kw_only=True):
    """A version of the criteria; version 0, before the first, has no criteria."""

    version: int = 0
    eligibility: tuple[str, ...] = ()
    priority: tuple[PriorityCriterion, ...] = ()
    texts_hash: str = ""
    published_at: datetime | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return (*self.eligibility, *(one.code for one in self.priority))


def publish_version(
    before: Criteria,
    eligibility: Sequence[str],
    priority: Sequence[PriorityCriterion],
    texts_hash: str,
    *,
    now: datetime,
) -> CriteriaPublished:
    """Return the next version. Raises Invalid for a code that is named twice."""
    codes = [*eligibility, *(one.code for one in priority)]
    if repeated := sorted({code for code in codes if codes.count(code) > 1}):
        raise Invalid("criterion-repeated", codes=repeated)
    return CriteriaPublished(
        criteria_id=CRITERIA_ID,
        version=before.version + 1,
        eligibility=tuple(eligibility),
        priority=tuple(priority),
        texts_hash=texts_hash,
        published_at=now,
    )


def evolve(fact: CriteriaPublished) -> Criteria:
    return Criteria(
        version=fact.version,
        eligibility=fact.eligibility,
        priority=fact.priority,
        texts_hash=fact.texts_hash,
        published_at=fact.published_at,
    )


def assess(request: Request, criteria: Criteria, judged: Sequence[Judged], *, now: datetime) -> RequestAssessed:
    """Assess a request by every criterion. Raises Invalid with all that are missing, unknown, repeated or wrong."""
    request.require("assess")
    points = {one.code: one.points for one in judged}
    wrong = [code for code in points if code not in criteria.codes]
    missing = [code for code in criteria.codes if code not in points]
    too_many = [code for code in criteria.eligibility if points.get(code, 0) > 1]
    if wrong or missing or too_many or len(points) < len(judged):
        raise Invalid("criteria-not-judged", errors=_errors(criteria, wrong, missing, too_many))
    return RequestAssessed(
        request_id=request.request_id,
        state=request.state,
        criteria_version=criteria.version,
        judged=tuple(judged),
        eligible=all(points[code] for code in criteria.eligibility),
        priority=priority_of(criteria, points),
        assessed_at=now,
    )


def priority_of(criteria: Criteria, points: Mapping[str, int]) -> Priority:
    """Return the priority that the weighted points reach."""
    highest = sum(one.weight for one in criteria.priority) * POINTS_MAX
    reached = sum(one.weight * points[one.code] for one in criteria.priority) * 1000 // highest
    return next(priority for priority, threshold in THRESHOLDS.items() if reached >= threshold)


def _errors(
    criteria: Criteria, wrong: Sequence[str], missing: Sequence[str], too_many: Sequence[str]
) -> list[FieldError]:
    return [
        *(FieldError(field=f"judged.{code}", problem="unknown-code", allowed=criteria.codes) for code in wrong),
        *(FieldError(field=f"judged.{code}", problem="missing-field") for code in missing),
        *(FieldError(field=f"judged.{code}", problem="invalid-field", allowed=(0, 1)) for code in too_many),
    ]
