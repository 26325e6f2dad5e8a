"""The routes of a request's clocks, and of the calendar of holidays."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import change, show
from chassis.http.pages import Part
from chassis.journal.outbox import read_aggregates
from contracts.clocks import HOLIDAYS_MAX, YEAR_MAX, YEAR_MIN
from contracts.conversion import from_attributes
from contracts.facts import Event
from contracts.refusals import Missing
from contracts.values import Role
from services.requests import policy
from services.requests.clock import actions, store
from services.requests.clock.model import Clock, Step
from services.requests.policy import Action
from services.requests.request import store as request_store


class ClockEvent(Struct, frozen=True, kw_only=True):
    """A change of a clock: `started`, `paused`, `resumed`, `reminded`, `overdue` or `stopped`."""

    event: str
    at: datetime
    by_role: Role | None
    by_organization: str | None


class ClockView(Struct, frozen=True, kw_only=True):
    """A clock of a request or of one of its matches: who has to act, since when, until when, and its history."""

    clock_id: UUID
    step: Step
    match_id: UUID | None
    line_id: UUID | None
    organization: str
    role: Role
    since: datetime
    remind_at: datetime | None
    due_at: datetime
    paused_at: datetime | None
    overdue_at: datetime | None
    stopped_at: datetime | None
    history: list[ClockEvent]


class RequestClocks(Struct, frozen=True, kw_only=True):
    """The clocks of a request that the caller may see, in the order in which they started."""

    request_id: UUID
    clocks: list[ClockView]
    cursor: str | None = None


class SetHolidays(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The holidays of a year, besides Saturdays and Sundays."""

    holidays: Annotated[tuple[date, ...], Meta(max_length=HOLIDAYS_MAX)]


class CalendarView(Struct, frozen=True, kw_only=True):
    """The holidays of the United Nations in a year, by which clocks count working days; revision 0 if none are set."""

    year: int
    holidays: tuple[date, ...]
    revision: int


@show("/v1/requests/{request_id:uuid}/clocks", Action.READ_CLOCKS, "The clocks of a request, with their history")
async def show_clocks(tx: Tx, ctx: Context, request_id: FromPath[UUID], part: Part) -> RequestClocks:
    """The State and UNODC see all clocks; a provider sees those of its own matches."""
    request = await request_store.get(tx, request_id, ctx.caller)
    policy.decide(ctx.caller, Action.READ_CLOCKS, request).required()
    clocks = await store.of_request(tx, request_id)
    events = await read_aggregates(tx, [one.clock_id for one in clocks])
    shown = [_view(one, events[one.clock_id]) for one in clocks]
    return part.of(RequestClocks(request_id=request_id, clocks=shown))


def _view(clock: Clock, events: list[Event]) -> ClockView:
    history = [
        ClockEvent(
            event=event.type.split(".")[2],
            at=event.time,
            by_role=event.actorrole,
            by_organization=event.actororganization,
        )
        for event in events
    ]
    return from_attributes(ClockView, clock, history=history)


async def _calendar(tx: Tx, ctx: Context, year: int) -> CalendarView:
    return msgspec.convert(await store.calendar(tx, _checked(year)), CalendarView, from_attributes=True)


@show("/v1/calendar/{year:int}", Action.SHOW_CALENDAR, "The holidays of a year")
async def show_calendar(tx: Tx, ctx: Context, year: FromPath[int]) -> CalendarView:
    policy.decide(ctx.caller, Action.SHOW_CALENDAR).required()
    return await _calendar(tx, ctx, year)


@change("/v1/calendar/{year:int}", Action.SET_CALENDAR, "Set the holidays of a year", read=_calendar, method="PUT")
async def set_calendar(tx: Tx, ctx: Context, year: FromPath[int], data: JSONBody[SetHolidays]) -> None:
    """The holidays apply to clocks that start or resume from now on. Send `If-Match: "0"` the first time."""
    await actions.set_holidays(tx, ctx, _checked(year), data.holidays)


def _checked(year: int) -> int:
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise Missing("not-found")
    return year


ROUTES = [show_clocks, show_calendar, set_calendar]
