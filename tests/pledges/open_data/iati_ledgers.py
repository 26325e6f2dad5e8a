"""Ledgers for tests of IATI files: any movements, purposes and planned activities."""

from datetime import date
from uuid import UUID

from hypothesis import strategies as st

from contracts.funds import WORK_PACKAGES, YearlyRequirement
from contracts.reference import activity_kinds, topics
from contracts.requests import CODES_MAX
from contracts.values import MINOR_UNITS_MAX, Language
from services.pledges.activities.model import Plan, evolve, plan
from services.pledges.open_data.iati.aims import Aims, aims_of
from services.pledges.open_data.iati.published import (
    BETWEEN_FUNDS,
    PUBLISHED_TYPES,
    SIGNS,
    Ledger,
    Movement,
    PlannedActivity,
    planned_activity_of,
)
from services.pledges.pledge.earmarking import Earmarking
from tests.builders import NOON
from tests.pledges.open_data.builders import a_ledger

LABEL = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=20).filter(
    lambda text: text == text.strip() != "" and "\ufffe" not in text and "\uffff" not in text
)


PURPOSES = st.sampled_from([*WORK_PACKAGES, *(str(UUID(int=number)) for number in range(1, 6))])


FOR_WHAT = st.one_of(
    st.builds(UUID, int=st.integers(1, 3)).map(lambda one: {"requirement_id": one}),
    st.builds(UUID, int=st.integers(4, 5)).map(lambda one: {"activity_id": one}),
)


@st.composite
def held(draw: st.DrawFn, until: date) -> PlannedActivity:
    """Draw a planned activity in any state, on any day up to `until`."""
    first, last, seen = (draw(st.dates(date(2020, 1, 1), until)) for _ in range(3))
    wanted = Plan(
        fund="SHERLOC-MNT",
        activity_kind=draw(st.sampled_from(sorted(activity_kinds()))),
        topics=(),
        pillars=(),
        gender_marker=0,
        starts_on=min(first, last),
        ends_on=max(first, last),
        language=draw(st.sampled_from(list(Language))),
    )
    one = evolve(None, plan(UUID(int=4), wanted, "", now=NOON))
    ends = draw(st.sampled_from(["planned", "completed", "cancelled"]))
    if ends == "completed":
        one = evolve(one, one.complete(draw(st.none() | st.integers(0, 60)), (), on=max(first, last), now=NOON))
    elif ends == "cancelled":
        one = evolve(one, one.cancel("other", (), unspent_usd_minor=0, now=NOON))
    return planned_activity_of(one, draw(LABEL | st.just("")), on=seen)


@st.composite
def aims(draw: st.DrawFn) -> Aims:
    said = draw(st.lists(st.sampled_from(sorted(topics())), max_size=CODES_MAX, unique=True))
    return aims_of(said, draw(st.none() | st.integers(0, 2)))


@st.composite
def ledgers(draw: st.DrawFn, on: date | None = None) -> Ledger:
    """Draw a ledger with any movements in any order, more than a real ledger could have.

    The file is as of `on`, if given.
    """
    until = on or date(2030, 1, 1)
    movements = []
    for number in range(draw(st.integers(0, 12))):
        type_ = draw(st.sampled_from(sorted({*PUBLISHED_TYPES, "reversed"})))
        of_type = draw(st.sampled_from(sorted(PUBLISHED_TYPES))) if type_ == "reversed" else type_
        of_donor = of_type not in {"allocated", "returned", "spent"}
        accounts = draw(st.sets(st.sampled_from(sorted(SIGNS)), min_size=1))
        package = draw(st.none() | st.sampled_from(WORK_PACKAGES))
        movements += [
            Movement(
                entry_id=UUID(int=number),
                type=type_,
                of_type=of_type,
                on=draw(st.dates(date(2000, 1, 1), date(2100, 1, 1))),
                account=account,
                currency=draw(st.sampled_from(["USD", "EUR", "JPY", "KWD"])),
                minor=draw(st.integers(-MINOR_UNITS_MAX, MINOR_UNITS_MAX)),
                donor=draw(st.sampled_from(["NOR", "DEU", "UNODC-SHERLOC"])) if of_donor else None,
                earmarking=draw(st.sampled_from(list(Earmarking))) if of_donor else None,
                work_package=None if of_donor else package,
                other_fund=draw(st.sampled_from(["SHERLOC-DEV", "TA-REQUESTS"])) if of_type in BETWEEN_FUNDS else None,
                **(draw(FOR_WHAT) if not of_donor and not package else {}),
            )
            for account in sorted(accounts)
        ]
    years = draw(st.lists(st.integers(2000, 2100), unique=True, max_size=3))
    return a_ledger(
        *movements,
        labels=draw(st.dictionaries(st.sampled_from(list(Language)), LABEL)),
        requirements=[YearlyRequirement(year=year, usd_minor=draw(st.integers(0, MINOR_UNITS_MAX))) for year in years],
        revised_years=draw(st.sets(st.sampled_from(years))) if years else (),
        opened_on=draw(st.dates(date(2020, 1, 1), until)),
        on=on or date.max,
        updated=f"{until}T00:00:00+00:00",
        site=draw(st.sampled_from(["", "https://entraide.example"])),
        gender_marker=draw(st.none() | st.integers(0, 2)),
        aims=draw(st.dictionaries(PURPOSES, aims())),
        held=draw(st.dictionaries(st.sampled_from([str(UUID(int=number)) for number in (4, 5)]), held(until))),
    )
