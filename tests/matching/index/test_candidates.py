"""Candidates from the in-memory index equal an exhaustive search."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.matching import Capacity, Eligibility
from contracts.reference import topics
from contracts.values import Period
from services.matching.index import candidates
from services.matching.index.candidates import Candidate, best
from services.matching.index.offering_index import OfferingIndex
from services.matching.lines.model import WantedLine
from services.matching.offerings.model import Offering
from services.matching.scoring.constraints import violated
from services.matching.scoring.criteria import NOTHING_KNOWN, ScoringContext
from services.matching.scoring.model import ranked
from services.matching.scoring.records import FREE_PERIODS, TOPICS
from services.matching.texts.meaning import Model, Vector, vector
from services.matching.texts.reading import Reading, judgements
from tests.builders import AHEAD
from tests.matching.builders import a_wanted_line, an_offering, terms
from tests.matching.scoring.builders import ONE_VIOLATED, knowledge, lines, nearly_fitting, offerings
from tests.matching.texts.steps import LETTERS
from tests.soak import cases

RERANKED = 5


def by_looking_at_each(
    line: WantedLine, every: Sequence[Offering], limit: int = 20, known: ScoringContext = NOTHING_KNOWN
) -> list[Candidate]:
    fitting = [one for one in every if not violated(line, one)]
    return [Candidate(one.offering.offering_id, one.score) for one in ranked(line, fitting, known=known)[:limit]]


def held(every: Sequence[Offering]) -> OfferingIndex:
    found = OfferingIndex()
    for one in every:
        found.put(one)
    return found


def read_together(every: Sequence[Offering]) -> OfferingIndex:
    ordered = sorted(every, key=lambda one: one.offering_id.int)
    found = OfferingIndex()
    # Add two pages, as a process that reads everything does.
    for page in (ordered[:2], ordered[2:]):
        if page:
            found.add(page)
    return found


@pytest.mark.parametrize("few", [0, candidates.FEW])
@pytest.mark.parametrize(("constraint", "line", "offering"), ONE_VIOLATED)
def test_one_violation_excludes_a_candidate(
    constraint: str, line: dict[str, Any], offering: dict[str, Any], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "FEW", few)
    fits = an_offering()

    assert [] == best(held([an_offering(**offering)]), a_wanted_line(**line))
    assert [fits.offering_id] == [one.offering_id for one in best(held([fits]), a_wanted_line())]


@pytest.mark.parametrize("few", [0, candidates.FEW])
def test_group_of_the_largest_size_fits(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "FEW", few)
    offering = an_offering(terms=terms(group_size_max=60))

    assert [] == violated(a_wanted_line(group_size=60), offering)
    assert 1 == len(best(held([offering]), a_wanted_line(group_size=60)))


def distinct(every: Sequence[Offering]) -> list[Offering]:
    return list({one.offering_id: one for one in every}.values())


@st.composite
def fitting(draw: st.DrawFn) -> Offering:
    """An offering that is likelier to fit, so that there is something to compare."""
    one: Offering = draw(offerings())
    whole = Period(starts=date(AHEAD - 1, 1, 1), ends=date(AHEAD + 1, 12, 31))
    spans = draw(st.lists(st.integers(0, 11), min_size=1, max_size=FREE_PERIODS + 4, unique=True))
    capacity = tuple(
        Capacity(period=Period(starts=date(AHEAD, month + 1, 1), ends=date(AHEAD, month + 1, 27)), units=1)
        for month in sorted(spans)
    )
    changed = replace(
        one.terms,
        topics=tuple(draw(st.lists(st.sampled_from(sorted(topics())), max_size=TOPICS + 4, unique=True))),
        kinds=("mla_training", *draw(st.lists(st.sampled_from(["mentoring", "training"]), unique=True))),
        languages=tuple(draw(st.lists(st.sampled_from(["en", "fr", "es"]), min_size=1, unique=True))),
        interpretation=("en", "fr", "ar"),
        modalities=("in_person", "remote", "hybrid", "self_paced"),
        eligible=draw(
            st.sampled_from([Eligibility(), Eligibility(states=("KEN",)), Eligibility(regions=("african",))])
        ),
        valid=whole,
        capacity=capacity,
        group_size_max=None,
    )
    taken = {capacity[0].period.starts: 1} if draw(st.booleans()) else {}
    return replace(one, provider=draw(st.sampled_from(["UNODC-CEB", "NOR", "ZAF"])), terms=changed, taken=taken)


@pytest.mark.thinned
@settings(max_examples=cases(12, soak=200))
@given(
    lines(), st.lists(st.one_of(fitting(), offerings()), max_size=40), knowledge(), st.integers(1, 8), st.integers(0, 9)
)
def test_best_equal_exhaustive_scoring(
    line: Any, every: list[Offering], known: ScoringContext, limit: int, few: int
) -> None:
    every = distinct(every)

    with pytest.MonkeyPatch.context() as patched:
        # Make the search score one by one as well as together.
        patched.setattr(candidates, "FEW", few)
        assert by_looking_at_each(line, every, limit, known) == best(held(every), line, limit, known=known)
        assert by_looking_at_each(line, every, limit, known) == best(read_together(every), line, limit, known=known)


WANTED = st.builds(
    a_wanted_line,
    line_id=st.just(UUID(int=1)),
    request_id=st.just(UUID(int=2)),
    state=st.sampled_from(["KEN", "KEN", "FRA", "VAT"]),
    languages=st.sampled_from([("en",), ("fr",), ("en", "fr")]),
    topics=st.sampled_from([("mutual_legal_assistance",), ("extradition", "electronic_evidence")]),
    addressee=st.sampled_from(["any", "any", "unodc", "states"]),
    addressed_states=st.sampled_from([(), ("NOR",)]),
    cannot_wait=st.booleans(),
    excluded_providers=st.sampled_from([(), ("NOR",)]),
)
"""Lines that many offerings of `nearly_fitting` and `fitting` fit."""


@pytest.mark.thinned
@settings(max_examples=cases(12, soak=200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WANTED, st.lists(nearly_fitting() | fitting(), min_size=5, max_size=30), knowledge(), st.integers(0, 9))
def test_best_among_near_fits_equal_exhaustive_scoring(
    line: Any, every: list[Offering], known: ScoringContext, few: int
) -> None:
    every = distinct(every)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(candidates, "FEW", few)
        assert by_looking_at_each(line, every, known=known) == best(held(every), line, known=known)


vectors = st.sampled_from(
    [
        None,
        *(vector(LETTERS, np.array(row, np.float32)) for row in ((1, 0, 0), (0, 1, 0), (0.6, 0.8, 0), (0.28, 0.96, 0))),
    ]
)


@pytest.mark.thinned
@settings(max_examples=cases(12, soak=200))
@given(
    lines(), st.lists(st.tuples(fitting(), vectors), max_size=40), knowledge(), vectors.filter(bool), st.integers(1, 8)
)
def test_best_by_codes_are_reranked_by_meaning(
    line: Any, read: list[tuple[Offering, Vector | None]], known: ScoringContext, asked: Vector, limit: int
) -> None:
    found = {offering.offering_id: (offering, meant) for offering, meant in read}
    memory = held([offering for offering, _ in found.values()])
    for offering, meant in found.values():
        memory.set_vector(offering.offering_id, meant)
    fit = [offering for offering, _ in found.values() if not violated(line, offering)]
    by_codes = [one.offering for one in ranked(line, fit, known=known)[:RERANKED]]
    reading = Reading(about_id=line.line_id, language=None, tokens=(), vector=asked)
    those = [replace(reading, about_id=one.offering_id, vector=found[one.offering_id][1]) for one in by_codes]
    anew = ranked(line, by_codes, judgements(reading, those), known=known)[:limit]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(candidates, "RERANKED_MAX", RERANKED)
        answer = best(memory, line, limit, known=known, vector=asked)

    # Without stored vectors nothing is known of any of them.
    if memory.meanings.comparable_with(asked):
        assert [Candidate(one.offering.offering_id, one.score) for one in anew] == answer
    else:
        assert by_looking_at_each(line, fit, limit, known) == answer


def test_vector_is_removed_with_its_offering_or_text() -> None:
    line, one = a_wanted_line(), an_offering()
    memory, meant = held([one]), vector(LETTERS, np.array((1, 0, 0), np.float32))
    (without,) = best(memory, line)
    memory.set_vector(one.offering_id, meant)
    (judged,) = best(memory, line, vector=meant)
    assert without.score + 100 == judged.score

    memory.put(one)
    assert [without] == best(memory, line, vector=meant)
    memory.set_vector(one.offering_id, meant)
    memory.set_vector(one.offering_id, replace_model(meant))
    assert [without] == best(memory, line, vector=meant), "vectors of another model are not compared"
    assert [without] == best(memory, line, vector=replace_model(meant))


def test_incomplete_vectors_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    line, every = a_wanted_line(), [an_offering(offering_id=UUID(int=number)) for number in (1, 2)]
    memory, meant = held(every), vector(LETTERS, np.array((1, 0, 0), np.float32))
    memory.set_vector(every[1].offering_id, meant)
    assert UUID(int=2) == best(memory, line, vector=meant)[0].offering_id

    monkeypatch.setattr("services.matching.index.offering_index.MEANINGS_MAX", 1)

    assert not memory.can_compare(meant)
    assert best(memory, line) == best(memory, line, vector=meant)


def replace_model(meant: Vector) -> Vector:
    return Vector(Model("others", "1", LETTERS.dimensions), meant.values)


@pytest.mark.thinned
@settings(max_examples=cases(12, soak=200))
@given(lines(), st.lists(fitting(), max_size=10), st.lists(st.tuples(st.booleans(), fitting()), max_size=30))
def test_updated_index_equals_a_loaded_one(
    line: Any, before: list[Offering], changes: list[tuple[bool, Offering]]
) -> None:
    before = distinct(before)
    stepwise, left = read_together(before), {one.offering_id: one for one in before}
    # Some of the changes are to offerings that were loaded in pages.
    again = [
        replace(one, offering_id=before[n % len(before)].offering_id) if before else one
        for n, (_, one) in enumerate(changes)
    ]
    for (stays, one), other in zip(changes, again, strict=True):
        for each in (one, other):
            stepwise.put(each)
            left[each.offering_id] = each
        if not stays:
            stepwise.remove(one.offering_id)
            left.pop(one.offering_id, None)

    assert len(left) == len(stepwise)
    assert best(read_together(list(left.values())), line, 50) == best(stepwise, line, 50)


def test_replaced_offering_has_its_new_values() -> None:
    line, one = a_wanted_line(), an_offering()
    found = held([one])
    assert [one.offering_id] == [placed.offering_id for placed in best(found, line)]

    found.put(replace(one, terms=terms(kinds=("witness_protection",))))
    assert [] == best(found, line)
    found.put(replace(one, taken={period.period.starts: period.units for period in one.terms.capacity}))
    assert [] == best(found, line)
    found.put(one)
    assert 1 == len(found) == len(best(found, line))


def test_index_grows_beyond_its_initial_size() -> None:
    every = [an_offering(offering_id=UUID(int=number)) for number in range(1, 3000)]

    assert by_looking_at_each(a_wanted_line(), every) == best(held(every), a_wanted_line())


def test_equal_scores_are_ordered_by_id() -> None:
    every = [an_offering(offering_id=UUID(int=number)) for number in (9, 3, 7, 1, 5)]

    assert [UUID(int=1), UUID(int=3)] == [one.offering_id for one in best(held(every), a_wanted_line(), 2)]


def test_line_without_offerings_has_no_candidates() -> None:
    assert [] == best(OfferingIndex(), a_wanted_line())
    assert [] == best(held([an_offering()]), a_wanted_line(kind="witness_protection"))
    OfferingIndex().remove(UUID(int=1))
