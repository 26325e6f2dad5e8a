"""Figures as of a day: requests, matches, deliveries and their results, by the codes of the lines."""

from uuid import uuid4

import pytest
from msgspec.structs import replace

from contracts import deliveries as d
from contracts import effects, results, sessions
from contracts import requests as r
from tests.builders import NOON
from tests.reports.steps import (
    AUDITOR,
    KENYA,
    AMatch,
    Client,
    Owners,
    a_line,
    a_ranking,
    a_session,
    a_submission,
    approval,
    asked,
    day,
    numbers,
    of_request,
    on,
    planned,
    shown,
)


async def test_a_request_is_counted_in_the_status_it_had_on_that_day(api: Client, owners: Owners) -> None:
    request = a_submission()
    await owners.tell(request, day=0)
    await owners.tell(of_request(r.RequestRegistered, request, "registered_at", reference="TA-1"), day=2)
    await owners.tell(of_request(r.RequestOpened, request, "opened_at", priority="high"), day=40)

    assert {} == await numbers(api, "requests", as_of=day(-1))
    assert {"submitted": 1} == await numbers(api, "requests", as_of=day(1))
    assert {"registered": 1} == await numbers(api, "requests", as_of=day(39))
    assert {"open": 1} == await numbers(api, "requests", as_of=day(40))
    assert {"high": 1} == await numbers(api, "requests", by="priority")


async def test_lines_are_counted_by_each_of_their_codes(api: Client, owners: Owners) -> None:
    many = a_line(paragraphs=("I.k", "II.a"), articles=("UNTOC:18", "UNTOC:6"), languages=("en", "fr"), pillars=())
    await owners.tell(a_submission(many, a_line(kind="equipment", gender_marker=2), state="RWA"))

    expected = {
        "paragraph": {"I.k": 2, "II.a": 1},
        "article": {"UNTOC:18": 2, "UNTOC:6": 1},
        "language": {"en": 2, "fr": 1},
        "kind": {"equipment": 1, "mla_training": 1},
        "pillar": {"none": 1, "pursue": 1},
        "region": {"african": 2},
        "group": {"ldc": 2, "lldc": 2},
        "gender_marker": {"1": 1, "2": 1},
        "human_rights_marker": {"0": 2},
        "month": {"2026-03": 2},
        "state": {"RWA": 2},
    }
    assert expected == {by: await numbers(api, "lines", by=by) for by in expected}
    assert 2 == (await shown(api, "lines", by="paragraph"))["total"], "a line with two paragraphs is one line"


async def test_a_draft_is_in_no_figure(api: Client, owners: Owners) -> None:
    line = a_line()
    submitted = a_submission(line)
    given = {name: getattr(submitted, name) for name in r.RequestDrafted.__struct_fields__ if hasattr(submitted, name)}
    await owners.tell(r.RequestDrafted(**given, drafted_at=NOON))

    assert {} == await numbers(api, "requests")


async def test_a_held_request_resumes_where_it_was(api: Client, owners: Owners) -> None:
    request = a_submission()
    await owners.tell(request)
    await owners.tell(of_request(r.RequestHeld, request, "held_at", reason="other"), day=1)
    await owners.tell(of_request(r.RequestResumed, request, "resumed_at"), day=4)

    assert {"submitted": 1} == await numbers(api, "requests")


async def test_what_was_not_served_when_the_request_closed_is_unmet(api: Client, owners: Owners) -> None:
    served, other = a_line(), a_line(kind="equipment")
    request = a_submission(served, other)
    await owners.tell(request)
    changed = {"line_id": served.line_id, "match_id": uuid4(), "match_status": "completed"}
    await owners.tell(
        of_request(r.LineFulfilmentChanged, request, "changed_at", fulfilment="complete", **changed), day=3
    )
    await owners.tell(of_request(r.RequestClosed, request, "closed_at", outcome="partially_met"), day=9)

    assert {"open": 2} == await numbers(api, "lines", as_of=day(2))
    assert {"complete": 1, "unmet": 1} == await numbers(api, "lines")
    assert {"equipment": 1} == await numbers(api, "lines", by="kind", status="unmet")
    assert {"closed_partially_met": 1} == await numbers(api, "requests")


async def test_a_line_is_unserved_until_an_offering_is_found(api: Client, owners: Owners) -> None:
    served, other = a_line(), a_line(kind="equipment")
    request = a_submission(served, other)
    await owners.tell(a_ranking(request, served), day=5)  # received before the request
    await owners.tell(request, day=0)

    assert {"equipment": 1, "mla_training": 1} == await numbers(api, "unserved_lines", by="kind", as_of=day(4))
    assert {"equipment": 1} == await numbers(api, "unserved_lines", by="kind", as_of=day(5))

    await owners.tell(of_request(r.RequestWithdrawn, request, "withdrawn_at"), day=8)

    assert {} == await numbers(api, "unserved_lines", by="kind")


async def test_the_reasons_for_which_matches_ended_are_counted(api: Client, owners: Owners) -> None:
    line = a_line()
    request = a_submission(line)
    first, second = AMatch(request, line), AMatch(request, line, "JPN")
    await owners.tell(request, first.presented, second.presented, day=1)
    await owners.tell(first.declined("no_capacity"), day=6)

    assert {"no_capacity": 1} == await numbers(api, "match_ends", by="reason")
    assert {"presented": 1, "declined_by_provider": 1} == await numbers(api, "matches")
    assert {"JPN": 1, "NOR": 1} == await numbers(api, "matches", by="provider")
    assert {"I.k": 1} == await numbers(api, "match_ends", by="paragraph", status="declined_by_provider")


async def test_match_received_before_its_request_gets_its_codes_later(api: Client, owners: Owners) -> None:
    line = a_line()
    request = a_submission(line)
    match = AMatch(request, line)
    await owners.tell(match.presented, day=1)
    assert {"none": 1} == await numbers(api, "matches", by="paragraph")

    await owners.tell(request, day=0)

    assert {"I.k": 1} == await numbers(api, "matches", by="paragraph")


async def test_time_in_each_status_has_a_median(api: Client, owners: Owners) -> None:
    for registered in (1, 3, 20):
        request = a_submission()
        await owners.tell(request)
        await owners.tell(of_request(r.RequestRegistered, request, "registered_at", reference="TA-1"), day=registered)

    (cell,) = (await shown(api, "request_days"))["cells"]

    assert {"value": "submitted", "number": 3, "suppressed": False, "median_days": 3} == cell
    (early,) = (await shown(api, "request_days", as_of=day(2)))["cells"]
    assert (1, 1) == (early["number"], early["median_days"])


async def test_what_a_delivery_came_to_is_counted_by_the_codes_of_its_line(api: Client, owners: Owners) -> None:
    line = a_line()
    request = a_submission(line)
    match = AMatch(request, line)
    await owners.tell(request, match.opened)
    await owners.tell(match.delivery(d.DeliveryBegun, "begun_at"), day=1)
    of_result = {"delivery_id": match.delivery_id, "request_id": request.request_id, "state": "KEN", "provider": "NOR"}
    result = {**of_result, "result_id": uuid4(), "indicator": "people_trained"}
    report = {"side": "provider", "measured_on": on(2).date(), "texts_hash": "h", "reported_at": NOON}
    await owners.tell(results.ResultReported(**result, **report, actual=20), day=2)
    await owners.tell(results.ResultReported(**result, **report, actual=24), day=3)
    await owners.tell(results.ResultConfirmed(**result, confirmed_at=NOON), day=4)
    await owners.tell(match.delivery(d.DeliveryCompleted, "completed_at", completed_on=on(5).date()), day=5)
    effect = {**of_result, "effect_id": uuid4(), "match_id": match.ids["match_id"]}
    recorded = {"happened_on": on(5).date(), "language": "en", "texts_hash": "h", "recorded_by": uuid4()}
    await owners.tell(
        effects.EffectRecorded(**effect, **recorded, change="law_changed", articles=("UNTOC:6",), recorded_at=NOON),
        day=6,
    )

    assert {"in_delivery": 1} == await numbers(api, "deliveries", as_of=day(4))
    assert {"completed": 1} == await numbers(api, "deliveries")
    assert {"reported": 20} == await numbers(api, "people", as_of=day(2))
    assert {"confirmed": 24} == await numbers(api, "people")
    assert {"I.k": 24} == await numbers(api, "people", by="paragraph")
    assert {"people_trained": 24} == await numbers(api, "people", by="indicator")
    assert {"UNTOC:6": 1} == await numbers(api, "effects", by="article")


async def test_places_participants_and_trainers_are_counted_by_sex(api: Client, owners: Owners) -> None:
    line = a_line()
    request = a_submission(line)
    match = AMatch(request, line)
    await owners.tell(request, approval(request), match.opened)
    ids = a_session(match.delivery_id)
    trainers = sessions.BySex(women=1, other_or_not_stated=1)
    counted = sessions.ParticipantsBySex(delivery_id=match.delivery_id, women=9, men=14)
    held = sessions.SessionHeld(**ids, held_at=NOON, participants=(counted,), trainers=trainers)
    await owners.tell(planned(ids, people=25, women=10, request_id=request.request_id))
    await owners.tell(held, day=3)
    again = sessions.SessionParticipantsReported(
        **ids,
        reported=ids["deliveries"],
        counts_hash="h",
        reported_at=NOON,
        participants=(replace(counted, women=3, men=20),),
    )
    await owners.tell(again, day=5)

    assert {"others": 15, "women": 10} == await numbers(api, "places", by="sex")
    assert {"held": 25} == await numbers(api, "places")
    assert {"planned": 1} == await numbers(api, "sessions", as_of=day(2))
    assert {"women": 9, "men": 14} == await numbers(api, "participants", by="sex", as_of=day(4))
    assert {"women": 3, "men": 20} == await numbers(api, "participants", by="sex")
    codes = {"paragraph": "I.k", "language": "fr", "state": "KEN", "provider": "NOR", "month": "2026-03"}
    assert {by: {value: 23} for by, value in codes.items()} == {
        by: await numbers(api, "participants", by=by) for by in codes
    }
    assert {"women": 1, "other_or_not_stated": 1} == await numbers(api, "trainers", by="sex")
    # An auditor sees no small counts here, as on a delivery.
    for who in (AUDITOR, KENYA):
        early = await numbers(api, "participants", who, by="sex", as_of=day(4))
        assert {"women": 5, "men": 10} == early
        for figure, total in (("participants", 20), ("trainers", None)):
            seen = await shown(api, figure, who, by="sex")
            assert (True, [], total) == (seen["withheld"], seen["cells"], seen["total"]), (figure, who)


async def test_a_session_of_several_states_counts_each_states_participants(api: Client, owners: Owners) -> None:
    kenyas, ugandas = uuid4(), uuid4()
    ids = a_session(kenyas, ugandas, states=("KEN", "UGA"))
    people = [sessions.ParticipantsBySex(delivery_id=one, men=5 + place) for place, one in enumerate((kenyas, ugandas))]
    await owners.tell(planned(ids, trainers=(uuid4(), uuid4())))
    await owners.tell(sessions.SessionHeld(**ids, held_at=NOON, participants=tuple(people)), day=3)

    assert {"KEN": 5, "UGA": 6} == await numbers(api, "participants", by="state")
    assert {"KEN": 2, "UGA": 2} == await numbers(api, "trainers", by="state")
    assert {"other_or_not_stated": 2} == await numbers(api, "trainers", by="sex"), "older facts do not have the sex"


async def test_a_figure_says_how_fresh_it_is(api: Client, owners: Owners) -> None:
    await owners.tell(a_submission(), day=3)

    found = await shown(api, "requests")

    assert found["complete"]
    newest = {one["owner"]: one["newest"] for one in found["freshness"]}
    assert {
        "requests": "2026-03-04T12:00:00Z",
        "matching": None,
        "delivery": None,
        "pledges": None,
        "sherloc": None,
    } == newest


@pytest.mark.parametrize("query", [{"by": "provider"}, {"status": "none"}, {"as_of": "2999-01-01"}])
async def test_a_wrong_question_is_refused(api: Client, query: dict[str, str]) -> None:
    answer = await asked(api, "requests", KENYA, **query)

    assert answer.status_code == 400, answer.text
