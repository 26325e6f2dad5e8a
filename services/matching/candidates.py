"""The offerings that may serve a line, and the best of them, among very many.

`constraints.violated` and `scoring.ranked` over every available offering say the same, and a test compares the two.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from pyroaring import BitMap

from contracts.reference import instruments, legal_system_of, region_of
from services.matching.line import WantedLine
from services.matching.places import MORE_ROOMS, MORE_TOPICS, WORD, Held, Ints, Places, Rows, alike, bits
from services.matching.scoring import (
    BY_REGION,
    FAR,
    FULL,
    INTERPRETED,
    NEAR,
    NOTHING_KNOWN,
    ON_TOPICS,
    OPEN_TO_ALL,
    SAME_REGION,
    SUGGESTIONS_MAX,
    SYSTEM_UNKNOWN,
    Known,
    practised,
    window_days,
)
from services.matching.text.meaning import Vector
from services.matching.weights import Criterion

RERANKED_MAX = 500
"""So many are ranked anew by what the texts mean."""

T = TypeVar("T")


class Placed(Struct, frozen=True):
    """A candidate and its score."""

    offering_id: UUID
    score: int


def best(
    held: Held,
    line: WantedLine,
    limit: int = SUGGESTIONS_MAX,
    *,
    known: Known = NOTHING_KNOWN,
    vector: Vector | None = None,
) -> list[Placed]:
    """The candidates for a line with the highest scores, best first; equal ones by offering id.

    With the `vector` of the line's text the best `RERANKED_MAX` by codes are ranked anew by what both texts mean.
    """
    places, rows, free = _in_time(held, line, _survivors(held, line))
    if not len(places):
        return []
    degrees = _degrees(held, line, places, rows, free, known)
    weights = np.array([known.weights.weight(criterion) for criterion in degrees], np.int32)
    # All at once: where few are left, each call of a function takes longer than what it does.
    scores = (np.array(list(degrees.values()), np.int32) * weights[:, None] // FULL).sum(axis=0, dtype=np.int32)
    ids = rows["id"]
    if vector is not None and held.can_judge(vector):
        chosen = _first(ids, scores, RERANKED_MAX)
        ids, scores = ids[chosen], scores[chosen]
        meant = np.clip((held.meanings.closeness(vector, places[chosen]) - FAR) * FULL // (NEAR - FAR), 0, FULL)
        scores = scores + known.weights.weight("meaning") * meant // FULL
    order = _first(ids, scores, limit)
    return [Placed(UUID(int=int(ids[at, 0]) << WORD | int(ids[at, 1])), int(scores[at])) for at in order]


def _first(ids: NDArray[np.uint64], scores: Ints, limit: int) -> NDArray[np.intp]:
    """Where the highest scores stand, best first; equal ones by id."""
    if len(scores) <= limit:
        return np.lexsort((ids[:, 1], ids[:, 0], -scores))
    # Those that may be among them, before they are put in order.
    likely = np.flatnonzero(scores >= np.partition(scores, len(scores) - limit)[len(scores) - limit])
    return likely[np.lexsort((ids[likely, 1], ids[likely, 0], -scores[likely]))[:limit]]


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


def _in_time(held: Held, line: WantedLine, survivors: BitMap) -> tuple[Places, Rows, Ints]:
    """Those that are valid and have room in the window, with their rows, and on how many of its days."""
    places = _array(survivors)
    rows = held.rows_of(places)
    first, last = line.window.starts.toordinal(), line.window.ends.toordinal()
    begin, end = np.maximum(rows["valid_from"], first), np.minimum(rows["valid_until"], last)
    meets, free = np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.int32)
    # One after the other: a reduction over so few takes longer.
    for room in range(held.most_rooms):
        room_from, room_until = rows["room_from"][:, room], rows["room_until"][:, room]
        meets |= (room_from <= last) & (room_until >= first)
        free += np.maximum(np.minimum(room_until, end) - np.maximum(room_from, begin) + 1, 0)
    for at, rooms in _among(places, held.of(*MORE_ROOMS), held.more_rooms):
        meets[at] |= any(room[0] <= last and room[1] >= first for room in rooms)
        free[at] += sum(max(0, min(room[1], int(end[at])) - max(room[0], int(begin[at])) + 1) for room in rooms)
    fits = (begin <= end) & meets & (rows["group_max"] >= line.group_size)
    return places[fits], rows.compress(fits), free[fits]


def _among(places: Places, some: BitMap, kept: Mapping[int, T]) -> Sequence[tuple[int, T]]:
    """Of these places those that are among some, where they stand here, with what is kept of each."""
    shared = _array(BitMap(places) & some) if some else _array(some)
    return [(int(at), kept[int(place)]) for at, place in zip(np.searchsorted(places, shared), shared, strict=True)]


def _array(places: BitMap) -> Places:
    return np.frombuffer(places.to_array(), np.uint32) if places else np.empty(0, np.uint32)


# -- degrees ----------------------------------------------------------------------------------------------------------


def _degrees(
    held: Held, line: WantedLine, places: Places, rows: Rows, free: Ints, known: Known
) -> Mapping[Criterion, Ints]:
    """How far each criterion is met, in thousandths of its own."""
    provider = rows["provider"]
    return {
        "topics": _topics(held, line, places, rows),
        "articles": _covered("articles", line.articles, rows),
        "kind": rows["kind"],
        "paragraphs": _covered("paragraphs", line.paragraphs, rows),
        "pillars": _covered("pillars", line.pillars, rows),
        "language": _languages(line, rows),
        "window": FULL * free // window_days(line.window),
        "region": _region(held, line.state, places, provider),
        "legal_system": _legal_system(held, line.state)[provider],
        "experience": _experience(held, line, known)[provider],
        "funding": rows["funding"],
        "load": rows["load"],
    }


def _topics(held: Held, line: WantedLine, places: Places, rows: Rows) -> Ints:
    asked = set(line.topics)
    found, theirs = np.zeros(len(rows), np.int32), rows["topics"]
    with_more = _among(places, held.of(*MORE_TOPICS), held.more_topics) if asked else []
    for topic in asked:
        degrees = alike(topic)
        most = degrees[theirs[:, 0]]
        for number in range(1, held.most_topics):
            np.maximum(most, degrees[theirs[:, number]], out=most)
        for at, more in with_more:
            most[at] = max(int(most[at]), *(int(degrees[number]) for number in more))
        found += most
    return found // (len(asked) or 1)


def _covered(what: str, codes: Iterable[str], rows: Rows) -> Ints:
    asked = tuple(sorted(set(codes)))
    if not asked:
        return np.zeros(len(rows), np.int32)
    found = np.zeros(len(rows), np.int32)
    for number, word in enumerate(bits(what, asked)):
        if word:
            found += np.bitwise_count(rows[what][:, number] & np.uint64(word))
    degrees: Ints = FULL * found // len(asked)
    return degrees


def _languages(line: WantedLine, rows: Rows) -> Ints:
    # Each is understood somehow, or it would not have survived.
    asked = tuple(sorted(set(line.languages)))
    spoken = np.bitwise_count(rows["spoken"] & np.uint8(bits("languages", asked)[0])).astype(np.int32)
    degrees: Ints = (FULL * spoken + INTERPRETED * (len(asked) - spoken)) // (len(asked) or 1)
    return degrees


def _region(held: Held, state: str, places: Places, provider: Places) -> Ints:
    region = region_of(state)
    found = held.by_provider(
        f"near {region}", lambda name: SAME_REGION if region is not None and region_of(name) == region else OPEN_TO_ALL
    )[provider]
    here = BitMap(places)
    for what, code, degree in (("region", region, BY_REGION), ("state", state, FULL)):
        if code is not None and (among := here & held.of(what, code)):
            found[np.searchsorted(places, _array(among))] = degree
    return found


def _legal_system(held: Held, state: str) -> Ints:
    own = set(legal_system_of(state))

    def degree(name: str) -> int:
        others = legal_system_of(name)
        return FULL * len(own & set(others)) // len(own) if own and others else SYSTEM_UNKNOWN

    return held.by_provider(f"law {state}", degree)


def _experience(held: Held, line: WantedLine, known: Known) -> Ints:
    degrees, asked = np.zeros(len(held.providers), np.int32), set(line.topics)
    for name, one in known.experience.items():
        if name in held.providers:
            on_topics = FULL * len(asked & one.topics) // (len(asked) or 1)
            degrees[held.providers[name]] = practised(line.kind, one) + ON_TOPICS * on_topics // FULL
    return degrees
