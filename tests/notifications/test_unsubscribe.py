"""Pausing a subscription, and unsubscribing by the link in a mail (RFC 8058)."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.rebuild import verify
from contracts.refusals import Missing
from services.notifications.unsubscribe.model import Link, Target, link_of
from services.notifications.wiring import SERVICE, issue_digests
from tests.builders import headers
from tests.databases import connected
from tests.notifications.mail_server import Sink, a_sender
from tests.notifications.steps import Client, RequestStory, notifications_of, subscribe

PROVIDER = "NOR:provider_officer"
NEXT_WEEK = datetime(2026, 12, 7, 12, tzinfo=UTC)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
KEY = bytes(32)


async def an_alert(api: Client, frequency: str = "at_once") -> str:
    await subscribe(api, PROVIDER, language="fr")
    body = {"subject": "requests", "frequency": frequency}
    answer = await api.post("/v1/alerts", json=body, headers=headers(PROVIDER))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["alert_id"])


async def a_circulating_request(inbox: Inbox) -> None:
    story = RequestStory(inbox)
    await story.submitted(circulation_rule="granted")
    await story.opened()


def link_in(raw: bytes) -> str:
    """Return the path of the mail's unsubscribe link as a program reads it: on one line, not encoded."""
    (line,) = [one for one in raw.splitlines() if one.startswith(b"List-Unsubscribe:")]
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    url = line.decode().removeprefix("List-Unsubscribe: <").removesuffix(">")
    assert "https://entraide.example" == f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    return f"{urlsplit(url).path}?{urlsplit(url).query}"


@pytest.mark.parametrize("target", Target)
def test_token_names_what_it_pauses_and_cannot_be_made_up(target: Target) -> None:
    link = Link(target, UUID(int=7))
    token = link.token(KEY)

    assert link == link_of(token, KEY)
    for wrong in (
        token[:-1],
        f"{token[:-2]}AA",
        f"A{token[1:]}",
        "",
        "%",
        token * 2,
        Link(target, UUID(int=7)).token(b"x"),
    ):
        with pytest.raises(Missing):
            link_of(wrong, KEY)


async def test_one_click_pauses_the_alert_of_the_mail(
    api: Client, inbox: Inbox, db: Database, sink: Sink, database_url: str
) -> None:
    alert_id = await an_alert(api)
    await a_circulating_request(inbox)
    await a_sender(db, sink.port).send_next()
    path = link_in(sink.raw[0])
    asked = await api.get(path)
    before = (await api.get(f"/v1/alerts/{alert_id}", headers=headers(PROVIDER))).json()
    wrong = await api.post(path, content="List-Unsubscribe=Two-Clicks", headers=FORM)
    done = [await api.post(path, content="List-Unsubscribe=One-Click", headers=FORM) for _ in range(2)]
    after = (await api.get(f"/v1/alerts/{alert_id}", headers=headers(PROVIDER))).json()
    await a_circulating_request(inbox)
    async with connected(database_url, "notifications", owner=True) as owner:
        differences = await verify(owner, SERVICE)

    assert (200, False, 1) == (asked.status_code, before["paused"], before["revision"])
    assert "Suspendre cette alerte" in asked.text
    assert "form-action 'self'" in asked.headers["Content-Security-Policy"]
    assert 400 == wrong.status_code
    assert [200, 200] == [answer.status_code for answer in done]
    assert (True, 2) == (after["paused"], after["revision"])
    assert 1 == len(await notifications_of(api, PROVIDER))
    assert [] == differences


async def test_one_click_in_a_digest_pauses_all_mails_and_the_inbox_goes_on(
    api: Client, inbox: Inbox, db: Database, sink: Sink
) -> None:
    await an_alert(api, "daily")
    await a_circulating_request(inbox)
    with clock.use_clock(lambda: NEXT_WEEK):
        await issue_digests(db)
    await a_sender(db, sink.port, at=NEXT_WEEK).send_next()
    path = link_in(sink.raw[0])
    done = await api.post(path, content="List-Unsubscribe=One-Click", headers=FORM)
    shown = await api.get("/v1/subscriptions", headers=headers(PROVIDER))
    await a_circulating_request(inbox)
    with clock.use_clock(lambda: NEXT_WEEK + timedelta(days=2)):
        await issue_digests(db)
    await a_sender(db, sink.port, at=NEXT_WEEK + timedelta(days=3)).send_next()
    newest, *_ = await notifications_of(api, PROVIDER)

    assert (200, True) == (done.status_code, shown.json()["paused"])
    assert 1 == len(sink.accepted)
    assert {"inbox": "delivered", "mail": "refused"} == {d["channel"]: d["status"] for d in newest["dispatches"]}


async def test_wrong_link_does_not_exist(api: Client) -> None:
    path = f"/v1/unsubscribe?token={Link(Target.ALERT, UUID(int=7)).token(KEY)}"
    answers = [await api.get(path), await api.post(path, content="List-Unsubscribe=One-Click", headers=FORM)]

    assert [404, 404] == [answer.status_code for answer in answers]


async def test_subscription_is_paused_until_then_and_resumed(
    api: Client, inbox: Inbox, db: Database, sink: Sink, database_url: str
) -> None:
    await an_alert(api)
    until = clock.now() + timedelta(days=1)
    none = await api.post("/v1/subscriptions/pause", json={}, headers=headers("CAN:provider_officer", revision=1))
    paused = await api.post(
        "/v1/subscriptions/pause", json={"until": until.isoformat()}, headers=headers(PROVIDER, revision=1)
    )
    await a_circulating_request(inbox)
    await a_sender(db, sink.port).send_next()
    resumed = await api.post("/v1/subscriptions/resume", headers=headers(PROVIDER, revision=2))
    await a_circulating_request(inbox)
    await a_sender(db, sink.port).send_next()
    async with connected(database_url, "notifications", owner=True) as owner:
        differences = await verify(owner, SERVICE)

    assert (404, "not-found") == (none.status_code, none.json()["slug"])
    assert (True, False) == (paused.json()["paused"], resumed.json()["paused"])
    assert (1, []) == (len(sink.accepted), differences)
