"""Facts of the sherloc service about practices, challenges and tools that States and providers record.

Titles and texts are stored separately; facts have their salted hash.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.codes import ArticleCode, TopicCode
from contracts.facts import Fact
from contracts.values import Code, Language, Organization, State

TAGS_MAX = 30

PracticeArticles = Annotated[tuple[ArticleCode, ...], Meta(max_length=TAGS_MAX)]
PracticeTopics = Annotated[tuple[TopicCode, ...], Meta(max_length=TAGS_MAX)]


class PracticeKind(StrEnum):
    """The kind of a record: a practice that worked, a challenge that was met, or a tool that others can use."""

    PRACTICE = "practice"
    CHALLENGE = "challenge"
    TOOL = "tool"


class CountryReview(StrEnum):
    """The author's statement: nothing comes from a country review, or the reviewed State itself entered it."""

    NOTHING = "nothing"
    ENTERED_BY_STATE = "entered_by_state"


class _PracticeFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a practice, which either `state` or `provider` recorded."""

    practice_id: UUID
    practice_kind: PracticeKind
    state: State | None = None
    provider: Organization | None = None


class _Described(_PracticeFact, frozen=True, kw_only=True):
    """The subject of a practice, and the statement on the country review."""

    language: Language
    articles: PracticeArticles = ()
    topics: PracticeTopics = ()
    country_review: CountryReview
    texts_hash: str


class PracticeRecorded(_Described, frozen=True, kw_only=True, tag="sherloc.practice.recorded.v1"):
    """A State or a provider began a practice, a challenge or a tool; from a completed delivery if one is given."""

    recorded_at: datetime
    delivery_id: UUID | None = None


class PracticeRevised(_Described, frozen=True, kw_only=True, tag="sherloc.practice.revised.v1"):
    """The author revised a practice before it was submitted, or after it was returned."""

    revised_at: datetime


class PracticeSubmitted(_PracticeFact, frozen=True, kw_only=True, tag="sherloc.practice.submitted.v1"):
    """The author submitted a practice for the catalogue."""

    submitted_at: datetime


class PracticeReturned(_PracticeFact, frozen=True, kw_only=True, tag="sherloc.practice.returned.v1"):
    """A coordinator returned a practice to its author, for a coded reason."""

    reason: Code
    returned_at: datetime


class PracticeCatalogued(_PracticeFact, frozen=True, kw_only=True, tag="sherloc.practice.catalogued.v1"):
    """A coordinator added a practice to the catalogue, which holders of any appointment can read."""

    catalogued_at: datetime


class PracticeWithdrawn(_PracticeFact, frozen=True, kw_only=True, tag="sherloc.practice.withdrawn.v1"):
    """The author withdrew a practice; its texts were deleted."""

    withdrawn_at: datetime


class PracticeUseAdded(_PracticeFact, frozen=True, kw_only=True, tag="sherloc.practice.use-added.v1"):
    """A completed delivery that used the practice was added."""

    delivery_id: UUID
    added_at: datetime


class PracticeUseRemoved(_PracticeFact, frozen=True, kw_only=True, tag="sherloc.practice.use-removed.v1"):
    """A delivery that had been added as a use by mistake was removed."""

    delivery_id: UUID
    removed_at: datetime


FACTS: tuple[type[Fact], ...] = (
    PracticeRecorded,
    PracticeRevised,
    PracticeSubmitted,
    PracticeReturned,
    PracticeCatalogued,
    PracticeWithdrawn,
    PracticeUseAdded,
    PracticeUseRemoved,
)
