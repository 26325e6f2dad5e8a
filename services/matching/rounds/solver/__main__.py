"""Child process of the solver: reads a question from stdin, writes improving plans and the solution to stdout."""

import argparse
import gc
import os
import resource
import sys
import time
from collections.abc import Callable

MEGABYTE = 1024 * 1024
REPORT_SECONDS_MIN = 0.25
"""Minimum interval between reported plans, in seconds, because encoding a large plan takes time."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.matching.rounds.solver", description=__doc__)
    parser.add_argument("--milliseconds", type=int, required=True)
    parser.add_argument("--memory-mb", type=int, required=True)
    given = parser.parse_args()
    began, parent = time.monotonic(), os.getppid()
    limit_memory(given.memory_mb * MEGABYTE)
    # The process solves one question and creates no reference cycles.
    gc.disable()
    # HiGHS prints a banner to stdout, which is reserved for answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    # Imported after the limit is set, so that their memory counts.
    import msgspec

    from services.matching.rounds.solver.messages import Better, Message, Refused, Solved
    from services.matching.rounds.solver.plan import Plan, faults
    from services.matching.rounds.solver.problem import BadProblemError
    from services.matching.rounds.solver.solve import Question, solve
    from services.matching.rounds.solver.table import PinsError

    def send(message: Message) -> None:
        out.write(msgspec.json.encode(message) + b"\n")
        out.flush()

    reported_at = began - REPORT_SECONDS_MIN

    def improved(plan: Callable[[], Plan], _: int, bound: int) -> None:
        nonlocal reported_at
        if time.monotonic() - reported_at >= REPORT_SECONDS_MIN:
            send(Better(plan=plan(), bound=bound))
            reported_at = time.monotonic()

    try:
        question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
        until = began + given.milliseconds / 1000
        # The search stops if the parent has ended.
        solution = solve(
            question,
            improved=improved,
            may_continue=lambda: time.monotonic() < until and os.getppid() == parent,
            elapsed=lambda: (time.monotonic() - began) / (until - began),
        )
        assert not faults(question.problem, solution.plan), "the search only gives valid plans"
    except BadProblemError as error:
        send(Refused(outcome="refused", fault=error.fault, where=error.where))
    except PinsError as error:
        send(Refused(outcome="pins", fault="pins", where=error.where))
    except msgspec.DecodeError as error:
        send(Refused(outcome="refused", fault="malformed", where=(str(error),)))
    else:
        send(Solved(solution=solution))
    return 0


def limit_memory(size: int) -> None:
    """Limit the address space, and disable core dumps."""
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
