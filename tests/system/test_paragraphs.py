"""Each of the 26 paragraphs of resolution 11/2 (annexes I and II), driven as a State, a coordinator or a donor would.

For a paragraph that asks for assistance a State files a line, for which help is found. If the work has a place of its
own, a second test covers it. The tests use the demo, whose offerings serve every kind of assistance.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from chassis.auth.tokens import Issuer
from contracts import reference
from services.demo.people import Api
from services.demo.samples import shift_to_today, world
from tests.builders import a_line, a_request
from tests.personas import ISSUER
from tests.sample_world import Demo

KENYA, COORDINATOR, NORWAY = "KEN:focal_point", "UNODC:coordinator", "NOR:donor_officer"
TODAY = datetime.now(UTC).date()
FOUND_SECONDS = 30
NOTE = "[Fictitious sample] For SHERLOC."
TEXT = {"language": "en", "title": "[Fictitious sample] A title", "text": "[Fictitious sample] A text."}

KINDS: Mapping[str, str] = {
    "I.a": "sherloc_record_update",
    "I.b": "outreach",
    "I.c": "sherloc_training",
    "I.d": "explanatory_legal_material",
    "I.f": "good_practices",
    "I.i": "training",
    "I.j": "legislative_review",
    "I.k": "mla_training",
    "I.l": "case_management",
    "I.m": "prosecution_planning",
    "I.n": "practice_directions",
    "I.o": "case_law_publication",
    "II.a": "legislative_drafting",
    "II.b": "strategy_development",
    "II.d": "victim_assistance",
    "II.e": "gender_responsive_training",
    "II.f": "inequality_analysis",
    "II.g": "gender_responsive_training",
    "II.h": "data_collection",
}
"""Maps the paragraphs for which a State asks for help to the kind of assistance."""

OWN_TESTS = ("I.a", "I.b", "I.d", "I.e", "I.f", "I.g", "I.h", "I.o", "II.c", "II.e", "II.i", "II.j", "II.k")
"""Paragraphs for which the docstring of a test further down says `paragraph: <code>`."""


@pytest.fixture
async def api(demo: Demo) -> AsyncIterator[Api]:
    found = Api(demo.platform.addresses, Issuer.load(demo.state / "issuer.jwk", ISSUER))
    yield found
    await found.close()


def a_line_for(kind: str, **changes: Any) -> dict[str, Any]:
    """Return a line of this kind that an offering of the demo serves."""
    offerings = [one["body"] for one in json.loads(shift_to_today("offerings.json", today=TODAY))]
    open_to_all = [one for one in offerings if kind in one["kinds"] and not any(one["eligible"].values())]
    offering = open_to_all[0]
    return a_line(
        kind=kind,
        **{name: offering[name] for name in ("topics", "articles", "pillars")},
        languages=offering["languages"][:1],
        modality=offering["modalities"][0],
        window={name: offering["capacity"][-1][name] for name in ("from", "until")},
        group_size=5,
        **changes,
    )


async def moved(api: Api, who: str, at: str, move: str, record: Mapping[str, Any], **body: Any) -> dict[str, Any]:
    """Make a move of a record in its revision."""
    return dict(await api.post(who, f"{at}/{move}", body, revision=record["revision"], step=str(uuid4())))


async def made(api: Api, who: str, path: str, **body: Any) -> dict[str, Any]:
    return dict(await api.post(who, path, body, step=str(uuid4())))


def test_every_paragraph_has_a_test() -> None:
    assert {one["code"] for one in json.loads(_paragraphs())["terms"]} == {*KINDS, *OWN_TESTS}
    assert len({*KINDS, *OWN_TESTS}) == 26
    assert all(f"paragraph: {code}." in (test.__doc__ or "") for code in OWN_TESTS for test in [_test_of(code)])


def _paragraphs() -> str:
    return reference.__spec__.loader.get_data(f"{reference.__path__[0]}/paragraphs.json").decode()


def _test_of(code: str) -> Any:
    return next(
        one for name, one in globals().items() if name.startswith("test_") and f"paragraph: {code}." in str(one.__doc__)
    )


@pytest.mark.parametrize("paragraph", KINDS)
async def test_help_is_found_for_a_line_of_the_paragraph(api: Api, paragraph: str) -> None:
    line = a_line_for(KINDS[paragraph], paragraphs=[paragraph])
    request = await made(api, KENYA, "/v1/requests", **a_request(lines=[line]))

    async def suggested() -> list[dict[str, Any]]:
        return list((await api.get(COORDINATOR, f"/v1/matches?request={request['request_id']}"))["matches"])

    deadline = time.monotonic() + FOUND_SECONDS
    while not (matches := await suggested()):
        assert time.monotonic() < deadline, "nothing was suggested"
        await asyncio.sleep(0.2)
    assert [paragraph] == request["lines"][0]["paragraphs"]
    assert all(0 < match["score"] for match in matches)


async def test_law_is_recorded_published_and_counted_as_fresh(api: Api) -> None:
    """paragraph: I.a. The State keeps its law on SHERLOC up to date, and reads how fresh its register is."""
    record = await made(
        api,
        KENYA,
        "/v1/legislation",
        state="KEN",
        article="UNTOC:23",
        status="missing",
        language="en",
        title="[Fictitious sample] An act",
        in_force_on=str(TODAY),
        address="https://law.example/23",
    )
    at = f"/v1/legislation/{record['legislation_id']}"
    record = await moved(api, KENYA, at, "submit", record)
    record = await moved(api, COORDINATOR, at, "review", record)
    await moved(api, COORDINATOR, at, "publish", record, portal_address="https://sherloc.example/23")

    found = await api.get(KENYA, "/v1/legislation/freshness?months=12")
    (kenya,) = [one for one in found["states"] if one["state"] == "KEN"]
    assert [1] <= [one["articles"] for one in kenya["counts"] if one["status"] == "published"]


async def test_outreach_is_planned_and_its_reach_recorded(api: Api) -> None:
    """paragraph: I.b. A coordinator plans an activity that makes SHERLOC known, and records its reach."""
    one = await made(
        api,
        COORDINATOR,
        "/v1/outreach-activities",
        **TEXT,
        audience="judges_and_prosecutors",
        outreach_kind="webinar",
        languages=["ar", "fr"],
        starts=str(TODAY),
        ends=str(TODAY),
        budget={"minor": 400_000, "currency": "USD"},
        reach_target=100,
    )
    held = await moved(
        api, COORDINATOR, f"/v1/outreach-activities/{one['outreach_activity_id']}", "hold", one, reach=120
    )

    assert (100, 120, "held") == (held["reach_target"], held["reach"], held["status"])


async def test_explanatory_material_is_checked_and_published(api: Api) -> None:
    """paragraph: I.d. A State explains its legislation; a coordinator checks it and puts it on SHERLOC."""
    one = await _contributed(api, kind="explanatory_material", articles=["UNTOC:5"])
    at = f"/v1/contributions/{one['contribution_id']}"
    checked = dict.fromkeys(("complete", "rights_checked", "no_personal_data"), True)
    one = await moved(api, COORDINATOR, at, "accept", one, **checked)
    one = await moved(api, COORDINATOR, at, "publish", one, portal_address="https://sherloc.example/d")

    assert "published" == one["status"]


async def test_donor_pays_for_an_extension_that_states_want(api: Api) -> None:
    """paragraph: I.e. An extension of SHERLOC to police cooperation is proposed, voted for, and pledged to."""
    cost = {"minor": 5_000_000, "currency": "USD"}
    one = await made(
        api,
        COORDINATOR,
        "/v1/extensions",
        language="en",
        title="[Fictitious sample] Police cooperation",
        scope="[Fictitious sample] Joint investigations, by article.",
        cost=cost,
        work_package="development",
    )
    at = f"/v1/extensions/{one['extension_id']}"
    await moved(api, KENYA, at, "vote", one)
    pledge = {"fund": "SHERLOC-DEV", "money": cost, "pledged_on": str(TODAY), "extension_id": one["extension_id"]}
    await made(api, NORWAY, "/v1/pledges", **pledge, earmarking="earmarked", note=NOTE)

    deadline = time.monotonic() + FOUND_SECONDS
    while not (found := await api.get(COORDINATOR, at))["pledges"]:
        assert time.monotonic() < deadline, "the pledge is not known"
        await asyncio.sleep(0.2)
    assert ["KEN"] == found["voted_by"]


async def test_practice_is_catalogued_and_found_in_another_language(api: Api) -> None:
    """paragraph: I.f. UNODC collects practices; another State finds one by its topic, in French."""
    one = await made(
        api,
        KENYA,
        "/v1/practices",
        **TEXT,
        practice_kind="practice",
        country_review="nothing",
        topics=["mutual_legal_assistance"],
        articles=["UNTOC:18"],
    )
    at = f"/v1/practices/{one['practice_id']}"
    one = await moved(api, KENYA, at, "submit", one)
    await moved(api, COORDINATOR, at, "catalogue", one)

    found = await api.get("CIV:focal_point", "/v1/practices?q=entraide+judiciaire&limit=100")
    assert one["practice_id"] in {each["practice_id"] for each in found["practices"]}


async def test_donor_sees_what_sherloc_lacks_and_pledges(api: Api) -> None:
    """paragraph: I.g. SHERLOC's maintenance is paid for by extrabudgetary funds."""
    before = await api.get(NORWAY, "/v1/funds/SHERLOC-MNT")
    money = {"minor": 1_000_000, "currency": "USD"}
    await made(api, NORWAY, "/v1/pledges", fund="SHERLOC-MNT", money=money, pledged_on=str(TODAY), note=NOTE)
    after = await api.get(NORWAY, "/v1/funds/SHERLOC-MNT")

    assert before["pledged_usd_minor"] + 1_000_000 == after["pledged_usd_minor"]


async def test_state_asks_other_states_by_name(api: Api) -> None:
    """paragraph: I.h. Assistance is asked of UNODC or of other States; the States that are named read the request."""
    request = await made(
        api,
        KENYA,
        "/v1/requests",
        **a_request(visibility="named", addressee={"to": "states", "states": ["ZAF"]}),
    )

    assert ("states", ["ZAF"]) == (request["addressee"], request["addressed_states"])


async def test_decision_of_a_court_is_returned_for_personal_data(api: Api) -> None:
    """paragraph: I.o. Decisions are made public without the names of those concerned."""
    one = await _contributed(
        api,
        kind="court_decision",
        articles=["UNTOC:5"],
        text="[Fictitious sample] Mr. John Sample was convicted.",
        court="[Fictitious sample] High Court",
        decided_on=str(TODAY),
        parties=["Republic", "A."],
        offence="money_laundering",
        outcome="conviction",
    )
    at = f"/v1/contributions/{one['contribution_id']}"
    assert ["name"] == [mark["kind"] for mark in one["marks"]]
    one = await moved(api, COORDINATOR, at, "return", one, reason="personal_data")

    assert "returned" == one["status"]


async def _contributed(api: Api, **changes: Any) -> dict[str, Any]:
    """Make a contribution and submit it for its State."""
    one = await made(api, KENYA, "/v1/contributions", **{**TEXT, "rights": "public_domain", **changes})
    return await moved(api, KENYA, f"/v1/contributions/{one['contribution_id']}", "submit", one)


async def test_balance_of_the_four_pillars_is_counted(api: Api) -> None:
    """paragraph: II.c. What States ask for is counted by pillar (prevent, pursue, protect, promote), as of today."""
    found = await api.get(COORDINATOR, "/v1/figures/lines?by=pillar")

    assert {"prevent", "pursue", "protect", "promote"} <= {one["value"] for one in found["cells"] if one["number"]}


async def test_markers_of_equality_are_counted(api: Api) -> None:
    """paragraph: II.e. The lines of requests are counted by their gender and human rights markers."""
    for marker in ("gender_marker", "human_rights_marker"):
        found = await api.get(COORDINATOR, f"/v1/figures/lines?by={marker}")
        assert sum(one["number"] for one in found["cells"]) >= 1, marker


async def test_offerings_of_unodc_say_whether_they_are_funded(api: Api) -> None:
    """paragraph: II.i. UNODC goes on giving assistance, resources permitting."""
    offered = [
        one["body"]["resource_status"] for one in json.loads(world("offerings.json")) if one["as"].startswith("UNODC")
    ]
    found = await api.get(COORDINATOR, "/v1/offerings?limit=100")
    of_unodc = {one["resource_status"] for one in found["offerings"] if one["provider"].startswith("UNODC")}

    assert {"funded", "partly"} <= of_unodc <= {*offered}


async def test_progress_after_the_review_is_in_the_table_when_the_state_agrees(api: Api) -> None:
    """paragraph: II.j. A State reports its progress, if it wishes; the Conference reads what it agreed to show."""
    one = await made(
        api,
        "CIV:focal_point",
        "/v1/review-progress",
        state="CIV",
        cluster="international_cooperation",
        progress="partly_addressed",
        language="fr",
        text="[Exemple fictif] Le registre est en ligne.",
    )
    before = await api.get(KENYA, "/v1/review-progress/table")
    await moved(api, "CIV:focal_point", f"/v1/review-progress/{one['review_progress_id']}", "consent", one)
    after = await api.get(KENYA, "/v1/review-progress/table")

    assert "CIV" not in {each["state"] for each in before["entries"]}
    assert "CIV" in {each["state"] for each in after["entries"]}


async def test_lessons_of_an_informal_meeting_have_no_author(api: Api) -> None:
    """paragraph: II.k. States share their experience on the margins of a working group."""
    one = await made(
        api,
        COORDINATOR,
        "/v1/meetings",
        starts_on=str(datetime.now(UTC).date()),
        place="https://meeting.example/1",
        language="en",
        title="[Fictitious sample] What helped",
        agenda="[Fictitious sample] Questions.",
        invitation="[Fictitious sample] You are welcome.",
    )
    at = f"/v1/meetings/{one['meeting_id']}"
    one = await moved(api, COORDINATOR, at, "invite", one, states=["KEN"])
    one = await moved(api, KENYA, at, "sign-up", one, people=2)
    one = await moved(api, COORDINATOR, at, "hold", one)
    one = await api.put(KENYA, f"{at}/lessons/{uuid4()}", {"text": "[Fictitious sample] A list helps."})

    assert [{"lesson_id", "text"}] == [each.keys() for each in one["lessons"]]
