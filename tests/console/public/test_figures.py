"""Figures of what is published."""

from typing import Any

import pytest

from services.console.public.figures import by_region, by_topic_and_region, pictures, written

REGIONS = ("african", "asia_pacific")


def an_offering(*topics: str, regions: tuple[str, ...] = (), kind: str = "training") -> dict[str, Any]:
    return {"topics": topics, "regions": regions, "kinds": [kind]}


def test_offering_is_counted_in_each_of_its_regions_but_once_in_the_total() -> None:
    offerings = [an_offering("extradition", regions=REGIONS), an_offering("extradition", "prosecution")]

    table = by_topic_and_region(offerings, REGIONS)

    assert ["extradition", "prosecution"] == table.rows
    assert (1, 1, 1) == tuple(table.counts["extradition", region] for region in (*REGIONS, "any"))
    assert {"extradition": 2, "prosecution": 1} == table.totals


def test_requests_are_counted_by_the_regional_group_of_their_state() -> None:
    requests = [{"state": state} for state in ("KEN", "UGA", "FJI", "VAT")]

    assert [("african", 2), ("asia_pacific", 1)] == by_region(
        requests, {"KEN": "african", "UGA": "african", "FJI": "asia_pacific", "VAT": None}
    )


@pytest.mark.parametrize(("count", "shown"), [(0, "0"), (1, "\u2066< 3\u2069"), (2, "\u2066< 3\u2069"), (3, "3")])
def test_small_cells_are_not_shown(count: int, shown: str) -> None:
    assert shown == written(count, "en")


def test_one_and_two_look_the_same_in_every_picture_and_table() -> None:
    """Neither the texts nor the shade of a cell or the length of a bar differ."""
    kept = [an_offering("prosecution", regions=("african",), kind="mentoring")] * 5
    one, two = (
        pictures([*kept, *[an_offering("extradition", regions=("asia_pacific",))] * count], [], REGIONS, {}, "en")
        for count in (1, 2)
    )

    assert one == two


def test_finding_names_no_count_below_three() -> None:
    (heat, kinds) = pictures([an_offering("extradition")] * 2, [], REGIONS, {}, "en")

    assert "No topic has three or more published offerings yet." == heat.finding
    assert "No kind of assistance has three or more published offerings yet." == kinds.finding


def test_nothing_published_gives_no_picture() -> None:
    assert [] == pictures([], [], REGIONS, {}, "en")
