"""Facts of the delivery service about experts: the roster of trainers of a provider.

Facts have codes and days: the topics an expert can teach, the languages, and the availability. Name, function,
biography and e-mail address are stored only in the expert's row; facts have their salted hash.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.codes import KindCode, TopicCode
from contracts.facts import Fact
from contracts.values import Language, Organization, Period

PERIODS_MAX = 20

Topics = Annotated[tuple[TopicCode, ...], Meta(min_length=1, max_length=20)]
Kinds = Annotated[tuple[KindCode, ...], Meta(max_length=20)]
Spoken = Annotated[tuple[Language, ...], Meta(min_length=1, max_length=6)]
Available = Annotated[tuple[Period, ...], Meta(max_length=PERIODS_MAX)]


class _ExpertFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of an expert."""

    expert_id: UUID
    provider: Organization


class ExpertListed(_ExpertFact, frozen=True, kw_only=True, tag="delivery.expert.listed.v1"):
    """An expert was entered; available in these `periods`, or at any time if there are none."""

    topics: Topics
    languages: Spoken
    texts_hash: str
    listed_at: datetime
    kinds: Kinds = ()
    periods: Available = ()


class ExpertRevised(_ExpertFact, frozen=True, kw_only=True, tag="delivery.expert.revised.v1"):
    """An expert was revised. The fact has all fields; a consent remains valid."""

    topics: Topics
    languages: Spoken
    texts_hash: str
    revised_at: datetime
    kinds: Kinds = ()
    periods: Available = ()


class ExpertConsented(_ExpertFact, frozen=True, kw_only=True, tag="delivery.expert.consented.v1"):
    """This person recorded that the expert consented, on that day, to be shown to others."""

    consented_on: date
    recorded_by: UUID
    recorded_at: datetime


class ExpertWithdrawn(_ExpertFact, frozen=True, kw_only=True, tag="delivery.expert.withdrawn.v1"):
    """The expert is no longer on the roster; name and texts were deleted."""

    withdrawn_at: datetime


FACTS: tuple[type[Fact], ...] = (ExpertListed, ExpertRevised, ExpertConsented, ExpertWithdrawn)
