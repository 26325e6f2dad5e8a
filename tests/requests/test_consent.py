"""A consent shows its fields to its recipients while it is in force, and nothing else."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from msgspec.structs import replace

from chassis import clock
from chassis.activity import Activity
from chassis.db.database import Database
from chassis.rebuild import verify
from chassis.supervise import supervised, while_active
from contracts.consents import ConsentPage, Terms
from contracts.refusals import Conflict, Invalid
from contracts.registry import FACTS
from contracts.requests import ConsentGiven, ConsentRecorded
from services.requests.consent import store as consent_store
from services.requests.request import actions
from services.requests.request.evolve import evolve
from services.requests.request.model import REMINDER_DAYS, Request
from services.requests.request.values import Circulation, CirculationRule
from services.requests.wiring import CLOCK_SECONDS, SERVICE, end_consents, end_windows, remind_or_lapse
from tests.builders import NOON, a_request, headers
from tests.databases import connected
from tests.requests import builders
from tests.requests.steps import (
    CEB,
    COORDINATOR,
    FRANCE,
    KENYA,
    NORWAY,
    Client,
    attempt,
    consent,
    opened,
    shown_to,
    visible_text,
    withdraw,
)

NORWAY_PAYS = "NOR:donor_officer"
CANARIES = {
    "words": ("Canary-title", "Canary-need", "Canary-outcome", "Canary-place", "Canary-markers"),
    "institution": ("central_authority",),
}


async def test_consent_applies_to_its_recipients_only(api: Client) -> None:
    request = await opened(api)
    callers = (NORWAY, NORWAY_PAYS, FRANCE, CEB)

    assert [False] * 4 == await shown_to(api, request, *callers)
    request = await consent(api, request, recipients=["NOR"])
    assert [True, True, False, False] == await shown_to(api, request, *callers)
    request = await consent(api, request, recipients=["unodc_units"])
    assert [True, True, False, True] == await shown_to(api, request, *callers)
    await consent(api, request, recipients=["providers"])
    assert [True] * 4 == await shown_to(api, request, *callers)


@pytest.mark.parametrize("fields", [[], ["words"], ["institution"], ["words", "institution"]])
async def test_fields_without_consent_are_absent_and_listed_as_withheld(api: Client, fields: list[str]) -> None:
    request = await opened(api)
    await consent(api, request, recipients=["NOR"], fields=fields)

    for by in (NORWAY, NORWAY_PAYS):
        text = await visible_text(api, request, by)
        seen = {name for name, words in CANARIES.items() if any(f'"{word}' in text for word in words)}
        detail = (await api.get(f"/v1/requests/{request['request_id']}", headers=headers(by))).json()
        listed = (await api.get("/v1/requests", headers=headers(by))).json()["requests"][0]
        missing = [name for name in ("words", "institution") if name not in fields]

        assert set(fields) == seen
        assert missing == detail["withheld"] == listed["withheld"]
        assert ("title" in detail, "title" in listed) == ("words" in fields, "words" in fields)
        assert "mla_training" in text
        assert "Canary-name" not in text
        assert "consents" not in detail


async def test_fields_of_several_consents_are_combined(api: Client) -> None:
    request = await opened(api)
    request = await consent(api, request, recipients=["providers"], fields=["codes"])
    request = await consent(api, request, recipients=["NOR"], fields=["words"])

    path = f"/v1/requests/{request['request_id']}"
    assert ["institution"] == (await api.get(path, headers=headers(NORWAY))).json()["withheld"]
    assert ["words", "institution"] == (await api.get(path, headers=headers(FRANCE))).json()["withheld"]
    for_norway = request["consents"][1]["consent_id"]
    left = (await withdraw(api, request, for_norway)).json()
    assert "granted" == left["circulation"]
    assert ["words", "institution"] == (await api.get(path, headers=headers(NORWAY))).json()["withheld"]


@pytest.mark.machine_clock  # the database's clock decides which consents are in force
async def test_consent_is_in_force_only_within_its_period(api: Client, databases: Mapping[str, Database]) -> None:
    request = await opened(api)
    now = clock.now()
    later = await consent(api, request, recipients=["NOR"], starts_at=f"{now + timedelta(days=1):%FT%TZ}")
    assert [False] == await shown_to(api, request, NORWAY)

    ends_at = now + timedelta(seconds=5)
    request = await consent(api, later, recipients=["FRA"], ends_at=ends_at.isoformat())
    assert [True] == await shown_to(api, request, FRANCE)
    await asyncio.sleep((ends_at - clock.now()).total_seconds() + 0.1)
    # No loop runs here: the consent ended by its period.
    assert [False] == await shown_to(api, request, FRANCE)
    consents = (await api.get(f"/v1/requests/{request['request_id']}", headers=headers())).json()["consents"]
    assert [(False, None), (False, None)] == [(one["in_force"], one["ended_at"]) for one in consents]

    async with databases["requests"].transaction() as tx:
        assert 1 == await actions.end_consents(tx, clock.now())
        assert 0 == await actions.end_consents(tx, clock.now())
    shown = (await api.get(f"/v1/requests/{request['request_id']}", headers=headers())).json()
    assert "granted" == shown["circulation"]
    assert shown["consents"][1]["ended_at"] is not None


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"recipients": []}, "invalid-field"),
        ({"recipients": ["nobody"]}, "invalid-field"),
        ({"recipients": ["NOR\n"]}, "invalid-field"),
        ({"fields": ["everything"]}, "invalid-field"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "consent-period-over"),
        ({"starts_at": "2035-01-02T00:00:00Z", "ends_at": "2035-01-01T00:00:00Z"}, "consent-period-over"),
        ({"ends_at": "2099-01-01T00:00:00Z"}, "consent-period-too-long"),
        ({"ends_at": "2030-01-01T00:00:00"}, "invalid-field"),
        ({"note_verbale": "KEN/NV/2026/118"}, "unknown-field"),
    ],
)
async def test_invalid_consent_is_rejected(api: Client, body: dict[str, Any], slug: str) -> None:
    answer = await attempt(api, await opened(api), **body)

    assert (400, slug) == (answer.status_code, answer.json()["slug"])


TEN_YEARS = timedelta(days=3650)


@pytest.mark.parametrize("way", [Request.consent, partial(Request.record_consent, scan_id=uuid4())])
@pytest.mark.parametrize(
    ("starts_at", "ends_at", "slug"),
    [
        (None, NOON, "consent-period-over"),
        (NOON + TEN_YEARS / 2, NOON + TEN_YEARS / 2, "consent-period-over"),
        (None, NOON + TEN_YEARS + timedelta(microseconds=1), "consent-period-too-long"),
    ],
)
def test_consent_period_ends_after_now_and_its_start_and_within_ten_years(
    starts_at: datetime | None, ends_at: datetime, slug: str, way: Callable[..., ConsentGiven | ConsentRecorded]
) -> None:
    request, terms = builders.a_request(), Terms(recipients=("NOR",), starts_at=starts_at, ends_at=ends_at)

    with pytest.raises(Invalid, match=slug):
        way(request, uuid4(), terms, now=NOON)
    earliest, latest = max(starts_at or NOON, NOON) + timedelta(microseconds=1), NOON + TEN_YEARS
    for allowed in (earliest, latest):
        assert allowed == way(request, uuid4(), replace(terms, ends_at=allowed), now=NOON).ends_at


def test_consent_is_ended_when_its_period_is_over() -> None:
    request, ending, lasting = builders.a_request(), uuid4(), uuid4()
    ends_at = NOON + timedelta(days=1)
    for consent_id, terms in (
        (ending, Terms(recipients=("NOR",), ends_at=ends_at)),
        (lasting, Terms(recipients=("FRA",))),
    ):
        request = evolve(request, request.consent(consent_id, terms, now=NOON))

    for consent_id, now in ((ending, ends_at - timedelta(microseconds=1)), (lasting, ends_at), (uuid4(), ends_at)):
        with pytest.raises(Conflict, match="consent-not-in-force"):
            request.end_consent(consent_id, now=now)
    ended = builders.evolve_checked(request, request.end_consent(ending, now=ends_at))
    assert (Circulation.GRANTED, [lasting]) == (ended.circulation, [one.consent_id for one in ended.consents_in_force])
    with pytest.raises(Conflict, match="consent-not-in-force"):
        ended.end_consent(ending, now=ends_at)


def test_circulation_ends_with_the_last_consent() -> None:
    consent_id, ends_at = uuid4(), NOON + timedelta(days=1)
    request = builders.a_request()
    terms = Terms(recipients=("NOR",), ends_at=ends_at)
    request = evolve(request, request.consent(consent_id, terms, now=NOON))

    assert Circulation.NONE is evolve(request, request.end_consent(consent_id, now=ends_at)).circulation
    assert Circulation.OBJECTED is evolve(request, request.object(consent_id, now=NOON)).circulation


def test_request_has_at_most_fifty_consents_in_force() -> None:
    request, first = builders.a_request(), uuid4()
    request = evolve(request, request.consent(first, Terms(recipients=("O-0",)), now=NOON))
    for number in range(1, 50):
        request = evolve(request, request.consent(uuid4(), Terms(recipients=(f"O-{number}",)), now=NOON))
    another = Terms(recipients=("O-50",))

    with pytest.raises(Conflict, match="too-many-consents") as no:
        request.consent(uuid4(), another, now=NOON)
    assert {"limit": 50} == no.value.details
    request = evolve(request, request.object(first, now=NOON))
    assert request.consent(uuid4(), another, now=NOON)


async def test_duplicate_consent_is_rejected(api: Client) -> None:
    request = await consent(api, await opened(api), recipients=["providers"])

    for body in ({}, {"recipients": ["NOR"]}, {"recipients": ["NOR"], "fields": ["words"]}):
        answer = await attempt(api, request, **body)
        assert (409, "circulation-granted-already") == (answer.status_code, answer.json()["slug"])


async def test_explicit_consent_during_the_objection_window_replaces_silence(
    api: Client, databases: Mapping[str, Database]
) -> None:
    request = await opened(api, circulation="silence")
    assert "window_running" == request["circulation"]

    request = await consent(api, request, recipients=["NOR"], fields=["codes"])
    async with databases["requests"].transaction() as tx:
        await actions.end_windows(tx, clock.now() + timedelta(days=30))

    assert ["codes"] == request["consents"][-1]["fields"]
    assert [True, False] == await shown_to(api, request, NORWAY, FRANCE)
    detail = (await api.get(f"/v1/requests/{request['request_id']}", headers=headers(NORWAY))).json()
    assert ["words", "institution"] == detail["withheld"]


async def test_objection_window_ends_when_due_on_an_idle_platform(
    api: Client, databases: Mapping[str, Database]
) -> None:
    request = await opened(api, circulation="silence")
    db, began = databases["requests"], time.monotonic()
    async with db.transaction() as tx:
        await tx.execute("UPDATE request SET window_ends_at = $1", clock.now() + timedelta(seconds=3))
    idle = Activity(active_seconds=0)

    async with supervised({"windows": partial(while_active, idle, CLOCK_SECONDS, partial(end_windows, db))}):
        async with asyncio.timeout(40):
            while "window_running" == request["circulation"]:
                await asyncio.sleep(0.1)
                request = (await api.get(f"/v1/requests/{request['request_id']}", headers=headers())).json()

    assert 3 <= time.monotonic() - began < 40
    assert "granted" == request["circulation"]


async def test_next_deadlines_of_requests_are_returned(api: Client, databases: Mapping[str, Database]) -> None:
    db, now = databases["requests"], clock.now()
    assert [None, None, None] == [await end_windows(db), await end_consents(db), await remind_or_lapse(db)]

    await opened(api, circulation="silence")
    await consent(api, await opened(api), recipients=["NOR"], ends_at=(now + timedelta(days=2)).isoformat())
    filed = (await api.post("/v1/requests", json=a_request(), headers=headers())).json()
    path, given = f"/v1/requests/{filed['request_id']}/return", headers(COORDINATOR, revision=filed["revision"])
    assert 200 == (await api.post(path, json={"reason": "too_general"}, headers=given)).status_code

    days = [
        (seconds or 0) / 86_400
        for seconds in [await end_windows(db), await end_consents(db), await remind_or_lapse(db)]
    ]
    assert 4 < days[0] < 10
    assert 1.9 < days[1] <= 2
    assert REMINDER_DAYS - 0.1 < days[2] <= REMINDER_DAYS


async def test_consent_does_not_apply_to_a_later_revision(api: Client) -> None:
    """A returned and revised request is not shown under the earlier consent."""
    answer = await api.post("/v1/requests", json=a_request(circulation="granted"), headers=headers())
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("return", COORDINATOR, {"reason": "too_general"}),
        ("revise", KENYA, {k: v for k, v in a_request(circulation="none").items() if k != "submit"}),
        ("submit", KENYA, {}),
        ("register", COORDINATOR, {}),
        ("open", COORDINATOR, {}),
    ]
    for name, by, body in steps:
        request = answer.json()
        path, given = f"/v1/requests/{request['request_id']}", headers(by, revision=request["revision"])
        revises = name == "revise"
        answer = await (
            api.patch(path, json=body, headers=given)
            if revises
            else api.post(f"{path}/{name}", json=body, headers=given)
        )
        assert 200 == answer.status_code, answer.text
    request = await consent(api, answer.json(), recipients=["NOR"], fields=["codes"])

    assert [True, False] == await shown_to(api, request, NORWAY, FRANCE)
    detail = (await api.get(f"/v1/requests/{request['request_id']}", headers=headers(NORWAY))).json()
    assert ["words", "institution"] == detail["withheld"]


async def test_consents_are_rebuilt_from_the_journal(
    api: Client, databases: Mapping[str, Database], database_url: str
) -> None:
    await test_fields_of_several_consents_are_combined(api)
    await test_explicit_consent_during_the_objection_window_replaces_silence(api, databases)
    await test_consent_does_not_apply_to_a_later_revision(api)
    async with connected(database_url, "requests") as owner:
        assert [] == await verify(owner, SERVICE)


# -- consent changes for other services -------------------------------------------------------------------------------


async def changed(api: Client, after: str = "0.0") -> ConsentPage:
    answer = await api.get(f"/internal/consents?after={after}", headers=headers("service:matching"))
    assert 200 == answer.status_code, answer.text
    return msgspec.json.decode(answer.content, type=ConsentPage)


async def test_consent_changes_are_readable_by_services_only(api: Client) -> None:
    request = await consent(api, await opened(api), recipients=["NOR"], fields=["words"])
    await opened(api)

    first = await changed(api)
    reported = {one.request_id: one for one in first.requests}[UUID(request["request_id"])]
    await withdraw(api, request, request["consents"][0]["consent_id"])
    second = await changed(api, first.after)

    assert (request["revision"], ("NOR",), False) == (reported.revision, reported.consents[0].recipients, first.more)
    assert [UUID(request["request_id"])] == [one.request_id for one in second.requests]
    assert second.requests[0].consents[0].withdrawn_at is not None
    assert [] == (await changed(api, second.after)).requests
    for by in (KENYA, COORDINATOR, NORWAY):
        assert 403 == (await api.get("/internal/consents", headers=headers(by))).status_code


async def test_withdrawal_is_read_during_a_concurrent_transaction(
    api: Client, databases: Mapping[str, Database]
) -> None:
    """The withdrawal does not wait for the slowest transaction of the server, as a read in a safe order would."""
    request = await consent(api, await opened(api), recipients=["NOR"])
    before = await changed(api)
    async with databases["requests"].transaction() as slow:
        await slow.fetchval("SELECT pg_current_xact_id()")
        await withdraw(api, request, request["consents"][0]["consent_id"])
        during = await changed(api, before.after)

    assert during.requests[0].consents[0].withdrawn_at is not None
    assert (before.after, before.after) == (before.safe, during.safe)
    after = await changed(api, during.safe)
    assert during.requests == after.requests
    assert after.after == after.safe != during.safe


@pytest.mark.new_database
async def test_page_of_consent_changes_uses_an_index(databases: Mapping[str, Database]) -> None:
    async with databases["requests"].transaction() as tx:
        for _ in range(3):
            await tx.execute(
                """
                INSERT INTO journal (event_id, aggregate, aggregate_id, version, type, recorded_at, event)
                SELECT gen_random_uuid(), 'request', gen_random_uuid(), 1, 'requests.request.held.v1', now(), '{}'
                FROM generate_series(1, 2000)
                """
            )
        assert [] == (await consent_store.changed_after(tx, "0.0")).requests
        await tx.execute("SET LOCAL enable_seqscan = off")
        plan = await tx.fetch(f"EXPLAIN {consent_store.CHANGED}", "0", 0, 10)
    assert any("journal_consents" in row[0] for row in plan), plan


def test_every_fact_that_changes_consents_is_read() -> None:
    kinds = {kind for kind in FACTS if kind.startswith("requests.request.consent-")}
    assert kinds | {
        "requests.request.submitted.v1", "requests.request.revised.v1", "requests.request.circulation-decided.v1",
    } == {word for word in consent_store.CHANGED.split("'") if word.startswith("requests.")}  # fmt: skip


def test_circulation_by_silence_is_objected_to_during_its_window_only() -> None:
    request = builders.a_request(rule=CirculationRule.SILENCE)

    assert request.object(request.request_id, now=NOON) == request.object_in_window(now=NOON)
    with pytest.raises(Conflict, match="window-not-running"):
        builders.a_request(rule=CirculationRule.GRANTED).object_in_window(now=NOON)
