"""The index in memory says what the rows say, also after groups were replaced."""

from datetime import date
from uuid import UUID

import pytest

from services.reports.demand.model import LineRow, Move, RequestRow
from services.reports.figures import index as indexes
from services.reports.figures.counting import cells
from services.reports.figures.index import FigureIndex
from services.reports.figures.model import FIGURES, TOTAL
from tests.reports.steps import FIRST

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
        languages=("en", "fr"),  # type: ignore[arg-type]
        modality="online",
        gender_marker=1,
        human_rights_marker=0,
        moves=(Move(FIRST, "open"),),
    )
    return RequestRow(
        state="KEN",
        language="en",  # type: ignore[arg-type]
        visibility="private",
        circulation="none",
        lines=(line,),
        moves=moves,
        priority=priority,
    )


@pytest.mark.parametrize("as_of", [FIRST, LATER])
def test_the_index_has_what_the_rows_have(as_of: date) -> None:
    index, groups = FigureIndex(), {}
    for number in range(1, 40):
        groups[UUID(int=number)] = [a_request(number, topics=("a", "b", "c")[: 1 + number % 3])]
        index.replace(UUID(int=number), groups[UUID(int=number)])
    for number in range(5, 10):
        groups[UUID(int=number)] = [a_request(number, priority="high")]
        index.replace(UUID(int=number), groups[UUID(int=number)])
    index.replace(UUID(int=20), groups.pop(UUID(int=20))[:0])

    for name, figure in FIGURES.items():
        for by in (TOTAL, *figure.by):
            assert cells(groups.values(), name, by, as_of) == index.cells(name, by, as_of, public=False), (name, by)
    assert {} == index.cells("requests", TOTAL, as_of, public=True)


def test_an_index_with_more_replaced_than_live_items_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "DEAD_MIN", 3)
    index = FigureIndex()
    for _ in range(3):
        index.replace(UUID(int=1), [a_request(1)])
    assert not index.stale

    for _ in range(6):
        index.replace(UUID(int=1), [a_request(1)])

    assert index.stale
