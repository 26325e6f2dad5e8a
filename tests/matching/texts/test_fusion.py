"""Rankings are fused by rank: who stands well in several comes first, whatever the order in which they are given."""

import random

from hypothesis import given
from hypothesis import strategies as st

from services.matching.texts.fusion import fused

RANKINGS = st.lists(st.lists(st.sampled_from("abcdef"), unique=True), max_size=4)


def test_standing_well_in_two_rankings_beats_standing_first_in_one() -> None:
    assert ["b", "a", "c"] == fused([["a", "b"], ["c", "b"]])[:3]


def test_what_stands_equally_well_comes_by_id() -> None:
    assert ["a", "b"] == fused([["b", "a"], ["a", "b"]])
    assert ["a"] == fused([["b", "a"], ["a", "b"]], limit=1)


def test_nothing_is_fused_into_nothing() -> None:
    assert [] == fused([]) == fused([[], []])


@given(RANKINGS, st.randoms(use_true_random=False))
def test_the_order_of_the_rankings_changes_nothing(rankings: list[list[str]], chance: random.Random) -> None:
    assert fused(rankings) == fused(chance.sample(rankings, len(rankings)))
    assert {one for ranking in rankings for one in ranking} == set(fused(rankings))


@given(st.lists(st.sampled_from("abcdef"), unique=True))
def test_one_ranking_stays_as_it_is(ranking: list[str]) -> None:
    assert ranking == fused([ranking])
