"""`entraide ledger verify`: proves the books, and says what does not hold."""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from services.pledges.ledger.verify import Report, verify

PROGRESS_SECONDS = 5.0

Ask = Callable[[Callable[..., Any]], Any]
"""Does something in a transaction of pledges."""


class Progress:
    """Says on standard error, every five seconds, how far it is."""

    def __init__(self) -> None:
        self._said_at = time.monotonic()

    def __call__(self, what: str, done: int, of: int) -> None:
        if time.monotonic() - self._said_at >= PROGRESS_SECONDS:
            self._said_at = time.monotonic()
            click.echo(f"{done:,} of {of:,} {what}", err=True)


def command(ask_of: Callable[[Path | None], Ask]) -> click.Group:
    """The group `ledger`; `ask_of` a state folder says how its pledges are asked."""

    @click.group("ledger")
    def ledger() -> None:
        """The books of the pledges service."""

    @ledger.command("verify")
    @click.option("--state", type=click.Path(path_type=Path), help="Where the embedded servers keep their data.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")
    def verify_books(state: Path | None, as_json: bool) -> None:
        """Add everything up again from the postings, make it again from the journal, and compare; changes nothing.

        Exit 0: the books are right; 1: they are not, and what is printed says where; 2: they cannot be asked.
        """
        report: Report = ask_of(state)(partial(verify, say=Progress()))
        click.echo(msgspec.json.encode(report).decode() if as_json else "\n".join(told(report)))
        if report.findings:
            sys.exit(1)

    return ledger


def told(report: Report) -> list[str]:
    """A report in lines: the first counts, each other is what is wrong first in a table."""
    looked_at = (
        f"{report.entries:,} entries with {report.postings:,} postings, {report.funds:,} counters, "
        f"{report.closings:,} closings, {report.pledges:,} pledges, {report.allocations:,} allocations and "
        f"{report.requirements:,} requirements"
    )
    if not report.findings:
        return [f"the books are right: {looked_at} are what the journal says"]
    lines = [f"THE BOOKS ARE WRONG: the first that does not hold in each table, of {looked_at}"]
    for finding in report.findings:
        where = finding.table + (f" {finding.entry_id}" if finding.entry_id else "")
        where += f", position {finding.position}" if finding.position else ""
        lines.append(f"{where}: {finding.what}")
    return lines
