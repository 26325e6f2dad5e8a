"""The broker is killed and its directory deleted under load: nothing is lost, without any intervention."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from chassis.auth.tokens import Issuer
from chassis.embedded import free_port
from services.mailbox import Mailbox
from tests.builders import a_request, headers
from tests.conftest import Servers
from tests.matching.builders import an_offering_body
from tests.system.consistency import examine, rebuild_differences, wait_until_idle
from tests.system.crash_child import SupervisedPlatform, supervised_platform
from tests.system.crash_points import JOB
from tests.system.environment import Environment, environment
from tests.system.main_workflow import COORDINATOR, PROVIDER, Persistent, agree, deliver, file_request

AT_ONCE = 10
CATCH_UP_SECONDS = 2
HEALED_SECONDS_MAX = 180
CHANNELS = {"KEN:focal_point": ["inbox", "mail"], COORDINATOR: ["inbox"]}


OF_DELIVERY = [
    ["opened", "contacts-named", "contacts-named", "agreed", "begun"],
    ["sent"],
    ["sent"],
    ["proposed", "proposed", "signed", "signed"],
    ["planned", "held"],
]
"""The facts of each record of the one delivery."""

OWED_OF_DELIVERY, MAILS_OF_DELIVERY = 12, 11
"""Number of notices about the request until that delivery and about the delivery, and of mails to the State."""


@pytest.fixture
async def at(servers: Servers, template: str, issuer: Issuer) -> AsyncIterator[Environment]:
    async with environment(servers, template, "wipe") as made:
        yield made


async def test_wiped_broker_loses_duplicates_and_delays_nothing(at: Environment, report: Callable[[str], None]) -> None:
    folder = await at.empty()
    mailbox = Mailbox(folder / "mailbox", "127.0.0.1", free_port())
    await mailbox.start()
    child_settings = at.child_settings(folder, smtp_url=mailbox.url, catch_up_seconds=CATCH_UP_SECONDS, deaf=True)
    async with supervised_platform(at.forker, child_settings) as platform:
        await platform.during(_wipe(at, platform, report))
        async with at.broker() as client:
            after, wrong = await examine(at.connection, client, mailbox, wiped=True)
    await mailbox.stop()

    assert wrong == []
    assert after.facts["requests.request.submitted.v1"] == 3 * AT_ONCE + 1
    assert after.facts["matching.line.ranked.v1"] == 3 * AT_ONCE + 1
    # One per submission to the State, one to the coordinator, who reads its suggestions with it; one for the offering.
    assert after.facts["notifications.notification.owed.v1"] == 2 * (3 * AT_ONCE + 1) + 1 + OWED_OF_DELIVERY
    assert after.rows["matching.line_ranking"] == 3 * AT_ONCE + 1
    assert after.mails == len(mailbox.messages()) == 3 * AT_ONCE + 1 + MAILS_OF_DELIVERY
    assert await rebuild_differences(at.database_url) == []
    assert platform.deaths == 0
    said = Path(child_settings.log).read_text()
    assert "caught up from the journal" in said, "wiped events are read from the journal"


async def _wipe(at: Environment, platform: SupervisedPlatform, report: Callable[[str], None]) -> None:
    await platform.ready(at.client)
    api = Persistent(at.client, platform.address)
    for who, channels in CHANNELS.items():
        email = "focal.point@people.example" if "mail" in channels else None
        await api.put(who, "/v1/subscriptions", {"language": "en", "channels": channels, "email": email})
    offering = await api.post(PROVIDER, "/v1/offerings", an_offering_body())
    await api.move(COORDINATOR, f"/v1/offerings/{offering['offering_id']}", "approve", offering)
    assert await wait_until_idle(at.connection) == {}

    # So far, matching has read of the request in the journal only.
    request, _ = await agree(api, await file_request(api))
    filed = await _file(at, platform)
    # The events are in the streams, not consumed yet, when the streams are deleted.
    await _published(at)
    os.kill(at.nats.pid, signal.SIGKILL)
    shutil.rmtree(at.nats.store)
    platform.enter(JOB)
    filed |= await _file(at, platform)
    async with asyncio.TaskGroup() as group:
        # The delivery service reads of the confirmed match in the journal, if the broker lost it.
        group.create_task(deliver(api, request))
        at.nats.start()
        wiped = time.monotonic()
        filed |= await _file(at, platform)
    assert len(filed) == 3 * AT_ONCE

    assert await wait_until_idle(at.connection) == {}
    took = time.monotonic() - wiped
    rows = await at.connection.fetch("SELECT request_id::text FROM matching.line_ranking")
    assert filed | {request["request_id"]} == {row["request_id"] for row in rows}
    assert await _facts_of_delivery(at) == OF_DELIVERY
    await platform.ready(at.client)
    report(f"wipe test: {len(filed)} requests, 0 missing, {took:.1f} s after the broker came back")
    assert took < HEALED_SECONDS_MAX


async def _facts_of_delivery(at: Environment) -> list[list[str]]:
    """Return the facts of each record in order; the oldest record comes first."""
    rows = await at.connection.fetch(
        "SELECT array_agg(split_part(type, '.', 3) ORDER BY version) AS facts FROM delivery.journal"
        " GROUP BY aggregate_id ORDER BY min(position)"
    )
    return [row["facts"] for row in rows]


async def _published(at: Environment) -> None:
    while await at.connection.fetchval(
        "SELECT (SELECT count(*) FROM requests.pending) + (SELECT count(*) FROM matching.pending)"
    ):
        await asyncio.sleep(0.02)


async def _file(at: Environment, platform: SupervisedPlatform) -> set[str]:
    """File some requests at once; each is accepted at the first attempt."""

    async def one() -> str:
        answer = await at.client.post(f"{platform.address}/v1/requests", json=a_request(), headers=headers())
        assert answer.status_code == 201, answer.text
        return str(answer.json()["request_id"])

    return set(await asyncio.gather(*(one() for _ in range(AT_ONCE))))
