"""Routes of the code lists used in bodies, with their labels: public, the same in every process."""

from datetime import date
from functools import cache
from typing import Annotated, Any, Literal

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Struct

from chassis.http.application import PUBLIC
from chassis.http.edge import header
from chassis.http.negotiation import JSON_LD, TURTLE, prefers_json
from chassis.http.pages import Part
from contracts import reference
from contracts.conversion import from_attributes
from contracts.reference import deliveries, skos
from contracts.reference.scheme import Status, Wording
from contracts.reference.search import LabelMatch, normalize
from contracts.refusals import Invalid, Missing
from contracts.values import Language

SchemeTable = Literal["kinds", "topics", "instruments", "articles", "pillars", "paragraphs"]

CACHE_HEADERS = {"Cache-Control": "public, max-age=3600"}
TYPED_CHARS_MAX = 100
HITS_MAX = 50


class Entry(Struct, frozen=True, kw_only=True):
    """A code with its labels by language. `parents` are in the same table; `restricted` kinds need express consent.

    `statuses` are the origins of the labels. `related` are concepts of the scheme by table and code. A `retired` code
    still resolves, and is replaced by `replaced_by`. `sentences` are the advice on an aspect of a line, by language. A
    group of States has its `states`, as known on the day `as_of`; an indicator has its `unit` and `kinds` of
    assistance.
    """

    code: str
    labels: dict[str, str]
    statuses: dict[str, Status] = {}
    alternatives: dict[str, tuple[Wording, ...]] = {}
    parents: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    restricted: bool = False
    retired: bool = False
    replaced_by: tuple[str, ...] = ()
    sentences: dict[str, str] = {}
    states: tuple[str, ...] = ()
    as_of: date | None = None
    unit: str | None = None
    kinds: tuple[str, ...] = ()


class Found(Struct, frozen=True, kw_only=True):
    """A concept found, with its label in the requested language and the matching text.

    `how` states the kind of match: the whole text (`exact`), or the beginning of the label, of a word in it, or of an
    alternative label.
    """

    table: str
    code: str
    label: str
    how: LabelMatch
    matched: str
    matched_language: Language


def _terms(table: str, language: Language | None) -> list[Entry]:
    tables = {
        "kinds": reference.kinds,
        "topics": reference.topics,
        "instruments": reference.instruments,
        "articles": reference.articles,
        "paragraphs": reference.paragraphs,
        "pillars": reference.pillars,
        "languages": reference.languages,
        "modalities": reference.modalities,
        "institutions": reference.institutions,
        "in_kind_forms": reference.in_kind_forms,
        "activity_kinds": reference.activity_kinds,
        "indicators": deliveries.indicators,
        "indicator_units": deliveries.indicator_units,
        "inequality_questions": deliveries.inequality_questions,
        "human_rights_questions": deliveries.human_rights_questions,
        "participant_functions": reference.participant_functions,
        "aspects": reference.aspects,
        "special_groups": reference.special_groups,
        "income_groups": reference.income_groups,
        "review_clusters": reference.review_clusters,
    }
    if table == "countries":
        return [
            Entry(code=code, labels={lang: reference.country_name(code, lang) for lang in Language})
            for code in (reference.country_order(language) if language else reference.countries())
        ]
    if table == "currencies":
        return [
            Entry(code=code, labels={lang: reference.currency_name(code, lang) for lang in Language})
            for code in reference.currencies()
        ]
    if table not in tables:
        raise Missing("not-found")
    return [_entry(table, term) for term in tables[table]().values()]


def _entry(table: str, term: reference.Term) -> Entry:
    concept = reference.scheme().concepts.get(f"{table}/{term.code}")
    return from_attributes(
        Entry,
        term,
        labels=dict(term.labels),
        statuses={language: term.label_status(language) for language in term.labels},
        alternatives={language: term.alternatives(language) for language in term.alt},
        related=concept.related if concept else (),
        states=tuple(sorted(term.states)) if isinstance(term, reference.StateGroup) else (),
        as_of=reference.table(table).as_of if isinstance(term, reference.StateGroup) else None,
        unit=term.unit if isinstance(term, deliveries.Indicator) else None,
        kinds=term.kinds if isinstance(term, deliveries.Indicator) else (),
    )


class CodeList(Struct, frozen=True, kw_only=True):
    """The entries of a code list, in its order."""

    entries: list[Entry]
    cursor: str | None = None


class Hits(Struct, frozen=True, kw_only=True):
    """Concepts of the scheme that are found, the best match first."""

    found: list[Found]


@get("/v1/reference/{table:str}", opt=PUBLIC, tags=["reference"], summary="A code list with its labels")
async def show_table(
    table: FromPath[str], part: Part, language: FromQuery[Language | None] = None
) -> Response[CodeList]:
    """Returns one of kinds, topics, instruments, articles, pillars, paragraphs, which make up the scheme of topics.

    Other tables are languages, modalities, institutions, in_kind_forms, activity_kinds, participant_functions,
    indicators, indicator_units, inequality_questions, human_rights_questions, aspects, special_groups, income_groups,
    review_clusters, countries, currencies. With `language`, countries are sorted by their names in it, else by their
    codes; the other tables have an order of their own. `states` are the States of a group, as of `as_of`.
    """
    return Response(part.of(CodeList(entries=_terms(table, language))), headers=CACHE_HEADERS)


@get("/v1/reference/reasons/{move:str}", opt=PUBLIC, tags=["reference"], summary="The coded reasons of a move")
async def show_reasons(move: FromPath[str], part: Part) -> Response[CodeList]:
    terms = reference.reasons(move).values()
    if not terms:
        raise Missing("not-found")
    entries = [Entry(code=t.code, labels=dict(t.labels)) for t in terms]
    return Response(part.of(CodeList(entries=entries)), headers=CACHE_HEADERS)


@get("/v1/reference/search", opt=PUBLIC, tags=["reference"], summary="Search the scheme of topics")
async def search(
    q: Annotated[str, QueryParameter(min_length=1, max_length=TYPED_CHARS_MAX)],
    language: FromQuery[Language] = Language.EN,
    table: FromQuery[SchemeTable | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=HITS_MAX)] = 20,
) -> Response[Hits]:
    """Searches for the beginning of a word, in any of the six languages; the best match comes first.

    Case, accents and Arabic vowel signs are ignored. `language` is that of the labels shown. Retired concepts are not
    found.
    """
    if not normalize(q):
        raise Invalid("search-text-empty", field="q")
    hits = reference.search(q, language=language, limit=limit, table=table)
    found = [
        Found(
            table=hit.concept.table,
            code=hit.concept.code,
            label=hit.concept.labels[language].text,
            how=hit.how,
            matched=hit.matched,
            matched_language=Language(hit.language),
        )
        for hit in hits
    ]
    return Response(Hits(found=found), headers=CACHE_HEADERS)


@get(
    "/v1/reference/scheme",
    opt=PUBLIC | {"also": {JSON_LD: {"type": "object"}}},
    tags=["reference"],
    media_type=TURTLE,
    summary="The scheme of topics as SKOS",
)
async def show_scheme(request: Request[Any, Any, Any]) -> Response[str]:
    """Returns the scheme as one SKOS concept scheme with its version.

    It contains kinds, topics, instruments, articles, pillars and paragraphs. The format is Turtle, or JSON-LD if
    `Accept` prefers `application/ld+json` (or `application/json`).
    """
    accept = header(request.scope, "Accept") or ""
    media_type = JSON_LD if prefers_json(accept) else TURTLE
    return Response(_skos(media_type), media_type=media_type, headers=CACHE_HEADERS | {"Vary": "Accept"})


@cache
def _skos(media_type: str) -> str:
    write = skos.json_ld if media_type == JSON_LD else skos.turtle
    return write(reference.scheme())


ROUTES = [show_table, search, show_scheme, show_reasons]
