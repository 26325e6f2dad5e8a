"""Synthetic rounds, the same for the same seed; they need more capacity and money than there is."""

import numpy as np

from services.matching.rounds.solver.problem import Budget, Candidate, Line, Problem, Slot

STATES = 120
SCARCE = 0.75
"""Capacity offered, as a share of the units needed."""


def a_round(*, lines: int, offerings: int, candidates: int = 20, budgets: int = 0, seed: int) -> Problem:
    """Make a round; its lines need 1 to 8 units.

    Half of the lines can be served in parts, half only as a whole; three of four candidates cost something if there are
    budgets.
    """
    chance = np.random.default_rng(seed)
    needed = chance.integers(1, 9, lines)
    priority = chance.integers(700, 1501, lines)
    whole = chance.random(lines) < 0.5
    share = chance.dirichlet(np.full(offerings, 4.0))
    capacity = np.maximum(8, np.floor(SCARCE * needed.sum() * share)).astype(int)
    quality = chance.integers(0, 200, offerings)
    found = []
    spent = 0
    for line in range(lines):
        for offering in sorted(chance.choice(offerings, size=candidates, replace=False).tolist()):
            unit_cost = int(chance.integers(5, 60)) * 100 if budgets and chance.random() < 0.75 else 0
            spent += unit_cost * int(needed[line])
            found.append(
                Candidate(
                    line=f"L{line:05}",
                    offering=f"O{offering:04}",
                    budget=f"B{int(chance.integers(budgets)):02}" if unit_cost else None,
                    each=int(chance.integers(300, 801) + quality[offering]),
                    least=int(needed[line]) if whole[line] else 1,
                    most=int(needed[line]),
                    cost=unit_cost,
                )
            )
    amount = int(0.55 * spent / candidates / max(budgets, 1))
    return Problem(
        lines=tuple(
            Line(
                line=f"L{line:05}",
                state=f"S{int(chance.integers(STATES)):03}",
                needed=int(needed[line]),
                priority=int(priority[line]),
            )
            for line in range(lines)
        ),
        slots=tuple(Slot(offering=f"O{one:04}", capacity=int(capacity[one])) for one in range(offerings)),
        budgets=tuple(Budget(budget=f"B{one:02}", amount=amount) for one in range(budgets)),
        candidates=tuple(found),
    )


def with_changes(problem: Problem, *, share: float, seed: int) -> Problem:
    """Return the round with a share of its lines changed: other priority and need, or removed for one in three."""
    chance = np.random.default_rng(seed)
    picked = set(chance.choice(len(problem.lines), size=round(share * len(problem.lines)), replace=False).tolist())
    changed = {}
    gone = set()
    for index, line in enumerate(problem.lines):
        if index in picked:
            if chance.random() < 1 / 3:
                gone.add(line.line)
            else:
                changed[line.line] = Line(
                    line=line.line,
                    state=line.state,
                    needed=line.needed + 1,
                    priority=int(line.priority * chance.uniform(0.7, 1.3)),
                )
    return Problem(
        lines=tuple(changed.get(one.line, one) for one in problem.lines if one.line not in gone),
        slots=problem.slots,
        budgets=problem.budgets,
        candidates=tuple(one for one in problem.candidates if one.line not in gone),
    )
