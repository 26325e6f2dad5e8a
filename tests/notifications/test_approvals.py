"""What waits for a second person is announced to those who can approve it, and not to who proposed it."""

from datetime import date
from uuid import uuid4

import msgspec
import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from contracts import directory as d
from contracts import ledger as g
from contracts.facts import Fact
from contracts.values import Role
from tests.builders import NOON, a_caller, an_event
from tests.notifications.steps import Client, appointed, notifications_of, subscribe

KENYA, OFFICIAL = "KEN:focal_point", "KEN:official"
ADMINISTRATOR, FINANCE = "UNODC:administrator", "UNODC:finance_officer"
PERSON = {"person_id": a_caller(OFFICIAL).person_id, "organization": "KEN"}


def appointment(by: str) -> Fact:
    return d.AppointmentProposed(
        appointment_id=uuid4(),
        **PERSON,
        mandate=d.Mandate(role=Role.FOCAL_POINT, starts=date(2026, 12, 1)),
        proposed_by=a_caller(by).person_id,
        texts_hash="0",
        proposed_at=NOON,
    )


def subjects(by: str) -> Fact:
    proposed_by = a_caller(by).person_id
    return d.PersonSubjectsProposed(**PERSON, subjects=1, texts_hash="0", proposed_by=proposed_by, proposed_at=NOON)


def erasure(by: str) -> Fact:
    return d.PersonErasureProposed(**PERSON, reason="other", proposed_by=a_caller(by).person_id, proposed_at=NOON)


@pytest.mark.parametrize("propose", [appointment, subjects, erasure])
async def test_proposal_of_the_directory_reaches_an_administrator_without_a_subscription(
    api: Client, inbox: Inbox, db: Database, propose: object
) -> None:
    assert callable(propose)
    for who in (ADMINISTRATOR, OFFICIAL):
        await appointed(db, who)
    await appointed(db, "NOR:focal_point")

    await inbox.receive(an_event(by_kenya := propose(KENYA), 1))
    (found,) = await notifications_of(api, ADMINISTRATOR)
    assert (by_kenya.type, "KEN") == (found["notice"].partition(":")[0], found["reference"])
    assert "Kenya" in found["subject"]

    await inbox.receive(an_event(propose(ADMINISTRATOR), 2))
    assert 1 == len(await notifications_of(api, ADMINISTRATOR)), "who proposed it cannot approve it"
    assert [] == await notifications_of(api, "NOR:focal_point")
    of_the_person = [one["notice"] for one in await notifications_of(api, OFFICIAL)]
    assert not [one for one in of_the_person if not one.startswith("directory.person.subjects-proposed")]


async def test_focal_point_is_told_of_an_appointment_that_waits(api: Client, inbox: Inbox) -> None:
    await subscribe(api, KENYA)

    await inbox.receive(an_event(proposed := appointment(ADMINISTRATOR), 1))
    await inbox.receive(an_event(appointment(KENYA), 1))

    (found,) = await notifications_of(api, KENYA)
    assert (proposed.type, f"/v1/appointments/{proposed.aggregate_id}") == (found["notice"], found["link"])


async def test_proposal_of_money_reaches_another_finance_officer_only(api: Client, inbox: Inbox, db: Database) -> None:
    await appointed(db, FINANCE)
    other = an_event(
        g.ProposalMade(
            proposal_id=uuid4(), measure="reopening", reason="other", effective_on=NOON.date(), made_at=NOON
        ),
        1,
    )
    own = msgspec.structs.replace(other, id=uuid4(), aggregateversion=2, actorid=a_caller(FINANCE).person_id)

    await inbox.receive(other)
    await inbox.receive(own)

    assert ["pledges.proposal.made.v1"] == [one["notice"] for one in await notifications_of(api, FINANCE)]
