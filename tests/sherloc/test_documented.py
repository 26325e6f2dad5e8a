"""docs/sherloc.md has the moves, states and roles of the code."""

import re
from collections.abc import Mapping
from pathlib import Path

from services.sherloc.legislation.model import MOVES
from services.sherloc.policy import LEGISLATION_MOVERS, PRACTICE_MOVERS
from services.sherloc.practices.model import MOVES as PRACTICE_MOVES

TEXT = (Path(__file__).parents[2] / "docs" / "sherloc.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|", re.M)


def rows(heading: str) -> Mapping[str, tuple[set[str], set[str]]]:
    """Move → its states and its roles, under a heading."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return {
        move: (set(re.findall(r"`(\w+)`", states)), {one.strip().replace(" ", "_") for one in who.split(",")})
        for move, states, who in ROW.findall(section)
    }


def test_state_table_of_the_register_is_that_of_the_model() -> None:
    told = rows("A record")

    assert {"record_legislation", *MOVES} == told.keys()
    assert {move: set(states) for move, states in MOVES.items()} == {move: told[move][0] for move in MOVES}
    assert {str(move): set(roles) for move, roles in LEGISLATION_MOVERS.items()} == {
        move: roles for move, (_, roles) in told.items() if move != "record_legislation"
    }


def test_state_table_of_practices_is_that_of_the_model() -> None:
    told = rows("A practice")

    assert {"record_practice", *PRACTICE_MOVES} == told.keys()
    assert {move: set(states) for move, states in PRACTICE_MOVES.items()} == {
        move: told[move][0] for move in PRACTICE_MOVES
    }
    assert {str(move): set(roles) for move, roles in PRACTICE_MOVERS.items()} == {
        move: roles for move, (_, roles) in told.items() if move != "record_practice"
    }
