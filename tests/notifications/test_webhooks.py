"""Webhooks from registration to removal: ownership, deliveries and visibility."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import msgspec
import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.rebuild import verify
from contracts import matching as m
from contracts.facts import Fact
from contracts.refusals import Missing
from services.notifications.notices import actions
from services.notifications.webhooks import actions as webhook_actions
from services.notifications.webhooks import model as webhook_rules
from services.notifications.webhooks import store as webhook_store
from services.notifications.wiring import SERVICE
from tests.builders import NOON, a_caller, an_event, headers
from tests.databases import connected
from tests.webhooks import PROVIDER, URL, Client, deliveries, opened, registered, shown


async def post(api: Client, webhook: Mapping[str, Any], move: str, **more: Any) -> httpx.Response:
    return await api.post(f"/v1/webhooks/{webhook['webhook_id']}/{move}", headers=headers(**more))


def without_correlation(answer: httpx.Response) -> tuple[int, dict[str, Any]]:
    return answer.status_code, {name: value for name, value in answer.json().items() if name != "correlation_id"}


# -- registration -----------------------------------------------------------------------------------------------------


async def test_registered_webhook_has_a_verification_key(api: Client) -> None:
    webhook = await registered(api)

    assert ("enabled", URL, "v1a", None, 1) == tuple(
        webhook[field] for field in ("status", "url", "scheme", "secret", "revision")
    )
    assert webhook["verification_key"].startswith("whpk_")
    assert webhook == await shown(api, webhook)


async def test_hmac_secret_is_shown_once(api: Client) -> None:
    body, once = {"url": URL, "scheme": "v1"}, headers()
    first = await api.post("/v1/webhooks", json=body, headers=once)
    again = await api.post("/v1/webhooks", json=body, headers=once)
    listed = await api.get("/v1/webhooks", headers=headers())
    rotated = await post(api, first.json(), "rotate", revision=1)

    assert first.json()["secret"].startswith("whsec_")
    assert first.json()["webhook_id"] == again.json()["webhook_id"]
    assert [None, None] == [again.json()["secret"], listed.json()["webhooks"][0]["secret"]]
    assert rotated.json()["secret"].startswith("whsec_")
    assert rotated.json()["secret"] != first.json()["secret"]


async def test_secret_and_url_are_stored_only_where_needed(api: Client, db: Database) -> None:
    webhook = await registered(api, scheme="v1", url="https://hooks.ken.example/token-4711")
    async with db.transaction() as tx:
        tables = await tx.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'notifications'")
        holding = set()
        for table in (row["tablename"] for row in tables):
            for needle in (webhook["secret"], webhook["secret"].removeprefix("whsec_"), "token-4711"):
                if await tx.fetchval(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%' || $1 || '%'", needle):
                    holding.add((table, needle))

    assert {("endpoint", "token-4711")} == holding


@pytest.mark.writes_nothing
@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"url": "http://hooks.ken.example/"}, "webhook-url-invalid"),
        ({"url": "https://127.0.0.1/"}, "webhook-url-invalid"),
        ({"url": "https://localhost/"}, "webhook-url-invalid"),
        ({"url": "https://user@hooks.ken.example/"}, "webhook-url-invalid"),
        ({"url": "https://hooks.ken.example:8443/"}, "webhook-url-invalid"),
        ({"url": URL, "scheme": "none"}, "invalid-field"),
        ({"url": URL, "secret": "mine"}, "unknown-field"),
        ({}, "missing-field"),
    ],
)
async def test_invalid_registration_is_rejected(api: Client, body: dict[str, Any], slug: str) -> None:
    answer = await api.post("/v1/webhooks", json=body, headers=headers())

    assert (400, slug) == (answer.status_code, answer.json()["slug"])


async def test_service_cannot_register_a_webhook(api: Client) -> None:
    answer = await api.post("/v1/webhooks", json={"url": URL}, headers=headers("UNODC:service"))

    assert (403, "not-for-your-role") == (answer.status_code, answer.json()["slug"])


async def test_webhooks_of_an_appointment_are_limited_to_five_also_concurrently(api: Client) -> None:
    answers = await asyncio.gather(*(api.post("/v1/webhooks", json={"url": URL}, headers=headers()) for _ in range(9)))
    assert 5 == sum(answer.status_code == 201 for answer in answers)
    assert {"webhook-limit-reached"} == {a.json()["slug"] for a in answers if a.status_code == 409}

    one = (await api.get("/v1/webhooks", headers=headers())).json()["webhooks"][0]
    await api.delete(f"/v1/webhooks/{one['webhook_id']}", headers=headers(revision=1))
    await registered(api)
    await registered(api, PROVIDER)


async def test_webhook_is_visible_to_its_appointment_only(api: Client) -> None:
    webhook = await registered(api)
    path = f"/v1/webhooks/{webhook['webhook_id']}"
    for other in (PROVIDER, "UGA:focal_point", "UNODC:coordinator", "UNODC:administrator"):
        missing = await api.get(f"/v1/webhooks/{uuid4()}", headers=headers(other))
        absent = without_correlation(missing)
        answers = [
            await api.get(path, headers=headers(other)),
            await api.get(f"{path}/deliveries", headers=headers(other)),
            await api.delete(path, headers=headers(other, revision=1)),
            await api.post(f"{path}/rotate", headers=headers(other, revision=1)),
            await api.post(f"{path}/enable", headers=headers(other, revision=1)),
            await api.post(f"{path}/test", headers=headers(other)),
        ]
        assert [absent] * len(answers) == [without_correlation(answer) for answer in answers]
        assert [] == (await api.get("/v1/webhooks", headers=headers(other))).json()["webhooks"]

    assert webhook == await shown(api, webhook)


async def test_change_requires_the_revision(api: Client) -> None:
    webhook = await registered(api)
    path = f"/v1/webhooks/{webhook['webhook_id']}"

    assert 428 == (await api.delete(path, headers=headers())).status_code
    assert 412 == (await api.delete(path, headers=headers(revision=2))).status_code
    assert 428 == (await api.post(f"{path}/rotate", headers=headers())).status_code


async def test_repeated_rotation_rotates_once(api: Client) -> None:
    webhook, once = await registered(api), headers(revision=1)
    path = f"/v1/webhooks/{webhook['webhook_id']}/rotate"
    first = await api.post(path, headers=once)
    again = await api.post(path, headers=once)

    assert (2, 2) == (first.json()["revision"], again.json()["revision"])
    assert first.json()["verification_key"] == again.json()["verification_key"] != webhook["verification_key"]
    assert first.json()["previous_until"] is not None


async def test_enabled_webhook_is_not_enabled_again(api: Client) -> None:
    answer = await post(api, await registered(api), "enable", revision=1)

    assert (409, "webhook-status") == (answer.status_code, answer.json()["slug"])


async def test_removed_webhook_and_its_url_are_deleted(api: Client, db: Database, inbox: Inbox) -> None:
    webhook = await registered(api)
    path = f"/v1/webhooks/{webhook['webhook_id']}"
    assert 204 == (await api.delete(path, headers=headers(revision=1))).status_code
    await opened(inbox)

    assert 404 == (await api.get(path, headers=headers())).status_code
    assert 404 == (await api.delete(path, headers=headers(revision=2))).status_code
    async with db.transaction() as tx:
        assert 0 == await tx.fetchval("SELECT count(*) FROM endpoint")
        assert 0 == await tx.fetchval("SELECT count(*) FROM dispatch")


# -- queued events ----------------------------------------------------------------------------------------------------


async def test_webhook_gets_each_notice_of_its_appointment_once(api: Client, inbox: Inbox) -> None:
    webhook = await registered(api)
    other = await registered(api, "UGA:focal_point")
    fact = m.MatchPresented(**of_a_match(), presented_at=NOON)
    event = an_event(fact, 1)
    for _ in range(3):
        await inbox.receive(event)

    (delivery,) = await deliveries(api, webhook)
    assert {
        "event_id": str(event.id),
        "type": "matching.match.presented.v1",
        "aggregate": "match",
        "id": str(fact.match_id),
        "version": 1,
        "status": "owed",
        "attempts": 0,
        "status_code": None,
    }.items() <= delivery.items()
    assert [] == await deliveries(api, other, "UGA:focal_point")


async def test_notice_goes_to_the_inbox_and_every_webhook(api: Client, inbox: Inbox) -> None:
    await api.put("/v1/subscriptions", json={"language": "en", "channels": ["inbox"]}, headers=headers())
    webhooks = [await registered(api), await registered(api)]
    await opened(inbox)
    inboxed = (await api.get("/v1/notifications", headers=headers())).json()

    assert [1, 1] == [len(await deliveries(api, webhook)) for webhook in webhooks]
    assert (1, 1) == (len(inboxed["notifications"]), inboxed["unread"]), "events sent to a webhook are not in the inbox"


async def test_webhook_gets_each_fact_of_a_gathered_notice(api: Client, inbox: Inbox) -> None:
    webhook = await registered(api, "UNODC:coordinator")
    cause = uuid4()
    for rank in range(1, 4):
        fact = m.MatchSuggested(
            **of_a_match(), score=700, shares=(), algorithm="c", offering_revision=1, rank=rank, suggested_at=NOON
        )
        await inbox.receive(msgspec.structs.replace(an_event(fact, 1), causationid=cause))

    assert 3 == len(await deliveries(api, webhook, "UNODC:coordinator"))


async def test_webhook_is_not_a_subscription_channel(api: Client) -> None:
    answer = await api.put("/v1/subscriptions", json={"language": "en", "channels": ["webhook"]}, headers=headers())

    assert (400, "invalid-field") == (answer.status_code, answer.json()["slug"])


async def test_test_events_are_limited_per_hour(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_actions, "TESTS_HOURLY_MAX", 2)
    webhook, once = await registered(api), headers()
    path = f"/v1/webhooks/{webhook['webhook_id']}/test"
    answers = [await api.post(path, headers=once) for _ in range(2)]
    answers += [await api.post(path, headers=headers()) for _ in range(2)]

    assert [202, 202, 202, 409] == [answer.status_code for answer in answers]
    assert "webhook-tests-spent" == answers[-1].json()["slug"]
    assert [webhook_rules.TEST_EVENT] * 2 == [one["type"] for one in await deliveries(api, webhook)]


async def test_webhook_with_a_full_queue_is_disabled_with_a_notice(
    api: Client, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "QUEUE_MAX", 3)
    webhook = await registered(api)
    await opened(inbox, 5)
    reported = (await api.get("/v1/notifications", headers=headers())).json()["notifications"]

    assert 3 == len(await deliveries(api, webhook))
    now = await shown(api, webhook)
    assert ("disabled", "queue") == (now["status"], now["reason"])
    assert [f"/v1/webhooks/{webhook['webhook_id']}"] == [one["link"] for one in reported]
    assert "webhook" in reported[0]["subject"]


async def test_deliveries_are_paged_newest_first(api: Client, inbox: Inbox) -> None:
    webhook = await registered(api)
    await opened(inbox, 5)
    everything = [one["event_id"] for one in await deliveries(api, webhook)]
    found, path = [], f"/v1/webhooks/{webhook['webhook_id']}/deliveries?limit=2"
    while path:
        answer = await api.get(path, headers=headers())
        found += [one["event_id"] for one in answer.json()["deliveries"]]
        path = answer.links["next"]["url"] if "next" in answer.links else ""

    assert 5 == len(everything)
    assert everything == found


# -- the tables -------------------------------------------------------------------------------------------------------


async def test_tables_are_rebuilt_from_the_journal(api: Client, inbox: Inbox, db: Database, database_url: str) -> None:
    webhook = await registered(api)
    await post(api, webhook, "rotate", revision=1)
    await opened(inbox)
    async with db.transaction() as tx:
        await actions.disable(tx, (await _ids(tx))[0], "gone", because=an_event(_an_end(), 1), now=NOON)
    await post(api, webhook, "enable", revision=3)
    gone = await registered(api)
    await api.delete(f"/v1/webhooks/{gone['webhook_id']}", headers=headers(revision=1))
    async with connected(database_url, "notifications", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE webhook SET status = 'removed', reason = 'gone'",
        "UPDATE webhook SET previous_key_id = 'x'",
        "UPDATE webhook SET scheme = 'none'",
        "UPDATE endpoint SET url = 'http://inside.example/'",
        "UPDATE endpoint SET url = E'https://a.example/\\nHost: b'",
        "UPDATE dispatch SET channel = 'mail'",
        "UPDATE dispatch SET webhook_id = NULL",
        "UPDATE notification SET record_id = NULL",
    ],
)
async def test_schema_rejects_invalid_rows(api: Client, inbox: Inbox, db: Database, statement: str) -> None:
    await registered(api)
    await opened(inbox)
    with pytest.raises(asyncpg.CheckViolationError):
        async with db.transaction() as tx:
            await tx.execute(statement)


async def test_webhook_of_another_person_is_hidden_in_sql(api: Client, db: Database) -> None:
    await registered(api)
    async with db.transaction() as tx:
        (webhook_id,) = await _ids(tx)
        with pytest.raises(Missing):
            await webhook_store.get(tx, webhook_id, a_caller("NOR:provider_officer"))
        assert [] == await webhook_store.of_caller(tx, a_caller("NOR:provider_officer"))


async def _ids(tx: Any) -> list[Any]:
    return [row["webhook_id"] for row in await tx.fetch("SELECT webhook_id FROM webhook ORDER BY webhook_id")]


def of_a_match() -> dict[str, Any]:
    ids = {name: uuid4() for name in ("match_id", "request_id", "line_id", "offering_id")}
    return {**ids, "state": "KEN", "provider": "NOR"}


def _an_end() -> Fact:
    return m.MatchExpired(**of_a_match(), expired_at=NOON + timedelta(days=1))
