"""Facts of the sherloc service about States' contributions to SHERLOC, and about their export to the portal.

Titles, summaries, courts, parties and addresses are stored separately; facts have their salted hash.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.codes import ArticleCode, TopicCode
from contracts.facts import Fact
from contracts.values import Code, Language, State

ARTICLES_MAX = 30
BATCH_MAX = 500
"""Maximum number of changes in one export."""

ContributionArticles = Annotated[tuple[ArticleCode, ...], Meta(max_length=ARTICLES_MAX)]


class ContributionKind(StrEnum):
    """Kinds of contributions to SHERLOC."""

    EXPLANATORY_MATERIAL = "explanatory_material"
    COURT_DECISION = "court_decision"
    STRATEGY = "strategy"
    BIBLIOGRAPHY = "bibliography"


class CaseOutcome(StrEnum):
    """Outcomes of a court decision."""

    CONVICTION = "conviction"
    PARTIAL_CONVICTION = "partial_conviction"
    ACQUITTAL = "acquittal"
    DISMISSAL = "dismissal"
    COOPERATION_GRANTED = "cooperation_granted"
    COOPERATION_REFUSED = "cooperation_refused"
    OTHER = "other"


class Rights(StrEnum):
    """The rights by which the text may be published. A contribution with `unclear` rights cannot be accepted."""

    PUBLIC_DOMAIN = "public_domain"
    HELD_BY_STATE = "held_by_state"
    PERMISSION_GIVEN = "permission_given"
    UNCLEAR = "unclear"


class PortalChange(StrEnum):
    """The change of the portal for a contribution of a batch."""

    PUBLISH = "publish"
    REMOVE = "remove"


class _ContributionFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a contribution."""

    contribution_id: UUID
    state: State
    kind: ContributionKind


class _Content(_ContributionFact, frozen=True, kw_only=True):
    """The subject of a contribution, and the number of passages in its texts marked as possible personal data."""

    language: Language
    articles: ContributionArticles
    rights: Rights
    marks: Annotated[int, Meta(ge=0)]
    texts_hash: str
    decided_on: date | None = None
    offence: TopicCode | None = None
    outcome: CaseOutcome | None = None


class ContributionDrafted(_Content, frozen=True, kw_only=True, tag="sherloc.contribution.drafted.v1"):
    """A State began a contribution."""

    drafted_at: datetime


class ContributionRevised(_Content, frozen=True, kw_only=True, tag="sherloc.contribution.revised.v1"):
    """A State changed a contribution. The former texts are deleted, and the marks are those of the new texts."""

    revised_at: datetime


class ContributionSubmitted(_ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.submitted.v1"):
    """A State submitted a contribution to be checked."""

    submitted_at: datetime


class ContributionMarksCleared(
    _ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.marks-cleared.v1"
):
    """The State or a coordinator stated that the marked passages are not personal data."""

    marks: Annotated[int, Meta(ge=1)]
    cleared_at: datetime


class ContributionReturned(_ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.returned.v1"):
    """A coordinator returned a contribution to the State, for a coded reason."""

    reason: Code
    returned_at: datetime


class ContributionAccepted(_ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.accepted.v1"):
    """A coordinator found the contribution complete, publishable by its rights, and free of personal data."""

    accepted_at: datetime


class ContributionPublished(_ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.published.v1"):
    """A coordinator published a contribution on SHERLOC; the hash of the texts with its address is kept."""

    texts_hash: str
    published_at: datetime


class ContributionSuperseded(_ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.superseded.v1"):
    """A newer contribution of the same State replaces this one."""

    superseded_by: UUID
    superseded_at: datetime


class ContributionWithdrawn(_ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.withdrawn.v1"):
    """The State withdrew a contribution; its texts are deleted."""

    withdrawn_at: datetime


class HandedOver(Struct, frozen=True, kw_only=True):
    """A contribution in a batch, and its change of the portal."""

    contribution_id: UUID
    change: PortalChange


class ContributionExportMade(Fact, frozen=True, kw_only=True, tag="sherloc.contribution_export.made.v1"):
    """A batch of contributions was made for the portal; each change is in one batch only."""

    contribution_export_id: UUID
    changes: Annotated[tuple[HandedOver, ...], Meta(min_length=1, max_length=BATCH_MAX)]
    made_at: datetime


class ContributionExportConfirmed(Fact, frozen=True, kw_only=True, tag="sherloc.contribution_export.confirmed.v1"):
    """The portal has imported the whole batch."""

    contribution_export_id: UUID
    confirmed_at: datetime


FACTS: tuple[type[Fact], ...] = (
    ContributionDrafted,
    ContributionRevised,
    ContributionSubmitted,
    ContributionMarksCleared,
    ContributionReturned,
    ContributionAccepted,
    ContributionPublished,
    ContributionSuperseded,
    ContributionWithdrawn,
    ContributionExportMade,
    ContributionExportConfirmed,
)
