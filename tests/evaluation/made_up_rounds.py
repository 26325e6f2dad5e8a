"""Rounds of the promised sizes, made with a fixed seed, compared with the bound that each run proves."""

import asyncio
import os
import time
from pathlib import Path

from services.matching.rounds.solver.child import Answer, Limits, solve_in_child
from services.matching.rounds.solver.plan import faults
from services.matching.rounds.solver.problem import Problem
from services.matching.rounds.solver.solve import WARM, Question, Solution
from tests.evaluation.report import Aim, Report, Say
from tests.evaluation.synthetic_rounds import a_round, with_changes

SEED = 2026
TITLE = f"Rounds: made up with seed {SEED}, 20 candidates a line, beside the bound that the run proves"


def evaluate(data: Path, say: Say) -> Report:
    """Solve all rounds. `data` is not used, since the rounds are made here."""
    rows: list[tuple[str, ...]] = []

    def measured(what: str, question: Question, milliseconds: int) -> tuple[Solution, float]:
        say(what)
        began = time.monotonic()
        answer = asyncio.run(solve_in_child(question, Limits(milliseconds=milliseconds)))
        seconds = time.monotonic() - began
        rows.append(_row(what, question.problem, answer, seconds))
        assert answer.solution is not None, answer.outcome
        assert not faults(question.problem, answer.solution.plan)
        return answer.solution, seconds

    small, _ = measured("500 x 50", Question(problem=a_round(lines=500, offerings=50, seed=SEED)), 10_000)
    problem = a_round(lines=5_000, offerings=300, budgets=30, seed=SEED)
    large, cold = measured("5,000 x 300, 30 budgets", Question(problem=problem), 5_000)
    changed = Question(
        problem=with_changes(problem, share=0.01, seed=SEED),
        effort=WARM,
        plan=large.plan,
        slot_prices=large.slot_prices,
        budget_prices=large.budget_prices,
    )
    warm, again = measured("  after 1 % of the lines changed", changed, 5_000)
    huge, _ = measured("10,000 x 2,000, 40 budgets", Question(problem=a_round(lines=10_000, offerings=2_000, budgets=40, seed=SEED)), 30_000)  # fmt: skip
    kept = {(one.key, one.units) for one in large.plan} & {(one.key, one.units) for one in warm.plan}
    return Report(
        title=TITLE,
        columns=("round", "value", "bound", "gap %", "ended", "unmet", "seconds"),
        rows=tuple(rows),
        aims=(
            Aim(what="500 x 50: gap in 10 s, %", figure=small.gap_millionths / 10_000, at_most=0.2),
            Aim(what="5,000 x 300: gap in 5 s, %", figure=large.gap_millionths / 10_000, at_most=2),
            Aim(what="after 1 % changed: time, as a share of the cold time", figure=again / cold, at_most=0.2),
            Aim(what="after 1 % changed: share of the plan kept", figure=len(kept) / len(large.plan), at_least=0.95),
            Aim(what="10,000 x 2,000: gap in 30 s, %", figure=huge.gap_millionths / 10_000, at_most=2),
        ),
        notes=(
            "Seconds are from asking to the answer, with the start of the child; the search stops at its limit.",
            f"The load of this machine is {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores: with more load than cores, times are longer.",
        ),
    )


def _row(what: str, problem: Problem, answer: Answer, seconds: float) -> tuple[str, ...]:
    found = answer.solution
    if found is None:
        return what, "-", "-", "-", answer.outcome, "-", f"{seconds:.1f}"
    gap = f"{found.gap_millionths / 10_000:.3f}"
    return what, str(found.value), str(found.bound), gap, found.ended, f"{len(found.unmet)}/{len(problem.lines)}", f"{seconds:.1f}"  # fmt: skip
