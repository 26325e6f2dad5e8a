"""Pictures of counts: each has a finding, and a table of the same numbers."""

from services.console.figures.pictures import flow, pillars

MONTHS = [
    {"month": "2026-10-01", "entered": {"submitted": 4, "open": 2}},
    {"month": "2026-11-01", "entered": {"submitted": 1, "closed": 2}},
]


def test_flow_has_a_row_for_each_month_and_the_states_in_the_order_of_a_requests_life() -> None:
    picture = flow(MONTHS, "en")

    assert "In the last 12 months: 5 submitted, 2 opened, 2 closed." == picture.finding
    assert ["Month", "Submitted", "Open", "Closed"] == picture.headers
    assert [["October 2026", "4", "2", "0"], ["November 2026", "1", "0", "2"]] == picture.rows
    assert f'aria-label="{picture.finding}"' in picture.svg


def test_pillar_that_lacks_most_is_the_finding() -> None:
    requests = {"by_pillar": {"prevent": 3, "pursue": 9}}

    lacking = pillars(requests, {"by_pillar": {"prevent": 2, "pursue": 1, "promote": 7}}, "en")
    assert "“Pursue” lacks most: needs that name it: 9, offerings: 1." == lacking.finding
    assert [["Prevent", "3", "2"], ["Pursue", "9", "1"], ["Protect", "0", "0"], ["Promote", "0", "7"]] == lacking.rows
    balanced = pillars(requests, {"by_pillar": {"prevent": 3, "pursue": 9}}, "en")
    assert "No pillar is named by more needs than offerings." == balanced.finding
