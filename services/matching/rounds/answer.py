"""The answer of a round: its plan, and the reason codes for each line left open."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Literal, get_args
from uuid import UUID

from msgspec import Struct

from contracts.values import Period
from services.matching.rounds.inputs import Fitting, OpenLine, OpenOffering, World, fund_of_budget
from services.matching.rounds.solver.solve import Solution
from services.matching.rounds.solver.unmet import BlockedCandidate

Outcome = Literal["solved", "out_of_time", "out_of_memory", "killed", "crashed", "refused", "pins", "given_up"]
"""Outcomes of a search, see `rounds.solver.child`; `given_up` after too many attempts that did not end."""

PLANNED: frozenset[str] = frozenset({"solved", "out_of_time"})
"""The outcomes after which a plan may be adopted; after others the best plan so far is only shown."""

Why = Literal[
    "consent",
    "matched",
    "ended",
    "forbidden",
    "no_rate",
    "no_budget",
    "promised",
    "worth_nothing",
    "too_large",
    "pinned",
    "taken",
    "not_held",
    "budget",
    "group_size",
    "not_chosen",
]
"""Reasons for which a fitting offering does not serve a line.

Each is an `Exclusion` of `rounds.inputs`, a setting, `promised` if all capacity left is promised, or an obstacle of the
solver.
"""

WHY_CODES: tuple[Why, ...] = get_args(Why)


class ExcludedPair(Struct, frozen=True):
    """A fitting pair that was forbidden, and the reason."""

    line: str
    offering: str
    why: Why


class RoundAnswer(Struct, frozen=True, kw_only=True):
    """The outcome of a search, and its plan if there is one. If it could not begin, `fault` and `where` say why."""

    outcome: Outcome
    fault: str = ""
    where: tuple[str, ...] = ()
    solution: Solution | None = None
    barred: tuple[ExcludedPair, ...] = ()

    @property
    def planned(self) -> bool:
        return self.outcome in PLANNED and self.solution is not None


class Assigned(Struct, frozen=True, kw_only=True):
    """One delivery of a plan."""

    line: OpenLine
    offering: OpenOffering
    starts: date
    fund: str | None
    kept_for_line: bool
    fitting: Fitting

    @property
    def period(self) -> Period:
        return next(at.period for at in self.offering.periods if at.period.starts == self.starts)


class Hindrance(Struct, frozen=True, kw_only=True):
    """The reason for which a fitting offering does not serve a line.

    With the reasons `taken` and `budget`, it names some lines that use the offering or the money instead.
    """

    offering: OpenOffering
    starts: date
    fund: str | None
    kept_for_line: bool
    why: Why
    taken_by: tuple[UUID, ...]


class Unmet(Struct, frozen=True, kw_only=True):
    """A line with deliveries left open. If it has no hindrances, no offering fits it."""

    line: OpenLine
    left_open: int
    hindrances: tuple[Hindrance, ...]


class PlanReport(Struct, frozen=True, kw_only=True):
    """The answer with its lines and offerings resolved."""

    plan: tuple[Assigned, ...] = ()
    unmet: tuple[Unmet, ...] = ()


def plan_report(world: World, answer: RoundAnswer) -> PlanReport:
    """Return the plan and the lines left open; empty without a plan."""
    if answer.solution is None:
        return PlanReport()
    builder = _ReportBuilder(world, answer.solution, {(one.line, one.offering): one.why for one in answer.barred})
    return PlanReport(plan=tuple(builder.plan(answer.solution)), unmet=tuple(builder.unmet(answer.solution)))


class _ReportBuilder:
    def __init__(self, world: World, solution: Solution, barred: Mapping[tuple[str, str], Why]) -> None:
        self.lines = {str(one.line_id): one for one in world.lines}
        self.offerings = {str(one.offering_id): one for one in world.offerings}
        # Few of the fitting pairs are planned.
        planned = {(UUID(one.line), UUID(one.offering)) for one in solution.plan}
        self.fitting = {
            (str(one.line_id), str(one.offering_id)): one
            for one in world.fitting
            if (one.line_id, one.offering_id) in planned
        }
        self.left = {
            (str(one.offering_id), str(at.period.starts)): at.units for one in world.offerings for at in one.periods
        }
        self.barred = barred

    def plan(self, solution: Solution) -> Iterator[Assigned]:
        for one in solution.plan:
            fund, kept_for_line = fund_of_budget(one.budget)
            yield Assigned(
                line=self.lines[one.line],
                offering=self.offerings[one.offering],
                starts=date.fromisoformat(one.period),
                fund=fund,
                kept_for_line=kept_for_line,
                fitting=self.fitting[one.line, one.offering],
            )

    def unmet(self, solution: Solution) -> Iterator[Unmet]:
        for one in solution.unmet:
            yield Unmet(
                line=self.lines[one.line],
                left_open=one.open_units,
                hindrances=tuple(self.hindrance(one.line, barred) for barred in one.candidates),
            )

    def hindrance(self, line: str, barred: BlockedCandidate) -> Hindrance:
        fund, kept_for_line = fund_of_budget(barred.budget)
        return Hindrance(
            offering=self.offerings[barred.offering],
            starts=date.fromisoformat(barred.period),
            fund=fund,
            kept_for_line=kept_for_line,
            why=self.why(line, barred),
            taken_by=tuple(UUID(taker) for taker in barred.taken_by),
        )

    def why(self, line: str, barred: BlockedCandidate) -> Why:
        if barred.obstacle == "forbidden":
            return self.barred[line, barred.offering]
        # A delivery takes one unit, so too large means that all capacity left is promised.
        if barred.obstacle == "too_large" and not self.left[barred.offering, barred.period]:
            return "promised"
        return barred.obstacle
