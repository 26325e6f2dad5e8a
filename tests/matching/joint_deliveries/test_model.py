"""Joint deliveries as a pure model: shares, statuses, names."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.joint_deliveries import JointMember
from contracts.values import Language, Money
from services.matching.joint_deliveries.model import JointDelivery, JointStatus, shares
from services.matching.matches.model import Match, MatchStatus
from tests.builders import NOON
from tests.matching.builders import SPRING, a_match

JOINT = UUID(int=7)
STATES = ("KEN", "UGA", "TZA")
S = MatchStatus


def a_joint_delivery(*statuses: MatchStatus, **changes: Any) -> JointDelivery:
    matches = [_match(state, status) for state, status in zip(STATES, statuses, strict=False)]
    return JointDelivery(
        joint_delivery_id=JOINT,
        offering_id=uuid4(),
        provider="UNODC-CEB",
        kind="mla_training",
        modality="in_person",
        topics=("mutual_legal_assistance",),
        languages=(Language.EN,),
        window=SPRING,
        people=20 * len(matches),
        members=tuple(
            JointMember(
                match_id=one.match_id,
                request_id=one.request_id,
                line_id=one.line_id,
                state=one.state,
                persons=20,
                funding_needed=Money(minor=100, currency="USD"),
            )
            for one in matches
        ),
        proposed_at=NOON,
        matches=tuple(replace(one, **changes) for one in matches),
    )


def _match(state: str, status: MatchStatus) -> Match:
    ended = status in {S.DECLINED_BY_STATE, S.DECLINED_BY_PROVIDER, S.NOT_PURSUED, S.EXPIRED, S.REVOKED}
    agreed = status in {S.ACCEPTED, S.CONFIRMED, S.IN_DELIVERY, S.COMPLETED, S.REVOKED}
    return a_match(
        status,
        state=state,
        joint_delivery_id=JOINT,
        presented_at=NOON,
        accepted_at=NOON if agreed else None,
        ended_at=NOON if ended else None,
    )


@given(minor=st.integers(1, 10**9), persons=st.lists(st.integers(1, 500), min_size=2, max_size=20))
def test_shares_add_up_to_the_gap(minor: int, persons: list[int]) -> None:
    found = shares(Money(minor=minor, currency="USD"), persons)

    amounts = [one.minor if one else 0 for one in found]
    assert minor == sum(amounts)
    for amount, count in zip(amounts, persons, strict=True):
        assert abs(amount - minor * count / sum(persons)) < 1


def test_funded_delivery_has_no_shares() -> None:
    assert [None, None] == shares(None, [20, 5])
    assert [Money(minor=1, currency="USD"), None] == shares(Money(minor=1, currency="USD"), [20, 20])


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ((S.PRESENTED, S.PRESENTED), JointStatus.PROPOSED),
        ((S.PRESENTED, S.DECLINED_BY_STATE), JointStatus.PROPOSED),
        ((S.PRESENTED, S.ACCEPTED), JointStatus.PARTLY_AGREED),
        ((S.PRESENTED, S.PROVIDER_CONFIRMED), JointStatus.PARTLY_AGREED),
        ((S.CONFIRMED, S.ACCEPTED), JointStatus.PARTLY_AGREED),
        ((S.CONFIRMED, S.EXPIRED), JointStatus.AGREED),
        ((S.CONFIRMED, S.IN_DELIVERY), JointStatus.IN_DELIVERY),
        ((S.COMPLETED, S.PRESENTED), JointStatus.IN_DELIVERY),
        ((S.COMPLETED, S.REVOKED), JointStatus.COMPLETED),
        ((S.REVOKED, S.NOT_PURSUED), JointStatus.ENDED),
    ],
)
def test_status_follows_from_the_open_matches(statuses: tuple[MatchStatus, ...], status: JointStatus) -> None:
    assert status == a_joint_delivery(*statuses).status


def test_match_that_began_again_is_not_part_of_it() -> None:
    joint = a_joint_delivery(S.PRESENTED, S.PRESENTED, joint_delivery_id=None)

    assert (JointStatus.ENDED, {S.EXPIRED}) == (joint.status, {joint.status_of(one) for one in joint.matches})


@pytest.mark.parametrize(
    ("statuses", "named"),
    [
        ((S.PRESENTED, S.ACCEPTED, S.ACCEPTED), {"KEN"}),
        ((S.ACCEPTED, S.PRESENTED, S.ACCEPTED), {"KEN", "TZA"}),
        ((S.CONFIRMED, S.PROVIDER_CONFIRMED, S.CONFIRMED), {"KEN", "TZA"}),
        ((S.ACCEPTED, S.REVOKED, S.DECLINED_BY_STATE), {"KEN"}),
        ((S.REVOKED, S.CONFIRMED, S.CONFIRMED), {"KEN"}),
    ],
)
def test_name_is_shown_to_a_state_once_both_have_accepted(statuses: tuple[MatchStatus, ...], named: set[str]) -> None:
    joint = a_joint_delivery(*statuses)

    assert named == {one.state for one in joint.matches if joint.shows_name(one, "KEN")}


def test_unit_is_needed_until_the_last_match() -> None:
    one, other, _ = (joint := a_joint_delivery(S.CONFIRMED, S.COMPLETED, S.REVOKED)).matches

    assert (True, True) == (joint.held_beside(one), joint.held_beside(other))
    alone = a_joint_delivery(S.CONFIRMED, S.ACCEPTED, S.REVOKED)
    assert not alone.held_beside(alone.matches[0])


def test_share_of_an_ended_match_is_uncovered() -> None:
    joint = a_joint_delivery(S.CONFIRMED, S.DECLINED_BY_STATE, S.PRESENTED)

    assert (300, 100, 40) == (
        joint.money_needed and joint.money_needed.minor,
        joint.money_uncovered and joint.money_uncovered.minor,
        joint.open_people,
    )
