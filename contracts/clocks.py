"""Facts of the requests service: clocks of requests and matches, and the calendar of holidays they are counted by.

A clock runs while one side has to act; its step, its limit in working days and that side are in the glossary.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.values import Code, Organization, Role, State

HOLIDAYS_MAX = 40
YEAR_MIN, YEAR_MAX = 2020, 2100


class ClockStarted(Fact, frozen=True, kw_only=True, tag="requests.clock.started.v1"):
    """An organization has to act, in one role: since when, reminded when, until when.

    `match_id` and `line_id` are None for a clock of the whole request. Without `remind_at` it has no reminder.
    """

    clock_id: UUID
    step: Code
    request_id: UUID
    state: State
    organization: Organization
    role: Role
    since: datetime
    due_at: datetime
    remind_at: datetime | None = None
    match_id: UUID | None = None
    line_id: UUID | None = None


class ClockPaused(Fact, frozen=True, kw_only=True, tag="requests.clock.paused.v1"):
    """The other side has to act first."""

    clock_id: UUID
    request_id: UUID
    state: State
    paused_at: datetime


class ClockResumed(Fact, frozen=True, kw_only=True, tag="requests.clock.resumed.v1"):
    """The clock runs again, later by the working days of its pause."""

    clock_id: UUID
    request_id: UUID
    state: State
    due_at: datetime
    remind_at: datetime | None
    resumed_at: datetime


class ClockReminded(Fact, frozen=True, kw_only=True, tag="requests.clock.reminded.v1"):
    """Half of the time is over; who has to act is reminded: the assignee, if there is one, else all in that role."""

    clock_id: UUID
    step: Code
    request_id: UUID
    state: State
    organization: Organization
    role: Role
    due_at: datetime
    reminded_at: datetime
    match_id: UUID | None = None
    assignee: UUID | None = None


class ClockOverdue(Fact, frozen=True, kw_only=True, tag="requests.clock.overdue.v1"):
    """The time is over: who has to act, and the head of the remit, are notified."""

    clock_id: UUID
    step: Code
    request_id: UUID
    state: State
    organization: Organization
    role: Role
    due_at: datetime
    overdue_at: datetime
    match_id: UUID | None = None
    assignee: UUID | None = None


class ClockStopped(Fact, frozen=True, kw_only=True, tag="requests.clock.stopped.v1"):
    """Its side has acted, or need not act any more."""

    clock_id: UUID
    request_id: UUID
    state: State
    stopped_at: datetime


class HolidaysSet(Fact, frozen=True, kw_only=True, tag="requests.calendar.holidays-set.v1"):
    """The holidays of the United Nations in one year; they count for clocks that start or resume later."""

    calendar_id: UUID
    year: Annotated[int, Meta(ge=YEAR_MIN, le=YEAR_MAX)]
    holidays: Annotated[tuple[date, ...], Meta(max_length=HOLIDAYS_MAX)]
    set_at: datetime


FACTS: tuple[type[Fact], ...] = (
    ClockStarted,
    ClockPaused,
    ClockResumed,
    ClockReminded,
    ClockOverdue,
    ClockStopped,
    HolidaysSet,
)
