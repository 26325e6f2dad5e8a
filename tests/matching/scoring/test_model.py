"""The score: thousandths that add up, independent of order, and higher for a better fit."""

import random
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.matching import Capacity, Eligibility, Judgement
from contracts.rankings import CRITERIA_MAX
from contracts.values import Period
from services.matching.offerings.model import Offering
from services.matching.scoring.constraints import violated
from services.matching.scoring.criteria import (
    FAR,
    FULL,
    NEAR,
    RATED,
    Experience,
    ScoringContext,
    experience_degree,
    mean_rating,
    meaning_degree,
)
from services.matching.scoring.model import Scored, ranked, scored
from services.matching.scoring.weights import CRITERIA, FIRST, Criterion, Weights
from tests.builders import AHEAD
from tests.matching.builders import a_wanted_line, an_offering, terms
from tests.matching.scoring.builders import AT_A_LIMIT, ONE_VIOLATED, knowledge, lines, offerings

UNJUDGED: set[Criterion] = {"meaning"}
"""Criteria that codes alone do not score."""


def test_weights_add_up_to_1000() -> None:
    assert FULL == sum(FIRST.of.values())
    assert set(CRITERIA) == set(FIRST.of)
    assert len(CRITERIA) <= CRITERIA_MAX


@given(lines(), offerings(), knowledge())
def test_shares_add_up_to_the_score_within_their_weights(line: Any, offering: Offering, known: ScoringContext) -> None:
    found = scored(line, offering, known=known)

    assert found.score == sum(share.points for share in found.shares) <= FULL
    assert all(0 <= share.points <= share.of for share in found.shares)
    judged = {name: of for name, of in known.weights.of.items() if name not in UNJUDGED}
    assert judged == {share.criterion: share.of for share in found.shares}
    assert f"codes-4:weights-{known.weights.version}" == found.algorithm


@given(lines(), st.lists(offerings(), max_size=8, unique_by=lambda o: o.offering_id), knowledge(), st.randoms())
def test_order_of_providers_does_not_change_the_ranking(
    line: Any, found: list[Offering], known: ScoringContext, chance: random.Random
) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)

    assert ranked(line, found, known=known) == ranked(line, shuffled, known=known)


def test_equal_scores_rank_by_offering_id() -> None:
    first, second = an_offering(offering_id=UUID(int=1)), an_offering(offering_id=UUID(int=2))

    assert [first, second] == [one.offering for one in ranked(a_wanted_line(), [second, first])]


def test_perfect_offering_gets_the_full_score() -> None:
    line = a_wanted_line(state="UGA")
    made_for_it = an_offering(provider="ZAF", terms=terms(topics=line.topics, eligible=Eligibility(states=("UGA",))))
    done = Experience(deliveries={"mla_training": 10}, topics=frozenset(line.topics))

    known = ScoringContext(experience={"ZAF": done})
    judgement = Judgement(model="letters", version="1", closeness=NEAR)
    assert FULL == scored(line, made_for_it, judgement, known=known).score
    assert FULL - FIRST.weight("meaning") == scored(line, made_for_it, known=known).score, (
        "what was not judged gives nothing"
    )


@given(lines(), offerings(), st.integers(0, FULL))
def test_judgement_adds_only_its_share(line: Any, offering: Offering, closeness: int) -> None:
    by_codes = scored(line, offering)

    judged = scored(line, offering, Judgement(model="letters", version="1", closeness=closeness))

    *others, meaning = judged.shares
    assert by_codes.shares == tuple(others)
    assert ("meaning", FIRST.weight("meaning")) == (meaning.criterion, meaning.of)
    assert judged.score == by_codes.score + meaning.points <= FULL


def test_closer_texts_never_give_fewer_points() -> None:
    degrees = [meaning_degree(closeness) for closeness in range(FULL + 1)]

    assert degrees == sorted(degrees)
    assert (0, 0, FULL, FULL) == (degrees[0], degrees[FAR], degrees[NEAR], degrees[FULL])


def test_criteria_not_asked_for_give_no_points() -> None:
    vague = a_wanted_line(topics=(), articles=(), paragraphs=(), pillars=())

    points = {share.criterion: share.points for share in scored(vague, an_offering()).shares}

    assert [0] * 4 == [points[criterion] for criterion in ("topics", "articles", "paragraphs", "pillars")]


@pytest.mark.parametrize(
    ("criterion", "better", "worse"),
    [
        ("topics", {"topics": ("mutual_legal_assistance",)}, {"topics": ("judicial_cooperation",)}),
        ("topics", {"topics": ("judicial_cooperation",)}, {"topics": ("extradition",)}),
        ("topics", {"topics": ("extradition",)}, {"topics": ("wildlife_forest_fisheries",)}),
        ("articles", {"articles": ("UNTOC:18",)}, {"articles": ("UNTOC:16",)}),
        ("kind", {"kinds": ("mla_training",)}, {"kinds": ("mla_training", "mentoring")}),
        ("paragraphs", {"paragraphs": ("I.k", "I.i")}, {"paragraphs": ("I.i",)}),
        ("pillars", {"pillars": ("pursue",)}, {"pillars": ("prevent",)}),
        ("language", {"languages": ("en",)}, {"languages": ("fr",), "interpretation": ("en",)}),
        ("region", {"eligible": Eligibility(states=("KEN",))}, {"eligible": Eligibility(regions=("african",))}),
        ("region", {"eligible": Eligibility(regions=("african",))}, {"eligible": Eligibility()}),
        ("funding", {"resource_status": "funded"}, {"resource_status": "partly"}),
        ("funding", {"resource_status": "partly"}, {"resource_status": "unfunded"}),
        (
            "window",
            {"capacity": (Capacity(period=Period(starts=date(AHEAD, 2, 1), ends=date(AHEAD, 6, 30)), units=1),)},
            {"capacity": (Capacity(period=Period(starts=date(AHEAD, 6, 1), ends=date(AHEAD, 6, 30)), units=1),)},
        ),
    ],
)
def test_each_criterion_prefers_the_better_fit(criterion: str, better: dict[str, Any], worse: dict[str, Any]) -> None:
    line = a_wanted_line()

    def points(changes: dict[str, Any]) -> int:
        shares = scored(line, an_offering(terms=terms(**changes))).shares
        return next(share.points for share in shares if share.criterion == criterion)

    assert points(better) > points(worse)


@pytest.mark.parametrize(
    ("criterion", "better", "worse"),
    [
        ("legal_system", {"provider": "UGA"}, {"provider": "UNODC-CEB"}),
        ("legal_system", {"provider": "GBR"}, {"provider": "UNODC-CEB"}),
        ("load", {}, {"taken": {date(AHEAD, 1, 1): 1}}),
        ("load", {"taken": {date(AHEAD, 1, 1): 1}}, {"taken": {date(AHEAD, 1, 1): 2}}),
    ],
)
def test_criteria_beyond_the_terms_prefer_the_better_fit(
    criterion: str, better: dict[str, Any], worse: dict[str, Any]
) -> None:
    of_better, of_worse = (share_of(criterion, scored(a_wanted_line(), an_offering(**one))) for one in (better, worse))

    assert of_better > of_worse


def share_of(criterion: str, found: Scored) -> int:
    return next(share.points for share in found.shares if share.criterion == criterion)


def test_more_completed_deliveries_give_more_points() -> None:
    line = a_wanted_line(topics=("mutual_legal_assistance", "extradition"))
    on_one, on_both = frozenset(line.topics[:1]), frozenset(line.topics)
    ever_more = [
        Experience(deliveries={"mentoring": 50}),
        Experience(deliveries={"mla_training": 1}),
        Experience(deliveries={"mla_training": 3}),
        Experience(deliveries={"mla_training": 3}, topics=on_one),
        Experience(deliveries={"mla_training": 3}, topics=on_both),
        Experience(deliveries={"mla_training": 10}, topics=on_both),
    ]

    points = [
        share_of("experience", scored(line, an_offering(), known=ScoringContext(experience={"UNODC-CEB": one})))
        for one in ever_more
    ]

    assert sorted(set(points)) == points
    assert (0, FIRST.weight("experience")) == (points[0], points[-1])


def test_ratings_scale_deliveries_down_to_half() -> None:
    unrated = Experience(deliveries={"mla_training": 10})
    ratings = [replace(unrated, rating=rating) for rating in range(100, 501)]

    degrees = [experience_degree("mla_training", one) for one in ratings]

    assert degrees == sorted(degrees)
    assert experience_degree("mla_training", unrated) == degrees[-1] == 2 * degrees[0]
    assert {step.counts for step in RATED} == {FULL * degree // degrees[-1] for degree in degrees}
    assert 0 == experience_degree("mentoring", ratings[-1])


@given(st.lists(st.tuples(st.sampled_from(["KEN", "UGA", "PER", "FRA"]), st.integers(1, 5)), max_size=6))
def test_mean_rating_needs_three_states(given: list[tuple[str, int]]) -> None:
    states = {state for state, _ in given}

    found = mean_rating(len(states), sum(3 * rating for _, rating in given), 3 * len(given))

    assert (found is None) == (len(states) < 3)
    if found is not None:
        assert 100 <= 100 * min(rating for _, rating in given) <= found <= 100 * max(rating for _, rating in given)


def test_criterion_without_weight_has_no_share() -> None:
    for_topics_alone = ScoringContext(weights=Weights(version=7, of={"topics": FULL}))

    found = scored(a_wanted_line(), an_offering(), known=for_topics_alone)

    assert [("topics", FULL, FULL)] == [(share.criterion, share.points, share.of) for share in found.shares]
    assert "codes-4:weights-7" == found.algorithm


def test_same_region_scores_higher() -> None:
    line = a_wanted_line()

    assert scored(line, an_offering(provider="ZAF")).score > scored(line, an_offering(provider="NOR")).score


def test_full_period_counts_no_days() -> None:
    line, full = a_wanted_line(), an_offering(taken={date(AHEAD, 1, 1): 2})

    assert 0 == next(share.points for share in scored(line, full).shares if share.criterion == "window")


@pytest.mark.parametrize(("constraint", "line", "offering"), ONE_VIOLATED)
def test_each_hard_constraint_can_be_the_one_that_is_violated(
    constraint: str, line: dict[str, Any], offering: dict[str, Any]
) -> None:
    assert [] == violated(a_wanted_line(), an_offering())
    assert [constraint] == violated(a_wanted_line(**line), an_offering(**offering))


@pytest.mark.parametrize(("line", "offering"), AT_A_LIMIT)
def test_offering_at_the_limit_of_a_constraint_fits(line: dict[str, Any], offering: dict[str, Any]) -> None:
    assert [] == violated(a_wanted_line(**line), an_offering(**offering))


def test_named_states_are_eligible_in_addition_to_regions() -> None:
    both = an_offering(terms=terms(eligible=Eligibility(states=("KEN",), regions=("weog",))))

    assert [] == violated(a_wanted_line(), both)
    assert [] == violated(a_wanted_line(state="FRA"), both)
