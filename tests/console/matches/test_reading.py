"""The turn and the timeline of a match, and the comparison of matches."""

from typing import Any

import pytest

from services.console.matches.compare import criteria_of
from services.console.matches.reading import (
    BY_PROVIDER,
    BY_STATE,
    ENDED,
    ENDS,
    EVALUATED,
    TURN,
    is_mine,
    timeline,
    turn,
)
from services.matching.matches.model import MatchStatus

RATED = {"evaluated_at": "2027-03-01T00:00:00Z"}


def match(**changes: Any) -> dict[str, Any]:
    moments = ("presented_at", "accepted_at", "provider_confirmed_at", "confirmed_at", "begun_at", "completed_at")
    nothing = dict.fromkeys((*moments, "ended_at", "reason", "departure", "state_evaluation", "provider_evaluation"))
    first = {"status": "suggested", "origin": "suggested", "made_at": "2026-11-01T00:00:00Z", "moves": []}
    return {**nothing, **first, **changes}


def test_every_status_says_whose_turn_it_is() -> None:
    assert set(TURN) == set(MatchStatus)
    assert set(ENDS) == ENDED


@pytest.mark.parametrize(
    ("by_state", "by_provider", "said"),
    [(RATED, RATED, EVALUATED), (RATED, None, BY_STATE), (None, RATED, BY_PROVIDER), (None, None, TURN["completed"])],
)
def test_a_completed_match_waits_for_those_who_have_not_evaluated(by_state: Any, by_provider: Any, said: str) -> None:
    assert turn(match(status="completed", state_evaluation=by_state, provider_evaluation=by_provider)) == said


def test_it_is_the_turn_of_who_has_a_move_that_others_wait_for() -> None:
    assert is_mine(match(status="presented", moves=["accept", "decline"]))
    assert not is_mine(match(status="accepted", moves=["decline"]))
    assert not is_mine(match(status="suggested", moves=["present", "shortlist"]))
    assert is_mine(match(status="interested", moves=["present"]))
    assert not is_mine(match(status="completed", moves=["evaluate"], state_evaluation=RATED, provider_evaluation=RATED))


def test_the_timeline_has_the_newest_first_with_its_reason() -> None:
    found = timeline(
        match(
            status="declined_by_state",
            presented_at="2026-11-02T00:00:00Z",
            departure="funding_available",
            ended_at="2026-11-03T00:00:00Z",
            reason="dates_unsuitable",
        )
    )
    assert [(one["what"], one["why"], one["of"]) for one in found][:2] == [
        ("Declined by the State", "dates_unsuitable", "decline_by_state"),
        ("Presented to the State and the provider", "funding_available", "present"),
    ]
    assert found[-1]["what"] == "Suggested by the platform"


def test_a_comparison_has_a_row_for_each_criterion_and_a_gap_where_a_match_lacks_it() -> None:
    topics = {"criterion": "topics", "points": 5, "of": 10}
    meaning = {"criterion": "meaning", "points": 1, "of": 10}
    explained = [{"criterion": "topics", "says": "Offered as asked."}]
    rows = criteria_of([{"shares": [topics], "explanation": explained}, {"shares": [topics, meaning]}])
    assert rows == [
        ("topics", [{**topics, "says": "Offered as asked."}, {**topics, "says": None}]),
        ("meaning", [None, {**meaning, "says": None}]),
    ]
