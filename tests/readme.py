"""`python -m tests.readme`: write the output of programs into README.md and docs/ledger.md, between their markers.

README.md shows a part of what `./dev demo` prints, docs/ledger.md the entries of one pledge. Tests compare both.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from chassis.embedded import free_port
from tests import worked_pledge

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
LEDGER = ROOT / "docs" / "ledger.md"
SHOWN_STATE = "CIV"
"""The State whose request is shown; the request is delivered, evaluated and closed."""

VARYING = {
    re.compile(r"\bTA-\d{4}-[\d-]+"): "TA-REFERENCE",
    re.compile(r"after (less than 1|[\d.]+) ms"): "after N ms",
    re.compile(r"\d+ of \d+"): "N of N",
    re.compile(r"^[\d,]+ facts of \d+ kinds", re.MULTILINE): "N facts of N kinds",
}
"""Output that differs between runs (random, measured, or dependent on the day), with its replacement."""


def main() -> int:
    written = README.read_text(encoding="utf-8")
    README.write_text(replaced(written, "demo", fenced(excerpt(demo()))), encoding="utf-8")
    written = LEDGER.read_text(encoding="utf-8")
    LEDGER.write_text(replaced(written, "entries", worked_pledge.table()), encoding="utf-8")
    return 0


def demo() -> str:
    """Return what `./dev demo --exit` prints on standard output. Raises CalledProcessError if a step failed."""
    with tempfile.TemporaryDirectory() as state:
        command = [sys.executable, "-P", "-m", "services", "demo", "--exit", "--state", state]
        environment = {**os.environ, "ENTRAIDE_PORT": str(free_port())}
        return subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def excerpt(printed: str) -> str:
    """Return the card of one request, that of a refund, the table of funds and the summary; `…` marks omissions."""
    lines = stripped(printed)
    headings = (rf"── TA-\S+ +{SHOWN_STATE}\b", "── A refund", r"Funds \(", r"\d+ requests, ")
    return "\n…\n".join(paragraph(lines, heading) for heading in headings)


def paragraph(lines: str, heading: str) -> str:
    """Return the lines from one that begins with `heading` to a blank line, ignoring one right below the heading."""
    found = re.search(rf"^{heading}.*\n\n?(.+\n)*", lines, re.MULTILINE)
    if found is None:
        raise ValueError(f"the demo did not print {heading}")
    return found[0].rstrip()


def stripped(printed: str) -> str:
    """Return the text without the blanks that fill up a terminal's lines."""
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines())


def fenced(text: str) -> str:
    return f"```\n{text}\n```\n"


def replaced(text: str, name: str, content: str) -> str:
    """Return `text` with `content` between the markers of that name. Raises ValueError if there are none."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"no place for {name}: {begin.strip()} and {end.strip()} are missing")
    return f"{before}{begin}{content}{end}{after}"


def between(text: str, name: str) -> str:
    """Return the content between the markers of that name."""
    return text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->\n")[0]


def comparable(text: str) -> str:
    """Return the text with its varying parts replaced, and with lines joined that may be broken elsewhere."""
    for varying, word in VARYING.items():
        text = varying.sub(word, text)
    return " ".join(text.split())


if __name__ == "__main__":
    sys.exit(main())
