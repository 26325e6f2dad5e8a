"""Of people only coordinators see small numbers, and the numbers from which they follow; records are exact."""

from collections import defaultdict
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import matching as m
from services.reports.figures.suppression import Shown, of_persons
from tests.reports.steps import (
    AUDITOR,
    COORDINATOR,
    KENYA,
    OFFICIAL,
    AMatch,
    Client,
    Owners,
    a_line,
    a_submission,
    asked,
    counted_people,
    day,
    numbers,
    shown,
)

TABLES = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 60), max_size=6)


def all_numbers(found: Shown) -> list[int]:
    return [one for one in (*found.cells.values(), found.total) if one is not None]


@given(TABLES)
def test_no_number_below_five_is_shown(table: dict[str, int]) -> None:
    found = of_persons(table, sum(table.values()))

    assert not [one for one in all_numbers(found) if 0 < one < 5]
    assert all(found.cells.get(value) is None for value, number in table.items() if 0 < number < 5)


@given(TABLES)
def test_no_number_is_suppressed_alone(table: dict[str, int]) -> None:
    found = of_persons(table, sum(table.values()))

    assert list(found.cells.values()).count(None) != 1 or len(found.cells) == 1


@given(TABLES)
def test_a_number_that_is_shown_is_at_most_four_too_low(table: dict[str, int]) -> None:
    found = of_persons(table, sum(table.values()))

    assert all(0 <= table[value] - number < 5 for value, number in found.cells.items() if number is not None)


@given(st.lists(TABLES, min_size=2, max_size=6))
def test_numbers_of_two_reports_never_differ_by_less_than_five(tables: list[dict[str, int]]) -> None:
    """Each report may be another day, another code, or a part of another one; any two of their numbers are compared."""
    seen = {one for table in tables for one in all_numbers(of_persons(table, sum(table.values())))}

    assert not [(one, other) for one in seen for other in seen if 0 < abs(one - other) < 5]


@pytest.mark.parametrize(("values", "highest"), [(1, 30), (2, 24), (3, 14), (4, 9)])
def test_who_knows_the_rules_cannot_tell_a_small_number(values: int, highest: int) -> None:
    """Among all tables that are shown alike, each small number has at least two possible values."""
    alike: dict[Any, list[tuple[int, ...]]] = defaultdict(list)
    for given_numbers in product(range(highest + 1), repeat=values):
        found = of_persons(dict(zip("abcd", given_numbers, strict=False)), sum(given_numbers))
        alike[tuple(sorted(found.cells.items())), found.total, found.withheld].append(given_numbers)

    reported = [
        tables[0]
        for tables in alike.values()
        for place in range(values)
        if len({one[place] for one in tables}) == 1 and 0 < tables[0][place] < 5
    ]
    assert [] == reported


READERS = [KENYA, OFFICIAL, AUDITOR, "UNODC:finance_officer"]


@pytest.mark.parametrize("who", READERS)
async def test_no_small_number_of_people_is_found_between_two_days(api: Client, owners: Owners, who: str) -> None:
    await counted_people(owners, mla_training=10, day=0)
    await counted_people(owners, mla_training=3, day=1)

    before, after = [await shown(api, "people", who, as_of=day(one)) for one in (0, 1)]

    assert [10, 10] == [one["total"] for one in (before, after)]
    assert not after["exact"]
    assert 13 == (await shown(api, "people"))["total"]


@pytest.mark.parametrize("who", READERS)
async def test_no_small_number_of_people_is_found_by_subtraction(api: Client, owners: Owners, who: str) -> None:
    """Of protected persons one or two are one or two people."""
    await counted_people(owners, mla_training=12, equipment=8, witness_protection=2)

    found = await shown(api, "people", who, by="kind")

    assert {"mla_training": 10, "equipment": None, "witness_protection": None} == {
        cell["value"]: cell["number"] for cell in found["cells"]
    }
    assert 20 == found["total"]
    assert 400 == (await asked(api, "people", who, by="kind", status="reported")).status_code
    exact = {"mla_training": 12, "equipment": 8, "witness_protection": 2}
    assert exact == await numbers(api, "people", COORDINATOR, by="kind")


@pytest.mark.parametrize("people", [{"mla_training": 3, "equipment": 3}, {"mla_training": 3}])
async def test_nothing_is_listed_where_all_is_suppressed(api: Client, owners: Owners, people: dict[str, int]) -> None:
    await counted_people(owners, **people)

    found = await shown(api, "people", KENYA, by="kind")

    assert (True, []) == (found["withheld"], found["cells"])


async def test_records_are_exact_for_a_state_about_itself(api: Client, owners: Owners) -> None:
    await owners.submit(1)
    await owners.submit(1, kind="equipment")
    await owners.submit(2, state="UGA")

    for who in (KENYA, OFFICIAL):
        found = await shown(api, "lines", who, by="kind")
        assert ({"mla_training": 1, "equipment": 1}, 2, True) == (
            {cell["value"]: cell["number"] for cell in found["cells"]},
            found["total"],
            found["exact"],
        )


async def test_a_state_counts_a_match_once_it_was_presented(api: Client, owners: Owners) -> None:
    line = a_line()
    request = a_submission(line)
    hidden, seen = AMatch(request, line), AMatch(request, line)
    scored = {"score": 900, "shares": (), "algorithm": "a1", "offering_revision": 1}
    await owners.tell(request, *(one.fact(m.MatchNominated, "nominated_at", **scored) for one in (hidden, seen)))
    await owners.tell(hidden.declined("no_capacity"), seen.presented, day=3)

    assert {"declined_by_provider": 1, "presented": 1} == await numbers(api, "matches")
    assert {"presented": 1} == await numbers(api, "matches", KENYA)
    assert ({}, {}) == (await numbers(api, "match_ends", KENYA), await numbers(api, "match_days", KENYA))
