"""The problem built from settings and inputs: priorities, budgets, pins, and forbidden pairs."""

import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.budgets import Budgeted, FundBalance, LinePart
from contracts.matching import Capacity
from contracts.pledges import Rate
from contracts.values import Language, Money, Period
from services.matching.lines.model import RequestStatus
from services.matching.matches.model import MatchStatus
from services.matching.rounds import model as round
from services.matching.rounds import snapshot
from services.matching.rounds.answer import WHY_CODES, ExcludedPair, RoundAnswer, plan_report
from services.matching.rounds.inputs import (
    Fitting,
    Left,
    OpenLine,
    OpenOffering,
    World,
    build_problem,
    fund_of_budget,
    needed,
    priority,
)
from services.matching.rounds.settings import Deliveries, Earmark, FundBudget, KeptSettings, Pair, Priorities, Room
from services.matching.rounds.solver.plan import faults
from services.matching.rounds.solver.problem import BadProblemError, check
from services.matching.rounds.solver.solve import Effort, Question, solve
from services.matching.rounds.store import Promise
from services.matching.rounds.wording import sentences
from tests.builders import AHEAD
from tests.matching.builders import AUTUMN, SPRING, a_match, a_wanted_line, an_offering, terms

TODAY = date(AHEAD - 1, 11, 26)


def an_open_line(state: str = "KEN", **changes: Any) -> OpenLine:
    whole = OpenLine(
        line_id=uuid4(), request_id=uuid4(), state=state, groups=(), review=False, triage=None, cannot_wait=False, waiting_since=TODAY,
        promised=0, mark="",
    )  # fmt: skip
    return replace(whole, **changes)


def an_open_offering(units: int = 1, **changes: Any) -> OpenOffering:
    whole = OpenOffering(
        offering_id=uuid4(), provider="UNODC-CEB", revision=2, periods=(Left(period=SPRING, units=units),)
    )
    return replace(whole, **changes)


def fitting(line: OpenLine, offering: OpenOffering, score: int = 500, **changes: Any) -> Fitting:
    starts = tuple(one.period.starts for one in offering.periods)
    whole = Fitting(line_id=line.line_id, offering_id=offering.offering_id, score=score, starts=starts)
    return replace(whole, **changes)


def a_world(lines: list[OpenLine], offerings: list[OpenOffering], pairs: list[Fitting]) -> World:
    return World(
        as_of=datetime(2026, 11, 26, tzinfo=UTC),
        lines=tuple(lines),
        offerings=tuple(offerings),
        fitting=tuple(pairs),
    )


def pair(line: OpenLine, offering: OpenOffering) -> Pair:
    return Pair(line_id=line.line_id, offering_id=offering.offering_id)


# -- priorities -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "points"),
    [
        (an_open_line(), 0),
        (an_open_line(groups=("ldc", "lldc")), 500),
        (an_open_line(review=True, triage="urgent"), 700),
        (an_open_line(triage="normal"), 0),
        (an_open_line(waiting_since=date(AHEAD - 1, 9, 1)), 40),
        (an_open_line(waiting_since=date(2010, 1, 1)), 24 * 20),
        (an_open_line(waiting_since=date(AHEAD, 1, 1)), 0),
    ],
)
def test_priority_is_the_sum_of_the_settings(line: OpenLine, points: int) -> None:
    assert 1000 + points == priority(line, Priorities(), TODAY)


def test_promised_deliveries_are_not_planned_again() -> None:
    line = an_open_line(promised=1)
    wanting_more = KeptSettings(deliveries=(Deliveries(line_id=line.line_id, needed=3),))

    assert (0, 2) == (needed(line, KeptSettings()), needed(line, wanting_more))


# -- the problem ------------------------------------------------------------------------------------------------------


def test_budget_pays_by_earmark_and_currency() -> None:
    kenya, peru = an_open_line("KEN"), an_open_line("PER")
    dollars, kroner = (an_open_offering(lacks=Money(minor=5, currency=currency)) for currency in ("USD", "NOK"))
    world = a_world(
        [kenya, peru], [dollars, kroner], [fitting(kenya, dollars), fitting(peru, dollars), fitting(kenya, kroner)]
    )
    budget = FundBudget(fund="A", money=Money(minor=9, currency="USD"), earmarked_for=Earmark(states=("KEN",)))

    free, bounded = build_problem(world, KeptSettings()), build_problem(world, KeptSettings(budgets=(budget,)))

    assert {(None, 0)} == {(one.budget, one.cost) for one in free.problem.candidates}
    assert [("A", 5)] == [(one.budget, one.cost) for one in bounded.problem.candidates if one.budget]
    assert {"no_budget"} == set(bounded.barred.values())
    assert 2 == len(bounded.barred)
    assert (str(kenya.line_id),) == bounded.problem.budgets[0].earmarked_for


def test_budget_for_other_lines_pays_nothing() -> None:
    line, offering = an_open_line(), an_open_offering(lacks=Money(minor=5, currency="USD"))
    budget = FundBudget(fund="A", money=Money(minor=9, currency="USD"), earmarked_for=Earmark())

    asked = build_problem(a_world([line], [offering], [fitting(line, offering)]), KeptSettings(budgets=(budget,)))

    assert ((), ["no_budget"]) == (asked.problem.budgets, list(asked.barred.values()))


# -- balances of the ledger -------------------------------------------------------------------------------------------

EURO = Rate(source="sample", currency="EUR", valid_from=TODAY, usd_per_unit="1.25")


def taken_of(lines: list[OpenLine], available: int = 9, kept: int = 4) -> Budgeted:
    """The balance of one fund, a part of which is kept for the first line."""
    part = LinePart(line_id=lines[0].line_id, usd_minor=kept)
    fund = FundBalance(fund="TA-REQUESTS", available_usd_minor=available, earmarked=(part,))
    return Budgeted(as_of=datetime(2026, 11, 26, tzinfo=UTC), funds=(fund,), rates=(EURO,))


def test_earmarked_money_pays_for_its_line_only() -> None:
    kenya, peru = an_open_line("KEN"), an_open_line("PER")
    offering = an_open_offering(lacks=Money(minor=4, currency="EUR"))
    world = a_world([kenya, peru], [offering], [fitting(kenya, offering), fitting(peru, offering)])

    asked = build_problem(world, KeptSettings(taken=taken_of([kenya, peru])))

    kept = f"TA-REQUESTS {kenya.line_id}"
    assert [(kept, 4, (str(kenya.line_id),)), ("TA-REQUESTS", 5, ())] == [
        (one.budget, one.amount, one.earmarked_for) for one in asked.problem.budgets
    ]
    payers = [(one.line, one.budget, one.cost) for one in asked.problem.candidates]
    assert [(str(kenya.line_id), kept, 5), (str(kenya.line_id), "TA-REQUESTS", 5)] == payers[:2]
    assert [(str(peru.line_id), "TA-REQUESTS", 5)] == payers[2:]
    assert [("TA-REQUESTS", True), ("TA-REQUESTS", False), (None, False)] == [
        fund_of_budget(one) for one in (kept, "TA-REQUESTS", None)
    ]


def test_gap_without_a_rate_is_not_paid() -> None:
    line, offering = an_open_line(), an_open_offering(lacks=Money(minor=4, currency="VUV"))

    asked = build_problem(a_world([line], [offering], [fitting(line, offering)]), KeptSettings(taken=taken_of([line])))

    assert ["no_rate"] == list(asked.barred.values())


def test_pins_are_paid_from_a_sufficient_budget() -> None:
    """Four are kept for the line and a delivery costs five, so that it is paid from the free money."""
    line, offering = an_open_line(), an_open_offering(2, lacks=Money(minor=5, currency="USD"))
    world = a_world([line], [offering], [fitting(line, offering)])
    settings = KeptSettings(taken=taken_of([line]), pinned=(pair(line, offering),))

    pinned = build_problem(world, settings)
    several = build_problem(
        world, replace(settings, pinned=(), deliveries=(Deliveries(line_id=line.line_id, needed=2),))
    )

    assert ["TA-REQUESTS"] == [one.budget for one in pinned.problem.pinned]
    assert ["TA-REQUESTS"] == [one.budget for one in several.problem.candidates]


def test_pins_of_one_offering_use_periods_with_capacity() -> None:
    periods = (Left(period=SPRING, units=1), Left(period=AUTUMN, units=1))
    lines, offering = [an_open_line(), an_open_line()], an_open_offering(periods=periods)
    world = a_world(lines, [offering], [fitting(line, offering) for line in lines])

    asked = build_problem(world, KeptSettings(pinned=tuple(pair(line, offering) for line in lines)))

    assert [f"{AHEAD}-01-01", f"{AHEAD}-07-01"] == [pin.period for pin in asked.problem.pinned]


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (KeptSettings(pinned=(Pair(line_id=UUID(int=1), offering_id=UUID(int=2)),)), "pin-without-candidate"),
        (KeptSettings(rooms=(Room(offering_id=UUID(int=2), starts=TODAY, left=1),)), "slot-unknown"),
    ],
)
def test_decisions_about_missing_records_are_refused(settings: KeptSettings, fault: str) -> None:
    with pytest.raises(BadProblemError) as no:
        build_problem(a_world([], [], []), settings)

    assert fault == no.value.fault


def test_problem_over_the_solver_limits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    lines, offering = [an_open_line(), an_open_line()], an_open_offering()
    world = a_world(lines, [offering], [fitting(line, offering) for line in lines])
    monkeypatch.setattr("services.matching.rounds.inputs.CANDIDATES_MAX", 1)

    with pytest.raises(BadProblemError) as no:
        build_problem(world, KeptSettings())

    assert "too-large" == no.value.fault


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, KeptSettings]:
    """Up to five lines and three offerings, with settings of every kind."""
    lines = [an_open_line(draw(st.sampled_from(["KEN", "NER", "PER"]))) for _ in range(draw(st.integers(1, 5)))]
    offerings = [
        an_open_offering(
            periods=tuple(Left(period=one, units=draw(st.integers(0, 2))) for one in (SPRING, AUTUMN)),
            lacks=draw(st.sampled_from([None, *(Money(minor=3, currency=one) for one in ("USD", "EUR", "VUV"))])),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    pairs = [
        fitting(line, offering, draw(st.integers(0, 1000)), bar=draw(st.sampled_from([None, None, "consent", "ended"])))
        for line in lines
        for offering in offerings
        if draw(st.booleans())
    ]
    earmark = draw(st.sampled_from([None, Earmark(states=("KEN",)), Earmark(line_ids=(lines[0].line_id,))]))
    budget = FundBudget(fund="A", money=Money(minor=draw(st.integers(0, 10)), currency="USD"), earmarked_for=earmark)
    budgets, taken = draw(st.sampled_from([(None, None), ((), None), ((budget,), None), (None, taken_of(lines))]))
    settings = KeptSettings(
        budgets=budgets,
        taken=taken,
        deliveries=draw(st.sampled_from([(), (Deliveries(line_id=lines[0].line_id, needed=2),)])),
        forbidden=draw(st.sampled_from([(), (pair(lines[0], offerings[0]),)])),
        rooms=draw(st.sampled_from([(), (Room(offering_id=offerings[0].offering_id, starts=SPRING.starts, left=1),)])),
        fairness_loss=draw(st.sampled_from([None, 100])),
    )
    return a_world(lines, offerings, pairs), settings


@given(worlds())
def test_every_snapshot_gives_a_problem_and_a_report(given_one: tuple[World, KeptSettings]) -> None:
    world, settings = given_one
    asked = build_problem(world, settings)
    check(asked.problem)
    solution = solve(Question(problem=asked.problem, effort=Effort(price_steps=20, moves=500)))
    answer = RoundAnswer(
        outcome="solved", solution=solution, barred=tuple(ExcludedPair(*at, why) for at, why in asked.barred.items())
    )
    again = msgspec.json.decode(msgspec.json.encode(answer), type=RoundAnswer)

    account = plan_report(world, again)

    assert [] == faults(asked.problem, solution.plan)
    assert not [one for one in account.plan if one.fitting.bar]
    assert len(account.plan) == len({(one.line.line_id, one.offering.offering_id) for one in account.plan}), (
        "a line and an offering have one match"
    )
    assert {why for one in account.unmet for hindrance in one.hindrances for why in [hindrance.why]} <= set(WHY_CODES)


# -- the snapshot -----------------------------------------------------------------------------------------------------


def test_promises_reduce_the_period_they_would_take() -> None:
    offering = an_offering(taken={SPRING.starts: 1})
    in_spring = Promise(line_id=uuid4(), offering_id=offering.offering_id, starts=SPRING.starts, ends=SPRING.ends)
    whole_year = replace(in_spring, ends=AUTUMN.ends)

    left = [list(snapshot.free([offering], [in_spring, whole_year][:count]).values()) for count in range(3)]

    assert [[1, 1], [0, 1], [0, 0]] == left


@pytest.mark.parametrize(
    ("status", "bar"),
    [
        (None, None),
        (MatchStatus.SUGGESTED, None),
        (MatchStatus.EXPIRED, None),
        (MatchStatus.PRESENTED, "matched"),
        (MatchStatus.CONFIRMED, "matched"),
        (MatchStatus.DECLINED_BY_STATE, "ended"),
        (MatchStatus.REVOKED, "ended"),
    ],
)
def test_ended_match_is_not_proposed_again(status: MatchStatus | None, bar: str | None) -> None:
    between = a_match(status) if status else None

    assert bar == snapshot.exclusion_of(a_wanted_line(), an_offering(), between)


def test_proposal_needs_consent_except_for_unodc() -> None:
    without_consent = a_wanted_line(circulation="none")

    assert "consent" == snapshot.exclusion_of(without_consent, an_offering(provider="NOR"), None)
    assert snapshot.exclusion_of(without_consent, an_offering(), None) is None


def test_mark_changes_with_the_lines_content() -> None:
    line = a_wanted_line()

    assert snapshot.mark(line) == snapshot.mark(replace(line, status=RequestStatus.IN_DELIVERY, consents=()))
    assert snapshot.mark(line) != snapshot.mark(replace(line, group_size=26))


def test_full_period_is_not_possible() -> None:
    full = an_offering(
        terms=terms(capacity=(Capacity(period=SPRING, units=1), Capacity(period=AUTUMN, units=1))),
        taken={SPRING.starts: 1},
    )
    line = a_wanted_line(window=Period(starts=SPRING.starts, ends=AUTUMN.ends))

    assert (AUTUMN.starts,) == snapshot.fits(line, full, 700, []).starts


# -- sentences and moves ----------------------------------------------------------------------------------------------


def test_every_reason_and_outcome_has_sentences_in_six_languages() -> None:
    words = sentences()

    assert {*WHY_CODES, "nothing_fits"} == set(words.unmet)
    assert {"proven", "effort", "time", "solved", "out_of_time", "out_of_memory", "killed", "crashed", "refused",
            "pins", "given_up"} == set(words.ends)  # fmt: skip
    for said in [*words.unmet.values(), *words.ends.values()]:
        assert set(Language) == set(said)
        assert len(set(said.values())) == len(said)
        assert all(re.search(r"[.。]\Z", text) and not re.search(r"[{}_]", text) for text in said.values())


def test_every_open_status_can_be_left() -> None:
    assert set(round.RoundStatus) - {round.RoundStatus.ADOPTED, round.RoundStatus.DISCARDED} == set().union(
        *round.MOVES.values()
    )
