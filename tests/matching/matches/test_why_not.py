"""Each obstacle is named, and its nearest change resolves it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.matching import Capacity, Eligibility
from contracts.values import Language, Period
from services.matching.lines.model import RequestStatus, WantedLine
from services.matching.matches.why_not import Change, Nearest, changed, obstacles
from services.matching.offerings.model import Offering, OfferingStatus
from services.matching.scoring.constraints import violated
from services.matching.treaties.model import TreatyStatus, statuses_of
from tests.builders import AHEAD
from tests.matching.builders import a_wanted_line, an_offering, terms

TODAY = date(AHEAD - 1, 11, 26)
STATES, LANGUAGES = ("KEN", "NOR", "PER"), tuple(Language)


LEFT = statuses_of("KEN", [TreatyStatus(instrument="UNTOC", party=False, as_of=TODAY, recorded=True)])
"""Treaty statuses of a State that was recorded today as not a party."""


def periods(first: date = date(2025, 1, 1)) -> st.SearchStrategy[Period]:
    return st.builds(
        lambda begin, days: Period(starts=first + timedelta(days=begin), ends=first + timedelta(days=begin + days)),
        st.integers(0, 1500),
        st.integers(0, 400),
    )


@st.composite
def lines(draw: st.DrawFn) -> WantedLine:
    to = draw(st.sampled_from(("any", "unodc", "states")))
    named = draw(st.lists(st.sampled_from(("NOR", "PER", "FRA")), min_size=1, unique=True)) if to == "states" else []
    return a_wanted_line(
        kind=draw(st.sampled_from(("mla_training", "witness_protection"))),
        modality=draw(st.sampled_from(("in_person", "remote"))),
        languages=tuple(draw(st.lists(st.sampled_from(LANGUAGES), min_size=1, max_size=3, unique=True))),
        group_size=draw(st.integers(1, 90)),
        window=draw(periods()),
        state=draw(st.sampled_from(STATES)),
        addressee=to,
        addressed_states=tuple(named),
        cannot_wait=draw(st.booleans()),
        excluded_providers=tuple(draw(st.lists(st.sampled_from(("UNODC-CEB", "NOR")), unique=True, max_size=2))),
        treaties=draw(st.sampled_from((statuses_of("KEN"), statuses_of("PNG"), LEFT))),
    )


@st.composite
def offerings(draw: st.DrawFn) -> Offering:
    spans = draw(st.lists(periods(), min_size=1, max_size=4, unique_by=lambda one: one.starts))
    capacity = tuple(Capacity(period=one, units=draw(st.integers(1, 2))) for one in spans)
    return an_offering(
        provider=draw(st.sampled_from(("UNODC-CEB", "NOR", "PER"))),
        taken={one.period.starts: draw(st.integers(0, one.units)) for one in capacity},
        terms=terms(
            capacity=capacity,
            valid=draw(periods()),
            resource_status=draw(st.sampled_from(("funded", "unfunded"))),
            treaties=tuple(draw(st.lists(st.sampled_from(("UNTOC", "TIP")), unique=True, max_size=2))),
            eligible=Eligibility(
                states=tuple(draw(st.lists(st.sampled_from(STATES), unique=True, max_size=2))),
                regions=tuple(draw(st.lists(st.sampled_from(("african", "grulac")), unique=True, max_size=1))),
                excluded_states=tuple(draw(st.lists(st.sampled_from(STATES), unique=True, max_size=2))),
                income_groups=tuple(draw(st.lists(st.sampled_from(("low", "lower_middle")), max_size=1))),
                special_groups=tuple(draw(st.lists(st.sampled_from(("ldc", "sids")), max_size=1))),
            ),
        ),
    )


@given(lines(), offerings())
def test_every_change_resolves_its_obstacle_and_adds_none(line: WantedLine, offering: Offering) -> None:
    broken = set(violated(line, offering))
    found = obstacles(line, offering, today=TODAY)

    assert broken == {one.name for one in found}
    for one in found:
        if one.nearest is not None:
            left = set(violated(*changed(line, offering, one.nearest)))
            assert one.name not in left
            # Of `window` and `capacity` one may replace the other: no delivery in the window, or none left.
            no_room = {"window", "capacity"}
            assert left <= broken | (no_room if broken & no_room else set())


@given(lines(), offerings())
def test_shift_is_the_shortest(line: WantedLine, offering: Offering) -> None:
    for one in obstacles(line, offering, today=TODAY):
        if one.nearest is None or one.nearest.change not in {Change.LATER, Change.EARLIER}:
            continue
        assert one.nearest.amount is not None
        for days in range(1, one.nearest.amount):
            for change in (Change.LATER, Change.EARLIER):
                shifted, _ = changed(line, offering, Nearest(change=change, amount=days))
                if change is Change.LATER or shifted.window.starts >= TODAY:
                    assert {"validity", "window", "capacity"} & set(violated(shifted, offering)), (days, change)


@given(lines(), offerings())
def test_all_changes_together_resolve_everything(line: WantedLine, offering: Offering) -> None:
    """Changes are applied one after the other, each to the result of the ones before."""
    for _ in range(16):
        nearest = [one.nearest for one in obstacles(line, offering, today=TODAY) if one.nearest]
        if not nearest:
            break
        line, offering = changed(line, offering, nearest[0])

    assert set(violated(line, offering)) <= {"own_state", "validity"}, "no change resolves these"


def test_shift_in_days_is_given() -> None:
    spring = Period(starts=date(AHEAD, 3, 1), ends=date(AHEAD, 3, 28))
    offering = an_offering(
        terms=terms(
            valid=Period(starts=date(AHEAD, 1, 1), ends=date(AHEAD, 12, 31)),
            capacity=(
                Capacity(period=spring, units=1),
                Capacity(period=Period(starts=date(AHEAD, 4, 11), ends=date(AHEAD, 4, 30)), units=1),
            ),
        ),
        taken={spring.starts: 1},
    )
    line = a_wanted_line(window=spring)

    (only,) = obstacles(line, offering, today=TODAY)

    assert ("capacity", Nearest(change=Change.LATER, amount=14)) == (only.name, only.nearest)
    assert (f"{AHEAD}-04-11/{AHEAD}-04-30",) == only.offered


def test_status_from_the_old_list_asks_for_a_newer_record() -> None:
    offering = an_offering(terms=terms(treaties=("UNTOC", "SOM")))

    (unlisted,) = obstacles(a_wanted_line(state="PNG", treaties=statuses_of("PNG")), offering, today=TODAY)
    (left,) = obstacles(a_wanted_line(treaties=LEFT), offering, today=TODAY)

    assert ("treaty", ("PNG",), ("SOM", "UNTOC")) == (unlisted.name, unlisted.asked, unlisted.offered)
    assert date(2014, 1, 1) == unlisted.as_of
    assert Nearest(change=Change.STATUS_RECORDED, codes=("SOM", "UNTOC")) == unlisted.nearest
    assert (TODAY, Nearest(change=Change.JOINED, codes=("UNTOC",))) == (left.as_of, left.nearest)


def test_obstacle_without_capacity_asks_for_one_more_delivery() -> None:
    full = an_offering(taken={one.period.starts: one.units for one in an_offering().terms.capacity})

    (only,) = obstacles(a_wanted_line(), full, today=TODAY)

    assert ("capacity", Nearest(change=Change.MORE_ROOM, amount=1)) == (only.name, only.nearest)


@pytest.mark.parametrize(
    ("line", "offering", "name"),
    [
        (a_wanted_line(status=RequestStatus.RETURNED), an_offering(), "request_status"),
        (a_wanted_line(residue=0), an_offering(), "covered"),
        (a_wanted_line(), an_offering(status=OfferingStatus.SUSPENDED), "offering_status"),
    ],
)
def test_records_in_other_statuses_have_an_obstacle(line: WantedLine, offering: Offering, name: str) -> None:
    (only,) = obstacles(line, offering, today=TODAY)

    assert (name, None) == (only.name, only.nearest)


def test_fitting_offering_has_no_obstacles() -> None:
    assert () == obstacles(a_wanted_line(), an_offering(), today=TODAY)
    assert [] == violated(replace(a_wanted_line(), group_size=1), an_offering())
