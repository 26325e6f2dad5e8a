"""The solver's child process: killed, out of time or memory, with malformed input; it always has an answer."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from services.matching.rounds.solver.child import Answer, Child, Limits, command, environment, solve_in_child
from services.matching.rounds.solver.plan import faults
from services.matching.rounds.solver.problem import Pin, Problem, Slot
from services.matching.rounds.solver.solve import Question
from tests.evaluation.synthetic_rounds import a_round
from tests.matching.rounds.builders import a_candidate, a_line, an_endless_question

SMALL = Problem(
    lines=(a_line("l1"), a_line("l2", state="PER")),
    slots=(Slot(offering="o1", capacity=1),),
    candidates=(a_candidate("l1", "o1", each=2), a_candidate("l2", "o1", each=3)),
)
ROOT = Path(__file__).parents[3]


async def test_child_solves_a_question() -> None:
    answer = await solve_in_child(Question(problem=SMALL, seed=5), Limits())

    assert "solved" == answer.outcome
    assert answer.solution is not None
    assert (["l2"], 3_000, 3_000, 0, "exact", "proven", 5) == (
        [one.line for one in answer.solution.plan],
        answer.solution.value,
        answer.solution.bound,
        answer.solution.gap_millionths,
        answer.solution.method,
        answer.solution.ended,
        answer.solution.seed,
    )
    assert [("l1", 1)] == [(one.line, one.open_units) for one in answer.solution.unmet]


async def test_child_out_of_time_has_a_plan_and_a_bound() -> None:
    answer = await solve_in_child(an_endless_question(), Limits(milliseconds=4_000))

    assert "out_of_time" == answer.outcome
    check_plan(answer, an_endless_question().problem)


async def test_late_child_is_killed_and_its_best_plan_kept() -> None:
    """The child's limit is longer than its parent's, as if HiGHS checked its limit too late."""

    class Late(Child):
        async def answer(self) -> Answer:
            self.limits = Limits(milliseconds=5_000)
            return await super().answer()

    began = time.monotonic()
    child = Late(an_endless_question(), Limits())
    child.command = command(Limits(milliseconds=600_000))
    answer = await child.answer()

    assert time.monotonic() - began < 60
    assert "out_of_time" == answer.outcome
    check_plan(answer, an_endless_question().problem)


async def test_killed_child_keeps_its_best_plan() -> None:
    child = Child(an_endless_question(), Limits(milliseconds=600_000))
    asked = asyncio.create_task(child.answer())
    while child.best is None:
        await asyncio.sleep(0.05)
    child.kill()

    answer = await asked

    assert "killed" == answer.outcome
    check_plan(answer, an_endless_question().problem)


async def test_externally_killed_child_is_not_solved() -> None:
    child = Child(an_endless_question(), Limits(milliseconds=600_000))
    asked = asyncio.create_task(child.answer())
    while child.best is None:
        await asyncio.sleep(0.05)
    assert child.pid is not None
    os.kill(child.pid, 9)

    assert "killed" == (await asked).outcome


async def test_cancelled_caller_leaves_no_child() -> None:
    child = Child(an_endless_question(), Limits(milliseconds=600_000))
    asked = asyncio.create_task(child.answer())
    while child.best is None:
        await asyncio.sleep(0.05)
    pid = child.pid
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)

    assert not Path(f"/proc/{pid}").exists()


def test_child_stops_when_its_parent_ends() -> None:
    started = """
import msgspec, os, subprocess, sys
from tests.matching.rounds.builders import an_endless_question
from services.matching.rounds.solver.child import Limits, command, environment
child = subprocess.Popen(command(Limits(milliseconds=600_000)), stdin=subprocess.PIPE, env=environment(), stdout=sys.stderr)
child.stdin.write(msgspec.json.encode(an_endless_question()))
child.stdin.close()
print(child.pid, flush=True)
"""
    done = subprocess.run([sys.executable, "-c", started], cwd=ROOT, capture_output=True, text=True, timeout=60)
    child = Path(f"/proc/{int(done.stdout)}/cmdline")

    until = time.monotonic() + 30
    while child.exists() and b"rounds" in child.read_bytes() and time.monotonic() < until:
        time.sleep(0.05)

    assert time.monotonic() < until


async def test_child_memory_is_limited() -> None:
    large = Question(problem=a_round(lines=6_000, offerings=300, budgets=20, seed=1))

    answer = await solve_in_child(large, Limits(memory_mb=128))

    assert "out_of_memory" == answer.outcome


async def test_invalid_problem_is_refused_with_its_fault() -> None:
    twice = msgspec.structs.replace(SMALL, lines=(a_line("l1"), a_line("l1")))

    assert ("refused", "line-twice", ("l1",)) == reported(await solve_in_child(Question(problem=twice), Limits()))


async def test_pins_over_capacity_are_named() -> None:
    pins = (Pin(line="l1", offering="o1"), Pin(line="l2", offering="o1"))
    problem = msgspec.structs.replace(SMALL, pinned=pins)

    assert ("pins", "pins", ("slot o1 -",)) == reported(await solve_in_child(Question(problem=problem), Limits()))


def test_malformed_question_is_refused_and_stdout_has_only_answers() -> None:
    for nonsense in (b"", b"{", b"[]", b'{"problem": {"lines": 1}}', b"\xff"):
        done = subprocess.run(command(Limits()), input=nonsense, capture_output=True, env=environment(), timeout=60)

        assert 0 == done.returncode
        assert "malformed" == msgspec.json.decode(done.stdout)["fault"]


def test_child_environment_has_no_address_and_no_secret(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")

    assert "DATABASE_URL" not in environment()


def check_plan(answer: Answer, problem: Problem) -> None:
    assert answer.solution is not None
    assert [] == faults(problem, answer.solution.plan)
    assert 0 < answer.solution.value <= answer.solution.bound
    assert "time" == answer.solution.ended


def reported(answer: Answer) -> tuple[str, str, tuple[str, ...]]:
    return answer.outcome, answer.fault, answer.where
