"""Tests of a withdrawn consent: the provider can no longer read the thread and texts, but keeps the agreement."""

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from contracts.facts import Fact
from services.requests.consumers import HANDLERS
from tests.builders import a_request, an_event, headers
from tests.delivery.files.steps import added, listed, read, scanned
from tests.delivery.files.steps import tried as adding
from tests.delivery.steps import (
    COORDINATOR,
    KENYA,
    NORWAY,
    Client,
    Matching,
    a_confirmation,
    a_version,
    slug,
    tried,
)
from tests.delivery.strategies import steps as strategies
from tests.delivery.thread.steps import page, sending, sent
from tests.files import PDF

CLOSED = (409, "consent-withdrawn")
UNIT = "UNODC-SHERLOC:provider_officer"


class Stage:
    """A request of Kenya and a delivery of it, known to both services without a broker."""

    def __init__(self, api: Client, matching: Matching, requests: Database) -> None:
        self.api, self.matching = api, matching
        self._inbox = Inbox(requests, "requests", ["matching"], HANDLERS)
        self.request: dict[str, Any] = {}

    async def filed(self) -> None:
        """File and open a request that its consent lets circulate to all providers."""
        self.request = (await self.api.post("/v1/requests", json=a_request(), headers=headers())).json()
        for name in ("register", "open"):
            self.request = await self.asked("POST", f"/{name}", COORDINATOR)

    async def asked(self, method: str, path: str, by: str = KENYA, **body: Any) -> dict[str, Any]:
        url = f"/v1/requests/{self.request['request_id']}{path}"
        given = headers(by, revision=self.request["revision"])
        answer = await self.api.request(method, url, json=body, headers=given)
        assert answer.status_code in {200, 201}, answer.text
        self.request = dict(answer.json())
        return self.request

    async def confirmed(self, by: str = NORWAY) -> str:
        """Confirm a match with the request's line in both services, and return the delivery's id."""
        fact = a_confirmation(
            request_id=UUID(self.request["request_id"]),
            line_id=UUID(self.request["lines"][0]["line_id"]),
            provider=by.split(":")[0],
            confirmed_at=clock.now(),
        )
        await self.hears(fact)
        return await self.matching.opens(fact)

    async def hears(self, fact: Fact) -> None:
        await self._inbox.receive(an_event(fact, 1, time=clock.now()))
        self.request = (await self.seen(KENYA)).json()

    async def seen(self, by: str) -> httpx.Response:
        return await self.api.get(f"/v1/requests/{self.request['request_id']}", headers=headers(by))

    async def withdraws(self) -> None:
        (consent,) = (one for one in self.request["consents"] if one["withdrawn_at"] is None)
        await self.asked("DELETE", f"/consents/{consent['consent_id']}")


@pytest.fixture
async def stage(api: Client, matching: Matching, databases: Mapping[str, Database]) -> Stage:
    found = Stage(api, matching, databases["requests"])
    await found.filed()
    return found


async def test_withdrawal_closes_thread_strategies_and_words_and_keeps_the_agreement(
    api: Client, db: Database, folder: Path, stage: Stage
) -> None:
    delivery_id = await stage.confirmed()
    message = await sent(api, delivery_id)
    material = await added(api, delivery_id, name="Course.pdf")
    scan = await added(api, delivery_id, name="Agreement.pdf", purpose="agreement")
    await scanned(db, folder)
    path = f"/v1/deliveries/{delivery_id}/agreement"
    proposed = await api.post(path, json=a_version(), headers=headers(NORWAY))
    assert proposed.status_code in {200, 201}, proposed.text
    strategy_id = await strategies.drawn_up(api, stage.request["request_id"])
    point = await strategies.added(api, strategy_id)
    plan = [f"/v1/strategies/{strategy_id}", f"/v1/strategies/{strategy_id}/action-points"]
    plan.append(f"/v1/action-points/{point['action_point_id']}")
    assert [200, 200, 200] == [(await api.get(one, headers=headers(NORWAY))).status_code for one in plan]
    words = stage.request["lines"][0]["outcome"]
    assert words in (await stage.seen(NORWAY)).text

    began = time.monotonic()
    await stage.withdraws()
    assert slug(await _messages(api, delivery_id, NORWAY)) == CLOSED
    assert time.monotonic() - began < 5

    # The provider reads neither strategies, messages, files nor the words of the line.
    assert [CLOSED] * 3 == [slug(await api.get(one, headers=headers(NORWAY))) for one in plan]
    for by, count in ((NORWAY, 0), (KENYA, 1)):
        assert len((await api.get("/v1/strategies", headers=headers(by))).json()["strategies"]) == count
    shown = await api.get(f"/v1/messages/{message['message_id']}", headers=headers(NORWAY))
    assert slug(shown) == slug(await read(api, material, NORWAY)) == CLOSED
    assert await listed(api, delivery_id, NORWAY) == [("Agreement.pdf", "clean")]
    assert (await stage.seen(NORWAY)).status_code == 404
    # No side can write; the State and UNODC can still read.
    for by in (KENYA, NORWAY, COORDINATOR):
        assert slug(await sending(api, delivery_id, by)) == CLOSED
        assert slug(await adding(api, delivery_id, by)) == CLOSED
    assert slug(await tried(api, delivery_id, "open-private-topic", KENYA)) == CLOSED
    for by in (KENYA, COORDINATOR):
        assert [one["text"] for one in (await page(api, delivery_id, by))["messages"]] == [message["text"]]
    # Both sides keep the agreement, with its scan.
    for by in (KENYA, NORWAY):
        agreement = await api.get(path, headers=headers(by))
        assert (agreement.status_code, a_version()["scope"] in agreement.text) == (200, True)
        assert (await read(api, scan, by)).content == PDF


async def test_new_consent_opens_what_a_withdrawal_closed(api: Client, stage: Stage) -> None:
    delivery_id = await stage.confirmed()
    await stage.withdraws()
    assert slug(await sending(api, delivery_id, NORWAY)) == CLOSED

    await stage.asked("POST", "/consents", recipients=["FRA"])
    assert slug(await sending(api, delivery_id, NORWAY)) == CLOSED
    await stage.asked("POST", "/consents", recipients=["NOR"])

    assert (await sending(api, delivery_id, NORWAY)).status_code == 201
    assert (await stage.seen(NORWAY)).status_code == 200


async def test_end_of_a_consents_period_closes_nothing(api: Client, stage: Stage) -> None:
    """Both sides have agreed; only a withdrawal by the State closes the thread."""
    await stage.withdraws()
    ends_at = clock.now() + timedelta(seconds=0.4)
    await stage.asked("POST", "/consents", recipients=["NOR"], ends_at=ends_at.isoformat())
    delivery_id = await stage.confirmed()
    while clock.now() <= ends_at:
        await _messages(api, delivery_id, NORWAY)

    assert (await sending(api, delivery_id, NORWAY)).status_code == 201
    assert (await stage.seen(NORWAY)).status_code == 200


async def test_state_that_agrees_with_a_unit_of_unodc_after_a_withdrawal_opens_it(api: Client, stage: Stage) -> None:
    """UNODC's units need no consent, because UNODC's coordinators know the request."""
    before = await stage.confirmed(by=UNIT)
    await stage.withdraws()
    after = await stage.confirmed(by=UNIT)

    assert slug(await sending(api, before, UNIT)) == CLOSED
    assert (await sending(api, after, UNIT)).status_code == 201
    assert (await stage.seen(UNIT)).status_code == 200


async def test_thread_is_closed_to_the_provider_without_current_consents(
    client_of: Callable[..., Awaitable[Client]], stage: Stage
) -> None:
    delivery_id = await stage.confirmed()
    alone = await client_of("delivery")

    unheard = await _messages(alone, delivery_id, NORWAY)
    assert (503, "consents-unheard", "2") == (*slug(unheard), unheard.headers["Retry-After"])
    assert slug(await sending(alone, delivery_id)) == (503, "consents-unheard")
    assert (await page(alone, delivery_id))["messages"] == []


async def _messages(api: Client, delivery_id: str, by: str) -> httpx.Response:
    return await api.get(f"/v1/deliveries/{delivery_id}/messages", headers=headers(by))
