"""Field types for codes of the lists under `/v1/reference`, and errors for unknown codes."""

from collections.abc import Callable, Iterable, Mapping, Set
from difflib import get_close_matches
from typing import Annotated

from msgspec import Meta

from contracts import reference
from contracts.reference import deliveries
from contracts.refusals import FieldError, Invalid
from contracts.values import CODE_LIST, Code

KindCode = Annotated[Code, Meta(extra={CODE_LIST: "kinds"})]
TopicCode = Annotated[Code, Meta(extra={CODE_LIST: "topics"})]
ArticleCode = Annotated[Code, Meta(extra={CODE_LIST: "articles"})]
ParagraphCode = Annotated[Code, Meta(extra={CODE_LIST: "paragraphs"})]
PillarCode = Annotated[Code, Meta(extra={CODE_LIST: "pillars"})]
InstrumentCode = Annotated[Code, Meta(extra={CODE_LIST: "instruments"})]
InstitutionCode = Annotated[Code, Meta(extra={CODE_LIST: "institutions"})]
ModalityCode = Annotated[Code, Meta(extra={CODE_LIST: "modalities"})]
ReviewCluster = Annotated[Code, Meta(extra={CODE_LIST: "review_clusters"})]
InKindForm = Annotated[Code, Meta(extra={CODE_LIST: "in_kind_forms"})]
ActivityKind = Annotated[Code, Meta(extra={CODE_LIST: "activity_kinds"})]
IndicatorCode = Annotated[Code, Meta(extra={CODE_LIST: "indicators"})]
ParticipantFunction = Annotated[Code, Meta(extra={CODE_LIST: "participant_functions"})]
SpecialGroupCode = Annotated[Code, Meta(extra={CODE_LIST: "special_groups"})]
IncomeGroupCode = Annotated[Code, Meta(extra={CODE_LIST: "income_groups"})]

CODE_LISTS: Mapping[str, Callable[[], Mapping[str, object]]] = {
    "kinds": reference.kinds,
    "topics": reference.topics,
    "articles": reference.articles,
    "paragraphs": reference.paragraphs,
    "pillars": reference.pillars,
    "instruments": reference.instruments,
    "institutions": reference.institutions,
    "modalities": reference.modalities,
    "in_kind_forms": reference.in_kind_forms,
    "activity_kinds": reference.activity_kinds,
    "indicators": deliveries.indicators,
    "inequality_questions": deliveries.inequality_questions,
    "human_rights_questions": deliveries.human_rights_questions,
    "participant_functions": reference.participant_functions,
    "special_groups": reference.special_groups,
    "income_groups": reference.income_groups,
    "review_clusters": reference.review_clusters,
    "countries": reference.countries,
    "currencies": reference.currencies,
}
"""Maps each name in `extra` of a type to its codes, whose labels `/v1/reference/<name>` lists."""

ALLOWED_SHOWN_MAX = 30
BEGINNING_MIN = 4
SIMILARITY_MIN = 0.6
"""Minimum ratio of `difflib`: twice the number of common letters, in order, divided by the number of all letters."""


def unknown_code(field: str, code: str, known: Iterable[str], *, code_list: str | None = None) -> Invalid:
    """The refusal of an unknown code; `code_list` is the name of the list, such as `kinds`."""
    return Invalid("unknown-code", field=field, code=code, errors=[unknown_code_error(field, code, known, code_list)])


def unknown_code_error(field: str, code: str, known: Iterable[str], code_list: str | None = None) -> FieldError:
    codes = sorted(known) if isinstance(known, Set) else list(known)
    return FieldError(
        field=field,
        problem="unknown-code",
        allowed=tuple(codes) if len(codes) <= ALLOWED_SHOWN_MAX else (),
        code_list=f"/v1/reference/{code_list}" if code_list else None,
        nearest=nearest(code, codes),
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The most similar one of `known`, or None.

    Prefers the longest one that is a prefix of the word, or has the word as a prefix, because endings are often shared.
    """
    word, codes = word.lower(), list(known)
    begins = [code for code in codes if min(len(code), len(word)) >= BEGINNING_MIN and _is_prefix(code, word)]
    alike = begins or get_close_matches(word, codes, n=1, cutoff=SIMILARITY_MIN)
    return max(alike, key=len, default=None)


def _is_prefix(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
