"""Whose turn it is with a request."""

import pytest

from services.console.requests.turns import BY_STATUS, COVERED, turn


@pytest.mark.parametrize(
    ("status", "fulfilment", "said"),
    [
        ("open", "none", BY_STATUS["open"]),
        ("open", "partial", BY_STATUS["open"]),
        ("open", "covered", COVERED),
        ("open", "complete", COVERED),
        ("in_delivery", "covered", BY_STATUS["in_delivery"]),
    ],
)
def test_offerings_are_looked_for_only_while_something_is_not_agreed(status: str, fulfilment: str, said: str) -> None:
    assert said == turn({"status": status, "fulfilment": fulfilment})
