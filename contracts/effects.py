"""Facts of the delivery service about effects: changes in a State after a delivery, with evidence, verified.

Titles, addresses and other texts are stored separately; facts have their salted hash.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.codes import ArticleCode
from contracts.facts import Fact
from contracts.values import Code, Language, Organization, State

ARTICLES_MAX = 30

EffectArticles = Annotated[tuple[ArticleCode, ...], Meta(max_length=ARTICLES_MAX)]


class EffectKind(StrEnum):
    """Kinds of effects."""

    LAW_CHANGED = "law_changed"
    SHERLOC_RECORD_UPDATED = "sherloc_record_updated"
    OBSERVATION_MOVED = "observation_moved"
    INSTITUTION_SET_UP = "institution_set_up"
    OTHER = "other"


class Progress(StrEnum):
    """The State's view of how far an observation of the review is addressed."""

    NOT_ADDRESSED = "not_addressed"
    PARTLY_ADDRESSED = "partly_addressed"
    ADDRESSED = "addressed"


class _EffectFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of an effect; `side` recorded it: `state` or `provider`, None for a coordinator."""

    effect_id: UUID
    delivery_id: UUID
    match_id: UUID
    request_id: UUID
    state: State
    provider: Organization
    side: Code | None = None


class EffectRecorded(_EffectFact, frozen=True, kw_only=True, tag="delivery.effect.recorded.v1"):
    """A change on a day was recorded. Its evidence is the file `file_id` of the delivery, or an address.

    `moved_from` and `moved_to` are the progress of an observation of the review.
    """

    change: EffectKind
    happened_on: date
    language: Language
    texts_hash: str
    recorded_by: UUID
    recorded_at: datetime
    articles: EffectArticles = ()
    moved_from: Progress | None = None
    moved_to: Progress | None = None
    file_id: UUID | None = None


class EffectVerified(_EffectFact, frozen=True, kw_only=True, tag="delivery.effect.verified.v1"):
    """A person of the other side or of UNODC, who had not recorded the effect, verified it."""

    verified_at: datetime


class EffectDeclined(_EffectFact, frozen=True, kw_only=True, tag="delivery.effect.declined.v1"):
    """A person who may verify the effect found that it was not shown, and declined it for a coded reason."""

    reason: Code
    declined_at: datetime


class EffectWithdrawn(_EffectFact, frozen=True, kw_only=True, tag="delivery.effect.withdrawn.v1"):
    """The person who recorded the effect withdrew it; its texts are deleted."""

    withdrawn_at: datetime


FACTS: tuple[type[Fact], ...] = (EffectRecorded, EffectVerified, EffectDeclined, EffectWithdrawn)
