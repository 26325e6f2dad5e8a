"""Views of a round, and of two rounds compared."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from contracts.conversion import from_attributes
from contracts.reference import SpecialGroup
from contracts.values import Language
from services.matching.rounds import wording as round_wording
from services.matching.rounds.answer import Assigned, Hindrance, Outcome, PlanReport, Unmet, Why, plan_report
from services.matching.rounds.inputs import OpenLine, needed, priority
from services.matching.rounds.model import Round, RoundStatus
from services.matching.rounds.settings import KeptSettings
from services.matching.rounds.solver.solve import Ended
from services.matching.rounds.store import RoundDocuments


class RoundView(Struct, frozen=True, kw_only=True):
    """A round and the quality of its plan.

    `value` is the plan's value, `bound` an upper bound for any plan, in thousandths of a line's priority times
    thousandths of a match's score; `gap_millionths` is their relative difference. `ended` is `proven`, `effort` (all
    steps taken) or `time`; `outcome` is why it failed; `says` describes either in a sentence.
    """

    round_id: UUID
    status: RoundStatus
    revision: int
    seed: int
    seconds: int
    based_on: UUID | None
    asked_at: datetime
    outcome: Outcome | None
    ended: Ended | None
    says: str | None
    lines: int | None
    deliveries: int | None
    value: int | None
    bound: int | None
    gap_millionths: int | None
    answered_at: datetime | None
    presented: int | None
    adopted_at: datetime | None
    discarded_at: datetime | None


class Delivery(Struct, frozen=True, kw_only=True):
    """One delivery for a line: its provider, the first day of its period, and the fund if it needs money.

    `kept_for_line` is true if the money was given to the fund for this line only.
    """

    offering_id: UUID
    provider: str
    starts: date
    fund: str | None
    kept_for_line: bool
    score: int


class PlannedLine(Struct, frozen=True, kw_only=True):
    """A line with planned deliveries, and the number it needs. Its `priority` is in thousandths."""

    line_id: UUID
    request_id: UUID
    state: str
    groups: tuple[SpecialGroup, ...]
    priority: int
    needed: int
    deliveries: tuple[Delivery, ...]


class HindranceView(Struct, frozen=True, kw_only=True):
    """A fitting offering that does not serve the line; the reason as code and sentence.

    `taken_by` are lines that use the offering or the money instead.
    """

    offering_id: UUID
    provider: str
    starts: date
    fund: str | None
    kept_for_line: bool
    why: Why
    says: str
    taken_by: tuple[UUID, ...]


class UnmetLine(Struct, frozen=True, kw_only=True):
    """A line with deliveries left open, and hindrances of the best fitting offerings; `says` is set if none fits."""

    line_id: UUID
    request_id: UUID
    state: str
    groups: tuple[SpecialGroup, ...]
    priority: int
    needed: int
    left_open: int
    says: str | None
    hindrances: tuple[HindranceView, ...]


class StateLevel(Struct, frozen=True, kw_only=True):
    """The coverage of a State's servable lines, in millionths."""

    state: str
    level_millionths: int


class RoundDetail(RoundView, frozen=True, kw_only=True):
    """A round with its settings, its plan by line, unmet lines with reasons, and the coverage of each State.

    If it could not begin, `fault` is the reason code, and `where` the elements. `left_out` open lines exceeded the
    limit of a round. `score` is the sum over all deliveries, regardless of priorities.
    """

    settings: KeptSettings
    surveyed_at: datetime | None
    left_out: int
    fault: str
    where: tuple[str, ...]
    score: int
    plan: tuple[PlannedLine, ...]
    unmet: tuple[UnmetLine, ...]
    levels: tuple[StateLevel, ...]


class RoundPage(Struct, frozen=True, kw_only=True):
    """Rounds, newest first; `cursor` leads to the next page."""

    rounds: list[RoundView]
    cursor: str | None


class ComparedLine(Struct, frozen=True, kw_only=True):
    """A line that the two plans serve differently, with the offerings of each."""

    line_id: UUID
    state: str
    offering_ids: tuple[UUID, ...]
    other_offering_ids: tuple[UUID, ...]


class ComparedState(Struct, frozen=True, kw_only=True):
    """A State's deliveries in each of the two plans, and the coverage of its lines, in millionths."""

    state: str
    deliveries: int
    other_deliveries: int
    level_millionths: int | None
    other_level_millionths: int | None


class Comparison(Struct, frozen=True, kw_only=True):
    """Two rounds compared: the settings that differ, by name, and the differences in the plan.

    Each `value` uses its own round's priorities; `score` and deliveries are always comparable.
    """

    one: RoundView
    other: RoundView
    settings: tuple[str, ...]
    score: int
    other_score: int
    lines: tuple[ComparedLine, ...]
    states: tuple[ComparedState, ...]


def round_view(found: Round, reader: Language) -> RoundView:
    values = asdict(found)
    return RoundView(
        **{name: values[name] for name in RoundView.__struct_fields__ if name != "says"},
        says=round_wording.how_it_ended(found, reader),
    )


def round_detail(found: Round, documents: RoundDocuments, reader: Language) -> RoundDetail:
    answer, world = documents.answer, documents.world
    account = _plan_report(documents)
    levels = answer.solution.levels if answer and answer.solution else {}
    return RoundDetail(
        **asdict(round_view(found, reader)),
        settings=documents.settings,
        surveyed_at=world.as_of if world else None,
        left_out=world.left_out if world else 0,
        fault=answer.fault if answer else "",
        where=answer.where if answer else (),
        score=_score(account.plan),
        plan=_planned(account.plan, documents),
        unmet=tuple(_unmet(one, documents, reader) for one in account.unmet),
        levels=tuple(StateLevel(state=state, level_millionths=level) for state, level in levels.items()),
    )


def comparison(one: tuple[Round, RoundDocuments], other: tuple[Round, RoundDocuments], reader: Language) -> Comparison:
    plans = [_plan_report(documents).plan for _, documents in (one, other)]
    mine, theirs = (asdict(documents.settings) for _, documents in (one, other))
    return Comparison(
        one=round_view(one[0], reader),
        other=round_view(other[0], reader),
        settings=tuple(name for name in mine if mine[name] != theirs[name] and name != "based_on"),
        score=_score(plans[0]),
        other_score=_score(plans[1]),
        lines=tuple(_compared_lines(*plans)),
        states=tuple(_compared_states(one[1], other[1], *plans)),
    )


def _plan_report(documents: RoundDocuments) -> PlanReport:
    return (
        PlanReport()
        if documents.world is None or documents.answer is None
        else plan_report(documents.world, documents.answer)
    )


def _score(plan: Iterable[Assigned]) -> int:
    return sum(one.fitting.score for one in plan)


def _planned(plan: Iterable[Assigned], documents: RoundDocuments) -> tuple[PlannedLine, ...]:
    by_line: defaultdict[UUID, list[Assigned]] = defaultdict(list)
    for one in plan:
        by_line[one.line.line_id].append(one)
    return tuple(
        PlannedLine(
            **_line(deliveries[0].line, documents), deliveries=tuple(_delivery(delivery) for delivery in deliveries)
        )
        for deliveries in by_line.values()
    )


def _line(line: OpenLine, documents: RoundDocuments) -> dict[str, Any]:
    assert documents.world is not None, "planned rounds have inputs"
    return {
        "line_id": line.line_id,
        "request_id": line.request_id,
        "state": line.state,
        "groups": line.groups,
        "priority": priority(line, documents.settings.priorities, documents.world.as_of.date()),
        "needed": needed(line, documents.settings),
    }


def _delivery(one: Assigned) -> Delivery:
    return Delivery(
        offering_id=one.offering.offering_id,
        provider=one.offering.provider,
        starts=one.starts,
        fund=one.fund,
        kept_for_line=one.kept_for_line,
        score=one.fitting.score,
    )


def _unmet(one: Unmet, documents: RoundDocuments, reader: Language) -> UnmetLine:
    return UnmetLine(
        **_line(one.line, documents),
        left_open=one.left_open,
        says=None if one.hindrances else round_wording.nothing_fits(reader),
        hindrances=tuple(_hindrance(hindrance, reader) for hindrance in one.hindrances),
    )


def _hindrance(one: Hindrance, reader: Language) -> HindranceView:
    return from_attributes(
        HindranceView,
        one,
        offering_id=one.offering.offering_id,
        provider=one.offering.provider,
        says=round_wording.why(one, reader),
    )


def _compared_lines(plan: Iterable[Assigned], other: Iterable[Assigned]) -> Iterable[ComparedLine]:
    states: dict[UUID, str] = {}
    offerings: list[defaultdict[UUID, list[UUID]]] = [defaultdict(list), defaultdict(list)]
    for place, assigned in enumerate((plan, other)):
        for one in assigned:
            states[one.line.line_id] = one.line.state
            offerings[place][one.line.line_id].append(one.offering.offering_id)
    for line_id, state in sorted(states.items()):
        mine, theirs = (tuple(sorted(by_line[line_id])) for by_line in offerings)
        if mine != theirs:
            yield ComparedLine(line_id=line_id, state=state, offering_ids=mine, other_offering_ids=theirs)


def _compared_states(
    one: RoundDocuments, other: RoundDocuments, plan: Iterable[Assigned], other_plan: Iterable[Assigned]
) -> Iterable[ComparedState]:
    deliveries, other_deliveries = (Counter(a.line.state for a in assigned) for assigned in (plan, other_plan))
    levels, other_levels = (
        documents.answer.solution.levels if documents.answer and documents.answer.solution else {}
        for documents in (one, other)
    )
    for state in sorted({*deliveries, *other_deliveries, *levels, *other_levels}):
        yield ComparedState(
            state=state,
            deliveries=deliveries[state],
            other_deliveries=other_deliveries[state],
            level_millionths=levels.get(state),
            other_level_millionths=other_levels.get(state),
        )
