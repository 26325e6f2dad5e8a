"""Generalized assignment instances that are hard for branch and bound, solved by us and by plain HiGHS in equal time.

Types D and E are from the literature: in D (Chu and Beasley 1997) a job that takes less of an agent costs more there,
in E (Yagiura, Ibaraki and Glover 2006) likewise over a wide range. Agents have four fifths of the time that all jobs
take. The instances are made here by the published rules with a fixed seed; costs are to be as low as possible.
"""

import asyncio
import multiprocessing
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.matching.rounds.solver import exact
from services.matching.rounds.solver.child import Limits, solve_in_child
from services.matching.rounds.solver.plan import faults
from services.matching.rounds.solver.problem import Candidate, Line, Problem, Slot, normal
from services.matching.rounds.solver.solve import Question
from services.matching.rounds.solver.table import table_of
from tests.evaluation.report import Aim, Report, Say

SEED = 2026
SECONDS = 10
SIZES = (("D", 10, 100), ("D", 20, 200), ("D", 40, 400), ("E", 10, 100), ("E", 20, 200), ("E", 40, 400))
TIGHTNESS = 0.8
TITLE = f"Rounds: instances of types D and E made with seed {SEED}, {SECONDS} s each, beside plain HiGHS (lowest cost)"


def evaluate(data: Path, say: Say) -> Report:
    """Compare both on all instances. `data` is not used, since the instances are made here."""
    rows = []
    worst = 0.0
    for kind, agents, jobs in SIZES:
        say(f"{kind} {agents} x {jobs}")
        problem, more_than_all = (type_d if kind == "D" else type_e)(agents=agents, jobs=jobs, seed=SEED)
        every = more_than_all * jobs
        theirs, their_bound = plain_highs(problem)
        answer = asyncio.run(solve_in_child(Question(problem=problem), Limits(milliseconds=SECONDS * 1000)))
        assert answer.solution is not None, answer.outcome
        assert not faults(problem, answer.solution.plan)
        ours = every - answer.solution.value
        bound = max(every - answer.solution.bound, every - their_bound)
        worst = max(worst, (ours - bound) / max(every - theirs - bound, 1))
        gap = f"{100 * (ours - bound) / bound:.2f}"
        rows.append(
            (kind, f"{agents} x {jobs}", str(ours), str(every - theirs), str(bound), gap, answer.solution.ended)
        )
    return Report(
        title=TITLE,
        columns=("type", "agents x jobs", "our cost", "HiGHS's cost", "no cost below", "gap % of cost", "ended"),
        rows=tuple(rows),
        aims=(Aim(what="furthest from the bound, as a share of how far plain HiGHS is", figure=worst, at_most=1.0),),
    )


def plain_highs(problem: Problem) -> tuple[int, int]:
    """Return the value and the bound that HiGHS alone finds in the same time, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_plain_highs, (problem,))


def _plain_highs(problem: Problem) -> tuple[int, int]:
    until = time.monotonic() + SECONDS
    table = table_of(normal(problem))
    found = exact.solve(table, may_continue=lambda: time.monotonic() < until)
    return 0 if found.units is None else table.value(found.units), found.bound


def type_d(*, agents: int, jobs: int, seed: int) -> tuple[Problem, int]:
    """Make an instance with times of 1 to 100 and costs of 111 less the time, plus -10 to 10."""
    chance = np.random.default_rng(seed)
    times = chance.integers(1, 101, (agents, jobs))
    costs = 111 - times + chance.integers(-10, 11, (agents, jobs))
    return _problem(times, costs)


def type_e(*, agents: int, jobs: int, seed: int) -> tuple[Problem, int]:
    """Make an instance with times of 1 - 10 ln(e2) and costs of 1000 / time - 10 e1.

    Both e1 and e2 are uniform between 0 and 1.
    """
    chance = np.random.default_rng(seed)
    times = np.floor(1 - 10 * np.log(1 - chance.random((agents, jobs)))).astype(int)
    costs = np.floor(1000 / times - 10 * chance.random((agents, jobs))).astype(int)
    return _problem(times, costs)


def _problem(times: NDArray[np.int64], costs: NDArray[np.int64]) -> tuple[Problem, int]:
    """Return the instance as a round, and the number from which costs are subtracted to make them values.

    It is larger than all costs together, so that leaving a job undone never saves cost.
    """
    agents, jobs = times.shape
    capacity = np.floor(TIGHTNESS * times.sum(axis=1) / agents).astype(int)
    costs = np.maximum(costs, 1)
    more_than_all = int(costs.max(axis=0).sum()) + 1
    return Problem(
        lines=tuple(Line(line=f"job-{job:03}", state="-", priority=1) for job in range(jobs)),
        slots=tuple(Slot(offering=f"agent-{agent:02}", capacity=int(capacity[agent])) for agent in range(agents)),
        candidates=tuple(
            Candidate(
                line=f"job-{job:03}",
                offering=f"agent-{agent:02}",
                each=more_than_all - int(costs[agent, job]),
                takes=int(times[agent, job]),
            )
            for job in range(jobs)
            for agent in range(agents)
        ),
    ), more_than_all
