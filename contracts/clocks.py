"""Facts of the requests service: clocks of requests and matches, and the calendar of holidays that they use.

A clock runs while one side has to act. The glossary defines its step, its limit in working days, and that side.
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
    """An organization has to act, in one role; gives the start, the reminder and the due date of its clock.

    `match_id` and `line_id` are None for a clock of the whole request. There is no reminder without `remind_at`.
    """

    TIME = "since"

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
    """The clock was paused, because the other side has to act first."""

    clock_id: UUID
    request_id: UUID
    state: State
    paused_at: datetime


class ClockResumed(Fact, frozen=True, kw_only=True, tag="requests.clock.resumed.v1"):
    """The clock runs again; `due_at` is later by the working days of the pause."""

    TIME = "resumed_at"

    clock_id: UUID
    request_id: UUID
    state: State
    due_at: datetime
    remind_at: datetime | None
    resumed_at: datetime


class ClockReminded(Fact, frozen=True, kw_only=True, tag="requests.clock.reminded.v1"):
    """Half of the time is over; a reminder is sent to the assignee, or to all holders of the role if there is none."""

    TIME = "reminded_at"

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
    """The time is over; the side that has to act, and the head of the remit, are notified."""

    TIME = "overdue_at"

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
    """The clock stopped, because its side has acted or no longer needs to act."""

    clock_id: UUID
    request_id: UUID
    state: State
    stopped_at: datetime


class HolidaysSet(Fact, frozen=True, kw_only=True, tag="requests.calendar.holidays-set.v1"):
    """The holidays of the United Nations in one year were set; they apply to clocks that start or resume later."""

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
