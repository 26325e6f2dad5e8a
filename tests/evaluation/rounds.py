"""Published generalized assignment instances, solved as rounds and compared with their known optimum.

The instances are those of Cattrysse (1994), as in OR-Library. The cost is to be as low as possible, every job is to be
done by one agent, and an agent's time is limited.
"""

import asyncio
import csv
import time
from itertools import groupby
from pathlib import Path

from services.matching.rounds.solver.child import Limits, solve_in_child
from services.matching.rounds.solver.plan import faults
from services.matching.rounds.solver.problem import Candidate, Line, Problem, Slot
from services.matching.rounds.solver.solve import Question
from tests.evaluation.report import Aim, Report, Say

TITLE = "Rounds: published instances of generalized assignment, each beside its optimum (lowest cost)"
LIMITS = Limits(milliseconds=60_000)


def evaluate(data: Path, say: Say) -> Report:
    folder = data / "gap"
    if not (folder / "best_known.csv").is_file():
        return Report(title=TITLE, skipped=f"there is no {folder / 'best_known.csv'}")
    with (folder / "best_known.csv").open(encoding="utf-8") as file:
        known = list(csv.DictReader(file))
    rows = []
    best = 0
    for group, members in groupby(known, key=lambda row: row["instance"].rpartition("-")[0]):
        say(group)
        ours, optima, proven, seconds, size = [], [], 0, 0.0, ""
        for member in members:
            began = time.monotonic()
            cost, ended = lowest_cost((folder / member["instance"]).read_text(encoding="utf-8"))
            seconds += time.monotonic() - began
            ours.append(cost)
            optima.append(int(member["best_known_value"]))
            proven += ended == "proven"
            size = f"{member['agents']} x {member['jobs']}"
        at_best = sum(one == optimum for one, optimum in zip(ours, optima, strict=True))
        best += at_best
        rows.append((group.rpartition("/")[2], size, _all(ours), _all(optima), f"{at_best}/{len(ours)}", str(proven), f"{seconds:.1f}"))  # fmt: skip
    return Report(
        title=TITLE,
        columns=("group", "agents x jobs", "our costs", "published optima", "at optimum", "proven", "seconds in all"),
        rows=tuple(rows),
        aims=(Aim(what=f"instances of {len(known)} at the optimum", figure=best, at_least=len(known)),),
        notes=("Each instance is solved in a child of its own; its start is in the time.",),
    )


def lowest_cost(text: str) -> tuple[int | None, str]:
    """Return the cost of the plan found for an instance, and how the search ended.

    The cost is None if the plan leaves a job undone.
    """
    problem, more_than_all = read(text)
    answer = asyncio.run(solve_in_child(Question(problem=problem), LIMITS))
    if answer.solution is None or faults(problem, answer.solution.plan):
        return None, answer.outcome
    done = len(answer.solution.plan) == len(problem.lines)
    return more_than_all * len(problem.lines) - answer.solution.value if done else None, answer.solution.ended


def read(text: str) -> tuple[Problem, int]:
    """Return an instance as a round, and the number from which costs are subtracted to make them values.

    It is larger than all costs together, so that leaving a job undone never saves cost. The file has the numbers of
    agents and jobs, costs by agent and job, times by agent and job, and each agent's time.
    """
    numbers = iter(map(int, text.split()))
    agents, jobs = next(numbers), next(numbers)
    costs = [[next(numbers) for _ in range(jobs)] for _ in range(agents)]
    times = [[next(numbers) for _ in range(jobs)] for _ in range(agents)]
    more_than_all = 1 + sum(max(costs[agent][job] for agent in range(agents)) for job in range(jobs))
    return Problem(
        lines=tuple(Line(line=f"job-{job}", state="-", priority=1) for job in range(jobs)),
        slots=tuple(Slot(offering=f"agent-{agent}", capacity=next(numbers)) for agent in range(agents)),
        candidates=tuple(
            Candidate(
                line=f"job-{job}",
                offering=f"agent-{agent}",
                each=more_than_all - costs[agent][job],
                takes=times[agent][job],
            )
            for agent in range(agents)
            for job in range(jobs)
        ),
    ), more_than_all


def _all(numbers: list[int | None] | list[int]) -> str:
    return " ".join("-" if one is None else str(one) for one in numbers)
