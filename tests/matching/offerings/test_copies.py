"""An offering copied from an earlier one has its terms a year later."""

from datetime import date
from typing import Any

import pytest

from services.matching.offerings.model import years_later
from tests.builders import AHEAD, headers
from tests.matching.offerings.steps import approved
from tests.matching.steps import CEB, NORWAY, Client

SAME = ("language", "title", "summary", "kinds", "topics", "articles", "eligible", "group_size_max", "curriculum")


async def copied(api: Client, offering: Any, by: str = NORWAY, **changes: Any) -> Any:
    body = {"language": "en", "from_offering": offering["offering_id"]} | changes
    return await api.post("/v1/offerings", json=body, headers=headers(by))


async def test_copy_is_a_draft_with_periods_a_year_later(api: Client) -> None:
    earlier = await approved(api)

    answer = await copied(api, earlier)

    assert 201 == answer.status_code, answer.text
    copy = answer.json()
    assert ("draft", None, 1) == (copy["status"], copy["available_since"], copy["revision"])
    assert {name: earlier[name] for name in SAME} == {name: copy[name] for name in SAME}
    assert {"from": f"{AHEAD}-01-01", "until": f"{AHEAD + 2}-12-31"} == copy["valid"]
    assert [(f"{AHEAD + 1}-01-01", f"{AHEAD + 1}-06-30", 2), (f"{AHEAD + 1}-07-01", f"{AHEAD + 1}-12-31", 1)] == [
        (one["from"], one["until"], one["units"]) for one in copy["capacity"]
    ]


async def test_what_the_body_says_is_used_instead(api: Client) -> None:
    copy = (await copied(api, await approved(api), title="Another title", group_size_max=5, submit=True)).json()

    assert ("submitted", "Another title", 5) == (copy["status"], copy["title"], copy["group_size_max"])


async def test_only_own_offerings_are_copied(api: Client) -> None:
    answer = await copied(api, await approved(api), CEB)

    assert (404, "not-found") == (answer.status_code, answer.json()["slug"])


async def test_copy_in_another_language_is_refused(api: Client) -> None:
    answer = await copied(api, await approved(api), language="fr")

    assert (400, "copy-language-differs") == (answer.status_code, answer.json()["slug"])


async def test_new_offering_needs_a_title_and_a_validity(api: Client) -> None:
    answer = await api.post("/v1/offerings", json={"language": "en"}, headers=headers(NORWAY))

    assert (400, "missing-field") == (answer.status_code, answer.json()["slug"])
    assert ["title", "valid"] == [one["field"] for one in answer.json()["details"]["errors"]]


@pytest.mark.parametrize(
    ("day", "later"), [(date(2027, 3, 1), date(2028, 3, 1)), (date(2028, 2, 29), date(2029, 2, 28))]
)
def test_leap_day_becomes_the_last_of_february(day: date, later: date) -> None:
    assert later == years_later(day, 1)
