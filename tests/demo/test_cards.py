"""A card of the demo fits 80 columns with the longest names and amounts, and shows every amount whole."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType

from contracts.reference import kinds
from services.demo.cards import (
    COLUMNS,
    contributions_card,
    delivery_card,
    donor_card,
    ended_card,
    heading,
    joint_card,
    joint_delivery_card,
    proposed_card,
    reasons,
    report_card,
    request_card,
    round_card,
    summary,
)
from services.demo.contributing import Contributed
from services.demo.donor import DonorStory
from services.demo.extending import Extended
from services.demo.joint import JointDelivery
from services.demo.people import Api, personas
from services.demo.planning import Planned
from services.demo.portal_card import extension_card, review_progress_card
from services.demo.records import Ended, LineRecord, RequestRecord
from services.demo.reporting import Reported
from services.demo.samples import unmarked
from services.demo.steps import Steps

LONGEST_KIND = max(kinds(), key=len)
LONGEST_PROVIDER = max((one.organization for one in personas()), key=len)
LARGE = {"minor": 9_999_999_999, "currency": "USD"}
LARGE_WORDS = "USD 99,999,999.99"
TITLES = {
    "Latin": "[Fictitious sample] " + "mutual legal assistance " * 7,
    "Arabic": "[مثال خيالي] " + "المساعدة القانونية المتبادلة " * 6,
    "Chinese": "[虚构示例]" + "司法协助与引渡培训" * 20,
    "without a blank": "x" * 200,
}


def printed(parts: Iterable[RenderableType], *, columns: int = COLUMNS) -> list[str]:
    console = Console(file=io.StringIO(), width=columns)
    console.print(Group(*parts))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def a_reason(says: str, points: int, of: int) -> dict[str, object]:
    return {"says": says, "points": points, "of": of}


def a_line(**changed: Any) -> LineRecord:
    explanation = changed.pop("explanation", [a_reason("Offered as asked: " + "topic; " * 40, 220, 220)])
    match = {"provider": LONGEST_PROVIDER, "score": 1000, "status": "in_delivery", "explanation": explanation}
    values: dict[str, Any] = {"kind": LONGEST_KIND, "match": match, "needed": LARGE, "covered": True}
    return LineRecord(**values | changed)


def a_record(*lines: LineRecord, title: str = "[Fictitious sample]", **request: Any) -> RequestRecord:
    shown = {"reference": "TA-2026-99999", "state": "CIV", "status": "open", "outcome": None} | request
    record = RequestRecord("CIV:focal_point", title, "fr", shown, lines=list(lines), suggestion_ms=12_345.6)
    record.notified = ["CIV:focal_point", *(f"{one.organization}:{one.role}" for one in personas()[:9])]
    return record


@pytest.mark.parametrize("details", [False, True])
@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
def test_card_of_a_request_fits_80_columns(title: str, details: bool) -> None:
    record = a_record(a_line(), a_line(spent=True), title=title, status="closed", outcome="partially_met")
    lines = printed(request_card(record, details=details))

    assert COLUMNS >= max(cell_len(line) for line in lines)
    assert 2 == sum(line.strip().startswith(LARGE_WORDS) for line in lines)
    assert 2 == sum(line.rstrip().endswith("1000/1000 in_delivery") for line in lines)
    assert title.replace(" ", "") in "".join(lines).replace(" ", "")


def test_who_pays_is_said_of_each_line() -> None:
    lines = [a_line(needed=None), a_line(), a_line(spent=True), a_line(covered=False)]
    text = "\n".join(printed(request_card(a_record(*lines), details=False)))

    for words in ("provider pays", f"{LARGE_WORDS} allocated", f"{LARGE_WORDS} spent", f"{LARGE_WORDS} missing"):
        assert 1 == text.count(words)


def test_one_reason_is_shown_and_with_details_all_whole() -> None:
    explanation = [a_reason("topics " * 20, 220, 220), a_reason("articles", 110, 110)]
    short, long = (
        "\n".join(printed(request_card(a_record(a_line(explanation=explanation)), details=details)))
        for details in (False, True)
    )

    assert ("…" in short, "articles" in short) == (True, False)
    assert ("…" in long, "110/110 articles" in long, long.count("topics")) == (False, True, 20)
    assert ("notified:" in short, "notified:" in long) == (False, True)


def test_largest_missing_share_is_shown_beside_what_fits() -> None:
    explanation = [
        a_reason("topics", 220, 220), a_reason("region", 18, 60), a_reason("articles", 110, 110),
        a_reason("language", 90, 100), a_reason("experience", 0, 60), a_reason("window", 100, 100),
    ]  # fmt: skip

    assert ["220/220 topics", "110/110 articles", "100/100 window", "0/60 experience"] == reasons(
        a_line(explanation=explanation)
    )


def test_full_match_lacks_nothing() -> None:
    assert ["1000/1000 topics"] == reasons(a_line(explanation=[a_reason("topics", 1000, 1000)]))


@pytest.mark.parametrize("columns", [40, COLUMNS, 200])
def test_amounts_of_a_donor_are_whole_in_any_width(columns: int) -> None:
    """This includes the refund, with the names of both finance officers."""
    text = "\n".join(printed(donor_card(given(), REFUNDED), columns=columns))

    assert 8 == sum(line.strip().startswith(LARGE_WORDS) for line in text.splitlines())
    assert 9 == text.count(LARGE_WORDS.removeprefix("USD ")), "the spent amount is shown beside its allocation"
    assert columns < COLUMNS or ("Ingrid Halvorsen" in text and "Samir Haddad" in text)
    assert (
        columns < COLUMNS or COLUMNS >= max(cell_len(line.rstrip()) for line in text.splitlines()) or columns > COLUMNS
    )


REFUNDED = {"donor": "CHE", "fund": "TA-REQUESTS", "status": "approved", "money": LARGE}


def given() -> DonorStory:
    made = DonorStory(Steps(Api.__new__(Api), lambda *_: None), None, ())
    minor = LARGE["minor"]
    made.pledge = {
        "donor": "FRA",
        "agreement": "FRA/2026/31",
        "fund": "SHERLOC-MNT",
        "status": "received",
        "money": LARGE,
    }
    made.instalments = [{"due_on": "2026-09-01", "minor": minor, "open_minor": 0, "late": True}]
    made.allocations = [{"work_package": "case_law_upload", "usd_minor": minor, "spent_usd_minor": minor}]
    made.activity = {
        "activity_kind": "outreach",
        "status": "completed",
        "participants": 86,
        "allocated_usd_minor": minor,
    }
    made.in_kind = {"form": "equipment", "status": "acknowledged", "money": LARGE}
    made.to_a_need = {"money": LARGE}
    made.need = {"state": "KAZ", "title": TITLES["Latin"]}
    requirement = {"work_package": "case_law_upload", "year": 2027, "usd_minor": minor}
    made.raised = {"reason": "costs_changed", "requirements": [requirement]}
    return made


@pytest.mark.parametrize("details", [False, True])
def test_card_of_a_round_fits_80_columns(details: bool) -> None:
    line = {"line_id": "one", "state": "MDG", "groups": ["ldc", "lldc", "sids"], "priority": 1300}
    got = {"provider": LONGEST_PROVIDER, "starts": "2027-07-01", "score": 758}
    why_not = {"provider": LONGEST_PROVIDER, "says": "All that is left in this period goes to others. " * 3}
    planned = {
        "lines": 10_000, "deliveries": 9_999, "status": "discarded", "says": "This is the best plan there is. " * 4,
        "value": 1_798_400, "bound": 1_798_401, "gap_millionths": 1,
        "plan": [line | {"deliveries": [got]}],
        "unmet": [line | {"hindrances": [why_not]}, line | {"hindrances": [], "says": "No offering fits."}],
    }  # fmt: skip
    text = printed(round_card(Planned(planned, {"one": TITLES["Latin"]}), details=details))

    assert COLUMNS >= max(cell_len(one.rstrip()) for one in text)
    assert any("from 2027-07-01, score 758" in one for one in text)
    assert any("No offering fits." in one for one in text)


def test_card_of_a_joint_delivery_shows_the_share_of_each_state() -> None:
    member = {"state": "KEN", "persons": 500, "status": "provider_confirmed", "funding_needed": LARGE}
    joint = {
        "provider": LONGEST_PROVIDER, "people": 10_000, "states": 20, "status": "partly_agreed",
        "members": [member, member | {"state": "UGA", "funding_needed": None}],
        "money_needed": LARGE, "money_uncovered": LARGE,
    }  # fmt: skip

    shown = printed(joint_card(joint))

    assert all(cell_len(one) <= COLUMNS for one in shown)
    assert 3 == "\n".join(shown).count(LARGE_WORDS)


def test_card_of_a_donor_fits_80_columns() -> None:
    assert COLUMNS >= max(cell_len(line) for line in printed(donor_card(given(), REFUNDED)))


def test_heading_is_as_wide_as_the_card() -> None:
    assert COLUMNS == heading("TA-2026-99999  CIV  fr", "closed: partially_met").cell_len


def test_card_of_a_delivery_fits_80_columns_and_says_what_became_of_each_version() -> None:
    record = a_record(a_line())
    contact = {"name": "[Fictitious sample] " + "N" * 60, "function": "F" * 80}
    record.delivery = {
        "provider": LONGEST_PROVIDER,
        "state": "CIV",
        "status": "in_delivery",
        "contacts": {"state": [contact], "provider": []},
        "completed_on": "2026-12-20",
        "comment": "Fictitious sample: " + "C" * 90,
    }
    record.messages = [{"side": "state", "text": "Fictitious sample: " + "M" * 90}]
    record.sessions, record.audited = [a_session(2, 22)], [a_session(None, None)]
    versions = [
        {
            "version": number,
            "side": "provider",
            "terms": {"participants": 100_000, "women": 50_000},
            **dict.fromkeys(("state_signed_on", "provider_signed_on"), signed),
        }
        for number, signed in ((3, "2026-12-01"), (2, "2026-11-30"), (1, None))
    ]
    record.agreement = {"in_force": 3, "versions": versions}

    lines = printed(delivery_card(record))

    assert all(cell_len(line) <= COLUMNS for line in lines)
    said = " ".join(" ".join(line.split()) for line in lines)
    assert said.index("answered with another one") < said.index("replaced") < said.index("in force, signed by both")
    assert "amended by the provider" in said
    assert "24 persons, 2 women, 22 men" in said
    assert "as an auditor sees it: 24 persons, how many women and men hidden" in said


def a_session(women: int | None, men: int | None) -> dict[str, Any]:
    """A session of 24 persons; None hides a count."""
    by_sex = [
        {"code": code, "people": people, "suppressed": people is None}
        for code, people in (("women", women), ("men", men))
    ]
    return {
        "period": {"from": "2026-12-10"},
        "trainers": [{"name": "N" * 60}],
        "participants": [{"participants": {"people": 24, "by_sex": by_sex}}],
    }


def test_card_of_an_ended_delivery_fits_80_columns() -> None:
    delivery = {"provider": LONGEST_PROVIDER, "state": "CIV", "status": "terminated", "reason": "security_situation"}
    ended = Ended(delivery, {"suspended": "S" * 90, "terminated": "T" * 90})

    assert all(cell_len(one) <= COLUMNS for one in printed(ended_card(ended)))


def test_card_of_a_proposed_completion_fits_80_columns() -> None:
    remark = {"move": "completion-proposed", "comment": "P" * 90}
    delivery = {"provider": LONGEST_PROVIDER, "state": "CIV", "status": "completion_proposed", "remarks": [remark]}

    assert all(cell_len(one) <= COLUMNS for one in printed(proposed_card(delivery | {"proposed_on": "2026-12-01"})))


def test_card_of_a_joint_delivery_says_what_began_and_when_it_can_end() -> None:
    members = [{"state": state, "persons": 10_000} for state in ("CIV", "MDG")]
    begun, not_begun = (
        {"delivery_id": state, "state": state, "status": status, "begun_at": at}
        for state, status, at in (("CIV", "in_delivery", "2026-11-30T00:00:00Z"), ("MDG", "open", None))
    )
    held, planned = (
        {"status": status, "place": "P" * 90, "serves": 2, "people": 22, "period": {"from": day, "until": day}}
        for status, day in (("held", "2026-11-30"), ("planned", "2027-08-01"))
    )
    held["participants"] = [{"participants": {"people": each}} for each in (12, 9)]
    planned["participants"] = []
    proposed = {"provider": LONGEST_PROVIDER, "members": members}
    covered = {state: {"covered_usd_minor": LARGE["minor"]} for state in ("CIV", "MDG")}

    lines = printed(joint_delivery_card(JointDelivery(proposed, [begun, not_begun], [held, planned], covered)))

    assert all(cell_len(one) <= COLUMNS for one in lines)
    said = " ".join(" ".join(lines).split())
    assert 2 == said.count(f"{LARGE_WORDS} allocated")
    assert "begun 2026-11-30" in said
    assert "not begun" in said
    assert "held for 2 deliveries, 21 took part" in said
    assert "planned for 2 deliveries, 22 people" in said
    assert "not before 2027-08-01" in said


def extended() -> Extended:
    extension = {
        "status": "in_progress", "title": TITLES["Latin"], "cost": LARGE, "work_package": "case_law_upload",
        "voted_by": ["KEN", "PER"] * 20,
        "progress_notes": [{"noted_at": "2026-11-30T00:00:00Z", "text": TITLES["without a blank"]}],
    }  # fmt: skip
    pledge = {"donor": "USA", "money": LARGE, "status": "partially_received"}
    notices = [{"organization": "USA", "subject": "An extension to which you earmarked a pledge is planned " * 2}]
    record = {"cluster": "law_enforcement_and_judiciary", "progress": "partly_addressed", "text": TITLES["Arabic"]}
    progress = [record | {"state": "KEN", "status": "shown"}, record | {"state": "PER", "status": "own"}]
    return Extended(extension, pledge, notices, progress, {"agreed": 1})


def test_card_of_an_extension_shows_its_earmarked_pledge_and_what_the_donor_is_notified_of() -> None:
    lines = printed(extension_card(extended()))

    assert all(cell_len(one) <= COLUMNS for one in lines)
    said = " ".join(" ".join(lines).split())
    assert 2 == said.count(LARGE_WORDS)
    assert "from USA, partially_received" in said
    assert "USA is notified" in said


def test_card_of_review_progress_says_which_record_the_table_shows() -> None:
    lines = printed(review_progress_card(extended()))

    assert all(cell_len(one) <= COLUMNS for one in lines)
    said = " ".join(" ".join(lines).split())
    assert said.index("KEN") < said.index("in the table for the Conference") < said.index("PER")
    assert "read by its State and UNODC only" in said


@pytest.mark.parametrize("text", ["[Exemple fictif] Un titre", "[虚构示例]Un titre", "Fictitious sample: Un titre"])
def test_mark_of_a_sample_is_left_out(text: str) -> None:
    assert "Un titre" == unmarked(text) == unmarked("Un titre")


def test_summary_counts_what_was_closed_and_the_kinds_that_are_offered() -> None:
    records = [
        a_record(status="closed", outcome="met"), a_record(status="closed", outcome="met"),
        a_record(status="closed", outcome="partially_met"), a_record(),
    ]  # fmt: skip

    assert [
        "4 requests, 3 of them delivered, evaluated and closed (2 met, 1 partially_met).",
        "Offerings for 1 of 2 kinds of assistance.",
    ] == list(summary(records, ["outreach"], ["outreach", "training"]))


def test_report_card_says_what_was_counted_and_where_the_files_are() -> None:
    numbers = {name: {"in_year": 5, "to_date": 1_000_000} for name in ("requests", "matches")}
    report = {
        "year": 2026,
        "as_of": "2026-12-31",
        "status": "superseded",
        "figures": {"totals": {**numbers, "deliveries": {"in_year": 0, "to_date": 3}}},
        "texts": [{"block": "II.k", "language": language} for language in ("fr", "ar", "en", "es", "ru", "zh")],
    }
    files = tuple(Path("/tmp") / ("a folder of some length " * 5) / f"report-2026-{one}.pdf" for one in ("fr", "ar"))

    lines = printed(report_card(Reported(report, files)))

    assert all(cell_len(line) <= COLUMNS for line in lines)
    text = " ".join(" ".join(lines).split())
    assert "3 deliveries" in text
    assert "report-2026-ar.pdf" in "".join(line.strip() for line in lines)


def test_contributions_are_shown_with_what_was_marked_in_them() -> None:
    one = {
        "kind": "court_decision",
        "outcome": "partial_conviction",
        "articles": ["UNTOC:5"] * 3,
        "text": "Mr. Sample",
        "state": "KEN",
        "status": "accepted",
        "title": TITLES["Latin"],
        "reason": None,
        "marks": [],
    }
    mark = {"field": "text", "start": 0, "end": 10, "kind": "name"}
    lines = printed(
        contributions_card(Contributed(one, one | {"status": "returned", "reason": "personal_data", "marks": [mark]}))
    )

    assert COLUMNS >= max(cell_len(line) for line in lines)
    assert "marked as name: Mr. Sample" in lines[-1]
    assert "reason: personal_data" in lines[-2]
