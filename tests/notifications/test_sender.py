"""Mail is attempted until it is delivered, refused or expired: at least once."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from chassis import clock
from chassis.activity import Activity
from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.rebuild import verify
from chassis.settings import Settings
from chassis.supervise import cancel, supervised
from contracts.directory import PersonErased
from contracts.requests import RequestOpened
from services.mailbox import Mailbox
from services.notifications.consumers import HANDLERS
from services.notifications.notices import sender as module
from services.notifications.notices.model import RetryIntervals
from services.notifications.notices.sender import MailServerUnavailable, Sender, count_overdue
from services.notifications.wiring import SERVICE, terms
from tests.builders import NOON, an_event, headers
from tests.databases import connected
from tests.notifications.mail_server import Sink, a_sender, the_terms
from tests.personas import AllAppointed, persona_id
from tests.soak import cases

Client = httpx.AsyncClient
ADDRESS = "w.kamau@ken.example"


@pytest.fixture
async def queue_mails(client_of: Callable[..., Awaitable[Client]], db: Database) -> Callable[..., Awaitable[None]]:
    """A function that queues mails: `await queue_mails(3)` creates three facts that notify one focal point by mail."""
    api = await client_of("notifications")
    inbox = Inbox(db, "notifications", SERVICE.listens_to, HANDLERS)

    async def make(count: int, *, state: str = "KEN", language: str = "en") -> None:
        body = {"email": ADDRESS, "language": language, "channels": ["mail"]}
        answer = await api.put("/v1/subscriptions", json=body, headers=headers(f"{state}:focal_point"))
        assert answer.status_code == 200, answer.text
        for _ in range(count):
            fact = RequestOpened(request_id=uuid4(), state=state, priority="normal", opened_at=NOON)
            await inbox.receive(an_event(fact, 1, correlation="corr-7"))

    return make


QueueMails = Callable[..., Awaitable[None]]


async def statuses(db: Database) -> Counter[str]:
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT status, count(*) AS n FROM dispatch GROUP BY status")
    return Counter({row["status"]: row["n"] for row in rows})


async def drained(sender: Sender) -> int:
    """Send until nothing is due; return the number of attempts."""
    count = 0
    while await sender.send_next():
        count += 1
    await sender.disconnect()
    return count


async def test_mail_reaches_a_real_server_in_the_language_of_the_recipient(
    db: Database, queue_mails: QueueMails, tmp_path: Path
) -> None:
    mailbox = Mailbox(tmp_path, "127.0.0.1", 0)
    await mailbox.start()
    await queue_mails(1, language="zh")
    await drained(Sender(db, the_terms(0, url=mailbox.url), AllAppointed(), clock=clock.now))
    await mailbox.stop()
    (mail,) = mailbox.messages()

    assert (ADDRESS,) == mail.recipients
    assert ("zh", "corr-7") == (mail.language, mail.correlation_id)
    assert "已开放" in mail.subject
    assert "https://entraide.example/zh/requests/" in mail.text
    async with db.transaction() as tx:
        dispatch_id = await tx.fetchval("SELECT dispatch_id FROM dispatch WHERE status = 'delivered'")
    assert f"{dispatch_id}@entraide.example" == mail.message_id


async def test_permanent_smtp_error_ends_the_dispatch(db: Database, queue_mails: QueueMails, sink: Sink) -> None:
    await queue_mails(2)
    sink.recipient_answer = "550 5.1.1 No such person"
    await drained(a_sender(db, sink.port))

    assert {"refused": 2} == await statuses(db)
    async with db.transaction() as tx:
        assert {"550"} == {row["reason"] for row in await tx.fetch("SELECT reason FROM dispatch")}
        assert await tx.fetchval("SELECT count(*) FROM journal WHERE type LIKE '%.refused.v1'") == 2


async def test_queued_mail_to_an_erased_person_is_not_sent(db: Database, queue_mails: QueueMails, sink: Sink) -> None:
    await queue_mails(2)
    erased = PersonErased(
        person_id=persona_id("KEN:focal_point"), organization="KEN", reason="other", proposed_by=uuid4(),
        approved_by=uuid4(), erased_at=NOON,
    )  # fmt: skip
    await Inbox(db, "notifications", SERVICE.listens_to, HANDLERS).receive(an_event(erased, 1))
    await drained(a_sender(db, sink.port))

    assert ([], {"refused": 2}) == (sink.accepted, await statuses(db))
    async with db.transaction() as tx:
        assert {"unsubscribed"} == {row["reason"] for row in await tx.fetch("SELECT reason FROM dispatch")}


async def test_queued_mail_after_an_ended_appointment_is_not_sent(
    db: Database, queue_mails: QueueMails, sink: Sink
) -> None:
    await queue_mails(2)
    await queue_mails(1, state="UGA")
    appointments = AllAppointed()
    appointments.ended.add((persona_id("KEN:focal_point"), "KEN", "focal_point"))
    await drained(a_sender(db, sink.port, appointments=appointments))

    assert (1, {"refused": 2, "delivered": 1}) == (len(sink.accepted), await statuses(db))
    async with db.transaction() as tx:
        refused = await tx.fetch("SELECT reason FROM dispatch WHERE status = 'refused'")
    assert {"not_appointed"} == {row["reason"] for row in refused}


async def test_no_mail_is_sent_while_appointments_are_stale(db: Database, queue_mails: QueueMails, sink: Sink) -> None:
    class StaleAppointments(AllAppointed):
        is_stale = True

        def stale(self) -> bool:
            return self.is_stale

    await queue_mails(2)
    appointments = StaleAppointments()
    async with supervised({"sender": a_sender(db, sink.port, appointments=appointments).run}):
        await asyncio.sleep(1.5)
        assert [] == sink.accepted

        appointments.is_stale = False
        async with asyncio.timeout(30):
            while len(sink.accepted) < 2:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("known", [True, False])
async def test_mail_is_retried_when_due_on_an_idle_platform(
    db: Database, queue_mails: QueueMails, sink: Sink, known: bool
) -> None:
    """The retry does not depend on whether the directory is available all the time."""
    await queue_mails(1)
    db.activity = Activity(active_seconds=0)
    tried: list[float] = []

    def answer(_message_id: str) -> str:
        tried.append(time.monotonic())
        return "451 4.3.0 Not now" if len(tried) == 1 else "250 OK"

    class StaleForThreeSeconds(AllAppointed):
        def stale(self) -> bool:
            return not known and bool(tried) and time.monotonic() < tried[0] + 3

    sink.answers = answer
    async with supervised(
        {
            "sender": a_sender(
                db, sink.port, pace=RetryIntervals(retry_seconds=3), appointments=StaleForThreeSeconds()
            ).run
        }
    ):
        async with asyncio.timeout(30):
            while len(tried) < 2:
                await asyncio.sleep(0.05)

    assert 3 <= tried[1] - tried[0]


async def test_mail_over_the_hourly_limit_is_sent_after_the_hour(
    db: Database, queue_mails: QueueMails, sink: Sink
) -> None:
    await queue_mails(2)
    begins, began = clock.now(), time.monotonic()
    assert 1 == await drained(a_sender(db, sink.port, at=begins, hourly_max=1))
    ends = begins + timedelta(minutes=60, seconds=-2)
    db.activity = Activity(active_seconds=0)
    later = Sender(
        db, the_terms(sink.port, hourly_max=1), AllAppointed(),
        clock=lambda: ends + timedelta(seconds=time.monotonic() - began),
    )  # fmt: skip

    async with supervised({"sender": later.run}), asyncio.timeout(30):
        while len(sink.accepted) < 2:
            await asyncio.sleep(0.05)


async def test_rejected_mail_does_not_affect_the_next_one(db: Database, queue_mails: QueueMails, sink: Sink) -> None:
    await queue_mails(3)
    refused: list[str] = []

    def first_one_refused(message_id: str) -> str:
        if not refused:
            refused.append(message_id)
        return "554 5.6.0 No" if message_id in refused else "250 OK"

    sink.answers = first_one_refused
    await drained(a_sender(db, sink.port))

    assert {"refused": 1, "delivered": 2} == await statuses(db)


async def test_failing_mail_expires_after_its_last_attempt(db: Database, queue_mails: QueueMails, sink: Sink) -> None:
    await queue_mails(1)
    sink.answers = lambda _: "451 4.3.0 Not now"
    start = clock.now()
    pace = RetryIntervals(retry_seconds=300, retries_max=3)
    for minutes in (0, 4, 5, 6, 10, 15, 20, 25):
        await drained(a_sender(db, sink.port, at=start + timedelta(minutes=minutes, seconds=1), pace=pace))

    assert {"expired": 1} == await statuses(db)
    assert [4] == list(sink.attempts.values())
    async with db.transaction() as tx:
        kinds = [row["type"].split(".")[2] for row in await tx.fetch("SELECT type FROM journal ORDER BY position")]
    assert ["registered", "owed", "deferred", "deferred", "deferred", "expired"] == kinds


async def test_queued_mail_is_not_sent_after_the_channel_is_removed(
    db: Database, queue_mails: QueueMails, sink: Sink, client_of: Callable[..., Awaitable[Client]]
) -> None:
    await queue_mails(1)
    api = await client_of("notifications")
    body = {"email": ADDRESS, "language": "en", "channels": ["inbox"]}
    await api.put("/v1/subscriptions", json=body, headers=headers(revision=1))
    await drained(a_sender(db, sink.port))

    assert {"refused": 1} == await statuses(db)
    assert [] == sink.accepted


async def test_unavailable_mail_server_counts_no_attempt_and_is_reconnected(
    db: Database, queue_mails: QueueMails, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECONNECT_SECONDS_MIN", 0.05)
    monkeypatch.setattr(module, "POLL_SECONDS", 0.05)
    away = Sink()
    async with away.listening():
        pass
    await queue_mails(3)
    with pytest.raises(MailServerUnavailable):
        await a_sender(db, away.port).send_next()
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM lease") == 0
        assert await tx.fetchval("SELECT sum(attempts) FROM dispatch") == 0

    async with supervised({"sender": a_sender(db, away.port).run}):
        await asyncio.sleep(0.2)
        assert {"owed": 3} == await statuses(db)
        async with away.listening():
            for _ in range(400):
                if {"delivered": 3} == await statuses(db):
                    break
                await asyncio.sleep(0.05)

    assert {"delivered": 3} == await statuses(db)


async def test_wrong_smtp_password_loses_no_mail(db: Database, queue_mails: QueueMails, sink: Sink) -> None:
    await queue_mails(1)
    with pytest.raises(MailServerUnavailable):
        await a_sender(db, sink.port, url=f"smtp://user:wrong@127.0.0.1:{sink.port}").send_next()

    assert {"owed": 1} == await statuses(db)


async def test_hourly_limit_of_a_recipient_defers_mail(db: Database, queue_mails: QueueMails, sink: Sink) -> None:
    await queue_mails(7)
    await queue_mails(2, state="UGA")
    start = clock.now()
    senders = [a_sender(db, sink.port, at=start, hourly_max=3) for _ in range(4)]
    await asyncio.gather(*(drained(sender) for sender in senders))
    assert {"delivered": 5, "owed": 4} == await statuses(db), "three to one, two to the other"

    assert 0 == await drained(a_sender(db, sink.port, at=start + timedelta(minutes=59), hourly_max=3))
    assert 3 == await drained(a_sender(db, sink.port, at=start + timedelta(minutes=61), hourly_max=3))
    assert 1 == await drained(a_sender(db, sink.port, at=start + timedelta(minutes=122), hourly_max=3))


async def test_two_senders_do_not_send_the_same_mail(db: Database, queue_mails: QueueMails, sink: Sink) -> None:
    await queue_mails(30)

    async def work() -> None:
        sender = a_sender(db, sink.port)
        while (await statuses(db))["owed"]:
            await sender.send_next()
        await sender.disconnect()

    await asyncio.gather(*(work() for _ in range(4)))

    assert 30 == len(sink.ids)
    assert {1} == set(sink.ids.values())


async def test_stop_completes_the_mail_in_progress(db: Database, queue_mails: QueueMails, sink: Sink) -> None:
    await queue_mails(20)
    task = asyncio.create_task(a_sender(db, sink.port).run())
    while not sink.accepted:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=10)

    assert task.done()

    assert len(sink.accepted) == (await statuses(db))["delivered"]


@pytest.mark.parametrize("turns", range(6))
async def test_stop_while_the_connection_is_closed_is_not_lost(
    db: Database, queue_mails: QueueMails, sink: Sink, turns: int
) -> None:
    """Before Python 3.12 `asyncio.wait_for`, in which the client waits for the answer to QUIT, may lose it."""
    await queue_mails(1)
    sender = a_sender(db, sink.port)
    task = asyncio.create_task(sender.run())
    while not sink.accepted or sender._connection is not None:
        await asyncio.sleep(0)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    ended, _ = await asyncio.wait({task}, timeout=12)
    await cancel({task})

    assert {task} == ended


async def test_disabled_mail_has_no_terms(settings: Settings) -> None:
    env = {"SMTP_URL": "smtp://mail.example:2525", "ENTRAIDE_MAIL": "off"}
    off = Settings.from_env(env, (), state=settings.state)
    on = Settings.from_env(env | {"ENTRAIDE_MAIL": "on"}, (), state=settings.state)

    assert terms(off) is None
    assert terms(settings) is None
    found = terms(on)
    assert found is not None
    assert ("smtp://mail.example:2525", 60, 300) == (found.url, found.hourly_max, found.pace.retry_seconds)


async def test_mail_queued_for_over_an_hour_is_a_metric(db: Database, queue_mails: QueueMails) -> None:
    await queue_mails(2)
    await count_overdue(db, clock=clock.now)
    assert 0 == module.OVERDUE._value.get()

    await count_overdue(db, clock=lambda: clock.now() + timedelta(hours=2))
    assert 2 == module.OVERDUE._value.get()


PROCESS = """
import asyncio, sys
from chassis import clock
from chassis.db.database import Database
from chassis.db.migrate import role_of
from services.notifications.notices import sender
from services.notifications.notices.model import RetryIntervals
from tests.personas import AllAppointed

sender.POLL_SECONDS = 0.05

async def main(dsn, url):
    db = await Database.connect(dsn, "notifications", role=role_of("notifications"))
    terms = sender.Terms(url=url, sender="Entraide <no-reply@entraide.example>", public_url="https://entraide.example",
        hourly_max=10_000, pace=RetryIntervals(retry_seconds=1), lease_seconds=1)
    await sender.Sender(db, terms, AllAppointed(), clock=clock.now).run()

asyncio.run(main(*sys.argv[1:]))
"""

KILLS = cases(2, soak=6)
EVENTS = cases(60, soak=200)


@pytest.mark.thinned
async def test_every_mail_arrives_despite_errors_and_kills_with_a_stable_message_id(
    db: Database, queue_mails: QueueMails, sink: Sink, database_url: str
) -> None:
    """G5: a server that defers three mails in ten, and a sender killed repeatedly without warning."""
    count = Counter[str]()

    def defer_three_in_ten(message_id: str) -> str:
        count["all"] += 1
        return "451 4.7.1 Try later" if count["all"] % 10 in {1, 4, 7} else "250 OK"

    sink.answers = defer_three_in_ten
    await queue_mails(EVENTS)
    kills = 0
    process = _start(database_url, sink.port)
    try:
        async with asyncio.timeout(120):
            while (await statuses(db))["owed"]:
                await asyncio.sleep(0.05)
                if kills < KILLS and len(sink.accepted) >= (kills + 1) * EVENTS // (KILLS + 2):
                    process.send_signal(signal.SIGKILL)
                    await asyncio.to_thread(process.wait)
                    kills += 1
                    process = _start(database_url, sink.port)
    finally:
        process.kill()
        process.wait()
    async with db.transaction() as tx:
        owed = {
            f"<{row['dispatch_id']}@entraide.example>" for row in await tx.fetch("SELECT dispatch_id FROM dispatch")
        }
    repeats = sum(sink.ids.values()) - len(sink.ids)

    assert KILLS == kills
    assert {"delivered": EVENTS} == await statuses(db)
    assert owed == set(sink.ids), "exactly the owed ids are received"
    assert repeats <= KILLS, "at most one repeat for each kill"
    async with connected(database_url, "notifications", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


def _start(database_url: str, port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, database_url, f"smtp://127.0.0.1:{port}"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
