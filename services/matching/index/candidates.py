"""The offerings that may serve a line, and the best of them, among very many.

`constraints.violated` and `scoring.ranked` over every available offering say the same, and a test compares the two.
"""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from pyroaring import BitMap

from contracts.rankings import SUGGESTIONS_MAX
from contracts.reference import instruments, region_of
from services.matching.index.offering_index import (
    COLUMN,
    NAMES,
    OF_ROOMS,
    OF_TIME,
    WIDE,
    WORD,
    Held,
    Ints,
    Places,
    Rows,
    taken,
)
from services.matching.index.row_scoring import BY_ITSELF, MANY, Asked, in_time, score
from services.matching.lines.model import WantedLine
from services.matching.scoring.model import FAR, FULL, NEAR, NOTHING_KNOWN, ScoringContext
from services.matching.texts.meaning import Vector

RERANKED_MAX = 500
"""So many are ranked anew by what the texts mean."""

FEW = 16
"""Up to so many are reckoned one by one."""

SORTED_MAX = 100
"""Up to so many are put in order though only the first of them are wanted."""


class Placed(Struct, frozen=True):
    """A candidate and its score."""

    offering_id: UUID
    score: int


Found = tuple[int, int, int, int]
"""A candidate as it is put in order: the negative of its score, both halves of its id, its place."""


def best(
    held: Held,
    line: WantedLine,
    limit: int = SUGGESTIONS_MAX,
    *,
    known: ScoringContext = NOTHING_KNOWN,
    vector: Vector | None = None,
) -> list[Placed]:
    """The candidates for a line with the highest scores, best first; equal ones by offering id.

    With the `vector` of the line's text the best `RERANKED_MAX` by codes are ranked anew by what both texts mean.
    """
    survivors = _survivors(held, line)
    if not survivors:
        return []
    asked, judged = Asked(held, line, known, survivors), vector is not None and held.can_judge(vector)
    found = sorted(_found(held, asked, survivors, RERANKED_MAX if judged else limit))
    if judged:
        assert vector is not None, "nothing else can be judged"
        found = sorted(_meant(held, vector, found[:RERANKED_MAX], known.weights.weight("meaning")))
    return [Placed(_id(high, low), -negative) for negative, high, low, _ in found[:limit]]


@lru_cache(1 << 14)
def _id(high: int, low: int) -> UUID:
    """The best of one line are often among those of others."""
    return UUID(int=high << WORD | low)


def _found(held: Held, asked: Asked, survivors: BitMap, most: int) -> list[Found]:
    """At least so many of the best that are in time, in no order."""
    if len(survivors) <= FEW:
        return _one_by_one(held, asked, survivors)
    if wide := survivors & held.of(*WIDE):
        return _one_by_one(held, asked, wide) + _together(held, asked, survivors - wide, most)
    return _together(held, asked, survivors, most)


def _one_by_one(held: Held, asked: Asked, places: BitMap) -> list[Found]:
    found: list[Found] = []
    for place, row in zip(places, held.rows_of(_array(places)).tolist(), strict=True):
        rooms = [(row[starts], row[ends]) for starts, ends in OF_ROOMS[: held.most_rooms]]
        fits, free = in_time(asked, row, [*rooms, *held.more_rooms.get(place, ())], BY_ITSELF)
        if fits:
            points = score(asked, row, place, free, BY_ITSELF, more_topics=held.more_topics.get(place, ()))
            found.append((-points, row[_HIGH], row[_LOW], place))
    return found


_HIGH, _LOW = COLUMN["id_high"], COLUMN["id_low"]


def _together(held: Held, asked: Asked, those: BitMap, most: int) -> list[Found]:
    """The best of them, in no order."""
    places = _array(those)
    rows = held.rows_of(places)
    cells = [rows[name] for name in NAMES[:OF_TIME]]
    fits, free = in_time(asked, cells, [(cells[a], cells[b]) for a, b in OF_ROOMS[: held.most_rooms]], MANY)
    (fitting,) = fits.nonzero()
    if not len(fitting):
        return []
    places, rows, free = places.take(fitting), taken(rows, fitting), free.take(fitting)
    scores = -score(asked, [rows[name] for name in NAMES], places, free, MANY)
    columns = [scores, rows["id_high"], rows["id_low"], places]
    if len(scores) > most:
        chosen = _first(scores, rows, most)
        columns = [column.take(chosen) for column in columns]
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _first(scores: Ints, rows: Rows, limit: int) -> NDArray[np.intp]:
    """Where the lowest stand; of equal ones those of the lowest ids."""
    if len(scores) <= SORTED_MAX:
        return _in_order(scores, rows)[:limit]
    # Those that may be among them, before they are put in order.
    (likely,) = (scores <= np.partition(scores, limit - 1)[limit - 1]).nonzero()
    chosen: NDArray[np.intp] = likely.take(_in_order(scores.take(likely), taken(rows, likely))[:limit])
    return chosen


def _in_order(scores: Ints, rows: Rows) -> NDArray[np.intp]:
    return np.lexsort((rows["id_low"], rows["id_high"], scores))


def _meant(held: Held, vector: Vector, found: Sequence[Found], weight: int) -> list[Found]:
    """The same with what the meaning of the texts adds."""
    closeness = held.meanings.closeness(vector, np.array([place for *_, place in found], np.uint32))
    points = weight * np.clip((closeness - FAR) * FULL // (NEAR - FAR), 0, FULL) // FULL
    return [
        (negative - more, high, low, place)
        for (negative, high, low, place), more in zip(found, points.tolist(), strict=True)
    ]


# -- hard constraints -------------------------------------------------------------------------------------------------


def _survivors(held: Held, line: WantedLine) -> BitMap:
    """Those that break no constraint which codes can tell."""
    left = held.of("kind", line.kind) & held.of("modality", line.modality)
    for language in set(line.languages):
        left &= held.of("understood", language)
    eligible = held.of("open", "") | held.of("state", line.state)
    if (region := region_of(line.state)) is not None:
        eligible |= held.of("region", region)
    left &= eligible
    left -= held.of("excluded", line.state)
    for provider in (line.state, *line.excluded_providers):
        left -= held.of("provider", provider)
    for instrument in instruments().keys() - line.party_to:
        left -= held.of("treaty", instrument)
    if line.cannot_wait:
        left &= held.of("funded", "")
    if line.addressee == "unodc":
        left &= held.of("unodc", "")
    elif line.addressee == "states":
        left &= BitMap.union(BitMap(), *(held.of("provider", state) for state in line.addressed_states))
    return left


def _array(places: BitMap) -> Places:
    return np.frombuffer(places.to_array(), np.uint32) if places else np.empty(0, np.uint32)
