"""What was done at SHERLOC's desk is counted, under its paragraphs of the resolution."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from contracts import contributions as c
from contracts import extensions as e
from contracts import legislation as g
from contracts import meetings as m
from contracts import outreach as o
from contracts import practices as p
from contracts import review_progress as v
from contracts.facts import Fact
from contracts.values import Money
from tests.builders import NOON
from tests.reports.annual.steps import drafted, of_paragraph, report
from tests.reports.steps import AUDITOR, COORDINATOR, FIRST, KENYA, Client, Owners, asked, day, numbers, shown

FINANCE = "UNODC:finance_officer"
USD = Money(minor=1_000_000, currency="USD")
WORDS: dict[str, Any] = {"language": "en", "texts_hash": "h"}


def outreach(reach: int, audience: str = "academia") -> list[Fact]:
    ids: dict[str, Any] = {"outreach_activity_id": uuid4(), "audience": audience}
    plan = {"outreach_kind": "webinar", "languages": ("en", "fr"), "budget": USD, "reach_target": 100, **WORDS}
    days = {"starts": FIRST, "ends": FIRST + timedelta(days=1)}
    return [
        o.OutreachActivityPlanned(**ids, **plan, **days, planned_at=NOON),
        o.OutreachActivityHeld(**ids, reach=reach, held_at=NOON),
    ]


def contribution(kind: str, state: str = "KEN") -> list[Fact]:
    ids: dict[str, Any] = {"contribution_id": uuid4(), "state": state, "kind": c.ContributionKind(kind)}
    content = {"articles": ("UNTOC:6",), "rights": "public_domain", "marks": 0, **WORDS}
    return [
        c.ContributionDrafted(**ids, **content, drafted_at=NOON),
        c.ContributionSubmitted(**ids, submitted_at=NOON),
        c.ContributionAccepted(**ids, accepted_at=NOON),
        c.ContributionWithdrawn(**ids, withdrawn_at=NOON),
    ]


def practice() -> list[Fact]:
    ids: dict[str, Any] = {"practice_id": uuid4(), "practice_kind": "tool", "state": "KEN"}
    said = {"topics": ("extradition",), "country_review": "nothing", **WORDS}
    return [
        p.PracticeRecorded(**ids, **said, recorded_at=NOON),
        p.PracticeSubmitted(**ids, submitted_at=NOON),
        p.PracticeCatalogued(**ids, catalogued_at=NOON),
    ]


def extension(*states: str) -> list[Fact]:
    extension_id = uuid4()
    return [
        e.ExtensionProposed(extension_id=extension_id, cost=USD, work_package="w", **WORDS, proposed_at=NOON),
        *(e.ExtensionVotedFor(extension_id=extension_id, state=state, voted_at=NOON) for state in states),
        e.ExtensionVoteWithdrawn(extension_id=extension_id, state=states[0], withdrawn_at=NOON),
        e.ExtensionReleased(extension_id=extension_id, released_at=NOON),
    ]


def register(state: str = "KEN") -> list[Fact]:
    article = {"instrument": "UNTOC", "article": "UNTOC:6"}
    ids: dict[str, Any] = {"legislation_id": uuid4(), "state": state, **article}
    return [
        g.LegislationRecorded(**ids, status=g.LegislationStatus.NONE, texts_hash="h", recorded_at=NOON),
        g.LegislationSubmitted(**ids, submitted_at=NOON),
        g.LegislationPublished(**ids, texts_hash="h", published_at=NOON),
    ]


def progress(state: str, *, agreed: bool) -> list[Fact]:
    ids: dict[str, Any] = {"review_progress_id": uuid4(), "state": state, "cluster": "international_cooperation"}
    recorded = v.ReviewProgressRecorded(**ids, progress="addressed", **WORDS, recorded_at=NOON)
    return [recorded, *([v.ReviewProgressConsented(**ids, consented_at=NOON)] if agreed else [])]


def meeting(**people: int) -> list[Fact]:
    ids: dict[str, Any] = {"meeting_id": uuid4(), "starts_on": FIRST}
    return [
        m.MeetingPlanned(**ids, **WORDS, planned_at=NOON),
        m.MeetingInvited(**ids, states=("KEN",), invited_at=NOON),
        *(m.MeetingSignedUp(**ids, state=state, people=number, signed_up_at=NOON) for state, number in people.items()),
        m.MeetingHeld(**ids, held_at=NOON),
    ]


async def a_year(owners: Owners) -> None:
    """A small year of the desk: one of most things, two of some."""
    await owners.tell(*outreach(120), *outreach(30, "legislators"))
    await owners.tell(*contribution("court_decision")[:3], *contribution("strategy")[:3], *practice())
    await owners.tell(*extension("KEN", "UGA", "GHA"), *register(), *register("UGA"))
    await owners.tell(*progress("KEN", agreed=True), *progress("UGA", agreed=False))
    await owners.tell(*meeting(KEN=2, UGA=9))


async def test_what_the_desk_did_is_counted_by_its_codes(api: Client, owners: Owners) -> None:
    await a_year(owners)

    assert {"held": 2} == await numbers(api, "outreach")
    assert {"academia": 120, "legislators": 30} == await numbers(api, "reach", by="audience")
    assert {"court_decision": 1, "strategy": 1} == await numbers(api, "contributions", by="contribution_kind")
    assert {"I.d": 1, "I.o": 1} == await numbers(api, "contributions", by="paragraph")
    assert {"catalogued": 1} == await numbers(api, "practices")
    assert {"released": 1} == await numbers(api, "extensions")
    assert {"UGA": 1, "GHA": 1} == await numbers(api, "votes", by="state"), "Kenya withdrew its vote"
    assert {"no_law": 2, "submitted": 2, "published": 2} == await numbers(api, "register_changes")
    assert {"recorded": 1, "agreed": 1} == await numbers(api, "review_progress")
    assert {"held": 1} == await numbers(api, "meetings")
    assert {"KEN": 2, "UGA": 9} == await numbers(api, "delegates", by="state")
    assert [] == (await shown(api, "outreach", as_of=day(-1)))["cells"]


async def test_the_report_to_the_conference_says_what_the_desk_did(api: Client, owners: Owners) -> None:
    await a_year(owners)

    view = await report(api, await drafted(api))

    done = {
        paragraph: {name: one["to_date"] for name, one in of_paragraph(view, paragraph).items() if one["to_date"] != 0}
        for paragraph in ("I.a", "I.b", "I.d", "I.e", "I.f", "I.o", "II.i", "II.j", "II.k")
    }
    assert {
        "I.a": {"register_changes": 6},
        "I.b": {"outreach": 2, "reach": 150},
        "I.d": {"contributions": 1},
        "I.e": {"extensions": 1, "votes": 2},
        "I.f": {"practices": 1},
        "I.o": {"contributions": 1},
        "II.i": {"practices": 1},
        "II.j": {"review_progress": 1},
        "II.k": {"meetings": 1, "delegates": 10},
    } == done, "of the progress only what its State agreed to show"


async def test_a_state_counts_its_own_records_of_the_desk(api: Client, owners: Owners) -> None:
    await a_year(owners)

    assert {"no_law": 1, "submitted": 1, "published": 1} == await numbers(api, "register_changes", KENYA)
    assert {"agreed": 1} == await numbers(api, "review_progress", KENYA)
    for figure in ("extensions", "meetings", "outreach"):
        assert {} == await numbers(api, figure, KENYA), "it is no record of one State"
    figures = (await report(api, await drafted(api, KENYA), KENYA))["figures"]
    assert {"register_changes": 3, "contributions": 2, "practices": 1, "review_progress": 1} == {
        name: one["to_date"] for name, one in figures["totals"].items() if one["to_date"]
    }


async def test_drafts_of_contributions_and_practices_are_not_counted(api: Client, owners: Owners) -> None:
    begun, _, _, withdrawn = contribution("strategy")
    await owners.tell(begun, withdrawn, contribution("strategy")[0], practice()[0])

    for figure in ("contributions", "practices"):
        assert {} == await numbers(api, figure), figure


async def test_finance_officers_and_the_public_do_not_read_the_desk(api: Client, owners: Owners) -> None:
    """As in the service that owns the records: a finance officer sees those that everyone sees."""
    await a_year(owners)

    for name in ("contributions", "practices", "register_changes", "review_progress", "meetings", "delegates"):
        codes = [(await asked(api, name, who)).status_code for who in (FINANCE, AUDITOR, COORDINATOR)]
        assert [403, 200, 200] == codes, name
        assert [] == (await asked(api, name, public=True)).json()["cells"]
    for name in ("outreach", "extensions", "votes"):
        assert 200 == (await asked(api, name, FINANCE)).status_code
