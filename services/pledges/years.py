"""What was promised for which year: an instalment is of the year in which it is due, an open pledge of its own.

What was agreed of a pledge is in the books as one amount, in US-dollar cents. Each instalment that is owed has its
share of it, in whole cents; what was written off is of the last ones, since what came is counted against the earliest.
All years of a pledge come to what the books say of it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

from services.pledges.domain import Pledge
from services.pledges.shares import apportioned


class Promised(Struct, frozen=True, kw_only=True):
    """What donors promised for a year, in US-dollar cents; what was written off is a part of what was committed."""

    pledged_usd_minor: int = 0
    committed_usd_minor: int = 0
    written_off_usd_minor: int = 0


def promised_by_year(pledges: Iterable[Pledge]) -> Mapping[int, Promised]:
    """Of each year for which anything was promised."""
    pledged, committed, written_off = Counter[int](), Counter[int](), Counter[int]()
    for pledge in pledges:
        pledged[pledge.pledged_on.year] += pledge.open_usd_minor
        given_up = pledge.written_off_usd_minor
        for year, usd_minor in reversed(_instalments(pledge)):
            less = min(given_up, usd_minor)
            given_up -= less
            committed[year] += usd_minor
            written_off[year] += less
    by_year = {
        year: Promised(
            pledged_usd_minor=pledged[year],
            committed_usd_minor=committed[year],
            written_off_usd_minor=written_off[year],
        )
        for year in pledged.keys() | committed.keys()
    }
    return {year: promised for year, promised in by_year.items() if promised != Promised()}


def _instalments(pledge: Pledge) -> list[tuple[int, int]]:
    """The year and the cents of each that is owed; of the signature's, where an agreement of before says of none."""
    if pledge.committed_on is None or pledge.committed_usd_minor is None:
        return []
    owed = {str(part.number): part for part in pledge.schedule if part.owed}
    shares = apportioned(pledge.committed_usd_minor, {number: part.minor for number, part in owed.items()})
    if not shares:
        return [(pledge.committed_on.year, pledge.committed_usd_minor)]
    return [(part.due_on.year, shares[number]) for number, part in owed.items() if number in shares]
