"""Assemble the notifications service."""

import random
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import structlog

from chassis import clock
from chassis.activity import CLOCK_IDLE_SECONDS
from chassis.db.database import Database
from chassis.http.parked_api import parked_routes
from chassis.journal.event_feed import FeedPolicy
from chassis.service import Running, Service
from chassis.settings import Settings
from chassis.supervise import Loop, every, while_active
from services.notifications import actions, event_feed
from services.notifications.alerts import api as alert_api
from services.notifications.consumers import HANDLERS
from services.notifications.digests import actions as digest_actions
from services.notifications.digests import api as digest_api
from services.notifications.digests import store as digest_store
from services.notifications.hits import actions as hit_actions
from services.notifications.hits import request_store
from services.notifications.notices import api
from services.notifications.notices.model import RetryIntervals
from services.notifications.notices.sender import OVERDUE_POLL_SECONDS, Sender, Terms, count_overdue
from services.notifications.notices.wording import ReplyTerms, domain_of
from services.notifications.unsubscribe import api as unsubscribe_api
from services.notifications.webhooks import api as webhook_api
from services.notifications.webhooks.config import WebhookConfig
from services.notifications.webhooks.http_client import SafeHttpClient
from services.notifications.webhooks.sender import SENDERS, WebhookSender
from services.notifications.webhooks.sender import Terms as WebhookTerms

BEGIN_CONSENTS_SECONDS = 1.0
DIGESTS_SECONDS = 10.0

log = structlog.get_logger()


def terms(settings: Settings) -> Terms | None:
    """Return the settings of mail; None if it is disabled or has no server."""
    if settings.smtp_url is None or not settings.mail:
        return None
    return Terms(
        url=settings.smtp_url,
        sender=settings.mail_from,
        public_url=settings.public_url or f"http://{settings.host}:{settings.port}",
        hourly_max=settings.mail_hourly_max,
        replies=replies(settings),
        pace=RetryIntervals(retry_seconds=settings.mail_retry_seconds),
    )


def replies(settings: Settings) -> ReplyTerms | None:
    """Return the terms of answers by mail; None if none are received."""
    if settings.reply_key is None:
        return None
    return ReplyTerms(key=settings.reply_key.encode(), domain=domain_of(settings.intake_address))


async def begin_consents(db: Database) -> float | None:
    """Let alerts find requests with consents whose period has begun. Returns the seconds until the next one begins."""
    now = clock.now()
    async with db.transaction() as tx:
        begun = await request_store.consents_to_begin(tx, now=now)
    for request_id in begun:
        async with db.transaction() as tx:
            await hit_actions.begin_consents(tx, request_id, now=now)
    async with db.transaction() as tx:
        return await request_store.consent_begins_in_seconds(tx, now=now)


async def issue_digests(db: Database) -> float | None:
    """Issue all digests that are due, in several transactions. Returns the seconds until the next one is due."""
    while True:
        now = clock.now()
        async with db.transaction() as tx:
            if not await digest_actions.issue_due(tx, now=now):
                return await digest_store.due_in_seconds(tx, now=now)


def loops(running: Running) -> Mapping[str, Loop]:
    count = partial(count_overdue, running.db, clock=clock.now)
    begin = partial(begin_consents, running.db)
    clocked = partial(while_active, running.db.activity, idle_seconds=CLOCK_IDLE_SECONDS)
    found: dict[str, Loop] = {
        "overdue mails": partial(every, OVERDUE_POLL_SECONDS, count),
        "consents that begin": partial(clocked, BEGIN_CONSENTS_SECONDS, begin),
        "digests": partial(clocked, DIGESTS_SECONDS, partial(issue_digests, running.db)),
    }
    mail = terms(running.settings)
    if mail is None:
        log.warning("no mail is sent: it is off, or SMTP_URL is not set; what is owed stays owed")
    else:
        found["sender"] = Sender(running.db, mail, running.callers, clock=clock.now).run
    webhooks: WebhookConfig = running.own
    if webhooks.open:
        sender = WebhookSender(
            running.db,
            SafeHttpClient(webhooks.bounds),
            webhooks.keyring,
            WebhookTerms(bounds=webhooks.bounds),
            running.callers,
            clock=clock.now,
            spread=random.random,
        )
        found |= {f"webhooks {number}": sender.run for number in range(1, SENDERS + 1)}
    else:
        log.warning("no webhook is sent to: they are off, or ENTRAIDE_WEBHOOK_KEYS is not set; what is owed stays owed")
    return found


def own(running: Running) -> WebhookConfig:
    return WebhookConfig(running.settings)


SERVICE = Service(
    name="notifications",
    folder=Path(__file__).parent,
    routes=[
        *api.ROUTES,
        *alert_api.ROUTES,
        *digest_api.ROUTES,
        *unsubscribe_api.ROUTES,
        *webhook_api.ROUTES,
        *parked_routes("notifications"),
    ],
    listens_to=("requests", "matching", "pledges", "delivery", "sherloc", "directory"),
    handlers=HANDLERS,
    loops=loops,
    rebuild=actions.rebuild,
    tables=("alert", "digest", "dispatch", "hit", "notification", "subscription", "webhook"),
    texts=("address", "endpoint"),
    forget=actions.forget,
    feed_policy=FeedPolicy(event_feed.visible_events, event_feed.item_of),
    own=own,
)
