"""The bodies of commands on practices, with their limits and checks of codes."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts import reference
from contracts.codes import unknown_code
from contracts.practices import CountryReview, PracticeArticles, PracticeKind, PracticeTopics
from contracts.values import Language

PracticeTitle = Annotated[str, Meta(min_length=1, max_length=300)]
PracticeText = Annotated[str, Meta(min_length=1, max_length=10_000)]


class RevisePractice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A practice, a challenge or a tool in one `language`, tagged with articles and topics.

    `country_review` is a statement of the author: `nothing` comes from a country review, or what does was
    `entered_by_state`, which only the State itself can state. Submission requires an article or a topic.
    """

    practice_kind: PracticeKind
    title: PracticeTitle
    text: PracticeText
    language: Language
    country_review: CountryReview
    articles: PracticeArticles = ()
    topics: PracticeTopics = ()

    def check(self) -> None:
        """Raise Invalid for an unknown article or topic."""
        for field, codes, known in (
            ("articles", self.articles, reference.articles()),
            ("topics", self.topics, reference.topics()),
        ):
            for code in codes:
                if code not in known:
                    raise unknown_code(field, code, known, code_list=field)


class RecordPractice(RevisePractice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new practice. `delivery_id` is a completed delivery of the author from which it was learned."""

    delivery_id: UUID | None = None


class PracticeUse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A completed delivery of which the caller is a side, or any for UNODC."""

    delivery_id: UUID
