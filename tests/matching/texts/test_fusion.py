"""Rankings are fused by rank, in any order of input."""

import random

from hypothesis import given
from hypothesis import strategies as st

from services.matching.texts.fusion import fused

RANKINGS = st.lists(st.lists(st.sampled_from("abcdef"), unique=True), max_size=4)


def test_good_ranks_in_two_rankings_beat_one_first_rank() -> None:
    assert ["b", "a", "c"] == fused([["a", "b"], ["c", "b"]])[:3]


def test_equal_ranks_are_ordered_by_id() -> None:
    assert ["a", "b"] == fused([["b", "a"], ["a", "b"]])
    assert ["a"] == fused([["b", "a"], ["a", "b"]], limit=1)


def test_no_rankings_give_an_empty_ranking() -> None:
    assert [] == fused([]) == fused([[], []])


@given(RANKINGS, st.randoms(use_true_random=False))
def test_order_of_rankings_does_not_matter(rankings: list[list[str]], chance: random.Random) -> None:
    assert fused(rankings) == fused(chance.sample(rankings, len(rankings)))
    assert {one for ranking in rankings for one in ranking} == set(fused(rankings))


@given(st.lists(st.sampled_from("abcdef"), unique=True))
def test_single_ranking_is_unchanged(ranking: list[str]) -> None:
    assert ranking == fused([ranking])
