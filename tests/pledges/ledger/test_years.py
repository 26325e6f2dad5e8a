"""Commitments by year of a pledge's facts, whichever clock recorded them."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import uuid4

import pytest

from contracts.facts import Fact
from contracts.pledges import Instalment
from services.pledges.ledger.years import amounts_by_year
from services.pledges.pledge import exits
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.evolve import evolve
from services.pledges.pledge.model import pledge
from tests.builders import NOON
from tests.pledges.pledge.builders import FEBRUARY, MARCH, dollars, par

SECOND = timedelta(seconds=1)
IN_TWO_YEARS = (Instalment(due_on=MARCH, minor=600), Instalment(due_on=date(2027, 3, 5), minor=400))


def pledged_and_signed(schedule: tuple[Instalment, ...] = IN_TWO_YEARS) -> list[Fact]:
    made = pledge(
        uuid4(),
        "SHERLOC-MNT",
        dollars(1000),
        par(1000),
        Earmarking.EARMARKED,
        "hash",
        donor="NOR",
        on=FEBRUARY,
        now=NOON,
    )
    signed = evolve(None, made).commit(par(1000), 0, agreement=None, schedule=schedule, on=MARCH, now=NOON)
    return [made, signed]


def reduced(facts: Sequence[Fact], minor: int, on: date) -> Fact:
    one = None
    for fact in facts:
        one = evolve(one, fact)
    assert one is not None
    return exits.reduce(one, dollars(minor), "donor_asked", on=on, now=NOON)


@pytest.mark.parametrize(
    ("moment", "committed"),
    [(0, {}), (1, {2026: 600, 2027: 400}), (2, {2026: 600, 2027: 350}), (3, {2026: 600, 2027: 250})],
)
def test_facts_count_by_recorded_at_despite_clock_behind(moment: int, committed: dict[int, int]) -> None:
    """Facts are selected like their entries: the second reduction was recorded by a clock behind, and counts first."""
    facts = pledged_and_signed()
    facts.append(reduced(facts, 100, date(2026, 5, 1)))
    facts.append(reduced(facts, 50, date(2026, 5, 1)))
    recorded = [(NOON + seconds * SECOND, fact) for seconds, fact in zip((0, 1, 3, 2), facts, strict=True)]
    reported = amounts_by_year(recorded, as_of=NOON + moment * SECOND)
    assert committed == {year: minor for year, minor in reported.committed.items() if minor}


def test_later_reduction_belongs_to_no_past_year() -> None:
    facts = pledged_and_signed()
    facts.append(reduced(facts, 700, date(2028, 1, 2)))
    reported = amounts_by_year([(NOON, fact) for fact in facts], as_of=NOON)
    assert {2026: 600, 2027: 400, 2028: -700} == dict(reported.committed)
