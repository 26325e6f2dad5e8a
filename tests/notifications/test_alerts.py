"""Alerts over HTTP, and the requests they find by the facts of the requests service."""

import asyncio
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.rebuild import verify
from contracts import requests as r
from services.notifications.wiring import SERVICE, begin_consents
from tests.builders import NOON, headers
from tests.databases import connected
from tests.notifications.steps import Client, RequestStory, notifications_of, subscribe

PROVIDER, OTHER = "NOR:provider_officer", "CAN:provider_officer"
FOUND = "notifications.hit.recorded.v1:requests"


async def an_alert(api: Client, appointment: str = PROVIDER, **criteria: Any) -> dict[str, Any]:
    answer = await api.post("/v1/alerts", json={"subject": "requests"} | criteria, headers=headers(appointment))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def clock_at(later: timedelta) -> AbstractContextManager[None]:
    at = clock.now() + later
    return clock.use_clock(lambda: at)


async def found_by(api: Client, appointment: str = PROVIDER) -> list[str]:
    """Return the requests that the appointment's alerts found, oldest first."""
    notified = await notifications_of(api, appointment)
    return [one["request_id"] for one in reversed(notified) if one["notice"] == FOUND]


# -- alerts -----------------------------------------------------------------------------------------------------------


async def test_alert_is_created_listed_revised_paused_resumed_and_removed(api: Client) -> None:
    made = await an_alert(api, kinds=["mla_training"], regions=["african"])
    path = f"/v1/alerts/{made['alert_id']}"
    revised = await api.patch(
        path,
        json={"kinds": None, "topics": ["extradition"]},
        headers=headers(PROVIDER, revision=1) | {"Content-Type": "application/merge-patch+json"},
    )
    until = (clock.now() + timedelta(days=1)).isoformat()
    paused = await api.post(f"{path}/pause", json={"until": until}, headers=headers(PROVIDER, revision=2))
    resumed = await api.post(f"{path}/resume", headers=headers(PROVIDER, revision=3))
    listed = await api.get("/v1/alerts", headers=headers(PROVIDER))
    shown = await api.get(path, headers=headers(PROVIDER))
    removed = await api.delete(path, headers=headers(PROVIDER, revision=4))
    gone = await api.get(path, headers=headers(PROVIDER))

    assert ([], ["extradition"], ["african"]) == tuple(revised.json()[name] for name in ("kinds", "topics", "regions"))
    assert (True, False) == (paused.json()["paused"], resumed.json()["paused"])
    assert [resumed.json()] == listed.json()["alerts"] == [shown.json()]
    assert (204, 404) == (removed.status_code, gone.status_code)


@pytest.mark.writes_nothing
@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"kinds": ["mla_trainin"]}, "unknown-code"),
        ({"states": ["XXX"]}, "unknown-code"),
        ({"regions": ["europe"]}, "invalid-field"),
        ({"frequency": "hourly"}, "invalid-field"),
        ({"title": "Mine"}, "unknown-field"),
        ({"subject": "pledges"}, "invalid-field"),
    ],
)
async def test_invalid_alert_is_rejected(api: Client, body: dict[str, Any], slug: str) -> None:
    answer = await api.post("/v1/alerts", json={"subject": "requests"} | body, headers=headers(PROVIDER))

    assert (400, slug) == (answer.status_code, answer.json()["slug"])


async def test_alerts_are_for_roles_that_see_what_they_find(api: Client) -> None:
    answer = await api.post("/v1/alerts", json={"subject": "requests"}, headers=headers("DEU:donor_officer"))

    assert (403, "not-for-your-role") == (answer.status_code, answer.json()["slug"])


async def test_alert_of_another_appointment_does_not_exist(api: Client) -> None:
    made = await an_alert(api)
    path = f"/v1/alerts/{made['alert_id']}"
    answers = [await api.get(path, headers=headers(OTHER)), await api.delete(path, headers=headers(OTHER, revision=1))]

    assert [404, 404] == [answer.status_code for answer in answers]
    assert [] == (await api.get("/v1/alerts", headers=headers(OTHER))).json()["alerts"]


async def test_alert_in_the_past_cannot_be_paused(api: Client) -> None:
    made = await an_alert(api)
    answer = await api.post(
        f"/v1/alerts/{made['alert_id']}/pause", json={"until": NOON.isoformat()}, headers=headers(PROVIDER, revision=1)
    )

    assert (400, "pause-over") == (answer.status_code, answer.json()["slug"])


async def test_alerts_are_limited(api: Client, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.notifications.alerts.actions.ALERTS_MAX", 2)
    answers = await asyncio.gather(
        *(api.post("/v1/alerts", json={"subject": "requests"}, headers=headers(PROVIDER)) for _ in range(4))
    )

    assert [201, 201, 409, 409] == sorted(answer.status_code for answer in answers)


# -- hits -------------------------------------------------------------------------------------------------------------


async def test_owner_is_notified_of_a_request_once_it_circulates(api: Client, inbox: Inbox) -> None:
    await subscribe(api, PROVIDER)
    await an_alert(api, kinds=["mla_training"])
    story = RequestStory(inbox)
    await story.submitted(circulation_rule="granted")
    before = await found_by(api)
    await story.registered()
    await story.opened()
    (one,) = await notifications_of(api, PROVIDER)

    assert [] == before
    assert (FOUND, str(story.request_id), "TA-2026-00007") == (one["notice"], one["request_id"], one["reference"])
    assert {"inbox": "delivered", "mail": "owed"} == {each["channel"]: each["status"] for each in one["dispatches"]}


async def test_repeated_facts_and_renewed_consents_notify_once(api: Client, inbox: Inbox, db: Database) -> None:
    await an_alert(api)
    await an_alert(api, kinds=["mla_training"])
    story = RequestStory(inbox)
    await story.submitted(circulation_rule="granted")
    opened = await story.opened()
    await asyncio.gather(*(inbox.receive(opened) for _ in range(3)))
    consent = await story.consented("NOR")
    await story.withdrew(consent)
    await story.consented("NOR")
    await story.held()
    await story.resumed()
    async with db.transaction() as tx:
        # Even if the inbox is lost, the hit's id prevents a second hit.
        await tx.execute("DELETE FROM inbox")
        await tx.execute("DELETE FROM heard")
    for event in story.events:
        await inbox.receive(event)

    assert [str(story.request_id)] == await found_by(api)
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM journal WHERE type LIKE 'notifications.hit.%'") == 1


async def test_two_processes_notify_once(api: Client, inbox: Inbox, db: Database) -> None:
    await an_alert(api)
    story = RequestStory(inbox)
    await story.submitted()
    await story.opened()
    await story.consented("NOR", starts_at=clock.now() + timedelta(hours=1))
    with clock_at(timedelta(hours=2)):
        await asyncio.gather(*(begin_consents(db) for _ in range(4)))

    assert [str(story.request_id)] == await found_by(api)


@pytest.mark.parametrize("recipients", [("providers",), ("NOR",), ("CAN",), ("unodc_units",), ()])
async def test_only_recipients_of_a_consent_are_notified(
    api: Client, inbox: Inbox, recipients: tuple[str, ...]
) -> None:
    unit = "UNODC-SHERLOC:provider_officer"
    for appointment in (PROVIDER, OTHER, unit):
        await an_alert(api, appointment)
    story = RequestStory(inbox)
    await story.submitted()
    await story.opened()
    if recipients:
        await story.consented(*recipients)
    named = {"providers": {PROVIDER, OTHER, unit}, "NOR": {PROVIDER}, "CAN": {OTHER}, "unodc_units": {unit}}

    notified = {one for one in (PROVIDER, OTHER, unit) if await found_by(api, one)}
    assert (named[recipients[0]] if recipients else set()) == notified


async def test_excluded_provider_is_not_notified(api: Client, inbox: Inbox) -> None:
    await an_alert(api)
    await an_alert(api, OTHER)
    story = RequestStory(inbox)
    await story.submitted(circulation_rule="granted", excluded_providers=("NOR",))
    await story.opened()

    assert ([], [str(story.request_id)]) == (await found_by(api), await found_by(api, OTHER))


async def test_request_on_hold_is_found_when_it_is_resumed(api: Client, inbox: Inbox) -> None:
    story = RequestStory(inbox)
    await story.submitted(circulation_rule="granted")
    await story.opened()
    await story.held()
    await an_alert(api)
    await story.consented("NOR")
    while_held = await found_by(api)
    await story.resumed()

    assert ([], [str(story.request_id)]) == (while_held, await found_by(api))


async def test_silence_and_revision_are_respected(api: Client, inbox: Inbox) -> None:
    await an_alert(api)
    story = RequestStory(inbox)
    await story.submitted(circulation_rule="silence")
    await story.opened()
    during = await found_by(api)
    await story.tell(
        r.CirculationDecided(request_id=story.request_id, state="KEN", circulation="granted", decided_at=NOON)
    )
    other = RequestStory(inbox)
    await other.submitted(circulation_rule="granted")
    await other.revised()
    await other.submitted()
    await other.opened()

    assert ([], [str(story.request_id)]) == (during, await found_by(api))


async def test_consent_that_starts_later_is_found_when_it_starts(api: Client, inbox: Inbox, db: Database) -> None:
    await an_alert(api)
    story = RequestStory(inbox)
    await story.submitted()
    await story.opened()
    await story.consented("NOR", starts_at=clock.now() + timedelta(hours=1))
    early = await begin_consents(db), await found_by(api)
    with clock_at(timedelta(hours=1, seconds=1)):
        late = await begin_consents(db)

    assert early[0] is not None
    assert 3500 < early[0] <= 3600
    assert ([], None, [str(story.request_id)]) == (early[1], late, await found_by(api))


async def test_paused_alert_finds_nothing(api: Client, inbox: Inbox) -> None:
    made = await an_alert(api)
    await api.post(f"/v1/alerts/{made['alert_id']}/pause", json={}, headers=headers(PROVIDER, revision=1))
    story = RequestStory(inbox)
    await story.submitted(circulation_rule="granted")
    await story.opened()
    paused = await found_by(api)
    await api.post(f"/v1/alerts/{made['alert_id']}/resume", headers=headers(PROVIDER, revision=2))
    later = RequestStory(inbox)
    await later.submitted(circulation_rule="granted")
    await later.opened()

    assert ([], [str(later.request_id)]) == (paused, await found_by(api))


@pytest.mark.parametrize(
    ("criteria", "finds"),
    [
        ({}, True),
        ({"kinds": ["mla_training", "legislative_drafting"]}, True),
        ({"kinds": ["legislative_drafting"]}, False),
        # One line has to fit all criteria.
        ({"kinds": ["mla_training"], "paragraphs": ["I.c"]}, False),
        ({"kinds": ["sherloc_training"], "paragraphs": ["I.c"]}, True),
        ({"topics": ["mutual_legal_assistance"]}, True),
        # A topic includes narrower ones.
        ({"topics": ["international_cooperation"]}, True),
        ({"topics": ["firearms_trafficking"]}, False),
        ({"articles": ["UNTOC:18"]}, True),
        ({"articles": ["TIP:5"]}, False),
        ({"regions": ["african"]}, True),
        ({"regions": ["grulac", "weog"]}, False),
        ({"states": ["KEN", "UGA"]}, True),
        ({"states": ["UGA"]}, False),
        ({"states": ["KEN"], "regions": ["weog"]}, False),
    ],
)
async def test_alert_finds_requests_by_its_criteria(
    api: Client, inbox: Inbox, criteria: dict[str, Any], finds: bool
) -> None:
    await an_alert(api, **criteria)
    story = RequestStory(inbox)
    await story.submitted(circulation_rule="granted")
    await story.opened()

    assert finds == bool(await found_by(api))


async def test_alerts_and_hits_are_rebuilt_from_the_journal(api: Client, inbox: Inbox, database_url: str) -> None:
    kept, removed = await an_alert(api), await an_alert(api, kinds=["equipment"])
    await api.post(f"/v1/alerts/{kept['alert_id']}/pause", json={}, headers=headers(PROVIDER, revision=1))
    await api.post(f"/v1/alerts/{kept['alert_id']}/resume", headers=headers(PROVIDER, revision=2))
    await api.delete(f"/v1/alerts/{removed['alert_id']}", headers=headers(PROVIDER, revision=1))
    story = RequestStory(inbox)
    await story.submitted(circulation_rule="granted")
    await story.opened()

    assert [str(story.request_id)] == await found_by(api)
    async with connected(database_url, "notifications", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)
