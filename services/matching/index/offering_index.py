"""The available offerings in memory: what candidates are judged by, each in a place of its own.

What a hard constraint asks about codes is a set of places for each code, as a compressed bitmap. All else is a row, and
all of a row lies together: to fetch it is what takes time where there are very many.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple, get_args
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from contracts import reference
from contracts.values import Language, is_unodc
from services.matching.index.meanings import MEANINGS_MAX, Meanings
from services.matching.offerings.model import Offering, ResourceStatus, are_confidential
from services.matching.scoring.model import FULL, FUNDING, load_degree
from services.matching.texts.meaning import Vector

ROOMS: Final = 4
"""Periods with room in a row; of an offering that has more, the others stand in a list of its own."""

TOPICS: Final = 6
"""Topics in a row, likewise."""

NEVER, EVER = -(10**8), 10**8
"""Before and after every day by its ordinal; and far enough from the ends of a column's numbers to be subtracted."""

WIDE: Final = ("wide", "")
"""The set of those that have a list of their own."""

BY_PROVIDER_MAX: Final = 1 << 10
"""So many tables of providers are kept: one for each State that asks, and for each version of the weights."""

WORD: Final = 64
HALF: Final = (1 << WORD) - 1
WORDS: Final = {"articles": 2, "paragraphs": 1, "pillars": 1, "languages": 1, "regions": 1}
"""Words of bits in a row."""

_NOTHING = BitMap()

Ints = NDArray[np.int32]
Places = NDArray[np.uint32]
Rows = NDArray[Any]
Codes = Sequence[str]


class Entry(NamedTuple):
    """All of an available offering that candidates are judged by; `entry_store.ENTRIES` selects the same.

    The last two are the ordinals of the first and the last day of each period that has room: it lies in the validity,
    and no two have a day in common.
    """

    offering_id: UUID
    provider: str
    kinds: Codes
    topics: Codes
    articles: Codes
    paragraphs: Codes
    pillars: Codes
    languages: Codes
    interpretation: Codes
    modalities: Codes
    states: Codes
    regions: Codes
    excluded_states: Codes
    treaties: Codes
    group_size_max: int | None
    resource_status: str
    units: int
    taken: int
    room_from: Sequence[int]
    room_until: Sequence[int]


def entry_of(offering: Offering) -> Entry:
    terms, eligible = offering.terms, offering.terms.eligible
    roomy = [one.period for one in terms.capacity if offering.room(one) > 0]
    units = sum(one.units for one in terms.capacity)
    return Entry(
        offering.offering_id,
        offering.provider,
        terms.kinds,
        terms.topics,
        terms.articles,
        terms.paragraphs,
        terms.pillars,
        terms.languages,
        terms.interpretation,
        terms.modalities,
        eligible.states,
        eligible.regions,
        eligible.excluded_states,
        terms.treaties,
        terms.group_size_max,
        terms.resource_status,
        units,
        units - sum(offering.room(one) for one in terms.capacity),
        [period.starts.toordinal() for period in roomy],
        [period.ends.toordinal() for period in roomy],
    )


# -- codes as numbers and bits ----------------------------------------------------------------------------------------


@cache
def numbers(what: str) -> Mapping[str, int]:
    """A number for each code of a list. A code that no list has is nobody's."""
    codes: Mapping[str, Collection[str]] = {
        "topics": reference.topics(),
        "articles": reference.articles(),
        "paragraphs": reference.paragraphs(),
        "pillars": reference.pillars(),
        "languages": [language.value for language in Language],
        "regions": get_args(reference.Region),
    }
    return {code: number for number, code in enumerate(sorted(codes[what]))}


@lru_cache(1 << 14)
def bits(what: str, codes: tuple[str, ...]) -> tuple[int, ...]:
    """The bits of these codes, in words."""
    known, words = numbers(what), WORDS[what]
    assert len(known) <= words * WORD, f"there are more {what} than a row has bits for"
    found = sum(1 << known[code] for code in set(codes) if code in known)
    return tuple(found >> number * WORD & HALF for number in range(words))


class Table:
    """What is looked up by whole numbers from 0, by one of them or by a column of them."""

    def __init__(self, values: Iterable[int]) -> None:
        self.listed = list(values)
        self.array: Ints = np.array(self.listed, np.int32)


@lru_cache(1 << 10)
def alike(topic: str) -> Table:
    """How alike a topic and each is, in thousandths, by one more than its number; at 0 there is none."""
    return Table([0, *(reference.topic_similarity(topic, other) for other in numbers("topics"))])


# -- rows -------------------------------------------------------------------------------------------------------------

_ROOMS = tuple(f"room_{edge}{number}" for number in range(ROOMS) for edge in ("from", "after"))
_BITS = {what: tuple(f"{what}{number}" for number in range(words)) for what, words in WORDS.items()}
_TOPICS = tuple(f"topic{number}" for number in range(TOPICS))

ROW = np.dtype(
    [
        *((name, np.int32) for name in (*_ROOMS, "group_max")),
        *((name, np.uint64) for names in _BITS.values() for name in names),
        *((name, np.int16) for name in ("kind", "funding", "load")),
        ("provider", np.uint16),
        *((name, np.uint8) for name in _TOPICS),
        *((name, np.uint64) for name in ("id_high", "id_low")),
    ],
    align=True,
)
"""One number in each column, those first that tell whether it is in time."""
_WHOLE = np.dtype((np.void, ROW.itemsize))

NAMES: Final = ROW.names or ()
COLUMN: Final = {name: at for at, name in enumerate(NAMES)}
"""Where in a row each column stands."""

OF_TIME: Final = len(_ROOMS) + 1
"""So many columns tell whether it is in time."""

OF_ROOMS: Final = tuple((COLUMN[starts], COLUMN[ends]) for starts, ends in zip(_ROOMS[::2], _ROOMS[1::2], strict=True))
OF_BITS: Final = {what: tuple(COLUMN[name] for name in names) for what, names in _BITS.items()}
OF_TOPICS: Final = tuple(COLUMN[name] for name in _TOPICS)


# -- offerings by place -----------------------------------------------------------------------------------------------


class Held:
    """Offerings by place. Those that were read together are in the order of their ids."""

    def __init__(self) -> None:
        self.rows: Rows = np.zeros(0, ROW)
        self.providers: dict[str, int] = {}
        """The number by which a row names each."""
        self.most_rooms = self.most_topics = 1
        """As many columns of rooms and topics as any row fills."""
        self.more_rooms: dict[int, Sequence[tuple[int, int]]] = {}
        """Of each the first day, and the day after the last; so it is in a row."""
        self.more_topics: dict[int, Sequence[int]] = {}
        self.meanings = Meanings()
        self._sets: dict[tuple[str, str], BitMap] = {}
        self._by_provider: dict[Hashable, Table] = {}
        self._read_together = 0
        self._later: dict[UUID, int] = {}
        self._free: list[int] = []
        self._used = 0

    def __len__(self) -> int:
        return len(self.of("held", ""))

    def of(self, what: str, code: str) -> BitMap:
        """The places of the offerings that have this code; not to be changed."""
        return self._sets.get((what, code), _NOTHING)

    def by_provider(self, what: Hashable, points: Callable[[str], int]) -> Table:
        """Points for each provider by its number, counted anew where there are more of them."""
        found = self._by_provider.get(what)
        if found is None or len(found.listed) < len(self.providers):
            if len(self._by_provider) >= BY_PROVIDER_MAX:
                self._by_provider.clear()
            found = self._by_provider[what] = Table(map(points, self.providers))
        return found

    def rows_of(self, places: Places) -> Rows:
        """A copy of these rows."""
        return taken(self.rows, places)

    def add(self, page: Sequence[Entry]) -> None:
        """More of them, before any is put by itself; their ids are above those before."""
        assert self._used == self._read_together, "what is read together comes first"
        first, end = self._used, self._used + len(page)
        self._make_room(end)
        self._fill(first, page)
        places: dict[tuple[str, str], list[int]] = {}
        for place, entry in enumerate(page, first):
            for key in _keys(entry):
                places.setdefault(key, []).append(place)
        for key, those in places.items():
            self._sets.setdefault(key, BitMap()).update(those)
        self._used = self._read_together = end

    def put(self, entry: Entry) -> None:
        """Hold an available offering as it now stands, in the place of what was held of it."""
        self.remove(entry.offering_id)
        place = self._place_for(entry.offering_id)
        self._fill(place, [entry])
        for key in _keys(entry):
            self._sets.setdefault(key, BitMap()).add(place)

    def know(self, offering_id: UUID, vector: Vector | None) -> None:
        """What its text means, as it was read last; nothing happens where the offering is not held."""
        place = self._place_of(offering_id)
        if place is not None:
            self.meanings.put(place, vector)

    def can_judge(self, vector: Vector | None) -> bool:
        """Whether what is held of meanings can be compared with it, and nothing was left out."""
        return len(self) <= MEANINGS_MAX and self.meanings.hold_for(vector)

    def remove(self, offering_id: UUID) -> None:
        """Hold it no longer; nothing happens where it was not held."""
        place = self._place_of(offering_id)
        if place is None or place not in self.of("held", ""):
            return
        for held in self._sets.values():
            held.discard(place)
        self.more_rooms.pop(place, None)
        self.more_topics.pop(place, None)
        self.meanings.put(place, None)
        if self._later.pop(offering_id, None) is not None:
            self._free.append(place)

    def _place_for(self, offering_id: UUID) -> int:
        place = self._place_of(offering_id)
        if place is None:
            place = self._free.pop() if self._free else self._used
            self._used = max(self._used, place + 1)
            self._make_room(self._used)
            self._later[offering_id] = place
        return place

    def _place_of(self, offering_id: UUID) -> int | None:
        """Where it is, or was among those read together: their places are nobody else's."""
        if (place := self._later.get(offering_id)) is not None:
            return place
        rows = self.rows[: self._read_together]
        high, low = divmod(offering_id.int, 1 << WORD)
        begin = int(np.searchsorted(rows["id_high"], np.uint64(high)))
        while begin < len(rows) and rows["id_high"][begin] == high:
            if rows["id_low"][begin] == low:
                return begin
            begin += 1
        return None

    def _make_room(self, count: int) -> None:
        if count > len(self.rows):
            rows = np.zeros(max(count + count // 8, 1024), ROW)
            rows[: len(self.rows)] = self.rows
            self.rows = rows

    def _fill(self, first: int, page: Sequence[Entry]) -> None:
        known = numbers("topics")
        topics = [[known[topic] + 1 for topic in one.topics if topic in known] for one in page]
        rows = np.zeros(len(page), ROW)
        rows["id_high"] = [one.offering_id.int >> WORD for one in page]
        rows["id_low"] = [one.offering_id.int & HALF for one in page]
        for what, names in _BITS.items():
            words = [bits(what, tuple(getattr(one, what))) for one in page]
            for name, column in zip(names, zip(*words, strict=True), strict=True):
                rows[name] = column
        rows["provider"] = [self.providers.setdefault(one.provider, len(self.providers)) for one in page]
        rows["kind"] = [FULL // (len(set(one.kinds)) or 1) for one in page]
        rows["funding"] = [FUNDING[ResourceStatus(one.resource_status)] for one in page]
        rows["load"] = [load_degree(0 if are_confidential(one.kinds) else one.taken, one.units) for one in page]
        rows["group_max"] = [EVER if one.group_size_max is None else one.group_size_max for one in page]
        _fill_columns(rows, _ROOMS[::2], [one.room_from for one in page], EVER)
        _fill_columns(rows, _ROOMS[1::2], [[day + 1 for day in one.room_until] for one in page], NEVER)
        _fill_columns(rows, _TOPICS, topics, 0)
        self.rows[first : first + len(page)] = rows
        self.most_rooms = max(self.most_rooms, *(min(len(one.room_from), ROOMS) for one in page))
        self.most_topics = max(self.most_topics, *(min(len(each), TOPICS) for each in topics))
        for place, (one, each) in enumerate(zip(page, topics, strict=True), first):
            if len(one.room_from) > ROOMS:
                rooms = zip(one.room_from, one.room_until, strict=True)
                self.more_rooms[place] = [(first, last + 1) for first, last in rooms][ROOMS:]
            if len(each) > TOPICS:
                self.more_topics[place] = each[TOPICS:]


def taken(rows: Rows, at: NDArray[Any]) -> Rows:
    """A copy of some rows. Each is copied whole: field by field takes forty times as long."""
    return rows.view(_WHOLE).take(at).view(ROW)


def _fill_columns(rows: Rows, names: Sequence[str], values: Sequence[Sequence[int]], fill: int) -> None:
    for number, name in enumerate(names):
        rows[name] = [each[number] if number < len(each) else fill for each in values]


def _keys(entry: Entry) -> Iterator[tuple[str, str]]:
    """Every set that an offering is in."""
    yield from _keys_of_provider(entry.provider)
    yield from _keys_of("kind", tuple(entry.kinds))
    yield from _keys_of("modality", tuple(entry.modalities))
    yield from _keys_of("understood", (*entry.languages, *entry.interpretation))
    yield from _keys_of("state", tuple(entry.states))
    yield from _keys_of("region", tuple(entry.regions))
    yield from _keys_of("excluded", tuple(entry.excluded_states))
    yield from _keys_of("treaty", tuple(entry.treaties))
    if not entry.states and not entry.regions:
        yield ("open", "")
    if entry.resource_status == ResourceStatus.FUNDED:
        yield ("funded", "")
    if len(entry.room_from) > ROOMS or len(entry.topics) > TOPICS:
        yield WIDE


@lru_cache(1 << 14)
def _keys_of(what: str, codes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((what, code) for code in dict.fromkeys(codes))


@lru_cache(1 << 12)
def _keys_of_provider(provider: str) -> tuple[tuple[str, str], ...]:
    return (("held", ""), ("provider", provider), *([("unodc", "")] if is_unodc(provider) else []))
