"""`entraide matching`."""

import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from services.cli.database import in_tx
from services.cli.options import JSON, STATE
from services.matching.texts import meaning
from services.matching.texts import store as reading_store
from services.matching.texts.store import Left

POLL_SECONDS = 0.5
TIMEOUT_SECONDS = 60
"""Seconds to wait without progress, longer than a lease, so that another process can take over first."""

Ask = Callable[[Callable[..., Any]], Any]
"""Function that does work in a transaction of matching."""


class Reindexed(msgspec.Struct, frozen=True, kw_only=True):
    """The result: the number of texts, those encoded, waiting, and parked by reason."""

    texts: int
    read: int
    waiting: int
    parked: Mapping[str, int]
    model: str | None
    lack: str | None

    @property
    def complete(self) -> bool:
        return not self.waiting and not self.parked


@click.group("matching")
def matching() -> None:
    """The texts that matching compares."""


@matching.command("reindex")
@click.option("--patience", default=TIMEOUT_SECONDS, show_default=True, type=click.IntRange(1, 86_400),
              help="Seconds to wait without progress.")  # fmt: skip
@STATE
@JSON
def reindex(patience: int, state: Path | None, as_json: bool) -> None:
    """Encode all texts again, and score again the matches not yet presented.

    The running services do the work; this command only waits and can be interrupted and called again. Exit 0: all
    texts are encoded; 1: some are parked or still waiting without progress; 2: the database cannot be reached.
    """
    done = wait_until_encoded(partial(in_tx, state, "matching"), patience=patience, lack=meaning.model_problem())
    click.echo(msgspec.json.encode(done).decode() if as_json else "\n".join(report_lines(done)))
    if not done.complete:
        sys.exit(1)


def wait_until_encoded(ask: Ask, *, patience: float, lack: meaning.ModelProblem | None) -> Reindexed:
    """Queue all texts, unless they are queued already, and wait until they are encoded or there is no progress."""
    if lack is not None:
        click.echo(f"entraide: words are read, what they mean is not: {lack.reason}", err=True)
    begun: Left = ask(reading_store.requeue_all)
    left, moved_at = begun, time.monotonic()
    with click.progressbar(length=begun.waiting, label="reading", file=sys.stderr) as bar:
        while left.waiting and time.monotonic() - moved_at < patience:
            time.sleep(POLL_SECONDS)
            before, left = left, ask(reading_store.count_requeued)
            if left != before:
                bar.update(before.waiting - left.waiting)
                moved_at = time.monotonic()
    parked = sum(left.parked.values())
    return Reindexed(
        texts=begun.waiting,
        read=max(begun.waiting - left.waiting - parked, 0),
        waiting=left.waiting,
        parked=left.parked,
        model=None if lack else f"{meaning.ENCODER.name} {meaning.ENCODER.version}",
        lack=lack.slug if lack else None,
    )


def report_lines(done: Reindexed) -> list[str]:
    lines = [
        f"{done.read} of {done.texts} texts are read" + (f" by {done.model}" if done.model else ", not by a model")
    ]
    if done.waiting:
        lines.append(f"{done.waiting} wait without progress: is matching running, and does requests answer it?")
    return lines + [f"{count} parked: {reason}" for reason, count in done.parked.items()]
