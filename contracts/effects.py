"""Facts of the delivery service about effects: what changed in a State after a delivery, with evidence, verified.

Titles, addresses and other words are stored apart; facts have their salted hash.
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
    """What changed."""

    LAW_CHANGED = "law_changed"
    SHERLOC_RECORD_UPDATED = "sherloc_record_updated"
    OBSERVATION_MOVED = "observation_moved"
    INSTITUTION_SET_UP = "institution_set_up"
    OTHER = "other"


class Progress(StrEnum):
    """How far an observation of the review is addressed, as the State says."""

    NOT_ADDRESSED = "not_addressed"
    PARTLY_ADDRESSED = "partly_addressed"
    ADDRESSED = "addressed"


class _EffectFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of an effect. `side` recorded it: `state` or `provider`, None for a coordinator."""

    effect_id: UUID
    delivery_id: UUID
    match_id: UUID
    request_id: UUID
    state: State
    provider: Organization
    side: Code | None = None


class EffectRecorded(_EffectFact, frozen=True, kw_only=True, tag="delivery.effect.recorded.v1"):
    """Something changed on a day. `file_id` is a file of the delivery that shows it, if an address does not.

    `moved_from` and `moved_to` are of an observation of the review.
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
    """A person of the other side or of UNODC, who had not recorded it, verified the effect."""

    verified_at: datetime


class EffectDeclined(_EffectFact, frozen=True, kw_only=True, tag="delivery.effect.declined.v1"):
    """Such a person did not find it shown, for a coded reason."""

    reason: Code
    declined_at: datetime


class EffectWithdrawn(_EffectFact, frozen=True, kw_only=True, tag="delivery.effect.withdrawn.v1"):
    """Who recorded it took it back; its words are deleted."""

    withdrawn_at: datetime


FACTS: tuple[type[Fact], ...] = (EffectRecorded, EffectVerified, EffectDeclined, EffectWithdrawn)
