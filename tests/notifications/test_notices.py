"""The notifications service from a fact to the inbox, and its tables."""

import asyncio
import json
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox, Outcome
from chassis.rebuild import verify
from contracts import directory as d
from contracts import extensions as x
from contracts import matching as m
from contracts import pledges as p
from contracts.facts import Event, Fact
from contracts.values import Money
from services.notifications.notices import actions
from services.notifications.notices.model import Accepted, Failed, RetryIntervals
from services.notifications.wiring import SERVICE
from tests.builders import NOON, a_caller, an_event, headers
from tests.databases import connected
from tests.notifications.steps import (
    REFERENCE,
    Client,
    RequestStory,
    a_subscription,
    appointed,
    notifications_of,
    opened,
    subscribe,
)

COORDINATOR = "UNODC:coordinator"
FOCAL_POINT = "KEN:focal_point"
PROVIDER = "NOR:provider_officer"
DONOR = "DEU:donor_officer"
FINANCE = "UNODC:finance_officer"
LATER = RetryIntervals()


def suggested(request_id: UUID, *, provider: str = "NOR") -> m.MatchSuggested:
    return m.MatchSuggested(
        match_id=uuid4(),
        request_id=request_id,
        line_id=uuid4(),
        offering_id=uuid4(),
        state="KEN",
        provider=provider,
        score=700,
        shares=(),
        algorithm="codes-4:weights-0",
        offering_revision=1,
        rank=1,
        suggested_at=NOON,
    )


def of_match(kind: type[Fact], match_id: UUID, **more: Any) -> Fact:
    values = {"match_id": match_id, "request_id": uuid4(), "line_id": uuid4(), "offering_id": uuid4()}
    return kind(**values, state="KEN", provider="NOR", **more)


def caused_by(event: Event, cause: UUID) -> Event:
    return msgspec.structs.replace(event, causationid=cause)


# -- subscriptions ----------------------------------------------------------------------------------------------------


async def test_subscription_is_absent_before_registration(api: Client) -> None:
    answer = await api.get("/v1/subscriptions", headers=headers())

    assert (404, "not-found") == (answer.status_code, answer.json()["slug"])


async def test_subscription_is_registered_shown_and_changed_with_its_revision(api: Client) -> None:
    first = await api.put("/v1/subscriptions", json=a_subscription(), headers=headers())
    changed = await api.put(
        "/v1/subscriptions", json=a_subscription(language="fr", channels=["inbox"]), headers=headers(revision=1)
    )
    shown = await api.get("/v1/subscriptions", headers=headers())

    assert (200, '"1"') == (first.status_code, first.headers["ETag"])
    assert (200, '"2"') == (changed.status_code, changed.headers["ETag"])
    assert changed.json() == shown.json()
    assert ("fr", ["inbox"], "person@organization.example") == tuple(
        shown.json()[field] for field in ("language", "channels", "email")
    )


async def test_subscription_change_requires_the_revision(api: Client) -> None:
    await subscribe(api, FOCAL_POINT)
    blind = await api.put("/v1/subscriptions", json=a_subscription(language="fr"), headers=headers())
    stale = await api.put("/v1/subscriptions", json=a_subscription(language="fr"), headers=headers(revision=7))
    of_none = await api.put("/v1/subscriptions", json=a_subscription(), headers=headers(PROVIDER, revision=1))

    assert (428, "if-match-missing") == (blind.status_code, blind.json()["slug"])
    assert (412, "revision-stale") == (stale.status_code, stale.json()["slug"])
    assert (412, "revision-stale") == (of_none.status_code, of_none.json()["slug"])


async def test_repeated_registration_changes_nothing(api: Client, db: Database) -> None:
    await subscribe(api, FOCAL_POINT)
    again = await api.put("/v1/subscriptions", json=a_subscription(), headers=headers())

    assert (200, '"1"') == (again.status_code, again.headers["ETag"])
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM journal") == 1


@pytest.mark.writes_nothing
@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"email": "a@b.example\r\nBcc: all@c.example"}, "address-invalid"),
        ({"email": "a@b.example\n"}, "address-invalid"),
        ({"email": None}, "address-missing"),
        ({"language": "de"}, "invalid-field"),
        ({"channels": ["pigeon"]}, "invalid-field"),
        ({"email": "a" * 300 + "@b.example"}, "invalid-field"),
        ({"name": "Wanjiru"}, "unknown-field"),
    ],
)
async def test_invalid_registration_is_rejected(api: Client, body: dict[str, Any], slug: str) -> None:
    answer = await api.put("/v1/subscriptions", json=a_subscription(**body), headers=headers())

    assert (400, slug) == (answer.status_code, answer.json()["slug"])
    assert "Bcc" not in answer.text


async def test_service_cannot_subscribe(api: Client) -> None:
    answer = await api.put("/v1/subscriptions", json=a_subscription(), headers=headers("service:matching"))

    assert (403, "not-for-your-role") == (answer.status_code, answer.json()["slug"])


async def test_mail_address_is_stored_in_one_table_and_deleted_on_removal(api: Client, db: Database) -> None:
    await subscribe(api, FOCAL_POINT, email="w.kamau@ken.example")
    async with db.transaction() as tx:
        events = " ".join(row["event"] for row in await tx.fetch("SELECT event::text AS event FROM journal"))
        assert await tx.fetchval("SELECT email FROM address") == "w.kamau@ken.example"
    assert "w.kamau" not in events
    assert "address_hash" in events

    answer = await api.put(
        "/v1/subscriptions", json=a_subscription(email=None, channels=["inbox"]), headers=headers(revision=1)
    )

    assert answer.json()["email"] is None
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM address") == 0


# -- recipients -------------------------------------------------------------------------------------------------------


async def test_inbox_is_delivered_with_the_fact_and_mail_is_queued(api: Client, inbox: Inbox) -> None:
    await subscribe(api, FOCAL_POINT)
    await inbox.receive(an_event(opened(), 1))
    (one,) = await notifications_of(api, FOCAL_POINT)

    assert {"inbox": "delivered", "mail": "owed"} == {d["channel"]: d["status"] for d in one["dispatches"]}
    assert "requests.request.opened.v1" == one["notice"]
    assert one["reference"] in one["subject"]
    assert one["read_at"] is None


async def test_redelivered_fact_creates_one_notification(api: Client, inbox: Inbox, db: Database) -> None:
    await subscribe(api, FOCAL_POINT)
    event = an_event(opened(), 1)
    outcomes = await asyncio.gather(*(inbox.receive(event) for _ in range(5)))
    async with db.transaction() as tx:
        # Even if the inbox row is lost, the natural key prevents a second effect.
        await tx.execute("DELETE FROM inbox")
        await tx.execute("DELETE FROM heard")
    await inbox.receive(event)

    assert 1 == outcomes.count(Outcome.APPLIED)
    assert 1 == len(await notifications_of(api, FOCAL_POINT))
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM journal WHERE type LIKE '%.owed.v1'") == 1
        assert await tx.fetchval("SELECT count(*) FROM dispatch") == 2


async def test_twenty_suggestions_of_one_submission_are_one_notification(api: Client, inbox: Inbox) -> None:
    await subscribe(api, COORDINATOR)
    request_id, cause = uuid4(), uuid4()
    events = [caused_by(an_event(suggested(request_id), 1), cause) for _ in range(20)]
    await asyncio.gather(*(inbox.receive(event) for event in events))
    await inbox.receive(caused_by(an_event(suggested(request_id), 1), uuid4()))
    found = await notifications_of(api, COORDINATOR)

    assert 2 == len(found)
    assert str(cause) in {one["cause_id"] for one in found}
    assert f"/v1/matches?request={request_id}" == found[0]["link"]


async def test_person_with_two_appointments_is_notified_once(api: Client, inbox: Inbox, db: Database) -> None:
    caller = a_caller(FOCAL_POINT)
    for organization, role in (("KEN", "focal_point"), ("NOR", "provider_officer")):
        held = msgspec.convert(
            {"person_id": caller.person_id, "organization": organization, "role": role}, type(caller), strict=False
        )
        async with db.transaction(by=held) as tx:
            await actions.register(tx, None, "en", ("inbox",), caller=held, expected=None, now=NOON)
    await inbox.receive(an_event(of_match(m.MatchPresented, uuid4(), presented_at=NOON), 1))

    assert 1 == len(await notifications_of(api, FOCAL_POINT))


async def test_acknowledgement_and_later_notices_have_the_reference_number(api: Client, inbox: Inbox) -> None:
    await subscribe(api, FOCAL_POINT)
    story = RequestStory(inbox)
    await story.submitted()
    await story.registered()
    await inbox.receive(an_event(opened(story.request_id), 3))

    told = await notifications_of(api, FOCAL_POINT)

    assert [REFERENCE] * 3 == [one["reference"] for one in told]
    assert all(REFERENCE in one["subject"] and REFERENCE in one["text"] for one in told[1:])


async def test_end_of_a_match_notifies_those_it_was_presented_to(api: Client, inbox: Inbox) -> None:
    await subscribe(api, FOCAL_POINT, PROVIDER, COORDINATOR)
    presented, never = uuid4(), uuid4()
    await inbox.receive(an_event(of_match(m.MatchPresented, presented, presented_at=NOON), 1))
    await inbox.receive(an_event(of_match(m.MatchNotPursued, presented, reason="other", ended_at=NOON), 2))
    await inbox.receive(an_event(of_match(m.MatchNotPursued, never, reason="other", ended_at=NOON), 1))

    for appointment in (FOCAL_POINT, PROVIDER):
        assert [str(presented)] * 2 == [one["match_id"] for one in await notifications_of(api, appointment)]
    assert [] == await notifications_of(api, COORDINATOR)


async def test_donors_of_a_fund_are_notified_without_the_request_in_any_order_of_facts(
    api: Client, inbox: Inbox
) -> None:
    await subscribe(api, DONOR, FINANCE, FOCAL_POINT)
    request_id = uuid4()
    allocation = p.AllocationMade(
        allocation_id=uuid4(),
        fund="SHERLOC-MNT",
        usd_minor=50,
        effective_on=date(2026, 11, 25),
        allocated_at=NOON,
        request_id=request_id,
        match_id=uuid4(),
        state="KEN",
        provider="NOR",
        fund_donors=("DEU",),
    )
    agreement = p.PledgeCommitted(
        pledge_id=uuid4(),
        donor="DEU",
        fund="SHERLOC-MNT",
        money=Money(minor=100, currency="USD"),
        valuation=p.Valuation(usd_minor=100, rate="1", rate_source="test", rate_date=date(2026, 11, 25)),
        support_cost_basis_points=1300,
        effective_on=date(2026, 11, 25),
        committed_at=NOON,
    )
    # Facts of two aggregates can be delivered in reverse order, for instance after a crash.
    await inbox.receive(an_event(allocation, 1))
    await inbox.receive(an_event(agreement, 1))
    to_donor = await notifications_of(api, DONOR)

    assert ["pledges.pledge.committed.v1", "pledges.allocation.made.v1:donor"] == [one["notice"] for one in to_donor]
    assert (None, None) == (to_donor[1]["request_id"], to_donor[1]["match_id"])
    assert str(request_id) not in json.dumps(to_donor)
    assert [str(request_id)] == [one["request_id"] for one in await notifications_of(api, FOCAL_POINT)]
    assert ["pledges.pledge.committed.v1"] == [one["notice"] for one in await notifications_of(api, FINANCE)]


async def test_donors_who_earmarked_a_pledge_are_notified_of_each_phase_of_the_extension(
    api: Client, inbox: Inbox
) -> None:
    await subscribe(api, DONOR, FINANCE, FOCAL_POINT)
    extension_id = uuid4()
    await inbox.receive(an_event(x.ExtensionPlanned(extension_id=extension_id, donors=("DEU",), planned_at=NOON), 1))
    await inbox.receive(an_event(x.ExtensionReleased(extension_id=extension_id, donors=("NOR",), released_at=NOON), 2))

    (reported,) = await notifications_of(api, DONOR)
    assert ("sherloc.extension.planned.v1", f"/v1/extensions/{extension_id}") == (reported["notice"], reported["link"])
    assert [] == [*await notifications_of(api, FINANCE), *await notifications_of(api, FOCAL_POINT)]


async def test_subscription_without_channels_gets_no_notification(api: Client, inbox: Inbox) -> None:
    await subscribe(api, FOCAL_POINT, channels=[], email=None)
    await inbox.receive(an_event(opened(), 1))

    assert [] == await notifications_of(api, FOCAL_POINT)


async def test_correlation_id_is_passed_from_the_fact_to_the_notification(
    api: Client, inbox: Inbox, db: Database
) -> None:
    await subscribe(api, FOCAL_POINT)
    event = an_event(opened(), 1, correlation="from-http-1")
    await inbox.receive(event)
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT event FROM journal WHERE aggregate = 'notification' ORDER BY position")
    events = [msgspec.json.decode(row["event"], type=Event) for row in rows]

    assert ["from-http-1", "from-http-1"] == [one.correlationid for one in events]
    assert [event.id, event.id] == [one.causationid for one in events]


# -- tables -----------------------------------------------------------------------------------------------------------


async def test_tables_are_rebuilt_from_the_journal(api: Client, inbox: Inbox, db: Database, database_url: str) -> None:
    await subscribe(api, FOCAL_POINT, PROVIDER, COORDINATOR)
    await api.put("/v1/subscriptions", json=a_subscription(language="fr"), headers=headers(revision=1))
    for _ in range(3):
        await inbox.receive(an_event(opened(), 1))
    await inbox.receive(an_event(of_match(m.MatchPresented, uuid4(), presented_at=NOON), 1))
    read, mailed, failed, *_ = await notifications_of(api, FOCAL_POINT)
    await api.post(f"/v1/notifications/{read['notification_id']}/read", headers=headers())
    for one, outcome in ((mailed, Accepted()), (failed, Failed("451"))):
        dispatch = next(d for d in one["dispatches"] if d["channel"] == "mail")
        async with db.transaction() as tx:
            await actions.settle(
                tx, UUID(one["notification_id"]), UUID(dispatch["dispatch_id"]), outcome, LATER, now=NOON
            )
    async with connected(database_url, "notifications", owner=True) as owner:
        assert [] == await verify(owner, SERVICE)
        async with owner.transaction() as tx:
            await tx.execute("UPDATE dispatch SET attempts = attempts + 1 WHERE channel = 'inbox'")
        assert await verify(owner, SERVICE), "a difference is found"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE address SET email = E'a@b.example\\r\\nBcc: c@d.example'",
        "UPDATE dispatch SET status = 'delivered'",
        "UPDATE dispatch SET status = 'lost', next_at = NULL, ended_at = now()",
        "INSERT INTO notification SELECT (json_populate_record(n, json_build_object('notification_id', "
        "gen_random_uuid(), 'notice', n.notice || ':other'))).* FROM notification n",
        "UPDATE subscription SET address_hash = NULL",
        "UPDATE subscription SET channels = '{pigeon}'",
        "UPDATE journal SET version = 9",
    ],
)
async def test_schema_rejects_invalid_rows(api: Client, inbox: Inbox, db: Database, statement: str) -> None:
    await subscribe(api, FOCAL_POINT)
    await inbox.receive(an_event(opened(), 1))
    with pytest.raises((asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError)):
        async with db.transaction() as tx:
            await tx.execute(statement)


async def test_change_of_subjects_notifies_the_person_and_the_focal_point(
    api: Client, inbox: Inbox, db: Database
) -> None:
    await subscribe(api, FOCAL_POINT, "NOR:focal_point")
    official = a_caller("KEN:official").person_id
    await appointed(db, "KEN:official")
    changed = {"person_id": official, "organization": "KEN", "subjects": 1, "texts_hash": "0"}
    proposed = d.PersonSubjectsProposed(**changed, proposed_by=uuid4(), proposed_at=NOON)
    await inbox.receive(an_event(proposed, 1))
    await inbox.receive(an_event(d.PersonIdentified(**changed, identified_at=NOON), 2))

    expected = [("directory.person.identified.v1", "KEN"), (proposed.type, "KEN")]
    for who in ("KEN:official", FOCAL_POINT):
        assert expected == [(one["notice"], one["reference"]) for one in await notifications_of(api, who)]
    assert [] == await notifications_of(api, "NOR:focal_point")
