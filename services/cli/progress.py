"""The progress of long commands."""

import time

import click

PROGRESS_SECONDS = 5.0


class Progress:
    """Prints on standard error, every five seconds, how far it is."""

    def __init__(self) -> None:
        self._said_at = time.monotonic()

    def __call__(self, what: str, done: int, of: int) -> None:
        if time.monotonic() - self._said_at >= PROGRESS_SECONDS:
            self._said_at = time.monotonic()
            click.echo(f"{done:,} of {of:,} {what}", err=True)
