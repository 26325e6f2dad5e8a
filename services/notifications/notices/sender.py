"""The sender of mails: it attempts each until it is delivered, refused or expired.

A sender claims one mail under a lease, sends it outside any transaction, and records the outcome in a new one. If the
sender dies in between, the lease lapses and the mail is sent again under the same Message-ID. If the mail server cannot
be reached, no attempt is counted; the sender reconnects later.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog
from msgspec import Struct
from msgspec.structs import replace
from prometheus_client import Gauge

from chassis.auth.callers import AppointmentLookup
from chassis.db.database import Database, Tx, with_retries
from chassis.supervise import finish_despite_cancel
from chassis.telemetry import with_correlation
from services.notifications.digests import actions as digest_actions
from services.notifications.digests.wording import words_of
from services.notifications.hits import actions as hit_actions
from services.notifications.hits.about_actions import told
from services.notifications.notices import actions, audience, store
from services.notifications.notices.model import Accepted, Failed, Outcome, Rejected, RetryIntervals
from services.notifications.notices.wording import Letter, LetterEntry, ReplyTerms, domain_of, mail
from services.notifications.unsubscribe import store as unsubscribe_store
from services.notifications.unsubscribe.model import Link, Target

POLL_SECONDS = 0.5
POLL_IDLE_SECONDS = 60.0
"""Longest pause if nothing is due here: the longest time until a mail from another process is claimed."""

RECONNECT_SECONDS_MIN = 1.0
RECONNECT_SECONDS_MAX = 30.0
REPLY_SECONDS = 10.0
ATTEMPT_SECONDS = 30.0
LEASE_SECONDS = 60
"""Duration of a lease, longer than an attempt and the recording of its outcome take."""
OVERDUE_SECONDS = 3600
OVERDUE_POLL_SECONDS = 60.0
UNSUBSCRIBED = "unsubscribed"
NO_LONGER_VISIBLE = "no_longer_visible"
"""Reason to refuse a mail about a hit or digest that its reader may no longer see."""
NOT_APPOINTED = "not_appointed"
"""Reason to refuse a mail: the person's appointment has ended. This includes mails that were due before."""

OVERDUE = Gauge("entraide_mails_overdue", "Mails owed for more than an hour and not yet delivered or given up")
log = structlog.get_logger()


class MailServerUnavailable(Exception):
    """The mail server cannot be reached or refuses our login."""


class Terms(Struct, frozen=True, kw_only=True):
    """The mail server, sender address and limits. `url` is `smtp://` or `smtps://`, with credentials if needed."""

    url: str
    sender: str
    public_url: str
    hourly_max: int
    replies: ReplyTerms | None = None
    pace: RetryIntervals = RetryIntervals()
    lease_seconds: int = LEASE_SECONDS


class Sender:
    """Sends due mails one after the other over one connection.

    `appointments` holds the appointments in force; while they are unknown no mail is sent.
    """

    def __init__(
        self, db: Database, terms: Terms, appointments: AppointmentLookup, *, clock: Callable[[], datetime]
    ) -> None:
        self._db = db
        self._terms = terms
        self._appointments = appointments
        self._clock = clock
        self._connection: aiosmtplib.SMTP | None = None
        self._due_in_seconds: float | None = None

    async def run(self) -> None:
        """Send until cancelled; a mail in progress is completed first."""
        away = RECONNECT_SECONDS_MIN
        try:
            while True:
                if self._appointments.stale():
                    await asyncio.sleep(POLL_SECONDS)
                    continue
                try:
                    busy = await finish_despite_cancel(self.send_next())
                except MailServerUnavailable as error:
                    log.warning("mail server not reached", reason=str(error), again_in_seconds=away)
                    await asyncio.sleep(away)
                    away = min(away * 2, RECONNECT_SECONDS_MAX)
                    continue
                away = RECONNECT_SECONDS_MIN
                if not busy:
                    # A server closes an idle connection; discovering that while sending a mail would cost an attempt.
                    # Shielded, because the client's `asyncio.wait_for` may lose a cancellation.
                    await finish_despite_cancel(self.disconnect())
                    await self._db.activity.pause(
                        POLL_SECONDS, idle_seconds=POLL_IDLE_SECONDS, due_in_seconds=self._due_in_seconds
                    )
        finally:
            await self.disconnect()

    async def send_next(self) -> bool:
        """Send one due mail; False if there is none. Raises MailServerUnavailable, and leaves the mail due."""
        now = self._clock()
        async with self._db.transaction() as tx:
            letter = await store.claim(
                tx, now=now, hourly_max=self._terms.hourly_max, lease_seconds=self._terms.lease_seconds
            )
            if letter is None:
                self._due_in_seconds = await store.due_in_seconds(tx, now=now)
            else:
                letter, visible = await self._as_visible(tx, letter, now)
        if letter is None:
            return False
        with with_correlation(letter.correlation_id):
            try:
                outcome = await self._attempt(letter) if visible else Rejected(NO_LONGER_VISIBLE)
            except MailServerUnavailable:
                async with self._db.transaction() as tx:
                    await store.end_lease(tx, letter.dispatch_id)
                raise
            await with_retries(lambda: self._settle(letter, outcome))
            log.info("mail attempted", dispatch_id=str(letter.dispatch_id), outcome=type(outcome).__name__)
        return True

    async def _as_visible(self, tx: Tx, letter: Letter, now: datetime) -> tuple[Letter, bool]:
        """Return the letter with what its reader may see now, and whether that is anything."""
        if letter.notice not in audience.OF_DIGESTS:
            organization, found_id = letter.organization, letter.found_id
            visible = await hit_actions.may_be_sent(tx, letter.notice, organization, found_id, now=now)
            (about,) = await told(tx, [letter], by_mail=True, now=now)
            return await _with_link(tx, replace(letter, about=about)), visible
        assert letter.cause_id is not None, "the letter of a digest has a cause"
        found = (await digest_actions.visible_entries(tx, {letter.cause_id: letter.organization}, now=now))[
            letter.cause_id
        ]
        entries = tuple(LetterEntry(words_of(one, letter.language), one.link) for one in found)
        return replace(await _with_link(tx, letter), entries=entries), bool(entries)

    async def _attempt(self, letter: Letter) -> Outcome:
        if letter.email is None:
            return Rejected(UNSUBSCRIBED)
        if not self._appointments.holds(letter.person_id, letter.organization, letter.role, self._clock()):
            return Rejected(NOT_APPOINTED)
        connection = await self._connect()
        terms = self._terms
        message = mail(letter, sender=terms.sender, public_url=terms.public_url, replies=terms.replies)
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                await connection.send_message(message, recipients=[letter.email])
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            # The state of the connection is unknown; the next mail uses a new one.
            await self.disconnect()
            return outcome_of(error)
        return Accepted()

    async def _settle(self, letter: Letter, outcome: Outcome) -> None:
        async with self._db.transaction() as tx:
            await actions.settle(
                tx, letter.notification_id, letter.dispatch_id, outcome, self._terms.pace, now=self._clock()
            )

    async def _connect(self) -> aiosmtplib.SMTP:
        """Return the open connection, or a new one. Raises MailServerUnavailable."""
        if self._connection is not None and self._connection.is_connected:
            return self._connection
        parts = urlsplit(self._terms.url)
        connection = aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port or (465 if parts.scheme == "smtps" else 25),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=parts.scheme == "smtps",
            # Without a local host name the library would resolve one and block.
            local_hostname=domain_of(self._terms.sender),
            timeout=REPLY_SECONDS,
        )
        try:
            await connection.connect()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            connection.close()
            raise MailServerUnavailable(type(error).__name__) from error
        self._connection = connection
        return connection

    async def disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and connection.is_connected:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await connection.quit(timeout=1)
            connection.close()


async def _with_link(tx: Tx, letter: Letter) -> Letter:
    """Return the letter of a hit or a digest with its unsubscribe link: for the alert, or else for all mails."""
    if letter.notice not in audience.OF_HITS.keys() | audience.OF_DIGESTS or letter.subscription_id is None:
        return letter
    on_alert = letter.alert_id is not None
    link = Link(Target.ALERT if on_alert else Target.SUBSCRIPTION, letter.alert_id or letter.subscription_id)
    return replace(letter, unsubscribe=f"/v1/unsubscribe?token={link.token(await unsubscribe_store.key(tx))}")


def outcome_of(error: BaseException) -> Outcome:
    """Map an SMTP error to an outcome: only errors about the recipient or the mail itself are final.

    A refused sender address is a fault in our settings, so the mail is retried.
    """
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    final = isinstance(error, (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError))
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return Rejected(str(error.code)) if final and 500 <= error.code <= 599 else Failed(str(error.code))
    return Failed("timeout" if isinstance(error, TimeoutError) else "disconnected")


async def count_overdue(db: Database, *, clock: Callable[[], datetime]) -> None:
    """Report the number of mails neither delivered nor given up one hour after they became due."""
    async with db.transaction() as tx:
        OVERDUE.set(await store.overdue(tx, before=clock() - timedelta(seconds=OVERDUE_SECONDS)))
