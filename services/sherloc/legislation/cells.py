"""The cells of the register: each State that is known to be party to an instrument, with each article of it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice

from msgspec import Struct

from contracts import reference
from contracts.refusals import Invalid

_PLACES = 1000
"""Distance between the places of two instruments; greater than the number of any article."""


class Cell(Struct, frozen=True, order=True):
    """A State and an article, in the order of the register: by State, instrument and number."""

    state: str
    place: int

    @property
    def article(self) -> str:
        return _articles()[self.place]

    def __str__(self) -> str:
        return f"{self.state}.{self.article}"


def place_of(article: str) -> int:
    """The place of an article in the order of the register; the SQL function `place_of` is the same rule."""
    one = reference.articles()[article]
    return (list(reference.instruments()).index(one.instrument) + 1) * _PLACES + one.number


@cache
def _articles() -> dict[int, str]:
    return {place_of(article): article for article in reference.articles()}


@cache
def cells() -> Sequence[Cell]:
    """The cells of the reference data, in their order."""
    return sorted(
        Cell(state, place_of(code))
        for code, article in reference.articles().items()
        for state in reference.parties()[article.instrument].listed
    )


def cell_of(cursor: str) -> Cell:
    """The cell of a cursor. Raises Invalid for an unknown article."""
    state, _, article = cursor.partition(".")
    if article not in reference.articles():
        raise Invalid("cursor-invalid", field="cursor")
    return Cell(state, place_of(article))


def cells_after(
    before: Cell | None, *, state: str | None = None, instrument: str | None = None, article: str | None = None
) -> Iterator[Cell]:
    """Yield the cells after one, optionally of one State, instrument or article."""
    found = cells()
    start = bisect_right(found, before) if before else 0
    for cell in islice(found, start, None):
        if state and cell.state != state:
            continue
        if article and cell.article != article:
            continue
        if instrument and reference.articles()[cell.article].instrument != instrument:
            continue
        yield cell
