"""Random lines and offerings for properties of scoring."""

from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import assume
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts import reference
from contracts.matching import Capacity, Eligibility, Terms
from contracts.values import Money, Period
from services.matching.offerings.model import Offering
from services.matching.scoring.criteria import FULL, Experience, ScoringContext
from services.matching.scoring.weights import CRITERIA, Weights
from services.matching.treaties.model import TreatyStatus, statuses_of
from tests.builders import AHEAD
from tests.matching.builders import SPRING, a_wanted_line, an_offering, terms

DAYS = st.dates(date(AHEAD, 1, 1), date(AHEAD, 12, 31))
PERIODS = st.tuples(DAYS, DAYS).map(lambda pair: Period(starts=min(pair), ends=max(pair)))
NO_LONGER_PARTY = TreatyStatus(instrument="UNTOC", party=False, as_of=date(2026, 11, 1), recorded=True)
SPRING_ONLY = Capacity(period=SPRING, units=1)
LATE = Capacity(period=Period(starts=date(AHEAD, 7, 1), ends=date(AHEAD, 12, 31)), units=1)


def some(codes: Any, most: int = 4) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(sorted(codes)), max_size=most, unique=True).map(tuple)


@st.composite
def offerings(draw: st.DrawFn) -> Offering:
    period, valid = draw(PERIODS), draw(PERIODS)
    units = draw(st.integers(1, 3))
    taken = draw(st.integers(0, units))
    resource_status = draw(st.sampled_from(["funded", "partly", "unfunded"]))
    return an_offering(
        offering_id=UUID(int=draw(st.integers(1, 2**40))),
        provider=draw(st.sampled_from(["UNODC-CEB", "UNODC", "UNODCX", "NOR", "KEN", "ZAF"])),
        taken={period.starts: taken} if taken else {},
        terms=terms(
            kinds=draw(some(["mla_training", "mentoring", "training"], 3)) or ("mla_training",),
            topics=draw(some(reference.topics())),
            articles=draw(some(reference.articles())),
            paragraphs=draw(some(reference.paragraphs())),
            pillars=draw(some(reference.pillars())),
            languages=draw(some(reference.languages())),
            interpretation=draw(some(reference.languages())),
            modalities=draw(some(reference.modalities())),
            eligible=Eligibility(
                states=draw(some(["KEN", "FRA"], 2)),
                regions=draw(some(["african", "weog"], 2)),
                excluded_states=draw(some(["KEN", "FRA"], 2)),
                income_groups=draw(some(reference.income_groups(), 2)),
                special_groups=draw(some(reference.special_groups(), 2)),
            ),
            # Capacity has to lie within the validity.
            valid=Period(starts=min(valid.starts, period.starts), ends=max(valid.ends, period.ends)),
            capacity=(Capacity(period=period, units=units),),
            group_size_max=draw(st.none() | st.integers(1, 100)),
            resource_status=resource_status,
            funding_needed=None if resource_status == "funded" else Money(minor=1, currency="USD"),
            treaties=draw(some(reference.instruments(), 2)),
        ),
    )


@st.composite
def lines(draw: st.DrawFn) -> Any:
    return a_wanted_line(
        state=draw(st.sampled_from(["KEN", "FRA", "VAT", "NER"])),
        kind=draw(st.sampled_from(["mla_training", "mentoring"])),
        topics=draw(some(reference.topics())),
        articles=draw(some(reference.articles())),
        paragraphs=draw(some(reference.paragraphs())),
        pillars=draw(some(reference.pillars())),
        languages=draw(some(reference.languages(), 2)) or ("en",),
        modality=draw(st.sampled_from(sorted(reference.modalities()))),
        window=draw(PERIODS),
        group_size=draw(st.integers(1, 100)),
        addressee=draw(st.sampled_from(["any", "unodc", "states"])),
        addressed_states=draw(some(["NOR", "ZAF"], 2)),
        cannot_wait=draw(st.booleans()),
        excluded_providers=draw(some(["NOR", "UNODC"], 1)),
        treaties=draw(st.sampled_from([(), *map(statuses_of, ("KEN", "PNG", "FRA"))])),
    )


@st.composite
def weightings(draw: st.DrawFn) -> Weights:
    """Weights that add up to the whole; some criteria have none."""
    cuts = sorted(draw(st.lists(st.integers(0, FULL), min_size=len(CRITERIA) - 1, max_size=len(CRITERIA) - 1)))
    parts = [after - before for before, after in zip([0, *cuts], [*cuts, FULL], strict=True)]
    return Weights(version=draw(st.integers(1, 9)), of={n: of for n, of in zip(CRITERIA, parts, strict=True) if of})


@st.composite
def knowledge(draw: st.DrawFn) -> ScoringContext:
    """Weights, and the completed deliveries and ratings of some providers."""
    deliveries = st.dictionaries(st.sampled_from(["mla_training", "mentoring"]), st.integers(1, 12))
    completed = st.builds(
        Experience,
        deliveries=deliveries,
        topics=some(reference.topics()).map(frozenset),
        rating=st.none() | st.integers(100, 500),
    )
    providers = st.sampled_from(["UNODC-CEB", "NOR", "ZAF"])
    return ScoringContext(weights=draw(weightings()), experience=draw(st.dictionaries(providers, completed)))


VARIED: dict[str, st.SearchStrategy[Any]] = {
    "kinds": st.sampled_from([("mla_training",), ("mla_training", "mentoring"), ("mentoring",)]),
    "languages": some(["en", "fr"], 2),
    "interpretation": some(["en", "fr"], 2),
    "modalities": some(["in_person", "remote"], 2),
    "eligible": st.builds(
        Eligibility,
        states=some(["KEN", "FRA"], 2),
        regions=some(["african", "weog"], 2),
        excluded_states=some(["KEN", "FRA"], 1),
        income_groups=some(reference.income_groups(), 2),
        special_groups=some(reference.special_groups(), 2),
    ),
    "valid": PERIODS,
    "group_size_max": st.sampled_from([None, 24, 25]),
    "treaties": some(["UNTOC", "FP"], 2),
    "resource_status": st.sampled_from(["funded", "unfunded"]),
}
"""Terms that decide whether an offering fits, each with fitting and other values."""


@st.composite
def nearly_fitting(draw: st.DrawFn) -> Offering:
    """An offering that fits `a_wanted_line`, except for at most two of its terms, its provider or its capacity."""
    changed = draw(st.lists(st.sampled_from(sorted(VARIED)), max_size=2, unique=True))
    period, units = draw(st.just(SPRING) | PERIODS), draw(st.integers(1, 2))
    taken = draw(st.integers(0, units))
    capacity = (Capacity(period=period, units=units),)
    made = with_money_lacking(terms(**{name: draw(VARIED[name]) for name in changed}, capacity=capacity))
    # As `check_periods` requires: capacity lies in the validity.
    assume(made.valid.starts <= period.starts and period.ends <= made.valid.ends)
    return an_offering(
        offering_id=UUID(int=draw(st.integers(1, 2**40))),
        provider=draw(st.sampled_from(["UNODC-CEB", "UNODC", "UNODCX", "NOR", "KEN"])),
        taken={period.starts: taken} if taken else {},
        terms=made,
    )


def with_money_lacking(of: Terms) -> Terms:
    """Return the terms with a funding gap, unless the delivery is funded."""
    lacking = None if of.resource_status == "funded" else Money(minor=1, currency="USD")
    return replace(of, funding_needed=lacking)


ONE_VIOLATED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("own_state", {"state": "NOR"}, {"provider": "NOR"}),
    ("addressee", {"addressee": "unodc"}, {"provider": "NOR"}),
    ("addressee", {"addressee": "states", "addressed_states": ("FRA",)}, {"provider": "NOR"}),
    ("kind", {"kind": "mentoring"}, {}),
    ("modality", {"modality": "self_paced"}, {}),
    ("language", {"languages": ("en", "ar")}, {}),
    ("group_size", {"group_size": 61}, {}),
    ("eligibility", {}, {"terms": terms(eligible=Eligibility(states=("FRA",), regions=("weog",)))}),
    ("eligibility", {"state": "VAT"}, {"terms": terms(eligible=Eligibility(regions=("weog",)))}),
    ("excluded_state", {}, {"terms": terms(eligible=Eligibility(excluded_states=("KEN",)))}),
    ("income_group", {}, {"terms": terms(eligible=Eligibility(income_groups=("low", "upper_middle")))}),
    ("income_group", {"state": "VAT"}, {"terms": terms(eligible=Eligibility(income_groups=("low",)))}),
    ("special_group", {}, {"terms": terms(eligible=Eligibility(special_groups=("ldc", "sids")))}),
    ("special_group", {"state": "NER"}, {"terms": terms(eligible=Eligibility(special_groups=("sids",)))}),
    ("excluded_provider", {"excluded_providers": ("FRA", "UNODC-CEB")}, {}),
    ("treaty", {"treaties": ()}, {"terms": terms(treaties=("UNTOC",))}),
    ("treaty", {"treaties": statuses_of("AUS")}, {"terms": terms(treaties=("UNTOC", "FP"))}),
    ("treaty", {"treaties": (NO_LONGER_PARTY,)}, {"terms": terms(treaties=("UNTOC",))}),
    (
        "window",
        {"window": Period(starts=date(AHEAD, 2, 1), ends=date(AHEAD, 3, 1))},
        {"terms": terms(capacity=(LATE,))},
    ),
    ("resource_status", {"cannot_wait": True}, {"terms": with_money_lacking(terms(resource_status="partly"))}),
    ("capacity", {}, {"taken": {date(AHEAD, 1, 1): 2}}),
    (
        "validity",
        {"window": Period(starts=date(AHEAD, 12, 31), ends=date(AHEAD + 1, 1, 5))},
        {"terms": terms(valid=Period(starts=date(AHEAD, 1, 1), ends=date(AHEAD, 12, 30)))},
    ),
]
"""Constraints, each with the changes of a fitting line and offering by which it alone is violated."""

AT_A_LIMIT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"addressee": "unodc"}, {}),
    ({"addressee": "unodc"}, {"provider": "UNODC"}),
    ({"addressee": "states", "addressed_states": ("FRA", "NOR")}, {"provider": "NOR"}),
    ({"excluded_providers": ("UNODC",)}, {}),
    ({"kind": "mentoring"}, {"terms": terms(kinds=("mla_training", "mentoring"))}),
    ({"modality": "hybrid"}, {}),
    ({"languages": ("en", "fr")}, {}),
    ({"languages": ()}, {}),
    ({"group_size": 60}, {}),
    ({"group_size": 10_000}, {"terms": terms(group_size_max=None)}),
    ({}, {"terms": terms(eligible=Eligibility(states=("KEN", "FRA")))}),
    ({}, {"terms": terms(eligible=Eligibility(regions=("weog", "african")))}),
    ({"state": "VAT"}, {}),
    ({"state": "VAT"}, {"terms": terms(eligible=Eligibility(states=("VAT",)))}),
    ({}, {"terms": terms(eligible=Eligibility(excluded_states=("FRA",)))}),
    ({}, {"terms": terms(eligible=Eligibility(income_groups=("low", "lower_middle")))}),
    ({"state": "NER"}, {"terms": terms(eligible=Eligibility(income_groups=("low",), special_groups=("lldc", "sids")))}),
    ({"treaties": statuses_of("KEN")}, {"terms": terms(treaties=("UNTOC",))}),
    ({"treaties": ()}, {}),
    ({"window": Period(starts=date(AHEAD, 6, 30), ends=date(AHEAD, 6, 30))}, {"terms": terms(capacity=(SPRING_ONLY,))}),
    ({"window": Period(starts=date(AHEAD - 1, 1, 1), ends=date(AHEAD, 1, 1))}, {}),
    ({}, {"taken": {date(AHEAD, 1, 1): 1}}),
    ({"cannot_wait": True}, {}),
    ({}, {"terms": with_money_lacking(terms(resource_status="unfunded"))}),
]
"""Changes of a fitting line and offering after which they still fit."""
