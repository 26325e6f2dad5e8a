"""Facts of the sherloc service about the register of legislation: a State's law that implements an article.

Titles, addresses and other texts are stored separately; facts have their salted hash.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from contracts.codes import ArticleCode, InstrumentCode
from contracts.facts import Fact
from contracts.values import Code, Language, Role, State


class LegislationStatus(StrEnum):
    """Status on SHERLOC of a State's law on an article. `none`: the State declares that it has no such law."""

    NONE = "none"
    MISSING = "missing"
    OUTDATED = "outdated"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    VERIFIED = "verified"


class _LegislationFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a record of the register, one for each State and article."""

    legislation_id: UUID
    state: State
    instrument: InstrumentCode
    article: ArticleCode


class _Stated(_LegislationFact, frozen=True, kw_only=True):
    """A State's statement on its law: `none`, or `missing` or `outdated` on SHERLOC."""

    status: LegislationStatus
    texts_hash: str
    language: Language | None = None
    in_force_on: date | None = None


class LegislationRecorded(_Stated, frozen=True, kw_only=True, tag="sherloc.legislation.recorded.v1"):
    """A State recorded for the first time the status on SHERLOC of its law on an article."""

    recorded_at: datetime


class LegislationRevised(_Stated, frozen=True, kw_only=True, tag="sherloc.legislation.revised.v1"):
    """A State revised its record, with new texts."""

    revised_at: datetime


class LegislationSubmitted(_LegislationFact, frozen=True, kw_only=True, tag="sherloc.legislation.submitted.v1"):
    """A State submitted the law for publication on SHERLOC."""

    submitted_at: datetime


class LegislationReviewBegun(_LegislationFact, frozen=True, kw_only=True, tag="sherloc.legislation.review-begun.v1"):
    """A coordinator began to review the submitted law."""

    review_begun_at: datetime


class LegislationReturned(_LegislationFact, frozen=True, kw_only=True, tag="sherloc.legislation.returned.v1"):
    """A coordinator returned the law to the State, for a coded reason; it is `missing` on SHERLOC until published."""

    reason: Code
    returned_at: datetime


class LegislationPublished(_LegislationFact, frozen=True, kw_only=True, tag="sherloc.legislation.published.v1"):
    """A coordinator published the law on SHERLOC; the hash of the texts with its address is kept."""

    texts_hash: str
    published_at: datetime


class LegislationVerified(_LegislationFact, frozen=True, kw_only=True, tag="sherloc.legislation.verified.v1"):
    """A coordinator verified that the law on SHERLOC is the law in force."""

    by_role: Role
    verified_at: datetime


class LegislationConfirmedUnchanged(
    _LegislationFact, frozen=True, kw_only=True, tag="sherloc.legislation.confirmed-unchanged.v1"
):
    """The State confirmed that its law has not changed. If the record was published, this verifies it."""

    by_role: Role
    confirmed_at: datetime


class LegislationMarkedOutdated(
    _LegislationFact, frozen=True, kw_only=True, tag="sherloc.legislation.marked-outdated.v1"
):
    """A coordinator marked the law on SHERLOC as outdated: it is no longer the law in force."""

    marked_at: datetime


FACTS: tuple[type[Fact], ...] = (
    LegislationRecorded,
    LegislationRevised,
    LegislationSubmitted,
    LegislationReviewBegun,
    LegislationReturned,
    LegislationPublished,
    LegislationVerified,
    LegislationConfirmedUnchanged,
    LegislationMarkedOutdated,
)
