"""`python -m tests.evaluation`: measure the quality of search results and plans against known results."""

import argparse
import sys
import time
from pathlib import Path

import msgspec

from tests.evaluation import cross_language, hard_rounds, judged, labels, made_up_rounds, rounds, sectors
from tests.evaluation.report import Part, printed

PARTS: dict[str, Part] = {
    "rounds": rounds.evaluate,
    "made-up-rounds": made_up_rounds.evaluate,
    "hard-rounds": hard_rounds.evaluate,
    "labels": labels.report,
    "judged": judged.evaluate,
    "cross-language": cross_language.evaluate,
    "sectors": sectors.evaluate,
}
DATA = Path(__file__).parents[3] / "shared" / "data"
STARTED = time.monotonic()
EPILOG = """
An aim that is not met is marked with "!". The exit code is 1 if there is one, so that it is seen; a part whose data is
not there says so and counts for nothing.
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.evaluation", description=__doc__.split(": ")[1], epilog=EPILOG
    )
    parser.add_argument("--data", type=Path, metavar="DIR", default=DATA, help="published data (../shared/data)")
    parser.add_argument("--only", choices=list(PARTS), metavar="PART", help=f"one part alone: {', '.join(PARTS)}")
    parser.add_argument("--json", action="store_true", help="print JSON, for a program")
    given = parser.parse_args()
    chosen = [given.only] if given.only else list(PARTS)
    reports = {part: PARTS[part](given.data, lambda line, part=part: say(f"{part}: {line}")) for part in chosen}
    print(msgspec.json.encode(reports).decode() if given.json else "\n\n".join(map(printed, reports.values())))
    return 0 if all(aim.met for report in reports.values() for aim in report.aims) else 1


def say(line: str) -> None:
    print(f"[{time.monotonic() - STARTED:5.0f} s] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
