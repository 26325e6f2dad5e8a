"""Alerts of donors on unfunded requirements, and of States on offerings."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.rebuild import verify
from contracts import matching as m
from contracts import pledges as p
from contracts.facts import Fact
from contracts.values import Language, Money, Period
from services.notifications.wiring import SERVICE, issue_digests
from tests.builders import NOON, an_event, headers
from tests.databases import connected
from tests.notifications.mail_server import Sink, a_sender
from tests.notifications.steps import Client, RequestStory, a_wanted_line, notifications_of, subscribe

DONOR, STATE = "DEU:donor_officer", "KEN:focal_point"
FUNDING, OFFERINGS = "notifications.hit.recorded.v1:funding", "notifications.hit.recorded.v1:offerings"
LINE = a_wanted_line()


async def an_alert(api: Client, appointment: str, subject: str, **criteria: Any) -> None:
    answer = await api.post("/v1/alerts", json={"subject": subject} | criteria, headers=headers(appointment))
    assert answer.status_code == 201, answer.text


async def notices(api: Client, appointment: str) -> list[str]:
    return [one["notice"] for one in await notifications_of(api, appointment)]


class NeedStory(RequestStory):
    """A request of one line, and the money that its confirmed match lacks."""

    requirement_id: UUID

    async def circulates(self, *recipients: str) -> None:
        await self.submitted(lines=(LINE,))
        await self.registered()
        await self.opened()
        if recipients:
            await self.consented(*recipients)

    async def of_money(self, kind: type[Fact], aggregate_id: UUID, version: int = 1, **more: Any) -> None:
        named = {"request_id": self.request_id, "line_id": LINE.line_id, "match_id": uuid4(), "state": "KEN"}
        await self.inbox.receive(an_event(kind(**named, provider="NOR", **more), version))

    async def lacks(self, usd_minor: int) -> None:
        self.requirement_id = uuid4()
        valuation = p.Valuation(usd_minor=usd_minor, rate="1", rate_source="test", rate_date=date(2026, 11, 25))
        await self.of_money(
            p.RequirementOpened,
            self.requirement_id,
            requirement_id=self.requirement_id,
            money=Money(minor=usd_minor, currency="USD"),
            valuation=valuation,
            effective_on=date(2026, 11, 25),
            opened_at=NOON,
        )

    async def got(self, usd_minor: int, gap: int) -> None:
        allocation_id = uuid4()
        await self.of_money(
            p.AllocationMade,
            allocation_id,
            allocation_id=allocation_id,
            requirement_id=self.requirement_id,
            fund="TA-REQUESTS",
            usd_minor=usd_minor,
            gap_usd_minor=gap,
            effective_on=date(2026, 11, 25),
            allocated_at=NOON,
        )


async def test_donor_is_notified_once_of_what_lacks_money(api: Client, inbox: Inbox, database_url: str) -> None:
    await an_alert(api, DONOR, "funding", kinds=["mla_training"])
    story = NeedStory(inbox)
    await story.circulates("providers")
    await story.lacks(500_000_00)
    await story.consented("DEU")
    (one,) = await notifications_of(api, DONOR)
    async with connected(database_url, "notifications", owner=True) as owner:
        differences = await verify(owner, SERVICE)

    assert (FUNDING, "TA-2026-00007") == (one["notice"], one["reference"])
    assert f"/v1/requests/{one['request_id']}" == one["link"]
    assert [] == differences


async def test_donor_is_not_notified_before_a_consent_shows_the_request(api: Client, inbox: Inbox) -> None:
    await an_alert(api, DONOR, "funding")
    story = NeedStory(inbox)
    await story.circulates("NOR")
    await story.lacks(500_000_00)
    before = await notices(api, DONOR)
    await story.consented("DEU")

    assert ([], [FUNDING]) == (before, await notices(api, DONOR))


@pytest.mark.parametrize(
    ("criteria", "finds"),
    [
        ({"usd_minor_min": 500_000_00, "usd_minor_max": 500_000_00}, True),
        ({"usd_minor_min": 500_000_01}, False),
        ({"usd_minor_max": 499_999_99}, False),
        ({"kinds": ["equipment"]}, False),
        ({"regions": ["african"], "topics": ["judicial_cooperation"]}, True),
        ({"states": ["UGA"]}, False),
    ],
)
async def test_alert_finds_what_lacks_money_by_its_criteria(
    api: Client, inbox: Inbox, criteria: dict[str, Any], finds: bool
) -> None:
    await an_alert(api, DONOR, "funding", **criteria)
    story = NeedStory(inbox)
    await story.circulates("providers")
    await story.lacks(500_000_00)

    assert finds == bool(await notices(api, DONOR))


async def test_mail_of_what_has_been_funded_meanwhile_is_not_sent(
    api: Client, inbox: Inbox, db: Database, sink: Sink
) -> None:
    await subscribe(api, DONOR)
    await an_alert(api, DONOR, "funding")
    story = NeedStory(inbox)
    await story.circulates("providers")
    await story.lacks(500_000_00)
    await story.got(500_000_00, 0)
    while await a_sender(db, sink.port).send_next():
        pass

    assert [] == sink.accepted


@pytest.mark.writes_nothing
@pytest.mark.parametrize(
    ("appointment", "body", "status", "slug"),
    [
        (DONOR, {"subject": "requests"}, 403, "not-for-your-role"),
        (STATE, {"subject": "funding"}, 403, "not-for-your-role"),
        (STATE, {"subject": "offerings", "usd_minor_min": 1}, 400, "amounts-of-funding-only"),
        (DONOR, {"subject": "funding", "usd_minor_min": 2, "usd_minor_max": 1}, 400, "amounts-reversed"),
    ],
)
async def test_alert_that_fits_neither_role_nor_subject_is_rejected(
    api: Client, appointment: str, body: dict[str, Any], status: int, slug: str
) -> None:
    answer = await api.post("/v1/alerts", json=body, headers=headers(appointment))

    assert (status, slug) == (answer.status_code, answer.json()["slug"])


class OfferingStory:
    """The facts of one offering of Norway."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox, self.offering_id, self.version = inbox, uuid4(), 0

    async def tell(self, kind: type[Fact], **more: Any) -> None:
        self.version += 1
        await self.inbox.receive(an_event(kind(offering_id=self.offering_id, **more), self.version))

    async def submitted(self, **eligible: Any) -> None:
        terms = m.Terms(
            kinds=("mla_training",),
            topics=("mutual_legal_assistance",),
            articles=("UNTOC:18",),
            paragraphs=(),
            pillars=(),
            languages=(Language.EN,),
            interpretation=(),
            modalities=("in_person",),
            eligible=m.Eligibility(**eligible),
            valid=Period(starts=date(2026, 1, 1), ends=date(2028, 12, 31)),
            capacity=(),
            resource_status="funded",
        )
        await self.tell(
            m.OfferingSubmitted,
            provider="NOR",
            language=Language.EN,
            terms=terms,
            texts_hash="0" * 64,
            submitted_at=NOON,
        )

    async def approved(self) -> None:
        await self.tell(m.OfferingApproved, provider="NOR", approved_at=NOON)


@pytest.mark.parametrize(
    ("eligible", "criteria", "finds"),
    [
        ({}, {"kinds": ["mla_training"], "regions": ["weog"], "states": ["NOR"]}, True),
        ({}, {"topics": ["international_cooperation"]}, True),
        ({}, {"kinds": ["equipment"]}, False),
        ({}, {"states": ["CAN"]}, False),
        ({"states": ("UGA",)}, {}, False),
        ({"states": ("UGA",), "regions": ("african",)}, {}, True),
        ({"excluded_states": ("KEN",)}, {}, False),
        ({"income_groups": ("low",)}, {}, False),
        ({"income_groups": ("lower_middle",)}, {}, True),
        ({"special_groups": ("ldc", "sids")}, {}, False),
    ],
)
async def test_state_is_notified_of_an_approved_offering_that_is_for_it(
    api: Client, inbox: Inbox, eligible: dict[str, Any], criteria: dict[str, Any], finds: bool
) -> None:
    await an_alert(api, STATE, "offerings", **criteria)
    story = OfferingStory(inbox)
    await story.submitted(**eligible)
    before = await notices(api, STATE)
    await story.approved()
    await story.tell(m.OfferingSuspended, provider="NOR", suspended_at=NOON)
    await story.tell(m.OfferingResumed, provider="NOR", resumed_at=NOON)

    assert ([], [OFFERINGS] if finds else []) == (before, await notices(api, STATE))


async def test_digest_shows_offerings_and_needs_with_their_labels(api: Client, inbox: Inbox, db: Database) -> None:
    await an_alert(api, STATE, "offerings", frequency="weekly")
    await an_alert(api, DONOR, "funding", frequency="weekly")
    offering, gone, need = OfferingStory(inbox), OfferingStory(inbox), NeedStory(inbox)
    for one in (offering, gone):
        await one.submitted()
        await one.approved()
    await gone.tell(m.OfferingWithdrawn, provider="NOR", withdrawn_at=NOON)
    await need.circulates("providers")
    await need.lacks(100)
    with clock.use_clock(lambda: datetime(2026, 12, 7, 12, tzinfo=UTC) + timedelta(days=1)):
        await issue_digests(db)
    shown = {}
    for appointment in (STATE, DONOR):
        (digest,) = await notifications_of(api, appointment)
        shown[appointment] = (await api.get(digest["link"], headers=headers(appointment))).json()["entries"]

    (of_state,), (of_donor,) = shown[STATE], shown[DONOR]
    assert (str(offering.offering_id), "NOR") == (of_state["offering_id"], of_state["organization"])
    assert of_state["text"].startswith("Norway · ")
    assert (str(need.requirement_id), "funding") == (of_donor["requirement_id"], of_donor["subject"])
    assert of_donor["text"].startswith("TA-2026-00007 · Kenya · ")
