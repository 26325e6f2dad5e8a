"""Facts of the sherloc service about what States contribute to SHERLOC, and about its hand-over to the portal.

Titles, summaries, courts, parties and addresses are stored apart; facts have their salted hash.
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
"""Changes in one hand-over."""

ContributionArticles = Annotated[tuple[ArticleCode, ...], Meta(max_length=ARTICLES_MAX)]


class ContributionKind(StrEnum):
    """What a State contributes to SHERLOC."""

    EXPLANATORY_MATERIAL = "explanatory_material"
    COURT_DECISION = "court_decision"
    STRATEGY = "strategy"
    BIBLIOGRAPHY = "bibliography"


class CaseOutcome(StrEnum):
    """How a court decided."""

    CONVICTION = "conviction"
    PARTIAL_CONVICTION = "partial_conviction"
    ACQUITTAL = "acquittal"
    DISMISSAL = "dismissal"
    COOPERATION_GRANTED = "cooperation_granted"
    COOPERATION_REFUSED = "cooperation_refused"
    OTHER = "other"


class Rights(StrEnum):
    """Why the text may be published: `unclear` keeps it from being accepted."""

    PUBLIC_DOMAIN = "public_domain"
    HELD_BY_STATE = "held_by_state"
    PERMISSION_GIVEN = "permission_given"
    UNCLEAR = "unclear"


class PortalChange(StrEnum):
    """What the portal does with a contribution of a batch."""

    PUBLISH = "publish"
    REMOVE = "remove"


class _ContributionFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a contribution."""

    contribution_id: UUID
    state: State
    kind: ContributionKind


class _Content(_ContributionFact, frozen=True, kw_only=True):
    """What it is about, and how many passages the screen for personal data marked in its texts."""

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
    """A State changed it: the texts before are deleted, and its marks are those of the new texts."""

    revised_at: datetime


class ContributionSubmitted(_ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.submitted.v1"):
    """A State submitted it to be checked."""

    submitted_at: datetime


class ContributionMarksCleared(
    _ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.marks-cleared.v1"
):
    """The State or a coordinator said that the marked passages are no personal data."""

    marks: Annotated[int, Meta(ge=1)]
    cleared_at: datetime


class ContributionReturned(_ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.returned.v1"):
    """A coordinator returned it to the State, for a coded reason."""

    reason: Code
    returned_at: datetime


class ContributionAccepted(_ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.accepted.v1"):
    """A coordinator found it complete, with rights that allow it to be published, and without personal data."""

    accepted_at: datetime


class ContributionPublished(_ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.published.v1"):
    """A coordinator published it, at an address of SHERLOC of which the texts' hash is kept."""

    texts_hash: str
    published_at: datetime


class ContributionSuperseded(_ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.superseded.v1"):
    """A newer contribution of the same State takes its place."""

    superseded_by: UUID
    superseded_at: datetime


class ContributionWithdrawn(_ContributionFact, frozen=True, kw_only=True, tag="sherloc.contribution.withdrawn.v1"):
    """The State withdrew it: its texts are deleted."""

    withdrawn_at: datetime


class HandedOver(Struct, frozen=True, kw_only=True):
    """A contribution in a batch, and what the portal does with it."""

    contribution_id: UUID
    change: PortalChange


class ContributionExportMade(Fact, frozen=True, kw_only=True, tag="sherloc.contribution_export.made.v1"):
    """A batch of contributions was made for the portal; each change is in one batch only."""

    contribution_export_id: UUID
    changes: Annotated[tuple[HandedOver, ...], Meta(min_length=1, max_length=BATCH_MAX)]
    made_at: datetime


class ContributionExportConfirmed(Fact, frozen=True, kw_only=True, tag="sherloc.contribution_export.confirmed.v1"):
    """The portal has taken in the whole batch."""

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
