"""Which mails about a match have a link by which their reader answers without signing in."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from contracts import matching as m
from contracts.answer_links import AnswerLink, Purpose, read_token
from contracts.facts import Fact
from contracts.values import Language, Period
from services.notifications.notices.wording import ReplyTerms
from tests.builders import NOON, a_caller, an_event
from tests.notifications.mail_server import Sink, a_sender
from tests.notifications.steps import PROVIDER, Client, subscribe

STATE = "KEN:focal_point"
REPLIES = ReplyTerms(key=b"k" * 32, domain="entraide.example")
MATCH_ID = UUID(int=12)


def of_a_match(kind: type[Fact], **more: Any) -> Fact:
    ids = {name: uuid4() for name in ("request_id", "line_id", "offering_id")}
    return kind(match_id=MATCH_ID, state="KEN", provider="NOR", **ids, **more)


async def mails(
    api: Client, inbox: Inbox, db: Database, sink: Sink, fact: Fact, language: str = "en"
) -> dict[str, str]:
    """Return the text of the mail of a fact to each side."""
    for side in (STATE, PROVIDER):
        await subscribe(api, side, channels=["mail"], email=f"{side[:3]}@organization.example", language=language)
    await inbox.receive(an_event(fact, 1))
    sender = a_sender(db, sink.port, replies=REPLIES)
    while await sender.send_next():
        pass
    await sender.disconnect()
    return {str(one["To"])[:3]: one.get_content().replace("\r", "") for one in sink.accepted}


@pytest.mark.parametrize("language", Language)
async def test_state_answers_a_presented_match_by_its_mail_and_the_provider_does_not(
    api: Client, inbox: Inbox, db: Database, sink: Sink, language: Language
) -> None:
    found = await mails(api, inbox, db, sink, of_a_match(m.MatchPresented, presented_at=NOON), language)

    (token,) = re.findall(rf"^https://entraide\.example/{language}/match\?token=(.+)$", found["KEN"], re.M)
    expected = AnswerLink(purpose=Purpose.MATCH, about=MATCH_ID, person_id=a_caller(STATE).person_id)
    assert expected == read_token(REPLIES.key, Purpose.MATCH, token)
    assert "token=" not in found["NOR"]
    for text in found.values():
        assert f"https://entraide.example/{language}/matches/{MATCH_ID}" in text


@pytest.mark.parametrize(
    "fact",
    [
        of_a_match(m.MatchPresented, presented_at=NOON, joint_delivery_id=uuid4()),
        of_a_match(m.MatchProviderConfirmed, confirmed_at=NOON),
        of_a_match(
            m.MatchRevoked,
            reason="other",
            revoked_at=NOON,
            capacity_period=Period(starts=NOON.date(), ends=NOON.date()),
        ),
    ],
    ids=["joint", "provider confirmed", "revoked"],
)
async def test_other_mails_about_a_match_have_no_such_link(
    api: Client, inbox: Inbox, db: Database, sink: Sink, fact: Fact
) -> None:
    found = await mails(api, inbox, db, sink, fact)

    assert "KEN" in found
    for text in found.values():
        assert "token=" not in text
