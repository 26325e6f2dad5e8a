"""The available offerings in memory, a row for each, from which candidates are selected and scored.

Each constraint on codes has a compressed bitmap of rows for each code. All other data is in records, each contiguous in
memory: fetching records dominates the time with very many offerings.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from services.matching.index.meanings import MEANINGS_MAX, Meanings
from services.matching.lines.model import WantedLine
from services.matching.offerings.model import Offering
from services.matching.scoring.constraints import CONSTRAINTS, Codes, Constraint, Meets
from services.matching.scoring.records import FREE_PERIODS, RECORD, TOPICS, WORD, Providers, Records, recorded, taken
from services.matching.texts.meaning import Vector

_NOTHING = BitMap()

Rows = NDArray[np.uint32]

Sets = dict[str, BitMap]


def _subset(rows: BitMap, of: Sets, asked: Iterable[str]) -> BitMap:
    for code in asked:
        rows = rows & of.get(code, _NOTHING)
    return rows


def _overlap(rows: BitMap, of: Sets, asked: Iterable[str]) -> BitMap:
    found = [of[code] for code in asked if code in of]
    return rows & BitMap.union(*found) if found else BitMap()


def _disjoint(rows: BitMap, of: Sets, asked: Iterable[str]) -> BitMap:
    for code in asked:
        if code in of:
            rows = rows - of[code]
    return rows


def _superset(rows: BitMap, of: Sets, asked: Set[str]) -> BitMap:
    return _disjoint(rows, of, of.keys() - asked)


_NARROW: Mapping[Meets, Callable[[BitMap, Sets, Any], BitMap]] = {
    "subset": _subset,
    "overlap": _overlap,
    "superset": _superset,
    "disjoint": _disjoint,
}
_CODED: Final = sorted(
    (one for one in CONSTRAINTS if one.meets in _NARROW), key=lambda one: list(_NARROW).index(one.meets)
)
"""Constraints on codes by selectivity: the fewer rows are left, the cheaper the next constraint."""


class OfferingIndex:
    """Offerings by row. Those loaded in pages are in the order of their ids."""

    def __init__(self) -> None:
        self.records: Records = np.zeros(0, RECORD)
        self.providers = Providers()
        self.most_periods = self.most_topics = 1
        """Number of columns of periods and of topics that any record fills."""
        self.more_periods: dict[int, Sequence[tuple[int, int]]] = {}
        self.more_topics: dict[int, Sequence[int]] = {}
        self.all, self.wide = BitMap(), BitMap()
        """All rows, and those whose offering does not fit its record; read-only."""
        self.meanings = Meanings()
        # Constraints that compare the same codes share their sets.
        self._sets: dict[Callable[[Offering], Codes], Sets] = {one.has: {} for one in _CODED}
        self._narrowing = [(one.requires, _NARROW[one.meets], self._sets[one.has]) for one in _CODED]
        self._read_together = 0
        self._later: dict[UUID, int] = {}
        self._free: list[int] = []
        self._used = 0

    def __len__(self) -> int:
        return len(self.all)

    def of(self, constraint: Constraint, code: str) -> BitMap:
        """Return the rows of the offerings with this code; read-only."""
        return self._sets[constraint.has].get(code, _NOTHING)

    def satisfying(self, line: WantedLine) -> BitMap:
        """Return the rows that violate no constraint on codes."""
        rows = self.all
        for requires, narrow, sets in self._narrowing:
            asked = requires(line)
            if asked is not None:
                rows = narrow(rows, sets, asked)
        return rows

    def records_of(self, rows: Rows) -> Records:
        """Return a copy of these records."""
        return taken(self.records, rows)

    def add(self, page: Sequence[Offering]) -> None:
        """Append a page, before any `put`; ids must be above all earlier ones."""
        assert self._used == self._read_together, "pages are added before any put"
        first, end = self._used, self._used + len(page)
        self._make_room(end)
        self._fill(first, page)
        for has, sets in self._sets.items():
            rows: dict[str, list[int]] = {}
            for row, one in enumerate(page, first):
                for code in has(one):
                    rows.setdefault(code, []).append(row)
            for code, those in rows.items():
                sets.setdefault(code, BitMap()).update(those)
        self._used = self._read_together = end

    def put(self, offering: Offering) -> None:
        """Add or replace an available offering, in the same row."""
        self.remove(offering.offering_id)
        row = self._row_for(offering.offering_id)
        self._fill(row, [offering])
        for has, sets in self._sets.items():
            for code in has(offering):
                sets.setdefault(code, BitMap()).add(row)

    def set_vector(self, offering_id: UUID, vector: Vector | None) -> None:
        """Set the vector of its text; do nothing if the offering is not in the index."""
        row = self._row_of(offering_id)
        if row is not None:
            self.meanings.put(row, vector)

    def can_compare(self, vector: Vector | None) -> bool:
        """Return True if the index holds all vectors and they can be compared with this one."""
        return len(self) <= MEANINGS_MAX and self.meanings.comparable_with(vector)

    def remove(self, offering_id: UUID) -> None:
        """Remove an offering; do nothing if it is not in the index."""
        row = self._row_of(offering_id)
        if row is None or row not in self.all:
            return
        for those in (self.all, self.wide, *(one for sets in self._sets.values() for one in sets.values())):
            those.discard(row)
        self.more_periods.pop(row, None)
        self.more_topics.pop(row, None)
        self.meanings.put(row, None)
        if self._later.pop(offering_id, None) is not None:
            self._free.append(row)

    def _row_for(self, offering_id: UUID) -> int:
        row = self._row_of(offering_id)
        if row is None:
            row = self._free.pop() if self._free else self._used
            self._used = max(self._used, row + 1)
            self._make_room(self._used)
            self._later[offering_id] = row
        return row

    def _row_of(self, offering_id: UUID) -> int | None:
        """Return its row, or its former row if it was loaded in a page: such rows are not reused."""
        if (row := self._later.get(offering_id)) is not None:
            return row
        records = self.records[: self._read_together]
        high, low = divmod(offering_id.int, 1 << WORD)
        begin = int(np.searchsorted(records["id_high"], np.uint64(high)))
        while begin < len(records) and records["id_high"][begin] == high:
            if records["id_low"][begin] == low:
                return begin
            begin += 1
        return None

    def _make_room(self, count: int) -> None:
        if count > len(self.records):
            records = np.zeros(max(count + count // 8, 1024), RECORD)
            records[: len(self.records)] = self.records
            self.records = records

    def _fill(self, first: int, page: Sequence[Offering]) -> None:
        found = [recorded(one, self.providers.number(one.provider)) for one in page]
        self.records[first : first + len(page)] = np.array([one.record for one in found], RECORD)
        self.all.update(range(first, first + len(page)))
        for row, (_, more_periods, more_topics) in enumerate(found, first):
            if more_periods or more_topics:
                self.wide.add(row)
                self.more_periods[row], self.more_topics[row] = more_periods, more_topics
        for one in page:
            self.most_periods = max(self.most_periods, min(len(one.terms.capacity), FREE_PERIODS))
            self.most_topics = max(self.most_topics, min(len(one.terms.topics), TOPICS))
