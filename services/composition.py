"""The composition root: the list of services. Each service is imported only when it is used."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from chassis.db.database import Database
from chassis.service import Service
from services.directory.people.actions import Founder


def _requests() -> Service:
    from services.requests.wiring import SERVICE

    return SERVICE


def _matching() -> Service:
    from services.matching.wiring import SERVICE

    return SERVICE


def _pledges() -> Service:
    from services.pledges.wiring import SERVICE

    return SERVICE


def _delivery() -> Service:
    from services.delivery.wiring import SERVICE

    return SERVICE


def _sherloc() -> Service:
    from services.sherloc.wiring import SERVICE

    return SERVICE


def _notifications() -> Service:
    from services.notifications.wiring import SERVICE

    return SERVICE


def _directory() -> Service:
    from services.directory.wiring import SERVICE

    return SERVICE


def _reports() -> Service:
    from services.reports.wiring import SERVICE

    return SERVICE


def _console() -> Service:
    from services.console.wiring import SERVICE

    return SERVICE


SERVICES: Mapping[str, Callable[[], Service]] = {
    "requests": _requests,
    "matching": _matching,
    "pledges": _pledges,
    "delivery": _delivery,
    "sherloc": _sherloc,
    "notifications": _notifications,
    "directory": _directory,
    "reports": _reports,
    "console": _console,
}
NAMES = tuple(SERVICES)


def all_services() -> tuple[Service, ...]:
    return tuple(service() for service in SERVICES.values())


async def appoint_founders(db: Database, founders: Sequence[Founder]) -> None:
    """Appoint the first administrators. Raises Conflict if two are in force, Invalid for fewer than two founders."""
    from services.directory import wiring

    await wiring.appoint_founders(db, founders)


async def expire_clocks(db: Database, *, ahead: timedelta) -> float | None:
    """Record what is due by the clocks of the requests service `ahead` of now.

    Returns the seconds until the next clock is due.
    """
    from services.requests import wiring

    return await wiring.expire_clocks(db, ahead=ahead)


async def expire_follow_ups(db: Database, *, ahead: timedelta) -> float | None:
    """Make the moves of the delivery service's follow-ups that are due `ahead` of now.

    Returns the seconds until the next one is due.
    """
    from services.delivery import wiring

    return await wiring.expire_follow_ups(db, ahead=ahead)
