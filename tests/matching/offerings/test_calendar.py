"""The calendar of an offering as other programs read it: periods, and confirmed deliveries in codes."""

from datetime import date
from typing import Any

from icalendar import Calendar

from tests.builders import AHEAD, headers
from tests.matching.offerings.steps import approved, offered
from tests.matching.steps import COORDINATOR, KENYA, NORWAY, Client, Owner, move, presented

TITLE = (
    "Fictitious sample; with a comma, and a title that is longer than the seventy-five octets of a line: " + "é" * 60
)


async def events(api: Client, offering_id: str, by: str = NORWAY) -> list[Any]:
    answer = await api.get(f"/v1/offerings/{offering_id}/calendar.ics", headers=headers(by))
    assert answer.status_code == 200, answer.text
    assert "text/calendar; charset=utf-8" == answer.headers["Content-Type"]
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


def read(event: Any) -> tuple[str, date, date]:
    return str(event["SUMMARY"]), event["DTSTART"].dt, event["DTEND"].dt


async def test_periods_are_events_of_whole_days(api: Client) -> None:
    offering = await approved(api, title=TITLE)

    found = await events(api, offering["offering_id"])

    assert [
        (TITLE, date(AHEAD, 1, 1), date(AHEAD, 7, 1)),
        (TITLE, date(AHEAD, 7, 1), date(AHEAD + 1, 1, 1)),
    ] == [read(one) for one in found]
    assert [one["UID"] for one in found] == [one["UID"] for one in await events(api, offering["offering_id"], KENYA)]


async def test_confirmed_deliveries_are_events_for_those_who_see_the_match(api: Client, owner: Owner) -> None:
    match = await presented(api, owner)
    assert 2 == len(await events(api, match["offering_id"]))

    await move(api, await move(api, match, "accept", KENYA), "confirm", NORWAY)

    for by in (NORWAY, COORDINATOR, KENYA):
        *_, delivery = await events(api, match["offering_id"], by)
        assert "KEN mla_training" == read(delivery)[0], by
        assert match["match_id"] in delivery["UID"]
        assert date(AHEAD, 1, 1) <= read(delivery)[1] < read(delivery)[2] <= date(AHEAD, 7, 1)
    assert 2 == len(await events(api, match["offering_id"], "UGA:focal_point"))


async def test_calendar_of_a_draft_is_for_its_provider(api: Client) -> None:
    offering = await offered(api, submit=False)
    path = f"/v1/offerings/{offering['offering_id']}/calendar.ics"

    assert [200, 404] == [(await api.get(path, headers=headers(by))).status_code for by in (NORWAY, KENYA)]
