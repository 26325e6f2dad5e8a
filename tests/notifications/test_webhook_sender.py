"""Each event reaches its webhook at least once, signed, under one id, while its owner may see it."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks.webhooks import WebhookVerificationError

from chassis import clock
from chassis.activity import Activity
from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.settings import Settings, SettingsError
from chassis.supervise import supervised
from contracts import matching as m
from contracts import requests as r
from services.notifications.webhooks import http_client
from services.notifications.webhooks import sender as webhook_sender
from services.notifications.webhooks.config import WebhookConfig
from services.notifications.webhooks.destinations import Bounds
from services.notifications.webhooks.http_client import SafeHttpClient
from services.notifications.webhooks.sender import Terms, WebhookSender
from tests.builders import NOON, an_event, headers
from tests.personas import AllAppointed, persona_id
from tests.receiver import Received, Receiver, an_answer
from tests.webhooks import (
    LOOPBACK,
    PROVIDER,
    ASender,
    Client,
    deliveries,
    drained,
    ids,
    inside,
    opened,
    registered,
    senders,
    shown,
    verified,
)

pytestmark = pytest.mark.machine_clock  # a receiver's library rejects messages older than five minutes


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, webhook_loopback=True)


@pytest.fixture
def a_sender(db: Database, settings: Settings, receiver: Receiver) -> ASender:
    return senders(db, settings, receiver)


# -- delivered events -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["v1", "v1a"])
async def test_event_is_delivered_signed_with_ids_and_without_texts(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender, scheme: str
) -> None:
    webhook = await registered(api, url=inside(receiver), scheme=scheme)
    request_id = uuid4()
    await opened(inbox, request_id=request_id)
    await drained(a_sender())

    (request,), (delivery,) = receiver.received, await deliveries(api, webhook)
    body = json.loads(request.body)
    assert verified(request, webhook["secret"] or webhook["verification_key"])
    assert {"type", "timestamp", "data"} == set(body)
    assert {"event_id": delivery["event_id"], "aggregate": "request", "id": str(request_id), "version": 1} == body[
        "data"
    ]
    assert ("requests.request.opened.v1", "2026-11-25T12:00:00Z") == (body["type"], body["timestamp"])
    assert delivery["delivery_id"] == request.headers["webhook-id"]
    assert ("delivered", 1, 204, None) == tuple(
        delivery[field] for field in ("status", "attempts", "status_code", "reason")
    )


async def test_webhook_without_scheme_is_verified_by_the_standard_library(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender
) -> None:
    answer = await api.post("/v1/webhooks", json={"url": inside(receiver)}, headers=headers())
    await opened(inbox)
    await drained(a_sender())

    webhook, (request,) = answer.json(), receiver.received
    assert ("v1", None) == (webhook["scheme"], webhook["verification_key"])
    read = StandardWebhook(webhook["secret"]).verify(request.body, dict(request.headers))
    assert "requests.request.opened.v1" == read["type"]
    with pytest.raises(WebhookVerificationError):
        StandardWebhook(webhook["secret"]).verify(request.body + b" ", dict(request.headers))


async def test_signature_of_another_webhook_or_body_is_invalid(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender
) -> None:
    webhooks = [await registered(api, url=inside(receiver), scheme=scheme) for scheme in ("v1", "v1", "v1a", "v1a")]
    await opened(inbox)
    await drained(a_sender())
    keys = [webhook["secret"] or webhook["verification_key"] for webhook in webhooks]
    sent = sorted(receiver.received, key=lambda request: request.headers["webhook-signature"])

    for request in sent:
        assert 1 == sum(verified(request, key) for key in keys)
        forged = Received(request.method, request.target, request.headers, request.body.replace(b"opened", b"closed"))
        assert not any(verified(forged, key) for key in keys)


@pytest.mark.parametrize("scheme", ["v1", "v1a"])
async def test_both_keys_verify_during_the_overlap(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender, scheme: str
) -> None:
    before = await registered(api, url=inside(receiver), scheme=scheme)
    path = f"/v1/webhooks/{before['webhook_id']}/rotate"
    after = (await api.post(path, headers=headers(revision=1))).json()
    await opened(inbox)
    await drained(a_sender())
    last = (await api.post(path, headers=headers(revision=2))).json()
    await opened(inbox)
    await drained(a_sender())
    keys = [one["secret"] or one["verification_key"] for one in (before, after, last)]

    assert [[True, True, False], [False, True, True]] == [
        [verified(request, key) for key in keys] for request in receiver.received
    ]


async def test_only_the_new_key_signs_after_the_overlap(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender, db: Database
) -> None:
    before = await registered(api, url=inside(receiver), scheme="v1")
    path = f"/v1/webhooks/{before['webhook_id']}/rotate"
    after = (await api.post(path, headers=headers(revision=1))).json()
    await opened(inbox)
    async with db.transaction() as tx:
        await tx.execute("UPDATE webhook SET previous_until = clock_timestamp()")
    await drained(a_sender())

    (request,) = receiver.received
    assert [False, True] == [verified(request, one["secret"]) for one in (before, after)]


async def test_test_event_is_delivered_on_demand(api: Client, receiver: Receiver, a_sender: ASender) -> None:
    webhook = await registered(api, url=inside(receiver))
    await api.post(f"/v1/webhooks/{webhook['webhook_id']}/test", headers=headers())
    await drained(a_sender())

    (request,) = receiver.received
    assert verified(request, webhook["verification_key"])
    assert b'"type":"notifications.webhook.tested.v1"' in request.body


# -- events that are not delivered ------------------------------------------------------------------------------------


async def test_failed_event_is_retried_with_the_same_id_until_it_expires(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender
) -> None:
    receiver.answers = lambda _: an_answer(500)
    webhook = await registered(api, url=inside(receiver))
    await opened(inbox)
    start, tried = clock.now(), []
    for hours, minutes in ((0, 0), (0, 1), (0, 4), (0, 6), (0, 40), (3, 0), (8, 0), (18, 0), (32, 0), (52, 0), (80, 0)):
        tried.append(await drained(a_sender(at=start + timedelta(hours=hours, minutes=minutes))))
    (delivery,) = await deliveries(api, webhook)

    assert [1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1] == tried
    assert 1 == len(ids(receiver))
    assert {request.body for request in receiver.received} == {receiver.received[0].body}
    assert ("expired", 10, 500) == tuple(delivery[field] for field in ("status", "attempts", "status_code"))


async def test_failing_webhook_is_disabled_with_a_notice_and_can_be_enabled_again(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender
) -> None:
    receiver.answers = lambda _: an_answer(503)
    webhook = await registered(api, url=inside(receiver))
    path = f"/v1/webhooks/{webhook['webhook_id']}"
    await opened(inbox, 2)
    await drained(a_sender(delays_seconds=()))
    now = await shown(api, webhook)
    reported = (await api.get("/v1/notifications", headers=headers())).json()["notifications"]

    assert ("disabled", "failing", 2) == (now["status"], now["reason"], now["revision"])
    assert ["notifications.webhook.disabled.v1"] == [one["notice"] for one in reported]
    assert 1 == len(receiver.received), "the event that was still waiting is not sent"
    assert {"expired", "refused"} == {one["status"] for one in await deliveries(api, webhook)}
    assert 409 == (await api.post(f"{path}/test", headers=headers())).status_code

    await opened(inbox)
    receiver.answers = lambda _: an_answer()
    assert 200 == (await api.post(f"{path}/enable", headers=headers(revision=2))).status_code
    await opened(inbox)
    await drained(a_sender())
    assert ["delivered", "refused", "expired"] == [one["status"] for one in await deliveries(api, webhook)]


@pytest.mark.parametrize("retry_after", [None, "4"])
async def test_event_is_retried_when_due_on_an_idle_platform(
    api: Client, inbox: Inbox, db: Database, receiver: Receiver, a_sender: ASender, retry_after: str | None
) -> None:
    await registered(api, url=inside(receiver))
    await opened(inbox)
    db.activity = Activity(active_seconds=0)
    tried: list[float] = []

    def answer(_request: Received) -> bytes:
        tried.append(time.monotonic())
        if len(tried) > 1:
            return an_answer()
        return an_answer(503, retry_after=retry_after) if retry_after else an_answer(503)

    receiver.answers = answer
    async with supervised({"webhooks": a_sender(delays_seconds=(3,)).run}), asyncio.timeout(40):
        while len(tried) < 2:
            await asyncio.sleep(0.05)

    assert int(retry_after or 3) <= tried[1] - tried[0] + 0.1


async def test_webhook_with_other_deliveries_is_not_disabled_for_one_expired_event(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender
) -> None:
    webhook = await registered(api, url=inside(receiver))
    await opened(inbox, 2)
    receiver.answers = lambda _: an_answer(500)
    assert await a_sender(delays_seconds=(1,)).send_next()
    receiver.answers = lambda _: an_answer()
    assert await a_sender(delays_seconds=(1,)).send_next()
    receiver.answers = lambda _: an_answer(500)
    await drained(a_sender(delays_seconds=(1,), at=clock.now() + timedelta(seconds=5)))

    assert ["delivered", "expired"] == sorted(one["status"] for one in await deliveries(api, webhook))
    assert "enabled" == (await shown(api, webhook))["status"]


async def test_webhook_answering_410_is_disabled_with_a_notice(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender
) -> None:
    receiver.answers = lambda _: an_answer(410)
    webhook = await registered(api, url=inside(receiver))
    await opened(inbox, 3)
    await drained(a_sender())
    reported = (await api.get("/v1/notifications", headers=headers())).json()["notifications"]
    now = await shown(api, webhook)

    assert 1 == len(receiver.received)
    assert ("disabled", "gone") == (now["status"], now["reason"])
    assert [f"/v1/webhooks/{webhook['webhook_id']}"] == [one["link"] for one in reported]
    assert {("refused", 410, None), ("refused", None, "webhook_disabled")} == {
        (one["status"], one["status_code"], one["reason"]) for one in await deliveries(api, webhook)
    }


async def test_retry_after_defers_all_events_of_the_webhook(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender, db: Database
) -> None:
    receiver.answers = lambda _: an_answer(429, Retry_After="3600")
    webhook = await registered(api, url=inside(receiver))
    await opened(inbox, 3)

    assert 1 == await drained(a_sender())
    assert 0 == await drained(a_sender(at=clock.now() + timedelta(minutes=10)))
    wait = datetime.fromisoformat(min(one["next_at"] for one in await deliveries(api, webhook) if one["attempts"]))
    assert timedelta(minutes=59) < wait - clock.now() <= timedelta(minutes=60)
    async with db.transaction() as tx:
        await tx.execute("UPDATE turn SET until = clock_timestamp()")
    receiver.answers = lambda _: an_answer()
    assert 3 == await drained(a_sender(at=clock.now() + timedelta(minutes=61)))


async def test_redirect_is_a_failure(api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender) -> None:
    receiver.answers = lambda _: an_answer(307, Location=inside(receiver))
    webhook = await registered(api, url=inside(receiver))
    await opened(inbox)
    await drained(a_sender())

    assert [("owed", 307)] == [(one["status"], one["status_code"]) for one in await deliveries(api, webhook)]
    assert 1 == len(receiver.received)


async def test_response_body_of_a_receiver_is_not_stored(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender, db: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    receiver.answers = lambda _: an_answer(500, b"inside-4711", X_Inside="inside-4712")
    webhook = await registered(api, url=inside(receiver))
    await opened(inbox)
    await drained(a_sender())

    assert "inside-47" not in str(await deliveries(api, webhook))
    async with db.transaction() as tx:
        for table in ("journal", "dispatch", "notification", "webhook", "turn"):
            assert 0 == await tx.fetchval(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%inside-47%'")
    assert "inside-47" not in "".join(capfd.readouterr())


async def test_name_with_a_denied_address_is_reported_as_failure(
    api: Client, inbox: Inbox, receiver: Receiver, db: Database, settings: Settings
) -> None:
    webhook = await registered(api, url=inside(receiver))
    await opened(inbox)

    async def resolve_inside(_host: str, _port: int) -> list[str]:
        return ["169.254.169.254"]

    client = SafeHttpClient(LOOPBACK, context=receiver.trusting(), resolve=resolve_inside)
    terms = Terms(bounds=LOOPBACK)
    sender = WebhookSender(
        db, client, WebhookConfig(settings).keyring, terms, AllAppointed(), clock=clock.now, spread=lambda: 0.0
    )
    await drained(sender)

    assert [("owed", "address-denied")] == [(one["status"], one["reason"]) for one in await deliveries(api, webhook)]
    assert 0 == receiver.connections


# -- events no longer visible to their owner --------------------------------------------------------------------------


async def test_event_no_longer_visible_to_its_owner_is_dropped_between_attempts(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender
) -> None:
    receiver.answers = lambda _: an_answer(503)
    provider, state = await registered(api, PROVIDER, url=inside(receiver)), await registered(api, url=inside(receiver))
    fact = m.MatchPresented(
        match_id=uuid4(), request_id=uuid4(), line_id=uuid4(), offering_id=uuid4(), state="KEN", provider="NOR",
        presented_at=NOON,
    )  # fmt: skip
    await inbox.receive(an_event(fact, 1))
    assert 2 == await drained(a_sender())
    objected = r.ConsentWithdrawn(
        request_id=fact.request_id,
        state="KEN",
        consent_id=fact.request_id,
        circulation="objected",
        withdrawn_at=NOON,
    )
    await inbox.receive(an_event(objected, 1))
    receiver.answers = lambda _: an_answer()
    await drained(a_sender(at=clock.now() + timedelta(seconds=30)))

    (dropped,) = await deliveries(api, provider, PROVIDER)
    assert ("refused", "no_longer_visible", 2) == (dropped["status"], dropped["reason"], dropped["attempts"])
    assert {"delivered"} == {one["status"] for one in await deliveries(api, state)}
    to_provider = [verified(one, provider["verification_key"]) for one in receiver.received]
    assert 1 == sum(to_provider[:2]), "the provider gets the event before the objection"
    assert {False} == set(to_provider[2:]), "after the objection only others get it"


UGANDA = "UGA:focal_point"


async def test_queued_events_after_an_ended_appointment_are_not_sent(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender
) -> None:
    """A webhook outlives neither the person's appointment nor the API client in which it was registered."""
    ended, stays = (
        await registered(api, url=inside(receiver)),
        await registered(api, UGANDA, url=inside(receiver)),
    )
    await opened(inbox, 2)
    await opened(inbox, state="UGA")
    appointments = AllAppointed()
    appointments.ended.add((persona_id("KEN:focal_point"), "KEN", "focal_point"))
    await drained(a_sender(appointments=appointments))

    assert [("refused", "not_appointed")] * 2 == [
        (one["status"], one["reason"]) for one in await deliveries(api, ended)
    ]
    assert {"delivered"} == {one["status"] for one in await deliveries(api, stays, UGANDA)}
    assert not any(verified(one, ended["verification_key"]) for one in receiver.received)


async def test_host_no_longer_allowed_is_reported_as_failure(
    api: Client, inbox: Inbox, receiver: Receiver, db: Database, settings: Settings
) -> None:
    webhook = await registered(api, url=inside(receiver))
    await opened(inbox)
    terms = Terms(bounds=Bounds(loopback=True, allowed=("elsewhere.example",)))
    client = SafeHttpClient(LOOPBACK, context=receiver.trusting())
    sender = WebhookSender(
        db, client, WebhookConfig(settings).keyring, terms, AllAppointed(), clock=clock.now, spread=lambda: 0.0
    )
    await drained(sender)

    assert [("owed", "address-denied")] == [(one["status"], one["reason"]) for one in await deliveries(api, webhook)]
    assert 0 == receiver.connections


async def test_queued_events_of_a_removed_webhook_are_not_sent(
    api: Client, inbox: Inbox, receiver: Receiver, a_sender: ASender, db: Database
) -> None:
    webhook = await registered(api, url=inside(receiver))
    await opened(inbox)
    await api.delete(f"/v1/webhooks/{webhook['webhook_id']}", headers=headers(revision=1))
    await drained(a_sender())

    assert 0 == receiver.connections
    async with db.transaction() as tx:
        assert [("refused", "webhook_removed")] == [
            (row["status"], row["reason"]) for row in await tx.fetch("SELECT status, reason FROM dispatch")
        ]


# -- settings ---------------------------------------------------------------------------------------------------------


def test_deployment_denies_loopback(settings: Settings) -> None:
    env = {"ENTRAIDE_WEBHOOK_LOOPBACK": "on"}
    assert Settings.from_env(env, (), state=settings.state).webhook_loopback
    with pytest.raises(SettingsError, match="ENTRAIDE_ISSUER"):
        Settings.from_env(env | {"ENTRAIDE_ISSUER": "https://issuer.example"}, (), state=settings.state)


def test_deployment_without_master_keys_has_no_webhooks(settings: Settings, tmp_path: Path) -> None:
    def config(**env: str) -> WebhookConfig:
        return WebhookConfig(Settings.from_env(env, (), state=tmp_path))

    (tmp_path / "keys").write_text("a2V5" * 12 + "\n")
    assert config().open
    assert not config(ENTRAIDE_ISSUER="https://issuer.example").open
    assert config(ENTRAIDE_ISSUER="https://issuer.example", ENTRAIDE_WEBHOOK_KEYS=str(tmp_path / "keys")).open
    assert not config(ENTRAIDE_WEBHOOKS="off").open
    (tmp_path / "keys").write_text("secret-but-short")
    with pytest.raises(SettingsError, match="ENTRAIDE_WEBHOOK_KEYS") as no:
        _ = config(ENTRAIDE_WEBHOOK_KEYS=str(tmp_path / "keys")).keyring
    assert "short" not in str(no.value)
    assert config().keyring.newest == config().keyring.newest, "the embedded key is created once"
    assert 0o600 == (tmp_path / "webhook.keys").stat().st_mode & 0o777


def test_lease_is_longer_than_an_attempt() -> None:
    assert webhook_sender.LEASE_SECONDS > 2 * http_client.ATTEMPT_SECONDS
