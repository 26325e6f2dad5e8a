"""What a purpose is for, as it is published: sectors that are the whole together, and how far it is for gender equality."""

from collections import Counter
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import reference
from contracts.requests import CODES_MAX
from services.pledges.open_data.iati import codes
from services.pledges.open_data.iati.activity import Marker
from services.pledges.open_data.iati.aims import Aims, aims_of
from services.pledges.open_data.iati.published import activities
from tests.pledges.open_data.builders import UNODC, a_ledger, a_movement

KINDS = st.sampled_from(sorted(reference.kinds()))
TOPICS = st.lists(st.sampled_from(sorted(reference.topics())), max_size=CODES_MAX, unique=True)


def aims(*topics: str, kind: str = "training") -> Aims:
    return aims_of(topics, None, kind=kind)


def percentages(found: Aims) -> dict[str, str]:
    return {share.code: share.percentage for share in found.sectors}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (aims("corruption"), {"15113": "100"}),
        # What two topics have in common counts twice.
        (aims("corruption", "extradition", "money_laundering"), {"15113": "66.67", "15130": "33.33"}),
        # What does not divide goes to the lowest code first.
        (aims("corruption", "drug_offences", "human_rights"), {"15113": "33.34", "15160": "33.33", "16063": "33.33"}),
        # How it is done says what it is for only where nothing else does.
        (aims("corruption", kind="strategy_development"), {"15113": "100"}),
        (aims(kind="strategy_development"), {"15131": "100"}),
        (aims("of_a_later_version"), {"15130": "100"}),
        (aims(kind="of_a_later_version"), {"15130": "100"}),
        (aims(kind=""), {"15130": "100"}),
    ],
)
def test_each_topic_counts_the_same_and_without_any_the_kind_does(said: Aims, expected: dict[str, str]) -> None:
    assert expected == percentages(said)


@given(kind=KINDS, topics=TOPICS, shuffled=st.randoms(use_true_random=False))
def test_sectors_are_a_hundred_percent_whatever_the_topics_and_in_whatever_order(
    kind: str, topics: list[str], shuffled: Random
) -> None:
    found = aims(*topics, kind=kind)
    in_another_order = shuffled.sample(topics, len(topics))

    assert 100 == sum(Decimal(share.percentage) for share in found.sectors)
    assert found == aims(*in_another_order, kind=kind)
    assert {codes.DAC} == {share.vocabulary for share in found.sectors}


@given(sectors=st.lists(st.sampled_from(["15113", "15130", "15160", "15190", "16063"]), min_size=1, max_size=CODES_MAX))
def test_no_share_is_a_basis_point_away_from_what_it_would_be_undivided(sectors: list[str]) -> None:
    for share in codes.equal_shares(sectors):
        exact = Decimal(100 * Counter(sectors)[share.code]) / len(sectors)
        assert abs(Decimal(share.percentage) - exact) < Decimal("0.01")


@pytest.mark.parametrize("marker", [0, 1, 2])
def test_the_gender_marker_is_told_as_its_state_gave_it(marker: int) -> None:
    told = aims_of(("extradition",), marker)

    assert (Marker(codes.GENDER_EQUALITY, codes.DAC, str(marker)),) == told.markers


def test_what_is_not_known_is_not_nothing() -> None:
    assert () == aims().markers == Aims().markers
    assert {"15130": "100"} == percentages(Aims())


@pytest.mark.parametrize("marker", [None, 0, 1, 2])
def test_the_marker_of_a_fund_is_told_of_the_fund_and_of_a_purpose_its_own(marker: int | None) -> None:
    moved = a_movement("allocated", "available", work_package="training")
    ledger = a_ledger(moved, gender_marker=marker, aims={"training": Aims(gender_marker=2)})

    fund, training = activities(ledger, reporter=UNODC)

    assert ([] if marker is None else [str(marker)]) == [one.significance for one in fund.markers]
    assert [("1", "1", "2")] == [(one.code, one.vocabulary, one.significance) for one in training.markers]


def test_a_topic_that_is_named_twice_counts_once() -> None:
    named = ["trafficking_in_persons", "mutual_legal_assistance"]

    assert aims_of(named, 0) == aims_of([named[0], *named, named[0]], 0)
