"""Selection of the candidates for a line from the in-memory index, and ranking of the best.

`constraints.violated` and `scoring.ranked` over every available offering give the same result; a test compares them.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from pyroaring import BitMap

from contracts.rankings import SUGGESTIONS_MAX
from services.matching.index.offering_index import OfferingIndex, Rows
from services.matching.lines.model import WantedLine
from services.matching.scoring.constraints import BY_SLUG
from services.matching.scoring.criteria import (
    FULL,
    NOTHING_KNOWN,
    SCALAR,
    VECTOR,
    Offered,
    ScoringContext,
    criteria,
    free_days,
    meaning_degree,
    nothing,
    ordinals,
)
from services.matching.scoring.records import AT_MOST, COLUMN, NAMES, OF_PERIODS, OF_TOPICS, WORD, Ints, Records, taken
from services.matching.texts.meaning import Vector

RERANKED_MAX = 500
"""Maximum number of candidates that are reranked by the meaning of the texts."""

FEW = 16
"""Maximum number of rows that are scored one by one."""

SORTED_MAX = 100
"""Maximum number of rows that are sorted even if fewer are needed."""


class Candidate(Struct, frozen=True):
    """A candidate and its score."""

    offering_id: UUID
    score: int


class Selection(NamedTuple):
    """The best candidates for a line, best first, and the providers of all candidates."""

    best: list[Candidate]
    providers: set[str]


Found = tuple[int, int, int, int]
"""Sort key of a candidate: negative score, both halves of its id, row."""


def best(
    index: OfferingIndex,
    line: WantedLine,
    limit: int = SUGGESTIONS_MAX,
    *,
    known: ScoringContext = NOTHING_KNOWN,
    vector: Vector | None = None,
) -> list[Candidate]:
    """Return the candidates for a line with the highest scores, best first; equal scores by offering id.

    With the `vector` of the line's text the best `RERANKED_MAX` by codes are reranked by the meaning of both texts.
    """
    survivors = index.satisfying(line)
    if not survivors:
        return []
    judged = vector is not None and index.can_compare(vector)
    found = sorted(_Search(index, line, known, survivors).found(RERANKED_MAX if judged else limit))
    if judged:
        assert vector is not None, "only vectors are reranked"
        found = sorted(_with_meaning(index, vector, found[:RERANKED_MAX], known.weights.weight("meaning")))
    return _candidates(found[:limit])


def selection(index: OfferingIndex, line: WantedLine, limit: int, *, known: ScoringContext) -> Selection:
    """Return the `best` by codes, and the providers of all candidates, in one search."""
    survivors = index.satisfying(line)
    if not survivors:
        return Selection([], set())
    search = _Search(index, line, known, survivors)
    found = sorted(search.found(limit))[:limit]
    names = list(index.providers.numbers)
    return Selection(_candidates(found), {names[number] for number in search.providers()})


def _candidates(found: Iterable[Found]) -> list[Candidate]:
    return [Candidate(_id(high, low), -negative) for negative, high, low, _ in found]


@lru_cache(1 << 14)
def _id(high: int, low: int) -> UUID:
    """Return the id. It is cached, because the best of one line are often among the best of others."""
    return UUID(int=high << WORD | low)


class _Search:
    """The search for one line, among the rows that violate no constraint on codes."""

    def __init__(self, index: OfferingIndex, line: WantedLine, known: ScoringContext, survivors: BitMap) -> None:
        self.index, self.days, self.survivors = index, ordinals(line.window), survivors
        self.at_most = [(COLUMN[one.slug], one.requires(line)) for one in AT_MOST]
        self.periods, self.topics = OF_PERIODS[: index.most_periods], OF_TOPICS[: index.most_topics]
        self.terms = [term for term in criteria(line, known, index.providers).values() if term is not nothing]
        self.naming = survivors & index.of(BY_SLUG["eligibility"], line.state)
        self._providers: list[Sequence[int] | Ints] = []

    def found(self, most: int) -> list[Found]:
        """Return the best rows that violate no constraint, `most` or more if there are so many, unordered."""
        if len(self.survivors) <= FEW:
            return self._one_by_one(self.survivors)
        if wide := self.survivors & self.index.wide:
            return self._one_by_one(wide) + self._together(self.survivors - wide, most)
        return self._together(self.survivors, most)

    def providers(self) -> set[int]:
        """Return the numbers of the providers of the rows that violate no constraint, once `found` has run."""
        return {
            number for those in self._providers if len(those) for number in np.bincount(those).nonzero()[0].tolist()
        }

    def _one_by_one(self, rows: BitMap) -> list[Found]:
        found: list[Found] = []
        offered_by: list[int] = []
        more_periods, more_topics = self.index.more_periods.get, self.index.more_topics.get
        for row, record in zip(rows, self.index.records_of(_array(rows)).tolist(), strict=True):
            spans = [(record[first], record[after]) for first, after in self.periods]
            spans += more_periods(row, ())
            free = free_days(*self.days, spans, SCALAR)
            if free and all([record[at] >= number for at, number in self.at_most]):
                topics = [record[at] for at in self.topics]
                topics += more_topics(row, ())
                one = Offered(record, free, topics, row in self.naming)
                points = sum([term(one, SCALAR) for term in self.terms])
                found.append((-points, record[_HIGH], record[_LOW], row))
                offered_by.append(record[_PROVIDER])
        self._providers.append(offered_by)
        return found

    def _fitting(self, those: BitMap) -> tuple[Rows, Records, Ints]:
        """Return the rows that violate no constraint, with their records and free days."""
        rows, number = _array(those), VECTOR.number
        records = self.index.records_of(rows)
        spans = [(records[NAMES[start]], records[NAMES[end]]) for start, end in self.periods]
        first, after = self.days
        free = free_days(number(first), number(after), spans, VECTOR)
        fits = free > VECTOR.none
        for at, asked in self.at_most:
            fits &= records[NAMES[at]] >= number(asked)
        (fitting,) = fits.nonzero()
        return rows.take(fitting), taken(records, fitting), free.take(fitting)

    def _together(self, those: BitMap, most: int) -> list[Found]:
        """Return the best of these rows, unordered."""
        rows, records, free = self._fitting(those)
        if not len(rows):
            return []
        self._providers.append(records["provider"])
        record = [records[name] for name in NAMES]
        many = Offered(record, free, [record[at] for at in self.topics], self._naming(rows))
        scores = -VECTOR.total([term(many, VECTOR) for term in self.terms] or [np.zeros(len(rows), np.int32)])
        columns = [scores, records["id_high"], records["id_low"], rows]
        if len(scores) > most:
            chosen = _first(scores, records, most)
            columns = [column.take(chosen) for column in columns]
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def _naming(self, rows: Rows) -> NDArray[np.bool_] | None:
        """Return a mask of the rows that name the line's State."""
        if not self.naming:
            return None
        naming = np.zeros(len(rows), np.bool_)
        at = rows.searchsorted(those := _array(self.naming))
        # They satisfy the code constraints, but some have no free period.
        naming[at[rows.take(at, mode="clip") == those]] = True
        return naming


_HIGH, _LOW, _PROVIDER = COLUMN["id_high"], COLUMN["id_low"], COLUMN["provider"]


def _first(scores: Ints, records: Records, limit: int) -> NDArray[np.intp]:
    """Return the positions of the lowest scores; equal ones by lowest id."""
    if len(scores) <= SORTED_MAX:
        return _in_order(scores, records)[:limit]
    # Select before sorting.
    (likely,) = (scores <= np.partition(scores, limit - 1)[limit - 1]).nonzero()
    chosen: NDArray[np.intp] = likely.take(_in_order(scores.take(likely), taken(records, likely))[:limit])
    return chosen


def _in_order(scores: Ints, records: Records) -> NDArray[np.intp]:
    return np.lexsort((records["id_low"], records["id_high"], scores))


def _with_meaning(index: OfferingIndex, vector: Vector, found: Sequence[Found], weight: int) -> list[Found]:
    """Return the candidates with the share for the meaning of the texts added."""
    closeness = index.meanings.closeness(vector, np.array([row for *_, row in found], np.uint32))
    points = weight * meaning_degree(closeness, VECTOR) // FULL
    return [
        (negative - more, high, low, row)
        for (negative, high, low, row), more in zip(found, points.tolist(), strict=True)
    ]


def _array(rows: BitMap) -> Rows:
    return np.frombuffer(rows.to_array(), np.uint32) if rows else np.empty(0, np.uint32)
