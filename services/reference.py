"""The code lists that bodies use, with their labels: public, the same in every process."""

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from chassis.http import PUBLIC
from contracts import reference
from contracts.reference.scheme import Status, Wording
from contracts.refusals import Missing
from contracts.values import Language

CACHE_HEADERS = {"Cache-Control": "public, max-age=3600"}
REASON_MOVES = (
    "return",
    "decline",
    "hold",
    "close",
    "reopen",
    "present",
    "decline_by_state",
    "decline_by_provider",
    "not_pursue",
    "revoke",
)


class Entry(Struct, frozen=True, kw_only=True):
    """A code with its labels by language. `parents` place it in its table; `restricted` kinds want spoken consent.

    `statuses` say whose words the labels are. `related` names concepts of the scheme by table and code. What is
    `retired` still resolves, and reads today as `replaced_by`.
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


def _terms(scheme: str) -> list[Entry]:
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
    }
    if scheme == "countries":
        return [
            Entry(code=code, labels={lang: reference.country_name(code, lang) for lang in Language})
            for code in reference.countries()
        ]
    if scheme == "currencies":
        return [
            Entry(code=code, labels={lang: reference.currency_name(code, lang) for lang in Language})
            for code in reference.currencies()
        ]
    if scheme not in tables:
        raise Missing("not-found")
    return [_entry(scheme, term) for term in tables[scheme]().values()]


def _entry(scheme: str, term: reference.Term) -> Entry:
    concept = reference.scheme().concepts.get(f"{scheme}/{term.code}")
    return Entry(
        code=term.code,
        labels=dict(term.labels),
        statuses={language: term.label_status(language) for language in term.labels},
        alternatives={language: term.alternatives(language) for language in term.alt},
        parents=term.parents,
        related=concept.related if concept else (),
        restricted=term.restricted,
        retired=term.retired,
        replaced_by=term.replaced_by,
    )


@get("/v1/reference/{scheme:str}", opt=PUBLIC, tags=["reference"], summary="A code list with its labels")
async def show_scheme(scheme: FromPath[str]) -> Response[list[Entry]]:
    """One of kinds, topics, instruments, articles, pillars, paragraphs, which make up the scheme of topics.

    Or of languages, modalities, institutions, countries, currencies.
    """
    return Response(_terms(scheme), headers=CACHE_HEADERS)


@get("/v1/reference/reasons/{move:str}", opt=PUBLIC, tags=["reference"], summary="The coded reasons of a move")
async def show_reasons(move: FromPath[str]) -> Response[list[Entry]]:
    if move not in REASON_MOVES:
        raise Missing("not-found")
    terms = reference.reasons(move).values()
    return Response([Entry(code=t.code, labels=dict(t.labels)) for t in terms], headers=CACHE_HEADERS)


ROUTES = [show_scheme, show_reasons]
