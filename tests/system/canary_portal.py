"""Contributions to SHERLOC, its portal, meetings and the yearly report, with a text in every free field."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.system.canaries import Readers
from tests.system.canary_stage import (
    COORDINATOR,
    EVERYBODY,
    FINANCE,
    KENYA,
    NO_READERS,
    NORWAYS,
    OFFICIAL,
    OVERSEERS,
    STATE,
    UGANDA,
    Stage,
)

TODAY = datetime.now(UTC).date().isoformat()
STATES: Readers = OVERSEERS | {KENYA, OFFICIAL, NORWAYS, UGANDA}
COST = {"minor": 100_000, "currency": "USD"}
CONTRIBUTIONS, CONTRIBUTION = "/v1/contributions", "/v1/contributions/{contribution_id}"
OF_STATE = {"language": "en", "rights": "public_domain"}
DECISION = {
    **OF_STATE,
    "decided_on": TODAY,
    "parties": ["Republic", "A."],
    "offence": "money_laundering",
    "outcome": "conviction",
    "articles": ["UNTOC:5"],
    "authors": "",
}
BOOKS = {**OF_STATE, "court": ""}
CHECKED = dict.fromkeys(("complete", "rights_checked", "no_personal_data"), True)
PORTAL = {"portal_address": "https://sherloc.example/1"}
EXTENSIONS, EXTENSION = "/v1/extensions", "/v1/extensions/{extension_id}"
ACTIVITIES, ACTIVITY = "/v1/outreach-activities", "/v1/outreach-activities/{outreach_activity_id}"
PROGRESS = "/v1/review-progress"
MEETINGS, MEETING = "/v1/meetings", "/v1/meetings/{meeting_id}"
REPORTS, REPORT = "/v1/reports", "/v1/reports/{report_id}"


async def contribute(stage: Stage) -> None:
    """Contribute a decision that is returned, published and superseded, a marked text, and a withdrawn bibliography.

    Of the comments, only the last one is shown.
    """
    decision = {"kind": "court_decision", **DECISION}
    one = await stage.say(KENYA, "POST", CONTRIBUTIONS, decision)
    one = await stage.say(
        KENYA, "POST", f"{CONTRIBUTION}/revise", DECISION, about=one, to=EVERYBODY, comment=NO_READERS
    )
    for who, move, body in (
        (KENYA, "submit", {}),
        (COORDINATOR, "return", {"reason": "other"}),
        (KENYA, "submit", {}),
        (COORDINATOR, "accept", CHECKED),
        (COORDINATOR, "publish", PORTAL),
    ):
        one = await stage.say(who, "POST", f"{CONTRIBUTION}/{move}", body, about=one)
    newer = await stage.say(OFFICIAL, "POST", CONTRIBUTIONS, decision, to=EVERYBODY, comment=NO_READERS)
    for who, move, body in (
        (KENYA, "submit", {}),
        (COORDINATOR, "accept", CHECKED),
        (COORDINATOR, "publish", PORTAL),
    ):
        to = STATE if move == "publish" else NO_READERS
        newer = await stage.say(who, "POST", f"{CONTRIBUTION}/{move}", body, about=newer, to=to)
    superseded_by = {"superseded_by": newer["contribution_id"]}
    await stage.say(COORDINATOR, "POST", f"{CONTRIBUTION}/supersede", superseded_by, about=one, to=STATE)
    named = {"kind": "explanatory_material", **OF_STATE, "title": "Mr. John Sample", "articles": ["UNTOC:5"]}
    marked = await stage.say(
        KENYA, "POST", CONTRIBUTIONS, {**named, "authors": "", "court": ""}, to=STATE, comment=NO_READERS
    )
    marked = await stage.say(KENYA, "POST", f"{CONTRIBUTION}/submit", {}, about=marked)
    await stage.say(COORDINATOR, "POST", f"{CONTRIBUTION}/clear-marks", {}, about=marked, to=STATE)
    books = await stage.say(KENYA, "POST", CONTRIBUTIONS, {"kind": "bibliography", **BOOKS})
    books = await stage.say(KENYA, "POST", f"{CONTRIBUTION}/revise", BOOKS, about=books)
    await stage.say(KENYA, "POST", f"{CONTRIBUTION}/withdraw", {}, about=books)
    table = "kind,language,title,articles,rights\nexplanatory_material,en,{},UNTOC:5,public_domain\n"
    await stage.import_records(KENYA, f"{CONTRIBUTIONS}/import", table, STATE)


async def extend_the_portal(stage: Stage) -> None:
    """Create an extension and an outreach activity, and revise each, so that their first texts are gone."""
    item = {"language": "en", "cost": COST, "work_package": "development"}
    one = await stage.say(COORDINATOR, "POST", EXTENSIONS, item)
    one = await stage.say(COORDINATOR, "POST", f"{EXTENSION}/revise", item, about=one, to=EVERYBODY)
    for move in ("plan", "begin"):
        one = await stage.say(COORDINATOR, "POST", f"{EXTENSION}/{move}", {}, about=one)
    await stage.say(COORDINATOR, "POST", f"{EXTENSION}/note", {"language": "en"}, about=one, to=EVERYBODY)
    activity = {
        "audience": "judges_and_prosecutors",
        "outreach_kind": "webinar",
        "language": "en",
        "languages": ["en"],
        "starts": TODAY,
        "ends": TODAY,
        "budget": COST,
        "reach_target": 10,
    }
    planned = await stage.say(COORDINATOR, "POST", ACTIVITIES, activity)
    await stage.say(COORDINATOR, "POST", f"{ACTIVITY}/revise", activity, about=planned, to=EVERYBODY)


async def report_progress(stage: Stage) -> None:
    """Report the progress of a State that has not agreed to show it yet."""
    said = {"progress": "partly_addressed", "language": "en"}
    about: dict[str, Any] = {"state": "KEN", "cluster": "international_cooperation", **said}
    one = await stage.say(KENYA, "POST", PROGRESS, about)
    await stage.say(KENYA, "POST", f"{PROGRESS}/{{review_progress_id}}/revise", said, about=one, to=STATE)


async def meet(stage: Stage) -> None:
    # The day may have ended since the test began.
    plan = {"starts_on": datetime.now(UTC).date().isoformat(), "language": "en"}
    one = await stage.say(COORDINATOR, "POST", MEETINGS, plan)
    one = await stage.say(COORDINATOR, "POST", f"{MEETING}/revise", plan, about=one, to=STATES)
    for who, move, body in (
        (COORDINATOR, "invite", {"states": ["KEN"]}),
        (KENYA, "sign-up", {"people": 1}),
        (COORDINATOR, "hold", {}),
    ):
        one = await stage.say(who, "POST", f"{MEETING}/{move}", body, about=one)
    at = {"meeting_id": one["meeting_id"], "lesson_id": str(uuid4())}
    await stage.say(KENYA, "PUT", f"{MEETING}/lessons/{{lesson_id}}", {}, about=at, to=STATES)


async def write_the_report(stage: Stage) -> None:
    """Draft the report, which UNODC reads."""
    report = await stage.say(COORDINATOR, "POST", REPORTS, {"year": int(TODAY[:4]), "as_of": TODAY})
    about = {**report, "block": "II.k", "language": "en"}
    await stage.say(
        COORDINATOR, "PUT", f"{REPORT}/texts/{{block}}/{{language}}", {}, about=about, to=OVERSEERS | {FINANCE}
    )
