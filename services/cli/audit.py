"""What `entraide audit verify` says, while it works and at its end."""

import time

import click

from chassis.audit.tampering import Report

PROGRESS_SECONDS = 5.0


class Progress:
    """Says on standard error, every five seconds, how far a service's chain has been followed."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._said_at = time.monotonic()

    def __call__(self, done: int, of: int) -> None:
        if time.monotonic() - self._said_at >= PROGRESS_SECONDS:
            self._said_at = time.monotonic()
            click.echo(f"{self._service}: {done:,} of {of:,} links", err=True)


def told(report: Report) -> list[str]:
    """A report in lines: one where nothing was found, else one for each finding."""
    name = f"{report.service:15}"
    if not report.findings:
        return [
            f"{name} nothing was changed: {report.sealed:,} rows are as they were sealed, {report.checkpoints:,} "
            f"checkpoints agree, {report.unsealed:,} rows are not sealed yet"
        ]
    return [f"{name} TAMPERED WITH: {one.table}, position {one.position}: {one.what}" for one in report.findings]
