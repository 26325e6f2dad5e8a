"""`entraide audit`."""

import itertools
import sys
import time
from pathlib import Path

import click
import msgspec

from chassis.audit.checkpoint import public_keys
from chassis.audit.tampering import Report, find_tampering
from chassis.db.database import Database
from chassis.keys.file import new_key
from chassis.settings import SettingsError
from services.cli.database import in_database
from services.cli.options import JSON, STATE, fail
from services.cli.settings import read_settings
from services.composition import NAMES

PROGRESS_SECONDS = 5.0


@click.group("audit")
def audit() -> None:
    """Verify the audit trail, and create and show its keys."""


@audit.command("verify")
@STATE
@JSON
def verify(state: Path | None, as_json: bool) -> None:
    """Recompute every hash chain from its first row and compare it with seals, checkpoints and journal."""
    own = read_settings(state)

    async def check(db: Database) -> Report:
        return await find_tampering(db, db.source, own, say=Progress(db.source))

    reports = [in_database(state, service, check) for service in NAMES]
    if as_json:
        click.echo(msgspec.json.encode(reports).decode())
    else:
        for line in itertools.chain.from_iterable(report_lines(report) for report in reports):
            click.echo(line)
    if any(report.findings for report in reports):
        sys.exit(1)


@audit.command("key")
@click.option("--service", type=click.Choice(NAMES), help="Key of this service only; without it, of all.")
def key(service: str | None) -> None:
    """Create a private key for ENTRAIDE_AUDIT_KEY_FILE; keep older ones after it, to verify."""
    click.echo(new_key(service))


@audit.command("public")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def public(files: tuple[Path, ...]) -> None:
    """Print the public halves of all keys in some files, for verifiers."""
    try:
        click.echo(public_keys(files))
    except SettingsError as error:
        fail(str(error))


class Progress:
    """Progress on standard error, every five seconds: the number of verified rows of a service's chain."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._said_at = time.monotonic()

    def __call__(self, done: int, of: int) -> None:
        if time.monotonic() - self._said_at >= PROGRESS_SECONDS:
            self._said_at = time.monotonic()
            click.echo(f"{self._service}: {done:,} of {of:,} links", err=True)


def report_lines(report: Report) -> list[str]:
    """Return the lines of a report: one if there are no findings, else one for each finding."""
    name = f"{report.service:15}"
    if not report.findings:
        return [
            f"{name} nothing was changed: {report.sealed:,} rows are as they were sealed, {report.checkpoints:,} "
            f"checkpoints agree, {report.unsealed:,} rows are not sealed yet"
        ]
    return [f"{name} TAMPERED WITH: {one.table}, position {one.position}: {one.what}" for one in report.findings]
