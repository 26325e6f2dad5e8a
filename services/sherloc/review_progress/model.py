"""Progress after the review: a State's voluntary statement on its progress in a thematic cluster.

The State records it and UNODC reads it; with the State's consent the table for the Conference shows it to all
(paragraph II.j).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Meta, Struct

from contracts import reference
from contracts.codes import ReviewCluster, unknown_code
from contracts.conversion import from_attributes
from contracts.decisions import ALLOWED, Decision, Later, denied
from contracts.effects import Progress
from contracts.nouns import Create, Filter, Move, MoveContext, Noun, Read
from contracts.review_progress import (
    ReviewProgressConsented,
    ReviewProgressConsentWithdrawn,
    ReviewProgressRecorded,
    ReviewProgressRevised,
    ReviewProgressWithdrawn,
)
from contracts.values import Caller, Code, Language, Role, State
from services.sherloc.bodies import Nothing

EVENTS_FOR_ALL = frozenset({"consented"})
"""Events that callers other than the State and UNODC receive of a record that the table shows."""


class ReviewProgressStatus(StrEnum):
    """The status of a record.

    `own`: read by the State and UNODC; `shown`: also in the table for the Conference; `withdrawn`: without a text.
    """

    OWN = "own"
    SHOWN = "shown"
    WITHDRAWN = "withdrawn"


class ReviewProgressTexts(Struct, frozen=True, kw_only=True):
    """The text of a record."""

    text: str


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


class ReviewProgressView(Struct, frozen=True, kw_only=True):
    """A State's statement on its progress in a cluster (`/v1/reference/review_clusters`); `text` is in `language`.

    `status` is `own` while only the State and UNODC read it, `shown` while the table for the Conference shows it.
    """

    review_progress_id: UUID
    state: str
    cluster: str
    status: ReviewProgressStatus
    revision: int
    progress: Progress
    language: Language
    text: str
    recorded_at: datetime
    changed_at: datetime
    moves: tuple[str, ...]
    later: tuple[Later, ...]


class ReviewProgressPage(Struct, frozen=True, kw_only=True):
    """Records of review progress; `cursor` leads to the next page."""

    review_progress: list[ReviewProgressView]
    cursor: str | None


# -- commands ---------------------------------------------------------------------------------------------------------


class ReviseReviewProgress(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The progress of one's own State on the observations of a cluster, and a text on it in one language."""

    progress: Progress
    language: Language
    text: Annotated[str, Meta(max_length=10_000)] = ""


class RecordReviewProgress(ReviseReviewProgress, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new record for a cluster (`/v1/reference/review_clusters`) without a record."""

    state: State
    cluster: ReviewCluster


# -- decisions --------------------------------------------------------------------------------------------------------


def record(key: UUID, body: RecordReviewProgress, ctx: MoveContext) -> ReviewProgressRecorded:
    """Raises Invalid for an unknown cluster."""
    if body.cluster not in (known := reference.review_clusters()):
        raise unknown_code("cluster", body.cluster, known, code_list="review_clusters")
    ids = {"review_progress_id": key, "texts_hash": ctx.texts_hash}
    return from_attributes(ReviewProgressRecorded, body, **ids, recorded_at=ctx.now)


def revise(known: ReviewProgress, body: ReviseReviewProgress, ctx: MoveContext) -> ReviewProgressRevised:
    ids = {name: getattr(known, name) for name in ("review_progress_id", "state", "cluster")}
    return from_attributes(ReviewProgressRevised, body, **ids, texts_hash=ctx.texts_hash, revised_at=ctx.now)


def consent(known: ReviewProgress, body: Nothing, ctx: MoveContext) -> ReviewProgressConsented:
    return from_attributes(ReviewProgressConsented, known, consented_at=ctx.now)


def withdraw_consent(known: ReviewProgress, body: Nothing, ctx: MoveContext) -> ReviewProgressConsentWithdrawn:
    return from_attributes(ReviewProgressConsentWithdrawn, known, consent_withdrawn_at=ctx.now)


def withdraw(known: ReviewProgress, body: Nothing, ctx: MoveContext) -> ReviewProgressWithdrawn:
    return from_attributes(ReviewProgressWithdrawn, known, withdrawn_at=ctx.now)


def _revised(known: ReviewProgress, fact: ReviewProgressRevised) -> Mapping[str, Any]:
    """A revision restores a withdrawn record, which the table shows only after a new consent."""
    return {"status": _S.OWN} if known.status is _S.WITHDRAWN else {}


# -- the declaration --------------------------------------------------------------------------------------------------

_S = ReviewProgressStatus
_OF_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
_FOCAL_POINTS = frozenset({Role.FOCAL_POINT})
_OVERSEERS = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.SERVICE})


def review_progress_id_of(body: RecordReviewProgress) -> UUID:
    """The id of the record of a State and a cluster."""
    return uuid5(NAMESPACE_URL, f"entraide:review-progress:{body.state}:{body.cluster}")


def may_see_progress(caller: Caller, known: ReviewProgress) -> bool:
    """Check whether the caller sees a record: always for its State and UNODC's office, else if the State agreed."""
    own = caller.role in _OF_STATE and caller.organization == known.state
    return own or caller.role in _OVERSEERS or known.status is _S.SHOWN


def _own_state(caller: Caller, of: ReviewProgress | RecordReviewProgress) -> Decision:
    return ALLOWED if caller.organization == of.state else denied("not-your-state")


REVIEW_PROGRESS = Noun(
    record=ReviewProgress,
    texts=ReviewProgressTexts,
    view=ReviewProgressView,
    page=ReviewProgressPage,
    path="/v1/review-progress",
    table="review_progress",
    texts_table="review_progress_text",
    sees=may_see_progress,
    visible="may_see_progress(state, status, caller_organization(), caller_role())",
    status_slug="review-progress-status",
    filters=(
        Filter(name="state", field="state", kind=State, code_list="countries", codes=reference.countries),
        Filter(
            name="cluster", field="cluster", kind=Code, code_list="review_clusters", codes=reference.review_clusters
        ),
    ),
    list_default=100,
    list_max=200,
    lists=Read(
        "list_review_progress",
        "Records of review progress",
        "Lists a State's own records and those that others agreed to show; all for coordinators and auditors.",
    ),
    shows=Read(
        "show_review_progress",
        "One record of review progress",
        "Shows a record as the State entered it.",
    ),
    create=Create(
        name="record_review_progress",
        command=RecordReviewProgress,
        fact=ReviewProgressRecorded,
        decide=record,
        by=_OF_STATE,
        guard=_own_state,
        key=review_progress_id_of,
        taken_slug="review-progress-recorded",
        to=_S.OWN,
        summary="Record progress in a cluster of the review",
        description="For one's own State. It is voluntary; only the State and UNODC see it.",
    ),
    moves=(
        Move(
            name="revise_review_progress",
            path="revise",
            command=ReviseReviewProgress,
            fact=ReviewProgressRevised,
            decide=revise,
            fold=_revised,
            by=_OF_STATE,
            guard=_own_state,
            when=frozenset(_S),
            summary="Revise a record of review progress",
            description="For one's own State. A withdrawn record is recorded again.\n\n"
            "The table shows the revision immediately if the State has agreed.",
        ),
        Move(
            name="consent_to_table",
            path="consent",
            command=Nothing,
            fact=ReviewProgressConsented,
            decide=consent,
            by=_FOCAL_POINTS,
            guard=_own_state,
            when=frozenset({_S.OWN}),
            to=_S.SHOWN,
            summary="Consent to appear in the table of review progress",
            description="For one's own State. Every appointment sees the record until the consent is withdrawn.",
        ),
        Move(
            name="withdraw_table_consent",
            path="withdraw-consent",
            command=Nothing,
            fact=ReviewProgressConsentWithdrawn,
            decide=withdraw_consent,
            by=_FOCAL_POINTS,
            guard=_own_state,
            when=frozenset({_S.SHOWN}),
            to=_S.OWN,
            summary="Withdraw the consent to appear in the table",
            description="For one's own State. Other States no longer see the record.",
        ),
        Move(
            name="withdraw_review_progress",
            path="withdraw",
            command=Nothing,
            fact=ReviewProgressWithdrawn,
            decide=withdraw,
            by=_FOCAL_POINTS,
            guard=_own_state,
            when=frozenset({_S.OWN, _S.SHOWN}),
            to=_S.WITHDRAWN,
            deletes_texts=True,
            summary="Withdraw a record of review progress",
            description="For one's own State. The text is deleted, and the table no longer shows the record.",
        ),
    ),
)
