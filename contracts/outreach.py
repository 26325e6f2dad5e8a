"""Facts of the sherloc service about the outreach plan: activities that make SHERLOC known, and their reach.

Titles and texts are stored separately; facts have their salted hash.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.values import Code, Language, Money

PEOPLE_MAX = 100_000_000

People = Annotated[int, Meta(ge=0, le=PEOPLE_MAX)]
Languages = Annotated[tuple[Language, ...], Meta(min_length=1, max_length=6)]


class OutreachAudience(StrEnum):
    """Audiences of an outreach activity."""

    JUDGES_AND_PROSECUTORS = "judges_and_prosecutors"
    LAW_ENFORCEMENT = "law_enforcement"
    CENTRAL_AUTHORITIES = "central_authorities"
    LEGISLATORS = "legislators"
    DEFENCE_LAWYERS = "defence_lawyers"
    ACADEMIA = "academia"
    CIVIL_SOCIETY = "civil_society"
    PRIVATE_SECTOR = "private_sector"
    GENERAL_PUBLIC = "general_public"


class OutreachKind(StrEnum):
    """Kinds of outreach activities."""

    BRIEFING = "briefing"
    WEBINAR = "webinar"
    SIDE_EVENT = "side_event"
    PUBLICATION = "publication"
    SOCIAL_MEDIA = "social_media"
    UNIVERSITY_VISIT = "university_visit"
    OTHER = "other"


class _OutreachFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of an outreach activity."""

    outreach_activity_id: UUID
    audience: OutreachAudience


class _Planned(_OutreachFact, frozen=True, kw_only=True):
    """The plan of an outreach activity. `reach_target` is the number of people it is to reach."""

    outreach_kind: OutreachKind
    language: Language
    languages: Languages
    starts: date
    ends: date
    budget: Money
    reach_target: People
    texts_hash: str


class OutreachActivityPlanned(_Planned, frozen=True, kw_only=True, tag="sherloc.outreach_activity.planned.v1"):
    """A coordinator planned an activity that makes SHERLOC known."""

    planned_at: datetime


class OutreachActivityRevised(_Planned, frozen=True, kw_only=True, tag="sherloc.outreach_activity.revised.v1"):
    """A coordinator revised the plan of an activity."""

    revised_at: datetime


class OutreachActivityHeld(_OutreachFact, frozen=True, kw_only=True, tag="sherloc.outreach_activity.held.v1"):
    """The activity took place; `reach` is the number of people reached."""

    reach: People
    held_at: datetime


class OutreachActivityCancelled(_OutreachFact, frozen=True, kw_only=True, tag="sherloc.outreach_activity.cancelled.v1"):
    """The activity was cancelled, for a coded reason."""

    reason: Code
    cancelled_at: datetime


FACTS: tuple[type[Fact], ...] = (
    OutreachActivityPlanned,
    OutreachActivityRevised,
    OutreachActivityHeld,
    OutreachActivityCancelled,
)
