"""Progress after the review: a State's voluntary statement on its progress in a thematic cluster."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from contracts.effects import Progress
from contracts.refusals import Conflict
from contracts.review_progress import (
    ReviewProgressConsented,
    ReviewProgressConsentWithdrawn,
    ReviewProgressRecorded,
    ReviewProgressRevised,
    ReviewProgressWithdrawn,
)
from contracts.values import Language


class ReviewProgressStatus(StrEnum):
    """The status of a record.

    `own`: read by the State and UNODC; `shown`: also in the table for the Conference; `withdrawn`: without a text.
    """

    OWN = "own"
    SHOWN = "shown"
    WITHDRAWN = "withdrawn"


_S = ReviewProgressStatus
MOVES: Mapping[str, frozenset[ReviewProgressStatus]] = {
    "revise_review_progress": frozenset(_S),
    "consent_to_table": frozenset({_S.OWN}),
    "withdraw_table_consent": frozenset({_S.SHOWN}),
    "withdraw_review_progress": frozenset({_S.OWN, _S.SHOWN}),
}
"""Maps each move to the statuses in which it is allowed."""


def review_progress_id_of(state: str, cluster: str) -> UUID:
    """The id of the record of a State and a cluster."""
    return uuid5(NAMESPACE_URL, f"entraide:review-progress:{state}:{cluster}")


class ReviewProgress(Struct, frozen=True, kw_only=True):
    """A State's statement on its progress in a cluster."""

    review_progress_id: UUID
    state: str
    cluster: str
    status: ReviewProgressStatus
    revision: int
    progress: Progress
    language: Language
    recorded_at: datetime
    changed_at: datetime

    def require(self, move: str) -> None:
        """Raise Conflict unless the status allows the move."""
        if self.status not in MOVES[move]:
            raise Conflict("review-progress-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def revise(
        self, progress: Progress, language: Language, texts_hash: str, *, now: datetime
    ) -> ReviewProgressRevised:
        """Return the fact of a revision, which also restores a withdrawn record.

        The table shows a restored record only after a new consent.
        """
        self.require("revise_review_progress")
        return ReviewProgressRevised(
            **self._ids(), progress=progress, language=language, texts_hash=texts_hash, revised_at=now
        )

    def consent(self, *, now: datetime) -> ReviewProgressConsented:
        self.require("consent_to_table")
        return ReviewProgressConsented(**self._ids(), consented_at=now)

    def withdraw_consent(self, *, now: datetime) -> ReviewProgressConsentWithdrawn:
        self.require("withdraw_table_consent")
        return ReviewProgressConsentWithdrawn(**self._ids(), consent_withdrawn_at=now)

    def withdraw(self, *, now: datetime) -> ReviewProgressWithdrawn:
        self.require("withdraw_review_progress")
        return ReviewProgressWithdrawn(**self._ids(), withdrawn_at=now)

    def _ids(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("review_progress_id", "state", "cluster")}


def record(
    review_progress_id: UUID,
    state: str,
    cluster: str,
    progress: Progress,
    language: Language,
    texts_hash: str,
    *,
    now: datetime,
) -> ReviewProgressRecorded:
    return ReviewProgressRecorded(
        review_progress_id=review_progress_id,
        state=state,
        cluster=cluster,
        progress=progress,
        language=language,
        texts_hash=texts_hash,
        recorded_at=now,
    )
