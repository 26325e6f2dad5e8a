"""Progress of long commands."""

import time

import click

PROGRESS_SECONDS = 5.0


class Progress:
    """Progress on standard error, every five seconds."""

    def __init__(self) -> None:
        self._said_at = time.monotonic()

    def __call__(self, what: str, done: int, of: int) -> None:
        if time.monotonic() - self._said_at >= PROGRESS_SECONDS:
            self._said_at = time.monotonic()
            click.echo(f"{done:,} of {of:,} {what}", err=True)
