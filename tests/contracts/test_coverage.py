"""What is covered of lines and of a request follows from sums of persons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.coverage import Delivery, Fulfilment, fulfilment_of, fulfilment_of_request, residue_of
from services.reports.demand.evolve import line_status

GROUPS = st.integers(1, 40)
DELIVERIES = st.lists(
    st.builds(
        Delivery,
        st.sampled_from(["confirmed", "in_delivery", "completed", "revoked"]),
        st.none() | st.integers(1, 40),
    ),
    max_size=5,
)


@given(GROUPS, DELIVERIES)
def test_fulfilment_of_a_line_follows_from_sums_of_persons(group: int, deliveries: list[Delivery]) -> None:
    kept = [(one.status, group if one.covers is None else one.covers) for one in deliveries if one.status != "revoked"]
    agreed = sum(persons for _, persons in kept)
    completed = all(status == "completed" for status, _ in kept)

    expected = "none" if not agreed else "partial" if agreed < group else "complete" if completed else "covered"

    assert (max(group - agreed, 0), expected) == (residue_of(group, deliveries), fulfilment_of(group, deliveries))
    assert line_status("open", expected) == ("open" if expected == "none" else expected)


@given(st.lists(st.tuples(GROUPS, DELIVERIES), min_size=1, max_size=4))
def test_fulfilment_of_a_request_follows_from_sums_over_its_lines(lines: list[tuple[int, list[Delivery]]]) -> None:
    asked = sum(group for group, _ in lines)
    left = sum(residue_of(group, deliveries) for group, deliveries in lines)
    delivered = all(one.status == "completed" for _, some in lines for one in some if one.status != "revoked")

    found = fulfilment_of_request(fulfilment_of(*line) for line in lines)

    assert (found is Fulfilment.NONE) == (left == asked)
    assert (found in (Fulfilment.COVERED, Fulfilment.COMPLETE)) == (left == 0)
    assert (found is Fulfilment.COMPLETE) == (left == 0 and delivered)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], Fulfilment.NONE),
        (["revoked"], Fulfilment.NONE),
        (["confirmed"], Fulfilment.COVERED),
        (["completed", "in_delivery"], Fulfilment.COVERED),
        (["completed", "revoked"], Fulfilment.COMPLETE),
        (["completed"], Fulfilment.COMPLETE),
    ],
)
def test_fulfilment_is_derived_from_matches(statuses: list[str], expected: Fulfilment) -> None:
    assert expected is fulfilment_of(20, [Delivery(status, None) for status in statuses])
