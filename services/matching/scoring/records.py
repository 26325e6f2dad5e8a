"""Offerings as records with a number per column, for constraints and criteria on one or many.

A code is a bit, a topic a number, a provider its number in `Providers`.
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
"""Number of free periods per record; further ones of an offering are in a separate list."""

TOPICS: Final = 6
"""Number of topics per record; further ones of an offering are in a separate list."""

NEVER, EVER = -(10**8), 10**8
"""Numbers before and after every ordinal day, far enough from the integer limits for subtraction."""

BY_PROVIDER_MAX: Final = 1 << 10
"""Maximum number of cached provider tables; there is one per State and version of the weights."""

STATUSES: Final = tuple(ResourceStatus)

WORD: Final = 64
HALF: Final = (1 << WORD) - 1
WORDS: Final = {"articles": 2, "paragraphs": 1, "pillars": 1, "languages": 1, "regions": 1}
"""Number of 64-bit words per record for the bits of each list of codes."""

Ints = NDArray[np.int32]
Records = NDArray[Any]


# -- codes as numbers and bits ----------------------------------------------------------------------------------------


def understood_code(language: str) -> str:
    """The code of a language that is spoken or interpreted."""
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
    """The bits of these codes, as words. Unknown codes are left out."""
    known, words = numbers(what), WORDS[what]
    assert len(known) <= words * WORD, f"there are more {what} than a record has bits for"
    found = sum(1 << known[code] for code in set(codes) if code in known)
    return tuple(found >> number * WORD & HALF for number in range(words))


class Table:
    """A lookup table by integers from 0, for one or a column of them."""

    def __init__(self, values: Iterable[int]) -> None:
        self.listed = list(values)
        self.array: Ints = np.array(self.listed, np.int32)


class Providers:
    """Numbers of providers, and tables of points by that number."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        self._tables: dict[Hashable, Table] = {}

    def number(self, name: str) -> int:
        return self.numbers.setdefault(name, len(self.numbers))

    def table(self, points: Callable[[str], int], key: Hashable = None) -> Table:
        """Return a table, cached by `key` if given; it is rebuilt when providers were added."""
        found = self._tables.get(key)
        if found is None or len(found.listed) < len(self.numbers):
            found = Table(map(points, self.numbers))
            if key is not None:
                if len(self._tables) >= BY_PROVIDER_MAX:
                    self._tables.clear()
                self._tables[key] = found
        return found


@lru_cache(1 << 10)
def topic_similarities(topic: str) -> Table:
    """Similarity of a topic to each topic, in thousandths, by topic number plus 1; 0 for no topic."""
    return Table([0, *(reference.topic_similarity(topic, other) for other in numbers("topics"))])


# -- records ----------------------------------------------------------------------------------------------------------

AT_MOST: Final = [one for one in CONSTRAINTS if one.meets == "at_most"]
(_FREE,) = (one for one in CONSTRAINTS if one.meets == "same_day" and one.indexed)
"""The constraint whose periods a record holds."""

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
"""One number per column, constraint columns first."""
_WHOLE = np.dtype((np.void, RECORD.itemsize))

NAMES: Final = RECORD.names or ()
COLUMN: Final = {name: at for at, name in enumerate(NAMES)}
"""Column positions by name."""

OF_PERIODS: Final = tuple((COLUMN[first], COLUMN[after]) for first, after in zip(*[iter(_PERIODS)] * 2, strict=True))
OF_BITS: Final = {what: tuple(COLUMN[name] for name in names) for what, names in _BITS.items()}
OF_TOPICS: Final = tuple(COLUMN[name] for name in _TOPICS)


class Recorded(NamedTuple):
    """An offering as a record, with what exceeds its columns: periods (first day, day after the last) and topics."""

    record: tuple[int, ...]
    more_periods: Sequence[tuple[int, int]]
    more_topics: Sequence[int]


def free_spans(offering: Offering) -> list[tuple[int, int]]:
    """The free periods within the validity, each by its first day and the day after its last."""
    valid = offering.terms.valid
    return [
        (max(one.starts, valid.starts).toordinal(), min(one.ends, valid.ends).toordinal() + 1)
        for one in _FREE.has(offering)
        if one.overlaps(valid)
    ]


def share_left(taken: int, units: int) -> int:
    """The share of deliveries left, in thousandths."""
    return 1000 * (units - taken) // units if units else 0


def recorded(offering: Offering, provider: int) -> Recorded:
    """Return an offering as a record; `provider` is the provider's number."""
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
        share_left(*offering.load),
        *(topics[at] if at < len(topics) else 0 for at in range(TOPICS)),
        *divmod(offering.offering_id.int, 1 << WORD),
    )
    return Recorded(record, periods[FREE_PERIODS:], topics[TOPICS:])


def taken(records: Records, at: NDArray[Any]) -> Records:
    """Return a copy of some records, whole: copying by field takes forty times as long."""
    return records.view(_WHOLE).take(at).view(RECORD)
