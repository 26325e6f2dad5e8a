"""The notifications service, put together."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog

from chassis.service import Running, Service
from chassis.settings import Settings
from chassis.supervise import Loop, every
from services.notifications import actions
from services.notifications.api import ROUTES
from services.notifications.consumers import HANDLERS
from services.notifications.domain import Pace
from services.notifications.sender import OVERDUE_POLL_SECONDS, Sender, Terms, count_overdue

log = structlog.get_logger()


def terms(settings: Settings) -> Terms | None:
    """How mails are sent; None where they are switched off or there is nowhere to send them."""
    if settings.smtp_url is None or not settings.mail:
        return None
    return Terms(
        url=settings.smtp_url,
        sender=settings.mail_from,
        public_url=settings.public_url or f"http://{settings.host}:{settings.port}",
        hourly_max=settings.mail_hourly_max,
        pace=Pace(retry_seconds=settings.mail_retry_seconds),
    )


def now() -> datetime:
    return datetime.now(UTC)


def loops(running: Running) -> Mapping[str, Loop]:
    count = partial(count_overdue, running.db, clock=now)
    always: dict[str, Loop] = {"overdue mails": partial(every, OVERDUE_POLL_SECONDS, count)}
    found = terms(running.settings)
    if found is None:
        log.warning("no mail is sent: it is off, or SMTP_URL is not set; what is owed stays owed")
        return always
    return {**always, "sender": Sender(running.db, found, clock=now).run}


SERVICE = Service(
    name="notifications",
    folder=Path(__file__).parent,
    routes=ROUTES,
    listens_to=("requests", "matching", "pledges"),
    handlers=HANDLERS,
    loops=loops,
    rebuild=actions.rebuild,
    tables=("dispatch", "notification", "subscription"),
    texts=("address",),
)
