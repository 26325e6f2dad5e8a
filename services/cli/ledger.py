"""`entraide ledger`."""

import sys
from functools import partial
from pathlib import Path

import click
import msgspec

from services.cli.database import in_tx
from services.cli.options import JSON, STATE
from services.cli.progress import Progress
from services.pledges.ledger.verify import Report, verify


@click.group("ledger")
def ledger() -> None:
    """The ledger of the pledges service."""


@ledger.command("verify")
@STATE
@JSON
def verify_books(state: Path | None, as_json: bool) -> None:
    """Recompute all balances from the postings, rebuild them from the journal, and compare; changes nothing.

    Exit 0: the ledger is right; 1: it is not, and the findings are printed; 2: the database cannot be reached.
    """
    report = in_tx(state, "pledges", partial(verify, say=Progress()))
    click.echo(msgspec.json.encode(report).decode() if as_json else "\n".join(report_lines(report)))
    if report.findings:
        sys.exit(1)


def report_lines(report: Report) -> list[str]:
    """Return the lines of a report: a summary, then the first finding of each table."""
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
