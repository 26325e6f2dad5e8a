"""Explanations and obstacles as sentences in the reader's language, from their codes and numbers."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from importlib.resources import files

import msgspec

from contracts import reference
from contracts.formats import day, days, number, percent, period
from contracts.matching import Override
from contracts.values import Language
from services.matching.matches.explanation import Explanation, Near
from services.matching.matches.why_not import Change, Nearest, Obstacle
from services.matching.scoring.criteria import FULL, NEAR, PRACTISED, Rated

BETWEEN = {Language.AR: "؛ ", Language.FR: "\u202f; ", Language.ZH: "；"}
FSI, PDI = "\u2068", "\u2069"
"""Unicode isolates around inserted values, so that a left-to-right name does not reorder an Arabic sentence."""

CLOSE = 400
"""Least closeness that is described as close, in thousandths.

Half of all siblings are as similar, and nearly all parents and children.
"""

_DAYS = frozenset({Change.LATER, Change.EARLIER})
_PERIODS = frozenset({"validity", "window", "capacity"})
_TERMS: Mapping[str, Callable[[], Mapping[str, reference.Term]]] = {
    "topics": reference.topics,
    "articles": reference.articles,
    "paragraphs": reference.paragraphs,
    "pillars": reference.pillars,
    "kind": reference.kinds,
    "modality": reference.modalities,
    "language": reference.languages,
    "treaty": reference.instruments,
    "income_group": reference.income_groups,
    "special_group": reference.special_groups,
    "legal_system": reference.legal_traditions,
    "experience": reference.topics,
}
"""Terms for the codes of each constraint or criterion."""


_OF_CODES = frozenset({"topics", "articles", "paragraphs", "pillars"})
"""Criteria that have the same sentence about the full share."""


class Sentences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language's sentences, with placeholders in braces."""

    opens: str
    """Sentence about what both sides' agreement discloses to the provider."""
    regions: Mapping[str, str]
    """Names of the regional groups."""
    full: Mapping[str, str]
    """Sentences about what the full share would take, by criterion."""
    reasons: Mapping[str, str]
    obstacles: Mapping[str, str]
    changes: Mapping[str, str]
    addressees: Mapping[str, str]
    constraints: Mapping[str, str]
    """Names of the constraints that may be overridden."""
    overridden: str
    """Sentence about the constraints that a coordinator overrode, and the reason."""


@cache
def sentences(language: Language) -> Sentences:
    """Return the sentences of a language, read on first use."""
    path = files("services.matching").joinpath("sentences", f"{language}.json")
    return msgspec.json.decode(path.read_bytes(), type=Sentences)


def says(found: Explanation, language: Language) -> str:
    """Describe the basis of a criterion's share and, below the full share, what the full share would take."""
    said = _rests_on(found, language)
    if found.basis.degree == FULL:
        return said
    whole = sentences(language).full["codes" if found.share.criterion in _OF_CODES else found.share.criterion]
    count = NEAR if found.share.criterion == "meaning" else PRACTISED[0][0]
    return ("" if language is Language.ZH else " ").join([said, whole.format(full=number(count, language))])


def _rests_on(found: Explanation, language: Language) -> str:
    words, basis = sentences(language).reasons, found.basis
    near = [one for one in basis.near if one.closeness >= CLOSE]
    distant = [one for one in basis.near if one.closeness < CLOSE]
    listed = {
        "met": _listed(_coded(found, basis.met, language), language),
        "unmet": _listed(_coded(found, basis.unmet, language), language),
        "near": _listed([_near(found, one, language) for one in near], language),
        "distant": _listed([_near(found, one, language) for one in distant], language),
        "amount": number(basis.amount or 0, language),
        "whole": number(basis.whole or 0, language),
    }
    between = "" if language is Language.ZH else " "
    if basis.how is not None:
        rated = [_rated(basis.rated, language)] if basis.rated else []
        return between.join([words[basis.how].format(**listed), *rated])
    parts: list[tuple[str, Collection[object]]] = [
        ("met", basis.met),
        ("interpreted" if found.share.criterion == "language" else "near", near),
        ("distant", distant),
        ("unmet", basis.unmet),
    ]
    said = [words[name].format(**listed) for name, codes in parts if codes]
    return between.join(said) or words["asked_nothing"]


def opens(provider: str, language: Language) -> str:
    """Describe what the provider can read of the request once both sides agree."""
    name = reference.country_name(provider, language) if provider in reference.countries() else provider
    return sentences(language).opens.format(provider=f"{FSI}{name}{PDI}" if language is Language.AR else name)


def overridden(override: Override, language: Language) -> str:
    """Describe the constraints that a coordinator overrode, and the reason."""
    words = sentences(language)
    return words.overridden.format(
        constraints=_listed([words.constraints[one] for one in override.constraints], language),
        reason=reference.reasons("override")[override.reason].label(language),
    )


def _near(found: Explanation, near: Near, language: Language) -> str:
    asked, offered = _coded(found, (near.asked, near.offered), language)
    if near.asked == near.offered:
        return offered
    return sentences(language).reasons["instead"].format(asked=asked, offered=offered)


def _rated(rated: Rated, language: Language) -> str:
    return (
        sentences(language)
        .reasons["rated"]
        .format(
            least=number(rated.least // 100, language),
            most=number(rated.most // 100, language),
            counts=percent(rated.counts, FULL, language),
        )
    )


def _coded(found: Explanation, codes: Iterable[str], language: Language) -> list[str]:
    return [_name(found.share.criterion, code, language) for code in codes]


# -- obstacles --------------------------------------------------------------------------------------------------------


def reason(obstacle: Obstacle, language: Language) -> str:
    """Describe the reason of an obstacle."""
    return (
        sentences(language)
        .obstacles[obstacle.name]
        .format(
            asked=_listed(_named(obstacle.name, obstacle.asked, language), language),
            offered=_listed(_named(obstacle.name, obstacle.offered, language), language),
            as_of=day(obstacle.as_of, language) if obstacle.as_of else "",
        )
    )


def advice(obstacle: Obstacle, nearest: Nearest, language: Language) -> str:
    """Describe the change that would resolve an obstacle."""
    return (
        sentences(language)
        .changes[nearest.change]
        .format(
            codes=_listed(_named(obstacle.name, nearest.codes, language), language),
            asked=_listed(_named(obstacle.name, obstacle.asked, language), language),
            offered=_listed(_named(obstacle.name, obstacle.offered, language), language),
            amount=_amount(nearest, language),
        )
    )


def _amount(nearest: Nearest, language: Language) -> str:
    if nearest.amount is None:
        return ""
    if nearest.change in _DAYS:
        return days(nearest.amount, language)
    return number(nearest.amount, language)


def _named(obstacle: str, codes: Iterable[str], language: Language) -> list[str]:
    if obstacle in _PERIODS:
        return [_interval(code, language) for code in codes]
    if obstacle == "group_size":
        return [number(int(code), language) for code in codes]
    return [_name(obstacle, code, language) for code in codes]


def _name(of: str, code: str, language: Language) -> str:
    """Return a code of a constraint or criterion as text, if there is any, else the code."""
    if of == "region" and code in sentences(language).regions:
        return sentences(language).regions[code]
    if of in _TERMS and (term := _TERMS[of]().get(code)):
        return term.label(language)
    if of == "addressee" and code in sentences(language).addressees:
        return sentences(language).addressees[code]
    return reference.country_name(code, language) if code in reference.countries() else code


def _listed(names: list[str], language: Language) -> str:
    """Join names with semicolons, because many labels contain "and" and commas."""
    isolated = [f"{FSI}{name}{PDI}" if language is Language.AR else name for name in names]
    return BETWEEN.get(language, "; ").join(isolated)


def _interval(interval: str, language: Language) -> str:
    first, last = interval.split("/")
    return period({"from": first, "until": last}, language)
