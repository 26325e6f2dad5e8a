"""The score: whole thousandths that add up, the same however the offerings come, and better for what fits better."""

import random
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts import reference
from contracts.matching import CRITERIA_MAX, Capacity, Eligibility, Judgement, Terms
from contracts.values import Money, Period
from services.matching.offerings.model import Offering
from services.matching.scoring.constraints import violated
from services.matching.scoring.criteria import (
    FAR,
    FULL,
    NEAR,
    RATED,
    Experience,
    ScoringContext,
    mean_rating,
    meant,
    practised,
)
from services.matching.scoring.model import Scored, ranked, scored
from services.matching.scoring.weights import CRITERIA, FIRST, Criterion, Weights
from services.matching.treaties.model import TreatyStatus, statuses_of
from tests.builders import AHEAD
from tests.matching.builders import SPRING, a_wanted_line, an_offering, terms

UNJUDGED: set[Criterion] = {"meaning"}
"""What codes do not tell."""

DAYS = st.dates(date(AHEAD, 1, 1), date(AHEAD, 12, 31))
PERIODS = st.tuples(DAYS, DAYS).map(lambda pair: Period(starts=min(pair), ends=max(pair)))


def some(codes: Any, most: int = 4) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(sorted(codes)), max_size=most, unique=True).map(tuple)


@st.composite
def offerings(draw: st.DrawFn) -> Offering:
    period, valid = draw(PERIODS), draw(PERIODS)
    units = draw(st.integers(1, 3))
    taken = draw(st.integers(0, units))
    resource_status = draw(st.sampled_from(["funded", "partly", "unfunded"]))
    return an_offering(
        offering_id=UUID(int=draw(st.integers(1, 2**40))),
        provider=draw(st.sampled_from(["UNODC-CEB", "UNODC", "UNODCX", "NOR", "KEN", "ZAF"])),
        taken={period.starts: taken} if taken else {},
        terms=terms(
            kinds=draw(some(["mla_training", "mentoring", "training"], 3)) or ("mla_training",),
            topics=draw(some(reference.topics())),
            articles=draw(some(reference.articles())),
            paragraphs=draw(some(reference.paragraphs())),
            pillars=draw(some(reference.pillars())),
            languages=draw(some(reference.languages())),
            interpretation=draw(some(reference.languages())),
            modalities=draw(some(reference.modalities())),
            eligible=Eligibility(
                states=draw(some(["KEN", "FRA"], 2)),
                regions=draw(some(["african", "weog"], 2)),
                excluded_states=draw(some(["KEN", "FRA"], 2)),
            ),
            # As it has to be: capacity lies in the validity.
            valid=Period(starts=min(valid.starts, period.starts), ends=max(valid.ends, period.ends)),
            capacity=(Capacity(period=period, units=units),),
            group_size_max=draw(st.none() | st.integers(1, 100)),
            resource_status=resource_status,
            funding_needed=None if resource_status == "funded" else Money(minor=1, currency="USD"),
            treaties=draw(some(reference.instruments(), 2)),
        ),
    )


@st.composite
def lines(draw: st.DrawFn) -> Any:
    return a_wanted_line(
        state=draw(st.sampled_from(["KEN", "FRA", "VAT"])),
        kind=draw(st.sampled_from(["mla_training", "mentoring"])),
        topics=draw(some(reference.topics())),
        articles=draw(some(reference.articles())),
        paragraphs=draw(some(reference.paragraphs())),
        pillars=draw(some(reference.pillars())),
        languages=draw(some(reference.languages(), 2)) or ("en",),
        modality=draw(st.sampled_from(sorted(reference.modalities()))),
        window=draw(PERIODS),
        group_size=draw(st.integers(1, 100)),
        addressee=draw(st.sampled_from(["any", "unodc", "states"])),
        addressed_states=draw(some(["NOR", "ZAF"], 2)),
        cannot_wait=draw(st.booleans()),
        excluded_providers=draw(some(["NOR", "UNODC"], 1)),
        treaties=draw(st.sampled_from([(), *map(statuses_of, ("KEN", "IRN", "FRA"))])),
    )


@st.composite
def weightings(draw: st.DrawFn) -> Weights:
    """Any weights that add up to the whole, some criteria with none."""
    cuts = sorted(draw(st.lists(st.integers(0, FULL), min_size=len(CRITERIA) - 1, max_size=len(CRITERIA) - 1)))
    parts = [after - before for before, after in zip([0, *cuts], [*cuts, FULL], strict=True)]
    return Weights(version=draw(st.integers(1, 9)), of={n: of for n, of in zip(CRITERIA, parts, strict=True) if of})


@st.composite
def knowledge(draw: st.DrawFn) -> ScoringContext:
    """Any weights, and what some of the providers have completed, and how States rated it."""
    deliveries = st.dictionaries(st.sampled_from(["mla_training", "mentoring"]), st.integers(1, 12))
    completed = st.builds(
        Experience,
        deliveries=deliveries,
        topics=some(reference.topics()).map(frozenset),
        rating=st.none() | st.integers(100, 500),
    )
    providers = st.sampled_from(["UNODC-CEB", "NOR", "ZAF"])
    return ScoringContext(weights=draw(weightings()), experience=draw(st.dictionaries(providers, completed)))


VARIED: dict[str, st.SearchStrategy[Any]] = {
    "kinds": st.sampled_from([("mla_training",), ("mla_training", "mentoring"), ("mentoring",)]),
    "languages": some(["en", "fr"], 2),
    "interpretation": some(["en", "fr"], 2),
    "modalities": some(["in_person", "remote"], 2),
    "eligible": st.builds(
        Eligibility,
        states=some(["KEN", "FRA"], 2),
        regions=some(["african", "weog"], 2),
        excluded_states=some(["KEN", "FRA"], 1),
    ),
    "valid": PERIODS,
    "group_size_max": st.sampled_from([None, 24, 25]),
    "treaties": some(["UNTOC", "FP"], 2),
    "resource_status": st.sampled_from(["funded", "unfunded"]),
}
"""Terms that decide whether an offering fits, each with values that do and values that do not."""


@st.composite
def nearly_fitting(draw: st.DrawFn) -> Offering:
    """An offering that would fit `a_wanted_line`, but for at most two of its terms, its provider or its capacity."""
    changed = draw(st.lists(st.sampled_from(sorted(VARIED)), max_size=2, unique=True))
    period, units = draw(st.just(SPRING) | PERIODS), draw(st.integers(1, 2))
    taken = draw(st.integers(0, units))
    return an_offering(
        offering_id=UUID(int=draw(st.integers(1, 2**40))),
        provider=draw(st.sampled_from(["UNODC-CEB", "UNODC", "UNODCX", "NOR", "KEN"])),
        taken={period.starts: taken} if taken else {},
        terms=with_money_lacking(
            terms(**{name: draw(VARIED[name]) for name in changed}, capacity=(Capacity(period=period, units=units),))
        ),
    )


def with_money_lacking(of: Terms) -> Terms:
    """What is not funded says what it lacks."""
    lacking = None if of.resource_status == "funded" else Money(minor=1, currency="USD")
    return replace(of, funding_needed=lacking)


def test_the_weights_are_the_whole() -> None:
    assert FULL == sum(FIRST.of.values())
    assert set(CRITERIA) == set(FIRST.of)
    assert len(CRITERIA) <= CRITERIA_MAX


@given(lines(), offerings(), knowledge())
def test_the_shares_add_up_to_the_score_and_none_exceeds_its_weight(
    line: Any, offering: Offering, known: ScoringContext
) -> None:
    found = scored(line, offering, known=known)

    assert found.score == sum(share.points for share in found.shares) <= FULL
    assert all(0 <= share.points <= share.of for share in found.shares)
    judged = {name: of for name, of in known.weights.of.items() if name not in UNJUDGED}
    assert judged == {share.criterion: share.of for share in found.shares}
    assert f"codes-4:weights-{known.weights.version}" == found.algorithm


@given(lines(), st.lists(offerings(), max_size=8, unique_by=lambda o: o.offering_id), knowledge(), st.randoms())
def test_the_order_of_providers_changes_neither_winner_nor_ranking(
    line: Any, found: list[Offering], known: ScoringContext, chance: random.Random
) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)

    assert ranked(line, found, known=known) == ranked(line, shuffled, known=known)


def test_equal_scores_rank_by_offering_id() -> None:
    first, second = an_offering(offering_id=UUID(int=1)), an_offering(offering_id=UUID(int=2))

    assert [first, second] == [one.offering for one in ranked(a_wanted_line(), [second, first])]


def test_an_offering_made_for_the_line_gets_it_all() -> None:
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
def test_a_judgement_adds_its_share_and_changes_no_other(line: Any, offering: Offering, closeness: int) -> None:
    by_codes = scored(line, offering)

    judged = scored(line, offering, Judgement(model="letters", version="1", closeness=closeness))

    *others, meaning = judged.shares
    assert by_codes.shares == tuple(others)
    assert ("meaning", FIRST.weight("meaning")) == (meaning.criterion, meaning.of)
    assert judged.score == by_codes.score + meaning.points <= FULL


def test_texts_that_are_nearer_never_give_less() -> None:
    degrees = [meant(closeness) for closeness in range(FULL + 1)]

    assert degrees == sorted(degrees)
    assert (0, 0, FULL, FULL) == (degrees[0], degrees[FAR], degrees[NEAR], degrees[FULL])


def test_what_a_line_does_not_ask_for_gives_nothing() -> None:
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
def test_each_criterion_prefers_what_fits_better(criterion: str, better: dict[str, Any], worse: dict[str, Any]) -> None:
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
def test_so_does_what_is_not_of_its_terms(criterion: str, better: dict[str, Any], worse: dict[str, Any]) -> None:
    of_better, of_worse = (share_of(criterion, scored(a_wanted_line(), an_offering(**one))) for one in (better, worse))

    assert of_better > of_worse


def share_of(criterion: str, found: Scored) -> int:
    return next(share.points for share in found.shares if share.criterion == criterion)


def test_the_more_a_provider_has_completed_the_better() -> None:
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


def test_how_states_rate_what_was_completed_scales_the_deliveries_and_costs_no_more_than_half() -> None:
    unrated = Experience(deliveries={"mla_training": 10})
    ratings = [replace(unrated, rating=rating) for rating in range(100, 501)]

    degrees = [practised("mla_training", one) for one in ratings]

    assert degrees == sorted(degrees)
    assert practised("mla_training", unrated) == degrees[-1] == 2 * degrees[0]
    assert {step.counts for step in RATED} == {FULL * degree // degrees[-1] for degree in degrees}
    assert 0 == practised("mentoring", ratings[-1])


@given(st.lists(st.tuples(st.sampled_from(["KEN", "UGA", "PER", "FRA"]), st.integers(1, 5)), max_size=6))
def test_a_mean_is_known_once_three_states_have_evaluated(given: list[tuple[str, int]]) -> None:
    states = {state for state, _ in given}

    found = mean_rating(len(states), sum(3 * rating for _, rating in given), 3 * len(given))

    assert (found is None) == (len(states) < 3)
    if found is not None:
        assert 100 <= 100 * min(rating for _, rating in given) <= found <= 100 * max(rating for _, rating in given)


def test_what_has_no_weight_has_no_share() -> None:
    for_topics_alone = ScoringContext(weights=Weights(version=7, of={"topics": FULL}))

    found = scored(a_wanted_line(), an_offering(), known=for_topics_alone)

    assert [("topics", FULL, FULL)] == [(share.criterion, share.points, share.of) for share in found.shares]
    assert "codes-4:weights-7" == found.algorithm


def test_a_neighbour_is_nearer_than_a_stranger() -> None:
    line = a_wanted_line()

    assert scored(line, an_offering(provider="ZAF")).score > scored(line, an_offering(provider="NOR")).score


def test_a_full_period_counts_for_no_day() -> None:
    line, full = a_wanted_line(), an_offering(taken={date(AHEAD, 1, 1): 2})

    assert 0 == next(share.points for share in scored(line, full).shares if share.criterion == "window")


NO_LONGER_PARTY = TreatyStatus(instrument="UNTOC", party=False, as_of=date(2026, 11, 1), recorded=True)
LATE = Capacity(period=Period(starts=date(AHEAD, 7, 1), ends=date(AHEAD, 12, 31)), units=1)

ONE_VIOLATED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("own_state", {"state": "NOR"}, {"provider": "NOR"}),
    ("addressee", {"addressee": "unodc"}, {"provider": "NOR"}),
    ("addressee", {"addressee": "states", "addressed_states": ("FRA",)}, {"provider": "NOR"}),
    ("kind", {"kind": "mentoring"}, {}),
    ("modality", {"modality": "self_paced"}, {}),
    ("language", {"languages": ("en", "ar")}, {}),
    ("group_size", {"group_size": 61}, {}),
    ("eligibility", {}, {"terms": terms(eligible=Eligibility(states=("FRA",), regions=("weog",)))}),
    ("eligibility", {"state": "VAT"}, {"terms": terms(eligible=Eligibility(regions=("weog",)))}),
    ("excluded_state", {}, {"terms": terms(eligible=Eligibility(excluded_states=("KEN",)))}),
    ("excluded_provider", {"excluded_providers": ("FRA", "UNODC-CEB")}, {}),
    ("treaty", {"treaties": ()}, {"terms": terms(treaties=("UNTOC",))}),
    ("treaty", {"treaties": statuses_of("FRA")}, {"terms": terms(treaties=("UNTOC", "FP"))}),
    ("treaty", {"treaties": (NO_LONGER_PARTY,)}, {"terms": terms(treaties=("UNTOC",))}),
    (
        "window",
        {"window": Period(starts=date(AHEAD, 2, 1), ends=date(AHEAD, 3, 1))},
        {"terms": terms(capacity=(LATE,))},
    ),
    ("resource_status", {"cannot_wait": True}, {"terms": with_money_lacking(terms(resource_status="partly"))}),
    ("capacity", {}, {"taken": {date(AHEAD, 1, 1): 2}}),
    (
        "validity",
        {"window": Period(starts=date(AHEAD, 12, 31), ends=date(AHEAD + 1, 1, 5))},
        {"terms": terms(valid=Period(starts=date(AHEAD, 1, 1), ends=date(AHEAD, 12, 30)))},
    ),
]
"""A constraint, and what has to be changed of a line and an offering that fit for it alone to be violated."""


@pytest.mark.parametrize(("constraint", "line", "offering"), ONE_VIOLATED)
def test_each_hard_constraint_can_be_the_one_that_is_violated(
    constraint: str, line: dict[str, Any], offering: dict[str, Any]
) -> None:
    assert [] == violated(a_wanted_line(), an_offering())
    assert [constraint] == violated(a_wanted_line(**line), an_offering(**offering))


def test_named_states_are_eligible_beside_the_regions() -> None:
    both = an_offering(terms=terms(eligible=Eligibility(states=("KEN",), regions=("weog",))))

    assert [] == violated(a_wanted_line(), both)
    assert [] == violated(a_wanted_line(state="FRA"), both)
