"""Cohorts of lines: membership, exclusions and savings."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from contracts.matching import Capacity
from contracts.values import Money, Period
from services.matching.cohorts import model as rules
from services.matching.cohorts.model import Cohort, cohorts
from services.matching.lines.model import WantedLine
from services.matching.offerings.model import Offering
from services.matching.scoring.constraints import violated
from tests.builders import AHEAD
from tests.matching.builders import SPRING, a_wanted_line, an_offering, terms

TODAY = date(AHEAD - 1, 12, 1)


def days(first: int, last: int) -> Period:
    return Period(starts=date(AHEAD, 1, 1) + timedelta(first), ends=date(AHEAD, 1, 1) + timedelta(last))


def states_of(cohort: Cohort) -> list[str]:
    return [line.state for line in cohort.lines]


def found(lines: Sequence[WantedLine], offering: Offering | None = None, *, today: date = TODAY) -> list[list[str]]:
    return [sorted(states_of(one)) for one in cohorts(lines, [offering or an_offering()], today=today)]


def lines(*states: str, **changes: Any) -> list[WantedLine]:
    return [a_wanted_line(state=state, **changes) for state in states]


def test_lines_of_several_states_servable_by_one_delivery_are_a_cohort() -> None:
    lacking = Money(minor=5_000, currency="USD")
    offering = an_offering(terms=terms(resource_status="partly", funding_needed=lacking, group_size_max=None))
    wanted = [*lines("KEN", window=days(0, 60)), *lines("UGA", "TZA", window=days(30, 90))]

    (one,) = cohorts(wanted, [offering], today=TODAY)

    assert {"KEN", "UGA", "TZA"} == set(states_of(one))
    assert ("african", 75, 2) == (one.region, one.people, one.deliveries_saved)
    assert Money(minor=10_000, currency="USD") == one.money_saved
    assert (days(30, 60), ("mutual_legal_assistance",), ("en",)) == (one.window, one.topics, one.languages)
    assert one.maximal


@pytest.mark.parametrize(
    "other",
    [
        {"state": "KEN"},
        {"kind": "mentoring"},
        {"modality": "hybrid"},
        {"topics": ("wildlife_forest_fisheries",)},
        {"topics": ()},
        {"languages": ("fr",)},
        {"window": days(200, 300)},
        {"group_size": 40},
        {"group_size": 61},
        {"addressee": "states", "addressed_states": ("FRA",)},
    ],
)
def test_line_that_differs_in_one_criterion_is_left_out(other: dict[str, Any]) -> None:
    assert [["KEN", "UGA"]] == found(lines("KEN", "UGA", window=SPRING))
    assert [] == found([*lines("KEN", window=SPRING), a_wanted_line(**{"state": "UGA", "window": SPRING} | other)])


def test_overlap_without_capacity_left_makes_no_cohort() -> None:
    free = terms(capacity=(Capacity(period=days(0, 10), units=1), Capacity(period=days(50, 60), units=1)))
    wanted = [*lines("KEN", window=days(0, 40)), *lines("UGA", window=days(20, 60))]

    assert [] == found(wanted, an_offering(terms=free))
    taken = {date(AHEAD, 1, 1): 1}
    assert [["KEN", "UGA"]] == found(lines("KEN", "UGA", window=days(0, 20)), an_offering(terms=free))
    assert [] == found(lines("KEN", "UGA", window=days(0, 20)), an_offering(terms=free, taken=taken))


def test_past_periods_serve_no_line() -> None:
    wanted = lines("KEN", "UGA", window=days(0, 20))

    assert [["KEN", "UGA"]] == found(wanted, today=days(0, 20).ends)
    assert [] == found(wanted, today=days(0, 20).ends + timedelta(1))


def test_cohorts_of_one_region_come_first() -> None:
    offering = an_offering(terms=terms(group_size_max=50))

    first, *others = found(lines("KEN", "NOR", "UGA", "COL"), offering)

    assert ["KEN", "UGA"] == first
    assert all(["KEN", "UGA"] != other for other in others)


def test_cohort_at_the_member_limit_is_not_maximal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MEMBERS_MAX", 2)

    assert not any(
        one.maximal for one in cohorts(lines("KEN", "UGA", "TZA", group_size=1), [an_offering()], today=TODAY)
    )


# -- properties --------------------------------------------------------------------------------------------------------

SPANS = some.tuples(some.integers(0, 200), some.integers(0, 90)).map(lambda span: days(span[0], span[0] + span[1]))
TOPICS = some.lists(
    some.sampled_from(["mutual_legal_assistance", "electronic_evidence", "witness_protection"]), max_size=2, unique=True
)
LANGUAGES = some.lists(some.sampled_from(["en", "fr", "es"]), min_size=1, max_size=2, unique=True)


@some.composite
def wanted_lines(draw: some.DrawFn) -> WantedLine:
    return a_wanted_line(
        line_id=draw(some.uuids()),
        state=draw(some.sampled_from(["KEN", "UGA", "TZA", "NOR", "COL"])),
        kind=draw(some.sampled_from(["mla_training", "mentoring"])),
        modality=draw(some.sampled_from(["in_person", "online"])),
        topics=tuple(draw(TOPICS)),
        languages=tuple(draw(LANGUAGES)),
        group_size=draw(some.integers(1, 40)),
        window=draw(SPANS),
    )


@some.composite
def offerings(draw: some.DrawFn) -> Offering:
    return an_offering(
        offering_id=draw(some.uuids()),
        provider=draw(some.sampled_from(["UNODC-CEB", "NOR"])),
        terms=terms(
            kinds=("mla_training", "mentoring"),
            languages=tuple(draw(LANGUAGES)),
            modalities=("in_person", "online"),
            group_size_max=draw(some.none() | some.integers(10, 90)),
            capacity=tuple(Capacity(period=days(at, at + 50), units=draw(some.integers(1, 2))) for at in (0, 100, 200)),
        ),
        taken={days(0, 0).starts: 1},
    )


def serves(offering: Offering, together: Sequence[WantedLine]) -> bool:
    """Return True if one delivery could serve all of these lines, checked day by day."""
    shared = [set.intersection(*(set(getattr(one, name)) for one in together)) for name in ("topics", "languages")]
    most = offering.terms.group_size_max
    free = [one.period for one in offering.terms.capacity if offering.room(one) > 0]
    spans = [*(one.window for one in together), offering.terms.valid]
    return (
        not any(violated(one, offering) for one in together)
        and len({one.state for one in together}) == len(together)
        and len({(one.kind, one.modality) for one in together}) == 1
        and all(shared)
        and (most is None or sum(one.group_size for one in together) <= most)
        and any(
            all(span.overlaps(day) for span in spans) and any(period.overlaps(day) for period in free)
            for day in (days(at, at) for at in range(300))
        )
    )


@given(some.lists(wanted_lines(), max_size=12, unique_by=lambda one: one.line_id), some.lists(offerings(), max_size=2))
def test_every_cohort_is_servable_and_maximal(wanted: list[WantedLine], offered: list[Offering]) -> None:
    made = cohorts(wanted, offered, today=TODAY)

    for one in made:
        assert len(one.lines) >= 2
        assert serves(one.offering, one.lines)
        assert one.maximal
        assert not [line for line in wanted if line not in one.lines and serves(one.offering, [*one.lines, line])]
    assert len({one.place for one in made}) == len(made)


@given(
    some.lists(wanted_lines(), max_size=8, unique_by=lambda one: one.line_id),
    some.lists(offerings(), min_size=1, max_size=2, unique_by=lambda one: one.offering_id),
    some.randoms(use_true_random=False),
)
def test_input_order_does_not_change_cohorts(wanted: list[WantedLine], offered: list[Offering], luck: Any) -> None:
    before = cohorts(wanted, offered, today=TODAY)
    luck.shuffle(wanted)
    luck.shuffle(offered)

    assert before == cohorts(wanted, offered, today=TODAY)


@given(some.lists(wanted_lines(), min_size=2, max_size=6, unique_by=lambda one: one.line_id), offerings())
def test_every_servable_pair_is_in_a_cohort(wanted: list[WantedLine], offering: Offering) -> None:
    pairs = [
        {a.line_id, b.line_id} for at, a in enumerate(wanted) for b in wanted[at + 1 :] if serves(offering, [a, b])
    ]
    found_ids: set[UUID] = {line.line_id for one in cohorts(wanted, [offering], today=TODAY) for line in one.lines}

    assert set().union(*pairs) == found_ids
