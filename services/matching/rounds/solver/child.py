"""Solve a round in a child process, which can be stopped at any time and has its own memory limit.

The child reads a question from stdin and writes JSON lines to stdout: each better plan, then the solution. However it
ends, the best plan reported is kept, and the outcome says what happened.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from typing import IO, Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from services.matching.rounds.solver.messages import Better, Message, Refused, Solved
from services.matching.rounds.solver.plan import faults, levels, value_of
from services.matching.rounds.solver.problem import fingerprint, normal
from services.matching.rounds.solver.solve import Question, Solution, gap, pinned_value
from services.matching.rounds.solver.unmet import unmet

MEMORY_MB_MIN = 128
ANSWER_BYTES_MAX = 256 * 1024 * 1024
GRACE_SECONDS = 2.0
"""Time by which a child may exceed its time limit before it is killed: HiGHS checks its limits late at times."""
GRACE_SHARE = 0.5
STDERR_BYTES_MAX = 64 * 1024
OUT_OF_MEMORY = (b"MemoryError", b"bad_alloc", b"emory allocation", b"annot allocate memory", b"failed to map segment")
"""Messages of Python, HiGHS, the C library and the loader when memory is exhausted."""

Outcome = Literal["solved", "out_of_time", "out_of_memory", "killed", "crashed", "refused", "pins"]


class Limits(Struct, frozen=True, kw_only=True):
    """Time limit and address space limit of a child."""

    milliseconds: Annotated[int, Meta(ge=1, le=3_600_000)] = 10_000
    memory_mb: Annotated[int, Meta(ge=MEMORY_MB_MIN, le=65_536)] = 2_048


class Answer(Struct, frozen=True, kw_only=True):
    """The outcome of a round, and its solution if there is one.

    `solved`: the search ended with all effort used, or with the optimum. `out_of_time`: it was stopped, with the best
    plan so far. `out_of_memory`, `killed`, `crashed`: the child ended, with the last plan reported, if any. `refused`:
    the problem is invalid. `pins`: pinned candidates exceed what is available. For the last two, `fault` and `where`
    say what and where.
    """

    outcome: Outcome
    solution: Solution | None = None
    fault: str = ""
    where: tuple[str, ...] = ()


class Child:
    """A child process for one question; `kill` ends it at any time."""

    def __init__(self, question: Question, limits: Limits) -> None:
        self.question, self.limits = question, limits
        self.command = command(limits)
        self.best: Better | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._killed = False

    def kill(self) -> None:
        """Kill the process; `answer` then returns the best plan reported."""
        self._killed = True
        self._end()

    @property
    def pid(self) -> int | None:
        """The process id, once started."""
        return self._process.pid if self._process else None

    async def answer(self) -> Answer:
        """Run the child until its end, and return its answer. Cancelling kills the child."""
        seconds = self.limits.milliseconds / 1000
        message: Message | None = None
        late = False
        with tempfile.TemporaryFile() as errors:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=environment(),
                limit=ANSWER_BYTES_MAX,
            )
            if self._killed:
                self._end()
            try:
                async with asyncio.timeout(seconds * (1 + GRACE_SHARE) + GRACE_SECONDS):
                    await self._ask(self._process)
                    while line := await _line(self._process):
                        message = msgspec.json.decode(line, type=Message)
                        if not isinstance(message, Better):
                            break
                        self.best = message
            except TimeoutError:
                late = True
            except msgspec.DecodeError:
                # The child was killed in the middle of a line.
                message = None
            finally:
                self._end()
                code = await self._process.wait()
            return self._concluded(message, late=late, code=code, errors=errors)

    async def _ask(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None, "stdin is a pipe"
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(msgspec.json.encode(self.question))
            await process.stdin.drain()
            process.stdin.close()

    def _end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            # Not `process.kill()`: that would consume the exit code.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    def _concluded(self, message: Message | None, *, late: bool, code: int, errors: IO[bytes]) -> Answer:
        if isinstance(message, Solved):
            ended = message.solution.ended
            return Answer(outcome="out_of_time" if ended == "time" else "solved", solution=message.solution)
        if isinstance(message, Refused):
            return Answer(outcome=message.outcome, fault=message.fault, where=message.where)
        solution = None if self.best is None else self._best_so_far(self.best)
        if self._killed:
            return Answer(outcome="killed", solution=solution)
        if late:
            return Answer(outcome="out_of_time", solution=solution)
        errors.seek(0)
        last_words = errors.read(STDERR_BYTES_MAX)
        if any(sign in last_words for sign in OUT_OF_MEMORY):
            return Answer(outcome="out_of_memory", solution=solution)
        return Answer(outcome="killed" if code == -signal.SIGKILL else "crashed", solution=solution)

    def _best_so_far(self, last: Better) -> Solution | None:
        """Return the last plan reported before the child ended, as a solution; None if it fails the check."""
        problem = normal(self.question.problem)
        if faults(problem, last.plan):
            return None
        value, pinned = value_of(problem, last.plan), pinned_value(problem)
        return Solution(
            fingerprint=fingerprint(problem),
            plan=last.plan,
            value=value,
            bound=last.bound,
            gap_millionths=gap(value - pinned, last.bound - pinned),
            method="exact" if len(problem.lines) <= self.question.effort.exact_lines_max else "prices",
            ended="time",
            seed=self.question.seed,
            fair=False,
            levels=levels(problem, last.plan),
            unmet=unmet(problem, last.plan),
        )


async def solve_in_child(question: Question, limits: Limits) -> Answer:
    """Solve a question in a child process."""
    return await Child(question, limits).answer()


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None, "stdout is a pipe"
    return await process.stdout.readline()


def command(limits: Limits) -> list[str]:
    """The command line of a child."""
    return [
        sys.executable,
        "-P",
        "-m",
        "services.matching.rounds.solver",
        "--milliseconds",
        str(limits.milliseconds),
        "--memory-mb",
        str(limits.memory_mb),
    ]


def environment() -> dict[str, str]:
    """The child's environment: Python's paths, and one thread; no addresses or secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}
