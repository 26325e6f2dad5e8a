"""Facts by which a donor is reminded of what its agreements say; the pledges service owns them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.pledges import SCHEDULE_MAX, FundCode
from contracts.values import Money, Organization

InstalmentNumber = Annotated[int, Meta(ge=1, le=SCHEDULE_MAX)]
Reminder = Annotated[int, Meta(ge=1, le=9, description="how many reminders there were, with this one")]


class PledgeDueSoon(Fact, frozen=True, kw_only=True, tag="pledges.pledge.due-soon.v1"):
    """An instalment will be due; `money` is what of it has not come."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    instalment: InstalmentNumber
    due_on: date
    money: Money
    reminder: Reminder
    reminded_at: datetime


class PledgeOverdue(Fact, frozen=True, kw_only=True, tag="pledges.pledge.overdue.v1"):
    """An instalment was due and has not come, or not all of it; `money` is what is missing."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    instalment: InstalmentNumber
    due_on: date
    money: Money
    reminder: Reminder
    reminded_at: datetime


FACTS: tuple[type[Fact], ...] = (PledgeDueSoon, PledgeOverdue)
