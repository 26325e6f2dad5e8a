"""Facts of the sherloc service about progress after the review, which a State may record about itself.

Texts are stored separately; facts have their salted hash.
"""

from datetime import datetime
from uuid import UUID

from contracts.codes import ReviewCluster
from contracts.effects import Progress
from contracts.facts import Fact
from contracts.values import Language, State


class _ReviewProgressFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact: one record for each State and cluster of the review."""

    review_progress_id: UUID
    state: State
    cluster: ReviewCluster


class _Stated(_ReviewProgressFact, frozen=True, kw_only=True):
    """The progress of the State in addressing the observations of the cluster."""

    progress: Progress
    language: Language
    texts_hash: str


class ReviewProgressRecorded(_Stated, frozen=True, kw_only=True, tag="sherloc.review_progress.recorded.v1"):
    """A State recorded its progress in a cluster for the first time."""

    recorded_at: datetime


class ReviewProgressRevised(_Stated, frozen=True, kw_only=True, tag="sherloc.review_progress.revised.v1"):
    """A State revised its record."""

    revised_at: datetime


class ReviewProgressConsented(
    _ReviewProgressFact, frozen=True, kw_only=True, tag="sherloc.review_progress.consented.v1"
):
    """The State agreed that the table for the Conference shows its record."""

    consented_at: datetime


class ReviewProgressConsentWithdrawn(
    _ReviewProgressFact, frozen=True, kw_only=True, tag="sherloc.review_progress.consent-withdrawn.v1"
):
    """The State withdrew its consent; the table no longer shows its record."""

    consent_withdrawn_at: datetime


class ReviewProgressWithdrawn(
    _ReviewProgressFact, frozen=True, kw_only=True, tag="sherloc.review_progress.withdrawn.v1"
):
    """The State withdrew its record; its texts are deleted."""

    withdrawn_at: datetime


FACTS: tuple[type[Fact], ...] = (
    ReviewProgressRecorded,
    ReviewProgressRevised,
    ReviewProgressConsented,
    ReviewProgressConsentWithdrawn,
    ReviewProgressWithdrawn,
)
