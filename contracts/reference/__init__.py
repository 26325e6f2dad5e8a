"""The codes everybody uses, with labels in the six languages; each table names its source and version.

Importing this module opens nothing: a table is read from its JSON file when first asked for, then kept. Names of
countries and currencies are not stored here but come from the Unicode CLDR by way of Babel.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal, TypeVar

import msgspec
from babel import Locale

UNRELATED = 99
"""The distance of two topics without a common ancestor: further than any two that have one."""

Region = Literal["african", "asia_pacific", "eastern_european", "grulac", "weog"]


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A code and what it is called in each of the six languages."""

    code: str
    labels: dict[str, str]
    parents: tuple[str, ...] = ()
    restricted: bool = False
    paragraphs: tuple[str, ...] = ()
    official: tuple[str, ...] = ()
    """The languages whose label is the wording of the source named in the file; the others were compiled."""

    def label(self, language: str) -> str:
        return self.labels[language]

    def label_status(self, language: str) -> Literal["official", "compiled"]:
        """Whether a label may be shown as the source's own words."""
        return "official" if language in self.official else "compiled"


class Article(Term, frozen=True, kw_only=True):
    """An article of the Convention (UNTOC) or of one of its Protocols (TIP, SOM, FP)."""

    instrument: str
    number: int


class Reason(Term, frozen=True, kw_only=True):
    """A coded reason, and the moves it may be given for."""

    moves: tuple[str, ...]


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """A Member State or observer State of the United Nations, by its ISO 3166-1 alpha-3 code."""

    code: str
    alpha2: str
    m49: str
    region: Region | None
    membership: Literal["member", "observer"]
    languages: tuple[str, ...]
    """Those of the six languages that are official there."""


class Currency(msgspec.Struct, frozen=True, kw_only=True):
    """A circulating currency by its ISO 4217 code, and how many decimal digits its minor unit stands for."""

    code: str
    exponent: int


Entry = TypeVar("Entry", Term, Article, Reason, Country, Currency)


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What every file says of itself before its terms."""

    source: str
    version: str
    terms: list[msgspec.Raw]


@cache
def table(name: str) -> Table:
    """One file as it stands: its source, its version and its terms undecoded."""
    return msgspec.json.decode(resources.files(__name__).joinpath(f"{name}.json").read_bytes(), type=Table)


def _by_code(name: str, entry: type[Entry]) -> Mapping[str, Entry]:
    entries = [msgspec.json.decode(term, type=entry) for term in table(name).terms]
    return MappingProxyType({one.code: one for one in entries})


@cache
def kinds() -> Mapping[str, Term]:
    """Kinds of assistance, with the paragraphs each serves; restricted ones are confidential by default."""
    return _by_code("kinds", Term)


@cache
def topics() -> Mapping[str, Term]:
    """What assistance is about: a taxonomy in which a topic may stand below several others."""
    return _by_code("topics", Term)


@cache
def articles() -> Mapping[str, Article]:
    """Articles of the Convention and its three Protocols (`UNTOC:18`, `TIP:5`)."""
    return _by_code("articles", Article)


@cache
def paragraphs() -> Mapping[str, Term]:
    """Paragraphs of the two annexes of resolution 11/2 (`I.a` to `II.k`)."""
    return _by_code("paragraphs", Term)


@cache
def pillars() -> Mapping[str, Term]:
    """Prevent, pursue, protect, promote."""
    return _by_code("pillars", Term)


@cache
def languages() -> Mapping[str, Term]:
    """The six official languages of the United Nations."""
    return _by_code("languages", Term)


@cache
def modalities() -> Mapping[str, Term]:
    """How assistance is delivered."""
    return _by_code("modalities", Term)


@cache
def institutions() -> Mapping[str, Term]:
    """Kinds of national institutions that benefit."""
    return _by_code("institutions", Term)


@cache
def reasons(move: str) -> Mapping[str, Reason]:
    """The reasons that may be given for one move; none for a move that takes no reason."""
    every = _by_code("reasons", Reason)
    return MappingProxyType({code: reason for code, reason in every.items() if move in reason.moves})


@cache
def countries() -> Mapping[str, Country]:
    """Member States and observer States of the United Nations, by ISO 3166-1 alpha-3 code."""
    return _by_code("countries", Country)


@cache
def currencies() -> Mapping[str, Currency]:
    """Circulating currencies, by ISO 4217 code."""
    return _by_code("currencies", Currency)


def region_of(alpha3: str) -> Region | None:
    """The United Nations regional group of a State; none for observers and for unknown codes."""
    country = countries().get(alpha3)
    return country.region if country else None


def exponent(currency: str) -> int:
    """How many decimal digits the minor unit of a currency stands for."""
    return currencies()[currency].exponent


def country_name(alpha3: str, language: str) -> str:
    """The name of a State in one of the six languages, after the Unicode CLDR."""
    return str(Locale.parse(language).territories[countries()[alpha3].alpha2])


def currency_name(currency: str, language: str) -> str:
    """The name of a currency after the Unicode CLDR; its code where the CLDR has no name in that language."""
    return str(Locale.parse(language).currencies.get(currency, currency))


@cache
def topic_distance(a: str, b: str) -> int:
    """The edges between two topics by way of their nearest common ancestor, `UNRELATED` if they have none."""
    up_from_a, up_from_b = _ancestors(a), _ancestors(b)
    return min((up_from_a[code] + up_from_b[code] for code in up_from_a.keys() & up_from_b.keys()), default=UNRELATED)


def _ancestors(topic: str) -> dict[str, int]:
    """The topic and all that stand above it, each with the fewest edges up to it."""
    edges = {topic: 0}
    frontier = [topic]
    while frontier:
        above = [(parent, edges[code] + 1) for code in frontier for parent in topics()[code].parents]
        frontier = []
        for parent, distance in above:
            if parent not in edges:
                edges[parent] = distance
                frontier.append(parent)
    return edges
