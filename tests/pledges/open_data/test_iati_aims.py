"""Published aims of a purpose: sectors that add up to 100 %, and the gender equality marker."""

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
        # A sector of two topics counts twice.
        (aims("corruption", "extradition", "money_laundering"), {"15113": "66.67", "15130": "33.33"}),
        # The remainder goes to the lowest code first.
        (aims("corruption", "drug_offences", "human_rights"), {"15113": "33.34", "15160": "33.33", "16063": "33.33"}),
        # The kind counts only without topics.
        (aims("corruption", kind="strategy_development"), {"15113": "100"}),
        (aims(kind="strategy_development"), {"15131": "100"}),
        (aims("of_a_later_version"), {"15130": "100"}),
        (aims(kind="of_a_later_version"), {"15130": "100"}),
        (aims(kind=""), {"15130": "100"}),
    ],
)
def test_topics_count_equally_and_kind_is_the_fallback(said: Aims, expected: dict[str, str]) -> None:
    assert expected == percentages(said)


@given(kind=KINDS, topics=TOPICS, shuffled=st.randoms(use_true_random=False))
def test_sectors_add_up_to_100_percent(kind: str, topics: list[str], shuffled: Random) -> None:
    found = aims(*topics, kind=kind)
    in_another_order = shuffled.sample(topics, len(topics))

    assert 100 == sum(Decimal(share.percentage) for share in found.sectors)
    assert found == aims(*in_another_order, kind=kind)
    assert {codes.DAC} == {share.vocabulary for share in found.sectors}


@given(sectors=st.lists(st.sampled_from(["15113", "15130", "15160", "15190", "16063"]), min_size=1, max_size=CODES_MAX))
def test_sector_shares_are_within_a_basis_point(sectors: list[str]) -> None:
    for share in codes.equal_shares(sectors):
        exact = Decimal(100 * Counter(sectors)[share.code]) / len(sectors)
        assert abs(Decimal(share.percentage) - exact) < Decimal("0.01")


@pytest.mark.parametrize("marker", [0, 1, 2])
def test_gender_marker_is_published_as_stated(marker: int) -> None:
    reported = aims_of(("extradition",), marker)

    assert (Marker(codes.GENDER_EQUALITY, codes.DAC, str(marker)),) == reported.markers


def test_unknown_aims_are_absent() -> None:
    assert () == aims().markers == Aims().markers
    assert {"15130": "100"} == percentages(Aims())


@pytest.mark.parametrize("marker", [None, 0, 1, 2])
def test_fund_and_purpose_have_their_own_markers(marker: int | None) -> None:
    moved = a_movement("allocated", "available", work_package="training")
    ledger = a_ledger(moved, gender_marker=marker, aims={"training": Aims(gender_marker=2)})

    fund, training = activities(ledger, reporter=UNODC)

    assert ([] if marker is None else [str(marker)]) == [one.significance for one in fund.markers]
    assert [("1", "1", "2")] == [(one.code, one.vocabulary, one.significance) for one in training.markers]


def test_repeated_topic_counts_once() -> None:
    named = ["trafficking_in_persons", "mutual_legal_assistance"]

    assert aims_of(named, 0) == aims_of([named[0], *named, named[0]], 0)
