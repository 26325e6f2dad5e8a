"""Providers with an offering that fits a circulating request are notified of it without an alert."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from contracts.matching import MatchSuggested
from contracts.rankings import LineRanked, Suggestion
from tests.builders import NOON, a_caller, an_event, headers
from tests.notifications.mail_server import Sink, a_sender
from tests.notifications.steps import Client, RequestStory, notifications_of, subscribe

NORWAY, CANADA, UNIT = "NOR:provider_officer", "CAN:provider_officer", "UNODC-SHERLOC:provider_officer"
FITS = "notifications.hit.recorded.v1:fitting"


async def ranked(inbox: Inbox, story: RequestStory, *providers: str) -> None:
    line_id = uuid4()
    best = Suggestion(
        match_id=uuid4(), offering_id=uuid4(), provider=providers[0], offering_revision=1, score=700, points=()
    )
    fact = LineRanked(
        line_id=line_id,
        request_id=story.request_id,
        state="KEN",
        algorithm="codes-4:weights-0",
        criteria=(),
        of=(),
        suggestions=(best,),
        ranked_at=NOON,
        fitting_providers=providers,
    )
    await inbox.receive(an_event(fact, 1))


async def suggested(inbox: Inbox, story: RequestStory, provider: str) -> None:
    ids = {name: uuid4() for name in ("match_id", "line_id", "offering_id")}
    fact = MatchSuggested(
        **ids,
        request_id=story.request_id,
        state="KEN",
        provider=provider,
        score=700,
        shares=(),
        algorithm="codes-4:weights-0",
        offering_revision=1,
        rank=1,
        suggested_at=NOON,
    )
    await inbox.receive(an_event(fact, 1))


async def found_by(api: Client, appointment: str) -> list[str]:
    return [one["notice"] for one in await notifications_of(api, appointment)]


@pytest.mark.parametrize("order", ["ranked first", "opened first"])
async def test_officers_with_a_fitting_offering_are_notified_once_without_an_alert(
    api: Client, inbox: Inbox, order: str
) -> None:
    await subscribe(api, NORWAY, CANADA, UNIT)
    story = RequestStory(inbox)
    await story.submitted(circulation_rule="granted")
    if order == "ranked first":
        await ranked(inbox, story, "NOR", "UNODC-SHERLOC")
    before = await found_by(api, NORWAY)
    await story.opened()
    if order == "opened first":
        await ranked(inbox, story, "NOR", "UNODC-SHERLOC")
    await ranked(inbox, story, "NOR")
    await suggested(inbox, story, "NOR")
    await story.consented("NOR")

    assert [] == before
    assert ([FITS], [FITS], []) == tuple([await found_by(api, who) for who in (NORWAY, UNIT, CANADA)])


async def test_only_those_who_see_the_request_are_notified(api: Client, inbox: Inbox, db: Database, sink: Sink) -> None:
    await subscribe(api, NORWAY, CANADA, UNIT)
    story = RequestStory(inbox)
    await story.submitted(excluded_providers=("CAN",))
    await ranked(inbox, story, "NOR", "CAN", "UNODC-SHERLOC")
    await story.opened()
    before = await found_by(api, NORWAY)
    await story.withdrew(await story.consented("NOR", "CAN"))
    while await a_sender(db, sink.port).send_next():
        pass

    assert ([], [FITS]) == (before, await found_by(api, NORWAY))
    assert ([], [], []) == (await found_by(api, CANADA), await found_by(api, UNIT), sink.accepted)


async def test_owner_of_an_alert_with_a_fitting_offering_is_notified_once(api: Client, inbox: Inbox) -> None:
    await subscribe(api, NORWAY)
    body: dict[str, Any] = {"subject": "requests", "frequency": "weekly"}
    await api.post("/v1/alerts", json=body, headers=headers(NORWAY))
    story = RequestStory(inbox)
    await story.submitted(circulation_rule="granted")
    await ranked(inbox, story, "NOR")
    await story.opened()

    assert [FITS] == await found_by(api, NORWAY)


@pytest.mark.parametrize(
    ("ended", "channels", "notified"), [(False, None, True), (True, None, False), (False, [], False)]
)
async def test_officers_without_a_subscription_are_notified_in_the_inbox(
    api: Client, inbox: Inbox, db: Database, ended: bool, channels: list[str] | None, notified: bool
) -> None:
    if channels is not None:
        await subscribe(api, NORWAY, channels=channels, email=None)
    async with db.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO caller (appointment_id, person_id, organization, role, starts, ended, version)
            VALUES ($1, $2, 'NOR', 'provider_officer', $3, $4, 1)
            """,
            uuid4(),
            a_caller(NORWAY).person_id,
            date(2026, 1, 1),
            ended,
        )
    story = RequestStory(inbox)
    await story.submitted(circulation_rule="granted")
    await ranked(inbox, story, "NOR")
    await story.opened()

    assert notified == bool(await found_by(api, NORWAY))
