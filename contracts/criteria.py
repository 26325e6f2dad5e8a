"""Facts of the criteria by which UNODC assesses requests; owned by requests. Their texts are not included."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.values import Code, State

CRITERIA_MAX = 20
POINTS_MAX = 3
WEIGHT_MAX = 100


class PriorityCriterion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A criterion of the priority, and its weight relative to the others."""

    code: Code
    weight: Annotated[int, Meta(ge=1, le=WEIGHT_MAX)]


class Judged(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The extent to which a request meets a criterion: 0 (not at all) to 3; for eligibility 0 (not met) or 1 (met)."""

    code: Code
    points: Annotated[int, Meta(ge=0, le=POINTS_MAX)]


EligibilityCodes = Annotated[tuple[Code, ...], Meta(max_length=CRITERIA_MAX)]
PriorityCriteria = Annotated[tuple[PriorityCriterion, ...], Meta(min_length=1, max_length=CRITERIA_MAX)]
Judgements = Annotated[tuple[Judged, ...], Meta(max_length=2 * CRITERIA_MAX)]


class CriteriaPublished(Fact, frozen=True, kw_only=True, tag="requests.criteria.published.v1"):
    """UNODC published the next version of its criteria; `texts_hash` is the salted hash of texts in six languages."""

    criteria_id: UUID
    version: Annotated[int, Meta(ge=1)]
    eligibility: EligibilityCodes
    priority: PriorityCriteria
    texts_hash: str
    published_at: datetime


class RequestAssessed(Fact, frozen=True, kw_only=True, tag="requests.request.assessed.v1"):
    """A coordinator assessed a request by a version of the criteria. `priority` follows from the points."""

    request_id: UUID
    state: State
    criteria_version: Annotated[int, Meta(ge=1)]
    judged: Judgements
    eligible: bool
    priority: Code
    assessed_at: datetime


FACTS: tuple[type[Fact], ...] = (CriteriaPublished, RequestAssessed)
