"""The inputs of a round: lines and offerings when it began, and the solver's problem by its settings.

The functions are pure; inputs have codes and numbers only. They are stored, so that the same or another problem can be
built from them again.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import islice
from typing import Literal, TypeVar
from uuid import UUID

from msgspec import Struct

from contracts.budgets import USD, Budgeted
from contracts.reference import SpecialGroup
from contracts.values import Money, Period
from services.matching.rounds.settings import Earmark, FundBudget, KeptSettings, Priorities, RoundSettings
from services.matching.rounds.solver.problem import (
    BUDGETS_MAX,
    CANDIDATES_MAX,
    FULL,
    NUMBER_MAX,
    SLOTS_MAX,
    BadProblemError,
    Budget,
    Candidate,
    Line,
    Pair,
    Pin,
    Problem,
    Slot,
)

T = TypeVar("T")
WAITING_DAYS = 30
WAITING_TIMES_MAX = 24
REVIEW_PARAGRAPHS = frozenset({"II.j", "II.k"})
"""Paragraphs of resolution 11/2 about the review mechanism; a State marks such a need by naming one."""

Exclusion = Literal["consent", "matched", "ended"]
"""Reasons for which a fitting offering is not proposed.

`consent`: no consent includes its provider. `matched`: a match is before the State or agreed. `ended`: their match has
ended other than by expiry.
"""

ExclusionReason = Literal["consent", "matched", "ended", "forbidden", "no_rate", "no_budget"]
"""An `Exclusion`, or a reason from the settings."""


class OpenLine(Struct, frozen=True, kw_only=True):
    """A line that seeks assistance.

    `promised` is the number of its deliveries that are shown to its State or agreed. `mark` is a hash of the content:
    if it differs, the line has changed.
    """

    line_id: UUID
    request_id: UUID
    state: str
    groups: tuple[SpecialGroup, ...]
    review: bool
    triage: str | None
    cannot_wait: bool
    waiting_since: date
    promised: int
    mark: str


class Left(Struct, frozen=True, kw_only=True):
    """Number of deliveries left in a period, minus those promised."""

    period: Period
    units: int


class OpenOffering(Struct, frozen=True, kw_only=True):
    """An available offering that fits one of the lines; `lacks` is the funding gap of a delivery."""

    offering_id: UUID
    provider: str
    revision: int
    periods: tuple[Left, ...]
    lacks: Money | None = None


class Fitting(Struct, frozen=True, kw_only=True):
    """An offering that violates no constraint of a line, with its score and the first days of its possible periods.

    `match_revision` is the revision of their match, 0 without one or if it only exists in the line's ranking.
    """

    line_id: UUID
    offering_id: UUID
    score: int
    starts: tuple[date, ...]
    match_revision: int = 0
    bar: Exclusion | None = None


class World(Struct, frozen=True, kw_only=True):
    """All inputs. `left_out` is the number of lines above the limit of a round; they waited the shortest."""

    as_of: datetime
    lines: tuple[OpenLine, ...]
    offerings: tuple[OpenOffering, ...]
    fitting: tuple[Fitting, ...]
    left_out: int = 0


def priority(line: OpenLine, priorities: Priorities, today: date) -> int:
    """The priority of a line, in thousandths."""
    of_group: Mapping[SpecialGroup, int] = {"ldc": priorities.ldc, "lldc": priorities.lldc, "sids": priorities.sids}
    points = FULL + sum(of_group[group] for group in line.groups)
    points += priorities.review if line.review else 0
    points += priorities.cannot_wait if line.cannot_wait else 0
    points += {"high": priorities.high, "urgent": priorities.urgent}.get(line.triage or "", 0)
    times = max(0, (today - line.waiting_since).days) // WAITING_DAYS
    return points + priorities.waiting * min(times, WAITING_TIMES_MAX)


def needed(line: OpenLine, settings: RoundSettings) -> int:
    """Number of deliveries of the line that the round plans for."""
    wanted = {one.line_id: one.needed for one in settings.deliveries}
    return max(0, wanted.get(line.line_id, 1) - line.promised)


def fund_budgets(settings: KeptSettings) -> Mapping[str, FundBudget] | None:
    """Return the budgets by their id in a problem; None if money is not considered.

    Money earmarked for one line comes before a fund's free money: no other line can use it.
    """
    if settings.taken is not None:
        return dict((*_kept_for_lines(settings.taken), *_free(settings.taken)))
    return None if settings.budgets is None else {one.fund: one for one in settings.budgets}


def _kept_for_lines(taken: Budgeted) -> Iterator[tuple[str, FundBudget]]:
    for fund in taken.funds:
        for part in fund.earmarked:
            money, earmark = Money(minor=part.usd_minor, currency=USD), Earmark(line_ids=(part.line_id,))
            yield f"{fund.fund} {part.line_id}", FundBudget(fund=fund.fund, money=money, earmarked_for=earmark)


def _free(taken: Budgeted) -> Iterator[tuple[str, FundBudget]]:
    for fund in taken.funds:
        yield fund.fund, FundBudget(fund=fund.fund, money=Money(minor=fund.free_usd_minor, currency=USD))


def fund_of_budget(budget: str | None) -> tuple[str | None, bool]:
    """The fund of a budget id in a problem, and whether the money is earmarked for one line."""
    if budget is None:
        return None, False
    fund, _, line = budget.partition(" ")
    return fund, bool(line)


class BuiltProblem(Struct, frozen=True, kw_only=True):
    """A problem, and the reasons for which some fitting pairs are forbidden in it."""

    problem: Problem
    barred: Mapping[tuple[str, str], ExclusionReason]


def build_problem(world: World, settings: KeptSettings) -> BuiltProblem:
    """Build the problem for these inputs and settings.

    Raise BadProblemError for unknown lines or offerings, and above the solver's limits.

    A line that needs several deliveries gets each from another offering: each offering then is one candidate, in its
    first period with capacity and from the first budget with enough money.
    """
    builder = _ProblemBuilder(world, settings)
    problem = Problem(
        lines=builder.asked(),
        slots=_limited(builder.slots(), SLOTS_MAX),
        budgets=_limited(builder.budgets.values(), BUDGETS_MAX),
        candidates=_limited(
            (one for fitting in builder.fitting for one in builder.candidates(fitting)), CANDIDATES_MAX
        ),
        pinned=tuple(builder.pins()),
        forbidden=tuple(Pair(line=line, offering=offering) for line, offering in sorted(builder.barred)),
    )
    return BuiltProblem(problem=problem, barred=builder.barred)


def _limited(found: Iterable[T], most: int) -> tuple[T, ...]:
    taken = tuple(islice(found, most + 1))
    if len(taken) > most:
        raise BadProblemError("too-large")
    return taken


class _ProblemBuilder:
    """A problem under construction."""

    def __init__(self, world: World, settings: KeptSettings) -> None:
        self.world, self.settings = world, settings
        self.needed = {one.line_id: count for one in world.lines if (count := needed(one, settings))}
        self.lines = {one.line_id: one for one in world.lines if one.line_id in self.needed}
        self.offerings = {one.offering_id: one for one in world.offerings}
        self.fitting = [one for one in world.fitting if one.line_id in self.lines]
        self.left = self._left()
        self.fund_budgets = fund_budgets(settings)
        self.prices = {one.offering_id: self._price(one) for one in world.offerings}
        self.payers: defaultdict[UUID, list[str]] = defaultdict(list)
        self.budgets = self._budgets()
        self.barred = self._barred()

    def asked(self) -> tuple[Line, ...]:
        today = self.world.as_of.date()
        return tuple(
            Line(
                line=str(line_id),
                state=line.state,
                needed=self.needed[line_id],
                priority=priority(line, self.settings.priorities, today),
            )
            for line_id, line in self.lines.items()
        )

    def slots(self) -> Iterator[Slot]:
        """Yield the periods possible for one of the lines."""
        wanted = {(one.offering_id, starts) for one in self.fitting for starts in one.starts}
        for (offering_id, starts), units in self.left.items():
            if (offering_id, starts) in wanted:
                yield Slot(offering=str(offering_id), period=str(starts), capacity=units)

    def candidates(self, one: Fitting) -> list[Candidate]:
        price = self.prices[one.offering_id]
        payers: list[str | None] = [*self._payers(one)] or [None]
        found = [
            Candidate(
                line=str(one.line_id),
                offering=str(one.offering_id),
                period=str(starts),
                budget=budget,
                each=one.score,
                cost=price.minor if price is not None and budget is not None else 0,
            )
            for starts in one.starts
            for budget in payers
        ]
        if self.needed[one.line_id] == 1:
            return found
        return [min(found, key=lambda at: (not self._room(at), self._money(at) < at.cost))]

    def pins(self) -> Iterator[Pin]:
        """Yield each pair in the first period and from the first budget with enough left after the pairs before it."""
        of_pair = {(one.line_id, one.offering_id): one for one in self.fitting}
        taken: Counter[tuple[str, str]] = Counter()
        spent: Counter[str | None] = Counter()
        for pair in self.settings.pinned:
            fitting = of_pair.get((pair.line_id, pair.offering_id))
            if fitting is None:
                raise BadProblemError("pin-without-candidate", str(pair.line_id), str(pair.offering_id))
            at = min(
                self.candidates(fitting),
                key=lambda one: (
                    self._room(one) <= taken[one.offering, one.period],
                    self._money(one) < spent[one.budget] + one.cost,
                ),
            )
            taken[at.offering, at.period] += 1
            spent[at.budget] += at.cost
            yield Pin(line=at.line, offering=at.offering, period=at.period, budget=at.budget)

    def _room(self, one: Candidate) -> int:
        return self.left[UUID(one.offering), date.fromisoformat(one.period)]

    def _money(self, one: Candidate) -> int:
        return 0 if one.budget is None else self.budgets[one.budget].amount

    def _left(self) -> dict[tuple[UUID, date], int]:
        left = {(one.offering_id, at.period.starts): at.units for one in self.world.offerings for at in one.periods}
        for room in self.settings.rooms:
            if (room.offering_id, room.starts) not in left:
                raise BadProblemError("slot-unknown", str(room.offering_id), str(room.starts))
            left[room.offering_id, room.starts] = room.left
        return left

    def _budgets(self) -> dict[str, Budget]:
        """Return the budgets, without those earmarked for none of the lines: an empty earmark would mean all."""
        found = {}
        for name, one in (self.fund_budgets or {}).items():
            lines = [line_id for line_id, line in self.lines.items() if _pays_for(one, line)]
            if lines:
                earmarked = tuple(map(str, lines)) if one.earmarked_for is not None else ()
                amount = min(one.money.minor, NUMBER_MAX)
                found[name] = Budget(budget=name, amount=amount, earmarked_for=earmarked)
            for line_id in lines:
                self.payers[line_id].append(name)
        return found

    def _barred(self) -> dict[tuple[str, str], ExclusionReason]:
        decided = {(one.line_id, one.offering_id) for one in self.settings.forbidden}
        found: dict[tuple[str, str], ExclusionReason] = {}
        for one in self.fitting:
            pair = str(one.line_id), str(one.offering_id)
            if one.bar is not None:
                found[pair] = one.bar
            elif (one.line_id, one.offering_id) in decided:
                found[pair] = "forbidden"
            elif self._lacks(one) and self.prices[one.offering_id] is None:
                found[pair] = "no_rate"
            elif self._lacks(one) and not self._payers(one):
                found[pair] = "no_budget"
        return found

    def _lacks(self, one: Fitting) -> bool:
        """Return True if money is lacking and is considered."""
        return self.fund_budgets is not None and self.offerings[one.offering_id].lacks is not None

    def _price(self, offering: OpenOffering) -> Money | None:
        """Return the price of a delivery; None if it is free, or if no rate converts it."""
        taken = self.settings.taken
        return offering.lacks if offering.lacks is None or taken is None else taken.worth(offering.lacks)

    def _payers(self, one: Fitting) -> list[str]:
        price = self.prices[one.offering_id]
        if self.fund_budgets is None or price is None or price.minor > NUMBER_MAX:
            return []
        mine = self.payers[one.line_id]
        return [name for name in mine if self.fund_budgets[name].money.currency == price.currency]


def _pays_for(budget: FundBudget, line: OpenLine) -> bool:
    earmark = budget.earmarked_for
    return earmark is None or line.state in earmark.states or line.line_id in earmark.line_ids
