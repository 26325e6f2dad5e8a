"""Each move of a declared noun is possible in its statuses alone, and leads to its status."""

from typing import Any

import pytest
from msgspec.structs import replace

from contracts.nouns import Move, Noun, revision_of, status_of
from contracts.refusals import Conflict
from contracts.registry import decode_fact
from services.composition import all_services
from services.documents.examples import example_event
from tests.builders import NOON

MOVES = [(noun, move) for service in all_services() for noun in service.nouns for move in noun.moves]


@pytest.mark.parametrize(("noun", "move"), MOVES, ids=[f"{noun.aggregate}-{move.name}" for noun, move in MOVES])
def test_move_is_possible_in_its_statuses_alone(noun: Noun[Any], move: Move[Any, Any]) -> None:
    first = noun.fold(None, decode_fact(example_event(noun.create.fact)))
    assert (noun.create.to, 1) == (status_of(first), revision_of(first))
    for status in noun.status_type:
        before = replace(first, status=status)
        if status not in move.when:
            with pytest.raises(Conflict, match=noun.status_slug):
                noun.require(move, before, NOON.date())
        elif move.fact:
            after = noun.fold(before, decode_fact(example_event(move.fact)))
            assert revision_of(after) == 2
            if not move.fold:
                assert status_of(after) == (move.to or status)
