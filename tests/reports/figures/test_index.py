"""The index in memory agrees with the rows, for all records and for a State, also after groups were replaced."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest

from services.reports.demand.model import LineRow, Move, OfferingRow, RequestRow
from services.reports.figures import index as indexes
from services.reports.figures.counting import OfState
from services.reports.figures.index import FigureIndex
from services.reports.figures.model import FIGURES, TOTAL
from services.reports.money.model import AllocationRow, Book, Entry
from tests.reports.steps import FIRST, summed

LATER = date(2026, 9, 1)


def a_request(
    number: int, *, priority: str = "low", topics: tuple[str, ...] = ("mutual_legal_assistance",)
) -> RequestRow:
    moves = (Move(FIRST, "submitted"), Move(LATER, "open"))[: 1 + number % 2]
    line = LineRow(
        line_id=UUID(int=number),
        kind="training",
        topics=topics,
        articles=(),
        paragraphs=("I.i",),
        pillars=("pursue",),
        institution="police",
        languages=("en", "fr"),
        modality="online",
        gender_marker=1,
        human_rights_marker=0,
        moves=(Move(FIRST, "open"),),
    )
    return RequestRow(
        state="KEN",
        language="en",
        visibility="private",
        circulation="none",
        lines=(line,),
        moves=moves,
        priority=priority,
    )


def a_group(number: int, request: RequestRow) -> Sequence[OfState]:
    """Return a request of one of two States; every third group has an allocation, of no State or of the other one."""
    state = ("KEN", "UGA")[number % 2]
    allocation = AllocationRow(
        fund="F", line_id=str(request.lines[0].line_id), entries=(Entry(FIRST, Book.ALLOCATED, 100 * number),)
    )
    others = [OfState((None, "KEN")[number % 2], allocation)] if number % 3 == 0 else []
    return [OfState(state, request), *others]


@pytest.mark.parametrize("as_of", [FIRST, LATER])
def test_the_index_has_what_the_rows_have(as_of: date) -> None:
    offering = OfferingRow(
        provider="NOR",
        kinds=("training",),
        topics=("a",),
        articles=(),
        paragraphs=(),
        pillars=(),
        languages=(),
        modalities=("online",),
        resource_status="funded",
        moves=(Move(FIRST, "submitted"),),
    )
    index, groups = FigureIndex(), {UUID(int=99): [OfState(None, offering)]}
    index.replace(UUID(int=99), groups[UUID(int=99)])
    for number in range(1, 40):
        groups[UUID(int=number)] = [*a_group(number, a_request(number, topics=("a", "b", "c")[: 1 + number % 3]))]
        index.replace(UUID(int=number), groups[UUID(int=number)])
    for number in range(5, 10):
        groups[UUID(int=number)] = [*a_group(number, a_request(number, priority="high"))]
        index.replace(UUID(int=number), groups[UUID(int=number)])
    index.replace(UUID(int=20), groups.pop(UUID(int=20))[:0])

    for state in (None, "KEN", "UGA", "NOR"):
        rows = [[one.row for one in group if state in (None, one.state)] for group in groups.values()]
        for name, figure in FIGURES.items():
            for by in (TOTAL, *figure.by):
                found = index.cells(name, by, as_of, state=state)
                assert summed(rows, name, by, as_of) == found, (state, name, by)
    assert {} == index.published("requests", as_of)


def test_an_index_with_more_replaced_than_live_items_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "DEAD_MIN", 3)
    index = FigureIndex()
    for _ in range(3):
        index.replace(UUID(int=1), [OfState("KEN", a_request(1))])
    assert not index.stale

    for _ in range(6):
        index.replace(UUID(int=1), [OfState("KEN", a_request(1))])

    assert index.stale
