"""Obstacles in sentences, in the reader's language: made of the codes and figures that the obstacle itself holds."""

import math
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

import msgspec
from babel.dates import format_date, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal

from contracts import reference
from contracts.values import Language
from services.matching.why_not import Change, Nearest, Obstacle

LOCALES = {Language.ZH: "zh_Hans"}
FSI, PDI = "\u2068", "\u2069"
"""Around what is filled in: a name from left to right leaves an Arabic sentence as it is."""

_DAYS = frozenset({Change.LATER, Change.EARLIER})
_ONE_OF_THEM = frozenset({Change.KIND, Change.MODALITY})
_PERIODS = frozenset({"validity", "capacity"})
_TERMS = {"kind": reference.kinds, "modality": reference.modalities, "language": reference.languages}


class Sentences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language's sentences; `{asked}`, `{offered}`, `{codes}` and `{amount}` are filled in."""

    obstacles: Mapping[str, str]
    changes: Mapping[str, str]
    addressees: Mapping[str, str]


@cache
def sentences(language: Language) -> Sentences:
    """Read when first asked for."""
    path = files("services.matching").joinpath("sentences", f"{language}.json")
    return msgspec.json.decode(path.read_bytes(), type=Sentences)


def reason(obstacle: Obstacle, language: Language) -> str:
    """What stands between the line and the offering."""
    return (
        sentences(language)
        .obstacles[obstacle.name]
        .format(
            asked=_listed(_named(obstacle.name, obstacle.asked, language), language),
            offered=_listed(_named(obstacle.name, obstacle.offered, language), language),
        )
    )


def advice(obstacle: Obstacle, nearest: Nearest, language: Language) -> str:
    """What would have to be otherwise."""
    return (
        sentences(language)
        .changes[nearest.change]
        .format(
            codes=_listed(
                _named(obstacle.name, nearest.codes, language), language, one_of=nearest.change in _ONE_OF_THEM
            ),
            offered=_listed(_named(obstacle.name, obstacle.offered, language), language),
            amount=_amount(nearest, language),
        )
    )


def _amount(nearest: Nearest, language: Language) -> str:
    if nearest.amount is None:
        return ""
    if nearest.change in _DAYS:
        # Never rounded to weeks or months, as it would be below such a number of them.
        days = timedelta(days=nearest.amount)
        return format_timedelta(days, granularity="day", threshold=math.inf, locale=_locale(language))
    return _number(nearest.amount, language)


def _named(obstacle: str, codes: Iterable[str], language: Language) -> list[str]:
    if obstacle in _PERIODS:
        return [_interval(code, language) for code in codes]
    if obstacle == "group_size":
        return [_number(int(code), language) for code in codes]
    return [_name(obstacle, code, language) for code in codes]


def _name(obstacle: str, code: str, language: Language) -> str:
    """A code in words where there are any for it."""
    if obstacle in _TERMS and (term := _TERMS[obstacle]().get(code)):
        return term.label(language)
    if obstacle == "addressee" and code in sentences(language).addressees:
        return sentences(language).addressees[code]
    return reference.country_name(code, language) if code in reference.countries() else code


def _listed(names: list[str], language: Language, *, one_of: bool = False) -> str:
    isolated = [f"{FSI}{name}{PDI}" if language is Language.AR else name for name in names]
    return str(format_list(isolated, style="or" if one_of else "standard", locale=_locale(language)))


def _interval(interval: str, language: Language) -> str:
    first, last = (
        format_date(date.fromisoformat(day), format="long", locale=_locale(language)) for day in interval.split("/")
    )
    return f"{first} – {last}"


def _number(number: int, language: Language) -> str:
    return str(format_decimal(number, locale=_locale(language)))


def _locale(language: Language) -> str:
    return LOCALES.get(language, str(language))
