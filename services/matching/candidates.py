"""The offerings in memory: those that may serve a line, and the best of them, among very many.

For each code there is the set of offerings that have it, as a compressed bitmap of their places; dates, limits and what
is left of capacity are columns. It is a cache of what PostgreSQL holds. `constraints.violated` and `scoring.ranked`
over everything say the same, and a test compares the two.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final
from uuid import UUID

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from pyroaring import BitMap

from contracts.reference import instruments, legal_system_of, region_of, topic_similarity, topics
from contracts.values import is_unodc
from services.matching.line import WantedLine
from services.matching.offering import Offering, ResourceStatus
from services.matching.scoring import (
    BY_REGION,
    FULL,
    FUNDING,
    INTERPRETED,
    NO_EXPERIENCE,
    ON_TOPICS,
    OPEN_TO_ALL,
    PRACTISED,
    SAME_REGION,
    SUGGESTIONS_MAX,
    SYSTEM_UNKNOWN,
    Experience,
    load,
    load_degree,
    practised,
    window_days,
)
from services.matching.weights import CRITERIA, FIRST, Criterion, Weights

ROOMS: Final = 4
"""Periods with room in columns; of an offering that has more, the others stand in a list of its own."""

CHUNK_MIN: Final = 512
"""So many are judged together at least, those of the best topics first."""

_NEVER, _EVER = -(10**8), 10**8
"""Before and after every day by its ordinal; and far enough from the ends of a column's numbers to be subtracted."""

Ints = NDArray[np.int32]
Places = NDArray[np.uint32]


class Placed(Struct, frozen=True):
    """A candidate and its score."""

    offering_id: UUID
    score: int


class Candidates:
    """Available offerings by place. Not for several threads at once."""

    def __init__(self) -> None:
        self._places: dict[UUID, int] = {}
        self._ids: list[UUID] = []
        self._free: list[int] = []
        self._sets: dict[tuple[str, str], BitMap] = {}
        self._more: dict[int, tuple[tuple[int, int], ...]] = {}
        self._room_for(1024)

    def __len__(self) -> int:
        return len(self._places)

    def put(self, offering: Offering, experience: Experience = NO_EXPERIENCE) -> None:
        """Hold an available offering as it now stands, in the place of what was held of it.

        `experience` is its provider's: when that grows, all its offerings are put again.
        """
        self.remove(offering.offering_id)
        place = self._free.pop() if self._free else len(self._ids)
        if place == len(self._ids):
            self._ids.append(offering.offering_id)
            if place == len(self._valid_from):
                self._room_for(2 * place)
        self._ids[place] = offering.offering_id
        self._places[offering.offering_id] = place
        for key in (*_keys(offering), *_keys_of(experience)):
            self._sets.setdefault(key, BitMap()).add(place)
        self._fill(place, offering)

    def remove(self, offering_id: UUID) -> None:
        """Hold it no longer; nothing happens where it was not held."""
        place = self._places.pop(offering_id, None)
        if place is None:
            return
        for held in self._sets.values():
            held.discard(place)
        self._more.pop(place, None)
        self._free.append(place)

    def best(self, line: WantedLine, limit: int = SUGGESTIONS_MAX, weights: Weights = FIRST) -> list[Placed]:
        """The candidates for a line with the highest scores, best first; equal ones by offering id."""
        survivors = self._survivors(line)
        if not survivors:
            return []
        found, scores = np.empty(0, np.uint32), np.empty(0, np.int32)
        for chunk, points, most_after in self._by_topics(line, survivors, weights):
            more, theirs = self._judged(line, chunk, points, weights)
            found, scores = _highest(np.concatenate((found, more)), np.concatenate((scores, theirs)), limit)
            if len(found) >= limit and scores.min() > most_after:
                break
        placed = [Placed(self._ids[place], int(score)) for place, score in zip(found, scores, strict=True)]
        return sorted(placed, key=lambda one: (-one.score, str(one.offering_id)))[:limit]

    # -- hard constraints, by code -----------------------------------------------------------------------------------

    def _survivors(self, line: WantedLine) -> BitMap:
        """Those that break no constraint which codes can tell."""
        left = self._of("kind", line.kind) & self._of("modality", line.modality)
        for language in set(line.languages):
            left &= self._of("spoken", language) | self._of("interpreted", language)
        region = region_of(line.state)
        eligible = self._of("open", "") | self._of("state", line.state)
        if region is not None:
            eligible |= self._of("region", region)
        left &= eligible
        left -= self._of("excluded", line.state)
        for provider in (line.state, *line.excluded_providers):
            left -= self._of("provider", provider)
        for instrument in instruments().keys() - line.party_to:
            left -= self._of("treaty", instrument)
        if line.cannot_wait:
            left &= self._of("funded", "")
        if line.addressee == "unodc":
            left &= self._of("unodc", "")
        elif line.addressee == "states":
            left &= BitMap.union(BitMap(), *(self._of("provider", state) for state in line.addressed_states))
        return left

    def _of(self, what: str, code: str) -> BitMap:
        return self._sets.get((what, code), _NOTHING)

    # -- the best topics first ---------------------------------------------------------------------------------------

    def _by_topics(self, line: WantedLine, survivors: BitMap, weights: Weights) -> Iterable[tuple[Places, Ints, int]]:
        """The survivors in chunks, with the points of their topics, and the most that any later one can score."""
        asked = set(line.topics)
        if not asked:
            yield _array(survivors), np.zeros(len(survivors), np.int32), -1
            return
        near = [
            (self._of(f"topic {closeness}", topic) & survivors, closeness)
            for topic in asked
            for closeness in {similarity for _, similarity in _neighbours(topic)}
        ]
        related = BitMap.union(BitMap(), *(places for places, _ in near))
        every = _array(related)
        degrees = np.zeros(len(every), np.int32)
        for places, closeness in near:
            degrees[np.searchsorted(every, _array(places))] += closeness
        points = weights.weight("topics") * (degrees // len(asked)) // FULL
        others = self._most_beside_topics(line, survivors, weights)
        order = np.argsort(-points, kind="stable")
        fewer = -points[order]
        begin = 0
        while begin < len(order):
            end = min(begin + CHUNK_MIN, len(order))
            # All of equal points together: what comes after can only have fewer.
            end = int(np.searchsorted(fewer, fewer[end - 1], side="right"))
            chosen = np.sort(order[begin:end])
            yield every[chosen], points[chosen], others - (int(fewer[end]) if end < len(order) else 0)
            begin = end
        unrelated = survivors - related
        yield _array(unrelated), np.zeros(len(unrelated), np.int32), -1

    def _most_beside_topics(self, line: WantedLine, survivors: BitMap, weights: Weights) -> int:
        """No survivor has more points than this for all other criteria. What a text means is not judged here."""

        def found(what: str, code: str) -> bool:
            return self._of(what, code).intersect(survivors)

        def covered(what: str, codes: Iterable[str]) -> int:
            asked = set(codes)
            return FULL * sum(found(what, code) for code in asked) // len(asked) if asked else 0

        region = region_of(line.state) or ""
        near = [("state", line.state, FULL), ("region", region, BY_REGION), ("provider region", region, SAME_REGION)]
        most: Mapping[Criterion, int] = {
            "topics": 0,
            "meaning": 0,
            "articles": covered("article", line.articles),
            "paragraphs": covered("paragraph", line.paragraphs),
            "pillars": covered("pillar", line.pillars),
            "region": next((degree for what, code, degree in near if found(what, code)), OPEN_TO_ALL),
            "experience": ON_TOPICS * covered("practised topic", line.topics) // FULL
            + next((degree for _, degree in PRACTISED if found(f"practised {degree}", line.kind)), 0),
        }
        return sum(weights.weight(name) * most.get(name, FULL) // FULL for name in CRITERIA)

    # -- one chunk ---------------------------------------------------------------------------------------------------

    def _judged(self, line: WantedLine, chunk: Places, points: Ints, weights: Weights) -> tuple[Places, Ints]:
        """Those of a chunk that break no constraint, with their scores."""
        first, last = line.window.starts.toordinal(), line.window.ends.toordinal()
        begin = np.maximum(self._valid_from[chunk], first)
        end = np.minimum(self._valid_until[chunk], last)
        rooms_from, rooms_until = self._room_from[chunk], self._room_until[chunk]
        meets: NDArray[np.bool_] = np.any((rooms_from <= last) & (rooms_until >= first), axis=1)
        free = np.clip(np.minimum(rooms_until, end[:, None]) - np.maximum(rooms_from, begin[:, None]) + 1, 0, None).sum(
            axis=1
        )
        for number, place in enumerate(chunk) if self._more else ():
            for room in self._more.get(int(place), ()):
                meets[number] |= room[0] <= last and room[1] >= first
                free[number] += max(0, min(room[1], int(end[number])) - max(room[0], int(begin[number])) + 1)
        fits = (begin <= end) & meets & (self._group_max[chunk] >= line.group_size)
        chunk, points, free = chunk[fits], points[fits], free[fits]
        if not len(chunk):
            return chunk, points
        held = BitMap(chunk)
        degrees: Mapping[Criterion, Ints] = {
            "window": (FULL * free // window_days(line.window)).astype(np.int32),
            "kind": FULL // self._kinds[chunk],
            "funding": self._funding[chunk],
            "load": self._load[chunk],
            "articles": self._covered("article", line.articles, chunk, held),
            "paragraphs": self._covered("paragraph", line.paragraphs, chunk, held),
            "pillars": self._covered("pillar", line.pillars, chunk, held),
            "language": self._languages(line, chunk, held),
            "region": self._region(line.state, chunk, held),
            "legal_system": self._legal_system(line.state, chunk, held),
            "experience": self._experience(line, chunk, held),
        }
        return chunk, sum((weights.weight(name) * degree // FULL for name, degree in degrees.items()), start=points)

    def _covered(self, what: str, codes: Iterable[str], chunk: Places, held: BitMap) -> Ints:
        asked = set(codes)
        found = np.zeros(len(chunk), np.int32)
        for code in asked:
            found[np.searchsorted(chunk, _array(self._of(what, code) & held))] += FULL
        return found // len(asked) if asked else found

    def _languages(self, line: WantedLine, chunk: Places, held: BitMap) -> Ints:
        asked = set(line.languages)
        found = np.zeros(len(chunk), np.int32)
        for language in asked:
            spoken = self._of("spoken", language) & held
            found[np.searchsorted(chunk, _array(spoken))] += FULL
            found[np.searchsorted(chunk, _array((self._of("interpreted", language) & held) - spoken))] += INTERPRETED
        return found // len(asked) if asked else found

    def _region(self, state: str, chunk: Places, held: BitMap) -> Ints:
        region = region_of(state)
        found = np.full(len(chunk), OPEN_TO_ALL, np.int32)
        closer = [("state", state, FULL)]
        if region is not None:
            closer = [("provider region", region, SAME_REGION), ("region", region, BY_REGION), *closer]
        for what, code, degree in closer:
            found[np.searchsorted(chunk, _array(self._of(what, code) & held))] = degree
        return found

    def _legal_system(self, state: str, chunk: Places, held: BitMap) -> Ints:
        own = legal_system_of(state)
        if not own:
            return np.full(len(chunk), SYSTEM_UNKNOWN, np.int32)
        found = self._covered("law", own, chunk, held)
        found[np.searchsorted(chunk, _array(self._of("no law", "") & held))] = SYSTEM_UNKNOWN
        return found

    def _experience(self, line: WantedLine, chunk: Places, held: BitMap) -> Ints:
        found: Ints = ON_TOPICS * self._covered("practised topic", line.topics, chunk, held) // FULL
        for _, degree in PRACTISED:
            found[np.searchsorted(chunk, _array(self._of(f"practised {degree}", line.kind) & held))] += degree
        return found

    # -- columns -----------------------------------------------------------------------------------------------------

    def _room_for(self, count: int) -> None:
        def longer(name: str, fill: int, *width: int) -> Ints:
            column = np.full((count, *width), fill, np.int32)
            before: Ints | None = getattr(self, name, None)
            if before is not None:
                column[: len(before)] = before
            return column

        self._valid_from, self._valid_until = longer("_valid_from", _EVER), longer("_valid_until", _NEVER)
        self._group_max, self._kinds = longer("_group_max", 0), longer("_kinds", 1)
        self._funding, self._load = longer("_funding", 0), longer("_load", 0)
        self._room_from, self._room_until = longer("_room_from", _EVER, ROOMS), longer("_room_until", _NEVER, ROOMS)

    def _fill(self, place: int, offering: Offering) -> None:
        terms = offering.terms
        self._valid_from[place] = terms.valid.starts.toordinal()
        self._valid_until[place] = terms.valid.ends.toordinal()
        self._group_max[place] = _EVER if terms.group_size_max is None else terms.group_size_max
        self._kinds[place] = len(set(terms.kinds)) or 1
        self._funding[place] = FUNDING[ResourceStatus(terms.resource_status)]
        self._load[place] = load_degree(*load(offering))
        rooms = [
            (one.period.starts.toordinal(), one.period.ends.toordinal())
            for one in terms.capacity
            if offering.room(one) > 0
        ]
        empty = [(_EVER, _NEVER)] * ROOMS
        self._room_from[place], self._room_until[place] = np.array((rooms[:ROOMS] + empty)[:ROOMS], np.int32).T
        if rooms[ROOMS:]:
            self._more[place] = tuple(rooms[ROOMS:])


_NOTHING = BitMap()


def _keys(offering: Offering) -> Iterable[tuple[str, str]]:
    """Every set that an offering is in."""
    terms, eligible = offering.terms, offering.terms.eligible
    yield ("provider", offering.provider)
    if is_unodc(offering.provider):
        yield ("unodc", "")
    if (region := region_of(offering.provider)) is not None:
        yield ("provider region", region)
    yield from (("law", code) for code in legal_system_of(offering.provider))
    if not legal_system_of(offering.provider):
        yield ("no law", "")
    if not eligible.states and not eligible.regions:
        yield ("open", "")
    if terms.resource_status == ResourceStatus.FUNDED:
        yield ("funded", "")
    named: Sequence[tuple[str, Iterable[str]]] = (
        ("kind", terms.kinds),
        ("modality", terms.modalities),
        ("spoken", terms.languages),
        ("interpreted", terms.interpretation),
        ("article", terms.articles),
        ("paragraph", terms.paragraphs),
        ("pillar", terms.pillars),
        ("state", eligible.states),
        ("region", eligible.regions),
        ("excluded", eligible.excluded_states),
        ("treaty", terms.treaties),
    )
    for what, codes in named:
        for code in codes:
            yield (what, str(code))
    best: dict[str, int] = {}
    for topic in terms.topics:
        for other, closeness in _neighbours(topic):
            best[other] = max(closeness, best.get(other, 0))
    for other, closeness in best.items():
        yield (f"topic {closeness}", other)


def _keys_of(experience: Experience) -> Iterable[tuple[str, str]]:
    """The sets that an offering is in by what its provider has completed."""
    yield from (("practised topic", topic) for topic in experience.topics)
    yield from ((f"practised {practised(kind, experience)}", kind) for kind in experience.deliveries)


@cache
def _neighbours(topic: str) -> Sequence[tuple[str, int]]:
    """The topics that are anything to this one, with how alike they are."""
    found = ((other, topic_similarity(topic, other)) for other in topics())
    return [(other, similarity) for other, similarity in found if similarity]


def _array(places: BitMap) -> Places:
    return np.frombuffer(places.to_array(), np.uint32) if places else np.empty(0, np.uint32)


def _highest(places: Places, scores: Ints, limit: int) -> tuple[Places, Ints]:
    """The best so many, and all that equal the last of them."""
    if len(scores) <= limit:
        return places, scores
    least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
    kept = scores >= least
    return places[kept], scores[kept]
