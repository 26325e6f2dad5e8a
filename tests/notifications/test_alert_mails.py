"""Mails and webhook events of hits, sent only while the reader may still see the record."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.settings import Settings
from tests.builders import headers
from tests.notifications.mail_server import Sink, a_sender
from tests.notifications.steps import Client, RequestStory, notifications_of, subscribe
from tests.receiver import Receiver
from tests.webhooks import deliveries, drained, inside, registered, senders

PROVIDER = "NOR:provider_officer"

pytestmark = pytest.mark.machine_clock


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, webhook_loopback=True)


async def an_alert(api: Client, **changes: Any) -> None:
    await subscribe(api, PROVIDER, language="fr")
    answer = await api.post("/v1/alerts", json={"subject": "requests"} | changes, headers=headers(PROVIDER))
    assert answer.status_code == 201, answer.text


async def test_hit_is_mailed_with_reference_and_link_only(api: Client, inbox: Inbox, db: Database, sink: Sink) -> None:
    await an_alert(api)
    story = RequestStory(inbox)
    await story.submitted(circulation_rule="granted")
    await story.registered()
    await story.opened()
    await a_sender(db, sink.port).send_next()
    (mail,) = sink.accepted

    assert "TA-2026-00007 correspond à une alerte" in str(mail["Subject"])
    assert f"/fr/requests/{story.request_id}" in mail.get_content()


async def test_nothing_is_sent_after_the_consent_is_withdrawn(
    api: Client, inbox: Inbox, db: Database, sink: Sink
) -> None:
    await an_alert(api)
    story = RequestStory(inbox)
    await story.submitted()
    await story.opened()
    await story.withdrew(await story.consented("NOR"))
    sent = await a_sender(db, sink.port).send_next()
    (one,) = await notifications_of(api, PROVIDER)
    (mail,) = [each for each in one["dispatches"] if each["channel"] == "mail"]

    assert ([], True) == (sink.accepted, sent)
    assert ("refused", "no_longer_visible") == (mail["status"], mail["reason"])


async def test_webhook_of_the_owner_receives_hits_while_they_are_visible(
    api: Client, inbox: Inbox, receiver: Receiver, db: Database, settings: Settings
) -> None:
    await an_alert(api)
    webhook = await registered(api, PROVIDER, url=inside(receiver))
    other = await registered(api, "CAN:provider_officer", url=inside(receiver))
    seen, withdrawn = RequestStory(inbox), RequestStory(inbox)
    for story in (seen, withdrawn):
        await story.submitted()
        await story.opened()
        consent_id = await story.consented("NOR")
    await withdrawn.withdrew(consent_id)
    await drained(senders(db, settings, receiver)())
    sent, (event,) = await deliveries(api, webhook, PROVIDER), receiver.received

    assert [(str(withdrawn.request_id), "no_longer_visible"), (str(seen.request_id), None)] == [
        (one["id"], one["reason"]) for one in sent
    ]
    body = json.loads(event.body)
    assert ("notifications.hit.recorded.v1", "request") == (body["type"], body["data"]["aggregate"])
    assert [] == await deliveries(api, other, "CAN:provider_officer")
