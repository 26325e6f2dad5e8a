"""Assemble the requests service."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import structlog

from chassis import clock
from chassis.activity import CLOCK_IDLE_SECONDS
from chassis.db.database import Database, Tx
from chassis.files import store as files
from chassis.files.scanner import Scanner, Verdict, scanner_of
from chassis.files.storage import scan_file
from chassis.http.parked_api import parked_routes
from chassis.journal.event_feed import FeedPolicy
from chassis.service import Running, Service
from chassis.supervise import Loop, every, while_active
from contracts.facts import Event
from contracts.registry import decode_fact
from services.requests import event_feed
from services.requests.attachment import actions as attachment_actions
from services.requests.attachment import api as attachment_api
from services.requests.attachment import store as attachment_store
from services.requests.attachment.actions import FileStorage
from services.requests.attachment.model import Quota
from services.requests.audience import api as audience_api
from services.requests.clock import actions as clock_actions
from services.requests.clock import api as clock_api
from services.requests.clock import store as clock_store
from services.requests.consent import api as consent_api
from services.requests.consent import store as consent_store
from services.requests.consumers import HANDLERS, forget
from services.requests.criteria import api as criteria_api
from services.requests.mail import actions as mail_actions
from services.requests.mail import api as mail_api
from services.requests.mail import store as mail_store
from services.requests.mail.sender import POLL_SECONDS, AnswerTerms, send_answers
from services.requests.observation import api as observation_api
from services.requests.request import (
    actions,
    api,
    closing_api,
    counts_api,
    draft_api,
    import_api,
    reminder_store,
    retention_actions,
    words_api,
)
from services.requests.summary import api as summary_api
from services.requests.summary import open_data_api
from services.requests.translation import api as translation_api
from services.requests.work import api as work_api
from services.requests.work import view_api

CLOCK_SECONDS = 10.0
SCAN_SECONDS = 1.0
SCANNER_RETRY_SECONDS = 10.0
"""Pause in seconds after the scanner gave no verdict."""

SWEEP_SECONDS = 3600.0
MEBIBYTE = 1024 * 1024

log = structlog.get_logger()


async def end_windows(db: Database) -> float | None:
    now = clock.now()
    async with db.transaction() as tx:
        await actions.end_windows(tx, now)
        return await consent_store.window_ends_in_seconds(tx, now)


async def end_consents(db: Database) -> float | None:
    now = clock.now()
    async with db.transaction() as tx:
        await actions.end_consents(tx, now)
        return await consent_store.period_ends_in_seconds(tx, now)


async def remind_or_lapse(db: Database) -> float | None:
    now = clock.now()
    async with db.transaction() as tx:
        await actions.remind_or_lapse(tx, now)
        return await reminder_store.answer_due_in_seconds(tx, now)


async def expire_clocks(db: Database, *, ahead: timedelta = timedelta()) -> float | None:
    """Record reminders and overdue clocks as of `ahead` from now. Returns the seconds until the next clock is due."""
    now = clock.now() + ahead
    async with db.transaction() as tx:
        await clock_actions.expire(tx, now)
        return await clock_store.due_in_seconds(tx, now)


async def scan_continuously(db: Database, keeping: FileStorage, scanner: Scanner) -> None:
    while True:
        if await scan(db, keeping, scanner):
            await asyncio.sleep(SCANNER_RETRY_SECONDS)
        else:
            await db.activity.pause(SCAN_SECONDS)


async def scan(db: Database, keeping: FileStorage, scanner: Scanner) -> int:
    """Scan the files that wait for a scan; return the number of those without a verdict.

    Two processes may scan the same file; one verdict is recorded.
    """
    async with db.transaction() as tx:
        of_requests = await attachment_store.pending(tx)
        of_mails = await mail_store.pending(tx)
    judges = {file_id: partial(attachment_actions.judge, attachment_id=file_id) for file_id in of_requests}
    judges |= {file_id: partial(mail_actions.judge, mail_id=mail, file_id=file_id) for mail, file_id in of_mails}
    silent = 0
    for file_id, judge in judges.items():
        verdict = await scan_file(keeping, scanner, file_id)
        if verdict is None:
            silent += 1
            continue
        async with db.transaction() as tx:
            await judge(tx, verdict=verdict, now=clock.now())
        if verdict is Verdict.INFECTED:
            await keeping.drop(file_id)
    return silent


async def sweep(db: Database, keeping: FileStorage) -> None:
    """Delete stored files that no row refers to."""

    async def wanted(file_ids: Sequence[UUID]) -> set[UUID]:
        async with db.transaction() as tx:
            return await attachment_store.with_file(tx, file_ids) | await mail_store.with_file(tx, file_ids)

    await files.sweep(keeping.files, wanted)


async def rebuild(tx: Tx, event: Event) -> None:
    """Apply one fact of our own journal to the tables, as the action that announced it did."""
    fact = decode_fact(event)
    if fact is not None and fact.aggregate == "mail":
        await mail_actions.rebuild(tx, event.aggregate_id, fact)
    else:
        await actions.rebuild(tx, event)


def own(running: Running) -> FileStorage:
    settings = running.settings
    return FileStorage(
        files=files.Folder(settings.files_folder),
        scanner=scanner_of(settings.scanner) if settings.scanner else None,
        quota=Quota(files_max=settings.files_state_count, bytes_max=settings.files_state_mebibytes * MEBIBYTE),
    )


def intake_loops(running: Running, keeping: FileStorage) -> dict[str, Loop]:
    """Return the mail server and the sender of its answers; empty if no mails are received."""
    settings = running.settings
    if settings.intake_smtp is None:
        return {}
    if keeping.scanner is None:
        log.warning("no mail is taken in: ENTRAIDE_SCANNER is off")
        return {}
    # Imported here, because only a process that receives mails needs an SMTP server.
    from services.requests.mail.receiver import MailReceiver, Terms

    host, port = settings.intake_smtp
    address = settings.intake_address
    key = settings.reply_key.encode() if settings.reply_key else None
    terms = Terms(host=host, port=port, address=address, authserv_id=settings.intake_authserv_id, reply_key=key)
    found: dict[str, Loop] = {"mail intake": MailReceiver(running, terms).run}
    if settings.smtp_url is None or not settings.mail:
        log.warning("no automatic answers to mails: mail is off, or SMTP_URL is not set")
    else:
        send = partial(send_answers, running.db, AnswerTerms(url=settings.smtp_url, address=address))
        activity = running.db.activity
        found["answers to mails"] = partial(while_active, activity, POLL_SECONDS, send)
    return found


def loops(running: Running) -> Mapping[str, Loop]:
    keeping: FileStorage = running.own
    activity = running.db.activity
    if keeping.scanner is None:
        log.warning("no file is taken in: ENTRAIDE_SCANNER is off; those that wait go on waiting")
    looking: dict[str, Loop] = (
        {"scanner": partial(scan_continuously, running.db, keeping, keeping.scanner)} if keeping.scanner else {}
    )
    looking |= intake_loops(running, keeping)
    clocked = partial(while_active, activity, CLOCK_SECONDS, idle_seconds=CLOCK_IDLE_SECONDS)
    return looking | {
        "unreferenced files": partial(every, SWEEP_SECONDS, partial(sweep, running.db, keeping)),
        "objection windows": partial(clocked, partial(end_windows, running.db)),
        "periods of consent": partial(clocked, partial(end_consents, running.db)),
        "clocks": partial(clocked, partial(expire_clocks, running.db)),
        "reminders": partial(clocked, partial(remind_or_lapse, running.db)),
    }


SERVICE = Service(
    name="requests",
    folder=Path(__file__).parent,
    routes=[
        *api.ROUTES,
        *closing_api.ROUTES,
        *draft_api.ROUTES,
        *counts_api.ROUTES,
        *import_api.ROUTES,
        *consent_api.ROUTES,
        *audience_api.ROUTES,
        *attachment_api.ROUTES,
        *translation_api.ROUTES,
        *summary_api.ROUTES,
        *open_data_api.ROUTES,
        *words_api.ROUTES,
        *clock_api.ROUTES,
        *criteria_api.ROUTES,
        *work_api.ROUTES,
        *view_api.ROUTES,
        *observation_api.ROUTES,
        *mail_api.ROUTES,
        *parked_routes("requests"),
    ],
    listens_to=("matching", "delivery", "directory"),
    handlers=HANDLERS,
    loops=loops,
    rebuild=rebuild,
    retention={"drafts": retention_actions.prune, "mails": mail_store.prune},
    tables=(
        "mail_file",
        "mail",
        "public_summary_version",
        "public_summary",
        "translation",
        "attachment",
        "calendar",
        "clock",
        "consent",
        "criteria",
        "excluded_provider",
        "line_match",
        "request_line",
        "request",
    ),
    texts=(
        "request_text",
        "line_text",
        "received_text",
        "remark",
        "closing_text",
        "consent_text",
        "attachment_text",
        "translation_text",
        "translated_line_text",
        "public_summary_text",
        "criterion_text",
        "mail_text",
        "mail_file_text",
        "mail_answer",
        "saved_view",
        "observation",
    ),
    forget=forget,
    feed_policy=FeedPolicy(event_feed.visible_events),
    own=own,
)
