"""`entraide parked`."""

import json
from pathlib import Path
from uuid import UUID

import click
import msgspec

from chassis.journal.parked import discard_unreadable, list_parked, release_parked
from services.cli.database import in_each_schema
from services.cli.options import JSON, STATE, fail


@click.group("parked")
def parked() -> None:
    """Events that could not be applied and wait for an operator."""


@parked.command("list")
@STATE
@JSON
def show(state: Path | None, as_json: bool) -> None:
    """Show the parked events, with reason and the number of later events waiting behind each, then their total."""
    rows = [row for found in in_each_schema(state, list_parked) for row in found]
    if as_json:
        click.echo(json.dumps([msgspec.structs.asdict(row) for row in rows], default=str))
        return
    for row in rows:
        click.echo(f"{row.event_id}  {row.consumer} ← {row.owner}  {row.reason}  ({row.behind} behind)")
    click.echo(f"{len(rows):,} parked" if rows else "nothing is parked")


@parked.command("release")
@click.argument("event_id", type=click.UUID)
@STATE
def release(event_id: UUID, state: Path | None) -> None:
    """Retry a parked event."""
    if not any(in_each_schema(state, lambda tx: release_parked(tx, event_id))):
        fail(f"no event {event_id} is parked")
    click.echo("released: it is tried again within a minute")


@parked.command("discard")
@click.argument("event_id", type=click.UUID)
@STATE
def discard(event_id: UUID, state: Path | None) -> None:
    """Discard a parked message that is not an event."""
    if not any(in_each_schema(state, lambda tx: discard_unreadable(tx, event_id))):
        fail(f"no unreadable message {event_id} is parked; an event is never discarded")
    click.echo("discarded")
