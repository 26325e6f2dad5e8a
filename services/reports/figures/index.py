"""All items in memory, in columns: a figure by a code as of a day is a sum over the steps up to that day.

A State's figures count what it sees of the rows that are recorded as that State's. Where a group also has more, its
items are stored twice: those of the whole group, and those that the State sees.

Columns grow at their end. A replaced item is no longer alive; the index is built again once a figure has too many of
these.
"""

from array import array
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np

from services.reports.figures.counting import Cell, Item, OfState, Published, items, seen_by_its_state
from services.reports.figures.model import BOUNDS, FIGURES, NONE, TOTAL, Unit

BUCKETS = len(BOUNDS) + 2
NO_STATE = -1
NOT_PUBLIC = -1
DEAD_MIN = 10_000
"""Minimum number of replaced items of a figure before the index is built again."""


class _Words:
    """Words, numbered in the order in which they were added."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._numbers: dict[str, int] = {}

    def known(self, word: str) -> int | None:
        return self._numbers.get(word)

    def number(self, word: str) -> int:
        found = self._numbers.get(word)
        if found is None:
            found = self._numbers[word] = len(self.words)
            self.words.append(word)
        return found


class _Values:
    """The values of one code; each item has `count` of them, from `start` on."""

    def __init__(self) -> None:
        self.words = _Words()
        self.start, self.count, self.values = array("i"), array("i"), array("i")

    def append(self, values: Sequence[str]) -> None:
        self.start.append(len(self.values))
        self.count.append(len(values))
        self.values.extend(map(self.words.number, values))

    def of(self, item: int) -> list[str]:
        start = self.start[item]
        return [self.words.words[number] for number in self.values[start : start + self.count[item]]]


class _Figure:
    """The items of one figure."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.amounts = FIGURES[name].unit in (Unit.PEOPLE, Unit.USD_MINOR)
        self.statuses = _Words()
        self.codes = {code: _Values() for code in FIGURES[name].by}
        self.alive, self.whole = array("b"), array("b")
        self.state, self.publisher = array("h"), array("h")
        self.item, self.day, self.status = array("i"), array("i"), array("i")
        self.records, self.amount = array("b"), array("q")
        self.dead = 0

    def append(self, item: Item, state: int, publisher: int, *, whole: bool) -> int:
        """Append an item. It counts in the figures of all records if `whole`, and in those of `state`."""
        number = len(self.alive)
        self.alive.append(1)
        self.whole.append(whole)
        self.state.append(state)
        self.publisher.append(publisher)
        for code, values in self.codes.items():
            values.append(item.codes[code])
        for step in item.steps:
            self.item.append(number)
            self.day.append(step.day.toordinal())
            self.status.append(self.statuses.number(step.status) * BUCKETS + step.bucket)
            self.records.append(step.records)
            if self.amounts:
                self.amount.append(step.amount)
        return number

    def remove(self, number: int) -> None:
        self.alive[number] = 0
        self.dead += 1

    def cells(self, dimension: str, as_of: date, *, state: int | None) -> dict[Cell, list[int]]:
        item = _column(self.item)
        shown = _column(self.alive) & (_column(self.whole) if state is None else _column(self.state) == state)
        chosen = np.flatnonzero((_column(self.day) <= as_of.toordinal()) & (shown[item] != 0))
        key, records = _column(self.status)[chosen], _column(self.records)[chosen]
        amount = _column(self.amount)[chosen] if self.amounts else None
        words = [NONE]
        if dimension != TOTAL:
            values = self.codes[dimension]
            words = values.words.words
            of = item[chosen]
            counts = _column(values.count)[of]
            place = _column(values.start)[of]
            if len(counts) and counts.max() > 1:
                # Repeat each step for each value of its item.
                repeated = np.repeat(np.arange(len(of)), counts)
                place = place[repeated] + np.arange(len(repeated)) - (np.cumsum(counts) - counts)[repeated]
                key, records = key[repeated], records[repeated]
                amount = amount[repeated] if amount is not None else None
            key = key + _column(values.values)[place] * (len(self.statuses.words) * BUCKETS)
        return self._decoded(key, records, amount, words)

    def published(self, as_of: date) -> dict[int, dict[str, dict[Cell, list[int]]]]:
        """Return the public cells as of a day, by publisher and dimension."""
        found: dict[int, dict[str, dict[Cell, list[int]]]] = {}
        shown = _column(self.alive) & _column(self.whole) & (_column(self.publisher) != NOT_PUBLIC)
        chosen = np.flatnonzero((_column(self.day) <= as_of.toordinal()) & (shown[_column(self.item)] != 0))
        for step in chosen.tolist():
            item = self.item[step]
            status, bucket = divmod(self.status[step], BUCKETS)
            change = (self.records[step], self.amount[step] if self.amounts else 0)
            tables = found.setdefault(self.publisher[item], {})
            for dimension, values in ((TOTAL, [NONE]), *((code, one.of(item)) for code, one in self.codes.items())):
                for value in values:
                    cells = tables.setdefault(dimension, {})
                    cell = cells.setdefault((value, self.statuses.words[status], bucket), [0, 0])
                    cell[0], cell[1] = cell[0] + change[0], cell[1] + change[1]
        return found

    def _decoded(self, key: Any, records: Any, amount: Any, words: Sequence[str]) -> dict[Cell, list[int]]:
        sums = np.bincount(key, weights=records).astype(np.int64)
        amounts = np.zeros_like(sums)
        if amount is not None:
            # Integers are summed, because a float cannot represent large sums of cents exactly.
            np.add.at(amounts, key, amount)
        found: dict[Cell, list[int]] = {}
        for one in np.flatnonzero((sums != 0) | (amounts != 0)).tolist():
            rest, bucket = divmod(one, BUCKETS)
            value, status = divmod(rest, len(self.statuses.words))
            found[words[value], self.statuses.words[status], bucket] = [int(sums[one]), int(amounts[one])]
        return found


def _column(values: "array[int]") -> Any:
    """Return a view of the array; nothing can be appended while the view exists."""
    return np.frombuffer(values, dtype=values.typecode) if len(values) else np.zeros(0, dtype=values.typecode)


class FigureIndex:
    """The figures of all groups; a group is replaced as a whole."""

    def __init__(self) -> None:
        self._figures = {name: _Figure(name) for name in FIGURES}
        self._groups: dict[UUID, list[tuple[str, int]]] = {}
        self._states, self._publishers = _Words(), _Words()

    @property
    def stale(self) -> bool:
        """True if a figure has so many replaced items that a new index is smaller."""
        return any(one.dead > max(DEAD_MIN, len(one.alive) // 2) for one in self._figures.values())

    def replace(self, group_id: UUID, rows: Iterable[OfState]) -> None:
        """Replace the rows of a group."""
        for name, number in self._groups.pop(group_id, ()):
            self._figures[name].remove(number)
        group = list(rows)
        seen = [OfState(one.state, row) for one in group if (row := seen_by_its_state(one.row)) is not None]
        states = dict.fromkeys(one.state for one in group)
        alone = len(states) == 1 and seen == group
        held = self._append(group, self._state_number(next(iter(states))) if alone else NO_STATE, whole=True)
        for state in () if alone else states:
            if state is not None:
                own = [one for one in seen if one.state == state]
                held += self._append(own, self._state_number(state), whole=False)
        if held:
            self._groups[group_id] = held

    def _state_number(self, state: str | None) -> int:
        return NO_STATE if state is None else self._states.number(state)

    def _append(self, group: Sequence[OfState], state: int, *, whole: bool) -> list[tuple[str, int]]:
        found = items(one.row for one in group)
        return [(item.figure, self._append_item(item, state, whole=whole)) for item in found]

    def _append_item(self, item: Item, state: int, *, whole: bool) -> int:
        publisher = NOT_PUBLIC if item.publisher is None else self._publishers.number(item.publisher)
        return self._figures[item.figure].append(item, state, publisher, whole=whole)

    def cells(self, figure: str, dimension: str, as_of: date, *, state: str | None = None) -> dict[Cell, list[int]]:
        """Return records and amount of each value, status and bucket as of a day, of all groups or a State's rows."""
        number = None if state is None else self._states.known(state)
        if state is not None and number is None:
            return {}
        return self._figures[figure].cells(dimension, as_of, state=number)

    def published(self, figure: str, as_of: date) -> Published:
        """Return the public cells of a figure as of a day, by publisher and dimension."""
        found = self._figures[figure].published(as_of)
        return {self._publishers.words[number]: tables for number, tables in found.items()}
