"""Facts of reminders to donors about due instalments; owned by pledges."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.pledges import SCHEDULE_MAX, FundCode
from contracts.values import Money, Organization

InstalmentNumber = Annotated[int, Meta(ge=1, le=SCHEDULE_MAX)]
Reminder = Annotated[int, Meta(ge=1, le=9, description="number of reminders, including this one")]


class PledgeDueSoon(Fact, frozen=True, kw_only=True, tag="pledges.pledge.due-soon.v1"):
    """An instalment is due soon; `money` is its unpaid part."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    instalment: InstalmentNumber
    due_on: date
    money: Money
    reminder: Reminder
    reminded_at: datetime


class PledgeOverdue(Fact, frozen=True, kw_only=True, tag="pledges.pledge.overdue.v1"):
    """An instalment is overdue, in whole or in part; `money` is its unpaid part."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    instalment: InstalmentNumber
    due_on: date
    money: Money
    reminder: Reminder
    reminded_at: datetime


FACTS: tuple[type[Fact], ...] = (PledgeDueSoon, PledgeOverdue)
