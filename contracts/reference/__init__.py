"""Reference data: code lists with labels in the six languages; each table names its source and version.

Importing this module reads no file: a table is read from JSON on first use, then cached. States have their names in the
United Nations. Names of currencies are from the Unicode CLDR, via Babel.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar, get_args

import msgspec
from babel import Locale

from contracts.reference.country_names import country_name as country_name
from contracts.reference.country_names import country_order as country_order
from contracts.reference.scheme import Concept, Scheme, Status, Wording, scheme_of
from contracts.reference.search import Hit, Index, find, index_of
from contracts.reference.similarity import Taxonomy, highest_similarity, taxonomy_of

UNRELATED = 99
"""The distance of two topics without a common ancestor, larger than any other."""

Region = Literal["african", "asia_pacific", "eastern_european", "grulac", "weog"]
SpecialGroup = Literal["ldc", "lldc", "sids"]
"""Special groups: least developed, landlocked developing, and small island developing countries."""

IncomeGroup = Literal["low", "lower_middle", "upper_middle"]
"""Income groups of the World Bank's classification."""


class Coded(Protocol):
    """An entry of a table."""

    @property
    def code(self) -> str: ...


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A code and its labels in the six languages."""

    code: str
    labels: dict[str, str]
    parents: tuple[str, ...] = ()
    restricted: bool = False
    paragraphs: tuple[str, ...] = ()
    official: tuple[str, ...] = ()
    """Languages whose label is the wording of the file's source; the other labels were compiled."""
    reviewed: tuple[str, ...] = ()
    """Languages whose compiled label was reviewed by a speaker."""
    alt: dict[str, tuple[str | Wording, ...]] = {}
    """Alternative labels by language. A plain string is compiled; other statuses are explicit."""
    related: tuple[str, ...] = ()
    """Related concepts of the scheme (`articles/UNTOC:18`); stated on one side, valid in both directions."""
    close: tuple[str, ...] = ()
    """Similar concepts of other vocabularies, by URI."""
    retired: bool = False
    """Retired: kept for records that use it, not for new ones."""
    replaced_by: tuple[str, ...] = ()
    """The codes of the same table that replace a retired one."""
    sentences: dict[str, str] = {}
    """Advice to a filer, by language; for `aspects` only."""

    def label(self, language: str) -> str:
        return self.labels[language]

    def label_status(self, language: str) -> Status:
        """The status of a label: the source's wording, reviewed, or compiled."""
        if language in self.official:
            return "official"
        return "reviewed" if language in self.reviewed else "compiled"

    def alternatives(self, language: str) -> tuple[Wording, ...]:
        """The alternative labels in one language, in the order of the file."""
        return tuple(one if isinstance(one, Wording) else Wording(text=one) for one in self.alt.get(language, ()))


class Article(Term, frozen=True, kw_only=True):
    """An article of the Convention (UNTOC) or of one of its Protocols (TIP, SOM, FP)."""

    instrument: str
    number: int


class Reason(Term, frozen=True, kw_only=True):
    """A coded reason, and the transitions it is valid for."""

    moves: tuple[str, ...]


class StateGroup(Term, frozen=True, kw_only=True):
    """A group of States, as of the day of its table."""

    states: frozenset[str]


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """A Member State or observer State of the United Nations, by its ISO 3166-1 alpha-3 code."""

    code: str
    alpha2: str
    m49: str
    region: Region | None
    membership: Literal["member", "observer"]
    languages: tuple[str, ...]
    """The official languages of the State, among the six."""


class LegalSystem(msgspec.Struct, frozen=True, kw_only=True):
    """The legal traditions of a State's law."""

    code: str
    draws_on: tuple[str, ...]


class Parties(msgspec.Struct, frozen=True, kw_only=True):
    """The States known to be party to an instrument, with the day as of which each is known, and its entry if known.

    The status of other States is unknown after the day `as_of`: they may have joined since.
    """

    code: str
    as_of: date
    since: Mapping[str, date]
    listed: Mapping[str, date]


class Currency(msgspec.Struct, frozen=True, kw_only=True):
    """A currency or unit of account by its ISO 4217 code, and its number of decimal digits."""

    code: str
    exponent: int


ENTRIES: Mapping[str, type[Article]] = {"articles": Article}
"""Term types of tables whose terms have additional fields."""

Entry = TypeVar("Entry", bound=Coded)


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The metadata of a file, and its terms."""

    source: str
    version: str
    as_of: date | None = None
    """The day of the data, for tables that change with time."""
    terms: list[msgspec.Raw]


class SchemeFile(msgspec.Struct, frozen=True, kw_only=True):
    """The tables of the scheme of topics, and its version: that of the newest table, or later."""

    source: str
    version: str
    title: dict[str, str]
    tables: tuple[str, ...]


@cache
def table(name: str) -> Table:
    """Read a file: source, version, and terms, which are not decoded yet."""
    return msgspec.json.decode(resources.files(__name__).joinpath(f"{name}.json").read_bytes(), type=Table)


def by_code(name: str, entry: type[Entry]) -> Mapping[str, Entry]:
    entries = [msgspec.json.decode(term, type=entry) for term in table(name).terms]
    return MappingProxyType({one.code: one for one in entries})


@cache
def kinds() -> Mapping[str, Term]:
    """Kinds of assistance and the paragraphs they serve; restricted ones are confidential by default."""
    return by_code("kinds", Term)


@cache
def topics() -> Mapping[str, Term]:
    """Topics of assistance: a taxonomy in which a topic may have several parents."""
    return by_code("topics", Term)


@cache
def instruments() -> Mapping[str, Term]:
    """The Convention and its three Protocols."""
    return by_code("instruments", Term)


@cache
def legal_traditions() -> Mapping[str, Term]:
    return by_code("legal_traditions", Term)


@cache
def _legal_systems() -> Mapping[str, LegalSystem]:
    return by_code("legal_systems", LegalSystem)


def legal_system_of(organization: str) -> tuple[str, ...]:
    """The legal traditions of a State; none for other organizations, or if unknown."""
    found = _legal_systems().get(organization)
    return found.draws_on if found else ()


@cache
def parties() -> Mapping[str, Parties]:
    """The parties to each instrument by its code, not compared with the depositary's live pages."""
    return by_code("parties", Parties)


@cache
def articles() -> Mapping[str, Article]:
    """Articles of the Convention and its three Protocols (`UNTOC:18`, `TIP:5`)."""
    return by_code("articles", Article)


@cache
def paragraphs() -> Mapping[str, Term]:
    """Paragraphs of the two annexes of resolution 11/2 (`I.a` to `II.k`)."""
    return by_code("paragraphs", Term)


@cache
def pillars() -> Mapping[str, Term]:
    """The pillars: prevent, pursue, protect, promote."""
    return by_code("pillars", Term)


@cache
def languages() -> Mapping[str, Term]:
    """The six official languages of the United Nations."""
    return by_code("languages", Term)


@cache
def modalities() -> Mapping[str, Term]:
    """Modalities of delivery."""
    return by_code("modalities", Term)


@cache
def in_kind_forms() -> Mapping[str, Term]:
    """Forms of in-kind contributions."""
    return by_code("in_kind_forms", Term)


@cache
def activity_kinds() -> Mapping[str, Term]:
    """Kinds of activities that no State requested."""
    return by_code("activity_kinds", Term)


@cache
def participant_functions() -> Mapping[str, Term]:
    """Functions of the participants of a session."""
    return by_code("participant_functions", Term)


@cache
def institutions() -> Mapping[str, Term]:
    """Kinds of national beneficiary institutions."""
    return by_code("institutions", Term)


@cache
def aspects() -> Mapping[str, Term]:
    """Aspects that make a line specific enough to be matched, with advice to its filer."""
    return by_code("aspects", Term)


@cache
def review_clusters() -> Mapping[str, Term]:
    """The thematic clusters of the review of implementation of the Convention."""
    return by_code("review_clusters", Term)


@cache
def columns() -> Mapping[str, Term]:
    """The columns of spreadsheets of requests and offerings, by field."""
    return by_code("columns", Term)


@cache
def choices() -> Mapping[str, Term]:
    """Values of these columns that are in no other list, as `<column>:<value>`, and words of the templates."""
    return by_code("choices", Term)


@cache
def figures() -> Mapping[str, Term]:
    """The names of figures, as `figure:<name>`, of their codes, as `by:<code>`, and of values in no other list."""
    return by_code("figures", Term)


@cache
def work_table() -> Mapping[str, Term]:
    """The headings and values of a table of work, as `column:<name>` and `<column>:<value>`."""
    return by_code("work_table", Term)


@cache
def reasons(move: str) -> Mapping[str, Reason]:
    """The reasons valid for a transition; empty if it takes no reason."""
    every = by_code("reasons", Reason)
    return MappingProxyType({code: reason for code, reason in every.items() if move in reason.moves})


@cache
def countries() -> Mapping[str, Country]:
    """Member States and observer States of the United Nations, by ISO 3166-1 alpha-3 code."""
    return by_code("countries", Country)


@cache
def currencies() -> Mapping[str, Currency]:
    """Circulating currencies, and the units of account with four decimals, by ISO 4217 code."""
    return by_code("currencies", Currency)


def region_of(alpha3: str) -> Region | None:
    """The United Nations regional group of a State; None for observers and unknown codes."""
    country = countries().get(alpha3)
    return country.region if country else None


@cache
def special_groups() -> Mapping[str, StateGroup]:
    """The special groups of the United Nations."""
    return by_code("special_groups", StateGroup)


@cache
def income_groups() -> Mapping[str, StateGroup]:
    """The World Bank's groups of low and middle income."""
    return by_code("income_groups", StateGroup)


def special_groups_of(alpha3: str) -> tuple[SpecialGroup, ...]:
    """The special groups of a State, sorted."""
    return tuple(name for name in get_args(SpecialGroup) if alpha3 in special_groups()[name].states)


def income_group_of(alpha3: str) -> IncomeGroup | None:
    """The income group of a State; None for high income, and if it is not classified."""
    return next((name for name in get_args(IncomeGroup) if alpha3 in income_groups()[name].states), None)


def exponent(currency: str) -> int:
    """The number of decimal digits of a currency."""
    return currencies()[currency].exponent


def currency_name(currency: str, language: str) -> str:
    """The name of a currency in the Unicode CLDR; its code if there is none in that language."""
    return str(Locale.parse(language).currencies.get(currency, currency))


@cache
def scheme() -> Scheme:
    """Kinds, topics, instruments, articles, pillars and paragraphs as one poly-hierarchy, under one version."""
    file = msgspec.json.decode(resources.files(__name__).joinpath("scheme.json").read_bytes(), type=SchemeFile)
    concepts = [
        _concept(name, term) for name in file.tables for term in by_code(name, ENTRIES.get(name, Term)).values()
    ]
    return scheme_of(concepts, version=file.version, title=file.title)


def _concept(table: str, term: Term) -> Concept:
    broader = (f"instruments/{term.instrument}",) if isinstance(term, Article) else ()
    return Concept(
        table=table,
        code=term.code,
        labels={lang: Wording(text=text, status=term.label_status(lang)) for lang, text in term.labels.items()},
        alternatives={lang: term.alternatives(lang) for lang in term.alt},
        broader=broader + tuple(f"{table}/{code}" for code in term.parents),
        related=term.related + tuple(f"paragraphs/{code}" for code in term.paragraphs),
        close=term.close,
        retired=term.retired,
        replaced_by=tuple(f"{table}/{code}" for code in term.replaced_by),
    )


@cache
def _index() -> Index:
    return index_of(scheme().concepts.values())


def search(typed: str, *, language: str, limit: int, table: str | None = None) -> list[Hit]:
    """The concepts in use with a word that begins with the text, in any language, best first."""
    return find(_index(), typed, language=language, limit=limit, table=table)


def current(table: str, code: str) -> tuple[str, ...]:
    """The current codes of a code of the scheme: itself, or its replacements if retired.

    Raises KeyError for a code that never existed.
    """
    return tuple(name.partition("/")[2] for name in scheme().current(f"{table}/{code}"))


def with_broader(codes: Iterable[str]) -> tuple[str, ...]:
    """These topics, their current codes and all broader topics, sorted."""
    found: set[str] = set()
    above = [one for code in codes for one in current("topics", code)]
    while above:
        code = above.pop()
        if code not in found:
            found.add(code)
            above += topics()[code].parents
    return tuple(sorted(found | set(codes)))


def with_narrower(wanted: Iterable[str]) -> tuple[str, ...]:
    """These topics and all narrower ones, sorted."""
    codes = set(wanted)
    return tuple(sorted(code for code in topics() if not codes.isdisjoint(with_broader([code]))))


@cache
def topic_distance(a: str, b: str) -> int:
    """The number of edges between two topics via their nearest common ancestor; `UNRELATED` without one.

    A retired topic has the position of its replacements.
    """
    found = scheme().distance(f"topics/{a}", f"topics/{b}")
    return UNRELATED if found is None else found


@cache
def _taxonomy() -> Taxonomy:
    return taxonomy_of({code: topic.parents for code, topic in topics().items() if not topic.retired})


@cache
def topic_similarity(a: str, b: str) -> int:
    """The similarity of two topics in thousandths: 1000 for the same one, 0 without a common ancestor.

    See `contracts.reference.similarity`. A retired topic has the highest similarity of its replacements.
    """
    return highest_similarity(_taxonomy(), current("topics", a), current("topics", b))
