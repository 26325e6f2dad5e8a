"""`python -m tests.bench`: what the project costs beside what it could cost at least, and beside what is common."""

import argparse
import asyncio
import sys
import time
from functools import partial

import msgspec

from chassis.embedded import EmbeddedError
from chassis.telemetry import configure_logs
from tests.bench import candidates, console, desk, digests, filing, ledger, reading, reports, suggestion
from tests.bench.figures import Aim, Comparison
from tests.bench.servers import ChildError, servers

EPILOG = """
All variants run in turns, in every round, on one PostgreSQL and one nats-server that are started for it and lose
nothing they have acknowledged. Only the ratios travel from machine to machine; no time alone is judged, and the exit
code says only whether everything could be measured. Quiet the machine first, and believe no single round.
"""
PARTS = {
    "filing": filing.compare,
    "suggestion": suggestion.compare,
    "suggestion-of-many": partial(suggestion.compare, many=100_000),
    "reading": reading.compare,
    "candidates": candidates.compare,
    "desk": desk.compare,
    "digests": digests.compare,
    "console": console.compare,
    "ledger": ledger.compare,
    "reports": reports.compare,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.split(": ")[1], epilog=EPILOG)
    parser.add_argument("--quick", action="store_true", help="short rounds: a direction, not a figure")
    parser.add_argument("--rounds", type=int, metavar="N", help="how many rounds (5; with --quick 3)")
    parser.add_argument("--only", choices=list(PARTS), help="one of the comparisons alone")
    parser.add_argument("--json", action="store_true", help="print JSON, for a program")
    given = parser.parse_args()
    rounds = given.rounds or (3 if given.quick else 5)
    if rounds < 1:
        parser.error("--rounds has to be at least 1")
    configure_logs(level="error")
    chosen = [given.only] if given.only else list(PARTS)
    try:
        results = {part: measure(part, rounds=rounds, seconds=2.0 if given.quick else 5.0) for part in chosen}
    except (ChildError, EmbeddedError) as error:
        say(str(error))
        return 1
    print(msgspec.json.encode(results).decode() if given.json else "\n\n".join(map(table, results.values())))
    return 0


def measure(part: str, *, rounds: int, seconds: float) -> Comparison:
    """Run one comparison on its own servers; on shared ones its consumers would first read what another published."""
    say(f"starting PostgreSQL and nats-server for {part}")
    with servers() as on:
        return asyncio.run(PARTS[part](on, rounds=rounds, seconds=seconds, say=say))


def table(comparison: Comparison) -> str:
    lines = [comparison.title, ""]
    lines += [f"  {name:44}" + "".join(f"{f:>12}" for f in row) for name, row in comparison.figures]
    lines += ["", f"  {'ratio':62} {'here':>6}  {'should be':>10}"]
    lines += [f"  {aim.what:62} {aim.ratio:6.2f}  {_wanted(aim):>10}{_spread(aim)}" for aim in comparison.aims]
    return "\n".join(lines)


def _wanted(aim: Aim) -> str:
    if aim.at_least is not None:
        return f"≥ {aim.at_least:g}" + ("" if aim.ratio >= aim.at_least else " !")
    if aim.at_most is not None:
        return f"≤ {aim.at_most:g}" + ("" if aim.ratio <= aim.at_most else " !")
    return ""


def _spread(aim: Aim) -> str:
    return f"   {aim.between[0]:.2f} to {aim.between[1]:.2f}" if aim.between else ""


STARTED = time.monotonic()


def say(line: str) -> None:
    print(f"[{time.monotonic() - STARTED:5.0f} s] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
