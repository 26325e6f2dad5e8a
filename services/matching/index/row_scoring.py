"""How well rows of `places` serve a line: one text for a row by itself and for many at once.

A row by itself has a number in each column; of many, each column is an array. Where few are left, a call of numpy takes
longer than what it does, so that they are reckoned one by one. `scoring` says the same of whole offerings.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial, reduce
from typing import Any, NamedTuple

import numpy as np
from pyroaring import BitMap

from contracts.reference import legal_system_of, region_of
from services.matching.index.offering_index import COLUMN, OF_BITS, OF_TOPICS, Held, Ints, Places, Table, alike, bits
from services.matching.lines.model import WantedLine
from services.matching.scoring.model import (
    BY_REGION,
    FULL,
    INTERPRETED,
    ON_TOPICS,
    OPEN_TO_ALL,
    SAME_REGION,
    ScoringContext,
    practised,
    window_days,
)
from services.matching.scoring.weights import Criterion

Cells = Any
"""A number, or a column of them."""

Row = Sequence[Cells]
"""By `places.COLUMN`."""


Words = Sequence[tuple[int, int]]
"""Columns, each with the bits to look at in it; one at least."""


class Means(NamedTuple):
    """What numbers and columns do not have in common.

    `number` is how a number is best compared with cells, `replaced` what is said of those that are among some places.
    """

    number: Callable[[int], Cells]
    most: Callable[[Cells, Cells], Cells]
    least: Callable[[Cells, Cells], Cells]
    closest: Callable[[Sequence[Cells]], Cells]
    total: Callable[[Sequence[Cells]], Cells]
    ones: Callable[[Cells], Cells]
    look: Callable[[Table, Cells], Cells]
    replaced: Callable[[Cells, Cells, BitMap, int], Cells]


def _replaced_each(found: Ints, places: Places, among: BitMap, points: int) -> Ints:
    those = np.frombuffer(among.to_array(), np.uint32)
    at = places.searchsorted(those)
    # They survived, but some have no room in time.
    found[at[places.take(at, mode="clip") == those]] = points
    return found


BY_ITSELF = Means(
    number=int,
    most=max,
    least=min,
    closest=max,
    total=sum,
    ones=int.bit_count,
    look=lambda table, at: table.listed[at],
    replaced=lambda found, place, among, points: points if place in among else found,
)
MANY = Means(
    # An array of no dimension takes half the time of a number.
    number=lambda number: np.array(number, np.int32),
    most=np.maximum,
    least=np.minimum,
    closest=partial(reduce, np.maximum),
    total=partial(reduce, operator.add),
    ones=np.bitwise_count,
    look=lambda table, at: table.array.take(at),
    replaced=_replaced_each,
)


@lru_cache(1 << 12)
def shares(weight: int, count: int, least: int = 0) -> Table:
    """The points for how many of so many are met; each of the others is met by `least` thousandths."""
    return Table(weight * ((FULL * met + least * (count - met)) // count) // FULL for met in range(count + 1))


@lru_cache(1 << 10)
def _points(weight: int) -> Table:
    """The points for a degree in thousandths."""
    return Table(weight * degree // FULL for degree in range(FULL + 1))


class Asked:
    """What a line asks of each row, looked up once."""

    def __init__(self, held: Held, line: WantedLine, known: ScoringContext, survivors: BitMap) -> None:
        of, region = known.weights.of.get, region_of(line.state)
        self.first, self.after = line.window.starts.toordinal(), line.window.ends.toordinal() + 1
        self.days, self.by_window = window_days(line.window), of("window", 0)
        self.group_size = line.group_size
        self.alike = [alike(topic) for topic in set(line.topics)]
        self.topics, self.by_topics = OF_TOPICS[: held.most_topics], _points(of("topics", 0))
        self.own = [(COLUMN[name], _points(of(name, 0))) for name in OWN]
        # Of languages each is understood somehow, or it would not have survived.
        self.met = [
            _met(what, codes, weight, least)
            for what, codes, weight, least in (
                ("articles", line.articles, of("articles", 0), 0),
                ("paragraphs", line.paragraphs, of("paragraphs", 0), 0),
                ("pillars", line.pillars, of("pillars", 0), 0),
                ("languages", line.languages, of("language", 0), INTERPRETED),
            )
            if codes
        ]
        by_region = of("region", 0)
        self.near = _near(held, region, by_region)
        self.in_region = _met("regions", (region or "",), by_region * BY_REGION // FULL, 0)
        self.in_state = survivors & held.of("state", line.state)
        self.by_state = by_region
        self.providers = [_legal_system(held, line.state, of("legal_system", 0))]
        if known.experience:
            self.providers.append(_experience(held, line, known))


OWN: Sequence[Criterion] = ("kind", "funding", "load")
"""Criteria that an offering meets to some degree whoever asks."""

_GROUP, _PROVIDER = COLUMN["group_max"], COLUMN["provider"]


def in_time(asked: Asked, row: Row, rooms: Sequence[tuple[Cells, Cells]], means: Means) -> tuple[Cells, Cells]:
    """Whether it has room in the window, and for the group; and on how many of the days."""
    most, least = means.most, means.least
    first, after, none = means.number(asked.first), means.number(asked.after), means.number(0)
    free = means.total([most(least(ends, after) - most(starts, first), none) for starts, ends in rooms])
    return (free > none) & (row[_GROUP] >= means.number(asked.group_size)), free


def score(
    asked: Asked, row: Row, places: Cells, free: Cells, means: Means, *, more_topics: Iterable[int] = ()
) -> Cells:
    """The points of all criteria but the meaning of the texts."""
    look, provider = means.look, row[_PROVIDER]
    points = [asked.by_window * (FULL * free // asked.days) // FULL]
    points += [look(table, row[at]) for at, table in asked.own]
    points += [_look_up(row, table, words, means) for table, words in asked.met]
    points += [look(table, provider) for table in asked.providers]
    near = means.most(look(asked.near, provider), _look_up(row, *asked.in_region, means))
    if asked.in_state:
        near = means.replaced(near, places, asked.in_state, asked.by_state)
    points.append(near)
    if asked.alike:
        offered = [*(row[at] for at in asked.topics), *more_topics]
        alike = [means.closest([look(table, topic) for topic in offered]) for table in asked.alike]
        points.append(look(asked.by_topics, means.total(alike) // len(alike)))
    return means.total(points)


def _look_up(row: Row, table: Table, words: Words, means: Means) -> Cells:
    return means.look(table, means.total([means.ones(row[at] & word) for at, word in words]))


@lru_cache(1 << 14)
def _met(what: str, codes: tuple[str, ...], weight: int, least: int) -> tuple[Table, Words]:
    """The points by how many of the codes are met, and where that is seen."""
    asked = tuple(sorted(set(codes)))
    words = [(at, word) for at, word in zip(OF_BITS[what], bits(what, asked), strict=True) if word]
    return shares(weight, len(asked), least), words or [(OF_BITS[what][0], 0)]


def _near(held: Held, region: str | None, weight: int) -> Table:
    def points(provider: str) -> int:
        near = region is not None and region_of(provider) == region
        return weight * (SAME_REGION if near else OPEN_TO_ALL) // FULL

    return held.by_provider(("region", region, weight), points)


def _legal_system(held: Held, state: str, weight: int) -> Table:
    def points(provider: str) -> int:
        own, others = set(legal_system_of(state)), legal_system_of(provider)
        return weight * (FULL * len(own & set(others)) // len(own) if own else 0) // FULL

    return held.by_provider(("legal_system", state, weight), points)


def _experience(held: Held, line: WantedLine, known: ScoringContext) -> Table:
    points, asked = [0] * len(held.providers), set(line.topics)
    for name, one in known.experience.items():
        if name in held.providers:
            on_topics = FULL * len(asked & one.topics) // (len(asked) or 1)
            degree = practised(line.kind, one) + ON_TOPICS * on_topics // FULL
            points[held.providers[name]] = known.weights.weight("experience") * degree // FULL
    return Table(points)
