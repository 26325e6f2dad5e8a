"""The sample world is marked as fictitious, uses existing codes, and has two feasible offerings for every need."""

import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chassis.settings import Settings
from contracts import reference
from contracts.pledges import Rate
from services.demo import joint, samples
from services.demo.samples import shift_to_today
from services.demo.show import show
from services.pledges.money.model import read_rate
from services.pledges.money.rates_csv import read_table
from tests.demo.steps import FICTITIOUS, feasible, lines, organization, world

WORLD = Path(__file__).parents[2] / "services" / "demo" / "world"
FICTITIOUS_PERSON = ("خيالية", "fictitious", "ficticio", "fictif", "вымышленное", "虚构")
CURRICULUM = {"convention_provisions", "obtaining_evidence", "preservation_of_stored_data", "real_time_traffic_data"}
TEXTS_CHARS_MAX = {"title": 200, "need": 4000, "summary": 4000}


def test_twelve_states_ask_two_in_each_language() -> None:
    requests = world("requests")

    assert 12 == len({organization(request) for request in requests}) == len(requests)
    assert dict.fromkeys(FICTITIOUS, 2) == Counter(request["body"]["language"] for request in requests)
    assert all(1 <= len(request["body"]["lines"]) <= 3 for request in requests)


def test_offerings_come_from_units_of_unodc_and_from_states() -> None:
    of_unodc = [offering for offering in world("offerings") if offering["as"].startswith("UNODC-")]

    assert (44, 25) == (len(world("offerings")), len(of_unodc))


def test_each_of_the_22_kinds_is_offered() -> None:
    offered = {kind for offering in world("offerings") for kind in offering["body"]["kinds"]}

    assert set(reference.kinds()) == offered
    assert 22 == len(offered)


def test_three_requests_that_can_be_delivered_this_year_are_brought_to_their_end() -> None:
    """A delivery can be completed from the first day of its line's window on, on any day of the year."""
    ending = [request for request in world("requests") if "outcome" in request]

    assert ["met", "partially_met", "met"] == [request["outcome"] for request in ending]
    for request in world("requests"):
        for line in request["body"]["lines"]:
            assert (request in ending) == (line["window"] == this_year()), request["as"]
            periods = [o["body"]["capacity"][0] for o in world("offerings") if feasible(request, line, o)]
            if request in ending:
                assert [this_year()] * len(periods) == [{edge: one[edge] for edge in this_year()} for one in periods]


def this_year() -> dict[str, str]:
    year = datetime.now(UTC).year
    return {"from": f"{year}-01-01", "until": f"{year}-12-31"}


def test_every_line_has_at_least_two_feasible_offerings() -> None:
    answers = {
        (request["as"], number, line["kind"]): sum(feasible(request, line, o) for o in world("offerings"))
        for number, (request, line) in enumerate(lines())
    }

    assert {} == {line: count for line, count in answers.items() if count < 2}


def test_a_line_that_may_not_circulate_yet_has_a_feasible_unit_of_unodc() -> None:
    of_unodc = [offering for offering in world("offerings") if offering["as"].startswith("UNODC-")]

    for request, line in lines():
        if request["body"]["circulation"] != "granted":
            assert any(feasible(request, line, offering) for offering in of_unodc), (request["as"], line["kind"])


def test_a_round_is_asked_for_more_than_there_is() -> None:
    """One of five lines may not be shown to a fitting provider, nothing fits another, and two need the same one."""
    answers = [
        {o["as"] for o in world("offerings") if feasible(request, request["body"]["lines"][0], o)}
        for request in world("round_requests")
    ]
    switzerland, colombia = "CHE:provider_officer", "COL:provider_officer"

    assert [{switzerland}, {switzerland}, {switzerland, colombia}, {switzerland}, set()] == answers
    assert ["granted", "granted", "granted", "none", "granted"] == [
        request["body"]["circulation"] for request in world("round_requests")
    ]


def test_one_offering_fits_the_lines_of_a_joint_delivery() -> None:
    (offering,) = (one for one in world("offerings") if one["body"]["title"] == joint.OFFERING)
    requests = world("joint_requests")

    assert offering["as"] == joint.PROVIDER
    assert all(feasible(request, request["body"]["lines"][0], offering) for request in requests)
    assert {"CIV", "MDG", "TUN"} == {request["as"].partition(":")[0] for request in requests}


def test_some_offerings_fit_nothing() -> None:
    idle = [o for o in world("offerings") if not any(feasible(request, line, o) for request, line in lines())]

    assert 2 <= len(idle) <= 8


def test_some_ask_for_a_treaty_and_something_cannot_wait() -> None:
    assert {"UNTOC", "FP"} == {code for o in world("offerings") for code in o["body"].get("treaties", [])}
    assert any(line.get("cannot_wait") for _, line in lines())


def test_restricted_kinds_are_asked_for_and_never_circulate() -> None:
    restricted = {code for code, kind in reference.kinds().items() if kind.restricted}

    assert restricted == {line["kind"] for _, line in lines()} & restricted
    assert {"none"} == {request["body"]["circulation"] for request, line in lines() if line["kind"] in restricted}


@pytest.mark.parametrize("field", ["topics", "articles", "paragraphs", "pillars", "languages", "interpretation"])
def test_listed_codes_exist_and_none_is_listed_twice(field: str) -> None:
    known = set(getattr(reference, "languages" if field == "interpretation" else field)())
    bodies = [line for _, line in lines()] + [offering["body"] for offering in world("offerings")]

    for body in bodies:
        codes = body.get(field, [])
        assert len(set(codes)) == len(codes)
        assert set() == set(codes) - known


def test_kinds_modalities_institutions_and_states_exist() -> None:
    for request, line in lines():
        assert organization(request) in reference.countries()
        assert line["kind"] in reference.kinds()
        assert line["modality"] in reference.modalities()
        assert line["institution"] in reference.institutions()
        assert set(line["paragraphs"]) & set(reference.kinds()[line["kind"]].paragraphs)
        assert {line["gender_marker"], line["human_rights_marker"]} <= {0, 1, 2}
    for offering in (offering["body"] for offering in world("offerings")):
        eligible = offering["eligible"]
        assert set(offering["kinds"]) <= set(reference.kinds())
        assert set(offering["modalities"]) <= set(reference.modalities())
        assert {*eligible["states"], *eligible["excluded_states"]} <= set(reference.countries())
        assert set(eligible["regions"]) <= {country.region for country in reference.countries().values()}
        assert set(offering["curriculum"]) <= CURRICULUM
        assert set(offering.get("treaties", [])) <= set(reference.instruments())


def test_windows_lie_in_the_next_year_or_are_delivered_in_this_one_and_capacity_periods_do_not_overlap() -> None:
    next_year = datetime.now(UTC).year + 1
    for request, line in lines():
        assert {next_year - ("outcome" in request)} == {
            date.fromisoformat(line["window"][edge]).year for edge in ("from", "until")
        }
        assert line["window"]["from"] < line["window"]["until"]
    for offering in (offering["body"] for offering in world("offerings")):
        edges = [day for period in offering["capacity"] for day in (period["from"], period["until"])]
        assert sorted(set(edges)) == edges
        assert offering["valid"]["from"] <= edges[0] < edges[-1] <= offering["valid"]["until"]


def test_only_an_offering_that_is_not_funded_names_what_it_needs() -> None:
    for offering in (offering["body"] for offering in world("offerings")):
        assert (offering["resource_status"] == "funded") == (offering["funding_needed"] is None), offering["title"]


def test_every_text_says_that_it_is_fictitious_and_keeps_its_length() -> None:
    texts = [
        (body["language"], name, body[name])
        for o in world("offerings")
        for body in [o["body"]]
        for name in ("title", "summary")
    ]
    for request in [*world("requests"), *world("round_requests"), *world("joint_requests"), *world("ended_requests")]:
        body = request["body"]
        texts += [(body["language"], name, body[name]) for name in ("title", "need")]
        for line in body["lines"]:
            for name in ("institution_name", "markers_justification", "outcome", "in_place"):
                texts.append((body["language"], name, line[name]))
    texts += [
        (language, "title", label) for fund in world("pledges")["funds"] for language, label in fund["labels"].items()
    ]

    for language, name, text in texts:
        assert text.startswith(FICTITIOUS[language] + " "), text
        assert len(text) <= TEXTS_CHARS_MAX.get(name, 1000), text
    assert all(pledge["note"].startswith(tuple(FICTITIOUS.values())) for pledge in world("pledges")["pledges"])


def test_everyone_who_acts_is_a_persona_with_an_identity_of_their_own() -> None:
    personas = world("personas")
    known = {f"{persona['organization']}:{persona['role']}" for persona in personas}
    acting = {
        filed["as"]
        for filed in [
            *world("requests"),
            *world("round_requests"),
            *world("joint_requests"),
            *world("ended_requests"),
            *world("offerings"),
            *world("pledges")["pledges"],
        ]
    }

    assert set() == acting - known
    assert len(personas) == len({UUID(persona["person_id"]) for persona in personas})
    assert {"UNODC:coordinator": 2, "UNODC:administrator": 2, "UNODC:finance_officer": 2} == {
        who: count for who, count in Counter(f"{p['organization']}:{p['role']}" for p in personas).items() if count > 1
    }
    assert "UNODC:auditor" in known
    assert all(persona["language"] in FICTITIOUS for persona in personas)
    assert all(any(word in persona["name"] for word in FICTITIOUS_PERSON) for persona in personas)


def test_no_address_leads_outside_the_reserved_domain() -> None:
    assert all(re.fullmatch(r"[a-z.]+@[a-z-]+\.example", persona["email"]) for persona in world("personas"))
    for path in sorted(WORLD.iterdir()):
        for address in re.findall(r"[\w.+-]+@[\w.-]+", path.read_text(encoding="utf-8")):
            assert address.endswith(".example"), path


def loaded() -> list[Rate]:
    """The rates as the route reads them from the file."""
    return [line.rate for line in read_table((WORLD / "rates.csv").read_text(encoding="utf-8"))]


def test_every_pledge_can_be_converted_on_its_day() -> None:
    rates = {(rate.currency, rate.valid_from.isoformat()) for rate in loaded()}
    pledges = world("pledges")

    assert "`rates.csv` has fictitious monthly rates" in (WORLD / "README.md").read_text(encoding="utf-8")
    assert {"NOK", "EUR", "JPY", "CHF", "USD", "KWD"} == {pledge["money"]["currency"] for pledge in pledges["pledges"]}
    assert 8 == len(pledges["pledges"])
    for pledge in pledges["pledges"]:
        assert pledge["fund"] in {fund["code"] for fund in pledges["funds"]}
        assert pledge["money"]["currency"] in reference.currencies()
        assert (pledge["money"]["currency"], pledge["pledged_on"][:8] + "01") in rates


def test_rates_are_given_for_every_month_of_2026_and_are_positive() -> None:
    rates = loaded()

    assert 6 * 12 == len({(rate.currency, rate.valid_from) for rate in rates}) == len(rates)
    assert all(read_rate(rate.usd_per_unit) > 0 for rate in rates)


def test_the_demo_says_that_the_rates_it_loads_are_fictitious(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("services.all_in_one.run_together", lambda *_, **__: None)

    async def do_nothing(*_: object) -> None: ...

    show(
        Settings(state=tmp_path),
        [],
        leave=True,
        as_json=True,
        fail=pytest.fail,
        appoint_founders=do_nothing,
        expire=do_nothing,
        follow_up=do_nothing,
    )

    (said,) = (line for line in capsys.readouterr().err.splitlines() if "rates of exchange" in line)
    assert "fictitious" in said
    assert {"fictitious"} == {rate.source for rate in loaded()}


def test_periods_are_as_far_ahead_in_any_year_and_nothing_else_is_moved() -> None:
    written = json.loads(shift_to_today("offerings.json", today=date(2026, 11, 27)))
    later = json.loads(shift_to_today("offerings.json", today=date(2029, 1, 1)))

    assert json.loads((WORLD / "offerings.json").read_bytes()) == written
    assert all(
        until(one) == date(until(two).year - 3, until(two).month, until(two).day)
        for one, two in zip(written, later, strict=True)
    )
    assert [one["body"]["title"] for one in written] == [one["body"]["title"] for one in later]


def test_the_last_of_february_is_moved_to_a_day_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "world", lambda name: b'{"from": "2028-02-29", "until": "2028-03-31"}')

    assert b'{"from": "2029-02-28", "until": "2029-03-31"}' == shift_to_today("any.json", today=date(2027, 6, 1))


def until(offering: dict[str, Any]) -> date:
    return date.fromisoformat(offering["body"]["valid"]["until"])
