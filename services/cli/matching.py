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

RACE_REPAIR_SECONDS = 0.5
PATIENCE_SECONDS = 60
"""Longer than a lease: what somebody has left is taken over before."""

Ask = Callable[[Callable[..., Any]], Any]
"""Does something in a transaction of matching."""


class Reindexed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: how many texts there were, are read, wait still, and are parked, by reason."""

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
    """What matching reads of texts."""


@matching.command("reindex")
@click.option("--patience", default=PATIENCE_SECONDS, show_default=True, type=click.IntRange(1, 86_400),
              help="Seconds to wait where nobody reads.")  # fmt: skip
@STATE
@JSON
def reindex(patience: int, state: Path | None, as_json: bool) -> None:
    """Have all words read again, and whatever was not shown to anybody scored by what they mean.

    The services that run do it; this may be ended at any time, and called again it goes on where they are. Exit 0:
    all is read; 1: something is parked, or waits and nobody reads; 2: it cannot be asked.
    """
    done = watched(partial(in_tx, state, "matching"), patience=patience, lack=meaning.model_problem())
    click.echo(msgspec.json.encode(done).decode() if as_json else "\n".join(told(done)))
    if not done.complete:
        sys.exit(1)


def watched(ask: Ask, *, patience: float, lack: meaning.ModelProblem | None) -> Reindexed:
    """Put everything on the list, unless it stands there from before, and watch until it is read or nobody reads."""
    if lack is not None:
        click.echo(f"entraide: words are read, what they mean is not: {lack.reason}", err=True)
    begun: Left = ask(reading_store.requeue_all)
    left, moved_at = begun, time.monotonic()
    with click.progressbar(length=begun.waiting, label="reading", file=sys.stderr) as bar:
        while left.waiting and time.monotonic() - moved_at < patience:
            time.sleep(RACE_REPAIR_SECONDS)
            before, left = left, ask(reading_store.requeued_left)
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


def told(done: Reindexed) -> list[str]:
    lines = [
        f"{done.read} of {done.texts} texts are read" + (f" by {done.model}" if done.model else ", not by a model")
    ]
    if done.waiting:
        lines.append(f"{done.waiting} wait and nobody reads: is matching running, and does requests answer it?")
    return lines + [f"{count} parked: {reason}" for reason, count in done.parked.items()]
