"""The route of an offering's calendar: iCalendar (RFC 5545)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from icalendar import Calendar, Event
from litestar import Response, get
from litestar.params import FromPath

from chassis.http.application import CurrentCaller, Db, Now, requires
from contracts.values import Period
from services.matching import policy
from services.matching.offerings import calendar_store
from services.matching.offerings import store as offering_store
from services.matching.offerings.calendar_store import Delivery
from services.matching.offerings.model import Offering
from services.matching.offerings.store import Texts
from services.matching.policy import Action

CALENDAR_TYPE = "text/calendar"
PRODUCT = "-//Entraide//Offerings//EN"
_DAY = timedelta(days=1)


@get(
    "/v1/offerings/{offering_id:uuid}/calendar.ics",
    opt=requires(Action.SHOW_OFFERING),
    media_type=CALENDAR_TYPE,
    summary="The periods and confirmed deliveries of an offering, as iCalendar",
)
async def show_offering_calendar(
    offering_id: FromPath[UUID], db: Db, caller: CurrentCaller, now: Now
) -> Response[bytes]:
    """The calendar has an event of whole days for each period, titled as the offering.

    It also has an event for each confirmed delivery that the caller sees as a match. The event shows only codes: the
    State and the kind of assistance.
    """
    async with db.transaction(by=caller, snapshot=True) as tx:
        offering = await offering_store.get(tx, offering_id, caller)
        policy.decide(caller, Action.SHOW_OFFERING, offering).required()
        found = await offering_store.texts(tx, [offering_id])
        deliveries = await calendar_store.deliveries(tx, offering, caller)
    content = calendar_of(offering, found.get(offering_id, Texts(title="", summary="")), deliveries, now=now)
    return Response(content, media_type=CALENDAR_TYPE)


def calendar_of(offering: Offering, texts: Texts, deliveries: Sequence[Delivery], *, now: datetime) -> bytes:
    """Return the calendar. The ids of events are stable, so that a reader updates them."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for one in offering.terms.capacity:
        event = _event(f"{offering.offering_id}-{one.period.starts}", one.period, now)
        event.add("summary", texts.title or str(offering.offering_id))
        event.add("transp", "TRANSPARENT")
        event.add("categories", list(offering.terms.kinds))
        calendar.add_component(event)
    for delivery in deliveries:
        event = _event(str(delivery.match_id), delivery.days, now)
        event.add("summary", f"{delivery.state} {delivery.kind}")
        event.add("status", "CONFIRMED")
        event.add("categories", [delivery.kind])
        event.add("url", f"/v1/matches/{delivery.match_id}")
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _event(uid: str, days: Period, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{uid}@entraide")
    event.add("dtstamp", now)
    event.add("dtstart", days.starts)
    event.add("dtend", _after(days.ends))
    return event


def _after(day: date) -> date:
    # The end of an event of whole days is the day after the last (RFC 5545, 3.6.1).
    return day + _DAY if day < date.max else day


ROUTES = [show_offering_calendar]
