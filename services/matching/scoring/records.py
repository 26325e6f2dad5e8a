"""Offerings as records: one number in each column, for constraints and criteria to look at one or many of them.

A code is a bit, a topic a number; a provider is numbered by `Providers`.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from contracts import reference
from contracts.values import Language
from services.matching.offerings.model import Offering, ResourceStatus
from services.matching.scoring.constraints import CONSTRAINTS, understood

FREE_PERIODS: Final = 4
"""Periods with room in a record; of an offering that has more, the others stand in a list of its own."""

TOPICS: Final = 6
"""Topics in a record, likewise."""

NEVER, EVER = -(10**8), 10**8
"""Before and after every day by its ordinal; and far enough from the ends of a column's numbers to be subtracted."""

BY_PROVIDER_MAX: Final = 1 << 10
"""So many tables of providers are kept: one for each State that asks, and for each version of the weights."""

STATUSES: Final = tuple(ResourceStatus)

WORD: Final = 64
HALF: Final = (1 << WORD) - 1
WORDS: Final = {"articles": 2, "paragraphs": 1, "pillars": 1, "languages": 1, "regions": 1}
"""Words of bits in a record."""

Ints = NDArray[np.int32]
Records = NDArray[Any]


# -- codes as numbers and bits ----------------------------------------------------------------------------------------


def understood_code(language: str) -> str:
    """Of a language that is spoken or interpreted, beside that of one that is spoken."""
    return f"{language} understood"


@cache
def numbers(what: str) -> Mapping[str, int]:
    """A number for each code of a list."""
    codes: Mapping[str, Collection[str]] = {
        "topics": reference.topics(),
        "articles": reference.articles(),
        "paragraphs": reference.paragraphs(),
        "pillars": reference.pillars(),
        "languages": [*Language, *map(understood_code, Language)],
        "regions": get_args(reference.Region),
    }
    return {code: number for number, code in enumerate(sorted(codes[what]))}


@lru_cache(1 << 14)
def bits(what: str, codes: tuple[str, ...]) -> tuple[int, ...]:
    """The bits of these codes, in words. A code that no list has is left out."""
    known, words = numbers(what), WORDS[what]
    assert len(known) <= words * WORD, f"there are more {what} than a record has bits for"
    found = sum(1 << known[code] for code in set(codes) if code in known)
    return tuple(found >> number * WORD & HALF for number in range(words))


class Table:
    """What is looked up by whole numbers from 0, by one of them or by a column of them."""

    def __init__(self, values: Iterable[int]) -> None:
        self.listed = list(values)
        self.array: Ints = np.array(self.listed, np.int32)


class Providers:
    """A number for each provider, and points for each of them, by that number."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        self._tables: dict[Hashable, Table] = {}

    def number(self, name: str) -> int:
        return self.numbers.setdefault(name, len(self.numbers))

    def table(self, points: Callable[[str], int], key: Hashable = None) -> Table:
        """Kept by its key, where there is one, and made again where there are more providers."""
        found = self._tables.get(key)
        if found is None or len(found.listed) < len(self.numbers):
            found = Table(map(points, self.numbers))
            if key is not None:
                if len(self._tables) >= BY_PROVIDER_MAX:
                    self._tables.clear()
                self._tables[key] = found
        return found


@lru_cache(1 << 10)
def alike(topic: str) -> Table:
    """How alike a topic and each is, in thousandths, by one more than its number; at 0 there is none."""
    return Table([0, *(reference.topic_similarity(topic, other) for other in numbers("topics"))])


# -- records ----------------------------------------------------------------------------------------------------------

AT_MOST: Final = [one for one in CONSTRAINTS if one.meets == "at_most"]
(_FREE,) = (one for one in CONSTRAINTS if one.meets == "same_day" and one.indexed)
"""A record has the periods of this one."""

_PERIODS = tuple(f"{_FREE.slug}_{edge}{number}" for number in range(FREE_PERIODS) for edge in ("from", "after"))
_BITS = {what: tuple(f"{what}{number}" for number in range(words)) for what, words in WORDS.items()}
_TOPICS = tuple(f"topic{number}" for number in range(TOPICS))

RECORD = np.dtype(
    [
        *((name, np.int32) for name in (*_PERIODS, *(one.slug for one in AT_MOST))),
        *((name, np.uint64) for names in _BITS.values() for name in names),
        *((name, np.uint16) for name in ("provider", "kinds", "resource_status", "left")),
        *((name, np.uint8) for name in _TOPICS),
        *((name, np.uint64) for name in ("id_high", "id_low")),
    ],
    align=True,
)
"""One number in each column, those first that constraints ask for."""
_WHOLE = np.dtype((np.void, RECORD.itemsize))

NAMES: Final = RECORD.names or ()
COLUMN: Final = {name: at for at, name in enumerate(NAMES)}
"""Where in a record each column stands."""

OF_PERIODS: Final = tuple((COLUMN[first], COLUMN[after]) for first, after in zip(*[iter(_PERIODS)] * 2, strict=True))
OF_BITS: Final = {what: tuple(COLUMN[name] for name in names) for what, names in _BITS.items()}
OF_TOPICS: Final = tuple(COLUMN[name] for name in _TOPICS)


class Recorded(NamedTuple):
    """An offering as a record, with what a record has no column for: periods, first day and day after; topics."""

    record: tuple[int, ...]
    more_periods: Sequence[tuple[int, int]]
    more_topics: Sequence[int]


def free_spans(offering: Offering) -> list[tuple[int, int]]:
    """Of each period with room, as far as it is valid: the first day, and the day after the last."""
    valid = offering.terms.valid
    return [
        (max(one.starts, valid.starts).toordinal(), min(one.ends, valid.ends).toordinal() + 1)
        for one in _FREE.has(offering)
        if one.overlaps(valid)
    ]


def left(taken: int, units: int) -> int:
    """The share of its deliveries that an offering can still take on, in thousandths."""
    return 1000 * (units - taken) // units if units else 0


def recorded(offering: Offering, provider: int) -> Recorded:
    """`provider` is the number of its provider."""
    terms, known = offering.terms, numbers("topics")
    topics = [known[topic] + 1 for topic in terms.topics if topic in known]
    periods = free_spans(offering)
    codes = {
        "articles": terms.articles,
        "paragraphs": terms.paragraphs,
        "pillars": terms.pillars,
        "languages": (*terms.languages, *map(understood_code, understood(offering))),
        "regions": terms.eligible.regions,
    }
    most = (one.has(offering) for one in AT_MOST)
    record = (
        *(day for at in range(FREE_PERIODS) for day in (periods[at] if at < len(periods) else (EVER, NEVER))),
        *(EVER if number is None else number for number in most),
        *(word for what in WORDS for word in bits(what, codes[what])),
        provider,
        len(set(terms.kinds)),
        STATUSES.index(terms.resource_status),
        left(*offering.load),
        *(topics[at] if at < len(topics) else 0 for at in range(TOPICS)),
        *divmod(offering.offering_id.int, 1 << WORD),
    )
    return Recorded(record, periods[FREE_PERIODS:], topics[TOPICS:])


def taken(records: Records, at: NDArray[Any]) -> Records:
    """A copy of some records. Each is copied whole: field by field takes forty times as long."""
    return records.view(_WHOLE).take(at).view(RECORD)
