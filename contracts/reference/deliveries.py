"""Tables of what follows a match: indicators of results, and their units."""

from collections.abc import Mapping
from functools import cache

from contracts.reference import Term, by_code


class Indicator(Term, frozen=True, kw_only=True):
    """An indicator of results, its unit, and the kinds of assistance it belongs to."""

    unit: str
    kinds: tuple[str, ...]


@cache
def indicators() -> Mapping[str, Indicator]:
    """What the results of deliveries are measured by."""
    return by_code("indicators", Indicator)


@cache
def indicator_units() -> Mapping[str, Term]:
    """The units of indicators."""
    return by_code("indicator_units", Term)
