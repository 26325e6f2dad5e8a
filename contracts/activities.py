"""Facts of activities, which a fund pays for beside work packages and requests; the pledges service owns them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.pledges import FundCode, FundDonors
from contracts.requests import Codes
from contracts.values import Code, Language

PARTICIPANTS_MAX = 1_000_000

Participants = Annotated[int, Meta(ge=0, le=PARTICIPANTS_MAX)]


class ActivityPlanned(Fact, frozen=True, kw_only=True, tag="pledges.activity.planned.v1"):
    """UNODC planned something that a fund is to pay for: one course, meeting or campaign, from a day to another.

    `activity_kind` is a code of the table `activity_kinds`; `language` is that of its title, which the journal does not
    hold.
    """

    activity_id: UUID
    fund: FundCode
    activity_kind: Code
    topics: Codes
    pillars: Codes
    gender_marker: Annotated[int, Meta(ge=0, le=2)]
    starts_on: date
    ends_on: date
    language: Language
    texts_hash: str
    planned_at: datetime


class ActivityRevised(Fact, frozen=True, kw_only=True, tag="pledges.activity.revised.v1"):
    """What was planned is otherwise, or was written otherwise than it should: the whole of it, but for its fund."""

    activity_id: UUID
    fund: FundCode
    activity_kind: Code
    topics: Codes
    pillars: Codes
    gender_marker: Annotated[int, Meta(ge=0, le=2)]
    starts_on: date
    ends_on: date
    language: Language
    texts_hash: str
    revised_at: datetime


class ActivityCompleted(Fact, frozen=True, kw_only=True, tag="pledges.activity.completed.v1"):
    """It took place and is over; `participants` is how many it reached, where that was counted."""

    activity_id: UUID
    fund: FundCode
    completed_on: date
    participants: Participants | None
    completed_at: datetime
    fund_donors: FundDonors = ()


class ActivityCancelled(Fact, frozen=True, kw_only=True, tag="pledges.activity.cancelled.v1"):
    """It does not take place, for a coded reason; nothing of what was set aside for it was left unspent."""

    activity_id: UUID
    fund: FundCode
    reason: Code
    cancelled_at: datetime
    fund_donors: FundDonors = ()


FACTS: tuple[type[Fact], ...] = (ActivityPlanned, ActivityRevised, ActivityCompleted, ActivityCancelled)
