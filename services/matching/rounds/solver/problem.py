"""The input of a round: lines, slots, budgets, candidates, and fixed decisions.

All numbers are integers, so that a plan has the same value on every machine. Priorities are thousandths; units are
those of the line; capacity is in the offering's own units; money is in minor units of one currency.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator
from operator import attrgetter
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

LINES_MAX = 20_000
SLOTS_MAX = 20_000
BUDGETS_MAX = 1_000
CANDIDATES_MAX = 500_000
NUMBER_MAX = 10**12
WORTH_MAX = 2**53
"""Maximum total value of all candidates; up to it floating point in a solver is exact to one unit."""

Id = Annotated[str, Meta(min_length=1, max_length=80)]
Count = Annotated[int, Meta(ge=0, le=NUMBER_MAX)]
Positive = Annotated[int, Meta(ge=1, le=NUMBER_MAX)]

FULL = 1000


class BadProblemError(ValueError):
    """The problem is invalid; `fault` is a stable code, `where` names the elements."""

    def __init__(self, fault: str, *where: str) -> None:
        super().__init__(f"{fault}: {' '.join(where)}" if where else fault)
        self.fault = fault
        self.where = where


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One need of a State. Its priority includes waiting time, urgency and all other criteria."""

    line: Id
    state: Id
    needed: Positive = 1
    priority: Annotated[int, Meta(ge=0, le=1_000_000)] = FULL


class Slot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An offering's capacity left in one period; with `least`, either at least that much of it is used, or nothing."""

    offering: Id
    period: Id = "-"
    capacity: Count
    least: Count = 0


class Budget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fund's money left; it pays only for these lines, if any are named."""

    budget: Id
    amount: Count
    earmarked_for: tuple[Id, ...] = ()


class Candidate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line that an offering may serve in a period: with zero units, or with `least` to `most`.

    Its value is `each` per unit plus `once` if there are any, times the line's priority. A unit takes `takes` of the
    slot's capacity and `cost` of the budget. With two possible budgets there are two candidates.
    """

    line: Id
    offering: Id
    period: Id = "-"
    budget: Id | None = None
    each: Count = 0
    once: Count = 0
    least: Positive = 1
    most: Positive = 1
    takes: Positive = 1
    cost: Count = 0


class Pin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fixed candidate, which is in every plan with exactly these units."""

    line: Id
    offering: Id
    period: Id = "-"
    budget: Id | None = None
    units: Positive = 1


class Pair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A forbidden pair of a line and an offering, in all periods and from all budgets."""

    line: Id
    offering: Id


class Problem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A round's problem. The order of its lists has no meaning."""

    lines: Annotated[tuple[Line, ...], Meta(max_length=LINES_MAX)]
    slots: Annotated[tuple[Slot, ...], Meta(max_length=SLOTS_MAX)] = ()
    budgets: Annotated[tuple[Budget, ...], Meta(max_length=BUDGETS_MAX)] = ()
    candidates: Annotated[tuple[Candidate, ...], Meta(max_length=CANDIDATES_MAX)] = ()
    pinned: Annotated[tuple[Pin, ...], Meta(max_length=LINES_MAX)] = ()
    forbidden: Annotated[tuple[Pair, ...], Meta(max_length=CANDIDATES_MAX)] = ()


Key = tuple[str, str, str, str | None]
"""Unique key of a candidate: line, offering, period and budget."""


key_of: Callable[[Candidate | Pin], Key] = attrgetter("line", "offering", "period", "budget")
"""Function that returns the key of a candidate or a pin.

It is an attrgetter, since a Python function is slow for several calls on each of a hundred thousand candidates.
"""


def order(key: Key) -> tuple[str, str, str, str]:
    """Sort key; a candidate without a budget comes first."""
    return key[0], key[1], key[2], key[3] or ""


def servable(problem: Problem) -> set[str]:
    """Return the lines with a candidate that has a value and is not forbidden.

    Candidates without a value are never planned.
    """
    forbidden = {(one.line, one.offering) for one in problem.forbidden}
    wanted = {one.line for one in problem.lines if one.priority}
    return {
        one.line
        for one in problem.candidates
        if one.line in wanted and (one.each or one.once) and (one.line, one.offering) not in forbidden
    }


def normal(problem: Problem) -> Problem:
    """Return the normal form: all lists are sorted, so that equal problems are identical."""
    return Problem(
        lines=tuple(sorted(problem.lines, key=lambda one: one.line)),
        slots=tuple(sorted(problem.slots, key=lambda one: (one.offering, one.period))),
        budgets=tuple(
            sorted(
                (
                    Budget(budget=one.budget, amount=one.amount, earmarked_for=tuple(sorted(set(one.earmarked_for))))
                    for one in problem.budgets
                ),
                key=lambda one: one.budget,
            )
        ),
        candidates=tuple(
            sorted(problem.candidates, key=lambda one: (one.line, one.offering, one.period, one.budget or ""))
        ),
        pinned=tuple(sorted(problem.pinned, key=lambda one: order(key_of(one)))),
        forbidden=tuple(sorted(set(problem.forbidden), key=lambda one: (one.line, one.offering))),
    )


def fingerprint(normal_problem: Problem) -> str:
    """SHA-256 of a problem in its normal form, in hexadecimal."""
    return hashlib.sha256(msgspec.json.encode(normal_problem)).hexdigest()


def check(problem: Problem) -> None:
    """Raise BadProblemError unless every id is known, keys are unique and numbers are within their limits.

    Faults: `line-twice`, `slot-twice`, `budget-twice`, `candidate-twice`, `pin-twice`, `line-unknown`, `slot-unknown`,
    `offering-unknown`, `budget-unknown`, `cost-without-budget`, `not-earmarked`, `least-above-most`,
    `slot-least-above-capacity`, `once-twice`, `pin-without-candidate`, `pin-forbidden`, `too-large`.
    """
    lines = {one.line: one for one in problem.lines}
    _unique("line-twice", (one.line for one in problem.lines))
    _unique("slot-twice", ((one.offering, one.period) for one in problem.slots))
    _unique("budget-twice", (one.budget for one in problem.budgets))
    _unique("candidate-twice", map(key_of, problem.candidates))
    _unique("pin-twice", map(key_of, problem.pinned))
    _check_budgets(problem, lines)
    _check_candidates(problem, lines)
    _check_decided(problem, lines)


def _check_budgets(problem: Problem, lines: dict[str, Line]) -> None:
    for slot in problem.slots:
        if slot.least > slot.capacity:
            raise BadProblemError("slot-least-above-capacity", slot.offering, slot.period)
    for budget in problem.budgets:
        for line in budget.earmarked_for:
            if line not in lines:
                raise BadProblemError("line-unknown", line)


def _check_candidates(problem: Problem, lines: dict[str, Line]) -> None:
    slots = {(one.offering, one.period) for one in problem.slots}
    earmarks = {one.budget: frozenset(one.earmarked_for) for one in problem.budgets}
    worth = 0
    for one in problem.candidates:
        line = lines.get(one.line)
        if line is None:
            raise BadProblemError("line-unknown", one.line)
        if (one.offering, one.period) not in slots:
            raise BadProblemError("slot-unknown", one.offering, one.period)
        if one.least > one.most:
            raise BadProblemError("least-above-most", one.line, one.offering)
        if one.budget is None:
            if one.cost:
                raise BadProblemError("cost-without-budget", one.line, one.offering)
        elif one.budget not in earmarks:
            raise BadProblemError("budget-unknown", one.budget)
        elif earmarks[one.budget] and one.line not in earmarks[one.budget]:
            raise BadProblemError("not-earmarked", one.budget, one.line)
        worth += line.priority * (one.once + one.each * min(one.most, line.needed))
    if worth > WORTH_MAX:
        raise BadProblemError("too-large")
    once = [one for one in problem.candidates if one.once]
    if once:
        pairs = [(one.line, one.offering, one.period) for one in problem.candidates]
        doubled = _doubled(pairs)
        for one in once:
            if (one.line, one.offering, one.period) in doubled:
                # `once` would count for each of the budgets.
                raise BadProblemError("once-twice", one.line, one.offering)


def _check_decided(problem: Problem, lines: dict[str, Line]) -> None:
    offerings = {one.offering for one in problem.slots}
    forbidden = {(one.line, one.offering) for one in problem.forbidden}
    for pair in problem.forbidden:
        if pair.line not in lines:
            raise BadProblemError("line-unknown", pair.line)
        if pair.offering not in offerings:
            raise BadProblemError("offering-unknown", pair.offering)
    if problem.pinned:
        known = set(map(key_of, problem.candidates))
        for pin in problem.pinned:
            if key_of(pin) not in known:
                raise BadProblemError("pin-without-candidate", pin.line, pin.offering)
            if (pin.line, pin.offering) in forbidden:
                raise BadProblemError("pin-forbidden", pin.line, pin.offering)


def _unique(fault: str, keys: Iterable[Hashable]) -> None:
    listed = list(keys)
    if len(set(listed)) == len(listed):
        return
    for key in _twice(listed):
        raise BadProblemError(fault, *(str(part) for part in (key if isinstance(key, tuple) else (key,))))


def _doubled(keys: Iterable[Hashable]) -> set[Hashable]:
    return set(_twice(keys))


def _twice(keys: Iterable[Hashable]) -> Iterator[Hashable]:
    seen: set[Hashable] = set()
    for key in keys:
        if key in seen:
            yield key
        seen.add(key)
