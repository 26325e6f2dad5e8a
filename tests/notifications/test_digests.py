"""Digests: the hits of a day or a week in one notification, issued once when due."""

import asyncio
from datetime import UTC, datetime

import pytest
from asyncpg.connection import LoggedQuery

from chassis import clock
from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.rebuild import verify
from services.notifications.alerts.model import Frequency
from services.notifications.digests import actions, store
from services.notifications.digests.model import next_due
from services.notifications.wiring import SERVICE, issue_digests
from tests.builders import headers
from tests.databases import connected
from tests.notifications.mail_server import Sink, a_sender
from tests.notifications.steps import (
    NEXT_WEEK,
    PROVIDER,
    Client,
    a_circulating_request,
    an_alert,
    notifications_of,
    subscribe,
    the_digest_of_more_readers,
)


async def killed_while_issuing(db: Database) -> None:
    async with db.transaction() as tx:
        assert await actions.issue_due(tx, now=NEXT_WEEK)
        async with db.transaction() as other:
            assert not await actions.issue_due(other, now=NEXT_WEEK), "another process has claimed it"
        raise ConnectionError("killed before COMMIT")


async def issued_later(db: Database, at: datetime = NEXT_WEEK) -> None:
    with clock.use_clock(lambda: at):
        await issue_digests(db)


@pytest.mark.parametrize(
    ("frequency", "after", "due"),
    [
        ("daily", (25, 5, 59), (25, 6)),
        ("daily", (25, 6, 0), (26, 6)),
        ("weekly", (25, 12, 0), (30, 6)),
        ("weekly", (30, 5, 0), (30, 6)),
        ("weekly", (23, 6, 0), (30, 6)),
    ],
)
def test_digests_are_due_in_the_morning_and_weekly_ones_on_mondays(
    frequency: str, after: tuple[int, int, int], due: tuple[int, int]
) -> None:
    assert datetime(2026, 11, *due, tzinfo=UTC) == next_due(
        Frequency(frequency), datetime(2026, 11, *after, tzinfo=UTC)
    )


async def test_digest_reports_hits_once_in_the_language_of_the_reader(
    api: Client, inbox: Inbox, db: Database, sink: Sink, database_url: str
) -> None:
    await subscribe(api, PROVIDER, language="fr")
    await an_alert(api)
    story = await a_circulating_request(inbox)
    before = await notifications_of(api, PROVIDER)
    await issued_later(db)
    await issued_later(db)
    (one,) = await notifications_of(api, PROVIDER)
    shown = await api.get(one["link"], headers=headers(PROVIDER))
    await a_sender(db, sink.port, at=NEXT_WEEK).send_next()
    (mail,) = sink.accepted
    async with connected(database_url, "notifications", owner=True) as owner:
        differences = await verify(owner, SERVICE)

    line = shown.json()["entries"][0]["text"]
    assert [] == before
    assert "notifications.digest.issued.v1:daily" == one["notice"]
    assert [str(story.request_id)] == [entry["request_id"] for entry in shown.json()["entries"]]
    assert line.startswith("TA-2026-00007 · Kenya · ")
    assert line in mail.get_content()
    assert f"https://entraide.example/fr/requests/{story.request_id}" in mail.get_content()
    assert [] == differences


async def test_digest_drops_what_its_reader_may_no_longer_see(
    api: Client, inbox: Inbox, db: Database, sink: Sink
) -> None:
    await subscribe(api, PROVIDER)
    await an_alert(api)
    kept, dropped, late = [await a_circulating_request(inbox) for _ in range(3)]
    await dropped.held()
    await issued_later(db)
    await late.held()
    await a_sender(db, sink.port, at=NEXT_WEEK).send_next()
    (one,) = await notifications_of(api, PROVIDER)
    shown = await api.get(one["link"], headers=headers(PROVIDER))
    (mail,) = sink.accepted

    assert [str(kept.request_id)] == [entry["request_id"] for entry in shown.json()["entries"]]
    assert str(kept.request_id) in mail.get_content()
    assert str(dropped.request_id) not in mail.get_content()
    assert str(late.request_id) not in mail.get_content()


async def test_digest_without_anything_to_see_is_not_sent(api: Client, inbox: Inbox, db: Database) -> None:
    await an_alert(api)
    story = await a_circulating_request(inbox)
    await story.held()
    await issued_later(db)

    assert [] == await notifications_of(api, PROVIDER)


async def test_digest_of_another_person_does_not_exist(api: Client, inbox: Inbox, db: Database) -> None:
    await an_alert(api)
    await a_circulating_request(inbox)
    await issued_later(db)
    (one,) = await notifications_of(api, PROVIDER)
    answer = await api.get(one["link"], headers=headers("CAN:provider_officer"))

    assert (404, "not-found") == (answer.status_code, answer.json()["slug"])


async def test_concurrent_processes_and_a_rolled_back_one_issue_a_digest_once(
    api: Client, inbox: Inbox, db: Database
) -> None:
    await an_alert(api)
    await a_circulating_request(inbox)
    with pytest.raises(ConnectionError):
        await killed_while_issuing(db)
    after_the_kill = await notifications_of(api, PROVIDER)
    with clock.use_clock(lambda: NEXT_WEEK):
        await asyncio.gather(*(issue_digests(db) for _ in range(4)))

    assert ([], 1) == (after_the_kill, len(await notifications_of(api, PROVIDER)))


async def test_many_digests_take_as_many_queries_as_one(
    api: Client, inbox: Inbox, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_alert(api)
    await a_circulating_request(inbox)
    await the_digest_of_more_readers(db, 30)
    queries: dict[int, list[str]] = {}
    # One digest twice, because the connection also queries types the first time.
    for due_max in (1, 1, 50):
        monkeypatch.setattr(store, "DUE_MAX", due_max)
        sent: list[str] = []

        def note(record: LoggedQuery, sent: list[str] = sent) -> None:
            sent.append(record.query)

        async with db.transaction() as tx:
            await tx.flush()
            assert tx.connection is not None, "the transaction has begun"
            tx.connection.add_query_logger(note)
            issued = await actions.issue_due(tx, now=NEXT_WEEK)
            # A logger is called in the next iteration of the event loop.
            await asyncio.sleep(0)
            tx.connection.remove_query_logger(note)
        queries[issued] = sent

    assert {1, 28} == queries.keys()
    assert queries[1] == queries[28] != []


async def test_hit_that_comes_while_its_digest_is_issued_is_in_the_next_one(
    api: Client, inbox: Inbox, db: Database
) -> None:
    await an_alert(api)
    await a_circulating_request(inbox)
    async with db.transaction() as tx:
        assert await actions.issue_due(tx, now=NEXT_WEEK)
        coming = asyncio.create_task(a_circulating_request(inbox))
        await asyncio.sleep(0.5)
        assert not coming.done(), "the hit waits for the digest"
    late = await coming
    await issued_later(db)
    newest, *_ = await notifications_of(api, PROVIDER)
    shown = await api.get(newest["link"], headers=headers(PROVIDER))

    assert [str(late.request_id)] == [entry["request_id"] for entry in shown.json()["entries"]]


async def test_owner_of_two_alerts_is_notified_at_once_if_one_is_at_once(
    api: Client, inbox: Inbox, db: Database
) -> None:
    await an_alert(api, "weekly")
    await an_alert(api, "at_once")
    await a_circulating_request(inbox)
    await issued_later(db)

    assert ["notifications.hit.recorded.v1:requests"] == [
        one["notice"] for one in await notifications_of(api, PROVIDER)
    ]
