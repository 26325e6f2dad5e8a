"""Recipients of every fact, and templates of every notice in six languages."""

import re
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import SMTP
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from contracts import action_points as ap
from contracts import contributions as co
from contracts import deliveries as dl
from contracts import legislation as lg
from contracts import mails
from contracts import matching as m
from contracts import packages as pk
from contracts import pledges as p
from contracts import practices as pc
from contracts import requests as r
from contracts import results as rs
from contracts.alerts import DigestIssued, HitRecorded
from contracts.answer_links import AnswerLink, Purpose, read_token
from contracts.facts import Fact, fact_type
from contracts.notifications import Link
from contracts.registry import FACTS
from contracts.reply_addresses import read_reply_address
from contracts.values import Language, Money, Role
from services.notifications.notices import audience, matter, recipients
from services.notifications.notices.audience import NOTICES, TO_OWNER
from services.notifications.notices.not_notified import NOT_NOTIFIED
from services.notifications.notices.notice import Appointment, Known, Notice
from services.notifications.notices.wording import LRI, PDI, RLM, About, Letter, ReplyTerms, mail, templates, words
from tests.builders import NOON

STATE = Appointment("KEN", Role.FOCAL_POINT)
PROVIDER = Appointment("NOR", Role.PROVIDER_OFFICER)
DONOR = Appointment("DEU", Role.DONOR_OFFICER)
COORDINATORS = Appointment("UNODC", Role.COORDINATOR)
FINANCE = Appointment("UNODC", Role.FINANCE_OFFICER)
IDS = {name: uuid4() for name in ("match_id", "request_id", "line_id", "offering_id")}
EVALUATION = m.Evaluation(result="met", relevance=5, quality=4, timeliness=4)
A_MATCH: dict[str, Any] = {**IDS, "state": "KEN", "provider": "NOR"}


def recipients_of(fact: Fact, *, caused: bool = False) -> set[Appointment]:
    """Return the recipients of a fact, without notices that only recipients notified before get."""
    notices = [one for one in audience.notices_for(fact, caused=caused) if not one.only_if_notified_before]
    return {who for notice in notices for who in recipients.appointments(notice, fact)}


def an_allocation(**changes: Any) -> p.AllocationMade:
    values: dict[str, Any] = {
        "allocation_id": uuid4(),
        "fund": "SHERLOC-MNT",
        "usd_minor": 100_00,
        "effective_on": date(2026, 11, 25),
        "allocated_at": NOON,
        "fund_donors": ("DEU",),
    }
    return p.AllocationMade(**values | changes)


def test_every_fact_has_recipients_or_a_reason_for_none() -> None:
    assert set(FACTS.values()) == NOTICES.keys() | TO_OWNER.keys() | NOT_NOTIFIED.keys() | {DigestIssued, HitRecorded}
    assert len(FACTS) == len(NOTICES) + len(TO_OWNER) + len(NOT_NOTIFIED) + 2, "each fact is in one of the tables"
    assert all(reason for reason in NOT_NOTIFIED.values())


def test_submission_notifies_the_state_and_the_coordinators() -> None:
    fact = r.RequestWithdrawn(request_id=uuid4(), state="KEN", withdrawn_at=NOON)

    assert {STATE, COORDINATORS} == recipients_of(fact)
    assert NOTICES[r.RequestSubmitted][0].to == NOTICES[r.RequestWithdrawn][0].to[::-1]


def test_coordinators_are_notified_of_what_asks_them_to_act_and_what_has_ended() -> None:
    why = {
        r.RequestSubmitted: "register it, or return it",
        r.RequestReopened: "look for a match again",
        r.RequestDelivered: "hear both sides, and close it",
        r.RequestWithdrawn: "it has ended",
        r.RequestLapsed: "it has ended",
        r.CirculationDecided: "matches may be presented, or no longer",
        r.ConsentGiven: "matches may be presented",
        r.ConsentWithdrawn: "matches may no longer be presented",
        r.ConsentEnded: "matches may no longer be presented",
        mails.MailReceived: "file it, or discard it",
        mails.MailReplyReceived: "read it",
        m.OfferingSubmitted: "approve it, or return it",
        m.OfferingWithdrawn: "it has ended",
        m.MatchSuggested: "an offering that came later fits",
        m.MatchInterested: "shortlist or present it",
        m.MatchDeclinedByState: "look for another match",
        m.MatchDeclinedByProvider: "look for another match",
        m.MatchRevoked: "look for another match",
        m.MatchEvaluated: "close the request",
        rs.ResultDisputed: "help the two sides to agree",
        ap.ActionPointDone: "verify the milestone of a strategy",
        dl.DeliverySuspended: "help the two sides to go on",
        dl.DeliveryCompletionObjected: "help the two sides to agree",
        lg.LegislationSubmitted: "review it",
        pk.PackageDeclined: "look for other money or another unit",
        lg.LegislationSubmitted: "review it, or return it",
        co.ContributionSubmitted: "check it, or return it",
        lg.LegislationSubmitted: "review it",
        lg.LegislationSubmitted: "review it",
        pc.PracticeSubmitted: "catalogue it, or return it",
    }
    notified = {kind for kind, notices in NOTICES.items() if any(audience.COORDINATORS in one.to for one in notices)}

    assert why.keys() == notified


def test_coordinators_are_notified_once_of_the_evaluations_of_a_request() -> None:
    (notice,) = NOTICES[m.MatchEvaluated]
    one, other = (
        m.MatchEvaluated(**A_MATCH | {"match_id": uuid4()}, side=side, evaluation=EVALUATION, evaluated_at=NOON)
        for side in ("state", "provider")
    )

    assert matter.cause_of(notice, one, uuid4(), uuid4()) == matter.cause_of(notice, other, uuid4(), None)


def test_confirmed_match_notifies_both_sides_only() -> None:
    fact = m.MatchBegun(**A_MATCH, begun_at=NOON)

    assert {STATE, PROVIDER} == recipients_of(fact)
    assert NOTICES[m.MatchConfirmed][0].to == NOTICES[m.MatchBegun][0].to


@pytest.mark.parametrize("kind", [m.MatchSuggested, m.MatchInterested, m.MatchNominated, m.MatchShortlisted])
def test_match_before_presentation_does_not_notify_state_or_provider(kind: type[Fact]) -> None:
    relations = {relation for notice in NOTICES.get(kind, ()) for relation in notice.to}

    assert relations <= {audience.COORDINATORS}


@pytest.mark.parametrize(
    "fact",
    [
        m.MatchNotPursued(**A_MATCH, reason="other", ended_at=NOON),
        m.MatchExpired(**A_MATCH, expired_at=NOON),
        m.MatchDeclinedByState(**A_MATCH, reason="other", declined_at=NOON),
        m.MatchDeclinedByProvider(**A_MATCH, reason="other", declined_at=NOON),
    ],
)
def test_end_of_a_match_notifies_only_those_notified_before(fact: Fact) -> None:
    assert recipients_of(fact) <= {COORDINATORS}
    assert [notice for notice in NOTICES[type(fact)] if notice.only_if_notified_before]


def test_reopening_caused_by_a_revoked_match_is_not_notified() -> None:
    fact = r.RequestReopened(request_id=uuid4(), state="KEN", reason="new_need", reopened_at=NOON)

    assert {STATE, COORDINATORS} == recipients_of(fact)
    assert set() == recipients_of(fact, caused=True)


def test_package_notifies_unit_and_donor_and_who_alone_is_missing() -> None:
    parties = {**A_MATCH, "package_id": uuid4(), "unit": "UNODC-CEB", "donor": "DEU"}
    del parties["offering_id"]
    unit, money = Appointment("UNODC-CEB", Role.PROVIDER_OFFICER), Money(minor=1, currency="USD")
    pledge = {"pledge_id": uuid4(), "fund": "TA-REQUESTS", "money": money}
    presented = pk.PackagePresented(**parties, **pledge, usd_minor=1, presented_at=NOON)

    def agreed(*waiting_for: str) -> set[Appointment]:
        return recipients_of(pk.PackageAgreed(**parties, party="unit", waiting_for=waiting_for, agreed_at=NOON))

    assert {unit, DONOR} == recipients_of(presented)
    assert set() == agreed("state", "provider", "donor") == agreed("state", "provider")
    assert [{STATE}, {PROVIDER}, {DONOR}] == [agreed(one) for one in ("state", "provider", "donor")]
    declined = pk.PackageDeclined(**parties, party="donor", reason="other", declined_at=NOON)
    assert {unit, DONOR, STATE, PROVIDER, COORDINATORS} == recipients_of(declined)


def test_suggestions_of_one_cause_are_one_notice_and_other_facts_are_separate() -> None:
    event, cause = uuid4(), uuid4()
    fact = m.MatchPresented(**A_MATCH, presented_at=NOON)
    (suggested,), (presented,) = NOTICES[m.MatchSuggested], audience.notices_for(fact, caused=False)

    assert cause == matter.cause_of(suggested, fact, event, cause)
    assert event == matter.cause_of(suggested, fact, event, None)
    assert event == matter.cause_of(presented, fact, event, cause)


def test_match_of_a_joint_delivery_is_notified_as_such() -> None:
    alone, joint = (m.MatchPresented(**A_MATCH, presented_at=NOON, joint_delivery_id=one) for one in (None, uuid4()))

    assert ["matching.match.presented.v1"] == [one.code for one in audience.notices_for(alone, caused=False)]
    assert ["matching.match.presented.v1:joint"] == [one.code for one in audience.notices_for(joint, caused=True)]
    assert recipients_of(alone) == recipients_of(joint) == {STATE, PROVIDER}


def test_allocation_to_a_request_notifies_its_sides_and_names_only_the_fund_to_donors() -> None:
    fact = an_allocation(request_id=IDS["request_id"], match_id=IDS["match_id"], state="KEN", provider="NOR")
    to_sides, to_donors = NOTICES[p.AllocationMade]
    known = Known(reference="TA-2026-00001")

    assert [STATE, PROVIDER] == recipients.appointments(to_sides, fact)
    assert [DONOR] == recipients.appointments(to_donors, fact)
    assert "TA-2026-00001" == matter.reference_of(to_sides, fact, known)
    assert "SHERLOC-MNT" == matter.reference_of(to_donors, fact, known)
    assert "/v1/funds/SHERLOC-MNT" == matter.link_of(to_donors, fact)


def test_allocation_to_a_work_package_notifies_donors_only() -> None:
    assert {DONOR} == recipients_of(an_allocation(work_package="WP-1"))


def test_pledge_notifies_its_donor_and_the_finance_officers() -> None:
    valuation = p.Valuation(usd_minor=1, rate="1", rate_source="test", rate_date=date(2026, 11, 25))
    fact = p.PledgeWithdrawn(
        pledge_id=uuid4(),
        donor="DEU",
        fund="SHERLOC-MNT",
        money=Money(minor=1, currency="USD"),
        valuation=valuation,
        effective_on=date(2026, 11, 25),
        withdrawn_at=NOON,
    )

    assert {DONOR, FINANCE} == recipients_of(fact)
    assert f"/v1/pledges/{fact.pledge_id}" == matter.link_of(NOTICES[p.PledgeWithdrawn][0], fact)


@pytest.mark.parametrize(("kind", "notice"), [(kind, one) for kind, each in NOTICES.items() for one in each])
def test_every_notice_takes_reference_and_link_from_its_fact(kind: type[Fact], notice: Notice) -> None:
    fields = set(kind.__struct_fields__)

    assert notice.reference in fields
    assert set(re.findall(r"{(\w+)}", notice.link)) <= fields
    assert {relation.value for relation in notice.to} & {"state", "provider", "donor"} <= fields
    assert msgspec.convert(re.sub(r"{\w+}", str(UUID(int=0)), notice.link), Link)


# -- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", Language)
def test_templates_match_the_notices_in_every_language(language: Language) -> None:
    found = templates(language)

    assert set(audience.notices()) == found.notices.keys()
    assert found.details
    assert found.closing
    for code, said in found.notices.items():
        assert "{reference}" in said.subject + said.text, code
        assert not re.findall(r"{(?!reference})", said.subject + said.text), code


@pytest.mark.parametrize("language", [one for one in Language if one is not Language.EN])
def test_templates_are_translated_and_distinct(language: Language) -> None:
    said, english = templates(language).notices, templates(Language.EN).notices

    for code in audience.notices():
        assert said[code].subject != english[code].subject
        assert said[code].text != english[code].text
    assert len(said) == len({one.subject for one in said.values()})


SCRIPTS = {Language.AR: r"[\u0600-\u06ff]", Language.RU: r"[\u0400-\u04ff]", Language.ZH: r"[\u4e00-\u9fff]"}


@pytest.mark.parametrize(("language", "script"), SCRIPTS.items())
def test_templates_are_in_the_script_of_their_language(language: Language, script: str) -> None:
    for said in templates(language).notices.values():
        assert re.search(script, said.subject)
        assert re.search(script, said.text)


def a_letter(language: Language = Language.EN, **changes: Any) -> Letter:
    values: dict[str, Any] = {
        "dispatch_id": UUID(int=7),
        "notification_id": UUID(int=8),
        "person_id": UUID(int=10),
        "organization": "KEN",
        "role": Role.FOCAL_POINT,
        "notice": "requests.request.registered.v1",
        "reference": "TA-2026-00001",
        "link": "/v1/requests/00000000-0000-0000-0000-000000000009",
        "language": language,
        "email": "w.kamau@ken.example",
        "owed_at": NOON - timedelta(days=1),
        "correlation_id": "abc-1",
    }
    return Letter(**values | changes)


def written(letter: Letter) -> Any:
    return mail(letter, sender="Entraide <no-reply@entraide.example>", public_url="https://entraide.example")


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("whose", ["KEN", "GBR", "BOL"])
def test_subject_of_a_mail_is_read_as_it_was_written(language: Language, whose: str) -> None:
    notice = fact_type(m.MatchPresented)
    about = About(whose=whose, kinds=("mla_training",))
    letter = a_letter(language=language, notice=notice, reference="TA-2026-34032-80974", about=about)
    subject = words(letter.notice, letter.reference, language, about, reader=letter.organization).subject

    sent = bytes(written(letter))

    assert subject == message_from_bytes(sent, policy=SMTP)["Subject"]
    assert all(len(line) <= 78 for line in sent.partition(b"\r\n\r\n")[0].split(b"\r\n"))


@pytest.mark.parametrize("about", ["request_id", "match_id"])
def test_a_notice_about_a_request_or_a_match_can_be_answered(about: str) -> None:
    replies = ReplyTerms(key=b"k" * 32, domain="entraide.example")
    letter = a_letter(**{"request_id": UUID(int=9), about: UUID(int=11)})

    message = mail(
        letter, sender="Entraide <no-reply@entraide.example>", public_url="https://e.example", replies=replies
    )

    reply = read_reply_address(replies.key, message["Reply-To"], "w.kamau@ken.example", today=NOON.date())
    assert reply is not None
    assert (UUID(int=11), about == "match_id", UUID(int=10)) == (reply.about, reply.is_match, reply.person_id)
    assert "Please do not reply" not in message.get_content()


def test_other_notices_and_those_without_a_key_cannot_be_answered() -> None:
    without = written(a_letter(request_id=UUID(int=9)))
    replies = ReplyTerms(key=b"k" * 32, domain="entraide.example")
    other = mail(
        a_letter(), sender="Entraide <no-reply@entraide.example>", public_url="https://e.example", replies=replies
    )

    for message in (without, other):
        assert message["Reply-To"] is None
        assert "Please do not reply" in message.get_content()


def test_mail_that_asks_for_a_follow_up_has_a_link_to_answer_by() -> None:
    replies = ReplyTerms(key=b"k" * 32, domain="entraide.example")
    asked = {"notice": "delivery.follow_up.asked.v1", "link": f"/v1/follow-ups/{UUID(int=12)}"}
    letters = [a_letter(language, **asked) for language in Language]
    sender, url = "Entraide <no-reply@entraide.example>", "https://e.example"

    for letter in letters:
        text = mail(letter, sender=sender, public_url=url, replies=replies).get_content()
        (page,) = re.findall(rf"^{url}/{letter.language}/answer\?token=(.+)$", text, re.M)
        assert AnswerLink(purpose=Purpose.FOLLOW_UP, about=UUID(int=12), person_id=UUID(int=10)) == read_token(
            replies.key, Purpose.FOLLOW_UP, page
        )
    assert "/answer?" not in written(letters[0]).get_content()


def test_mail_that_asks_for_a_yearly_check_has_a_link_of_its_own() -> None:
    replies = ReplyTerms(key=b"k" * 32, domain="entraide.example")
    letter = a_letter(
        notice="sherloc.legislation_check.asked.v1", link=f"/v1/legislation/checks/{UUID(int=12)}", reference="KEN"
    )

    text = mail(letter, sender="E <no-reply@e.example>", public_url="https://e.example", replies=replies).get_content()

    (token,) = re.findall(r"^https://e.example/en/legislation-check\?token=(.+)$", text, re.M)
    link = AnswerLink(purpose=Purpose.LEGISLATION_CHECK, about=UUID(int=12), person_id=UUID(int=10))
    assert link == read_token(replies.key, Purpose.LEGISLATION_CHECK, token)
    assert read_token(replies.key, Purpose.FOLLOW_UP, token) is None


def test_resent_mail_is_identical() -> None:
    first, second = written(a_letter()), written(a_letter())

    assert first.as_bytes() == second.as_bytes()
    assert f"<{UUID(int=7)}@entraide.example>" == first["Message-ID"]


def test_mail_has_one_recipient_a_correlation_id_and_is_auto_generated() -> None:
    message = written(a_letter())

    assert "w.kamau@ken.example" == message["To"]
    assert message["Cc"] is None
    assert message["Bcc"] is None
    assert "abc-1" == message["X-Correlation-Id"]
    assert "auto-generated" == message["Auto-Submitted"]
    assert "en" == message["Content-Language"]
    assert "https://entraide.example/en/requests/00000000-0000-0000-0000-000000000009" in message.get_content()


def test_arabic_mail_is_right_to_left_with_isolated_codes() -> None:
    message = written(a_letter(Language.AR))
    paragraphs = [part for part in message.get_content().strip().split("\n\n") if part]

    assert f"{LRI}TA-2026-00001{PDI}" in message["Subject"]
    assert all(part.startswith(RLM) for part in paragraphs if not part.startswith("https://"))
    assert "https://entraide.example/ar/requests/00000000-0000-0000-0000-000000000009" in paragraphs


@pytest.mark.parametrize("language", Language)
def test_mail_lines_are_within_the_smtp_limit(language: Language) -> None:
    for notice in audience.notices():
        raw = written(a_letter(language, notice=notice)).as_bytes()

        assert max(len(line) for line in raw.split(b"\r\n")) <= 998


@pytest.mark.parametrize("language", Language)
def test_template_shows_the_reference(language: Language) -> None:
    said = words("requests.request.registered.v1", "TA-2026-00001", language)

    assert "TA-2026-00001" in said.subject


@pytest.mark.parametrize("value", ["a@b.example\r\nBcc: all@example.org", "a@b.example\nX: y"])
def test_line_end_in_a_header_is_rejected_by_the_library(value: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)linefeed|header"):
        written(a_letter(email=value))
