"""The names of figures, codes and statuses in the six languages, from the tables of reference data."""

from collections.abc import Callable, Mapping

from contracts import reference
from contracts.reference import Term, country_name
from contracts.reference.deliveries import indicators

NONE = "none"
"""The value for records that do not have the code."""

ORGANIZATIONS = frozenset({"provider", "donor"})
"""Codes whose values are organizations."""

COMMAS = {"ar": "، ", "zh": "，"}
"""Separators of languages that do not use ", "."""

Terms = Callable[[], Mapping[str, Term]]

TABLES: Mapping[str, Terms] = {
    "kind": reference.kinds,
    "topic": reference.topics,
    "article": reference.articles,
    "paragraph": reference.paragraphs,
    "pillar": reference.pillars,
    "language": reference.languages,
    "modality": reference.modalities,
    "institution": reference.institutions,
    "form": reference.in_kind_forms,
    "cluster": reference.review_clusters,
}
PREFIXES: Mapping[str, tuple[Terms, str]] = {
    "priority": (reference.work_table, "priority"),
    "region": (reference.choices, "eligible.regions"),
    "resource_status": (reference.choices, "resource_status"),
    "gender_marker": (reference.figures, "marker"),
    "human_rights_marker": (reference.figures, "marker"),
    "sex": (reference.figures, "sex"),
    "change": (reference.figures, "change"),
    "earmarking": (reference.figures, "earmarking"),
    "audience": (reference.figures, "audience"),
    "contribution_kind": (reference.choices, "contribution.kind"),
    "practice_kind": (reference.figures, "practice_kind"),
    "progress": (reference.figures, "progress"),
}
"""Codes whose terms are listed with a prefix."""

PLAIN = frozenset({"month", "fund"}) | ORGANIZATIONS
"""Codes whose values are their own labels; of organizations, only States have a name here."""


def name_of(figure: str, by: str, language: str) -> str:
    """The name of a figure by a code, as a heading."""
    words = reference.figures()
    figure_name, by_name = words[f"figure:{figure}"].label(language), words[f"by:{by}"].label(language)
    return f"{figure_name}{COMMAS.get(language, ', ')}{by_name}"


def word(code: str, language: str) -> str:
    return reference.figures()[code].label(language)


def label_of(by: str, value: str, language: str) -> str:
    """The label of a value of a code; the value itself if it has no label."""
    term = _term(by, value)
    if term is not None:
        return term.label(language)
    if by in {"state", *ORGANIZATIONS} and value in reference.countries():
        return country_name(value, language)
    return value


def _term(by: str, value: str) -> Term | None:
    if value == NONE:
        return reference.figures()["value:none"]
    if by == "status":
        return reference.figures().get(f"status:{value}") or reference.work_table().get(f"status:{value}")
    if by == "reason":
        return reference.by_code("reasons", Term).get(value)
    if by == "indicator":
        return indicators().get(value)
    if by == "group":
        return reference.special_groups().get(value)
    if by in PREFIXES:
        terms, prefix = PREFIXES[by]
        return terms().get(f"{prefix}:{value}")
    return TABLES[by]().get(value) if by in TABLES else None
