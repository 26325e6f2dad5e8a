"""Facts of activities, which a fund finances in addition to work packages and requests; owned by pledges."""

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
    """UNODC planned an activity that a fund pays: a course, meeting or campaign, with its first and last day.

    `activity_kind` is a code of the table `activity_kinds`; `language` is that of the title, which is not in the
    journal.
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
    """UNODC changed or corrected an activity. The fact has all fields except the fund."""

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
    """The activity took place; `participants` is the number of participants, if counted."""

    activity_id: UUID
    fund: FundCode
    completed_on: date
    participants: Participants | None
    completed_at: datetime
    fund_donors: FundDonors = ()


class ActivityCancelled(Fact, frozen=True, kw_only=True, tag="pledges.activity.cancelled.v1"):
    """The activity was cancelled, for a coded reason; no allocation to it was left unspent."""

    activity_id: UUID
    fund: FundCode
    reason: Code
    cancelled_at: datetime
    fund_donors: FundDonors = ()


FACTS: tuple[type[Fact], ...] = (ActivityPlanned, ActivityRevised, ActivityCompleted, ActivityCancelled)
