"""Tables for deliveries: indicators of results and their units, and questions of screenings."""

from collections.abc import Mapping
from functools import cache

from contracts.reference import Term, by_code


class Indicator(Term, frozen=True, kw_only=True):
    """An indicator of results, its unit, and the kinds of assistance it belongs to."""

    unit: str
    kinds: tuple[str, ...]


@cache
def indicators() -> Mapping[str, Indicator]:
    """Indicators of the results of deliveries."""
    return by_code("indicators", Indicator)


@cache
def indicator_units() -> Mapping[str, Term]:
    """The units of indicators."""
    return by_code("indicator_units", Term)


@cache
def inequality_questions() -> Mapping[str, Term]:
    """Questions of the analysis of inequalities."""
    return by_code("inequality_questions", Term)


@cache
def human_rights_questions() -> Mapping[str, Term]:
    """Questions of the screening for human rights."""
    return by_code("human_rights_questions", Term)


def questions(screening: str) -> Mapping[str, Term]:
    """The questions of a screening: `inequality` or `human_rights`."""
    return {"inequality": inequality_questions, "human_rights": human_rights_questions}[screening]()
