"""The code lists that bodies use, with their labels: public, the same in every process."""

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from chassis.http import PUBLIC
from contracts import reference
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
    """A code with its labels by language. `parents` place it in its scheme; `restricted` kinds want spoken consent."""

    code: str
    labels: dict[str, str]
    parents: tuple[str, ...] = ()
    restricted: bool = False


def _terms(scheme: str) -> list[Entry]:
    tables = {
        "kinds": reference.kinds,
        "topics": reference.topics,
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
    return [
        Entry(code=term.code, labels=dict(term.labels), parents=term.parents, restricted=term.restricted)
        for term in tables[scheme]().values()
    ]


@get("/v1/reference/{scheme:str}", opt=PUBLIC, tags=["reference"], summary="A code list with its labels")
async def show_scheme(scheme: FromPath[str]) -> Response[list[Entry]]:
    """kinds, topics, articles, paragraphs, pillars, languages, modalities, institutions, countries, currencies."""
    return Response(_terms(scheme), headers=CACHE_HEADERS)


@get("/v1/reference/reasons/{move:str}", opt=PUBLIC, tags=["reference"], summary="The coded reasons of a move")
async def show_reasons(move: FromPath[str]) -> Response[list[Entry]]:
    if move not in REASON_MOVES:
        raise Missing("not-found")
    terms = reference.reasons(move).values()
    return Response([Entry(code=t.code, labels=dict(t.labels)) for t in terms], headers=CACHE_HEADERS)


ROUTES = [show_scheme, show_reasons]
