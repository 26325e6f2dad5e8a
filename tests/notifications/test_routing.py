"""Notices of a request go to the coordinators whose remit holds it, escalations to their head, always to someone."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from contracts.callers import Remit
from contracts.clocks import ClockOverdue, ClockReminded
from contracts.values import Role
from services.notifications.notices import recipients
from services.notifications.notices.audience import NOTICES
from services.notifications.notices.notice import Subject
from tests.builders import NOON, an_event
from tests.notifications.steps import Client, RequestStory, notifications_of, subscribe
from tests.personas import persona_id

AFRICA, ASIA, MLA, ALL = (f"UNODC-{unit}:coordinator" for unit in ("AFRICA", "ASIA", "MLA", "ALL"))
"""Persons, each a coordinator of UNODC by the row that `coordinator` inserts."""

SUBMITTED, OVERDUE, REMINDED = (
    "requests.request.submitted.v1",
    "requests.clock.overdue.v1",
    "requests.clock.reminded.v1",
)


async def coordinator(
    db: Database, who: str, *, regions: Any = (), topics: Any = (), head: bool = False, subscribed: bool = True
) -> UUID:
    person_id = persona_id(who)
    async with db.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO caller (appointment_id, person_id, organization, role, starts, ended, version, regions, topics,
                head)
            VALUES ($1, $2, 'UNODC', 'coordinator', '2026-01-01', false, 1, $3, $4, $5)
            """,
            uuid4(),
            person_id,
            list(regions),
            list(topics),
            head,
        )
        if subscribed:
            await tx.execute(
                """
                INSERT INTO subscription (subscription_id, person_id, organization, role, language, channels, paused,
                    registered_at, revision)
                VALUES ($1, $2, 'UNODC', 'coordinator', 'en', '{inbox}', false, now(), 1)
                """,
                uuid4(),
                person_id,
            )
    return person_id


async def end_appointment(db: Database, person_id: UUID) -> None:
    async with db.transaction() as tx:
        await tx.execute("UPDATE caller SET ended = true WHERE person_id = $1", person_id)


async def notified(api: Client, notice: str) -> set[str]:
    """Return which of the four were notified; each at most once."""
    found = set()
    for who in (AFRICA, ASIA, MLA, ALL):
        count = [one["notice"] for one in await notifications_of(api, who)].count(notice)
        assert count <= 1
        found |= {who} if count else set()
    return found


def overdue(story: RequestStory, **changes: Any) -> ClockOverdue:
    values = {
        "clock_id": uuid4(),
        "step": "acknowledge",
        "request_id": story.request_id,
        "state": "KEN",
        "organization": "UNODC",
        "role": Role.COORDINATOR,
        "due_at": NOON,
        "overdue_at": NOON + timedelta(days=1),
    }
    return ClockOverdue(**(values | changes))


async def test_submission_notifies_the_coordinators_whose_remit_holds_it(
    api: Client, inbox: Inbox, db: Database
) -> None:
    await coordinator(db, AFRICA, regions=["african"])
    await coordinator(db, ASIA, regions=["asia_pacific"])
    await coordinator(db, MLA, topics=["mutual_legal_assistance"])
    await coordinator(db, ALL)
    await RequestStory(inbox).submitted()
    assert await notified(api, SUBMITTED) == {AFRICA, MLA, ALL}


async def test_topic_of_a_remit_includes_narrower_ones(api: Client, inbox: Inbox, db: Database) -> None:
    await coordinator(db, MLA, topics=["judicial_cooperation"])
    await coordinator(db, ASIA, regions=["asia_pacific"])
    await RequestStory(inbox).submitted()
    assert await notified(api, SUBMITTED) == {MLA}


async def test_request_in_no_remit_notifies_every_coordinator(api: Client, inbox: Inbox, db: Database) -> None:
    await coordinator(db, ASIA, regions=["asia_pacific"])
    await coordinator(db, MLA, topics=["firearms_trafficking"])
    await RequestStory(inbox).submitted()
    assert await notified(api, SUBMITTED) == {ASIA, MLA}


async def test_overdue_clock_is_escalated_to_the_head_of_the_remit(api: Client, inbox: Inbox, db: Database) -> None:
    head = await coordinator(db, AFRICA, regions=["african"], head=True)
    await coordinator(db, ASIA, regions=["asia_pacific"], head=True)
    await coordinator(db, MLA, regions=["african"])
    story = RequestStory(inbox)
    await story.submitted()
    await inbox.receive(an_event(overdue(story), 1))
    assert await notified(api, OVERDUE) == {AFRICA}

    await end_appointment(db, head)
    other = RequestStory(inbox)
    await other.submitted()
    await inbox.receive(an_event(overdue(other), 1))
    assert await notified(api, OVERDUE) == {AFRICA, MLA}, "without a head, the coordinators of the remit are notified"


async def test_escalation_reaches_a_head_without_subscription_and_the_assignee(
    api: Client, inbox: Inbox, db: Database
) -> None:
    await coordinator(db, AFRICA, regions=["african"], head=True, subscribed=False)
    assignee = await coordinator(db, ASIA, regions=["asia_pacific"])
    await coordinator(db, ALL)
    story = RequestStory(inbox)
    await story.submitted()
    await inbox.receive(an_event(overdue(story, assignee=assignee), 1))
    assert await notified(api, OVERDUE) == {AFRICA, ASIA}
    assert await notified(api, SUBMITTED) == {ALL}


async def test_escalation_of_a_request_in_no_remit_reaches_every_coordinator(
    api: Client, inbox: Inbox, db: Database
) -> None:
    await coordinator(db, ASIA, regions=["asia_pacific"], head=True)
    await coordinator(db, MLA, topics=["firearms_trafficking"], subscribed=False)
    story = RequestStory(inbox)
    await story.submitted()
    await inbox.receive(an_event(overdue(story), 1))
    assert await notified(api, OVERDUE) == {ASIA, MLA}


async def test_clock_of_a_provider_notifies_it_and_the_head(api: Client, inbox: Inbox, db: Database) -> None:
    await subscribe(api, "NOR:provider_officer")
    await coordinator(db, AFRICA, regions=["african"], head=True)
    await coordinator(db, ALL)
    story = RequestStory(inbox)
    await story.submitted()
    theirs = {"step": "provider_answer", "organization": "NOR", "role": Role.PROVIDER_OFFICER, "match_id": uuid4()}
    await inbox.receive(an_event(overdue(story, **theirs), 1))
    assert await notified(api, OVERDUE) == {AFRICA}
    assert [one["notice"] for one in await notifications_of(api, "NOR:provider_officer")] == [OVERDUE]


async def test_reminder_without_an_assignee_goes_to_the_remit(api: Client, inbox: Inbox, db: Database) -> None:
    await coordinator(db, AFRICA, regions=["african"])
    await coordinator(db, ASIA, regions=["asia_pacific"])
    story = RequestStory(inbox)
    await story.submitted()
    fact = overdue(story)
    reminder = ClockReminded(
        **{name: getattr(fact, name) for name in fact.__struct_fields__ if name != "overdue_at"}, reminded_at=NOON
    )
    await inbox.receive(an_event(reminder, 1))
    assert await notified(api, REMINDED) == {AFRICA}


@pytest.mark.parametrize(
    ("remits", "expected"),
    [
        ({}, {1, 2, 3}),
        ({1: [Remit(regions=("african",))]}, {1}),
        ({1: [Remit(regions=("african",))], 2: [Remit(head=True)]}, {2}),
        ({1: [Remit(regions=("weog",), head=True)], 2: [Remit(topics=("extradition",))]}, {2}),
        ({1: [Remit(regions=("weog",), head=True)]}, {1, 2, 3}),
        ({1: [Remit(regions=("weog",), head=True), Remit(topics=("extradition",))], 2: [Remit()]}, {1, 2}),
        ({9: [Remit(head=True)]}, {1, 2, 3}),
    ],
)
def test_someone_is_always_notified(remits: dict[int, list[Remit]], expected: set[int]) -> None:
    notice, _ = NOTICES[ClockOverdue]
    people, held = {UUID(int=n) for n in (1, 2, 3)}, {UUID(int=n): each for n, each in remits.items()}
    subject = Subject(region="african", topics=("extradition",))
    assert recipients.routed(notice, people, held, subject) == {UUID(int=n) for n in expected}
    assert recipients.routed(notice, people, held, None) == people
