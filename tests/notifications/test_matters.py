"""One matter, one notice, which says whose it is, what, and by when, and leads to the thing itself."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from contracts import follow_ups as fu
from contracts import legislation as lg
from contracts import matching as m
from contracts.alerts import DigestIssued, HitRecorded
from contracts.console_pages import OF_NO_PAGE, page_of
from contracts.facts import Fact
from contracts.registry import decode_fact
from contracts.values import Language, Role, Side
from services.documents.examples import example_event
from services.notifications.notices import audience, matter
from services.notifications.notices.notice import Known, Notice
from services.notifications.notices.wording import About, words
from tests.builders import NOON, an_event
from tests.notifications.mail_server import Sink, a_sender
from tests.notifications.steps import Client, RequestStory, notifications_of, subscribe

AN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)
STATE, PROVIDER, COORDINATOR = "KEN:focal_point", "NOR:provider_officer", "UNODC:coordinator"
EVERY = [
    *((kind, notice) for kind, each in audience.NOTICES.items() for notice in each),
    *((kind, notice) for kind, notice in audience.TO_OWNER.items()),
    *((HitRecorded, notice) for notice in audience.ON_HIT.values()),
    *((DigestIssued, notice) for notice in audience.ON_DIGEST.values()),
]
DEADLINES = {
    *("delivery.follow_up.asked.v1", "delivery.follow_up.reminded.v1", "requests.clock.reminded.v1"),
    *("requests.clock.overdue.v1", "delivery.action_point.added.v1", "delivery.action_point.revised.v1"),
    *("delivery.action_point.reminded.v1", "matching.offering.reconfirmation_due.v1", "directory.client.expiring.v1"),
    *("pledges.pledge.due-soon.v1", "pledges.pledge.overdue.v1", "sherloc.legislation_check.asked.v1"),
    *("requests.request.submitted.v1", "requests.request.circulation-decided.v1"),
}


def asked(request_id: UUID, month: int, state: str = "KEN") -> fu.FollowUpAsked:
    delivery_id = uuid4()
    return fu.FollowUpAsked(
        follow_up_id=fu.follow_up_id_of(delivery_id, month, Side.STATE),
        delivery_id=delivery_id,
        match_id=uuid4(),
        request_id=request_id,
        state=state,
        provider="NOR",
        side="state",
        organization=state,
        role=Role.FOCAL_POINT,
        month=month,
        asked_at=NOON,
    )


def submitted_law(state: str) -> lg.LegislationSubmitted:
    return lg.LegislationSubmitted(
        legislation_id=uuid4(), state=state, instrument="UNTOC", article="UNTOC:5", submitted_at=NOON
    )


def presented(story: RequestStory, line_id: UUID) -> m.MatchPresented:
    return m.MatchPresented(
        match_id=uuid4(),
        request_id=story.request_id,
        line_id=line_id,
        offering_id=uuid4(),
        state="KEN",
        provider="NOR",
        presented_at=NOON,
    )


async def test_questions_about_one_request_on_one_day_are_one_notice(api: Client, inbox: Inbox) -> None:
    await subscribe(api, STATE)
    story = RequestStory(inbox)
    await story.submitted()
    before = len(await notifications_of(api, STATE))
    for month in (6, 12):
        for _ in range(3):
            await inbox.receive(an_event(asked(story.request_id, month), 1))
    await inbox.receive(an_event(asked(uuid4(), 6), 1))
    found = await notifications_of(api, STATE)

    assert [2] == [len(found) - before], [one["subject"] for one in found]


async def test_laws_of_three_states_on_one_article_name_the_state(api: Client, inbox: Inbox) -> None:
    await subscribe(api, COORDINATOR)
    for state in ("KEN", "UGA", "CIV"):
        await inbox.receive(an_event(submitted_law(state), 1))
    found = await notifications_of(api, COORDINATOR)

    assert 3 == len({one["subject"] for one in found}), [one["subject"] for one in found]
    assert any("Kenya" in one["subject"] for one in found)


@pytest.mark.machine_clock
async def test_mail_says_what_it_is_about_to_whom_the_state_consents_and_to_nobody_else(
    api: Client, inbox: Inbox, db: Database, sink: Sink
) -> None:
    await subscribe(api, STATE, PROVIDER, channels=["mail"])
    shown, hidden, confidential = RequestStory(inbox), RequestStory(inbox), RequestStory(inbox)
    mails: dict[str, list[str]] = {}
    every: list[str] = []
    for name, story in (("shown", shown), ("hidden", hidden), ("confidential", confidential)):
        submitted = await story.submitted(visibility="unodc" if name == "confidential" else "providers")
        await story.opened()
        if name == "shown":
            await story.consented("NOR")
        said = decode_fact(submitted)
        await inbox.receive(an_event(presented(story, said.lines[0].line_id), 1))
        while await a_sender(db, sink.port).send_next():
            pass
        mails[name] = [one.get_content() for one in sink.accepted if "presented" in str(one["Subject"])]
        every += [str(one["Subject"]) for one in sink.accepted]
        sink.accepted.clear()

    for name, told in (("shown", 2), ("hidden", 1), ("confidential", 0)):
        assert 2 == len(mails[name]), (name, every)
        assert told == sum("Kenya · Training on mutual legal assistance" in one for one in mails[name]), name


@pytest.mark.parametrize("least", [False, True])
@pytest.mark.parametrize(("kind", "notice"), EVERY)
def test_no_notice_names_an_id_and_each_says_whose_what_and_by_when(
    kind: type[Fact], notice: Notice, least: bool
) -> None:
    event = example_event(kind, least=least)
    fact = decode_fact(event)
    assert fact is not None
    if notice not in audience.notices_for(fact, caused=False) and kind in audience.NOTICES:
        return
    known = Known()
    whose, due_on = matter.whose(notice, fact, known), matter.due_on(fact)
    about = About(whose=whose, due_on=due_on)

    for language in Language:
        said = words(notice.code, matter.reference_of(notice, fact, known), language, about)
        assert not AN_ID.search(said.subject + said.text + said.about), said
        assert "None" not in said.subject + said.text, said
        assert said.about
    assert (notice.code.partition(":")[0] in DEADLINES) == (due_on is not None) or least


@pytest.mark.parametrize(("kind", "notice"), EVERY)
def test_link_of_every_notice_leads_to_the_record_itself(kind: type[Fact], notice: Notice) -> None:
    link = re.sub(r"{\w+}", "00000000-0000-0000-0000-000000000009", notice.link)
    page = page_of(link)

    assert re.search(r"{\w+}", notice.link), "the link names a record"
    if re.sub(r"{\w+}", "{id}", notice.link) in OF_NO_PAGE:
        assert page is None
    else:
        assert page is not None
        assert "00000000-0000-0000-0000-000000000009" in page


def test_a_deadline_at_midnight_is_the_day_before() -> None:
    midnight = NOON.replace(hour=0)
    fact = asked(uuid4(), 6)

    assert matter.due_on(fact) is None
    assert (
        matter.due_on(type(fact)(**{**{f: getattr(fact, f) for f in fact.__struct_fields__}, "answer_by": midnight}))
        == (midnight - timedelta(days=1)).date()
    )
