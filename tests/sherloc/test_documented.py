"""docs/sherloc.md has the moves, statuses and roles of the code."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from services.sherloc.checks.model import MOVES as CHECK_MOVES
from services.sherloc.contributions.model import MOVES as CONTRIBUTION_MOVES
from services.sherloc.extensions.model import EXTENSIONS
from services.sherloc.legislation.model import MOVES
from services.sherloc.meetings.model import MEETINGS
from services.sherloc.outreach import OUTREACH
from services.sherloc.policy import CHECK_MOVERS, CONTRIBUTION_MOVERS, LEGISLATION_MOVERS, PROPOSAL_MOVERS
from services.sherloc.practices.model import MOVES as PRACTICE_MOVES
from services.sherloc.practices.rules import MOVERS as PRACTICE_MOVERS
from services.sherloc.proposals.model import MOVES as PROPOSAL_MOVES
from services.sherloc.review_progress.model import REVIEW_PROGRESS

TEXT = (Path(__file__).parents[2] / "docs" / "sherloc.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|", re.M)


def rows(heading: str) -> Mapping[str, tuple[set[str], set[str]]]:
    """Maps each move under a heading to its statuses and its roles."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return {
        move: (set(re.findall(r"`(\w+)`", states)), {one.strip().replace(" ", "_") for one in who.split(",")})
        for move, states, who in ROW.findall(section)
    }


@pytest.mark.parametrize(
    ("heading", "first", "moves", "movers"),
    [
        ("A record", "record_legislation", MOVES, LEGISLATION_MOVERS),
        ("Contributions", "draft_contribution", CONTRIBUTION_MOVES, CONTRIBUTION_MOVERS),
        ("A practice", "record_practice", PRACTICE_MOVES, PRACTICE_MOVERS),
        ("Extensions of the portal", "propose_extension", EXTENSIONS.statuses, EXTENSIONS.movers),
        ("Informal meetings", "plan_meeting", MEETINGS.statuses, MEETINGS.movers),
        ("The outreach plan", "plan_outreach_activity", OUTREACH.statuses, OUTREACH.movers),
        ("Progress after the review", "record_review_progress", REVIEW_PROGRESS.statuses, REVIEW_PROGRESS.movers),
        ("A yearly check", None, CHECK_MOVES, CHECK_MOVERS),
        ("After a delivery", None, PROPOSAL_MOVES, PROPOSAL_MOVERS),
    ],
)
def test_state_table_is_that_of_the_model(
    heading: str, first: str | None, moves: Mapping[str, Collection[str]], movers: Mapping[str, Collection[str]]
) -> None:
    reported = rows(heading)

    assert {*([first] if first else []), *moves} == reported.keys()
    assert moves.keys() == movers.keys()
    for move, states in moves.items():
        assert (set(states), set(movers[move])) == reported[move]
